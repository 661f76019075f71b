"""A store in memory for tests, held to the same contract as the real one (tests/contract/test_store.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from signoff.core.journal import Row, SessionRow, StoreError

_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(slots=True)
class MemoryJournal:
    """What outlives a store: hand one journal to two stores, and they behave as two processes on one folder."""

    sessions: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    rows: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    uses: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    writers: dict[str, MemoryStore] = field(default_factory=dict[str, "MemoryStore"])


class MemoryStore:
    """Satisfies `runtime.ports.Store`. `crash()` is a kill: the journal stays, the locks are gone."""

    def __init__(self, journal: MemoryJournal | None = None) -> None:
        self.journal = journal if journal is not None else MemoryJournal()
        self._closed = False

    async def claim(self, session: str, workspace: str, at: str) -> bool:
        self._check()
        if not _SESSION.fullmatch(session):
            raise StoreError(f"{session!r} is not a session id.")
        if self.journal.writers.setdefault(session, self) is not self:
            return False
        self.journal.sessions.setdefault(session, (workspace, at))
        return True

    async def release(self, session: str) -> None:
        self._check()
        if self.journal.writers.get(session) is self:
            del self.journal.writers[session]

    async def append(self, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]) -> None:
        if any(row.session != session or row.seq != expected + at for at, row in enumerate(rows, 1)):
            raise ValueError(f"rows of {session} must be numbered from {expected + 1}")
        self._check()
        if self.journal.writers.get(session) is not self:
            raise StoreError(f"Session {session} is not open for writing in this process. Open it again.")
        stored = self.journal.rows.setdefault(session, [])
        if len(stored) != expected:
            raise StoreError(f"Session {session} has {len(stored)} events in the journal, not {expected}.")
        stored.extend(rows)
        for digest, text in texts.items():
            self.journal.texts.setdefault(digest, text)
            self.journal.uses.add((digest, session))

    async def read(self, session: str, after: int = 0) -> list[Row]:
        self._check()
        return [row for row in self.journal.rows.get(session, []) if row.seq > after]

    async def texts(self, digests: Sequence[str]) -> dict[str, str]:
        self._check()
        return {digest: self.journal.texts[digest] for digest in digests if digest in self.journal.texts}

    async def sessions(self, workspace: str | None = None) -> list[SessionRow]:
        self._check()
        found = [
            SessionRow(session, where, created, len(self.journal.rows.get(session, [])))
            for session, (where, created) in self.journal.sessions.items()
            if workspace is None or where == workspace
        ]
        return sorted(found, key=lambda row: (row.created, row.session), reverse=True)

    async def purge(self, session: str) -> None:
        self._check()
        journal = self.journal
        if journal.writers.get(session, self) is not self:
            raise StoreError(f"Session {session} is in use by another Signoff process. Close it there first.")
        mine = {digest for digest, user in journal.uses if user == session}
        journal.uses = {(digest, user) for digest, user in journal.uses if user != session}
        for digest in mine - {digest for digest, _ in journal.uses}:
            del journal.texts[digest]
        journal.rows.pop(session, None)
        journal.sessions.pop(session, None)
        journal.writers.pop(session, None)

    async def close(self) -> None:
        self.crash()

    def crash(self) -> None:
        """Ends this store as kill -9 ends a process."""
        self._closed = True
        self.journal.writers = {session: store for session, store in self.journal.writers.items() if store is not self}

    def _check(self) -> None:
        if self._closed:
            raise StoreError("The journal is closed.")
