"""Plans and questions: what waits, what the user may say, and that every word reaches the model."""

import pytest

from signoff.core import commands as c
from signoff.core.plan import Step
from support.session import Session, call, names, patch, steps

PLAN = steps("read", "write")


def waiting(*more: object, **config: object) -> Session:
    """A session whose plan (s1 read, s2 write) waits."""
    s = Session({"a.py": "x\n"}, **config)
    s.start()
    s.model(call("update_plan", steps=PLAN), *more)  # type: ignore[arg-type]
    return s


def test_a_plan_waits_and_its_result_is_withheld() -> None:
    s = waiting()
    assert (s.phase, s.waiting_for, s.owed) == ("waiting", ("plan",), ())
    assert [step.id for step in s.view.plan.steps] == ["s1", "s2"]  # type: ignore[union-attr]


def test_approved() -> None:
    s = waiting()
    assert names(s.approve_plan()) == ["PlanApproved", "ToolReturned"]
    assert (s.said[-1], s.owed, s.phase) == ("Approved.", ("context:1",), "working")
    assert s.refusal(c.ApprovePlan("s.p1")) == "No plan waits for approval."


def test_approved_with_edits() -> None:
    s = waiting()
    s.approve_plan(Step("s1", "read", "skipped"), Step("s2", "write twice"))
    told = "The user approved the plan as edited; follow it:\ns1 [skipped] read\ns2 [pending] write twice"
    assert s.said[-1] == told


def test_edited_first_then_approved_as_it_is() -> None:
    """The model learns of the edit though the approval itself changes nothing."""
    s = waiting()
    assert names(s.do(c.EditPlan("s.p1", (Step("s1", "read it all"),)))) == ["PlanEdited"]
    assert s.waiting_for == ("plan",)
    s.approve_plan()
    assert s.said[-1] == "The user approved the plan as edited; follow it:\ns1 [pending] read it all"


def test_rejected() -> None:
    s = waiting()
    s.reject_plan("Too long.")
    assert s.said[-1] == "Not approved. The user says: Too long.\nPropose another plan, or ask."
    assert (s.owed, s.phase, s.view.plan) == (("context:1",), "planning", None)
    assert s.view.messages[-1].text == "Too long."


def test_rejected_without_words() -> None:
    s = waiting()
    s.reject_plan(" ")
    assert s.said[-1] == "Not approved; the user gave no reason.\nPropose another plan, or ask."


def test_a_reply_to_a_waiting_plan_rejects_it() -> None:
    s = waiting()
    assert names(s.reply("Shorter.")) == ["PlanRejected", "ToolReturned"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.ApprovePlan("s.p9"), "The plan changed since you saw it. Look at the new one first."),
        (c.RejectPlan("s.p9", ""), "The plan changed since you saw it. Look at the new one first."),
        (c.ApprovePlan("s.p1", ()), "This is not a plan: a plan needs at least one step."),
        (c.EditPlan("s.p1", (Step("a", ""),)), "This is not a plan: step 'a' has no text."),
        (
            c.ApprovePlan("s.p1", (Step("a", "x", "skipped"),)),
            "Every step is skipped. Reject the plan instead, and say what you want.",
        ),
        (c.ApproveStep("s9"), "The plan has no such step."),
        (c.SkipStep("s9"), "The plan has no such step."),
    ],
)
def test_refused(command: c.Command, reason: str) -> None:
    s = waiting()
    assert s.refusal(command) == reason
    assert s.waiting_for == ("plan",)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.ApprovePlan("s.p1"), "No plan waits for approval."),
        (c.RejectPlan("s.p1", ""), "No plan waits for approval."),
        (c.EditPlan("s.p1", ()), "No plan waits for approval."),
        (c.ApproveStep("s1"), "No plan waits for approval."),
        (c.SkipStep("s1"), "There is no plan."),
    ],
)
def test_refused_without_a_plan(command: c.Command, reason: str) -> None:
    s = Session()
    s.start()
    assert s.refusal(command) == reason
    s = waiting()
    s.reject_plan()
    assert s.refusal(command) == reason


def test_step_by_step() -> None:
    s = waiting()
    assert names(s.do(c.ApproveStep("s1"))) == ["StepApproved"]
    assert s.do(c.ApproveStep("s1")) == []
    assert names(s.do(c.ApproveStep("s2"))) == ["StepApproved", "PlanApproved", "ToolReturned"]
    assert s.said[-1] == "Approved."


def test_the_last_undecided_step_is_skipped() -> None:
    s = waiting()
    s.do(c.ApproveStep("s1"))
    assert names(s.do(c.SkipStep("s2"))) == ["StepSkipped", "PlanApproved", "ToolReturned"]
    assert s.said[-1].endswith("s1 [pending] read\ns2 [skipped] write")


def test_the_last_undecided_step_is_approved() -> None:
    s = waiting()
    assert names(s.do(c.SkipStep("s1"))) == ["StepSkipped"]
    assert names(s.do(c.ApproveStep("s2"))) == ["StepApproved", "PlanApproved", "ToolReturned"]
    assert s.refusal(c.SkipStep("s1")) == "The step is skipped already."


def test_skipping_every_step_approves_nothing() -> None:
    s = waiting()
    s.do(c.ApproveStep("s1"))
    s.do(c.SkipStep("s1"))
    assert names(s.do(c.SkipStep("s2"))) == ["StepSkipped"]
    assert s.waiting_for == ("plan",)
    assert s.refusal(c.ApprovePlan("s.p1")).startswith("Every step is skipped.")


