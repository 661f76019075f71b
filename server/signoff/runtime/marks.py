"""One hunk at its live position, and what an edit that touches it does to it. Volatile, and mutable for speed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from signoff.core.anchor import locate
from signoff.core.commands import AdoptTyping, MarkFitting, MarkStale
from signoff.core.hunks import Hunk
from signoff.core.merge import merge
from signoff.core.switches import Side
from signoff.core.text import Edit, Span

STALE = "The text that it changes is not in the document any more."
NEAR = 50_000
"""Code points around its last place in which a hunk with its exact surroundings is looked for."""

Word = AdoptTyping | MarkStale | MarkFitting
"""What becomes of one hunk when the text under it changes."""


@dataclass(slots=True)
class Mark:
    """text[start:end] belongs to the hunk: `after` if `inside`, else `before`; `loose` when the user changed it.

    `ahead` counts what was told of the mark and is not in the session's state yet: until then the mark knows better.
    `awaits`: an edit was sent that puts it in (True) or out (False); None when nothing is on its way.
    """

    hunk: Hunk
    start: int
    end: int
    inside: bool
    loose: bool = False
    ahead: int = 0
    awaits: bool | None = None

    @property
    def here(self) -> str:
        """What stands there."""
        return self.hunk.after if self.inside else self.hunk.before

    @property
    def side(self) -> Side:
        return Side(self.start, self.end, self.hunk.before if self.inside else self.hunk.after)

    @property
    def turns(self) -> bool:
        """Whether the text may turn to the hunk's other side by itself."""
        return self.hunk.kind == "update" and (self.inside or self.awaits is not None or self.hunk.tried is not None)

    @property
    def open(self) -> bool:
        """Whether it takes what is put at its edge: that may be a piece of the text to which it turns.

        What turns out to be the user's own is left outside when typing rests.
        """
        return self.loose or (self.turns and self.hunk.status != "stale")

    def turn(self, start: int) -> None:
        """The text at `start` is the hunk's other side now."""
        self.inside = not self.inside
        self.start, self.end, self.loose = start, start + len(self.here), False

    def place(self, start: int) -> None:
        """The hunk's text was found at `start`."""
        self.start, self.end, self.loose = start, start + len(self.here), False


def is_inside(hunk: Hunk) -> bool:
    """Whether the session believes that `after` is in the document."""
    return hunk.status == "applied" or (hunk.status == "applying" and hunk.in_file)


def stretch(mark: Mark, edit: Edit) -> None:
    """The mark's place after an edit that reaches into it: all that it covered, and the edit's own text."""
    mark.start, mark.end = min(mark.start, edit.start), max(mark.end, edit.end) + edit.delta


def touched(mark: Mark, edit: Edit, text: str) -> Word | None:
    """The edit, which made `text`, reached into the mark or touches its loose edge; what there is to tell of it."""
    within = mark.start <= edit.start and edit.end <= mark.end
    stretch(mark, edit)
    now = text[mark.start : mark.end]
    if now == mark.here:
        mark.loose = False
        return fitting(mark)
    waits = mark.hunk.status in ("pending", "applying") and not mark.inside and mark.awaits is None
    if waits and within and mark.turns:
        # Perhaps a piece of the editor's redo: what it comes to is known when typing rests.
        mark.loose = True
        return None
    if waits and within and (word := adopted(mark, now)):
        return word
    if waits:
        found = exactly(mark.hunk, mark.here, text)
        if found is not None:
            mark.place(found)
            return None
        return lost(mark)
    mark.loose = True
    return _recovered(mark, text)


def _recovered(mark: Mark, text: str) -> Word | None:
    """A loose mark's text may be whole again somewhere near, such as when a deletion around it was taken back."""
    found = surrounded(mark.hunk, mark.here, text, mark.start)
    if found is None:
        return None
    mark.place(found)
    return fitting(mark)


def fitting(mark: Mark) -> MarkFitting | None:
    """The mark's text is whole: a hunk that was stale fits again."""
    if mark.hunk.status != "stale":
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
    mark.loose = False
    return AdoptTyping(hunk.id, hunk.rev, now, after)


def settled(mark: Mark, text: str) -> Word | None:
    """Typing rests: what a loose mark covers is its own text with the user's beside it, or typing inside, or lost."""
    now = text[mark.start : mark.end]
    at_edge = _at_edge(mark, text, now)
    if at_edge is not None:
        mark.place(at_edge)
        return fitting(mark)
    if mark.hunk.status != "pending" or mark.inside:
        return None
    if word := adopted(mark, now):
        return word
    found = exactly(mark.hunk, mark.here, text)
    if found is None:
        return lost(mark)
    mark.place(found)
    return None


def _at_edge(mark: Mark, text: str, now: str) -> int | None:
    """Where the mark's text stands at an edge of what it covers; an empty text is nowhere without its neighbour."""
    here, above, below = mark.here, mark.hunk.context_before, mark.hunk.context_after
    if now.startswith(here) and (here or (text.endswith(above, 0, mark.start) if above else mark.start == 0)):
        return mark.start
    if now.endswith(here) and (here or (text.startswith(below, mark.end) if below else mark.end == len(text))):
        return mark.end - len(here)
    return None


def lost(mark: Mark) -> MarkStale | None:
    """The mark's text is not there any more."""
    mark.loose = True
    if mark.hunk.status != "pending":
        return None
    mark.hunk = replace(mark.hunk, status="stale")
    return MarkStale(mark.hunk.id, STALE)


def exactly(hunk: Hunk, wanted: str, text: str) -> int | None:
    """Where `wanted` (one side of the hunk) stands, if exactly that text is there and its place is certain."""
    if hunk.kind != "update":
        return None
    span = locate(text, wanted, hunk.context_before, hunk.context_after, hunk.start)
    return span.start if span is not None and text[span.start : span.end] == wanted else None


def surrounded(hunk: Hunk, wanted: str, text: str, near: int) -> int | None:
    """Where `wanted` stands between the unchanged lines that were around the hunk, when that is one place only."""
    if hunk.kind != "update":
        return None
    whole = hunk.context_before + wanted + hunk.context_after
    low = max(0, near - NEAR)
    found = text.find(whole, low, near + NEAR)
    again = text.find(whole, found + 1, near + NEAR) if found >= 0 else -1
    return found + len(hunk.context_before) if found >= 0 and again < 0 and whole else None


def roughly(hunk: Hunk, wanted: str, text: str) -> Span | None:
    """Where `wanted` stands, changed a little perhaps."""
    return locate(text, wanted, hunk.context_before, hunk.context_after, hunk.start) if hunk.kind == "update" else None
