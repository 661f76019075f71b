"""Makes the marks of one session equal to its hunks: new ones are found in their documents, others take up the news."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from signoff.core.commands import Command, MarkStale, NoteSwitched
from signoff.core.hunks import Hunk
from signoff.core.state import State, stands
from signoff.core.text import digest
from signoff.runtime.finding import exactly, roughly
from signoff.runtime.marks import Mark, Memory, Word, fitting, is_inside, lost, recovered, settled

GONE = "The file is gone, or can't be read as text. Bring it back, or reject the hunk."
Key = tuple[str, str]
Told = tuple[str, Command]


class Follower:
    """One pass over the hunks of `state`; `marks` and `texts` are by document, and are changed."""

    def __init__(
        self,
        marks: dict[str, dict[Key, Mark]],
        texts: dict[str, str],
        state: State,
        text_of: Callable[[str], str | None],
    ) -> None:
        self.marks, self.texts, self.state, self.text_of = marks, texts, state, text_of

    def told(self) -> list[Told]:
        """What the session has to hear: hunks that can't be found, or that the document shows as switched."""
        hunks: dict[str, list[Hunk]] = {}
        for hunk in self.state.hunks.values():
            if stands(hunk):
                hunks.setdefault(hunk.uri, []).append(hunk)
        self._forget(hunks)
        return [one for uri, those in hunks.items() for one in self._document(uri, those)]

    def _forget(self, hunks: dict[str, list[Hunk]]) -> None:
        for uri, marks in self.marks.items():
            kept = {hunk.id for hunk in hunks.get(uri, ())}
            for key in [key for key in marks if key[0] == self.state.session and key[1] not in kept]:
                del marks[key]

    def _document(self, uri: str, hunks: list[Hunk]) -> Iterator[Told]:
        there = _Document(self, uri)
        marks = self.marks.setdefault(uri, {})
        switched: dict[bool, list[str]] = {True: [], False: []}
        for hunk in hunks:
            key = (self.state.session, hunk.id)
            mark = marks.get(key)
            if mark is None or _elsewhere(mark, hunk):
                mark = Mark(hunk, hunk.start, hunk.start, is_inside(hunk), loose=True)
                word = there.placed(mark)
                marks[key] = mark
            elif mark.hunk is hunk or mark.ahead:
                continue
            else:
                word = there.caught_up(mark, hunk)
            if word is not None:
                mark.ahead += 1
                if isinstance(word, bool):
                    switched[word].append(hunk.id)
                else:
                    yield self.state.session, word
        for inside, ids in switched.items():
            if ids:
                starts = tuple((i, mark.start) for (owner, i), mark in marks.items() if owner == self.state.session)
                revs = tuple(self.state.hunks[i].rev for i in ids)
                yield self.state.session, NoteSwitched(uri, tuple(ids), inside, there.digest, starts, revs)


class _Document:
    """One document of a pass; its text is asked for only when a mark needs it."""

    def __init__(self, follower: Follower, uri: str) -> None:
        self._follower, self.uri = follower, uri

    @cached_property
    def text(self) -> str | None:
        text = self._follower.text_of(self.uri)
        if text is not None:
            self._follower.texts[self.uri] = text
        return text

    @cached_property
    def digest(self) -> str:
        return digest(self.text or "")

    def placed(self, mark: Mark) -> Word | bool | None:
        """Finds a hunk whose place is not known, in a document that may have changed since its position was logged.

        True or False when it stands there as its other side: in the document, or not.
        """
        hunk, text = mark.hunk, self.text
        if hunk.kind != "update":
            mark.place(0)
            return None
        if text is None:
            return MarkStale(hunk.id, GONE) if lost(mark) else None
        if self.digest == self._follower.state.bases.get(self.uri) and _surely(mark, text):
            mark.place(hunk.start)
            return fitting(mark)
        return self._searched(mark, text)

    def _searched(self, mark: Mark, text: str) -> Word | bool | None:
        hunk, was = mark.hunk, mark.inside
        mark.start = mark.end = min(hunk.start, len(text))
        if mark.turns and recovered(mark, text):
            return fitting(mark) if mark.inside == was else mark.inside
        for wanted in mark.sides:
            found = None if self._doubtful(mark, text) else exactly(hunk, wanted, text)
            if found is not None:
                mark.found(wanted, found)
                return fitting(mark) if mark.inside == was else mark.inside
        if hunk.status in ("pending", "applying"):
            return lost(mark)
        # It stays loose: what is left of it, or where it was.
        if rough := roughly(hunk, mark.here, text) if mark.here else None:
            mark.start, mark.end = rough.start, rough.end
        elif mark.inside and self.uri in self._follower.state.unsaved:
            # It was never saved, and there is no trace of it.
            mark.inside = False
            return False
        return None

    def _doubtful(self, mark: Mark, text: str) -> bool:
        """An insertion that was sent once, and may be in the document with its surroundings changed."""
        hunk = mark.hunk
        return not mark.inside and hunk.tried == "apply" and not hunk.before and hunk.after in text

    def caught_up(self, mark: Mark, hunk: Hunk) -> Word | bool | None:
        """The session's hunk is another one than the mark's, at the same place."""
        known, mark.hunk = mark.hunk, hunk
        if hunk.kind != "update":
            mark.inside = is_inside(hunk)
            mark.place(0)
            return None
        if (known.before, known.after) != (hunk.before, hunk.after):
            self._revised(mark, known)
        # While an edit is on its way the text decides which side is there, not the log.
        if hunk.status == "applying" or mark.awaits is not None:
            return None
        word = self._judged(mark) if mark.loose and mark.inside == is_inside(hunk) else None
        if mark.inside != is_inside(hunk):
            return mark.inside
        if not mark.loose and hunk.status == "stale" and self.text is not None:
            return fitting(mark)
        return word

    def _judged(self, mark: Mark) -> Word | None:
        """The session waits for a hunk whose text was changed."""
        known = mark.memory is not None and self.text is not None
        return settled(mark, self.text or "", resting=True) if known else lost(mark)

    def _revised(self, mark: Mark, known: Hunk) -> None:
        """The hunk has other texts than before, when it was `known`: the user amended it, or a patch changed it."""
        hunk, text = mark.hunk, self.text
        if text is None:
            return
        typed = not mark.loose or (mark.memory is not None and mark.memory.text == known.before)
        mark.inside = is_inside(hunk)
        if not mark.loose and text.startswith(mark.here, mark.start):
            mark.place(mark.start)
            return
        mark.loose, mark.memory = True, Memory(mark.here, 0) if typed else None
        found = exactly(hunk, mark.here, text) if not typed else None
        if found is not None:
            mark.place(found)


def _surely(mark: Mark, text: str) -> bool:
    """Whether the hunk's text stands where it was logged. No text stands anywhere: only a pending hunk's place is sure,
    the others may have been changed."""
    return text.startswith(mark.here, mark.hunk.start) and (bool(mark.here) or mark.hunk.status == "pending")


def _elsewhere(mark: Mark, hunk: Hunk) -> bool:
    """Whether the hunk was revised to stand somewhere else."""
    return mark.hunk.rev != hunk.rev and mark.hunk.start != hunk.start
