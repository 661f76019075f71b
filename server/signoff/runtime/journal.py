"""A session's events on their way to and from the store.

Long texts (file contents, tool output, model output) are stored once, by digest, apart from the rows: they can be
erased without touching the log, and a log stays small.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from signoff.core.envelope import Envelope, version_of
from signoff.core.text import digest
from signoff.core.view import iso
from signoff.runtime.codec import decode, encode
from signoff.runtime.ports import Row, Store, StoreError

LONG = 2_048
"""From this many characters on a text is stored by digest."""
ERASED = "[erased]"
_KEY = "$text"


class Journal:
    """Appends and reads events through a `Store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(self, facts: Sequence[Envelope]) -> None:
        """Makes the events (numbered without a gap) durable, all or none. Raises StoreError."""
        texts: dict[str, str] = {}
        rows = [_row(fact, texts) for fact in facts]
        await self._store.append(facts[0].session, facts[0].seq - 1, rows, texts)

    async def read(self, session: str) -> list[Envelope]:
        """All events of the session. Raises StoreError for a damaged log, naming the event."""
        rows = await self._store.read(session)
        bodies = [json.loads(row.body) for row in rows]
        wanted = sorted({found for body in bodies for found in _digests(body)})
        texts = await self._store.texts(wanted) if wanted else {}
        return [_envelope(row, _restored(body, texts)) for row, body in zip(rows, bodies, strict=True)]


def _row(fact: Envelope, texts: dict[str, str]) -> Row:
    name = type(fact.event).__name__
    body = json.dumps(_shortened(encode(fact.event), texts), ensure_ascii=False, separators=(",", ":"))
    return Row(fact.session, fact.seq, iso(fact.at), fact.cause, name, version_of(name), body)


def _envelope(row: Row, body: Any) -> Envelope:
    try:
        event = decode(row.type, row.version, body)
    except ValueError as error:
        raise StoreError(f"event {row.seq} of session {row.session} can't be read: {error}") from error
    return Envelope(row.session, row.seq, datetime.fromisoformat(row.at).timestamp(), row.cause, event)


def _shortened(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, str):
        if len(value) < LONG:
            return value
        texts[key := digest(value)] = value
        return {_KEY: key}
    if isinstance(value, dict):
        return {k: _shortened(v, texts) for k, v in cast("dict[str, Any]", value).items()}
    return [_shortened(v, texts) for v in cast("list[Any]", value)] if isinstance(value, list) else value


def _digests(value: Any) -> list[str]:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if set(entries) == {_KEY}:
            return [entries[_KEY]]
        return [found for v in entries.values() for found in _digests(v)]
    return [found for v in cast("list[Any]", value) for found in _digests(v)] if isinstance(value, list) else []


def _restored(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if set(entries) == {_KEY}:
            return texts.get(entries[_KEY], ERASED)
        return {k: _restored(v, texts) for k, v in entries.items()}
    return [_restored(v, texts) for v in cast("list[Any]", value)] if isinstance(value, list) else value
