"""The session's view: phases, what waits, and every part in the words of the outer contract."""

from signoff.core import commands as c
from signoff.core.session_view import ConfigView, FailureView, HunkView, MessageView, PlanView, StepView, UsageView
from signoff.core.state import State
from signoff.core.view import iso, phase, waiting_for
from support.session import NO_RANGE, Session, call, names, patch, steps


def test_every_part() -> None:
    s = Session({"a.py": "x\n"}, models=("gpt-5",), reasons=(("model", "default"),))
    s.start("Do it.")
    s.model("A plan.", call("update_plan", steps=steps("write")))
    s.approve_plan()
    s.fail("timeout", "No answer.")
    s.wait()
    s.model("Better.", patch("a.py", "-x", "+y"))
    s.work()
    view = s.view
    assert view.config == ConfigView("gpt-5", None, "on-request", "workspace-write", {"model": "default"})
    assert view.plan == PlanView("s.p1", (StepView("s1", "write", "pending", (), ()),))
    assert view.hunks == (
        HunkView("s.h1", 1, "file:///w/a.py", NO_RANGE, "x\n", "y\n", "pending", "Better.", (), "update", None, ""),
    )
    assert view.messages[0] == MessageView("user", "Do it.", "1970-01-01T00:16:41.000Z")
    assert [(m.role, m.text) for m in view.messages[1:]] == [("assistant", "A plan."), ("assistant", "Better.")]
    assert view.failures == (FailureView("timeout", 0, "retry", view.failures[0].until, "No answer."),)
    assert view.usage == UsageView(200, 120, 20, 2, s.state.cost)
    assert (view.session, view.workspace, view.goal, view.seq) == ("s", "file:///w", "Do it.", len(s.log))
    assert (view.commands, view.children, view.parent, view.questions, view.summary) == ((), (), None, (), "")
    s.approve()
    s.do(c.MarkStale("s.h1", ""))
    assert view.phase == "working"


def test_a_switch_of_models_has_no_time() -> None:
    s = Session()
    s.start()
    s.fail("model_unavailable", "No such model.")
    assert s.view.failures == (FailureView("model_unavailable", 0, "switch_model", None, "No such model."),)


def test_a_hunk_whose_proposal_is_not_in_the_log_has_no_rationale() -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.start()
    s.model("Better.", patch("a.py", "-x", "+y"))
    s.work()
    s.state = State("s", seq=9, hunks=s.state.hunks)
    assert s.view.hunks[0].rationale == ""


def test_phases_of_a_whole_session() -> None:
    s = Session({"a.py": "x\n"})
    assert (phase(State("s")), waiting_for(State("s"))) == ("waiting", ())
    s.start()
    assert s.phase == "planning"
    s.model(call("update_plan", steps=steps("write")))
    assert (s.phase, s.waiting_for) == ("waiting", ("plan",))
    s.approve_plan()
    assert (s.phase, s.waiting_for) == ("working", ())
    s.model(patch("a.py", "-x", "+y"), call("ask_user", question="So?"))
    s.work()
    assert (s.phase, s.waiting_for) == ("waiting", ("hunk", "question"))
    s.reply("So.")
    assert (s.phase, s.waiting_for) == ("working", ("hunk",))
    s.model("Done.")
    assert (s.phase, s.waiting_for) == ("waiting", ("hunk",))
    s.approve(land=False)
    assert (s.phase, s.waiting_for) == ("working", ())
    assert names(s.land())[-1] == "SessionFinished"
    assert (s.phase, s.waiting_for) == ("done", ())
    s.do(c.Archive())
    assert (s.phase, s.waiting_for) == ("archived", ())


def test_iso() -> None:
    assert iso(1e300) == iso(float("inf")) == "9999-12-31T23:59:59.000Z"
    assert iso(float("nan")) == iso(-1.0) == iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_700_000_000.1234) == "2023-11-14T22:13:20.123Z"
