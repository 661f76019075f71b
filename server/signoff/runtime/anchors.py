"""Where hunks stand right now, while the user types. Volatile: the log learns of it when the typing rests.

A mark is a stretch of a document: the `before` of a waiting hunk or the `after` of an applied one. Each change of the
text moves it, amends its hunk (the user typed inside), or makes the hunk stale. Insertions at its edge stay outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from signoff.core.anchor import locate
from signoff.core.commands import AdoptTyping, MarkStale, MoveHunks
from signoff.core.diff import changes
from signoff.core.hunks import OPEN, Hunk
from signoff.core.merge import merge
from signoff.core.state import State, stands
from signoff.core.text import Edit, apply, digest, minimise

Key = tuple[str, str]
"""(session, hunk)"""
Told = tuple[str, AdoptTyping | MarkStale | MoveHunks]
"""What a session has to be told: (session, command)."""

STALE = "The text that it changes was changed in another way."


@dataclass(frozen=True, slots=True)
class Mark:
    """A hunk at its live position; `start` is in code points of the document as it is now."""

    hunk: Hunk
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.hunk.present)


class Anchors:
    """The live positions of all hunks of all sessions of one workspace, by document."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[Key, Mark]] = {}
        self._texts: dict[str, str] = {}
        """The text that a document's marks count in."""

    def uris(self) -> tuple[str, ...]:
        """The documents in which hunks stand."""
        return tuple(uri for uri, marks in self._marks.items() if marks)

    def start(self, session: str, hunk: Hunk) -> int:
        """Where the hunk stands now; its logged position when it has no mark."""
        mark = self._marks.get(hunk.uri, {}).get((session, hunk.id))
        return mark.start if mark else hunk.start

    def found(self, session: str, hunk: Hunk) -> int | None:
        """Where the hunk certainly stands; None when its place was lost."""
        mark = self._marks.get(hunk.uri, {}).get((session, hunk.id))
        return mark.start if mark else None

    def copy(self) -> Anchors:
        """The positions of this moment, for a thread that must not see them move."""
        made = Anchors()
        made._marks = {uri: dict(marks) for uri, marks in self._marks.items()}
        made._texts = dict(self._texts)
        return made

    def sync(self, uri: str, text: str) -> list[Told]:
        """Follows a document that changed unseen, such as a file that is not open, to the text that it has now."""
        known = self._texts.get(uri)
        if known is None or known == text or not self._marks.get(uri):
            return []
        # From the end, so that each edit's positions still count in the text that it meets.
        return self.observe(uri, known, changes(known, text)[::-1])

    def needs_text(self, state: State, uri: str) -> bool:
        """Whether a hunk of the document has no mark, or was revised to stand elsewhere."""
        marks = self._marks.get(uri, {})
        return any(_displaced(marks.get((state.session, hunk.id)), hunk) for hunk in state.hunks_of(uri))

    def starts(self, session: str, uri: str) -> tuple[tuple[str, int], ...]:
        """The session's live positions in the document."""
        marks = self._marks.get(uri, {})
        return tuple((hunk, mark.start) for (owner, hunk), mark in marks.items() if owner == session)

    def follow(self, state: State, uri: str, text: str | None) -> list[Told]:
        """Makes the document's marks equal to the session's hunks in it; `text` is the document as it is now."""
        marks = self._marks.setdefault(uri, {})
        hunks = {h.id: h for h in state.hunks.values() if h.uri == uri and stands(h)}
        for key in [key for key in marks if key[0] == state.session and key[1] not in hunks]:
            del marks[key]
        fits: bool | None = None
        told: list[Told] = []
        for hunk in hunks.values():
            mark = marks.get((state.session, hunk.id))
            if mark is not None and not _displaced(mark, hunk):
                marks[state.session, hunk.id] = replace(mark, hunk=hunk)
                continue
            if fits is None:
                fits = text is not None and digest(text) == state.bases.get(uri)
            told += self._placed(state.session, hunk, text, fits)
        return told

    def _placed(self, session: str, hunk: Hunk, text: str | None, fits: bool) -> list[Told]:
        """Finds a hunk in a document that may have changed since its position was logged."""
        start = hunk.start if fits or hunk.kind != "update" else _found(hunk, text or "")
        if start is not None:
            self._marks[hunk.uri][session, hunk.id] = Mark(hunk, start)
            if text is not None:
                self._texts[hunk.uri] = text
            return []
        self._marks[hunk.uri].pop((session, hunk.id), None)
        return [(session, MarkStale(hunk.id, STALE))] if hunk.status == "pending" else []

    def moved(self, session: str, uri: str, text: str) -> MoveHunks:
        """What the log should know of the session's positions in the document."""
        return MoveHunks(uri, digest(text), self.starts(session, uri))

    def landed(self, session: str, uri: str, hunks: Iterable[str]) -> None:
        """These hunks' edits are in the text: their marks now hold what the edit put there."""
        marks = self._marks.get(uri, {})
        for hunk_id in hunks:
            mark = marks.get((session, hunk_id))
            if mark is not None:
                status = "undone" if mark.hunk.in_file else "applied"
                marks[session, hunk_id] = replace(mark, hunk=replace(mark.hunk, status=status))

    def observe(self, uri: str, text: str, edits: Sequence[Edit], own: frozenset[Key] = frozenset()) -> list[Told]:
        """Moves the document's marks through successive `edits` of `text` (each in the text after the one before).

        `own` are the hunks whose landing these edits are: they are not disturbed by their own edit.
        """
        told: list[Told] = []
        for raw in edits:
            edit, text = minimise(text, raw), apply(text, [raw])
            if edit.start == edit.end and not edit.text:
                continue
            told += self._moved_by(uri, edit, text, own)
        if self._marks.get(uri):
            self._texts[uri] = text
        return told

    def _moved_by(self, uri: str, edit: Edit, text: str, own: frozenset[Key]) -> list[Told]:
        marks = self._marks.get(uri, {})
        told: list[Told] = []
        for key, mark in list(marks.items()):
            if key in own and mark.start <= edit.start and edit.end <= mark.end:
                continue
            if edit.end <= mark.start and (edit.end < mark.start or mark.start < mark.end):
                marks[key] = replace(mark, start=mark.start + edit.delta)
            elif edit.start < mark.end and key not in own:
                told += self._touched(uri, key, mark, edit, text)
        return told

    def _touched(self, uri: str, key: Key, mark: Mark, edit: Edit, text: str) -> list[Told]:
        """The edit reaches into the mark."""
        hunk = mark.hunk
        inside = mark.start <= edit.start and edit.end <= mark.end
        if hunk.status in OPEN and inside and hunk.kind == "update":
            before = text[mark.start : mark.end + edit.delta]
            after = merge(hunk.before, before, hunk.after)
            if after is not None:
                self._marks[uri][key] = replace(mark, hunk=replace(hunk, before=before, after=after))
                return [(key[0], AdoptTyping(hunk.id, before, after))]
        found = _found(hunk, text) if hunk.kind == "update" else None
        if found is not None:
            self._marks[uri][key] = replace(mark, start=found)
            return []
        del self._marks[uri][key]
        return [(key[0], MarkStale(hunk.id, STALE))] if hunk.status in OPEN else []


def _displaced(mark: Mark | None, hunk: Hunk) -> bool:
    """Whether the mark is missing, or of an earlier revision that stood somewhere else."""
    return mark is None or (mark.hunk.rev != hunk.rev and mark.hunk.start != hunk.start)


def _found(hunk: Hunk, text: str) -> int | None:
    """Where the hunk's present text stands, if exactly that text is there and its place is certain."""
    span = locate(text, hunk.present, hunk.context_before, hunk.context_after, hunk.start)
    return span.start if span is not None and text[span.start : span.end] == hunk.present else None
