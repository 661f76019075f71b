"""The arms of `evolve` for plans and questions."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from signoff.core import events as e
from signoff.core.plan import Plan
from signoff.core.state import Question, State

PlanEvent = (
    e.PlanProposed
    | e.PlanApproved
    | e.PlanRejected
    | e.PlanEdited
    | e.PlanUpdated
    | e.StepApproved
    | e.StepSkipped
    | e.QuestionAsked
    | e.QuestionAnswered
)


def fold_plan(state: State, event: PlanEvent) -> State:
    """The state after one more fact about its plan or questions."""
    match event:
        case e.PlanProposed() | e.PlanUpdated():
            made = state.plans + (state.plan is None or state.plan.id != event.plan.id)
            return replace(state, plan=event.plan, plans=made)
        case e.QuestionAsked():
            question = Question(event.question, event.call_id, event.text, event.options)
            return replace(state, questions={**state.questions, event.question: question}, asked=state.asked + 1)
        case e.QuestionAnswered():
            return replace(state, questions={k: v for k, v in state.questions.items() if k != event.question})
        case _:
            return replace(state, plan=_fold_steps(state.plan, event)) if state.plan else state


def _fold_steps(
    plan: Plan, event: e.PlanApproved | e.PlanRejected | e.PlanEdited | e.StepApproved | e.StepSkipped
) -> Plan:
    match event:
        case e.PlanApproved():
            return replace(plan, status="approved", steps=event.steps)
        case e.PlanRejected():
            return replace(plan, status="rejected")
        case e.PlanEdited():
            return replace(plan, steps=event.steps, approved=())
        case e.StepApproved():
            return replace(plan, approved=(*plan.approved, event.step))
        case e.StepSkipped():
            skipped = (replace(s, status="skipped") if s.id == event.step else s for s in plan.steps)
            return replace(plan, steps=tuple(skipped))
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(event)
