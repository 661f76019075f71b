"""Three-way merge of texts, pure and symmetric: what two sides changed apart from each other, or a conflict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from signoff.core.diff import changed_blocks, changes
from signoff.core.text import Edit, apply

_TOKEN = re.compile(r"\w+|\r\n|\W")
_SOMETHING = re.compile(r"\S|[\r\n]")

# An edit and who made it: 1 mine, 2 theirs, 3 both.
_Sided = tuple[Edit, int]


def merge(base: str, mine: str, theirs: str) -> str | None:
    """Both sides' changes of `base` in one text, or None when they conflict.

    A change that both made is taken once. Changed lines must not touch; where they do, they are compared word by word,
    and pass when something other than blanks (or a line break) that neither side changed lies between them.
    merge(b, x, y) == merge(b, y, x), merge(b, x, b) == x, merge(b, x, x) == x.
    """
    left, right = changes(base, mine), changes(base, theirs)
    edits = _joined(base, left, right, blanks=True)
    if edits is None:
        edits = _joined(base, _by_words(base, left), _by_words(base, right), blanks=False)
    return None if edits is None else apply(base, edits)


def _joined(base: str, left: Sequence[Edit], right: Sequence[Edit], blanks: bool) -> list[Edit] | None:
    sided = sorted(_sides(left, right), key=lambda item: (item[0].start, item[0].end))
    for (one, who), (other, by) in pairwise(sided):
        if not who & by and not _apart(base, one, other, blanks):
            return None
    return [edit for edit, _ in sided]


def _sides(left: Sequence[Edit], right: Sequence[Edit]) -> Iterator[_Sided]:
    both = set(left) & set(right)
    yield from ((edit, 3 if edit in both else 1) for edit in left)
    yield from ((edit, 2) for edit in right if edit not in both)


def _apart(base: str, one: Edit, other: Edit, blanks: bool) -> bool:
    between = base[one.end : other.start]
    return one.end < other.start and (blanks or _SOMETHING.search(between) is not None)


def _by_words(base: str, edits: Sequence[Edit]) -> list[Edit]:
    return [part for edit in edits for part in _words_of(base, edit)]


def _words_of(base: str, edit: Edit) -> Iterator[Edit]:
    old, new = _TOKEN.findall(base[edit.start : edit.end]), _TOKEN.findall(edit.text)
    at, done = edit.start, 0
    for i, j, k, m in changed_blocks(old, new):
        start = at + sum(map(len, old[done:i]))
        at, done = start + sum(map(len, old[i:j])), j
        yield Edit(start, at, "".join(new[k:m]))
