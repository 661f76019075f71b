"""The embedded store: one SQLite file for all sessions, one writer thread, one lock per session.

Satisfies `runtime.ports.Store`. Making a store does nothing to the disk; its first method opens or makes the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from signoff.core.journal import Row, SessionRow, StoreError
from signoff.world.folders import private_folder
from signoff.world.session_lock import take
from signoff.world.store_writer import Writer

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class SqliteStore:
    """The journal in `folder`. Several stores, in one process or in many, may use one folder at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = Writer(folder)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="signoff-journal-reader")
        self._reading: sqlite3.Connection | None = None
        self._closed = False
        # Only the writer's thread touches the locks, so that they change in step with what is committed.
        self._locks: dict[str, int] = {}

    async def claim(self, session: str, workspace: str, at: str) -> bool:
        """Makes this store the session's only writer (creating the session); False while another one is."""

        def claim(connection: sqlite3.Connection) -> bool:
            from signoff.world import sqlite_journal

            if not self._lock(session):
                return False
            sqlite_journal.create(connection, session, workspace, at)
            return True

        had = session in self._locks
        claiming = self._writer.submit(claim)
        try:
            return await claiming
        except BaseException:
            # The session was not stored, or nobody waits for it any more: others may have it.
            if not had:
                self._writer.submit(lambda _: self._unlock(session), alone=True)
            raise

    async def release(self, session: str) -> None:
        """Gives the session up for other stores, after all that was queued for it is stored."""
        await self._writer.submit(lambda _: self._unlock(session), alone=True)

    async def append(self, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]) -> None:
        """All of rows and texts, durable when it returns, or nothing. `expected` is the last stored seq.

        Rows are numbered from expected + 1 (ValueError otherwise). `texts` holds every text that the rows name, also
        one that is stored already. A cancelled call may still be stored: read the session to know.
        """
        if any(row.session != session or row.seq != expected + at for at, row in enumerate(rows, 1)):
            raise ValueError(f"rows of {session} must be numbered from {expected + 1}")

        def append(connection: sqlite3.Connection) -> None:
            from signoff.world import sqlite_journal

            if session not in self._locks:
                raise StoreError(f"Session {session} is not open for writing in this process. Open it again.")
            sqlite_journal.append(connection, session, expected, rows, texts)

        await self._writer.submit(append)

    async def read(self, session: str, after: int = 0) -> list[Row]:
        """The session's rows with seq > after, in order; [] for a session that is not known."""
        from signoff.world import sqlite_journal

        if not _SESSION.fullmatch(session):
            return []
        return await self._read(lambda connection: sqlite_journal.read(connection, session, after))

    async def texts(self, digests: Sequence[str]) -> dict[str, str]:
        """The stored texts of those digests; erased or unknown ones are absent."""
        from signoff.world import sqlite_journal

        return await self._read(lambda connection: sqlite_journal.read_texts(connection, digests))

    async def sessions(self, workspace: str | None = None) -> list[SessionRow]:
        """All known sessions (of one workspace URI), newest first."""
        from signoff.world import sqlite_journal

        # SQLite takes no lone surrogates; a folder with one is known under its escaped URI.
        named = None if workspace is None else workspace.encode("utf-8", "replace").decode()
        return await self._read(lambda connection: sqlite_journal.sessions(connection, named))

    async def purge(self, session: str) -> None:
        """Erases the session's rows, and texts that no other session uses, also from free space in the file.

        StoreError while another store is the session's writer.
        """

        def purge(connection: sqlite3.Connection) -> None:
            from signoff.world import sqlite_journal

            if not self._lock(session):
                raise StoreError(f"Session {session} is in use by another Signoff process. Close it there first.")
            sqlite_journal.purge(connection, session)

        await self._writer.submit(purge)
        await self._writer.submit(lambda connection: self._forget(connection, session), alone=True)

    async def close(self) -> None:
        """Waits for what is queued, then lets go of the database and of every claimed session."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._reader, self._close_reader)
        self._reader.shutdown()
        await self._writer.close()
        for session in tuple(self._locks):
            self._unlock(session)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StoreError("The journal is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._query, query)

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        from signoff.world import sqlite_journal

        if self._reading is None:
            self._reading = sqlite_journal.open_journal(self._folder)
        try:
            return query(self._reading)
        except sqlite_journal.DatabaseTrouble as trouble:
            raise StoreError(sqlite_journal.words(trouble, self._folder / sqlite_journal.FILE)) from trouble

    def _close_reader(self) -> None:
        if self._reading is not None:
            self._reading.close()

    def _lock(self, session: str) -> bool:
        """Whether this store is the session's writer, now or already."""
        if session in self._locks:
            return True
        if not _SESSION.fullmatch(session):
            raise StoreError(f"{session[:100]!r} is not a session id.")
        try:
            handle = take(self._lock_file(session))
        except OSError as trouble:
            raise StoreError(f"{trouble.filename}: {trouble.strerror}. The session cannot be locked.") from trouble
        if handle is None:
            return False
        self._locks[session] = handle
        return True

    def _lock_file(self, session: str) -> Path:
        return private_folder(self._folder / "locks") / f"{session}.lock"

    def _unlock(self, session: str) -> None:
        handle = self._locks.pop(session, None)
        if handle is not None:
            os.close(handle)

    def _forget(self, connection: sqlite3.Connection, session: str) -> None:
        from signoff.world import sqlite_journal

        try:
            sqlite_journal.empty_log(connection)
            # While it is locked, so that nobody can be waiting for a lock on a file without a name.
            with contextlib.suppress(OSError):
                self._lock_file(session).unlink()
        finally:
            self._unlock(session)
