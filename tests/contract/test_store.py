"""What every store promises. Each test runs on the store in memory and on the one on disk.

`reopen()` gives another store on the same journal: to the first one it is another process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from signoff.core.journal import Row, SessionRow, StoreError
from signoff.core.text import digest
from signoff.runtime.ports import Store
from signoff.world.sqlite_store import SqliteStore
from support.memory_store import MemoryJournal, MemoryStore

WORKSPACE = "file:///home/me/project"
NOON = "2026-01-01T12:00:00.000Z"


def row(session: str, seq: int, body: str = '{"n": 1}') -> Row:
    return Row(session, seq, NOON, "c_1", "GoalSet", 1, body)


def rows(session: str, first: int, count: int) -> list[Row]:
    return [row(session, seq) for seq in range(first, first + count)]


@pytest.fixture(params=["memory", "sqlite"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[], Store]]:
    journal = MemoryJournal()
    made: list[Store] = []

    def make() -> Store:
        store = MemoryStore(journal) if request.param == "memory" else SqliteStore(tmp_path / "state")
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()


async def test_rows_come_back_in_order_and_as_they_were(store: Store) -> None:
    assert await store.claim("s1", WORKSPACE, NOON)
    body = json.dumps({"text": 'é 日 😀 \u0000 \u2028 "'}, ensure_ascii=False)
    await store.append("s1", 0, [row("s1", 1, body), row("s1", 2)], {})
    await store.append("s1", 2, [row("s1", 3)], {})
    assert await store.read("s1") == [row("s1", 1, body), row("s1", 2), row("s1", 3)]
    assert await store.read("s1", after=2) == [row("s1", 3)]
    assert await store.read("s1", after=9) == []


async def test_a_body_with_a_lone_surrogate_means_the_same_afterwards(store: Store) -> None:
    await store.claim("s1", WORKSPACE, NOON)
    body = json.dumps({"text": "a\udc80b"}, ensure_ascii=False)
    await store.append("s1", 0, [row("s1", 1, body)], {})
    assert json.loads((await store.read("s1"))[0].body) == {"text": "a\udc80b"}


async def test_an_unknown_session_has_no_rows(store: Store) -> None:
    assert await store.read("s404") == []
    assert await store.sessions() == []


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_another_expected_number_is_refused_and_nothing_is_stored(store: Store, expected: int) -> None:
    await store.claim("s1", WORKSPACE, NOON)
    await store.append("s1", 0, rows("s1", 1, 2), {})
    with pytest.raises(StoreError, match=f"s1 has 2 events in the journal, not {expected}"):
        await store.append("s1", expected, rows("s1", expected + 1, 1), {"d": "text"})
    assert len(await store.read("s1")) == 2
    assert await store.texts(["d"]) == {}


async def test_rows_out_of_number_are_a_bug_of_the_caller(store: Store) -> None:
    await store.claim("s1", WORKSPACE, NOON)
    for wrong in ([row("s1", 2)], [row("s1", 1), row("s1", 3)], [row("s2", 1)]):
        with pytest.raises(ValueError, match="numbered from 1"):
            await store.append("s1", 0, wrong, {})
    assert await store.read("s1") == []


async def test_only_the_claimant_appends(reopen: Callable[[], Store]) -> None:
    first, second = reopen(), reopen()
    with pytest.raises(StoreError, match="not open for writing"):
        await first.append("s1", 0, rows("s1", 1, 1), {})
    assert await first.claim("s1", WORKSPACE, NOON)
    assert await first.claim("s1", WORKSPACE, NOON)
    assert not await second.claim("s1", WORKSPACE, NOON)
    with pytest.raises(StoreError, match="not open for writing"):
        await second.append("s1", 0, rows("s1", 1, 1), {})
    assert await second.claim("s2", WORKSPACE, NOON)


async def test_a_second_store_reads_what_was_acknowledged(reopen: Callable[[], Store]) -> None:
    first, second = reopen(), reopen()
    await first.claim("s1", WORKSPACE, NOON)
    for seq in range(1, 6):
        await first.append("s1", seq - 1, rows("s1", seq, 1), {})
        assert len(await second.read("s1")) == seq


async def test_a_released_session_goes_on_elsewhere(reopen: Callable[[], Store]) -> None:
    first, second = reopen(), reopen()
    await first.claim("s1", WORKSPACE, NOON)
    await first.append("s1", 0, rows("s1", 1, 1), {})
    await first.release("s1")
    await first.release("never-claimed")
    assert await second.claim("s1", "file:///elsewhere", "2027-01-01T00:00:00Z")
    await second.append("s1", 1, rows("s1", 2, 1), {})
    assert await second.sessions() == [SessionRow("s1", WORKSPACE, NOON, 2)]
    with pytest.raises(StoreError):
        await first.append("s1", 2, rows("s1", 3, 1), {})


async def test_close_gives_up_every_session(reopen: Callable[[], Store]) -> None:
    first, second = reopen(), reopen()
    await first.claim("s1", WORKSPACE, NOON)
    await first.close()
    await first.close()
    assert await second.claim("s1", WORKSPACE, NOON)
    with pytest.raises(StoreError, match="closed"):
        await first.append("s1", 0, rows("s1", 1, 1), {})
    with pytest.raises(StoreError, match="closed"):
        await first.read("s1")


async def test_close_waits_for_what_is_queued(reopen: Callable[[], Store]) -> None:
    first = reopen()
    await first.claim("s1", WORKSPACE, NOON)
    waiting = [asyncio.ensure_future(first.append("s1", seq, rows("s1", seq + 1, 1), {})) for seq in range(50)]
    await asyncio.sleep(0)
    await first.close()
    await asyncio.gather(*waiting)
    assert len(await reopen().read("s1")) == 50


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a" * 101, "a\0b", "a b"])
async def test_a_session_id_is_a_plain_name(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="not a session id"):
        await store.claim(name, WORKSPACE, NOON)


async def test_texts_are_kept_as_they_are(store: Store) -> None:
    await store.claim("s1", WORKSPACE, NOON)
    some = ["", "a\0b", "\ufeffé\r\n😀", "\ud800 alone", "x" * 3_000_000]
    await store.append("s1", 0, rows("s1", 1, 1), {digest(text): text for text in some})
    # More digests than SQLite takes parameters.
    asked = [digest(text) for text in some] + [digest(f"unknown {number}") for number in range(2000)]
    assert await store.texts(asked) == {digest(text): text for text in some}
    assert await store.texts([]) == {}


async def test_sessions_are_listed_newest_first(store: Store) -> None:
    for day, where in ((1, WORKSPACE), (3, WORKSPACE), (2, "file:///other")):
        await store.claim(f"s{day}", where, f"2026-01-0{day}T00:00:00Z")
    await store.append("s3", 0, rows("s3", 1, 4), {})
    assert [(one.session, one.last_seq) for one in await store.sessions()] == [("s3", 4), ("s2", 0), ("s1", 0)]
    assert [one.session for one in await store.sessions(WORKSPACE)] == ["s3", "s1"]
    assert await store.sessions("file:///none") == []


async def test_purge_keeps_what_other_sessions_use(reopen: Callable[[], Store]) -> None:
    store, other = reopen(), reopen()
    for session, texts in (("s1", {"own": "mine", "both": "ours"}), ("s2", {"both": "ours"})):
        await store.claim(session, WORKSPACE, NOON)
        await store.append(session, 0, rows(session, 1, 3), texts)
    await store.purge("s1")
    assert await store.read("s1") == []
    assert await other.texts(["own", "both"]) == {"both": "ours"}
    assert [one.session for one in await other.sessions()] == ["s2"]
    # Its name is free again, for anyone.
    assert await other.claim("s1", WORKSPACE, NOON)
    await other.append("s1", 0, rows("s1", 1, 1), {})
    await store.purge("never-known")


async def test_purge_spares_a_session_that_another_store_writes(reopen: Callable[[], Store]) -> None:
    first, second = reopen(), reopen()
    await first.claim("s1", WORKSPACE, NOON)
    await first.append("s1", 0, rows("s1", 1, 1), {"d": "text"})
    with pytest.raises(StoreError, match="in use by another"):
        await second.purge("s1")
    assert await second.texts(["d"]) == {"d": "text"}
    await first.append("s1", 1, rows("s1", 2, 1), {})


async def test_fifty_producers_lose_and_mix_nothing(store: Store) -> None:
    async def produce(session: str) -> None:
        await store.claim(session, WORKSPACE, NOON)
        for seq in range(20):
            await store.append(session, seq, [row(session, seq + 1, f'{{"n": "{session}"}}')], {})

    names = [f"s{number}" for number in range(50)]
    await asyncio.gather(*map(produce, names))
    for name in names:
        assert await store.read(name) == [row(name, seq, f'{{"n": "{name}"}}') for seq in range(1, 21)]


async def test_of_two_appends_with_one_expected_number_one_wins(store: Store) -> None:
    await store.claim("s1", WORKSPACE, NOON)
    both = [store.append("s1", 0, [row("s1", 1, f'{{"n": {n}}}')], {}) for n in range(2)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), StoreError]
    assert await store.read("s1") == [row("s1", 1, '{"n": 0}')]
