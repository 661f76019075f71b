"""Looks for a hunk's text in a document in which its place is not known. In doubt it finds nothing."""

from __future__ import annotations

from collections.abc import Sequence

from signoff.core.anchor import locate
from signoff.core.hunks import Hunk
from signoff.core.proposals import CONTEXT_LIMIT
from signoff.core.text import Span, split_lines

NEAR = 50_000
"""Code points around its last place in which a hunk with its exact surroundings is looked for."""
_TELLING = 3
"""Words that must stand on the lines around a hunk to tell its place."""


def exactly(hunk: Hunk, wanted: str, text: str) -> int | None:
    """Where `wanted` (one side of the hunk) stands, if exactly that text is there and its place is certain."""
    if hunk.kind != "update":
        return None
    span = locate(text, wanted, hunk.context_before, hunk.context_after, hunk.start)
    return span.start if span is not None and span.how == "exact" else None


def at_home(hunk: Hunk, wanted: str, text: str, start: int) -> bool:
    """Whether text[start:] is `wanted` between the lines that were around the hunk."""
    above, below, end = hunk.context_before, hunk.context_after, start + len(wanted)
    fits_above = text.endswith(above, 0, start) if above else start == 0
    fits_below = text.startswith(below, end) if below else end == len(text)
    return fits_above and fits_below and text.startswith(wanted, start)


def beside(hunk: Hunk, text: str, start: int, end: int) -> bool:
    """Whether one of the lines between which the hunk stood is next to text[start:end], white space aside."""
    above, below = split_lines(hunk.context_before)[-1:], split_lines(hunk.context_after)[:1]
    before, after = text[max(0, start - CONTEXT_LIMIT) : start], text[end : end + CONTEXT_LIMIT]
    return _bare(above) == _bare(split_lines(before)[-1:]) or _bare(below) == _bare(split_lines(after)[:1])


def _bare(lines: Sequence[str]) -> list[str]:
    return ["".join(line.split()) for line in lines]


def surrounded(hunk: Hunk, wanted: str, text: str, near: int) -> int | None:
    """Where `wanted` stands between the unchanged lines that were around the hunk, when that is one place only.

    All the lines that are known, or the next one on either side if those two say enough.
    """
    above, below = hunk.context_before, hunk.context_after
    if hunk.kind != "update":
        return None
    if not wanted and text != above + below and len((above + below).split()) < _TELLING:
        return None
    found = _between(text, above, wanted, below, near)
    nearest = "".join(split_lines(above)[-1:]), "".join(split_lines(below)[:1])
    blank = any(line and not line.strip() for line in nearest)
    if found is not None or (above, below) == nearest or blank or len("".join(nearest).split()) < _TELLING:
        return found
    return _between(text, nearest[0], wanted, nearest[1], near)


def _between(text: str, above: str, wanted: str, below: str, near: int) -> int | None:
    """The one place of `wanted` between two texts; where one of them is empty, at the start or end of `text`."""
    if not above:
        return 0 if text == wanted or (below and text.startswith(wanted + below)) else None
    if not below:
        return len(text) - len(wanted) if text.endswith(above + wanted) else None
    whole, low = above + wanted + below, max(0, near - NEAR)
    found = text.find(whole, low, near + NEAR)
    again = text.find(whole, found + 1, near + NEAR) if found >= 0 else -1
    return found + len(above) if found >= 0 and again < 0 else None


def roughly(hunk: Hunk, wanted: str, text: str) -> Span | None:
    """Where `wanted` stands, changed a little perhaps."""
    return locate(text, wanted, hunk.context_before, hunk.context_after, hunk.start) if hunk.kind == "update" else None
