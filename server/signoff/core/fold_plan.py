"""The arms of `evolve` for plans and questions."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from signoff.core import events as e
from signoff.core.plan import Plan
from signoff.core.state import Input, Question, State, decided

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
            question = state.questions.get(event.question)
            left = {k: v for k, v in state.questions.items() if k != event.question}
            return decided(replace(state, questions=left), question.call_id) if question else state
        case _:
            return _fold_steps(state, state.plan, event) if state.plan else state


def _fold_steps(
    state: State,
    plan: Plan,
    event: e.PlanApproved | e.PlanRejected | e.PlanEdited | e.StepApproved | e.StepSkipped,
) -> State:
    match event:
        case e.PlanApproved():
            approved = replace(plan, status="approved", steps=event.steps)
            return decided(replace(state, plan=approved), plan.call_id)
        case e.PlanRejected():
            return decided(replace(state, plan=replace(plan, status="rejected")), plan.call_id)
        case e.PlanEdited():
            return replace(state, plan=replace(plan, steps=event.steps, approved=(), edited=True))
        case e.StepApproved():
            return replace(state, plan=replace(plan, approved=(*plan.approved, event.step)))
        case e.StepSkipped():
            return _skipped(state, plan, event.step)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(event)


def _skipped(state: State, plan: Plan, step_id: str) -> State:
    """The model reads of a waiting plan's skipped steps when the plan is approved; of others with its next request."""
    steps = tuple(replace(s, status="skipped") if s.id == step_id else s for s in plan.steps)
    words = "".join(
        f"The user took step {s.id} out of the plan; leave it out: {s.text}" for s in steps if s.id == step_id
    )
    told = (Input(words, False),) if words and not state.plan_waits else ()
    return replace(state, plan=replace(plan, steps=steps), inbox=(*state.inbox, *told))
