"""A session's life: started, stopped, resumed, finished, archived; and when it is over by itself."""

from dataclasses import replace

import pytest

from signoff.core import commands as c
from signoff.core.session import Config, Finding, Place
from support.session import WORKSPACE, Session, call, names, patch


def test_started_with_all_that_is_known() -> None:
    s = Session()
    place, findings = Place("file:///w/a.py", 3), (Finding("unused"),)
    assert names(s.start("Do it.", place=place, findings=findings, parent="p")) == ["SessionStarted", "ContextGathered"]
    assert (s.state.goal, s.state.workspace, s.state.model) == ("Do it.", WORKSPACE, "big")
    assert (s.state.place, s.state.findings, s.view.parent) == (place, findings, "p")
    assert (s.phase, s.owed) == ("planning", ("ask:0:0",))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.Start(" ", WORKSPACE, Config()), "Say what is to be done: the goal is empty."),
        (c.Start("x", WORKSPACE, Config(models=())), "No model is configured. Set `model`."),
        (c.Reply("x"), "This session does not exist."),
        (c.Interrupt(), "This session does not exist."),
        (c.Archive(), "This session does not exist."),
    ],
)
def test_refused_before_the_start(command: c.Command, reason: str) -> None:
    assert Session().refusal(command) == reason


def test_reports_about_no_session_or_an_archived_one_change_nothing() -> None:
    s = Session()
    assert s.do(c.NoteBug("here", "there")) == []
    s.start()
    late = s.reply_of("Too late.")
    assert names(s.do(c.Archive())) == ["SessionArchived"]
    assert s.do(late) == []
    assert s.do(c.Park()) == []


def test_archived() -> None:
    s = Session()
    s.start()
    s.do(c.Archive())
    assert (s.phase, s.owed, s.waiting_for) == ("archived", (), ())
    for command in (c.Reply("x"), c.Resume(), c.Interrupt(), c.Archive()):
        assert s.refusal(command) == "This session is archived. Start a new one."
    assert s.refusal(c.Start("x", WORKSPACE, Config())) == "This session has started already."


def test_stopped_and_resumed() -> None:
    s = Session({"a.py": "x\n"})
    s.start()
    assert s.refusal(c.Resume()) == "This session is not stopped."
    assert names(s.do(c.Interrupt())) == ["SessionParked"]
    assert (s.owed, s.phase) == ((), "stopped")
    assert s.refusal(c.Interrupt()) == "Nothing is running in this session."
    assert names(s.do(c.Resume())) == ["SessionResumed"]
    assert s.owed == ("ask:0:0",)


def test_stopped_in_the_middle_of_calls() -> None:
    s = Session({"a.py": "x\n"})
    s.start()
    s.model(call("read_file", path="a.py"), call("read_file", path="a.py"))
    s.tool("first")
    s.do(c.Interrupt())
    assert (s.owed, s.phase) == ((), "stopped")
    s.do(c.Resume())
    assert s.owed == ("tool:1:c2",)


def test_a_reply_goes_on_where_it_was_stopped() -> None:
    s = Session({"a.py": "x\n"})
    s.start()
    s.model(call("read_file", path="a.py"))
    s.do(c.Interrupt())
    s.reply("Go on, but faster.")
    assert s.owed == ("tool:1:c1",)


def test_an_outcome_that_comes_after_the_stop_is_recorded() -> None:
    s = Session()
    s.start()
    late = s.reply_of("Done.")
    s.do(c.Interrupt())
    assert names(s.do(late)) == ["ModelReplied", "SessionFinished"]
    assert (s.phase, s.owed) == ("done", ())
    assert s.refusal(c.Resume()) == "This session is not stopped."


def test_stopped_during_a_wait() -> None:
    s = Session()
    s.start()
    s.fail("rate_limit", retry_after=60)
    s.do(c.Interrupt())
    assert (s.owed, s.phase, s.waiting_for) == ((), "stopped", ())
    s.do(c.Resume())
    assert (s.owed, s.phase, s.waiting_for) == (("wait:0:1",), "waiting", ("time",))


def test_stopped_with_hunks_waiting_is_stopped_all_the_same() -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-x", "+y"))
    s.work()
    s.model("Done.")
    s.reply("More.")
    s.do(c.Interrupt())
    assert (s.phase, s.waiting_for) == ("stopped", ("hunk",))


@pytest.mark.parametrize("autostop", [True, False])
def test_a_restart_owes_no_model_call_until_the_user_resumes(autostop: bool) -> None:
    s = Session()
    s.start()
    if autostop:
        s.fail("rate_limit")
    assert names(s.restart()) == ["SessionParked"]
    assert (s.owed, s.phase) == ((), "stopped")
    assert s.do(c.Park()) == []
    s.do(c.Resume())
    assert s.owed == (("wait:0:1",) if autostop else ("ask:0:0",))


def test_a_restart_of_a_session_that_waits_for_the_user_stops_nothing() -> None:
    s = Session()
    s.start()
    s.model(call("ask_user", question="Which?"))
    assert s.restart() == []
    assert s.phase == "waiting"
    s.reply("That one.")
    assert s.owed == ("context:1",)


def test_a_plan_that_waits_beside_a_failure_goes_on_when_it_is_approved() -> None:
    """The fifth time the same calls: the user is asked, and their answer to the plan is an answer."""
    s = Session(plan_first=False)
    s.start()
    same = call("update_plan", steps=[{"text": "x"}])
    for _ in range(4):
        s.model(same)
    s.state = replace(s.state, config=replace(s.state.config, plan_first=True), plan=None)
    s.model(same)
    assert (s.phase, s.waiting_for) == ("failed", ("plan",))
    assert names(s.approve_plan())[-1] == "SessionResumed"
    assert s.owed == ("context:5",)


def test_a_bug_is_recorded_and_nothing_else_happens() -> None:
    s = Session()
    s.start()
    before = s.owed
    assert names(s.do(c.NoteBug("tool:1", "KeyError"))) == ["BugNoticed"]
    assert s.owed == before


@pytest.mark.parametrize("last", ["approve", "reject", "withdraw"])
def test_the_session_is_done_when_the_last_hunk_is_decided(last: str) -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-x", "+y"))
    s.work()
    assert names(s.model("Proposed.")) == ["ModelReplied"]
    match last:
        case "approve":
            made = s.approve()
        case "reject":
            made = s.reject()
        case _:
            made = s.do(c.AdoptTyping("s.h1", 1, "y\n", "y\n"))
    assert names(made)[-1] == "SessionFinished"
    assert (s.phase, s.state.summary) == ("done", "Proposed.")


def test_a_finished_session_is_reopened_by_a_reply() -> None:
    s = Session()
    s.start()
    s.model("Done.")
    s.reply("More.")
    assert (s.phase, s.owed) == ("planning", ("context:1",))
