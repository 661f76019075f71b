"""A text told in pieces: only what differs from the text that the other side has. Both sides of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from signoff.core.text import Edit, apply, minimise

PIECE = 50_000
"""Characters of a text that are told at once: what writes and what reads them has other things to do in between."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace [start, end) of a text of `size` code points by `text`. `size` 0: whatever was there, begin anew.

    `more`: the text is not whole before the next splice.
    """

    size: int
    start: int
    end: int
    text: str
    more: bool


def splices(known: str, text: str, most: int = PIECE) -> Iterator[Splice]:
    """What makes `text` of `known`, in order, each with at most `most` characters; one at least."""
    edit = minimise(known, Edit(0, len(known), text))
    size, end = len(known), edit.end
    for at in range(0, max(len(edit.text), 1), most):
        start, piece = edit.start + at, edit.text[at : at + most]
        yield Splice(size, start, end, piece, at + most < len(edit.text))
        size += len(piece) - (end - start)
        # The next piece goes in right behind this one.
        end = start + len(piece)


def spliced(known: str, splice: Splice) -> str | None:
    """The text after the splice; None when it is one of another text than `known`."""
    known = known if splice.size else ""
    if len(known) != splice.size:
        return None
    return apply(known, (Edit(splice.start, splice.end, splice.text),))


class Teller:
    """The side that has the texts. What it tells arrives in order, or not at all and then `forget` is called."""

    def __init__(self, most: int = PIECE) -> None:
        self._most = most
        self._told: dict[str, str] = {}

    def tell(self, path: str, text: str | None) -> Iterator[Splice | None]:
        """What to tell, so that the other side has this text of the file; None: no text any more."""
        known = self._told.pop(path, "")
        if text is None:
            yield None
            return
        yield from splices(known, text, self._most)
        self._told[path] = text

    def forget(self, path: str | None = None) -> None:
        """The other side has not the text that it should have; without a path: it has none."""
        if path is None:
            self._told.clear()
        else:
            self._told.pop(path, None)


class Hearer:
    """The side that is told. `texts` has by path those that are whole."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._coming: dict[str, str] = {}

    def hear(self, path: str, splice: Splice | None) -> Literal["whole", "more", "lost"]:
        """Takes in what was told. "lost": it was of another text, and the whole one has to be told."""
        known = self._coming.pop(path, self.texts.get(path, ""))
        if splice is None:
            self.texts.pop(path, None)
            return "whole"
        text = spliced(known, splice)
        if text is None:
            return "lost"
        (self._coming if splice.more else self.texts)[path] = text
        return "more" if splice.more else "whole"
