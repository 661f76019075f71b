"""What an editor shows of the sessions in one document: pure projections of states and live positions.

Diagnostics, hovers, lenses and hints; what can be done there is in `decisions.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lsprotocol import types

from signoff.core import diff, paths
from signoff.core.hunks import OPEN, Hunk
from signoff.core.page_hunks import Number, numbered
from signoff.core.page_text import one, words
from signoff.core.state import State
from signoff.core.view import phase
from signoff.core.visible import fenced, short

MOST = 200
"""Diagnostics a file; the rest is summed up in the last one."""
MOST_LINES = 400
"""Lines of one diff in a hover."""
SOURCE = "signoff"
WIDTH = 70
WHOLE = {"create": "create this file", "delete": "delete this file", "rename": "rename this file"}
DONE: frozenset[str] = frozenset({"applied"})

Span = Callable[[State, Hunk], types.Range]


@dataclass(frozen=True, slots=True)
class Mark:
    """One hunk as its document shows it, with its number."""

    state: State
    hunk: Hunk
    range: types.Range
    number: Number

    @property
    def named(self) -> dict[str, Any]:
        """The hunk as commands name it."""
        return {"hunk": self.hunk.id, "rev": self.hunk.rev}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A session's hunks in order: what marks are made of. Made once for each state of the hunks."""

    hunks: Mapping[str, Hunk]
    waiting: tuple[Hunk, ...]
    applied: tuple[Hunk, ...]
    by_uri: Mapping[str, Sequence[tuple[Hunk, Number]]]
    """The hunks of a document that wait or are applied, each with its number."""


def sheet(state: State) -> Sheet:
    """The session's hunks; none of an archived session."""
    numbers = {} if state.archived else numbered(state)
    hunks = [state.hunks[hunk] for hunk in numbers]
    by_uri: dict[str, list[tuple[Hunk, Number]]] = {}
    for hunk in hunks:
        by_uri.setdefault(hunk.uri, []).append((hunk, numbers[hunk.id]))
    waiting = tuple(hunk for hunk in hunks if hunk.status in OPEN)
    return Sheet(state.hunks, waiting, tuple(hunks[len(waiting) :]), by_uri)


class Sheets:
    """The sheet of each session, made anew only when its hunks are others."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[bool, Sheet]] = {}

    def __call__(self, state: State) -> Sheet:
        """The session's sheet."""
        archived, known = self._known.get(state.session, (False, None))
        if known is None or known.hunks is not state.hunks or archived != state.archived:
            known = sheet(state)
            self._known[state.session] = (state.archived, known)
        return known

    def forget(self, session: str) -> None:
        """The session is not asked for again, unless it comes back."""
        self._known.pop(session, None)


def marks(
    states: Sequence[State],
    uri: str,
    span: Span,
    statuses: Collection[str] = OPEN,
    sheet_of: Callable[[State], Sheet] = sheet,
) -> list[Mark]:
    """The document's hunks in one of the statuses, session by session."""
    made: list[Mark] = []
    for state in states:
        own = sheet_of(state)
        for hunk, number in own.by_uri.get(uri, ()):
            if hunk.status in statuses:
                made.append(Mark(state, hunk, span(state, hunk), number))
    return made


# Both are asked for the same few texts at every key and every change, and comparing lines takes longer than all the
# rest of an answer.
line_counts = lru_cache(maxsize=2048)(diff.line_counts)
_unified = lru_cache(maxsize=64)(diff.unified)


def title(mark: Mark) -> str:
    """One line for a hunk: `2/7 extract the retry loop (+4 -1)`."""
    plus, minus = line_counts(mark.hunk.before, mark.hunk.after)
    proposal = mark.state.proposals.get(mark.hunk.proposal)
    words = (
        (proposal.rationale.strip() if proposal else "")
        or _first_line(mark.hunk.after)
        or _first_line(mark.hunk.before)
    )
    what = WHOLE.get(mark.hunk.kind) or short((words or "change").split("\n", 1)[0], WIDTH)
    return f"{mark.number} {what} (+{plus} -{minus})"


def _first_line(text: str) -> str:
    return text.lstrip()[: 4 * WIDTH].split("\n", 1)[0].rstrip()


def logged_line(state: State) -> int:
    """The line at which the session's task began, as it was then."""
    return state.place.start_line if state.place else 0


