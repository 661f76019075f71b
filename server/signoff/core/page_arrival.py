"""An edit on its way into a buffer, recognised when it shows in the text: nothing else proves that it is there."""

from __future__ import annotations

from collections.abc import Sequence

from signoff.core.text import Edit, apply, minimise, rebase


class Arrival:
    """`left` are the parts that have not shown yet, in the text as it is now. `lost`: the user typed over one of them,
    so it can't be recognised any more."""

    __slots__ = ("left", "lost")

    def __init__(self, edits: Sequence[Edit]) -> None:
        self.left = list(edits)
        self.lost = False

    @property
    def whole(self) -> bool:
        """Whether all parts have shown."""
        return not self.left and not self.lost

    def seen(self, text: str, edits: Sequence[Edit]) -> bool:
        """Takes note of successive `edits` of `text`; whether they bring a part of the edit, and nothing else counts.

        Typing moves the parts that are left. Editors may bring the parts one by one, in any order, or as one change.
        """
        if self.lost or self.whole:
            return False
        before = len(self.left)
        if _after(text, edits) == apply(text, self.left):
            self.left = []
            return True
        for raw in edits:
            self._seen_one(text, raw)
            text = apply(text, [raw])
        return len(self.left) < before and not self.lost

    def _seen_one(self, text: str, raw: Edit) -> None:
        edit = minimise(text, raw)
        mine = next((part for part in self.left if minimise(text, part) == edit), None)
        moved = [rebase(part, edit) for part in self.left if part is not mine]
        self.lost = self.lost or None in moved
        self.left = [part for part in moved if part is not None]


def _after(text: str, edits: Sequence[Edit]) -> str:
    for edit in edits:
        text = apply(text, [edit])
    return text
