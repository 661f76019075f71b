"""Folds one fact into a session's state. Never fails and never refuses: what is in the journal happened.

A fact about something that the state does not know (a log with a hole) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from signoff.core import events as e
from signoff.core.envelope import Envelope, Event
from signoff.core.fold_hunks import fold_hunks
from signoff.core.fold_plan import PlanEvent, fold_plan
from signoff.core.fragments import Gathered
from signoff.core.hunk_events import HunkEvent
from signoff.core.owed import unfinished
from signoff.core.state import Failure, Input, Said, State, Turn, answered, wants_turn
from signoff.core.usage import add, cost


def fold(session: str, facts: Iterable[Envelope]) -> State:
    """The state after all of `facts`, in their order."""
    state = State(session)
    for fact in facts:
        state = evolve(state, fact)
    return state


def evolve(state: State, fact: Envelope) -> State:
    """The state after one more fact."""
    return _fold(replace(state, seq=fact.seq), fact.event, fact.at)


def _fold(state: State, event: Event, at: float) -> State:
    match event:
        case e.SessionStarted():
            return _started(state, event, at)
        case e.ContextGathered():
            return _told(state, event)
        case e.UserReplied():
            return _user_said(state, event.text, at)
        case e.ModelReplied():
            return _replied(state, event, at)
        case e.TurnFailed():
            return _failed(state, event)
        case e.WaitEnded():
            return replace(state, wait_until=None)
        case e.ToolReturned():
            return answered(state, event.call_id, event.output, event.ok)
        case e.SessionParked():
            return _parked(state, event.reason)
        case e.SessionResumed():
            return replace(state, parked=None, failure=None, attempt=0 if state.failure else state.attempt)
        case e.SessionFinished():
            return replace(state, finished=True, summary=event.summary, parked=None)
        case e.SessionArchived():
            return replace(state, archived=True)
        case e.BugNoticed():
            return state
        case _:
            return _fold_review(state, event, at)


def _fold_review(state: State, event: PlanEvent | HunkEvent, at: float) -> State:
    before = state
    if isinstance(event, PlanEvent):
        state = _look_again(before, fold_plan(state, event), event)
        if isinstance(event, e.QuestionAnswered) or (isinstance(event, e.PlanRejected) and event.feedback):
            text = event.text if isinstance(event, e.QuestionAnswered) else event.feedback
            return replace(state, said=(*state.said, Said("user", text, at)))
        return state
    if isinstance(event, e.HunksProposed):
        state = _read(state, event)
    return _look_again(before, fold_hunks(state, event), event)


def _look_again(before: State, now: State, event: PlanEvent | HunkEvent) -> State:
    """While something waits for the user they work on, elsewhere too: their decision begins with a fresh look.

    A request that is under way is not disturbed.
    """
    asked = isinstance(event, e.PlanApproved | e.PlanRejected | e.QuestionAnswered)
    rejected = isinstance(event, e.HunksRejected) and not wants_turn(before)
    return replace(now, context_due=True) if (asked or rejected) and wants_turn(now) else now


def _read(state: State, event: e.HunksProposed) -> State:
    """Who proposes a change of a document has read it: that text is no news later, and neither is the change."""
    if event.uri in state.seen or any(hunk.in_file for hunk in state.hunks_of(event.uri)):
        return state
    new = all(hunk.kind == "create" for hunk in event.hunks)
    return replace(state, seen={**state.seen, event.uri: "" if new else event.digest})


def _told(state: State, event: e.ContextGathered) -> State:
    """Nothing is put before what a request has held already."""
    head = (Input(event.head, False),) if event.head else ()
    text = (Input(event.text, False),) if event.text else ()
    inbox = (*state.inbox, *head, *text) if state.turns else (*head, *state.inbox, *text)
    gathered = (Gathered(state.turn, event.fragments, event.left_out),) if event.fragments else ()
    return replace(
        state,
        context_due=False,
        inbox=inbox,
        seen={**state.seen, **{one.uri: one.digest for one in event.seen}},
        gathered=(*state.gathered, *gathered),
    )


def evolve_all(state: State, events: Iterable[Event]) -> State:
    """The state as it will be once `events` are recorded: a look ahead, where times do not matter."""
    for event in events:
        state = evolve(state, Envelope(state.session, state.seq + 1, 0.0, "", event))
    return state


def _started(state: State, event: e.SessionStarted, at: float) -> State:
    state = replace(
        state,
        goal=event.goal,
        workspace=event.workspace,
        config=event.config,
        place=event.place,
        findings=event.findings,
        parent=event.parent,
        model=next(iter(event.config.models), ""),
    )
    return _user_said(state, event.goal, at)


def _user_said(state: State, text: str, at: float) -> State:
    """New words of the user. At rest they begin with a fresh look at the workspace; a running turn is not disturbed."""
    at_rest = not wants_turn(state)
    return replace(
        state,
        inbox=(*state.inbox, Input(text, True)),
        said=(*state.said, Said("user", text, at)),
        context_due=state.context_due or at_rest,
        parked=None,
        failure=None,
        attempt=0 if at_rest or state.failure else state.attempt,
        finished=False,
    )


def _replied(state: State, event: e.ModelReplied, at: float) -> State:
    turn = Turn(state.inbox[: event.seen], event.items)
    return replace(
        state,
        turns=(*state.turns, turn),
        inbox=state.inbox[event.seen :],
        attempt=0,
        failure=None,
        usage=add(state.usage, event.usage),
        requests=state.requests + 1,
        cost=_more(state.cost, cost(event.model, event.usage)),
        said=(*state.said, Said("assistant", turn.text, at)) if turn.text else state.said,
    )


def _more(total: float | None, spent: float | None) -> float | None:
    return None if total is None or spent is None else total + spent


def _failed(state: State, event: e.TurnFailed) -> State:
    failure = Failure(event.reason, event.attempt, event.strategy, event.message, event.until)
    halted = event.strategy in ("ask", "stop")
    return replace(
        state,
        attempt=event.attempt + 1,
        wait_until=event.until,
        failure=failure if halted else None,
        failures=(*state.failures, failure),
        usage=add(state.usage, event.usage),
        cost=_more(state.cost, cost(state.model, event.usage)),
        model=event.model or state.model,
    )


def _parked(state: State, reason: str) -> State:
    if reason != "restart":
        return replace(state, parked=reason)
    # Whatever was in flight when the server died may or may not have landed: its documents will tell. With nothing
    # else under way there is nothing to resume either.
    unsure = {k: replace(v, stage="unsure") if v.stage == "started" else v for k, v in state.landings.items()}
    return replace(state, parked=reason if unfinished(state) else state.parked, landings=unsure)
