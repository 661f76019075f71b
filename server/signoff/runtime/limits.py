"""Whether a request may be sent at all: the turn limit and the caps in tokens and money, before anything is spent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from signoff.core.model import Item, Message, ModelFailure, ModelRequest, Reasoning, ToolResult, Usage
from signoff.core.state import State
from signoff.core.turn import requests_in_a_row
from signoff.core.usage import cost, over_budget

OUTPUT_ALLOWANCE = 1_000
"""Output tokens that a request is expected to need at least."""
DOUBT = 0.3
"""How far an estimate may be off; where that would change the answer, tokens are counted exactly."""


@dataclass(frozen=True, slots=True)
class Meter:
    """How big texts are in tokens: a cheap estimate, and an exact count that costs a helper process."""

    estimate: Callable[[str], int]
    count: Callable[[Sequence[str], str], Awaitable[Sequence[int]]]


async def refusal(state: State, request: ModelRequest, meter: Meter) -> ModelFailure | None:
    """Why the request must not be sent; None when it may be."""
    made = requests_in_a_row(state)
    if made >= state.config.turn_limit:
        words = f"The agent made {made} requests without a word of yours, which is the limit. Reply to let it go on."
        return ModelFailure("turn_limit", words)
    if state.config.max_tokens is None and state.config.max_cost is None:
        return None
    tools = (f"{tool.name} {tool.description} {tool.parameters}" for tool in request.tools)
    texts = [request.instructions, *tools, *(_text(item) for item in request.items)]
    size = sum(meter.estimate(text) for text in texts)
    if bool(_over(state, round(size * (1 - DOUBT)))) != bool(_over(state, round(size * (1 + DOUBT)))):
        size = sum(await meter.count(texts, state.model))
    reason = _over(state, size)
    return ModelFailure("budget", reason[0].upper() + reason[1:] + ".") if reason else None


def _over(state: State, size: int) -> str | None:
    coming = Usage(size, 0, OUTPUT_ALLOWANCE)
    price, config = cost(state.model, coming), state.config
    return over_budget(state.usage, state.cost, coming, price, config.max_tokens, config.max_cost)


def _text(item: Item) -> str:
    match item:
        case Message():
            return item.text
        case Reasoning():
            return item.data
        case ToolResult():
            return item.output
        case _:
            return item.arguments
