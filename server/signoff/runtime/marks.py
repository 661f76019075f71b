"""One hunk at its live position, and what edits that reach into it do to it. Volatile, and mutable for speed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from signoff.core.commands import AdoptTyping, MarkFitting, MarkStale
from signoff.core.hunks import Hunk
from signoff.core.merge import merge
from signoff.core.switches import Side
from signoff.core.text import Edit
from signoff.runtime.finding import at_home, beside, surrounded

AT_ONCE = 4_000
"""Code points of a hunk up to which typing inside it is merged with each key; with more, when typing rests."""
STALE = "The text that it changes is not in the document any more. Have the hunk proposed again, or reject it."
ASTRAY = "Its text may be in the document already, but not where it belongs. Look at the text."

Word = AdoptTyping | MarkStale | MarkFitting
"""What becomes of one hunk when the text under it changes."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What stood where a loose mark stretches, before it was changed; the hunk's text began at `at` of it.

    `foreign`: it was another hunk that changed it, by its own edit.
    """

    text: str
    at: int
    foreign: bool = False

    def turned(self, here: str, other: str) -> str:
        """The same with the hunk's other text."""
        return self.text[: self.at] + other + self.text[self.at + len(here) :]


@dataclass(slots=True)
class Mark:
    """text[start:end] belongs to the hunk: `after` if `inside`, else `before`; `loose` when the user changed it.

    A loose mark covers all that was changed, and remembers what was there; without `memory` its place is unknown.
    `ahead` counts what was told of the mark and is not in the session's state yet: until then the mark knows better.
    `awaits`: an edit was sent that puts it in (True) or out (False); None when nothing is on its way.
    `order` is for marks without text at one place: 0 those behind which text was deleted, and all new ones, 1 deletions
    that were made there, 2 those before which text was deleted. What comes back there keeps the order.
    """

    hunk: Hunk
    start: int
    end: int
    inside: bool
    loose: bool = False
    ahead: int = 0
    awaits: bool | None = None
    memory: Memory | None = None
    order: int = 0

    @property
    def here(self) -> str:
        """What stands there."""
        return self.hunk.after if self.inside else self.hunk.before

    @property
    def other(self) -> str:
        """What stands there once the hunk is turned."""
        return self.hunk.before if self.inside else self.hunk.after

    @property
    def side(self) -> Side:
        return Side(self.start, self.end, self.other)

    @property
    def turns(self) -> bool:
        """Whether the text may turn to the hunk's other side by itself."""
        foreign = self.memory is not None and self.memory.foreign
        tried = self.inside or self.awaits is not None or self.hunk.tried is not None
        return self.hunk.kind == "update" and tried and not foreign

    @property
    def horizon(self) -> int:
        """The end of what tells where the mark is: without text of its own, what it turns to may stand behind it."""
        return self.end if self.start < self.end or not self.turns else self.end + len(self.other)

    @property
    def waits(self) -> bool:
        """Whether the hunk has its `before` in the text, to be replaced by an edit that was not sent yet."""
        return self.hunk.status in ("pending", "applying") and not self.inside and self.awaits is None

    @property
    def sides(self) -> list[str]:
        """What may stand there. One side may contain the other: the longer one comes first, it is meant where it is;
        of two as long as each other the one that was there."""
        # No text at all is everywhere: it proves nothing.
        sides = {self.here, self.other} - {""} if self.turns else {self.here}
        return sorted(sides | {self.here}, key=lambda side: (len(side), side == self.here), reverse=True)

    def found(self, side: str, start: int) -> None:
        """One of its sides stands at `start`."""
        if side == self.here:
            self.place(start)
        else:
            self.turn(start)

    def turn(self, start: int) -> None:
        """The text at `start` is the hunk's other side now."""
        self.inside = not self.inside
        self.place(start)
        self.order = 1

    def place(self, start: int) -> None:
        """The hunk's text was found at `start`."""
        self.start, self.end, self.loose, self.memory = start, start + len(self.here), False, None

    @property
    def open(self) -> bool:
        """Whether it takes what is put at its edges: that may be a piece of the text to which it turns."""
        return self.loose or (self.turns and self.hunk.status != "stale")

    def reached(self, edit: Edit, edges: bool) -> bool:
        """Whether the edit reaches into the mark; with `edges`, what touches an open mark's edge does too."""
        if edit.end > self.start and edit.start < self.end:
            return True
        touches = edit.start <= self.end and self.start <= edit.end
        whole = edit.start == edit.end or self.start == self.end
        return edges and touches and self.open and (whole or self.loose)

    def follow(self, edit: Edit, order: int) -> None:
        """An edit that does not reach into the mark was made; text put at its place comes after marks of `order`."""
        if self.start < self.end or edit.start < edit.end:
            moves = edit.end <= self.start and edit.start < self.end
        else:
            moves = edit.start < self.start or (edit.start == self.start and self.order > order)
        if self.start == self.end and edit.start < edit.end and self.start in (edit.start, edit.end):
            self.order = 2 if edit.end == self.start else 0
        if moves:
            self.start, self.end = self.start + edit.delta, self.end + edit.delta

    def start_line(self, text: str) -> None:
        """An insertion of lines whose line end was deleted before it, and stands behind it, goes behind that."""
        if self.start == self.end and not self.loose and text[self.start - 1 : self.start] not in ("", "\r", "\n"):
            ends = 2 if text.startswith("\r\n", self.start) else 1 if text[self.start : self.start + 1] in "\r\n" else 0
            self.start = self.end = min(len(text), self.start + ends)

    def stretch(self, edit: Edit, text: str, foreign: bool) -> None:
        """An edit of `text` reached into the mark: it covers that too, and remembers what was there."""
        start, end = min(self.start, edit.start), max(self.end, edit.end)
        if not self.loose:
            self.memory = Memory(text[start:end], self.start - start, foreign)
        elif known := self.memory:
            left, right = text[start : self.start], text[self.end : end]
            self.memory = Memory(left + known.text + right, known.at + len(left), known.foreign)
        self.start, self.end, self.loose = start, end + edit.delta, True


