"""The embedded store on this disk; prints one JSON object.

`append_ms`: median of 500 appends, one after another, of one 500-character event, until durable; `commit_ms` the same
transactions in plain sqlite3 on the same disk, `overhead_ms` the difference; `turn_ms` two appends, as a turn makes.
`producers_s`: 10,000 events from 50 concurrent producers; `read_s`: reading one session of 10,000 events.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from signoff.core.journal import Row
from signoff.world.sqlite_store import SqliteStore

BODY = json.dumps({"text": "x" * 488})
APPENDS = 500
PRODUCERS = 50
EVENTS = 10_000


def row(session: str, seq: int) -> Row:
    return Row(session, seq, "2026-01-01T12:00:00.000Z", "c_1", "Noted", 1, BODY)


def plain_commits(folder: Path) -> list[float]:
    """The floor: what sqlite3 needs for the same transactions without threads or asyncio."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE events (session, seq, at, cause, type, version, body, UNIQUE (session, seq))")
    times: list[float] = []
    for seq in range(1, APPENDS + 1):
        begin = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT max(seq) FROM events WHERE session = 's'").fetchone()
        connection.execute("INSERT INTO events VALUES ('s', ?, 'now', 'c_1', 'Noted', 1, ?)", (seq, BODY))
        connection.execute("COMMIT")
        times.append(perf_counter() - begin)
    connection.close()
    return times


async def appends(store: SqliteStore) -> list[float]:
    await store.claim("single", "file:///w", "now")
    times: list[float] = []
    for seq in range(APPENDS):
        begin = perf_counter()
        await store.append("single", seq, [row("single", seq + 1)], {})
        times.append(perf_counter() - begin)
    return times


async def producers(store: SqliteStore) -> float:
    async def produce(session: str) -> None:
        for seq in range(EVENTS // PRODUCERS):
            await store.append(session, seq, [row(session, seq + 1)], {})

    names = [f"p{number}" for number in range(PRODUCERS)]
    for name in names:
        await store.claim(name, "file:///w", "now")
    begin = perf_counter()
    await asyncio.gather(*map(produce, names))
    return perf_counter() - begin


async def reading(store: SqliteStore) -> float:
    await store.claim("long", "file:///w", "now")
    await store.append("long", 0, [row("long", seq) for seq in range(1, EVENTS + 1)], {})
    begin = perf_counter()
    await store.read("long")
    return perf_counter() - begin


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        floor = median(plain_commits(Path(folder))) * 1e3
        store = SqliteStore(Path(folder) / "state")
        times = await appends(store)
        single = median(times) * 1e3
        figures = {
            "append_ms": single,
            "append_p95_ms": quantiles(times, n=20)[-1] * 1e3,
            "commit_ms": floor,
            "overhead_ms": single - floor,
            "turn_ms": 2 * single,
            "producers_s": await producers(store),
            "read_s": await reading(store),
        }
        await store.close()
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    asyncio.run(main())
