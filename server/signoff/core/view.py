"""The session's view: a pure projection of the state. Where hunks stand right now is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from signoff.core import session_view as p
from signoff.core.effects import Wait
from signoff.core.fragments import Gathered
from signoff.core.hunks import Hunk
from signoff.core.owed import owed, unfinished
from signoff.core.protocol import Range
from signoff.core.state import Failure, Phase, State

LAST_SECOND = 253_402_300_799.0
"""The end of the year 9999."""
RangeOf = Callable[[Hunk], Range]


def view(state: State, range_of: RangeOf, elsewhere: bool = False) -> p.SessionView:
    """What a client shows of the session; `range_of` tells where a hunk stands in its document as it is now."""
    return p.SessionView(
        session=state.session,
        workspace=state.workspace,
        goal=state.goal,
        phase=phase(state),
        waiting_for=waiting_for(state),
        config=_config(state),
        plan=_plan(state),
        hunks=tuple(_hunk(state, hunk, range_of) for hunk in state.hunks.values()),
        commands=(),
        messages=tuple(p.MessageView(said.role, said.text, iso(said.at)) for said in state.said),
        questions=tuple(p.QuestionView(q.id, q.text, q.options) for q in state.questions.values()),
        failures=tuple(_failure(failure) for failure in state.failures),
        usage=_usage(state),
        parent=state.parent,
        children=(),
        seq=state.seq,
        summary=state.summary,
        unsaved=tuple(sorted(state.unsaved)),
        context=tuple(map(_told, state.gathered)),
        elsewhere=elsewhere,
    )


def phase(state: State) -> Phase:
    """What the session is doing: see the outer contract for the meaning of each word."""
    if state.archived:
        return "archived"
    if state.finished:
        return "done"
    effects = [effect for effect in owed(state) if not isinstance(effect, Wait)]
    if effects:
        planning = state.config.plan_first and not state.may_change_files
        return "planning" if planning else "working"
    if state.failure:
        return "failed"
    return "stopped" if state.parked and unfinished(state) else "waiting"


def waiting_for(state: State) -> tuple[p.Waiting, ...]:
    """What waits for the user or the clock."""
    if state.archived:
        return ()
    waits: list[p.Waiting] = []
    if state.plan_waits:
        waits.append("plan")
    if any(hunk.status in ("pending", "stale") for hunk in state.hunks.values()):
        waits.append("hunk")
    if state.questions:
        waits.append("question")
    if any(isinstance(effect, Wait) for effect in owed(state)):
        waits.append("time")
    return tuple(waits)


def _config(state: State) -> p.ConfigView:
    config = state.config
    return p.ConfigView(
        state.model, config.task_type, config.approval_policy, config.sandbox_mode, dict(config.reasons)
    )


def _plan(state: State) -> p.PlanView | None:
    if state.plan is None or state.plan.status == "rejected":
        return None
    steps = (p.StepView(s.id, s.text, s.status, s.files, s.after) for s in state.plan.steps)
    return p.PlanView(state.plan.id, tuple(steps))


def _hunk(state: State, hunk: Hunk, range_of: RangeOf) -> p.HunkView:
    proposal = state.proposals.get(hunk.proposal)
    return p.HunkView(
        id=hunk.id,
        rev=hunk.rev,
        uri=hunk.uri,
        range=range_of(hunk),
        before=hunk.before,
        after=hunk.after,
        status=hunk.status,
        rationale=proposal.rationale if proposal else "",
        findings=(),
        kind=hunk.kind,
        to=hunk.to_uri,
        note=hunk.note,
    )


def _told(told: Gathered) -> p.ToldView:
    parts = (p.FragmentView(f.source, f.path, f.start_line, f.end_line, f.tokens, f.why) for f in told.fragments)
    return p.ToldView(told.turn, sum(f.tokens for f in told.fragments), tuple(parts), told.left_out)


def _failure(failure: Failure) -> p.FailureView:
    until = None if failure.until is None else iso(failure.until)
    return p.FailureView(failure.reason, failure.attempt, failure.strategy, until, failure.message)


def _usage(state: State) -> p.UsageView:
    usage = state.usage
    return p.UsageView(usage.input, usage.cached, usage.output, state.requests, state.cost)


def iso(at: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, to the millisecond; what no calendar has is shown as its nearest end."""
    within = min(LAST_SECOND, max(0.0, at))
    return datetime.fromtimestamp(within, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
