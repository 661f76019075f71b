"""Where a patch of the projected text meets the pending hunks: stretches of the base, and which hunk each part keeps.

Positions of a patch count in the text with the pending hunks applied; positions of hunks count in the base.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signoff.core.diff import changes
from signoff.core.hunks import Hunk
from signoff.core.text import Edit, apply


@dataclass(frozen=True, slots=True)
class Region:
    """Pending hunks and a stretch of the base that belong together: base[start:end] is to become `after`."""

    start: int
    end: int
    after: str
    touched: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A pending hunk at its place in the projected text; `shift` is what hunks up to its end add to positions."""

    hunk: Hunk
    start: int
    end: int
    shift: int


def regions(text: str, waiting: Sequence[Hunk], edits: Sequence[Edit]) -> Iterator[Region]:
    """A patch's edits (of the projected text) with the pending hunks that they touch, in the base's terms.

    `waiting` are in order and do not overlap. Hunks that no edit overlaps or borders on are in no region.
    """
    spans = _project(waiting)
    for hunks, parts in _grouped(spans, edits):
        yield _region(text, spans, hunks, parts)


def pairs(text: str, region: Region) -> Iterator[tuple[Edit | None, Hunk | None]]:
    """The region's runs of changed lines, each with the hunk that it continues (None: a new hunk), in order.

    At the end, hunks that no run continues, with None: they are withdrawn.
    """
    local = changes(text[region.start : region.end], region.after)
    parts = [Edit(region.start + part.start, region.start + part.end, part.text) for part in local]
    left = list(region.touched)
    kept: dict[int, Hunk] = {}
    # A run that is a hunk already keeps it, whatever stands before; the others take one that they touch.
    for fits in (_same, _meets):
        for number, part in enumerate(parts):
            hunk = None if number in kept else next((hunk for hunk in left if fits(text, part, hunk)), None)
            if hunk is not None:
                left.remove(hunk)
                kept[number] = hunk
    yield from ((part, kept.get(number)) for number, part in enumerate(parts))
    yield from ((None, hunk) for hunk in left)


def _same(text: str, part: Edit, hunk: Hunk) -> bool:
    return hunk.kind == "update" and part == hunk.edit and text.startswith(hunk.before, hunk.start)


def _meets(text: str, part: Edit, hunk: Hunk) -> bool:
    """A whole-file hunk meets every part of the file."""
    return hunk.kind != "update" or (part.start <= hunk.edit.end and hunk.start <= part.end)


def _project(waiting: Sequence[Hunk]) -> list[_Span]:
    spans: list[_Span] = []
    shift = 0
    for hunk in waiting:
        start = hunk.start + shift
        shift += len(hunk.after) - len(hunk.before)
        spans.append(_Span(hunk, start, start + len(hunk.after), shift))
    return spans


def _grouped(spans: Sequence[_Span], edits: Sequence[Edit]) -> Iterator[tuple[list[_Span], list[Edit]]]:
    """Edits with the spans that they overlap or border on; spans that no edit touches are left out."""
    items: list[_Span | Edit] = sorted([*spans, *edits], key=lambda item: (item.start, item.end))
    hunks: list[_Span] = []
    parts: list[Edit] = []
    reach = -1
    for item in items:
        if item.start > reach:
            if parts:
                yield hunks, parts
            hunks, parts = [], []
        if isinstance(item, Edit):
            parts.append(item)
        else:
            hunks.append(item)
        reach = max(reach, item.end)
    if parts:
        yield hunks, parts


def _region(text: str, spans: Sequence[_Span], hunks: Sequence[_Span], parts: Sequence[Edit]) -> Region:
    low = min(item.start for item in [*hunks, *parts])
    high = max(item.end for item in [*hunks, *parts])
    # Whatever borders on the group is in it, so every span before it ends before `low`.
    shift = next((span.shift for span in reversed(spans) if span.end < low), 0)
    start, end = low - shift, high - (hunks[-1].shift if hunks else shift)
    local = [Edit(s.hunk.start - start, s.hunk.start - start + len(s.hunk.before), s.hunk.after) for s in hunks]
    shown = apply(text[start:end], local)
    after = apply(shown, [Edit(p.start - low, p.end - low, p.text) for p in parts])
    return Region(start, end, after, tuple(s.hunk for s in hunks))
