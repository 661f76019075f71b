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
from signoff.core.text import Edit, apply, digest
from signoff.runtime.finding import beside
from signoff.runtime.following import Follower
from signoff.runtime.marks import Mark, Word, fitting, nearby, recovered, settled
from signoff.runtime.passage import Passage

Key = tuple[str, str]
"""(session, hunk)"""
Told = tuple[str, Command]
"""What a session has to be told: (session, command)."""
Filed = tuple[int, bool, int]
"""Where a hunk begins in a file's text, whether it is in it, and its rev."""
NOBODY: frozenset[Key] = frozenset()


class Anchors:
    """The live positions of all hunks of all sessions of one workspace, by document."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[Key, Mark]] = {}
        self._texts: dict[str, str] = {}
        """The text that a document's marks count in."""
        self._followed: dict[str, Mapping[str, Hunk]] = {}
        self._filed: dict[str, tuple[str | None, dict[Key, Filed]]] = {}
        """The file's text as it was last known, and where hunks stood in it."""
        self._emptied: set[str] = set()
        """Documents without text now, whose marks still count in the text before: an editor may fill them next."""

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

    def found(self, session: str, hunk: Hunk, inside: bool) -> int | None:
        """Where the hunk certainly stands, `inside` the document or not; None when it is lost, or on the other side.

        The text alone does not tell: nothing stands everywhere, and one side may begin like the other.
        """
        mark = self._mark(session, hunk)
        return mark.start if mark and not mark.loose and mark.inside == inside else None

    def doubted(self, session: str, hunk: Hunk) -> None:
        """The hunk does not stand where it was believed to; it is looked for when the text changes."""
        if mark := self._mark(session, hunk):
            mark.loose, mark.memory = True, None

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

    def wait_for(self, keys: Collection[Key], inside: bool | None) -> None:
        """These hunks' edits were sent, to put them in (`inside`) or out; None: nothing is expected any more."""
        for mark in self._those(keys):
            mark.awaits = inside

    def arrived(self, keys: Collection[Key]) -> bool:
        """Whether the document shows all the edits that are waited for."""
        marks = self._those(keys)
        return len(marks) == len(keys) and all(mark.inside == mark.awaits and not mark.loose for mark in marks)

    def _those(self, keys: Collection[Key]) -> list[Mark]:
        """Their marks, in whichever document: it may have been renamed meanwhile."""
        return [marks[key] for marks in self._marks.values() for key in keys if key in marks]

    # What the session says.

    def follow(self, state: State, text_of: Callable[[str], str | None]) -> list[Told]:
        """Makes the marks equal to the session's hunks; `text_of` gives a document as it is now."""
        if self._followed.get(state.session) is state.hunks:
            return []
        self._followed[state.session] = state.hunks
        told = Follower(self._marks, self._texts, state, text_of).told()
        for uri in [uri for uri, marks in self._marks.items() if not marks]:
            self._forget(uri)
        for uri, (text, _) in list(self._filed.items()):
            if text is not None and self._texts.get(uri) == text:
                self.filed(uri, text)
        return told

    def _forget(self, uri: str) -> None:
        """No hunk stands in the document any more."""
        for known in (self._marks, self._texts, self._filed):
            known.pop(uri, None)

    def unfiled(self) -> tuple[str, ...]:
        """The documents of hunks whose file's text was never told."""
        return tuple(uri for uri, marks in self._marks.items() if marks and uri not in self._filed)

    def filed(self, uri: str, text: str | None) -> None:
        """The document, which is `text`, is what its file is: what is thrown away later goes back to this.

        None: the file is another text, in which the hunks' places are not known unless they were told before.
        """
        if text is None:
            self._filed.setdefault(uri, (None, {}))
            return
        marks = self._marks.get(uri, {}).items()
        self._filed[uri] = (text, {k: (m.start, m.inside, m.hunk.rev) for k, m in marks if not m.loose})

    def is_filed(self, uri: str) -> bool:
        """Whether the document, as hunks stand in it, is what its file was last known to be."""
        known = self._texts.get(uri)
        return known is not None and uri in self._filed and self._filed[uri][0] == known

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
        self._filed.pop(uri, None)

    # What the text says.

    def sync(self, uri: str, text: str) -> list[Told]:
        """Follows a document that changed unseen, such as a file that is not open, to the text that it has now."""
        if not self._marks.get(uri):
            return []
        self._emptied.discard(uri)
        known = self._texts.setdefault(uri, text)
        if known != text and uri in self._filed and self._filed[uri][0] == text:
            return self._thrown_away(uri, text)
        # From the end, so that each edit's positions still count in the text that it meets.
        told = self._passed(uri, known, changes(known, text)[::-1]) if known != text else []
        told += self.settle(uri, text)
        were = {key: mark.inside for key, mark in self._marks[uri].items()} if known != text else {}
        for key in were:
            nearby(self._marks[uri][key], text)
        return [*told, *self._turned(uri, text, were), *self._fitting(uri, text)]

    def _thrown_away(self, uri: str, text: str) -> list[Told]:
        """The document is its file again: hunks are where they were in it; others are looked for."""
        marks, filed = self._marks[uri], self._filed[uri][1]
        back = {key: mark for key, mark in marks.items() if key in filed and filed[key][2] == mark.hunk.rev}
        passage = Passage({key: mark for key, mark in marks.items() if key not in back}, self._texts[uri])
        passage.take_all(changes(self._texts[uri], text)[::-1])
        were = passage.were | {key: mark.inside for key, mark in back.items()}
        self._texts[uri] = text
        told = [self._tell(key, marks[key], word) for key, word in passage.words()]
        for key, mark in marks.items():
            if key in back:
                start, mark.inside, _ = filed[key]
                mark.place(start)
            elif mark.inside and were.setdefault(key, True):
                # It landed after the file was saved, and was not found as it was before.
                mark.inside, mark.loose, mark.memory = False, True, None
        return [*told, *self.settle(uri, text), *self._turned(uri, text, were), *self._fitting(uri, text)]

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
        if uri in self._emptied:
            return self.sync(uri, text)
        resting = [(key, mark) for key, mark in self._marks.get(uri, {}).items() if mark.awaits is None]
        for _, mark in resting:
            placeless = mark.start == mark.end and mark.waits and not mark.turns
            if placeless and not beside(mark.hunk, text, mark.start, mark.end):
                nearby(mark, text)
        loose = [(key, mark) for key, mark in resting if mark.loose]
        words = [(key, mark, settled(mark, text, resting=True)) for key, mark in loose if mark.memory]
        return [self._tell(key, mark, word) for key, mark, word in words if word]

    def _tell(self, key: Key, mark: Mark, word: Word) -> Told:
        mark.ahead += 1
        return key[0], word

    def observe(self, uri: str, text: str, edits: Sequence[Edit], own: frozenset[Key] = NOBODY) -> list[Told]:
        """Moves the document's marks through successive `edits` of `text` (each in the text after the one before).

        `own` are hunks of whole files whose landing these edits are: they are not disturbed by their own edit.
        """
        if not self._marks.get(uri):
            return []
        known = self._texts.get(uri, text)
        if uri in self._emptied and not text:
            # Emptied, then filled: together that is one change, such as an undo by an editor that sends whole texts.
            self._emptied.discard(uri)
            text, edits = known, [Edit(0, len(known), _made_of_nothing(edits))]
        # A change may have gone unseen, such as while the document got another name.
        missed = self.sync(uri, text) if known != text else []
        return [*missed, *self._passed(uri, text, edits, own, hold=not own)]

    def _passed(
        self, uri: str, text: str, edits: Sequence[Edit], own: frozenset[Key] = NOBODY, hold: bool = False
    ) -> list[Told]:
        """Moves the marks; with `hold`, what empties the document and is no hunk's turn waits for what comes next."""
        marks = self._marks[uri]
        passage = Passage({key: mark for key, mark in marks.items() if key not in own}, text)
        empties = hold and text and len(text) + sum(edit.delta for edit in edits) == 0
        if empties and not passage.take_turns(edits):
            self._emptied.add(uri)
            return []
        if not empties:
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
            revs = tuple(marks[session, hunk].hunk.rev for hunk in hunks)
            yield session, NoteSwitched(uri, tuple(hunks), inside, sum_of, self.starts(session, uri), revs)


def _made_of_nothing(edits: Sequence[Edit]) -> str:
    """The text that successive edits make of an empty document."""
    text = ""
    for edit in edits:
        text = apply(text, [edit])
    return text
