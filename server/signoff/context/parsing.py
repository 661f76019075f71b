"""A syntax tree within bounds: grammars need seconds and gigabytes for some texts that are none of their language."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

from tree_sitter import Node, Point, Tree

from signoff.context.grammars import parser

_SMALL = 1_000
_SECONDS = 0.3
_SECONDS_PER_BYTE = 3e-6
_MOST_SECONDS = 1.5
"""CPU time: ten times what a text of the language takes."""
_MOST_MEMORY = 200_000_000
_LOOK_AT_MEMORY = 32
_STATM = Path("/proc/self/statm")
_FLAT = 3_000
_DEEPEST = 10
_PIECE = 64
_MOST_REPEATED = 30
"""How many times shorter deflate makes a text at most; code becomes 3 to 10 times shorter."""


def parse(data: bytes, language: str) -> Tree | None:
    """The tree of a text in UTF-8; None when it takes too long or too much memory, or is too broken to be asked.

    The bounds are CPU time of this thread and growth of this process (Linux only); the code of real files stays far
    below them. They are looked at between steps of the parser, and one step can still take gigabytes where a few
    characters repeat for thousands: such a text is not parsed at all. A process that parses whatever it meets needs a
    limit of its own all the same.
    """
    if len(data) <= _SMALL:
        return parser(language).parse(data)
    if len(data) > _MOST_REPEATED * len(zlib.compress(data, 1)):
        return None
    tree = _bounded(data, language)
    return None if tree is None or _tangled(tree.root_node, 0) else tree


def _bounded(data: bytes, language: str) -> Tree | None:
    source, bounds = _Source(data), _Bounds(len(data))
    try:
        return parser(language).parse(source, progress_callback=bounds)
    except ValueError:
        # An abandoned parser would go on where it stopped.
        parser(language).reset()
        return None
    finally:
        source.parsed()


class _Source:
    """Hands a text to the parser.

    The binding keeps each object that a read returns for ever. A released view of the bytes is small; bytes are not.
    Once the tree is there, the texts of nodes are read through here too, and they must be bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._view: memoryview | None = None
        self._parsing = True

    def __call__(self, offset: int, _: Point) -> bytes | memoryview:
        if not self._parsing:
            return self._data[offset : offset + _PIECE]
        self._release()
        self._view = memoryview(self._data)[offset:]
        return self._view

    def parsed(self) -> None:
        """From now on nodes are read."""
        self._parsing = False
        self._release()

    def _release(self) -> None:
        if self._view is not None:
            self._view.release()
            self._view = None


class _Bounds:
    """Says whether to stop; the parser asks after each hundred steps."""

    def __init__(self, size: int) -> None:
        seconds = min(_SECONDS + size * _SECONDS_PER_BYTE, _MOST_SECONDS)
        self._until = time.thread_time() + seconds
        self._calls = 0
        self._memory = _memory()

    def __call__(self, _offset: int, _error: bool) -> bool:
        self._calls += 1
        if self._calls % _LOOK_AT_MEMORY == 0 and _memory() - self._memory > _MOST_MEMORY:
            return True
        return time.thread_time() > self._until


def _memory() -> int:
    """The bytes of memory that this process has now; 0 where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _tangled(node: Node, depth: int) -> bool:
    """Whether an error has so many children that a query, which looks at all of them for each, would never end."""
    if not node.has_error or depth > _DEEPEST:
        return False
    if node.is_error and node.child_count > _FLAT:
        return True
    return any(_tangled(child, depth + 1) for child in node.children)
