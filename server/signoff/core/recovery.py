"""What to do when a request failed: retry, wait, another model, or stop and say so. Pure and total.

Delays double from `FIRST_DELAY` (the service's own Retry-After wins), after the table of capability S10 in the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from signoff.core.model import FailureReason, ModelFailure

Strategy = Literal["retry", "wait", "switch_model", "ask", "stop"]

MAX_RETRIES = 4
MAX_WAITS = 10
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
LONGEST_WAIT = 86_400.0
"""A Retry-After beyond a day is not believed: then the service is asked again."""
MAX_REPAIRS = 2


@dataclass(frozen=True, slots=True)
class Recovery:
    """`until` is epoch seconds for `retry` and `wait`, `model` the next model for `switch_model`."""

    strategy: Strategy
    until: float | None = None
    model: str | None = None


def recover(failure: ModelFailure, attempt: int, model: str, models: Sequence[str], now: float) -> Recovery:
    """The answer to the failure of attempt number `attempt` (from 0) with `model` out of the ordered `models`."""
    reason: FailureReason = failure.reason
    match reason:
        case "rate_limit":
            return _retry(failure, attempt, now, MAX_WAITS, "wait")
        case "timeout" | "server_error" | "stream_cut" | "failed_reply" | "unreachable":
            return _retry(failure, attempt, now, MAX_RETRIES)
        case "incomplete" | "bad_reply" | "empty_reply":
            return _retry(failure, attempt, now, MAX_REPAIRS)
        case "model_unavailable":
            return _switch(model, models)
        case "auth" | "no_key" | "permission" | "quota" | "budget" | "bad_request" | "context_overflow":
            return Recovery("ask")
        case "turn_limit" | "repeating":
            return Recovery("ask")
        case "killed" | "bug":
            return Recovery("stop")
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(reason)


def _retry(failure: ModelFailure, attempt: int, now: float, most: int, strategy: Strategy = "retry") -> Recovery:
    if attempt >= most:
        return Recovery("ask")
    asked = failure.retry_after
    # In this order `min` also answers a NaN with the limit.
    delay = min(LONGEST_WAIT, asked) if asked is not None and asked > 0 else _delay(attempt)
    return Recovery(strategy, until=now + delay)


def _delay(attempt: int) -> float:
    return min(LONGEST_DELAY, FIRST_DELAY * 2**attempt)


def _switch(model: str, models: Sequence[str]) -> Recovery:
    later = list(models)[list(models).index(model) + 1 :] if model in models else []
    return Recovery("switch_model", model=later[0]) if later else Recovery("ask")
