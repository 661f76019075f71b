"""Explains a change of a text by hunks that went out of it or came into it, such as by the editor's undo and redo.

Editors report such changes in their own way: many hunks in one change, with untouched lines between, or a repeated line
one line off. So nothing is judged by positions: a change is explained when the resulting text is exactly the one that
it would be with some of the hunks turned to their other text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from signoff.core.diff import changes
from signoff.core.text import Edit, common_prefix, minimise

_END = re.compile(r"\r\n|\r|\n")
SLIDE = 1_000
"""Code points over which an insertion or deletion among equal text is looked for on either side."""


@dataclass(frozen=True, slots=True)
class Side:
    """text[start:end] is a hunk's place; `other` is what it would hold with the hunk turned."""

    start: int
    end: int
    other: str

    @property
    def edit(self) -> Edit:
        return Edit(self.start, self.end, self.other)


_Chain = tuple["_Chain", Side] | None


def switched(text: str, edit: Edit, sides: Sequence[Side]) -> list[Side] | None:
    """Those of `sides` (in order, not overlapping) whose turning makes the very text that `edit` makes of `text`.

    None when no choice of them does. Where several do, the one that turns the earlier hunks is taken.
    """
    if not sides:
        return None
    low, high = min(edit.start, sides[0].start), max(edit.end, max(side.end for side in sides))
    new = text[low : edit.start] + edit.text + text[edit.end : high]
    # Positions in the new text that a choice for the sides so far leads to, each with the sides that it turns.
    reached: dict[int, _Chain] = {0: None}
    done = low
    for side in sides:
        gap, here = text[done : side.start], text[side.start : side.end]
        done = side.end
        following: dict[int, _Chain] = {}
        for at, chain in reached.items():
            if new.startswith(gap, at):
                _step(new, at + len(gap), chain, side, here, following)
        reached = following
    rest = text[done:high]
    found = next((chain for at, chain in reached.items() if new[at:] == rest), None)
    return _listed(found) or None


def _step(new: str, at: int, chain: _Chain, side: Side, here: str, following: dict[int, _Chain]) -> None:
    if new.startswith(side.other, at):
        following.setdefault(at + len(side.other), (chain, side))
    if new.startswith(here, at):
        following.setdefault(at + len(here), chain)


def _listed(chain: _Chain) -> list[Side]:
    found: list[Side] = []
    while chain is not None:
        chain, side = chain
        found.append(side)
    return found[::-1]


def reach(text: str, edit: Edit) -> tuple[int, int]:
    """The stretch [start, end) of `text` in which the change may really have been made.

    An insertion or deletion among repeated text looks the same at several places.
    """
    if edit.text and edit.end > edit.start:
        return edit.start, edit.end
    piece = edit.text or text[edit.start : edit.end]
    run = piece * (SLIDE // len(piece) + 1)
    left = common_prefix(text[max(0, edit.start - SLIDE) : edit.start][::-1], run[::-1])
    right = common_prefix(text[edit.end : edit.end + SLIDE], run)
    return edit.start - left, edit.end + right


def by_lines(text: str, edit: Edit) -> list[Edit]:
    """The edit as one edit for each run of changed lines, last first: each counts in the text that the one before left.

    An editor may report two small changes as one that spans all between them.
    """
    whole = in_lines(text, edit)
    local = changes(text[whole.start : whole.end], whole.text)
    parts = [Edit(whole.start + part.start, whole.start + part.end, part.text) for part in local]
    return [minimise(text, part) for part in reversed(parts)]


def with_ends(text: str, end: str) -> str:
    """The same lines, each with this line end."""
    return _END.sub(end, text)


def same_lines(one: str, other: str) -> bool:
    """Whether two texts are equal but for their line ends."""
    return one == other or with_ends(one, "\n") == with_ends(other, "\n")


def in_lines(text: str, edit: Edit) -> Edit:
    """The same change as a replacement of whole lines."""
    start, end = _line_start(text, edit.start), _line_end(text, edit.end)
    return Edit(start, end, text[start : edit.start] + edit.text + text[edit.end : end])


def _line_start(text: str, at: int) -> int:
    if text[at - 1 : at + 1] == "\r\n":
        at -= 1
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1
