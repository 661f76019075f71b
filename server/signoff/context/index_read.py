"""How a file's bytes become a document: what is looked into, and the row that remembers it."""

from __future__ import annotations

import threading
import time

from signoff.context.index_outline import digest
from signoff.context.index_types import LARGEST, Content, Store
from signoff.context.languages import is_generated
from signoff.context.words import split_words
from signoff.core.indexed import FileRow

# A file that changed less than this before it was read may change again without a trace.
_TICK_NS = 50_000_000
_HEAD = 8_192
_BEGINNING = 1_000


class Ids:
    """Hands out ids that no file ever had, in any thread."""

    def __init__(self, store: Store, at_once: int = 5_000) -> None:
        self._store, self._at_once = store, at_once
        self._next: int = 0
        self._end: int = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """One id. Raises OSError."""
        with self._lock:
            if self._next == self._end:
                self._next = self._store.reserve(self._at_once)
                self._end = self._next + self._at_once
            self._next += 1
            return self._next - 1


def searchable(path: str, data: bytes) -> bool:
    """Whether the text is looked into: not when it is too large, no text, or made by a program."""
    if not data or len(data) > LARGEST or b"\0" in data[:_HEAD]:
        return False
    # Most files need no closer look, and this is called for all of them: a line end, and no such word.
    beginning = data[:_BEGINNING].lower()
    plain = b"\n" in beginning and b"generated" not in beginning and b"edit" not in beginning
    return not is_generated(path, "" if plain else data[:_HEAD].decode("utf-8", "replace"))


def row_of(number: int, path: str, content: Content, parsed: bool) -> FileRow:
    """What to remember of a file. One that changed just now has no time: it is read again at the next look."""
    large = max(content.size, len(content.data)) > LARGEST
    blob = f"large {content.size} {content.mtime_ns}" if large else digest(content.data)
    fresh = time.time_ns() - content.mtime_ns < _TICK_NS
    return FileRow(number, path, content.size, 0 if fresh else content.mtime_ns, blob, parsed)


def split_path(path: str) -> str:
    """The words of a path."""
    return split_words(path.encode("utf-8", "replace")).decode("utf-8", "replace")
