"""What an index knows beside its words: which file is which document, chunks, and outlines by the blob's digest.

One SQLite file. All of it can be made again from the workspace: whatever is odd about it, it is thrown away.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from signoff.core.indexed import CHUNK_BITS, ChunkRow, FileRow

FORMAT = 2
"""Goes up with every change of the tables. What is in them depends on more: that is the `version`."""
# Outlines of blobs that no file has now: kept for the way back to another branch.
MOST_UNUSED = 30_000

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    digest TEXT NOT NULL, parsed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS chunks (
    number INTEGER PRIMARY KEY, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, symbol TEXT NOT NULL,
    kind TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outlines (
    digest TEXT NOT NULL, language TEXT NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (digest, language)
);
"""
_CHUNKS = "SELECT number, start_line, end_line, symbol, kind FROM chunks"
_ADD_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)"
_COUNT_UNUSED = "SELECT count(*) FROM outlines WHERE digest NOT IN (SELECT digest FROM files)"
_DELETE_UNUSED = (
    "DELETE FROM outlines WHERE rowid IN (SELECT rowid FROM outlines"
    " WHERE digest NOT IN (SELECT digest FROM files) ORDER BY rowid LIMIT ?)"
)


@contextmanager
def _as_oserror() -> Generator[None, None, None]:
    """To whoever asks, a damaged database is trouble with a file like any other."""
    try:
        yield
    except sqlite3.Error as trouble:
        raise OSError(f"the database of the index: {trouble}") from trouble


class Store:
    """May be used by any thread; all but `close` may raise OSError. `path` None keeps it in memory.

    `version` is another one wherever the same files would be stored otherwise: what another one stored is refused.
    """

    def __init__(self, path: str | None, version: str) -> None:
        self._lock = threading.RLock()
        with _as_oserror():
            self._base = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        try:
            with _as_oserror():
                self._open(f"{FORMAT} {version}")
        except OSError:
            self._base.close()
            raise

    def _open(self, wanted: str) -> None:
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _TABLES)
        found = self._meta("version")
        if found is None:
            self._base.execute("INSERT INTO meta VALUES ('version', ?)", (wanted,))
        elif found != wanted:
            raise OSError(f"the index is of version {found}, not {wanted}")

    @contextmanager
    def _held(self) -> Generator[None, None, None]:
        with self._lock, _as_oserror():
            yield

    @contextmanager
    def _whole(self) -> Generator[None, None, None]:
        """All that is written inside, or nothing of it."""
        self._base.execute("BEGIN")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise

    def files(self) -> list[FileRow]:
        """All files."""
        with self._held():
            rows = self._base.execute("SELECT id, path, size, mtime_ns, digest, parsed FROM files").fetchall()
        return [FileRow._make(row) for row in rows]

    def reserve(self, count: int) -> int:
        """The first of `count` ids that no file ever had, nor will have: also not after a crash."""
        with self._held():
            first = int(self._meta("next") or 1)
            self._base.execute("INSERT OR REPLACE INTO meta VALUES ('next', ?)", (str(first + count),))
        return first

    def save(self, files: Iterable[FileRow], gone: Iterable[int] = ()) -> None:
        """Adds and replaces files by id; forgets those that are gone, and their chunks."""
        with self._held(), self._whole():
            for file in gone:
                self._base.execute("DELETE FROM files WHERE id = ?", (file,))
                self._base.execute("DELETE FROM chunks WHERE number BETWEEN ? AND ?", _numbers(file))
            self._base.executemany(_ADD_FILE, files)

    def save_parsed(
        self, chunks: Iterable[ChunkRow], outlines: Iterable[tuple[str, str, bytes]], files: Iterable[FileRow] = ()
    ) -> None:
        """Adds chunks, outlines as (digest, language, packed), and files by id: all of it or nothing."""
        with self._held(), self._whole():
            self._base.executemany("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?)", chunks)
            self._base.executemany("INSERT OR REPLACE INTO outlines VALUES (?, ?, ?)", outlines)
            self._base.executemany(_ADD_FILE, files)

    def chunks_of(self, file: int) -> list[ChunkRow]:
        """The file's chunks in their order; [] before it was parsed."""
        with self._held():
            rows = self._base.execute(f"{_CHUNKS} WHERE number BETWEEN ? AND ?", _numbers(file)).fetchall()
        return [ChunkRow._make(row) for row in rows]

    def count_chunks(self) -> int:
        """How many chunks all files have."""
        with self._held():
            return int(self._base.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def outline(self, digest: str, language: str) -> bytes | None:
        """The packed outline of a blob."""
        with self._held():
            row = self._base.execute(
                "SELECT packed FROM outlines WHERE digest = ? AND language = ?", (digest, language)
            ).fetchone()
        return row[0] if row else None

    def has_outlines(self) -> bool:
        """Whether any outline is stored."""
        with self._held():
            return self._base.execute("SELECT 1 FROM outlines LIMIT 1").fetchone() is not None

    def clean(self) -> None:
        """Drops the oldest outlines that no file needs, when there are too many."""
        with self._held():
            extra = self._base.execute(_COUNT_UNUSED).fetchone()[0] - MOST_UNUSED
            if extra > 0:
                self._base.execute(_DELETE_UNUSED, (extra,))

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._base.close()

    def _meta(self, name: str) -> str | None:
        row = self._base.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


def _numbers(file: int) -> tuple[int, int]:
    return file << CHUNK_BITS, ((file + 1) << CHUNK_BITS) - 1
