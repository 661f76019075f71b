"""What the world still owes a session: a pure reading of its state.

The loop makes the running tasks equal to this. Interrupt, restart, retry, waiting and resuming are nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from signoff.core.effects import AskModel, Effect, GatherContext, LandHunks, ProbeLanding, RunTool, Wait
from signoff.core.state import State, wants_turn
from signoff.core.tools import CHANGING


def owed(state: State) -> tuple[Effect, ...]:
    """The effects that are due now. Landings come first; a parked, failed or finished session owes nothing else."""
    if state.archived or not state.seq:
        return ()
    landings = tuple(_landings(state))
    if state.parked or state.failure or state.finished:
        return landings
    tools = tuple(_tools(state))
    return landings + (tools or tuple(_next_turn(state)))


def idle(state: State) -> bool:
    """Whether nothing would run even if the session were not parked."""
    return not owed(replace(state, parked=None))


def unfinished(state: State) -> bool:
    """Whether the model, a tool or a wait has something to do, be it parked or under way; landings aside."""
    return bool(owed(replace(state, parked=None, landings={})))


def _landings(state: State) -> Iterator[Effect]:
    """First what a kill left open: an edit of the same document would hide whether the earlier one had landed."""
    unsure = [landing.id for landing in state.landings.values() if landing.stage == "unsure"]
    yield from (ProbeLanding(landing) for landing in unsure)
    if not unsure:
        yield from (LandHunks(landing) for landing in state.landings)


def _tools(state: State) -> Iterator[Effect]:
    """Reads run side by side. A call that changes files waits for every call before it, so that order decides, and for
    edits in flight: until one has landed or been refused, nobody can tell which text the patch is for."""
    first = True
    for call in state.open_calls:
        if call.call_id in state.withheld:
            continue
        if call.name in CHANGING:
            if first and not state.landings:
                yield RunTool(call.call_id, state.turn)
            return
        first = False
        yield RunTool(call.call_id, state.turn)


def _next_turn(state: State) -> Iterator[Effect]:
    if state.open_calls or not wants_turn(state):
        return
    if state.wait_until is not None:
        yield Wait(state.turn, state.attempt, state.wait_until)
    elif state.context_due:
        yield GatherContext(state.turn)
    else:
        yield AskModel(state.turn, state.attempt)
