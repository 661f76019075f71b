"""Tokens and money of a session, folded from its replies.

Prices are US dollars for a million tokens (input, cached input, output), from OpenAI's public price list as of
2025-08; a user's own prices replace them. A model that is not listed has no known price: its cost is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from signoff.core.model import Usage

Price = tuple[float, float, float]

PRICES: dict[str, Price] = {
    "gpt-5": (1.25, 0.125, 10.0),
    "gpt-5-mini": (0.25, 0.025, 2.0),
    "gpt-5-nano": (0.05, 0.005, 0.4),
    "gpt-5-codex": (1.25, 0.125, 10.0),
    "gpt-4.1": (2.0, 0.5, 8.0),
    "gpt-4.1-mini": (0.4, 0.1, 1.6),
    "gpt-4o": (2.5, 1.25, 10.0),
    "gpt-4o-mini": (0.15, 0.075, 0.6),
}
FREE_PREFIX = "local/"
_DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


def add(total: Usage, more: Usage) -> Usage:
    """The sum of two counts."""
    return Usage(total.input + more.input, total.cached + more.cached, total.output + more.output)


def cost(model: str, usage: Usage, prices: Mapping[str, Price] = PRICES) -> float | None:
    """US dollars for `usage` of `model`; 0.0 for local models, None when the price is not known."""
    if model.startswith(FREE_PREFIX) or usage == Usage():
        return 0.0
    price = prices.get(model) or prices.get(_family(model))
    if price is None:
        return None
    fresh = usage.input - usage.cached
    return (fresh * price[0] + usage.cached * price[1] + usage.output * price[2]) / 1_000_000


def _family(model: str) -> str:
    """`gpt-5-2025-08-07` is priced as `gpt-5`: a dated snapshot costs what its family costs."""
    return _DATE.sub("", model)


def over_budget(
    spent: Usage,
    spent_cost: float | None,
    coming: Usage,
    coming_cost: float | None,
    max_tokens: int | None,
    max_cost: float | None,
) -> str | None:
    """Why a request of the size `coming` must not be sent, in words; None when the caps allow it."""
    tokens = spent.input + spent.output + coming.input + coming.output
    if max_tokens is not None and tokens > max_tokens:
        return f"the next request would bring the session to about {tokens:,} tokens; its cap is {max_tokens:,}"
    if max_cost is None:
        return None
    if spent_cost is None or coming_cost is None:
        return "the session has a cap in money, but the price of this model is not known; set a cap in tokens instead"
    total = spent_cost + coming_cost
    if total <= max_cost:
        return None
    return f"the next request would bring the session to about ${total:.2f}; its cap is ${max_cost:.2f}"
