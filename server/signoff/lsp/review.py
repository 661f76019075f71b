"""What an editor shows of the sessions in one document: pure projections of states and live positions.

Every action carries a fully built command, never an edit, and none is marked as preferred: keys that apply "the
preferred fix" must not be able to approve anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from signoff.core import paths
from signoff.core.diff import line_counts, unified
from signoff.core.hunks import OPEN, Hunk
from signoff.core.state import State
from signoff.core.view import phase
from signoff.core.visible import fenced, prose, short

MOST = 200
"""Diagnostics a file; the rest is summed up in the last one."""
SOURCE = "signoff"
WIDTH = 70
QUICK_FIX = types.CodeActionKind.QuickFix
WHOLE = {"create": "create this file", "delete": "delete this file", "rename": "rename this file"}

Span = Callable[[State, Hunk], types.Range]


@dataclass(frozen=True, slots=True)
class Mark:
    """One hunk as its document shows it: `number` of the `total` hunks of its session that wait."""

    state: State
    hunk: Hunk
    range: types.Range
    number: int
    total: int

    @property
    def named(self) -> dict[str, Any]:
        """The hunk as commands name it."""
        return {"hunk": self.hunk.id, "rev": self.hunk.rev}


def marks(states: Sequence[State], uri: str, span: Span) -> list[Mark]:
    """The document's hunks that wait for something, session by session."""
    return [mark for state in states for mark in _marks(state, uri, span)]


def _marks(state: State, uri: str, span: Span) -> Iterator[Mark]:
    waiting = [hunk for hunk in state.hunks.values() if hunk.status in OPEN and not state.archived]
    for number, hunk in enumerate(waiting, start=1):
        if hunk.uri == uri:
            yield Mark(state, hunk, span(state, hunk), number, len(waiting))


def title(mark: Mark) -> str:
    """One line for a hunk: `2/7 extract the retry loop (+4 -1)`."""
    plus, minus = line_counts(mark.hunk.before, mark.hunk.after)
    proposal = mark.state.proposals.get(mark.hunk.proposal)
    words = (proposal.rationale if proposal else "") or mark.hunk.after.strip() or mark.hunk.before.strip() or "change"
    what = WHOLE.get(mark.hunk.kind) or short(words.splitlines()[0], WIDTH)
    return f"{mark.number}/{mark.total} {what} (+{plus} -{minus})"


def diagnostics(states: Sequence[State], uri: str, found: Sequence[Mark]) -> list[types.Diagnostic]:
    """What the document shows: waiting plans, questions and failures of tasks that started here, then its hunks."""
    made = [diagnostic for state in states for diagnostic in _of_session(state, uri)]
    made += [_of_hunk(mark) for mark in found[:MOST]]
    if len(found) > MOST:
        rest = f"{len(found) - MOST} more hunks of this file wait; they show as these are decided."
        made.append(_diagnostic(found[MOST].range, rest, "hunk"))
    return made


def _of_session(state: State, uri: str) -> Iterator[types.Diagnostic]:
    if state.place is None or state.place.uri != uri or state.archived:
        return
    here = types.Position(state.place.start_line, 0)
    at, data = types.Range(here, here), {"session": state.session, "id": state.session, "rev": 0}
    if state.plan and state.plan_waits:
        steps = "\n".join(f"{n}. {short(step.text, WIDTH)}" for n, step in enumerate(state.plan.steps, start=1))
        yield _diagnostic(at, f"A plan waits for you:\n{steps}", "plan", {**data, "id": state.plan.id})
    for question in state.questions.values():
        yield _diagnostic(at, f"The agent asks: {short(question.text, 500)}", "plan", {**data, "id": question.id})
    if state.failure and phase(state) == "failed":
        yield _diagnostic(at, short(state.failure.message, 500), "failure", data, types.DiagnosticSeverity.Warning)


def _of_hunk(mark: Mark) -> types.Diagnostic:
    hunk, message = mark.hunk, title(mark)
    if hunk.status == "applying":
        message += ", being applied"
    if hunk.note:
        message += f". {hunk.note}"
    data = {"session": mark.state.session, "id": hunk.id, "rev": hunk.rev}
    return _diagnostic(mark.range, message, "stale" if hunk.status == "stale" else "hunk", data)


def _diagnostic(
    where: types.Range,
    message: str,
    code: str,
    data: dict[str, Any] | None = None,
    severity: types.DiagnosticSeverity = types.DiagnosticSeverity.Information,
) -> types.Diagnostic:
    return types.Diagnostic(range=where, message=message, severity=severity, code=code, source=SOURCE, data=data)


def actions(states: Sequence[State], uri: str, found: Sequence[Mark], asked: types.Range) -> list[types.CodeAction]:
    """What can be done at the place `asked`: with its hunks first, then with their sessions."""
    here = [mark for mark in found if touches(mark.range, asked)]
    made = [action for mark in here for action in _on_hunk(mark, len(here) > 1)]
    for state in states:
        at = state.place is not None and state.place.uri == uri and state.place.start_line == asked.start.line
        if at or any(mark.state is state for mark in here):
            made += _on_session(state, uri, at, [mark for mark in found if mark.state is state])
    return made


