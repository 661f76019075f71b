"""Turns: the conversation as the model reads it, and a reply's tool calls as values.

The conversation only grows at its end: request n is a prefix of request n + 1, which is what prompt caches reward.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from signoff.core.model import Item, Message, ModelReply, ToolCall
from signoff.core.plan import Step, StepStatus
from signoff.core.state import Input, State, Turn
from signoff.core.tools import BadArguments, arguments

REPEATS_WARNED = 3
REPEATS_STOPPED = 5
"""From how many equal calls in a row on the model is told that it repeats itself, and the user is asked (S11)."""


def conversation(state: State) -> tuple[Item, ...]:
    """Everything said so far, with the inputs that the next request adds."""
    return tuple(_items(state))


def _items(state: State) -> Iterator[Item]:
    for turn in state.turns:
        yield from _said(turn.inputs)
        yield from turn.items
        # Results stand in the order of their calls, whichever came first: the prefix must not depend on timing.
        yield from (turn.results[call.call_id] for call in turn.calls if call.call_id in turn.results)
    yield from _said(state.inbox)


def _said(inputs: tuple[Input, ...]) -> Iterator[Item]:
    yield from (Message("user", item.text) for item in inputs)


def problem(reply: ModelReply) -> str | None:
    """Why a reply can't be taken as a turn; None when it can. Reasoning alone leads nowhere."""
    turn = Turn((), reply.items)
    if not turn.calls and not turn.text.strip():
        return "The reply was empty."
    ids = [call.call_id for call in turn.calls]
    return "Two tool calls have the same id." if len(set(ids)) < len(ids) else None


def repeated(state: State, turn: Turn) -> int:
    """How many of the latest turns, `turn` included, made exactly the same calls, with no word of the user between."""
    calls, later, count = _calls(turn), turn, 1
    for earlier in reversed(state.turns):
        if not calls or _calls(earlier) != calls or earlier.decided or _begins(later):
            break
        count, later = count + 1, earlier
    return count


def _calls(turn: Turn) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in turn.calls]


def _begins(turn: Turn) -> bool:
    """Whether the user's words are what the turn answers."""
    return any(item.starts for item in turn.inputs)


def requests_in_a_row(state: State) -> int:
    """How many requests were made since the user last said something or decided a plan."""
    if any(item.starts for item in state.inbox):
        return 0
    count = 0
    for turn in reversed(state.turns):
        if turn.decided:
            break
        count += 1
        if _begins(turn):
            break
    return count


def steps(checked: dict[str, Any]) -> tuple[Step, ...]:
    """The steps of an `update_plan` call; a step without an id gets `s1`, `s2`... by its place."""
    return tuple(_step(number, raw) for number, raw in enumerate(checked["steps"], start=1))


def _step(number: int, raw: dict[str, Any]) -> Step:
    status: StepStatus = raw.get("status") or "pending"
    return Step(
        id=raw.get("id") or f"s{number}",
        text=raw["text"],
        status=status,
        files=tuple(raw.get("files") or ()),
        after=tuple(raw.get("after") or ()),
    )


def finish_summary(call: ToolCall) -> str:
    """The summary in a `finish` call's arguments; empty when they are not what the tool takes."""
    checked = arguments(call)
    return "" if isinstance(checked, BadArguments) else checked["summary"]