def diagnostics(
    states: Sequence[State], uri: str, found: Sequence[Mark], line_of: Callable[[State], int] = logged_line
) -> list[types.Diagnostic]:
    """What the document shows: waiting plans, questions and failures of tasks that began here, then its hunks.

    `line_of` tells at which line a session's task began, in the document as it is now.
    """
    made = [diagnostic for state in states for diagnostic in _of_session(state, uri, line_of)]
    made += [of_hunk(mark) for mark in found[:MOST]]
    if len(found) > MOST:
        rest = f"{len(found) - MOST} more hunks of this file wait; they show as these are decided."
        made.append(_diagnostic(found[MOST].range, rest, "hunk"))
    return made


def _of_session(state: State, uri: str, line_of: Callable[[State], int]) -> Iterator[types.Diagnostic]:
    if state.place is None or state.place.uri != uri or state.archived:
        return
    here = types.Position(line_of(state), 0)
    at, data = types.Range(here, here), {"session": state.session, "id": state.session, "rev": 0}
    if state.plan and state.plan_waits:
        steps = "\n".join(f"{n}. {short(step.text, WIDTH)}" for n, step in enumerate(state.plan.steps, start=1))
        yield _diagnostic(at, f"A plan waits for you:\n{steps}", "plan", {**data, "id": state.plan.id})
    for question in state.questions.values():
        yield _diagnostic(at, f"The agent asks: {short(question.text, 500)}", "plan", {**data, "id": question.id})
    if state.failure and phase(state) == "failed":
        yield _diagnostic(at, short(state.failure.message, 500), "failure", data, types.DiagnosticSeverity.Warning)


def of_hunk(mark: Mark) -> types.Diagnostic:
    """The hunk's diagnostic."""
    hunk, message = mark.hunk, title(mark)
    if hunk.status == "applying":
        message += ", being applied"
    if hunk.note:
        message += f". {short(hunk.note, 500)}"
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


def touches(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges share a line: an editor may ask for a whole line or for an empty place in it."""
    last = one.end.line - (one.end.character == 0 and one.end.line > one.start.line)
    other_last = other.end.line - (other.end.character == 0 and other.end.line > other.start.line)
    return one.start.line <= other_last and other.start.line <= last


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
    lines = _unified(before, after, path, to, above=mark.range.start.line).split("\n")
    parts = [f"**Signoff** {one(title(mark))}", fenced("\n".join(lines[:MOST_LINES]), "diff")]
    if len(lines) > MOST_LINES:
        parts.append(f"{len(lines) - MOST_LINES} more lines: *Signoff: Show whole diff* has them.")
    parts += [words(said) for said in (proposal.rationale if proposal else "", hunk.note) if said]
    return "\n\n".join(parts)


def lenses(found: Sequence[Mark]) -> list[types.CodeLens]:
    """What can be done with each hunk that waits, above it; numbered where several stand in one line."""
    count = Counter(mark.range.start.line for mark in found)
    return [lens for mark in found for lens in _lenses(mark, count[mark.range.start.line] > 1)]


def _lenses(mark: Mark, crowded: bool) -> Iterator[types.CodeLens]:
    at = types.Range(mark.range.start, mark.range.start)
    number = f" {mark.number}" if crowded else ""
    shown = {"session": mark.state.session, "uri": mark.hunk.uri}
    commands: list[tuple[str, str, dict[str, Any]]] = []
    if mark.hunk.status == "pending":
        commands = [(f"Approve{number}", "approveHunk", mark.named), (f"Reject{number}", "rejectHunk", mark.named)]
    elif mark.hunk.status == "stale":
        commands = [(f"Propose again{number}", "reproposeHunk", mark.named)]
    for title, name, argument in [*commands, *([("Diff", "showDiff", shown)] if commands else [])]:
        yield types.CodeLens(at, types.Command(title=title, command=f"signoff.{name}", arguments=[argument]))


def hints(found: Sequence[Mark], length: Callable[[int], int]) -> list[types.InlayHint]:
    """How many lines each hunk adds and takes away, behind its first line: before it, the code would move.

    `length` is that of a line of the document, in the client's characters.
    """
    made: list[types.InlayHint] = []
    for mark in found:
        plus, minus = line_counts(mark.hunk.before, mark.hunk.after)
        line = mark.range.start.line
        place = types.Position(line, max(length(line), mark.range.start.character))
        made.append(types.InlayHint(place, f"+{plus} -{minus}", padding_left=True))
    return made
