"""Takes in what parsing says of files, in the background: names, chunks and outlines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from signoff.context.index import Index
from signoff.context.index_types import Parsed
from signoff.context.languages import language_of
from signoff.core.indexed import CHUNK_BITS, ChunkRow, FileRow

Job = tuple[str, bytes | None, bytes | None]
"""A path, its text if that is not the disk's, and its outline if that is known."""
Parse = Callable[[Sequence[Job], Sequence[Callable[[Parsed | None], None]], bool], None]
"""Parses elsewhere and tells each job's outcome in some thread, None for a text that ends its parser; urgent or not."""

_COMMIT_S = 5.0
# The first of many are being parsed while the others are asked for.
_ASK_AT_ONCE = 1_000
_MOST_CHUNKS = (1 << CHUNK_BITS) - 1


class Parsing:
    """`start` and `settle` are for the builder's thread; replies come in others."""

    def __init__(self, index: Index, parse: Parse, wait: Callable[[], None]) -> None:
        self._index, self._parse, self._wait = index, parse, wait
        self._lock = threading.Lock()
        self._pending: dict[int, FileRow] = {}
        self._done: list[tuple[FileRow, list[ChunkRow]]] = []
        self._outlines: list[tuple[str, str, bytes]] = []
        self._trouble: OSError | ValueError | None = None
        self._committed = time.monotonic()
        self._stopped = False
        self.changed: list[str] = []
        """Files that had changed when they were parsed."""

    @property
    def busy(self) -> bool:
        """Whether there are replies to come, or to be committed."""
        return bool(self._pending or self._done or self._trouble)

    def start(self, rows: Sequence[FileRow]) -> None:
        """Asks for the files to be parsed, each text once. Raises OSError."""
        with self._lock:
            rows = [row for row in rows if row.id not in self._pending]
            self._pending.update((row.id, row) for row in rows)
        same: dict[tuple[str, str], list[FileRow]] = {}
        for row in rows:
            same.setdefault((row.digest, language_of(row.path)), []).append(row)
        self._ask(same)

    def stop(self) -> None:
        """From now on replies are dropped: the index is closed."""
        self._stopped = True

    def _ask(self, same: Mapping[tuple[str, str], list[FileRow]]) -> None:
        """Has the first of each list parsed; the others have the same text in the same language."""
        outline = self._index.store.outline if self._index.store.has_outlines() else _no_outline
        several = list(same.items())
        for at in range(0, len(several), _ASK_AT_ONCE):
            some = several[at : at + _ASK_AT_ONCE]
            jobs: list[Job] = [(rows[0].path, None, outline(*what)) for what, rows in some]
            self._parse(jobs, [self._taker(what, rows) for what, rows in some], False)

    def settle(self) -> None:
        """Commits what has come when all has, or some time has passed. Raises as `Table` and `Store`."""
        now = time.monotonic()
        if self._trouble is not None:
            raise self._trouble
        if self._pending and now - self._committed < _COMMIT_S:
            return
        with self._lock:
            done, self._done = self._done, []
            outlines, self._outlines = self._outlines, []
        current = [(row, chunks) for row, chunks in done if self._is_current(row)]
        tables = (self._index.names_table, self._index.chunks_table)
        if len(current) < len(done):
            kept = {row.id for row, _ in current}
            for table in tables:
                table.remove(row.id for row, _ in done if row.id not in kept)
        for table in tables:
            table.commit()
        if done:
            rows = [FileRow(*row[:5], True) for row, _ in current]
            self._index.store.save_parsed([one for _, chunks in current for one in chunks], outlines, rows)
            self._index.shown.set_rows(rows)
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

    def _taker(self, what: tuple[str, str], rows: list[FileRow]) -> Callable[[Parsed | None], None]:
        def take(parsed: Parsed | None) -> None:
            self._wait()
            try:
                if not self._stopped:
                    self._take(what, rows, parsed)
            except (OSError, ValueError) as trouble:
                # The builder's thread is the one that can do something about it.
                self._trouble = trouble

        return take

    def _take(self, what: tuple[str, str], rows: list[FileRow], parsed: Parsed | None) -> None:
        """Adds what was found in the files; it shows after `settle`."""
        first, *others = rows
        if parsed is not None and parsed.digest != first.digest:
            if others:
                self._ask({what: others})
            with self._lock:
                self._pending.pop(first.id, None)
                self.changed.append(first.path)
            return
        if parsed is not None:
            for row in filter(self._is_current, rows):
                add(self._index, row.id, parsed)
        done = [(row, chunk_rows(row.id, parsed) if parsed is not None else []) for row in rows]
        with self._lock:
            for row in rows:
                self._pending.pop(row.id, None)
            self._done += done
            if parsed is not None:
                self._outlines.append((*what, parsed.packed))


def _no_outline(_digest: str, _language: str) -> None:
    """Of a new index."""


def add(index: Index, file: int, parsed: Parsed) -> None:
    """Adds the documents of a file's names and chunks."""
    names = {"defines": parsed.defines, "references": parsed.references}
    index.names_table.add(file, file, names)
    for at, piece in enumerate(parsed.pieces[:_MOST_CHUNKS]):
        number = (file << CHUNK_BITS) + at
        index.chunks_table.add(number, file, {"body": piece.body})


def chunk_rows(file: int, parsed: Parsed) -> list[ChunkRow]:
    """The rows of a file's chunks."""
    return [ChunkRow((file << CHUNK_BITS) + at, *piece[:4]) for at, piece in enumerate(parsed.pieces[:_MOST_CHUNKS])]
