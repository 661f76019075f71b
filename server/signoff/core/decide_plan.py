"""Judgements about plans and questions: the user's commands, and what the model's own plan calls lead to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.envelope import Event
from signoff.core.plan import Plan, Step, outline, problems, same_work, with_statuses
from signoff.core.state import Question, State
from signoff.core.turn import steps

PlanCommand = c.ApprovePlan | c.RejectPlan | c.EditPlan | c.ApproveStep | c.SkipStep

NO_STEP = "The plan has no such step."
NO_PLAN = c.Refused("No plan waits for approval.")


def decide_plan(state: State, command: PlanCommand) -> list[Event] | c.Refused:
    """What the user's word about a plan leads to."""
    plan = state.plan
    match command:
        case c.SkipStep():
            return _skip(state, command.step)
        case c.ApproveStep():
            return _approve_step(state, plan, command.step) if plan and state.plan_waits else NO_PLAN
        case _:
            pass
    if plan is None or not state.plan_waits:
        return NO_PLAN
    if command.plan != plan.id:
        return c.Refused("The plan changed since you saw it. Look at the new one first.")
    match command:
        case c.ApprovePlan():
            return going_on(state, _approve(plan, plan.steps if command.steps is None else command.steps))
        case c.RejectPlan():
            return going_on(state, rejected(plan, command.feedback))
        case c.EditPlan():
            wrong = problems(command.steps)
            return c.Refused(f"This is not a plan: {wrong[0]}.") if wrong else [e.PlanEdited(plan.id, command.steps)]
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(command)


def going_on(state: State, made: list[Event] | c.Refused) -> list[Event] | c.Refused:
    """The same, and a stopped or failed session goes on: the user's word calls for work."""
    if isinstance(made, c.Refused) or not (state.parked or state.failure):
        return made
    return [*made, e.SessionResumed()]


def _approve(plan: Plan, chosen: tuple[Step, ...]) -> list[Event] | c.Refused:
    wrong = problems(chosen)
    if wrong:
        return c.Refused(f"This is not a plan: {wrong[0]}.")
    if all(step.status == "skipped" for step in chosen):
        return c.Refused("Every step is skipped. Reject the plan instead, and say what you want.")
    return _approved(plan, chosen)


def _approved(plan: Plan, chosen: tuple[Step, ...]) -> list[Event]:
    skipped = any(step.status == "skipped" for step in chosen)
    edited = plan.edited or skipped or not same_work(plan.steps, chosen)
    told = f"The user approved the plan as edited; follow it:\n{outline(chosen)}" if edited else "Approved."
    return [e.PlanApproved(plan.id, chosen, edited), *_answer(plan.call_id, told)]


def rejected(plan: Plan, feedback: str) -> list[Event]:
    """The plan sent back; the words (or their absence) are the answer that the model gets."""
    said = f"Not approved. The user says: {feedback}" if feedback.strip() else "Not approved; the user gave no reason."
    return [e.PlanRejected(plan.id, feedback), *_answer(plan.call_id, f"{said}\nPropose another plan, or ask.")]


def _answer(call_id: str, output: str) -> list[Event]:
    return [e.ToolReturned(call_id, output)]


def _approve_step(state: State, plan: Plan, step_id: str) -> list[Event] | c.Refused:
    if step_id not in {step.id for step in plan.steps}:
        return c.Refused(NO_STEP)
    if step_id in plan.approved:
        return []
    return _when_decided(state, e.StepApproved(step_id), replace(plan, approved=(*plan.approved, step_id)))


def _when_decided(state: State, event: Event, plan: Plan) -> list[Event] | c.Refused:
    """`event`, and the approval of the waiting plan when it left no step undecided."""
    left = {step.id for step in plan.steps if step.status != "skipped"}
    return going_on(state, [event, *_approved(plan, plan.steps)]) if left and left <= {*plan.approved} else [event]


def _skip(state: State, step_id: str) -> list[Event] | c.Refused:
    plan = state.plan
    if plan is None or plan.status == "rejected":
        return c.Refused("There is no plan.")
    step = next((step for step in plan.steps if step.id == step_id), None)
    if step is None:
        return c.Refused(NO_STEP)
    if step.status not in ("pending", "active"):
        return c.Refused(f"The step is {step.status} already.")
    skipped = tuple(replace(s, status="skipped") if s.id == step_id else s for s in plan.steps)
    event = e.StepSkipped(step_id)
    return _when_decided(state, event, replace(plan, steps=skipped)) if state.plan_waits else [event]


def plan_called(state: State, call_id: str, arguments: dict[str, Any]) -> list[Event]:
    """What the model's `update_plan` leads to: a plan that waits, a status report, or an error as its result."""
    new = steps(arguments)
    wrong = problems(new)
    if wrong:
        return [e.ToolReturned(call_id, f"This is not a plan: {'; '.join(wrong)}.", ok=False)]
    old = state.plan
    if old and old.status in ("approved", "tracked") and same_work(old.steps, new):
        updated = replace(old, steps=with_statuses(old.steps, new))
        return [e.PlanUpdated(updated), e.ToolReturned(call_id, "Updated.")]
    plan_id = f"{state.session}.p{state.plans + 1}"
    if state.config.plan_first:
        replaced = _answer(old.call_id, "You replaced this plan in the same reply.") if old and state.plan_waits else []
        return [*replaced, e.PlanProposed(Plan(plan_id, new, "proposed", call_id))]
    return [e.PlanUpdated(Plan(plan_id, new, "tracked")), e.ToolReturned(call_id, "Updated.")]


def asked(state: State, call_id: str, arguments: dict[str, Any]) -> list[Event]:
    """What the model's `ask_user` leads to."""
    options = tuple(arguments.get("options") or ())
    return [e.QuestionAsked(f"{state.session}.q{state.asked + 1}", call_id, arguments["question"], options)]


def answered(question: Question, text: str) -> list[Event]:
    """The user's answer, given to the call that asked."""
    return [e.QuestionAnswered(question.id, text), e.ToolReturned(question.call_id, text)]