def is_inside(hunk: Hunk) -> bool:
    """Whether the session believes that `after` is in the document."""
    return hunk.status == "applied" or (hunk.status == "applying" and hunk.in_file)


def settled(mark: Mark, text: str, resting: bool) -> Word | None:
    """The mark was stretched by a change that made `text`: finds what it is now, and what there is to tell of it.

    Where the text may be in the middle of turning by itself, that is decided when typing is `resting`: an editor may
    make its undo or redo in several pieces.
    """
    if _whole(mark, text) or recovered(mark, text):
        return fitting(mark)
    if not resting and (mark.turns or len(mark.hunk.before) + len(mark.hunk.after) > AT_ONCE):
        return None
    now = text[mark.start : mark.end]
    if _astray(mark, text):
        return lost(mark, ASTRAY)
    if _edged(mark, text):
        return fitting(mark)
    if not mark.waits:
        return None
    if mark.memory and mark.memory.text == mark.here and (word := adopted(mark, now)):
        return word
    return lost(mark)


def _astray(mark: Mark, text: str) -> bool:
    """Whether an insertion was perhaps made, but so that it can't be told: made again, it could be there twice."""
    return not mark.here and mark.other in _telling(mark) and mark.other in text[mark.start : mark.end]


def _edged(mark: Mark, text: str) -> bool:
    """Whether only text beside the hunk's own was changed, which stays outside."""
    now, known = text[mark.start : mark.end], mark.memory
    last = known is not None and known.at + len(mark.here) == len(known.text)
    first = known is not None and known.at == 0 and not (last and mark.order > 1)
    order = mark.order if first == last else 0 if first else 2
    for wanted in _telling(mark):
        if (first and now.startswith(wanted)) or (last and now.endswith(wanted)):
            at = mark.start if first and now.startswith(wanted) else mark.end - len(wanted)
            mark.found(wanted, at)
            mark.order = order
            return True
    return False


