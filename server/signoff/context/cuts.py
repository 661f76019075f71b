"""Where a run of lines is best cut: at blank lines, before lines that are indented little."""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

LARGEST_WHOLE = 1_000_000
"""Characters of a text that is cut with care."""
MOST_LINES = 32
MOST_CHARACTERS = 3_000
AIM = 18
LEAST = 8
"""Lines of a piece: the most, the best, and the fewest that a search for a good place leaves."""

_RUN = re.compile(rf"(?:[^\n]*\n){{1,{AIM}}}|[^\n]+\Z")
_OPENERS = ("#", "//", "/*", "*", "@", "--", ";;", '"""', "<!--", "[")
_FAR = 1_000
# How bad it is that a piece has so many lines.
_OFF_AIM = [abs(length - AIM) / 3 for length in range(MOST_LINES + 1)]


class Lines:
    """The lines of a text, with what it takes to cut them: most texts are short, and need little of it."""

    def __init__(self, text: str) -> None:
        """Take in the text, whose lines end at newlines alone. A newline at the end begins no line."""
        self._lines = text.split("\n")
        if self._lines[-1] == "":
            self._lines.pop()
        self._short = len(text) < MOST_CHARACTERS

    @cached_property
    def _ends(self) -> list[int]:
        """Where each line begins, and where the last one ends."""
        return [0, *accumulate([len(line) + 1 for line in self._lines])]

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def fits(self, start: int, end: int) -> bool:
        """Whether the lines `[start, end)` may be one piece."""
        if end - start <= 1:
            return True
        return end - start <= MOST_LINES and (self._short or self._ends[end] - self._ends[start] <= MOST_CHARACTERS)

    def blank(self, start: int, end: int) -> bool:
        """Whether nothing is on the lines `[start, end)`; said only of a few lines."""
        return end - start <= AIM and not any(map(str.strip, self._lines[start:end]))

    def indent(self, at: int) -> int:
        """The characters before the line's first word; 1,000 for a blank line."""
        line = self._lines[at]
        bare = line.lstrip()
        return len(line) - len(bare) if bare else _FAR

    def comment_start(self, at: int, least: int) -> int:
        """The first of the comment or decorator lines right above line `at`, not before line `least`."""
        indent, first = self.indent(at), at
        while first > least and at - first < AIM and self.indent(first - 1) == indent:
            if not self._lines[first - 1].lstrip().startswith(_OPENERS):
                break
            first -= 1
        return self._block_comment(first, least)

    def _block_comment(self, at: int, least: int) -> int:
        """Before a line, the comment that ends on the line above and has `*/` there, up to its `/*`."""
        if at <= least or not self._lines[at - 1].rstrip().endswith("*/"):
            return at
        for first in range(at - 1, max(least, at - AIM) - 1, -1):
            if self._lines[first].lstrip().startswith("/*"):
                return first
        return at

    def last_fitting(self, start: int, end: int) -> int:
        """The end of the longest piece that may begin at `start`; at least one line."""
        if self._short:
            return min(end, start + MOST_LINES)
        within = bisect_right(self._ends, self._ends[start] + MOST_CHARACTERS) - 1
        return max(start + 1, min(end, start + MOST_LINES, within))

    def best_cut(self, start: int, least: int, last: int) -> int:
        """The best line from `least` to `last` to cut before, in a piece from `start`; the first of equals.

        Best are those after a blank line and at little indent, not far from the length that is aimed at.
        """
        costs = list(map(operator.add, self._costs[least : last + 1], _OFF_AIM[least - start :]))
        return least + costs.index(min(costs))

    @cached_property
    def _costs(self) -> list[int]:
        """How bad a cut before each line is, wherever the piece began."""
        bare = [line.lstrip() for line in self._lines]
        indents = [len(line) - len(rest) if rest else _FAR for line, rest in zip(self._lines, bare, strict=True)]
        after_blank = [0, *(12 if indent == _FAR else 0 for indent in indents)]
        return [(indent if indent < 40 else 40) - less for indent, less in zip(indents, after_blank, strict=False)]


def cut(lines: Lines, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut the lines `[start, end)` into pieces that fit; they cover it in order."""
    while start < end:
        last = lines.last_fitting(start, end)
        if last < end:
            least = min(start + LEAST, last)
            last = lines.best_cut(start, least, last)
        yield start, last
        start = last


def coarse(text: str) -> Iterator[tuple[int, int]]:
    """Cut a huge text by length alone, without a list of its lines: `[start, end)` of lines, in order."""
    line = 0
    for run in _RUN.finditer(text):
        block = run[0]
        count = block.count("\n") + (not block.endswith("\n"))
        if len(block) <= MOST_CHARACTERS or count == 1:
            yield line, line + count
        else:
            yield from ((line + first, line + last) for first, last in cut(Lines(block), 0, count))
        line += count
