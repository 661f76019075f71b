"""Starting work from code: the actions that begin a task at a place in a document. Pure.

Each carries a complete command, as in `decisions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from signoff.core.visible import short
from signoff.lsp.comments import Comment
from signoff.lsp.decisions import action
from signoff.lsp.review import SOURCE

PAGES = "/.signoff/sessions/"
"""Documents in which no work is started: our own."""
LARGEST = 20
"""Diagnostics that are passed along."""

MEND = "Find what is wrong with this code, say what it is, and fix it. Change nothing else."
FIX = "Fix the problem that is reported at this place, and nothing else: {}"
COMMENT = "{}\n\nA comment at this place asks for this. Remove that comment when it is done."
EXPLAIN = "Explain this code: what it does, how, and what a reader could miss. Change nothing."
TESTS = "Write tests for this code, where the project keeps its tests and in their style. Leave the code as it is."
DOCUMENT = (
    "Document this code in the style of its surroundings: what it promises, what it takes and gives, and why where that"
    " is not plain. Change comments and docstrings only."
)
REFACTOR = "Refactor this code without changing what it does: "
TRUST = "Trust this workspace: git may run in it, and its own instructions are read"


@dataclass(frozen=True, slots=True)
class Asked:
    """A place where actions are asked for. `uri` is spelled as the client spells it.

    `diagnostics` are those that the editor shows there, whoever's they are. `lamp`: the editor asks by itself. `folder`
    is the open folder that holds the document; `trusted`: there is nothing to ask about it. `general`: the user wants
    goals that fit everywhere. `plans`: the user wants to see a plan of every task.
    """

    uri: str
    range: types.Range
    diagnostics: Sequence[types.Diagnostic] = ()
    comment: Comment | None = None
    lamp: bool = False
    folder: str | None = None
    trusted: bool = True
    general: bool = True
    plans: bool = False


def offers(asked: Asked) -> list[types.CodeAction]:
    """What can be begun at the place: what it asks for itself first, then what fits everywhere.

    An editor that asks by itself, to show a lamp, gets only the first: a lamp on every line says nothing.
    """
    if PAGES in asked.uri:
        return []
    made = [*_here(asked)]
    return made if asked.lamp or not asked.general else [*made, *_everywhere(asked)]


def _here(asked: Asked) -> Iterator[types.CodeAction]:
    if found := _others(asked):
        said = "; ".join(dict.fromkeys(short(each.message, 200) for each in found[:3]))
        goal = {"goal": FIX.format(said), "taskType": "quick_fix", "diagnostics": found}
        yield action("Fix this", "startSession", {**goal, **_place(asked)}, found)
    if asked.comment:
        lines = types.Range(types.Position(asked.comment.first, 0), types.Position(asked.comment.last + 1, 0))
        goal = {"goal": COMMENT.format(asked.comment.words), "taskType": "code_generation"}
        yield action("Do what this comment says", "startSession", {**goal, **_place(asked), "range": lines})


def _everywhere(asked: Asked) -> Iterator[types.CodeAction]:
    place = _place(asked)
    at_once: dict[str, Any] = {} if asked.plans else {"planFirst": False}
    goals: list[tuple[str, dict[str, Any]]] = [
        # Many editors send a server only its own diagnostics, so that it can't know of any problem.
        *([] if _others(asked) else [("Fix this", {"goal": MEND, "taskType": "quick_fix"})]),
        ("Explain", {"goal": EXPLAIN, "taskType": "research", "show": True, **at_once}),
        ("Write tests", {"goal": TESTS, "taskType": "code_generation"}),
        ("Document", {"goal": DOCUMENT, "taskType": "code_generation", **at_once}),
    ]
    for title, goal in goals:
        yield action(title, "startSession", {**goal, **place})
    yield action("Refactor...", "draftTask", {**place, "text": REFACTOR})
    yield action("New task...", "draftTask", place)
    if asked.folder and not asked.trusted:
        yield action(TRUST, "trustWorkspace", {"workspace": asked.folder, "trusted": True})


def _others(asked: Asked) -> list[types.Diagnostic]:
    """What other tools report at the place."""
    return [each for each in asked.diagnostics if each.source != SOURCE][:LARGEST]


def _place(asked: Asked) -> dict[str, Any]:
    return {"uri": asked.uri, "range": asked.range}
