"""The commands of the outer contract: each checks its argument, hands a core command to the session, and returns.

None waits for the client or for the model. A wrong shape is answered with a JSON-RPC error that names the key; what is
not possible is a result `{status: "refused", reason}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from signoff.core import commands as c
from signoff.core import protocol as p
from signoff.core.decide_hunks import CHANGED
from signoff.core.fragments import as_json
from signoff.core.hunks import Hunk, HunkStatus
from signoff.core.plan import Step
from signoff.core.policy import asks_each_time, why_held_back, why_left_out
from signoff.core.state import State
from signoff.core.view import phase
from signoff.lsp.desk import Desk
from signoff.lsp.guard import Refusal
from signoff.lsp.vouching import RESTRICTED
from signoff.lsp.windows import knows_us
from signoff.runtime.manager import UNKNOWN
from signoff.runtime.ports import StoreError
from signoff.runtime.wire import WrongShape, from_wire, to_wire

Handler = Callable[[Desk, Any], Awaitable[Any]]
QUERIES = frozenset(
    {"signoff.showContext", "signoff.listSessions", "signoff.showSession", "signoff.status", "signoff.doctor"}
)
"""Commands whose caller reads the result."""


async def answer(desk: Desk, name: str, argument: dict[str, Any]) -> Any:
    """The result of the command `name`, as JSON values. Raises Refusal for an argument of the wrong shape."""
    try:
        asked = cast("Any", from_wire(p.ARGUMENTS[name], argument, name))
    except WrongShape as error:
        raise Refusal(str(error)) from error
    try:
        made = await HANDLERS[name](desk, asked)
    except StoreError as error:
        made = p.Refusal(str(error))
    reason = getattr(made, "reason", None)
    if reason and name not in QUERIES and not knows_us(desk.server):
        # Plain editors run code actions and look at no result.
        desk.server.warn(f"Signoff: {reason}")
    return to_wire(made)


async def _start(desk: Desk, asked: p.StartSession) -> p.Started | p.Refusal:
    started = await desk.start(asked)
    if isinstance(started, c.Refused):
        return p.Refusal(started.reason)
    if asked.show:
        opened = await desk.pages.open(started)
        if isinstance(opened, p.Refusal):
            desk.server.warn(f"Signoff: {opened.reason}")
    return p.Started(started)


async def _done(desk: Desk, session: str, command: c.Command) -> Any:
    """A command that answers with an empty object."""
    made = await desk.manager.submit(session, command)
    return p.Refusal(made.reason) if isinstance(made, c.Refused) else {}


def _steps(steps: tuple[p.StepArgument, ...]) -> tuple[Step, ...]:
    return tuple(Step(s.id or f"s{n}", s.text, s.status, s.files, s.after) for n, s in enumerate(steps, start=1))


async def _approve_plan(desk: Desk, asked: p.PlanArgument) -> Any:
    steps = None if asked.steps is None else _steps(asked.steps)
    return await _done(desk, asked.session, c.ApprovePlan(asked.plan, steps))


async def _hunk(desk: Desk, hunk: str, command: c.Command, done: p.HunkAnswer) -> p.HunkResult:
    """A command about one hunk: at once, whether it was taken."""
    session = desk.manager.session_of(hunk)
    made = await desk.manager.submit(session, command)
    if not isinstance(made, c.Refused):
        return p.HunkResult(done)
    state = await desk.manager.state(session)
    known = state.hunks.get(hunk) if state else None
    stale = known is not None and known.status == "stale" and made.reason != CHANGED
    return p.HunkResult("stale" if stale else "refused", made.reason)


async def _approve(desk: Desk, asked: p.HunkArgument) -> p.HunkResult:
    return await _hunk(desk, asked.hunk, c.ApproveHunks((c.Shown(asked.hunk, asked.rev),)), "applying")


async def _reject(desk: Desk, asked: p.HunkFeedback) -> p.HunkResult:
    return await _hunk(desk, asked.hunk, c.RejectHunks((c.Shown(asked.hunk, asked.rev),), asked.feedback), "rejected")


async def _amend(desk: Desk, asked: p.HunkText) -> p.HunkResult:
    return await _hunk(desk, asked.hunk, c.AmendHunk(c.Shown(asked.hunk, asked.rev), asked.after), "amended")


async def _undo(desk: Desk, asked: p.HunkArgument) -> p.HunkResult:
    return await _hunk(desk, asked.hunk, c.UndoHunks((c.Shown(asked.hunk, asked.rev),)), "applying")


async def _repropose(desk: Desk, asked: p.HunkArgument) -> p.HunkResult:
    return await _hunk(desk, asked.hunk, c.ReproposeHunk(c.Shown(asked.hunk, asked.rev)), "rejected")


def _those(
    desk: Desk, state: State, asked: p.HunksOf | p.FileOf, statuses: frozenset[HunkStatus]
) -> tuple[list[Hunk], list[Hunk]]:
    """The session's hunks (of one document) in one of the statuses; if they are named, only those as they were shown.

    And those that are named and are not as they were shown any more, though they could be decided.
    """
    name = desk.normal(asked.uri) if asked.uri else None
    hunks = [h for h in state.hunks.values() if h.status in statuses | {"stale"} and name in (None, h.uri)]
    if asked.hunks is None:
        return [h for h in hunks if h.status in statuses], []
    revs = {one.hunk: one.rev for one in asked.hunks}
    found: tuple[list[Hunk], list[Hunk]] = ([], [])
    for hunk in (h for h in hunks if h.id in revs):
        found[hunk.status not in statuses or hunk.rev != revs[hunk.id]].append(hunk)
    return found


def _alike(state: State, hunk: Hunk) -> bool:
    """One word may decide any hunk with others."""
    return False


def _for_all(
    make: Callable[[tuple[c.Shown, ...]], c.Command],
    statuses: frozenset[HunkStatus],
    done: p.HunkAnswer,
    apart: Callable[[State, Hunk], bool] = _alike,
) -> Handler:
    """A command about all hunks of a session or of one document, but for those that need a word `apart`.

    What it does not cover is left as it is, and the answer names it.
    """

    async def handler(desk: Desk, asked: p.HunksOf | p.FileOf) -> Any:
        state = await desk.manager.state(asked.session)
        if state is None:
            return p.Refusal(UNKNOWN)
        hunks, changed = _those(desk, state, asked, statuses)
        held = {hunk.id: hunk for hunk in hunks if apart(state, hunk)}
        why = " ".join(filter(None, (why_held_back(state, held.values()), why_left_out(state, changed))))
        shown = tuple(c.Shown(h.id, h.rev) for h in hunks if h.id not in held)
        if why and not shown:
            return p.Refusal(why)
        made = await desk.manager.submit(asked.session, make(shown))
        return p.Refusal(made.reason) if isinstance(made, c.Refused) else p.HunkResult(done, why or None)

    return handler


def _to_session(command: c.Command) -> Handler:
    async def handler(desk: Desk, asked: p.SessionOf) -> Any:
        return await _done(desk, asked.session, command)

    return handler


async def _context(desk: Desk, asked: p.ShowContext) -> Any:
    made = await desk.context(asked)
    return p.Refusal(made) if isinstance(made, str) else as_json(made)


async def _list(desk: Desk, asked: p.ListSessions) -> Any:
    states = await desk.manager.states(desk.folder(asked.workspace) if asked.workspace else None)
    return [desk.view(state) for state in states if asked.state in (None, phase(state))]


async def _show(desk: Desk, asked: p.SessionOf) -> Any:
    state: State | None = await desk.manager.state(asked.session)
    return desk.view(state) if state else p.Refusal(UNKNOWN)


async def _trust(desk: Desk, asked: p.TrustWorkspace) -> Any:
    if asked.trusted and desk.services.restricted():
        return p.Refusal(RESTRICTED)
    try:
        desk.trust(asked.workspace, asked.trusted)
    except OSError as error:
        return p.Refusal(f"{error.filename}: {error.strerror}. Your answer was not kept; mend that and answer again.")
    return {}


async def _reply(desk: Desk, asked: p.ReplyTo) -> Any:
    return await _done(desk, asked.session, c.Reply(asked.text, asked.question))


async def _reject_plan(desk: Desk, asked: p.PlanFeedback) -> Any:
    return await _done(desk, asked.session, c.RejectPlan(asked.plan, asked.feedback))


async def _edit_plan(desk: Desk, asked: p.PlanSteps) -> Any:
    return await _done(desk, asked.session, c.EditPlan(asked.plan, _steps(asked.steps)))


async def _approve_step(desk: Desk, asked: p.StepOf) -> Any:
    return await _done(desk, asked.session, c.ApproveStep(asked.step))


async def _skip_step(desk: Desk, asked: p.StepOf) -> Any:
    return await _done(desk, asked.session, c.SkipStep(asked.step))


async def _status(desk: Desk, _: p.Nothing) -> Any:
    return desk.status()


async def _doctor(desk: Desk, _: p.Nothing) -> Any:
    return await desk.doctor()


def _hidden(hidden: bool) -> Handler:
    async def handler(desk: Desk, _: p.Nothing) -> Any:
        desk.display.hide(hidden)
        return {}

    return handler


async def _open_session(desk: Desk, asked: p.SessionOf) -> Any:
    return await desk.pages.open(asked.session)


async def _draft(desk: Desk, asked: p.DraftTask) -> Any:
    return await desk.pages.drafts.begin(asked)


async def _show_diff(desk: Desk, asked: p.DiffOf) -> Any:
    return await desk.pages.show_diff(asked)


def _to_hunk(forwards: bool) -> Handler:
    async def handler(desk: Desk, asked: p.HunkFrom) -> Any:
        return desk.navigator.go(asked, forwards)

    return handler


_APPROVE_MANY = _for_all(c.ApproveHunks, frozenset({"pending"}), "applying", asks_each_time)
_REJECT_MANY = _for_all(c.RejectHunks, frozenset({"pending", "stale"}), "rejected")

HANDLERS: dict[str, Handler] = {
    "signoff.startSession": _start,
    "signoff.reply": _reply,
    "signoff.approvePlan": _approve_plan,
    "signoff.rejectPlan": _reject_plan,
    "signoff.editPlan": _edit_plan,
    "signoff.approveStep": _approve_step,
    "signoff.skipStep": _skip_step,
    "signoff.approveHunk": _approve,
    "signoff.rejectHunk": _reject,
    "signoff.amendHunk": _amend,
    "signoff.undoHunk": _undo,
    "signoff.reproposeHunk": _repropose,
    "signoff.approveFile": _APPROVE_MANY,
    "signoff.rejectFile": _REJECT_MANY,
    "signoff.approveAll": _APPROVE_MANY,
    "signoff.rejectAll": _REJECT_MANY,
    "signoff.undoAll": _for_all(c.UndoHunks, frozenset({"applied"}), "applying"),
    "signoff.interrupt": _to_session(c.Interrupt()),
    "signoff.resume": _to_session(c.Resume()),
    "signoff.archive": _to_session(c.Archive()),
    "signoff.openSession": _open_session,
    "signoff.draftTask": _draft,
    "signoff.showDiff": _show_diff,
    "signoff.nextHunk": _to_hunk(True),
    "signoff.previousHunk": _to_hunk(False),
    "signoff.hideHunks": _hidden(True),
    "signoff.showHunks": _hidden(False),
    "signoff.showContext": _context,
    "signoff.listSessions": _list,
    "signoff.showSession": _show,
    "signoff.trustWorkspace": _trust,
    "signoff.status": _status,
    "signoff.doctor": _doctor,
}
