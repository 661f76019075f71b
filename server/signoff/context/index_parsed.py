"""Takes in what parsing says of files, in the background: names, chunks and outlines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from signoff.context.index import Index
from signoff.context.index_types import Parsed
from signoff.context.languages import language_of
from signoff.core.indexed import CHUNK_BITS, ChunkRow, FileRow

Job = tuple[str, bytes | None, bytes | None]
"""A path, its text if that is not the disk's, and its outline if that is known."""
Parse = Callable[[Sequence[Job], Sequence[Callable[[Parsed | None], None]], bool], None]
"""Parses elsewhere and tells each job's outcome in some thread, None for a file that can't be parsed; urgent or not."""

_COMMIT_S = 5.0
_MOST_CHUNKS = (1 << CHUNK_BITS) - 1


class Parsing:
    """`start` and `settle` are for the builder's thread; replies come in others."""

    def __init__(self, index: Index, parse: Parse, wait: Callable[[], None]) -> None:
        self._index, self._parse, self._wait = index, parse, wait
        self._lock = threading.Lock()
        self._pending: dict[int, FileRow] = {}
        self._done: list[FileRow] = []
        self._chunks: list[ChunkRow] = []
        self._outlines: list[tuple[str, str, bytes]] = []
        self._committed = time.monotonic()
        self.changed: list[str] = []
        """Files that had changed when they were parsed."""

    @property
    def busy(self) -> bool:
        """Whether there are replies to come, or to be committed."""
        return bool(self._pending or self._done)

    def start(self, rows: Sequence[FileRow]) -> None:
        """Asks for the files to be parsed. Raises OSError."""
        store = self._index.store
        with self._lock:
            rows = [row for row in rows if row.id not in self._pending]
            self._pending.update((row.id, row) for row in rows)
        known = store.has_outlines()
        jobs: list[Job] = [
            (row.path, None, store.outline(row.digest, language_of(row.path)) if known else None) for row in rows
        ]
        self._parse(jobs, [self._taker(row) for row in rows], False)

    def settle(self) -> None:
        """Commits what has come when all has, or some time has passed. Raises as `Table` and `Store`."""
        now = time.monotonic()
        if self._pending and now - self._committed < _COMMIT_S:
            return
        with self._lock:
            done, self._done = self._done, []
            chunks, self._chunks = self._chunks, []
            outlines, self._outlines = self._outlines, []
        if done:
            self._index.store.save_parsed(chunks, outlines)
        for table in (self._index.names_table, self._index.chunks_table):
            table.commit()
        current = [row._replace(parsed=True) for row in done if self._is_current(row)]
        if current:
            self._index.store.save(current)
        self._index.shown.set_rows(current)
        self._committed = time.monotonic()
        if not self.busy:
            self._finish()

    def _finish(self) -> None:
        for table in (self._index.names_table, self._index.chunks_table):
            table.rest()
        self._index.store.clean()
        if self._index.ready:
            self._index.ready = "full"

    def _is_current(self, row: FileRow) -> bool:
        known = self._index.shown.row(row.path)
        return known is not None and known.id == row.id

    def _taker(self, row: FileRow) -> Callable[[Parsed | None], None]:
        def take(parsed: Parsed | None) -> None:
            self._wait()
            self.take(row, parsed)

        return take

    def take(self, row: FileRow, parsed: Parsed | None) -> None:
        """Adds what was found in the file; it shows after `settle`."""
        fits = parsed is not None and parsed.digest == row.digest
        if parsed is not None and fits and self._is_current(row):
            add(self._index, row.id, parsed)
        with self._lock:
            self._pending.pop(row.id, None)
            if parsed is not None and not fits:
                self.changed.append(row.path)
                return
            self._done.append(row)
            if parsed is not None:
                self._chunks += chunk_rows(row.id, parsed)
                self._outlines.append((row.digest, language_of(row.path), parsed.packed))


def add(index: Index, file: int, parsed: Parsed) -> None:
    """Adds the documents of a file's names and chunks."""
    names = {"symbols": parsed.symbols, "defines": parsed.defines}
    index.names_table.add(file, file, {**names, "references": parsed.references, "imports": parsed.imports})
    for at, piece in enumerate(parsed.pieces[:_MOST_CHUNKS]):
        number = (file << CHUNK_BITS) + at
        index.chunks_table.add(number, file, {"body": piece.body, "symbols": piece.symbols})


def chunk_rows(file: int, parsed: Parsed) -> list[ChunkRow]:
    """The rows of a file's chunks."""
    return [ChunkRow((file << CHUNK_BITS) + at, *piece[:4]) for at, piece in enumerate(parsed.pieces[:_MOST_CHUNKS])]
