"""Where hunks stand right now, while the user types. Volatile: the log learns of it when the typing rests.

Each change of a text moves the marks behind it, amends a pending hunk (the user typed inside), makes one stale or fit
again, or turns one: an edit of ours landed, or the editor's own undo took it back. Insertions at its edge stay outside.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from signoff.core.commands import Command, MoveHunks, NoteSwitched
from signoff.core.diff import changes
from signoff.core.hunks import Hunk
from signoff.core.state import State
from signoff.core.switches import Side, by_lines, in_lines, reach, switched
from signoff.core.text import Edit, apply, digest, minimise
from signoff.runtime.following import Follower
from signoff.runtime.marks import Mark, Word, fitting, nearby, recovered, settled

Key = tuple[str, str]
"""(session, hunk)"""
Told = tuple[str, Command]
"""What a session has to be told: (session, command)."""
NOBODY: frozenset[Key] = frozenset()


class Anchors:
    """The live positions of all hunks of all sessions of one workspace, by document."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[Key, Mark]] = {}
        self._texts: dict[str, str] = {}
        """The text that a document's marks count in."""
        self._followed: dict[str, Mapping[str, Hunk]] = {}

    def uris(self) -> tuple[str, ...]:
        """The documents in which hunks stand."""
        return tuple(uri for uri, marks in self._marks.items() if marks)

    def __contains__(self, uri: str) -> bool:
        return bool(self._marks.get(uri))

    def text(self, uri: str) -> str | None:
        """The text in which the document's hunks stand; of a file that is not open it may be an earlier one."""
        return self._texts.get(uri)

    def start(self, session: str, hunk: Hunk) -> int:
        """Where the hunk stands now; its logged position when it has no mark."""
        mark = self._mark(session, hunk)
        return mark.start if mark else hunk.start

    def found(self, session: str, hunk: Hunk) -> int | None:
        """Where the hunk certainly stands; None when its place was lost."""
        mark = self._mark(session, hunk)
        return mark.start if mark and not mark.loose else None

    def _mark(self, session: str, hunk: Hunk) -> Mark | None:
        return self._marks.get(hunk.uri, {}).get((session, hunk.id))

    def starts(self, session: str, uri: str) -> tuple[tuple[str, int], ...]:
        """The session's live positions in the document."""
        marks = self._marks.get(uri, {})
        return tuple((hunk, mark.start) for (owner, hunk), mark in marks.items() if owner == session)

    def moved(self, session: str, uri: str, text: str) -> MoveHunks:
        """What the log should know of the session's positions in the document."""
        return MoveHunks(uri, digest(text), self.starts(session, uri))

    def copy(self) -> Anchors:
        """The positions of this moment, for a thread that must not see them move."""
        made = Anchors()
        made._marks = {uri: {key: copy.copy(mark) for key, mark in marks.items()} for uri, marks in self._marks.items()}
        made._texts = dict(self._texts)
        return made

    # An edit of ours on its way.

    def wait_for(self, uri: str, keys: Collection[Key], inside: bool | None) -> None:
        """These hunks' edits were sent, to put them in (`inside`) or out; None: nothing is expected any more."""
        for key in keys:
            if mark := self._marks.get(uri, {}).get(key):
                mark.awaits = inside

    def arrived(self, uri: str, keys: Collection[Key]) -> bool:
        """Whether the document shows all the edits that are waited for."""
        marks = [self._marks.get(uri, {}).get(key) for key in keys]
        return all(mark is not None and mark.inside == mark.awaits and not mark.loose for mark in marks)

    # What the session says.

    def follow(self, state: State, text_of: Callable[[str], str | None]) -> list[Told]:
        """Makes the marks equal to the session's hunks; `text_of` gives a document as it is now."""
        if self._followed.get(state.session) is state.hunks:
            return []
        self._followed[state.session] = state.hunks
        return Follower(self._marks, self._texts, state, text_of).told()

    def heard(self, session: str, command: Command) -> None:
        """What was told has reached the session, whatever it made of it."""
        self._followed.pop(session, None)
        hunks = getattr(command, "hunks", None) or (getattr(command, "hunk", ""),)
        for marks in self._marks.values():
            for hunk in hunks:
                if mark := marks.get((session, hunk)):
                    mark.ahead = max(0, mark.ahead - 1)

    def renamed(self, uri: str, to: str) -> None:
        """The document has another name."""
        if uri in self._marks:
            self._marks[to] = {**self._marks.pop(uri), **self._marks.get(to, {})}
        if uri in self._texts:
            self._texts[to] = self._texts.pop(uri)

    # What the text says.

    def sync(self, uri: str, text: str) -> list[Told]:
        """Follows a document that changed unseen, such as a file that is not open, to the text that it has now."""
        if not self._marks.get(uri):
            return []
        known = self._texts.setdefault(uri, text)
        # From the end, so that each edit's positions still count in the text that it meets.
        told = self.observe(uri, known, changes(known, text)[::-1]) if known != text else []
        if known != text:
            for mark in self._marks[uri].values():
                nearby(mark, text)
        return [*told, *self.settle(uri, text), *self._fitting(uri, text)]

    def _fitting(self, uri: str, text: str) -> Iterator[Told]:
        """Hunks that went stale with their file, or were not found in it, when it is back."""
        were: dict[Key, bool] = {}
        for key, mark in self._marks[uri].items():
            if mark.loose and mark.memory is None:
                were[key] = mark.inside
                recovered(mark, text)
            if not mark.loose and text.startswith(mark.here, mark.start) and (word := fitting(mark)):
                yield self._tell(key, mark, word)
        yield from self._turned(uri, text, were)

    def settle(self, uri: str, text: str) -> list[Told]:
        """Typing in the document, which is `text`, rests: what became of the hunks under it is decided."""
        loose = [(key, mark) for key, mark in self._marks.get(uri, {}).items() if mark.loose and mark.awaits is None]
        words = [(key, mark, settled(mark, text, resting=True)) for key, mark in loose if mark.memory]
        return [self._tell(key, mark, word) for key, mark, word in words if word]

    def _tell(self, key: Key, mark: Mark, word: Word) -> Told:
        mark.ahead += 1
        return key[0], word

    def observe(self, uri: str, text: str, edits: Sequence[Edit], own: frozenset[Key] = NOBODY) -> list[Told]:
        """Moves the document's marks through successive `edits` of `text` (each in the text after the one before).

        `own` are hunks of whole files whose landing these edits are: they are not disturbed by their own edit.
        """
        marks = self._marks.get(uri)
        if not marks:
            return []
        passage = _Passage({key: mark for key, mark in marks.items() if key not in own}, text)
        passage.take_all(edits)
        self._texts[uri] = passage.text
        told = [self._tell(key, marks[key], word) for key, word in passage.words()]
        return [*told, *self._turned(uri, passage.text, passage.were)]

    def _turned(self, uri: str, text: str, were: Mapping[Key, bool]) -> Iterator[Told]:
        """Tells of hunks that turned since they `were` inside or not; those that are waited for report themselves."""
        marks = self._marks[uri]
        turned: dict[tuple[str, bool], list[str]] = {}
        for key, was in were.items():
            mark = marks[key]
            if mark.inside != was and mark.awaits is None:
                mark.ahead += 1
                turned.setdefault((key[0], mark.inside), []).append(key[1])
        sum_of = digest(text) if turned else ""
        for (session, inside), hunks in turned.items():
            yield session, NoteSwitched(uri, tuple(hunks), inside, sum_of, self.starts(session, uri))


