"""May this happen, and what happened then? Pure: never raises, reads nothing but its arguments.

This file dispatches; the judgements are in the `decide_*` files beside it. `settle` closes a session that owes nothing.
"""

from __future__ import annotations

from typing import assert_never

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.decide_hunks import HunkCommand, decide_hunks
from signoff.core.decide_landing import LandingCommand, decide_landing
from signoff.core.decide_plan import PlanCommand, decide_plan
from signoff.core.decide_turn import TurnCommand, decide_turn
from signoff.core.envelope import Event
from signoff.core.evolve import evolve_all
from signoff.core.owed import idle, owed, unfinished
from signoff.core.state import State
from signoff.core.turn import finish_summary

Decision = list[Event] | c.Refused
NO_SESSION = "This session does not exist."
ARCHIVED = "This session is archived. Start a new one."
LifeCommand = c.Interrupt | c.Resume | c.Archive | c.Park | c.NoteBug
Known = PlanCommand | HunkCommand | LandingCommand | TurnCommand | LifeCommand


def decide(state: State, command: c.Command) -> Decision:
    """The events that the command leads to (none when it changes nothing), or why it is refused."""
    if isinstance(command, c.Start):
        return _start(state, command)
    if not state.seq or state.archived:
        # A report that comes too late is nobody's to read.
        return [] if isinstance(command, c.Record) else c.Refused(NO_SESSION if not state.seq else ARCHIVED)
    made = _dispatch(state, command)
    return made if isinstance(made, c.Refused) else made + settle(evolve_all(state, made))


def _dispatch(state: State, command: Known) -> Decision:
    if isinstance(command, PlanCommand):
        return decide_plan(state, command)
    if isinstance(command, HunkCommand):
        return decide_hunks(state, command)
    if isinstance(command, LandingCommand):
        return decide_landing(state, command)
    if isinstance(command, TurnCommand):
        return decide_turn(state, command)
    return _lifecycle(state, command)


def _start(state: State, command: c.Start) -> Decision:
    if state.seq:
        return c.Refused("This session has started already.")
    if not command.goal.strip():
        return c.Refused("Say what is to be done: the goal is empty.")
    if not command.config.models:
        return c.Refused("No model is configured. Set `model`.")
    started = e.SessionStarted(
        command.goal, command.workspace, command.config, command.place, command.findings, command.parent
    )
    return [started]


def _lifecycle(state: State, command: LifeCommand) -> Decision:
    match command:
        case c.Interrupt():
            running = unfinished(state) and not state.parked
            return [e.SessionParked("interrupt")] if running else c.Refused("Nothing is running in this session.")
        case c.Resume():
            return _resume(state)
        case c.Archive():
            return _archive(state)
        case c.Park():
            return [e.SessionParked("restart")] if owed(state) else []
        case c.NoteBug():
            return [e.BugNoticed(command.where, command.message)]
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(command)


def _resume(state: State) -> Decision:
    if not state.parked and not state.failure:
        return c.Refused("This session is not stopped.")
    return [e.SessionResumed()]


def _archive(state: State) -> Decision:
    if state.landings:
        return c.Refused("An approved edit is on its way into a file. Archive the session when it has landed.")
    return [e.SessionArchived()]


def settle(state: State) -> list[Event]:
    """The closing event, when nothing is owed and nothing waits for the user."""
    last = state.last
    waits = state.plan_waits or state.questions or state.open_hunks or state.failure
    if state.finished or state.archived or waits or last is None or not idle(state):
        return []
    return [e.SessionFinished(_summary(state))]


def _summary(state: State) -> str:
    finishes = [call for call in (state.last.calls if state.last else ()) if call.name == "finish"]
    spoken = [said.text for said in state.said if said.role == "assistant"]
    return (finish_summary(finishes[-1]) if finishes else "") or (spoken[-1] if spoken else "")
