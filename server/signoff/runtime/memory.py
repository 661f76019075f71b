"""Earlier sessions of a workspace, as the journal has them: what they were for and what came of them."""

from __future__ import annotations

import asyncio
import logging

from signoff.core import paths
from signoff.core.envelope import Envelope
from signoff.core.evolve import fold
from signoff.core.notes import Remembered
from signoff.core.state import State
from signoff.runtime.journal import Journal
from signoff.runtime.ports import SessionRow, Store, StoreError

log = logging.getLogger(__name__)

MOST_READ = 40
"""Sessions that are looked into, the newest ones."""


class Memory:
    """Reads finished sessions, each once."""

    def __init__(self, journal: Journal, store: Store) -> None:
        self._journal, self._store = journal, store
        self._known: dict[str, tuple[int, Remembered | None]] = {}

    async def of(self, workspace: str, without: str = "") -> tuple[Remembered, ...]:
        """The workspace's finished sessions but for `without`, newest first; () when the journal can't be read."""
        try:
            rows = await self._store.sessions(workspace)
        except StoreError as error:
            log.warning("Earlier sessions can't be listed: %s", error)
            return ()
        found = [await self._read(row) for row in rows[:MOST_READ] if row.session != without and row.last_seq]
        return tuple(one for one in found if one is not None)

    async def _read(self, row: SessionRow) -> Remembered | None:
        known = self._known.get(row.session)
        if known and known[0] == row.last_seq:
            return known[1]
        try:
            facts = await self._journal.read(row.session)
        except StoreError as error:
            log.warning("An earlier session is left out: %s", error)
            facts = []
        made = await asyncio.to_thread(_remembered, row.session, facts)
        self._known[row.session] = (row.last_seq, made)
        return made


def _remembered(session: str, facts: list[Envelope]) -> Remembered | None:
    state = fold(session, facts)
    if not (state.finished or (state.archived and state.summary)):
        return None
    changed = (hunk.to_uri or hunk.uri for hunk in state.hunks.values() if hunk.status == "applied")
    files = tuple(dict.fromkeys(paths.shown(state.workspace, uri) for uri in changed))
    return Remembered(session, facts[-1].at, state.goal, state.summary, _plan(state), files)


def _plan(state: State) -> str:
    """How the plan came out, in a line."""
    if state.plan is None or state.plan.status != "approved":
        return ""
    done = sum(step.status == "done" for step in state.plan.steps)
    left = [step.text for step in state.plan.steps if step.status not in ("done", "skipped")]
    rest = f"; not done: {', '.join(left)}" if left else ""
    return f"{done} of {len(state.plan.steps)} steps done{rest}"