class _Passage:
    """One document's marks on their way through the successive edits of one change.

    Marks follow each edit; what has become of those that an edit reached into is judged by the text at the end.
    """

    def __init__(self, marks: dict[Key, Mark], text: str) -> None:
        self.marks, self.text = marks, text
        self.reached: dict[Key, Mark] = {}
        self.were: dict[Key, bool] = {}
        """On which side those marks were that turned, or that an edit reached into."""

    def take_all(self, edits: Sequence[Edit]) -> None:
        """All edits: as hunks that turn, if together they are just that; else one by one."""
        if len(edits) > 1 and self._explained(_together(self.text, edits)):
            return
        for edit in edits:
            self._take(minimise(self.text, edit))

    def words(self) -> Iterator[tuple[Key, Word]]:
        """What has become of the marks that were reached into."""
        for key, mark in self.reached.items():
            if mark.loose and (word := settled(mark, self.text, resting=False)):
                yield key, word

    def _near(self, edit: Edit) -> list[Mark]:
        low, high = reach(self.text, edit)
        return [mark for mark in self.marks.values() if mark.start <= high and low <= mark.end]

    def _explained(self, edit: Edit) -> bool:
        """Whether the edit is exactly some hunks that turn; then they have."""
        near = self._near(edit)
        turned = _switched(self.text, edit, near) if near else None
        for side in reversed(turned or ()):
            self._turn(side, near)
        return bool(turned)

    def _take(self, edit: Edit, whole: bool = True) -> None:
        """One edit of the text as it is now; `whole` when it may stand for several that the editor reports as one."""
        if (edit.start == edit.end and not edit.text) or self._explained(edit):
            return
        parts = by_lines(self.text, edit) if whole and self._crosses(edit) else []
        if len(parts) < 2:
            self._pass(edit)
            return
        for part in parts:
            self._take(part, whole=False)

    def _crosses(self, edit: Edit) -> bool:
        """Whether the edit lies at a mark without lying inside it."""
        return any(not (mark.start <= edit.start and edit.end <= mark.end) for mark in self._near(edit))

    def _turn(self, side: Side, near: Sequence[Mark]) -> None:
        turning = [mark for mark in near if not mark.loose and mark.turns and mark.side == side]
        mine = [mark for mark in turning if mark.awaits is not None] or turning
        self._pass(side.edit, mine)
        for key, mark in self.marks.items():
            if any(mark is one for one in mine):
                self.were.setdefault(key, mark.inside)
                mark.turn(side.start)

    def _pass(self, edit: Edit, mine: Sequence[Mark] = ()) -> None:
        """Lets every mark but those in `mine`, whose edit it is, follow the edit."""
        before, self.text = self.text, apply(self.text, [edit])
        # A change of several lines may hold more than what differs in letters, such as a line end.
        lines = in_lines(before, edit) if "\n" in edit.text or before.count("\n", edit.start, edit.end) else edit
        order = mine[0].order if mine else 1
        for key, mark in self.marks.items():
            if lines.start > mark.end or any(mark is one for one in mine):
                continue
            made = edit
            if not mine and mark.start == mark.end and not mark.reached(edit, edges=True):
                made = lines
            if mark.reached(made, edges=not mine):
                self.were.setdefault(key, mark.inside)
                self.reached[key] = mark
                mark.stretch(made, before)
            else:
                mark.follow(edit, order)


def _together(text: str, edits: Sequence[Edit]) -> Edit:
    """Successive edits of `text` as one edit."""
    start, end, delta = edits[0].start, edits[0].end, edits[0].delta
    for edit in edits[1:]:
        # [start, end + delta) is what the edits so far made.
        end = max(end, edit.end - delta)
        start, delta = min(start, edit.start), delta + edit.delta
    after = text
    for edit in edits:
        after = apply(after, [edit])
    return minimise(text, Edit(start, end, after[start : end + delta]))


def _switched(text: str, edit: Edit, near: Sequence[Mark]) -> list[Side] | None:
    """The edit as hunks that turn: those whose edit was sent, else any."""
    whole = (mark for mark in near if mark.turns and not mark.loose)
    turning = sorted(whole, key=lambda mark: (mark.start, mark.end, not mark.inside))
    sent = [mark for mark in turning if mark.awaits is not None]
    return (switched(text, edit, _apart(sent)) if sent else None) or switched(text, edit, _apart(turning))


def _apart(marks: Sequence[Mark]) -> list[Side]:
    """Their sides; of two that overlap the first."""
    found: list[Side] = []
    for mark in marks:
        if not found or found[-1].end <= mark.start:
            found.append(mark.side)
    return found
