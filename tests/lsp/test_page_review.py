"""What a session document offers and shows, for the text as it stands: only what the user sees can be decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from signoff.core.hunks import Hunk
from signoff.core.page import render
from signoff.core.page_draft import Draft
from signoff.core.page_read import read
from signoff.core.plan import Plan, Step
from signoff.core.state import Failure, Question, State
from signoff.lsp.page_review import Seen, actions, diagnostics, on_draft
from support.page_states import SESSION, line_of, states

PLAN = Plan(f"{SESSION}.p1", (Step("s1", "Read it"), Step("s2", "Change it"), Step("s3", "Test it")), "proposed")
ONE = Hunk(f"{SESSION}.h1", 1, "r", "file:///w/a.py", "update", 0, "one\n", "1\n")
TWO = replace(ONE, id=f"{SESSION}.h2", before="two\n", after="2\n")
STATE = State(SESSION, 1, "Do it", workspace="file:///w", model="m", hunks={ONE.id: ONE, TWO.id: TWO})
ALWAYS = ["Archive session"]


def text_of(state: State) -> str:
    return render(state, line_of).text


def offered(state: State, where: str, text: str | None = None, plan: str | None = PLAN.id) -> dict[str, dict[str, Any]]:
    """The actions on the line that starts with `where`, with their arguments."""
    shown = text_of(state) if text is None else text
    line = next(n for n, each in enumerate(shown.split("\n")) if each.startswith(where))
    at = types.Range(types.Position(line, 0), types.Position(line, 0))
    found = actions(Seen(state, read(shown), plan), at)
    assert all(action.edit is None and not action.is_preferred and action.command for action in found)
    return {each.title.removeprefix("Signoff: "): _argument(each) for each in found}


def _argument(action: types.CodeAction) -> Any:
    assert action.command and action.command.arguments
    return action.command.arguments[0]


def test_a_hunk_is_decided_at_its_block() -> None:
    found = offered(STATE, "+1")
    assert list(found) == [
        *("Approve hunk 1/2", "Reject hunk 1/2", "Approve all 2 hunks", "Reject all 2 hunks", "Show whole diff"),
        *ALWAYS,
    ]
    assert found["Approve hunk 1/2"] == {"hunk": ONE.id, "rev": 1}
    assert found["Approve all 2 hunks"]["hunks"] == [{"hunk": ONE.id, "rev": 1}, {"hunk": TWO.id, "rev": 1}]


def test_what_the_text_does_not_show_can_not_be_approved() -> None:
    text = text_of(STATE)
    later = replace(STATE, hunks={ONE.id: replace(ONE, rev=2, after="rm -rf\n"), TWO.id: TWO})
    assert not any(title.startswith(("Approve hunk", "Amend")) for title in offered(later, "### 1/2", text))
    forged = text.replace("+1\n", "+harmless\n").replace("-one\n", "-other\n")
    assert not any(title.startswith(("Approve", "Amend")) for title in offered(STATE, "### 1/2", forged))
    assert "Reject hunk 1/2" in offered(STATE, "### 1/2", forged)


def test_an_edited_diff_is_an_amendment() -> None:
    found = offered(STATE, "### 1/2", text_of(STATE).replace("+1\n", "+uno\n"))
    assert found["Amend hunk 1/2 as edited here"] == {"hunk": ONE.id, "rev": 1, "after": "uno\n"}
    assert "Approve hunk 1/2" not in found and "Approve all 2 hunks" not in found


def test_words_under_reply_go_with_what_waits() -> None:
    words = text_of(STATE) + "Not so."
    assert offered(STATE, "### 1/2", words)["Reject hunk 1/2 with the words under Reply"]["feedback"] == "Not so."
    assert offered(STATE, "## Reply", words)["Send reply"] == {"session": SESSION, "text": "Not so."}
    planned = replace(STATE, plan=PLAN)
    found = offered(planned, "## Reply", text_of(planned) + "Not so.")
    assert found["Reject plan with the words under Reply"]["feedback"] == "Not so." and "Send reply" not in found
    asked = replace(STATE, questions={"q": Question("q", "c", "Which?", ("Tabs",))})
    found = offered(asked, "## Reply", text_of(asked) + "Both.")
    assert found["Answer with the words under Reply"]["text"] == "Both." and "Send reply" not in found
    assert offered(asked, "## Questions")["Answer: Tabs"]["text"] == "Tabs"


def test_a_plan_is_approved_as_it_stands_in_the_text() -> None:
    state = replace(STATE, plan=PLAN, hunks={})
    found = offered(state, "2. [ ] Change it")
    assert list(found) == ["Approve step 2", "Skip step 2", "Approve plan", "Reject plan", *ALWAYS]
    assert found["Approve step 2"] == {"session": SESSION, "step": "s2"}
    assert found["Approve plan"] == {"session": SESSION, "plan": PLAN.id}
    edited = text_of(state).replace("2. [ ] Change it", "2. [-] Change it\n- And say so")
    found = offered(state, "## Plan", edited)
    assert "Approve plan" not in found and "Approve step 2" not in offered(state, "2. [-]", edited)
    assert [(s["id"], s["text"], s["status"]) for s in found["Approve plan as edited"]["steps"]] == [
        *(("s1", "Read it", "pending"), ("s2", "Change it", "skipped")),
        *(("s4", "And say so", "pending"), ("s3", "Test it", "pending")),
    ]


def test_a_plan_that_the_text_does_not_show_yet_can_not_be_approved() -> None:
    state = replace(STATE, plan=replace(PLAN, id=f"{SESSION}.p2"), hunks={})
    assert list(offered(state, "## Plan", text_of(replace(STATE, plan=PLAN, hunks={})))) == ALWAYS


def test_steps_under_way_can_be_skipped_but_not_approved() -> None:
    steps = (replace(PLAN.steps[0], status="done"), replace(PLAN.steps[1], status="active"), PLAN.steps[2])
    state = replace(STATE, plan=replace(PLAN, status="approved", steps=steps), hunks={})
    assert "Skip step 1" not in offered(state, "1. [x]")
    assert next(iter(offered(state, "2. [>]"))) == "Skip step 2"


def test_applied_and_stale_hunks() -> None:
    applied = replace(ONE, status="applied", in_file=True)
    state = replace(STATE, hunks={ONE.id: applied, TWO.id: replace(TWO, status="stale", note="Gone.")})
    assert offered(state, "### 1/1 a.py:1 (+1 -1) applied")["Undo hunk"] == {"hunk": ONE.id, "rev": 1}
    assert list(offered(state, "### 1/1 a.py:1 (+1 -1) stale"))[:2] == ["Propose again", "Reject hunk"]
    both = replace(STATE, hunks={ONE.id: applied, TWO.id: replace(TWO, status="applied", in_file=True)})
    assert "Undo all 2 hunks" in offered(both, "# Do it")


def test_a_line_without_a_diff_names_its_hunk_too() -> None:
    many = {f"{SESSION}.h{n}": replace(ONE, id=f"{SESSION}.h{n}") for n in range(1, 51)}
    found = offered(replace(STATE, hunks=many), "- 50/50")
    assert found["Approve hunk 50/50"] == {"hunk": f"{SESSION}.h50", "rev": 1}


def test_diagnostics_stand_at_the_headings() -> None:
    failure = Failure("quota", 1, "stop", "No credit left.")
    state = replace(STATE, plan=PLAN, failure=failure, failures=(failure,), attempt=1)
    text = text_of(state)
    found = diagnostics(Seen(state, read(text), PLAN.id))
    lines = text.split("\n")
    assert [(d.code, lines[d.range.start.line]) for d in found] == [
        ("plan", "## Plan"),
        ("failure", "# Do it"),
        ("hunk", "### 1/2 a.py:1 (+1 -1) pending {#h1.1}"),
        ("hunk", "### 2/2 a.py:1 (+1 -1) pending {#h2.1}"),
    ]
    assert [d.severity for d in found] == [3, 2, 3, 3]
    assert diagnostics(Seen(replace(state, archived=True), read(text), PLAN.id)) == []


def test_an_archived_session_is_read_only() -> None:
    assert list(offered(replace(STATE, archived=True), "## Hunks")) == ["Show whole diff"]


def test_a_lamp_is_lit_only_where_something_waits() -> None:
    text = text_of(STATE) + "Words."
    lines = text.split("\n")
    lit = set[str]()
    for number, line in enumerate(lines):
        at = types.Range(types.Position(number, 0), types.Position(number, 0))
        if actions(Seen(STATE, read(text), None), at, lamp=True):
            lit.add(line)
    assert {"+1", "+2", "## Reply", "Words."} <= lit and not {"# Do it", "## Hunks", "## Conversation"} & lit


@given(states(), st.integers(0, 60), st.text("## PlanReply\n-[]x1.", max_size=30))
def test_nothing_in_a_text_is_a_surprise(state: State, line: int, typed: str) -> None:
    text = text_of(state) + typed
    at = types.Range(types.Position(line, 0), types.Position(line + 3, 0))
    seen = Seen(state, read(text), state.plan.id if state.plan else None)
    assert all(action.edit is None for action in actions(seen, at))
    assert all(d.range.start.line <= text.count("\n") for d in diagnostics(seen))


def test_a_draft_starts_a_task_at_its_place() -> None:
    (found,) = on_draft(Draft("Fix it", "a.py", 3, 4), "file:///w", "file:///w/a.py")
    assert found.command and found.command.arguments == [
        {
            "goal": "Fix it",
            "workspace": "file:///w",
            "show": True,
            "uri": "file:///w/a.py",
            "range": {"start": {"line": 2, "character": 0}, "end": {"line": 4, "character": 0}},
        }
    ]
