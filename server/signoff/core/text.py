"""Edits of a text: the one piece of arithmetic that pending hunks, sibling hunks, undo and patches share.

All positions are code points of a Python string. Line endings, a byte order mark and a missing final newline
are ordinary characters here: no function in this module adds, drops or converts them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range [start, end) of a text, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace text[start:end] by `text`: start == end is an insertion, an empty `text` a deletion."""

    start: int
    end: int
    text: str

    @property
    def delta(self) -> int:
        """By how many code points the text grows (negative: shrinks)."""
        return len(self.text) - (self.end - self.start)


def digest(text: str) -> str:
    """SHA-256 of the UTF-8 form, 64 hex digits. Lone surrogates are hashed as they are, never refused."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def split_lines(text: str) -> list[str]:
    r"""The lines with their ends, split on \n, \r\n and \r only (form feeds and U+2028 stay inside a line).

    Joining the result gives `text` back; the last line may lack an end, and no line is empty.
    """
    return _LINE.findall(text)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Make all `edits` at once; every position counts in `text` as it was.

    Edits must lie inside the text, be sorted and not overlap (touching is allowed, and several insertions at one
    place keep their order); anything else raises ValueError and changes nothing.
    """
    parts: list[str] = []
    done = 0
    for edit in edits:
        if not done <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit [{edit.start}, {edit.end}) is out of order, overlaps, or leaves 0..{len(text)}")
        parts += (text[done : edit.start], edit.text)
        done = edit.end
    return "".join(parts) + text[done:]


def minimise(before: str, edit: Edit) -> Edit:
    """The same change of `before` with the common prefix, then the common suffix, trimmed away.

    Editors report a pure insertion as a replacement of its neighbours; without this it would seem to overlap them.
    """
    old, new = before[edit.start : edit.end], edit.text
    shortest = min(len(old), len(new))
    head = common_prefix(old, new)
    tail = _common_suffix(old, new, shortest - head)
    return Edit(edit.start + head, edit.end - tail, new[head : len(new) - tail])


def common_prefix(left: str, right: str) -> int:
    """How many leading code points two texts share; found by bisection, so large equal texts cost few comparisons."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(left: str, right: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle :] == right[len(right) - middle :]:
            low = middle
        else:
            high = middle - 1
    return low


def rebase(edit: Edit, over: Edit) -> Edit | None:
    """`edit` in the coordinates of the text after `over`, both given in the same text; None when they overlap.

    An insertion at the boundary of the other edit stays outside it. Of two insertions at one place their texts decide
    which comes first, so that both sides agree without talking:
    apply(apply(t, a), rebase(b, a)) == apply(apply(t, b), rebase(a, b)).
    """
    before = edit.end <= over.start
    after = over.end <= edit.start
    if before and after:
        before = edit.text <= over.text
    if before:
        return edit
    return Edit(edit.start + over.delta, edit.end + over.delta, edit.text) if after else None
