"""Folding: what happened is never doubted, and a fact about something unknown changes nothing but the count."""

from dataclasses import replace

import pytest

from signoff.core import events as e
from signoff.core.envelope import Envelope, upcast, version_of
from signoff.core.evolve import evolve, fold
from signoff.core.model import Usage
from signoff.core.plan import Step
from signoff.core.session import Config
from signoff.core.state import State
from support.session import Session, call, patch


@pytest.mark.parametrize(
    "event",
    [
        e.ToolReturned("c9", "x"),
        e.PlanApproved("p", (Step("a", "x"),), False),
        e.PlanRejected("p", ""),
        e.PlanEdited("p", ()),
        e.StepApproved("a"),
        e.StepSkipped("a"),
        e.QuestionAnswered("q", ""),
        e.HunksWithdrawn(("h",)),
        e.HunkAmended("h", 2, "a", "b"),
        e.HunkWentStale("h", "x"),
        e.ReproposalAsked("h"),
        e.LandingStarted("l", "buffer", "", ""),
        e.HunksLanded("l", "d", (("h", 1),)),
        e.LandingRefused("l", "x", ("h",)),
        e.WaitEnded(0, 0),
        e.SessionResumed(),
        e.BugNoticed("here", "there"),
    ],
)
def test_facts_about_the_unknown_change_nothing(event: object) -> None:
    state = State("s")
    after = evolve(state, Envelope("s", 1, 0.0, "", event))  # type: ignore[arg-type]
    assert replace(after, seq=0, said=()) == state


def test_a_start_without_models_is_folded_all_the_same() -> None:
    state = evolve(State("s"), Envelope("s", 1, 0.0, "", e.SessionStarted("x", "w", Config(models=()))))
    assert state.model == ""


def test_an_answer_that_was_no_call_of_the_latest_reply_is_no_news_for_the_model() -> None:
    s = Session()
    s.start()
    s.model(call("ask_user", question="?"))
    asked = e.QuestionAsked("q9", "c9", "?")
    state = s.state
    for event in (asked, e.QuestionAnswered("q9", "x"), e.ToolReturned("c9", "x")):
        state = evolve(state, Envelope("s", state.seq + 1, 0.0, "", event))
    assert state.turns == s.state.turns


def test_a_skipped_step_that_the_plan_does_not_have_is_not_told() -> None:
    s = Session(plan_first=False)
    s.start()
    s.model(call("update_plan", steps=[{"text": "x"}]))
    after = evolve(s.state, Envelope("s", 99, 0.0, "", e.StepSkipped("s9")))
    assert after.inbox == s.state.inbox


def test_fold_is_the_log_replayed() -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-x", "+y"))
    s.work()
    s.model("Done.")
    s.approve()
    s.undo()
    assert fold("s", s.log) == s.state
    assert s.state.seq == len(s.log)
    assert s.state.usage == Usage(200, 120, 20)


def test_versions() -> None:
    assert version_of("ModelReplied") == 1
    assert upcast("ModelReplied", 1, {"turn": 0}) == {"turn": 0}
    with pytest.raises(ValueError, match="ModelReplied version 2 was written by a newer Signoff; update Signoff"):
        upcast("ModelReplied", 2, {})