def test_a_step_skipped_while_the_agent_works_is_told_with_the_next_request() -> None:
    s = waiting()
    s.approve_plan()
    assert names(s.do(c.SkipStep("s2"))) == ["StepSkipped"]
    assert s.said[-1] == "The user took step s2 out of the plan; leave it out: write"
    s.model(call("update_plan", steps=[{"text": "read", "status": "done"}]))
    assert [(step.id, step.status) for step in s.view.plan.steps] == [("s1", "done"), ("s2", "skipped")]  # type: ignore[union-attr]


def test_reports_do_not_wait_but_another_list_of_steps_does() -> None:
    s = waiting()
    s.approve_plan()
    done = [{"text": "read", "status": "done"}, {"text": "write", "status": "active"}]
    assert names(s.model(call("update_plan", steps=done))) == ["ModelReplied", "PlanUpdated", "ToolReturned"]
    assert [step.status for step in s.view.plan.steps] == ["done", "active"]  # type: ignore[union-attr]
    assert names(s.model(call("update_plan", steps=steps("read", "write", "test")))) == ["ModelReplied", "PlanProposed"]
    assert (s.waiting_for, s.view.plan and s.view.plan.id) == (("plan",), "s.p2")
    assert s.refusal(c.ApprovePlan("s.p1")).startswith("The plan changed since you saw it.")


def test_what_is_no_plan_goes_back_to_the_model() -> None:
    s = Session()
    s.start()
    s.model(call("update_plan", steps=[{"id": "a", "text": "x"}, {"id": "a", "text": ""}]))
    assert s.said[-1] == "This is not a plan: two steps have the id 'a'; step 'a' has no text."
    assert s.owed == ("ask:1:0",)


def test_without_plan_first_plans_are_only_tracked() -> None:
    s = Session(plan_first=False)
    s.start()
    assert names(s.model(call("update_plan", steps=PLAN))) == ["ModelReplied", "PlanUpdated", "ToolReturned"]
    assert names(s.model(call("update_plan", steps=steps("read")))) == ["ModelReplied", "PlanUpdated", "ToolReturned"]
    assert (s.view.plan and s.view.plan.id, s.state.plans) == ("s.p2", 2)
    assert s.refusal(c.ApprovePlan("s.p2")) == "No plan waits for approval."


def test_of_two_plans_in_one_reply_the_second_waits_and_nothing_hangs() -> None:
    s = waiting(call("update_plan", steps=steps("only")))
    assert (s.owed, s.waiting_for, s.view.plan and s.view.plan.id) == ((), ("plan",), "s.p2")
    s.approve_plan()
    assert s.said[-2:] == ["You replaced this plan in the same reply.", "Approved."]
    assert s.owed == ("context:1",)


@pytest.mark.parametrize("stop", ["interrupt", "restart"])
@pytest.mark.parametrize("decide", [Session.approve_plan, Session.reject_plan])
def test_deciding_a_plan_lets_a_stopped_session_go_on(stop: str, decide: object) -> None:
    s = waiting(call("read_file", path="a.py"))
    if stop == "interrupt":
        s.do(c.Interrupt())
    else:
        s.restart()
    assert (s.owed, s.phase) == ((), "stopped")
    assert names(decide(s))[-1] == "SessionResumed"  # type: ignore[operator]
    assert s.owed == ("tool:1:c2",)


def test_the_last_step_lets_a_stopped_session_go_on_too() -> None:
    s = waiting(call("read_file", path="a.py"))
    s.do(c.Interrupt())
    s.do(c.ApproveStep("s1"))
    assert names(s.do(c.ApproveStep("s2")))[-1] == "SessionResumed"


def test_the_answer_is_read_even_when_the_model_finished_in_the_same_reply() -> None:
    s = waiting(call("finish", summary="planned"))
    s.approve_plan()
    assert (s.owed, s.phase) == (("context:1",), "working")


def test_changes_are_refused_until_a_plan_is_approved() -> None:
    s = Session({"a.py": "x\n"})
    s.start()
    s.model(patch("a.py", "-x", "+y"))
    assert s.said[-1] == "Nothing may be changed before the user approved a plan. Call update_plan first."
    s.model(call("update_plan", steps=PLAN), patch("a.py", "-x", "+y"))
    assert (s.owed, s.waiting_for) == ((), ("plan",))
    s.approve_plan()
    s.model(patch("a.py", "-x", "+y"))
    s.work()
    assert s.hunks == {"h1": ("pending", 1)}


def asking(*more: object) -> Session:
    s = Session(plan_first=False)
    s.start()
    s.model(call("ask_user", question="Which?", options=["a", "b"]), *more)  # type: ignore[arg-type]
    return s


def test_a_question_waits_for_its_answer() -> None:
    s = asking()
    assert (s.waiting_for, s.phase, s.owed) == (("question",), "waiting", ())
    assert (s.view.questions[0].text, s.view.questions[0].options) == ("Which?", ("a", "b"))
    assert names(s.reply("b")) == ["QuestionAnswered", "ToolReturned"]
    assert (s.said[-1], s.owed, s.view.questions, s.view.messages[-1].text) == ("b", ("context:1",), (), "b")


def test_two_questions_are_answered_one_after_the_other() -> None:
    s = asking(call("ask_user", question="And?"), call("finish", summary="x"))
    s.reply("b")
    assert s.waiting_for == ("question",)
    s.reply("so")
    assert (s.said[-3:], s.owed) == (["b", "so", "ok"], ("context:1",))


def test_an_answer_lets_a_stopped_session_go_on() -> None:
    s = asking(call("list_files"))
    s.do(c.Interrupt())
    assert names(s.reply("b"))[-1] == "SessionResumed"
