"""What progress says: what a session does now, and what it came to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signoff.core.model import ToolCall
from signoff.core.state import State
from signoff.lsp.progress import doing, rested, using
from support.session import Session, call

EDIT = {"path": "a.py", "edits": [{"old": "x\n", "new": "y\n"}]}


def working(*calls: ToolCall, **config: Any) -> State:
    session = Session({"a.py": "x\n"}, **{"plan_first": False, **config})
    session.start("goal")
    if calls:
        session.model(*calls)
    return session.state


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (call("read_file", path="src/a.py"), "reading src/a.py"),
        (call("outline", path="a.py"), "reading a.py"),
        (call("search", query="def main"), "searching for def main"),
        (call("list_files"), "listing files"),
        (call("edit_file", **EDIT), "proposing changes of a.py"),
        (call("apply_patch", patch="*** Begin Patch"), "proposing changes"),
        (call("run_command", argv=["ls", "-l"], reason="x"), "running ls -l"),
        (ToolCall("", "read_file", "{broken"), "reading ..."),
        (ToolCall("", "read_file", "[]"), "reading ..."),
        (call("read_file", path="a\u202e\n" * 80), None),
    ],
)
def test_a_tool_call_in_words(made: ToolCall, words: str | None) -> None:
    said = using(made)
    assert said == words if words else len(said) <= 60 and "\u202e" not in said and "\n" not in said


def test_the_tool_that_runs_is_named() -> None:
    assert doing(working(call("read_file", path="a.py"), call("list_files"))) == "reading a.py"


def test_without_a_tool_it_thinks_or_plans() -> None:
    session = Session(plan_first=False)
    session.start("goal")
    assert doing(session.state) in ("gathering context", "thinking")
    planned = Session(plan_first=True)
    planned.start("goal")
    assert doing(planned.state) in ("gathering context", "planning")


def test_what_waits_is_counted() -> None:
    session = Session({"a.py": "x\n"}, plan_first=False)
    session.start("goal")
    session.model(call("edit_file", **EDIT))
    session.work()
    session.model(call("ask_user", question="Which?"))
    session.work()
    assert rested(session.state) == "waiting for you: 1 hunk, a question"


def test_a_plan_waits() -> None:
    session = Session(plan_first=True)
    session.start("goal")
    session.model(call("update_plan", steps=[{"text": "First"}]))
    assert rested(session.state) == "waiting for you: a plan"


def test_an_end_is_named() -> None:
    assert rested(replace(working(), finished=True)) == "done"
    assert rested(replace(working(), archived=True)) == "archived"
    assert rested(replace(working(), parked="interrupt")) == "stopped"
