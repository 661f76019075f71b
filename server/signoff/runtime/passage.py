"""The marks of one document on their way through a change: which hunks it turns, and which it reaches into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from signoff.core.commands import AdoptTyping
from signoff.core.switches import Side, by_lines, in_lines, reach, switched, with_ends
from signoff.core.text import Edit, apply, minimise
from signoff.runtime.marks import Mark, Word, nearby, settled

Key = tuple[str, str]
LINE_ENDS = ("\n", "\r\n")


class Passage:
    """One document's marks on their way through the successive edits of one change.

    Marks follow each edit; what has become of those that an edit reached into is judged by the text at the end.
    """

    def __init__(self, marks: dict[Key, Mark], text: str) -> None:
        self.marks, self.text = marks, text
        self.reached: dict[Key, Mark] = {}
        self.doubtful: list[Mark] = []
        """Marks without text among lines that changed: such a place can be on either side of a new line."""
        self.adopted: dict[Key, AdoptTyping] = {}
        """Hunks that landed with other line ends than they were sent with, and those that are in the text already."""
        self.were: dict[Key, bool] = {}
        """On which side those marks were that turned, or that an edit reached into."""

    def take_all(self, edits: Sequence[Edit]) -> None:
        """All edits: as hunks that turn, if together they are just that; else one by one."""
        if (len(edits) > 1 and self.take_turns(edits)) or any(self._take_with(edits, end) for end in LINE_ENDS):
            return
        for edit in edits:
            self._take(minimise(self.text, edit))

    def take_turns(self, edits: Sequence[Edit]) -> bool:
        """All edits, if together they are exactly some hunks that turn; else nothing is taken."""
        return self._explained(_together(self.text, edits))

    def _take_with(self, edits: Sequence[Edit], end: str) -> bool:
        """All edits, if they are hunks whose edit was sent, with the line ends that the editor gave it."""
        sent = {key: (mark, mark.hunk) for key, mark in self.marks.items() if mark.awaits not in (None, mark.inside)}
        changed = {key for key, (mark, _) in sent.items() if with_ends(mark.other, end) != mark.other}
        for mark, hunk in (sent[key] for key in changed):
            side = "before" if mark.inside else "after"
            mark.hunk = replace(hunk, rev=hunk.rev + 1, **{side: with_ends(mark.other, end)})
        # What two lines have in common may hide that the change reaches to a hunk: none is left out.
        waiting = [mark for mark, _ in sent.values()]
        taken = bool(changed and edits) and self._explained(_together(self.text, edits), waiting)
        for key in changed:
            mark, hunk = sent[key]
            if mark.inside == mark.awaits:
                self.adopted[key] = AdoptTyping(hunk.id, hunk.rev, mark.hunk.before, mark.hunk.after)
            else:
                mark.hunk = hunk
        return taken

    def words(self) -> Iterator[tuple[Key, Word]]:
        """What has become of the marks that were reached into, or landed in other words."""
        yield from self.adopted.items()
        for mark in self.doubtful:
            nearby(mark, self.text)
            mark.start_line(self.text)
        for key, mark in self.reached.items():
            if mark.loose and (word := settled(mark, self.text, resting=False)):
                yield key, word

    def _near(self, edit: Edit) -> list[Mark]:
        low, high = reach(self.text, edit)
        return [mark for mark in self.marks.values() if mark.start <= high and low <= mark.end]

    def _explained(self, edit: Edit, among: Sequence[Mark] = ()) -> bool:
        """Whether the edit is exactly some hunks that turn, of those `among` all or near it; then they have."""
        if edit.start == edit.end and not edit.text:
            # Changes that take each other back, such as a letter and its deletion.
            return False
        near = among or self._near(edit)
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
        alike = [mark for mark in self.marks.values() if mine and not mine[0].inside and _same(mark, mine[0])]
        self._pass(side.edit, mine)
        for mark in alike:
            self._moot(mark, side.start)
        for key, mark in self.marks.items():
            if any(mark is one for one in mine):
                self.were.setdefault(key, mark.inside)
                mark.turn(side.start)

    def _moot(self, mark: Mark, start: int) -> None:
        """Another session's hunk inserted at `start` what this one would: it would be there twice."""
        hunk = mark.hunk
        mark.hunk = replace(hunk, rev=hunk.rev + 1, before=hunk.after)
        mark.place(start)
        key = next(key for key, one in self.marks.items() if one is mark)
        self.adopted[key] = AdoptTyping(hunk.id, hunk.rev, hunk.after, hunk.after)

    def _pass(self, edit: Edit, mine: Sequence[Mark] = ()) -> None:
        """Lets every mark but those in `mine`, whose edit it is, follow the edit."""
        before, self.text = self.text, apply(self.text, [edit])
        # A change may hold more than what differs in letters, such as the line end that two lines share.
        low, high = reach(before, edit)
        lines = in_lines(before, Edit(low, high, before[low : edit.start] + edit.text + before[edit.end : high]))
        order = mine[0].order if mine else 1
        for key, mark in self.marks.items():
            if lines.start > mark.horizon or any(mark is one for one in mine):
                continue
            made = lines if mark.open and not mine and not mark.reached(edit, edges=True) else edit
            if mark.reached(made, edges=not mine):
                self.were.setdefault(key, mark.inside)
                self.reached[key] = mark
                mark.stretch(made, before, foreign=bool(mine))
            else:
                mark.follow(edit, order)
                near = lines.start <= mark.horizon and mark.start <= lines.end + edit.delta
                if near and mark.start == mark.end:
                    self.were.setdefault(key, mark.inside)
                    self.doubtful.append(mark)


def _same(mark: Mark, turning: Mark) -> bool:
    """Whether a hunk that waits inserts what `turning` does, at the same place."""
    one, other = mark.hunk, turning.hunk
    insertion = (
        mark.waits and not mark.loose and not one.before and (one.kind, one.before) == (other.kind, other.before)
    )
    return mark is not turning and insertion and one.after == other.after and mark.start == turning.start


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
