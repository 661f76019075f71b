"""Reads a conversation as a small local model needs it: what is wanted now, and how far code has got with it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from signoff.core.model import Focus, Item, Message, ModelRequest, ToolCall, ToolResult
from signoff.core.small_jobs import Beyond, classify

PROPOSED = "Proposed"
"""How the result of an edit begins that became hunks; any other result is a refusal."""

OWN = "local_"
"""How the ids of this model's calls begin: a session may hold calls of other models, with any arguments."""

_SAYS = re.compile(r"\nThe user says: (.*)", re.DOTALL)
_PLAN_SAYS = re.compile(r"Not approved\. The user says: (.*)\nPropose another plan, or ask\.", re.DOTALL)
_EDITED = re.compile(r"The user approved the plan as edited; follow it:\n\S+ \[\w+\] (.*)")
_NOTES = ("The user changed your proposal to:", "The user took ")
_STALE = "propose it for the text as it is now."


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the conversation stands: `goal` is wanted, `feedback` is what was said about the last try at it.

    `edits` are the tries since the user last spoke; `outcome` is the last one's refusal, None if it was proposed.
    `plan` holds the steps of the plan for this goal: None while there is none, () when the user changed them.
    """

    goal: str
    feedback: str = ""
    plan_refused: bool = False
    plan: tuple[dict[str, Any], ...] | None = None
    edits: tuple[ToolCall, ...] = ()
    outcome: str | None = None


def read_turn(request: ModelRequest) -> Turn:
    """What the conversation asks for now."""
    turn, answers = Turn(request.goal), _answers(request.items)
    begun = fresh = False
    for item in request.items:
        match item:
            case ToolCall(name="update_plan") if item.call_id.startswith(OWN):
                turn = _planned(turn, item, answers.get(item.call_id, ""), request.focus)
            case ToolCall(name="edit_file") if item.call_id.startswith(OWN):
                turn = replace(turn, edits=(*turn.edits, item), outcome=_refusal(answers.get(item.call_id, "")))
            case Message(role="user") if begun and fresh and not item.text.startswith(_NOTES):
                turn, fresh = _heard(turn, item.text, request.focus)
            case _:
                pass
        if not isinstance(item, ToolResult) and not (isinstance(item, Message) and item.role == "user"):
            begun = fresh = True
    return turn


def _answers(items: Sequence[Item]) -> dict[str, str]:
    return {item.call_id: item.output for item in items if isinstance(item, ToolResult)}


def _refusal(answer: str) -> str | None:
    return None if answer.startswith(PROPOSED) else answer


def _planned(turn: Turn, call: ToolCall, answer: str, focus: Focus | None) -> Turn:
    if answer.startswith("Not approved"):
        said = _PLAN_SAYS.match(answer)
        return (_wanted(said[1], focus) if said else None) or replace(turn, plan_refused=True)
    edited = _EDITED.fullmatch(answer)
    if edited:
        return replace(_wanted(edited[1], focus) or turn, plan=())
    return replace(turn, plan=tuple(json.loads(call.arguments)["steps"]))


def _heard(turn: Turn, text: str, focus: Focus | None) -> tuple[Turn, bool]:
    """The turn after a message to the model, and whether the user's own words may still follow it."""
    if text.endswith(_STALE):
        return replace(turn, edits=(), outcome=None), False
    if text.startswith("The user rejected "):
        said = _SAYS.search(text)
        if said is None:
            return turn, True
        return _wanted(said[1], focus) or replace(turn, feedback=said[1], edits=(), outcome=None), False
    return Turn(text), False


def _wanted(words: str, focus: Focus | None) -> Turn | None:
    """A turn about the words, if they are a task of their own."""
    return None if isinstance(classify(words, focus), Beyond) else Turn(words)