def touches(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges share a line: an editor may ask for a whole line or for an empty place in it."""
    last = one.end.line - (one.end.character == 0 and one.end.line > one.start.line)
    other_last = other.end.line - (other.end.character == 0 and other.end.line > other.start.line)
    return one.start.line <= other_last and other.start.line <= last


def _on_hunk(mark: Mark, several: bool) -> Iterator[types.CodeAction]:
    name = f" {mark.number}/{mark.total}" if several else ""
    if mark.hunk.status == "pending":
        yield action(f"Approve hunk{name}", "approveHunk", mark.named)
        yield action(f"Reject hunk{name}", "rejectHunk", mark.named)
    if mark.hunk.status == "stale":
        yield action(f"Propose again{name}", "reproposeHunk", mark.named)
        yield action(f"Reject hunk{name}", "rejectHunk", mark.named)


def _on_session(state: State, uri: str, at_start: bool, here: Sequence[Mark]) -> Iterator[types.CodeAction]:
    session = {"session": state.session}
    if at_start and state.plan and state.plan_waits:
        yield action("Approve plan", "approvePlan", {**session, "plan": state.plan.id})
        yield action("Reject plan", "rejectPlan", {**session, "plan": state.plan.id, "feedback": ""})
    waiting = [hunk for hunk in state.hunks.values() if hunk.status == "pending"]
    in_file = [hunk for hunk in waiting if hunk.uri == uri]
    if len(in_file) > 1:
        shown = {**session, "uri": uri, "hunks": _named(in_file)}
        yield action(f"Approve all {len(in_file)} hunks of this file", "approveFile", shown)
    if len(waiting) > max(len(in_file), 1):
        yield action(f"Approve all {len(waiting)} hunks", "approveAll", {**session, "hunks": _named(waiting)})
    if here and len(waiting) > 1:
        yield action(f"Reject all {len(waiting)} hunks", "rejectAll", {**session, "hunks": _named(waiting)})
    if phase(state) in ("planning", "working"):
        yield action("Stop the agent", "interrupt", session)
    if phase(state) in ("stopped", "failed"):
        yield action("Resume the agent", "resume", session)


def _named(hunks: Sequence[Hunk]) -> list[dict[str, Any]]:
    """The hunks as they are shown now: what the agent adds or changes until the click is not covered by it."""
    return [{"hunk": hunk.id, "rev": hunk.rev} for hunk in hunks]


def action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    """A code action that runs one of our commands."""
    name = f"signoff.{command}"
    return types.CodeAction(
        title=f"Signoff: {title}",
        kind=QUICK_FIX,
        command=types.Command(title=title, command=name, arguments=[argument]),
    )


def hover(found: Sequence[Mark], at: types.Position) -> types.Hover | None:
    """The hunks at a place as diffs, with the model's reason in its own words."""
    here = [mark for mark in found if touches(mark.range, types.Range(at, at))]
    if not here:
        return None
    text = "\n\n---\n\n".join(_explained(mark) for mark in here)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), here[0].range)


def _explained(mark: Mark) -> str:
    hunk = mark.hunk
    path = paths.shown(mark.state.workspace, hunk.uri)
    before = None if hunk.kind == "create" else hunk.before
    after = None if hunk.kind == "delete" else hunk.after
    to = paths.shown(mark.state.workspace, hunk.to_uri) if hunk.to_uri else None
    proposal = mark.state.proposals.get(hunk.proposal)
    parts = [f"**Signoff** {prose(title(mark))}", fenced(unified(before, after, path, to), "diff")]
    parts += [prose(words) for words in (proposal.rationale if proposal else "", hunk.note) if words]
    return "\n\n".join(parts)


def lenses(found: Sequence[Mark]) -> list[types.CodeLens]:
    """Approve and reject above each hunk that waits."""
    made: list[types.CodeLens] = []
    for mark in found:
        at = types.Range(mark.range.start, mark.range.start)
        named = [mark.named]
        if mark.hunk.status == "pending":
            approve = types.Command(title=f"Approve {title(mark)}", command="signoff.approveHunk", arguments=named)
            reject = types.Command(title="Reject", command="signoff.rejectHunk", arguments=named)
            made += [types.CodeLens(at, approve), types.CodeLens(at, reject)]
        elif mark.hunk.status == "stale":
            again = types.Command(title="Propose again", command="signoff.reproposeHunk", arguments=named)
            made.append(types.CodeLens(at, again))
    return made


def hints(found: Sequence[Mark]) -> list[types.InlayHint]:
    """How many lines each hunk adds and takes away, at its start."""
    counts = ((mark, line_counts(mark.hunk.before, mark.hunk.after)) for mark in found)
    return [
        types.InlayHint(mark.range.start, f"+{plus} -{minus}", padding_right=True) for mark, (plus, minus) in counts
    ]
