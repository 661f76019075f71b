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
from signoff.core.switches import Side, by_lines, reach, switched
from signoff.core.text import Edit, apply, digest, minimise
from signoff.runtime.following import Follower
from signoff.runtime.marks import Mark, Word, fitting, settled, touched

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
        return told + self._fitting(uri, text)

    def _fitting(self, uri: str, text: str) -> list[Told]:
        """Hunks that went stale with their file, when it is back."""
        marks = self._marks[uri].items()
        whole = [(key, mark) for key, mark in marks if not mark.loose and text[mark.start : mark.end] == mark.here]
        return [self._tell(key, mark, word) for key, mark in whole if (word := fitting(mark))]

    def settle(self, uri: str, text: str) -> list[Told]:
        """Typing in the document, which is `text`, rests."""
        loose = [(key, m) for key, m in self._marks.get(uri, {}).items() if m.loose and m.awaits is None]
        return [self._tell(key, mark, word) for key, mark in loose if (word := settled(mark, text))]

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
        for raw in edits:
            passage.take(minimise(passage.text, raw))
        self._texts[uri] = passage.text
        told = [self._tell(key, marks[key], word) for key, word in passage.words]
        return told + list(self._turned(uri, passage))

    def _turned(self, uri: str, passage: _Passage) -> Iterator[Told]:
        """Tells of hunks that turned, but for those whose landing is waited for: it will report them."""
        marks = self._marks[uri]
        turned: dict[tuple[str, bool], list[str]] = {}
        for key, was in passage.were.items():
            mark = marks[key]
            if mark.inside != was and mark.awaits is None:
                mark.ahead += 1
                turned.setdefault((key[0], mark.inside), []).append(key[1])
        sum_of = digest(passage.text) if turned else ""
        for (session, inside), hunks in turned.items():
            yield session, NoteSwitched(uri, tuple(hunks), inside, sum_of, self.starts(session, uri))


class _Passage:
    """One document's marks on their way through successive edits."""

    def __init__(self, marks: dict[Key, Mark], text: str) -> None:
        self.marks, self.text = marks, text
        self.words: list[tuple[Key, Word]] = []
        self.were: dict[Key, bool] = {}
        """On which side those marks were that turned."""

    def take(self, edit: Edit, whole: bool = True) -> None:
        """One edit of the text as it is now; `whole` when it may stand for several that the editor reports as one."""
        if edit.start == edit.end and not edit.text:
            return
        low, high = reach(self.text, edit)
        near = [mark for mark in self.marks.values() if mark.start <= high and low <= mark.end]
        turned = _switched(self.text, edit, near) if near else None
        if turned:
            for side in reversed(turned):
                self._turn(side, near)
        elif whole and any(not (m.start <= edit.start and edit.end <= m.end) for m in near):
            self._in_parts(edit)
        else:
            self._pass(edit, frozenset())

    def _in_parts(self, edit: Edit) -> None:
        parts = by_lines(self.text, edit)
        if len(parts) < 2:
            self._pass(edit, frozenset())
            return
        for part in parts:
            self.take(part, whole=False)

    def _turn(self, side: Side, near: Sequence[Mark]) -> None:
        turning = [mark for mark in near if mark.turns and mark.side == side]
        sent = [mark for mark in turning if mark.awaits is not None]
        mine = frozenset(id(mark) for mark in sent or turning)
        self._pass(side.edit, mine)
        for key, mark in self.marks.items():
            if id(mark) in mine:
                self.were.setdefault(key, mark.inside)
                mark.turn(side.start)

    def _pass(self, edit: Edit, mine: frozenset[int]) -> None:
        """Lets every mark but those in `mine` follow the edit."""
        self.text = apply(self.text, [edit])
        for key, mark in self.marks.items():
            if id(mark) in mine or edit.start > mark.end:
                continue
            if _behind(mark, edit):
                mark.start += edit.delta
                mark.end += edit.delta
            elif (edit.start < mark.end or mark.open) and (word := touched(mark, edit, self.text)):
                self.words.append((key, word))


def _behind(mark: Mark, edit: Edit) -> bool:
    """Whether the mark just moves with the edit before it."""
    if edit.end > mark.start:
        return False
    if edit.end < mark.start:
        return True
    return mark.start < mark.end and not mark.open


def _switched(text: str, edit: Edit, near: Sequence[Mark]) -> list[Side] | None:
    """The edit as hunks that turn: those whose edit was sent, else any."""
    turning = sorted((mark for mark in near if mark.turns), key=lambda mark: (mark.start, mark.end, not mark.inside))
    sent = [mark for mark in turning if mark.awaits is not None]
    return (switched(text, edit, _apart(sent)) if sent else None) or switched(text, edit, _apart(turning))


def _apart(marks: Sequence[Mark]) -> list[Side]:
    """Their sides; of two that overlap the first."""
    found: list[Side] = []
    for mark in marks:
        if not found or found[-1].end <= mark.start:
            found.append(mark.side)
    return found
