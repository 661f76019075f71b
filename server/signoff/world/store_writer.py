"""One thread that writes to the journal, and commits what is queued in one transaction (group commit)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from signoff.core.journal import StoreError

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

# Jobs in one transaction. Callers wait for their commit, so the queue holds at most a few for each session.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[sqlite3.Connection], object]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    alone: bool


class Writer:
    """Runs jobs on the folder's journal, in order, on a thread of its own; starts and connects at the first job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] = (0, 0)
        self._closed = False

    def submit(self, run: Callable[[sqlite3.Connection], T], alone: bool = False) -> asyncio.Future[T]:
        """Resolves to what `run(connection)` gave once that is durable; StoreError when it could not be stored.

        `run` happens inside a transaction and may happen twice, the first time rolled back; with `alone` it happens
        once, after all earlier jobs were committed and outside a transaction. Cancelling the future undoes nothing.
        """
        if self._closed:
            raise StoreError("The journal is closed.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="signoff-journal", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Job(run, future, loop, alone))
        return future

    async def close(self) -> None:
        """Returns when everything queued is settled and the connection closed."""
        self._closed = True
        self._queue.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        open_for_more = True
        while open_for_more:
            taken = self._take()
            jobs = [job for job in taken if job is not None]
            open_for_more = len(jobs) == len(taken)
            for alone, some in groupby(jobs, lambda job: job.alone):
                for batch in [[job] for job in some] if alone else [list(some)]:
                    _settle(batch, self._perform(batch))
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[_Job | None]:
        """What is queued now, at least one; None is the end."""
        taken = [self._queue.get()]
        with contextlib.suppress(Empty):
            while len(taken) < _MOST:
                taken.append(self._queue.get_nowait())
        return taken

    def _perform(self, jobs: Sequence[_Job]) -> list[object]:
        """One outcome for each job: its result, or the exception that it ends with."""
        # Here, so that starting the server does not import sqlite3.
        from signoff.world import sqlite_journal as journal

        try:
            connection = self._connect()
            return self._attempt(connection, jobs)
        except StoreError as trouble:
            return [trouble] * len(jobs)
        except Exception as trouble:
            if len(jobs) > 1:
                # One job may be at fault, or too large for the disk: the others need not fail with it.
                return [outcome for job in jobs for outcome in self._perform([job])]
            if isinstance(trouble, journal.DatabaseTrouble):
                return [StoreError(journal.words(trouble, self._folder / journal.FILE))]
            return [trouble]

    def _attempt(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[object]:
        from signoff.world.sqlite_journal import rollback

        if jobs[0].alone:
            return [_outcome(job, connection) for job in jobs]
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [_outcome(job, connection) for job in jobs]
            connection.execute("COMMIT")
        except BaseException:
            rollback(connection)
            raise
        return outcomes

    def _connect(self) -> sqlite3.Connection:
        from signoff.world import sqlite_journal as journal

        path = self._folder / journal.FILE
        if self._connection is None:
            self._connection = journal.open_journal(self._folder)
            self._inode = _inode(path)
        elif _inode(path) != self._inode:
            # SQLite would go on writing to a file that no longer has a name, and lose it at the end.
            raise StoreError(f"{path} was moved or deleted while Signoff ran; nothing was stored. Restart Signoff.")
        return self._connection


def _outcome(job: _Job, connection: sqlite3.Connection) -> object:
    """The job's result, or its refusal: a job refuses before it writes anything, so the others can go on."""
    try:
        return job.run(connection)
    except StoreError as refusal:
        return refusal


def _inode(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return -1, -1
    return found.st_dev, found.st_ino


def _settle(jobs: Sequence[_Job], outcomes: Sequence[object]) -> None:
    """Hands the outcomes to the waiting loops: one wake-up for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], object]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, settled in by_loop.items():
        # A loop that was closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, settled)


def _resolve(settled: Sequence[tuple[asyncio.Future[Any], object]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            # A copy for each caller: a shared exception would collect everybody's traceback.
            future.set_exception(StoreError(str(outcome)) if isinstance(outcome, StoreError) else outcome)
        else:
            future.set_result(outcome)
