r"""A text held as lines, so that an edit costs as much as the lines it touches and not as much as the file.

Lines end with \n, \r\n or \r and nothing else, as the Language Server Protocol has it: a form feed or U+2028 is an
ordinary character inside a line. Lines keep their ends; the last one has none, so it may be empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from math import isqrt

from signoff.core.text import split_lines

_BLOCK = 256


def split(text: str) -> list[str]:
    """The lines of `text`, at least one; joined they are `text` again, and only the last lacks an end."""
    if "\r" not in text:
        *whole, last = text.split("\n")
        lines = [line + "\n" for line in whole]
    else:
        lines = split_lines(text)
        last = lines.pop() if lines[-1][-1] not in "\r\n" else ""
    lines.append(last)
    return lines


def content_length(line: str) -> int:
    """The length of `line` without its end."""
    if line.endswith("\r\n"):
        return len(line) - 2
    return len(line) - 1 if line.endswith(("\n", "\r")) else len(line)


class Lines:
    """The lines of one text in blocks of a few hundred, each block with its number of lines and of code points.

    With n lines, finding or replacing one costs O(sqrt(n)) steps, all of them in C.
    """

    __slots__ = ("_block", "_blocks", "_counts", "_firsts", "_sizes", "count")

    def __init__(self, text: str) -> None:
        lines = split(text)
        self.count = len(lines)
        """The number of lines, at least 1."""
        self._block = max(_BLOCK, isqrt(len(lines)))
        self._blocks = self._cut(lines)
        self._counts = [len(block) for block in self._blocks]
        self._sizes = [_size(block) for block in self._blocks]
        self._firsts: list[int] = []

    @property
    def size(self) -> int:
        """The length of the whole text in code points."""
        return sum(self._sizes)

    def text(self) -> str:
        """The whole text."""
        return "".join(chain.from_iterable(self._blocks))

    def line(self, number: int) -> str:
        """Line `number` (from 0, must exist), with its end."""
        block, index = self._find(number)
        return self._blocks[block][index]

    def start(self, number: int) -> int:
        """The offset in code points of the first character of line `number`, which must exist."""
        block, index = self._find(number)
        return sum(self._sizes[:block]) + _size(self._blocks[block][:index])

    def at(self, offset: int) -> tuple[int, int]:
        """The line that holds `offset` (0 to `size`), and the code points before it on that line."""
        ends = list(accumulate(self._sizes))
        block = min(bisect_right(ends, offset), len(ends) - 1)
        left = offset - (ends[block] - self._sizes[block])
        inner = list(accumulate(map(len, self._blocks[block])))
        index = min(bisect_right(inner, left), len(inner) - 1)
        line = self._blocks[block][index]
        return sum(self._counts[:block]) + index, left - (inner[index] - len(line))

    def replace(self, first: int, last: int, lines: Sequence[str]) -> None:
        """Put `lines` (at least one, as `split` makes them) in the place of lines `first` to `last`, both included."""
        block, index = self._find(first)
        if first == last and len(lines) == 1:
            self._sizes[block] += len(lines[0]) - len(self._blocks[block][index])
            self._blocks[block][index] = lines[0]
            return
        self.count += len(lines) - (last + 1 - first)
        end_block, end_index = self._find(last)
        kept = self._blocks[end_block][end_index + 1 :]
        pieces = self._cut([*self._blocks[block][:index], *lines, *kept])
        self._blocks[block : end_block + 1] = pieces
        self._counts[block : end_block + 1] = [len(piece) for piece in pieces]
        self._sizes[block : end_block + 1] = [_size(piece) for piece in pieces]
        self._firsts = []

    def _cut(self, lines: list[str]) -> list[list[str]]:
        """`lines` in blocks; one block may grow to twice the usual size before it is cut, so cuts are rare."""
        if len(lines) <= 2 * self._block:
            return [lines]
        return [lines[start : start + self._block] for start in range(0, len(lines), self._block)]

    def _find(self, number: int) -> tuple[int, int]:
        if not self._firsts:
            self._firsts = [0, *accumulate(self._counts[:-1])]
        block = bisect_right(self._firsts, number) - 1
        return block, number - self._firsts[block]


def _size(lines: Sequence[str]) -> int:
    return sum(map(len, lines))
