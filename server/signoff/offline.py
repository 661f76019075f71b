"""What the terminal does without a language server: export, replay and purge of sessions; the embedded model's file.

Wires rooms together as app.py does for the server, and is imported only by the commands that need it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

from signoff import __version__
from signoff.core.envelope import Envelope
from signoff.core.evolve import fold
from signoff.core.hunks import Hunk
from signoff.core.journal import StoreError
from signoff.core.protocol import Position, Range
from signoff.core.view import view
from signoff.runtime.codec import decode_envelope, encode_envelope
from signoff.runtime.journal import Journal
from signoff.runtime.wire import to_wire
from signoff.world.folders import folders
from signoff.world.model_file import ModelInfo
from signoff.world.model_pull import ModelTrouble, info, installed, pull, remove

__all__ = [
    "ModelTrouble",
    "StoreError",
    "export_session",
    "local_model",
    "local_model_info",
    "local_model_runs",
    "pull_local_model",
    "purge_session",
    "remove_local_model",
    "replay",
    "session_ids",
]

FORMAT = "signoff session"
VERSION = 1

T = TypeVar("T")


def session_ids() -> list[str]:
    """The ids of all sessions that the journal holds, newest first. Raises StoreError."""

    async def ids(journal: Journal, store: Any) -> list[str]:
        return [row.session for row in await store.sessions() if row.last_seq]

    return _with_journal(ids)


def export_session(session: str) -> dict[str, Any]:
    """The session's journal as one JSON object that `replay` reads. Raises StoreError."""

    async def export(journal: Journal, store: Any) -> list[Envelope]:
        return await journal.read(session)

    events = [encode_envelope(fact) for fact in _with_journal(export)]
    return {"format": FORMAT, "version": VERSION, "signoff": __version__, "session": session, "events": events}


def purge_session(session: str) -> None:
    """Erases the session and the texts that only it uses. Raises StoreError."""

    async def purge(journal: Journal, store: Any) -> None:
        await store.purge(session)

    _with_journal(purge)


def _with_journal(use: Callable[[Journal, Any], Awaitable[T]]) -> T:
    from signoff.world.sqlite_store import SqliteStore

    async def main() -> T:
        store = SqliteStore(folders().state)
        try:
            return await use(Journal(store), store)
        finally:
            await store.close()

    return asyncio.run(main())


def replay(document: object) -> dict[str, Any]:
    """The view of an exported session, as JSON values. Raises ValueError that names the event and what is wrong.

    There are no documents here to find positions in: every range is at the start of its file.
    """
    facts = _facts(document)
    state = fold(facts[0].session, facts)
    return to_wire(view(state, _nowhere))


def _nowhere(hunk: Hunk) -> Range:
    return Range(Position(0, 0), Position(0, 0))


def _facts(document: object) -> list[Envelope]:
    """The events of the document, checked to be one session's whole log."""
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("format") != FORMAT:
        raise ValueError("this is no session that `signoff sessions export` wrote")
    exported = cast("dict[str, Any]", document)
    if exported.get("version") != VERSION:
        raise ValueError(f"it is of version {exported.get('version')}, this Signoff reads version {VERSION}")
    events: Any = exported.get("events")
    if not isinstance(events, list) or not events:
        raise ValueError('it has no "events"')
    facts = [_fact(number, value) for number, value in enumerate(cast("Sequence[Any]", events), 1)]
    for number, fact in enumerate(facts, 1):
        if fact.session != facts[0].session:
            raise ValueError(f"event {number} belongs to another session, {fact.session}")
        if fact.seq != number:
            raise ValueError(f"event {number} has the number {fact.seq}: events are missing or out of order")
    return facts


def _fact(number: int, value: Any) -> Envelope:
    if not isinstance(value, dict):
        raise ValueError(f"event {number} is no JSON object")
    try:
        return decode_envelope(cast("dict[str, Any]", value))
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise ValueError(f"event {number}: {trouble}") from trouble


# --------------------------------------------------------------------------------------------------- the embedded model


def local_model_runs() -> bool:
    """Whether the extra that runs the embedded model is installed."""
    return find_spec("xllamacpp") is not None


def local_model() -> Path | None:
    """The embedded model's file, if it is on this machine."""
    return installed()


def pull_local_model(progress: Callable[[int, int], None]) -> Path:
    """Fetches the embedded model; `progress(done, total)` counts bytes. Raises ModelTrouble."""
    return pull(progress)


def local_model_info() -> ModelInfo:
    """The embedded model's name, path and sizes on this machine."""
    return info()


def remove_local_model() -> int:
    """Deletes the embedded model and what an interrupted fetch left; the bytes freed. Raises ModelTrouble."""
    return remove()
