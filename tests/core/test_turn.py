"""Turns as values: what the model reads, and what its calls hold."""

from dataclasses import replace

import pytest

from signoff.core.model import Message, ModelReply, Reasoning, ToolCall, ToolResult, Usage
from signoff.core.plan import Step
from signoff.core.state import Input, Turn
from signoff.core.turn import conversation, finish_summary, problem, repeated, requests_in_a_row
from signoff.core.turn import steps as steps_of
from support.session import Session, call, steps


def test_the_conversation_in_its_order() -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.start("Do it.", context="Here.")
    s.model(Reasoning("r"), "Reading.", call("read_file", path="a.py"))
    s.reply("Faster.")
    s.work()
    assert conversation(s.state) == (
        Message("user", "Do it."),
        Message("user", "Here."),
        Reasoning("r"),
        Message("assistant", "Reading."),
        ToolCall("c1", "read_file", '{"path": "a.py"}'),
        ToolResult("c1", "x\n"),
        Message("user", "Faster."),
    )


def test_a_free_text_call_has_a_free_text_result() -> None:
    s = Session(plan_first=False)
    s.start()
    s.model(ToolCall("c1", "apply_patch", "nonsense", custom=True))
    s.tool("No.", ok=False)
    assert conversation(s.state)[-1] == ToolResult("c1", "No.", custom=True)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((Message("assistant", "x"),), None),
        ((ToolCall("c", "finish", "{}"),), None),
        ((), "The reply was empty."),
        ((ToolCall("c", "a", ""), ToolCall("c", "b", "")), "Two tool calls have the same id."),
    ],
)
def test_problem(items: tuple[Message, ...], words: str | None) -> None:
    assert problem(ModelReply(items, Usage(), "m")) == words


def test_steps() -> None:
    given = {"steps": [{"text": "a"}, {"id": "x", "text": "b", "status": None, "files": ["f"], "after": ["s1"]}]}
    assert steps_of(given) == (Step("s1", "a"), Step("x", "b", "pending", ("f",), ("s1",)))


@pytest.mark.parametrize(
    ("arguments", "summary"), [('{"summary": "ok"}', "ok"), ("{", ""), ("[]", ""), ("[" * 99_999, ""), ("{}", "")]
)
def test_finish_summary(arguments: str, summary: str) -> None:
    assert finish_summary(ToolCall("c", "finish", arguments)) == summary


def test_what_counts_as_the_same_again() -> None:
    s = Session(plan_first=False)
    s.start()
    same, other = Turn((), (ToolCall("x", "list_files", "{}"),)), Turn((), (ToolCall("x", "search", "{}"),))
    asked_for = replace(same, inputs=(Input("Again.", True),))
    silent = Turn((), (Message("assistant", "x"),))
    for times in (1, 2):
        s.model(call("list_files"))
        s.work()
        counted = [repeated(s.state, turn) for turn in (same, other, asked_for, silent)]
        assert counted == [times + 1, 1, 1, 1]


def test_requests_in_a_row() -> None:
    s = Session()
    s.start()
    assert requests_in_a_row(s.state) == 0
    s.model(call("list_files"))
    s.work()
    s.model(call("update_plan", steps=steps("x")))
    assert requests_in_a_row(s.state) == 2
    s.approve_plan()
    assert requests_in_a_row(s.state) == 0
    s.model(call("search", query="x"))
    assert requests_in_a_row(s.state) == 1
    s.reply("More.")
    assert requests_in_a_row(s.state) == 0


def test_requests_of_a_log_with_a_hole() -> None:
    s = Session()
    assert requests_in_a_row(s.state) == 0