def _whole(mark: Mark, text: str) -> bool:
    """Whether one of the hunk's sides stands in the mark, either with all that stood around it or by itself."""
    now, known = text[mark.start : mark.end], mark.memory
    if known and now == known.text:
        mark.place(mark.start + known.at)
        return True
    if known and mark.turns and now == known.turned(mark.here, mark.other):
        mark.turn(mark.start + known.at)
        return True
    # Which of several equal characters were deleted is not certain: what is left of the hunk may begin a little before.
    slide = abs(len(now) - len(known.text)) if known else 0
    for wanted in _telling(mark):
        # One line alone may have been typed by the user as a part of a longer one.
        whole = mark.awaits is None and wanted.count("\n") < 2
        at = _once(text, wanted, max(0, mark.start - slide), mark.end + slide, whole)
        alone = known is None or wanted not in known.turned(mark.here, "\0")
        if at is None or not alone or not _believed(mark, wanted, text, at):
            continue
        if at < mark.end and mark.start < at + len(wanted):
            mark.found(wanted, at)
            return True
    return False


def _believed(mark: Mark, wanted: str, text: str, at: int) -> bool:
    """Whether a side that was found at `at` is the hunk's: one that was not there stands by a line of its place.

    An editor may have made the edit somewhere else, or only a part of it: then its text stands between other lines.
    """
    return wanted == mark.here or beside(mark.hunk, text, at, at + len(wanted))


def _telling(mark: Mark) -> list[str]:
    """The sides of the hunk that prove something where they stand: not one that stood there, or beside it, already."""
    known = mark.memory
    turned = [mark.other] if mark.turns and mark.other and not (known and mark.other in known.text) else []
    return sorted([mark.here, *turned], key=len, reverse=True)


def _once(text: str, wanted: str, low: int, high: int, lines: bool) -> int | None:
    """Where `wanted` stands in text[low:high], if only once and, with `lines`, as whole lines."""
    at = text.find(wanted, low, high) if wanted else -1
    if at < 0 or text.find(wanted, at + 1, high) >= 0:
        return None
    end = at + len(wanted)
    starts, ends = at == low or text[at - 1] in "\r\n", end == high or wanted[-1] in "\r\n"
    return at if (starts and ends) or not lines else None


def recovered(mark: Mark, text: str) -> bool:
    """A loose mark's text may be whole again somewhere near, such as when a deletion around it was taken back."""
    # The longer side first: where it stands, the shorter one often seems to stand too.
    sides = {mark.here, mark.other} if mark.turns else {mark.here}
    for wanted in sorted(sides, key=lambda side: (len(side), side == mark.here), reverse=True):
        found = surrounded(mark.hunk, wanted, text, mark.start)
        if found is not None:
            mark.found(wanted, found)
            return True
    return False


def nearby(mark: Mark, text: str) -> None:
    """The mark's place is doubtful: of several equal texts, the one with the hunk's own surroundings is meant."""
    if not mark.loose and mark.awaits is None and not at_home(mark.hunk, mark.here, text, mark.start):
        recovered(mark, text)


def fitting(mark: Mark) -> MarkFitting | None:
    """The mark's text is whole: a hunk that was stale fits again. A file that is there is never made anew."""
    if mark.hunk.status != "stale" or mark.inside or mark.hunk.kind == "create":
        return None
    mark.hunk = replace(mark.hunk, status="pending")
    return MarkFitting(mark.hunk.id)


def adopted(mark: Mark, now: str) -> AdoptTyping | None:
    """The user typed inside what a pending hunk replaces, which is `now`: the hunk keeps both sides' changes."""
    hunk = mark.hunk
    if hunk.kind != "update":
        return None
    after = merge(hunk.before, now, hunk.after)
    if after is None:
        return None
    mark.hunk = replace(hunk, rev=hunk.rev + 1, before=now, after=after, tried=None)
    mark.place(mark.start)
    return AdoptTyping(hunk.id, hunk.rev, now, after)


def lost(mark: Mark, why: str = STALE) -> MarkStale | None:
    """The mark's text is not there any more."""
    mark.loose = True
    if mark.hunk.status != "pending":
        return None
    mark.hunk = replace(mark.hunk, status="stale")
    return MarkStale(mark.hunk.id, why)
