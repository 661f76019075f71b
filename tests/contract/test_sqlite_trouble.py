"""The SQLite store when the world fails it: kills, other processes, full disks, damage, no permission."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signoff.core.journal import Row, StoreError
from signoff.world.sqlite_store import SqliteStore

CHILD = Path(__file__).with_name("store_child.py")
NOBODY = 65534


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users can reach, as tmp_path is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 (that is the point)
        yield Path(folder)


def start(folder: Path, session: str, count: int, *options: str) -> subprocess.Popen[str]:
    argv = [sys.executable, str(CHILD), str(folder), session, str(count), *options]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def row(session: str, seq: int) -> Row:
    return Row(session, seq, "now", "c", "Noted", 1, "{}")


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(9)
    acknowledged = 0
    for _ in range(20):
        child = start(tmp_path, "s1", 0)
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(chance.uniform(0, 0.02))
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
        child.wait()
        before, acknowledged = acknowledged, int(lines[-1])
        assert acknowledged > before
        store = SqliteStore(tmp_path)
        assert await store.claim("s1", "file:///w", "now"), "the lock ends with its process"
        stored = [one.seq for one in await store.read("s1")]
        texts = await store.texts([str(seq) for seq in range(len(stored))])
        await store.close()
        assert stored == list(range(1, len(stored) + 1))
        assert len(texts) == len(stored)
        # One append may have been committed and not yet acknowledged.
        assert acknowledged <= len(stored) <= acknowledged + 1
        acknowledged = len(stored)


async def test_two_processes_on_one_folder(tmp_path: Path) -> None:
    children = [start(tmp_path, f"s{number}", 150) for number in range(2)]
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert out.splitlines() == [str(seq) for seq in range(1, 151)]
    store = SqliteStore(tmp_path)
    assert [(one.session, one.last_seq) for one in await store.sessions()] == [("s1", 150), ("s0", 150)]
    await store.close()


async def test_a_second_process_is_a_reader(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.claim("s1", "file:///w", "now")
    child = start(tmp_path, "s1", 1)
    out, _ = await asyncio.to_thread(child.communicate)
    assert out == "held\n"
    await store.append("s1", 0, [row("s1", 1)], {})
    await store.close()


async def test_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    child = start(tmp_path, "s1", 0, "limit=400000")
    out, _ = child.communicate(timeout=60)
    *numbers, trouble = out.splitlines()
    assert trouble.startswith("trouble: The disk with ") and "Free some space" in trouble
    store = SqliteStore(tmp_path)
    assert [one.seq for one in await store.read("s1")] == [int(number) for number in numbers]
    assert await store.claim("s1", "file:///w", "now")
    await store.append("s1", len(numbers), [row("s1", len(numbers) + 1)], {})
    await store.close()


async def test_an_append_too_large_for_the_disk_does_not_fail_the_others(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, resource; sys.path[:0] = [sys.argv[2], sys.argv[3]]\n"
        "from test_sqlite_trouble import row; from pathlib import Path\n"
        "from signoff.world.sqlite_store import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(Path(sys.argv[1]))\n"
        "    for name in ('s0', 's1', 's2'): await store.claim(name, 'w', 'now')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "    texts = [{}, {'d': 'x' * 2_000_000}, {}]\n"
        "    done = await asyncio.gather(*(store.append(f's{n}', 0, [row(f's{n}', 1)], texts[n]) for n in range(3)),"
        " return_exceptions=True)\n"
        "    print(*(type(one).__name__ for one in done), *[one.last_seq for one in await store.sessions()])\n"
        "asyncio.run(main())\n"
    )
    server = Path(__file__).parents[2] / "server"
    argv = [sys.executable, "-c", script, str(tmp_path), str(CHILD.parent), str(server)]
    assert subprocess.check_output(argv, text=True) == "NoneType StoreError NoneType 1 0 1\n"


async def refusal(folder: Path) -> str:
    store = SqliteStore(folder)
    try:
        with pytest.raises(StoreError) as reading:
            await store.sessions()
        with pytest.raises(StoreError) as claiming:
            await store.claim("s1", "file:///w", "now")
        assert str(reading.value) == str(claiming.value)
        return str(claiming.value)
    finally:
        await store.close()


@pytest.mark.parametrize("at", [0, 4096])
async def test_a_damaged_file_is_left_alone_and_explained(tmp_path: Path, at: int) -> None:
    store = SqliteStore(tmp_path)
    await store.claim("s1", "file:///w", "now")
    await store.append("s1", 0, [row("s1", seq) for seq in range(1, 200)], {})
    await store.close()
    path = tmp_path / "journal.db"
    damaged = bytearray(path.read_bytes())
    damaged[at : at + 4096] = b"garbage!" * 512
    path.write_bytes(damaged)
    words = await refusal(tmp_path)
    assert "journal.db is damaged" in words and ".recover" in words
    assert path.read_bytes() == damaged


async def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.claim("s1", "file:///w", "now")
    await store.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "written by a newer Signoff (format 99" in await refusal(tmp_path)


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert "is not a Signoff journal" in await refusal(tmp_path)


async def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    words = await refusal(tmp_path / "state")
    assert "a file stands where the folder should be" in words and "SIGNOFF_STATE_DIR" in words


async def test_a_folder_that_all_users_share_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    assert "all users share the folder" in await refusal(shared)


async def test_a_read_only_folder_is_explained(public: Path) -> None:
    closed = public / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    out, _ = start(closed / "state", "s1", 1, f"user={NOBODY}").communicate(timeout=60)
    assert out.startswith(f"trouble: {closed / 'state'}: Permission denied") and "SIGNOFF_STATE_DIR" in out


async def test_a_journal_without_write_permission_is_explained(public: Path) -> None:
    state = public / "state"
    store = SqliteStore(state)
    await store.claim("s1", "file:///w", "now")
    await store.close()
    if os.geteuid() == 0:
        os.chown(state, NOBODY, NOBODY)
        os.chown(state / "open.lock", NOBODY, NOBODY)
    (state / "journal.db").chmod(0o400)
    out, _ = start(state, "s1", 1, f"user={NOBODY}").communicate(timeout=60)
    assert out.startswith("trouble: ") and "journal.db" in out and "SIGNOFF_STATE_DIR" in out


async def test_a_deleted_journal_is_noticed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.claim("s1", "file:///w", "now")
    (tmp_path / "journal.db").unlink()
    with pytest.raises(StoreError, match="moved or deleted"):
        await store.append("s1", 0, [row("s1", 1)], {})
    await store.close()


async def test_other_users_cannot_read_the_journal(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    store = SqliteStore(state)
    await store.claim("s1", "file:///w", "now")
    await store.append("s1", 0, [row("s1", 1)], {})
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state, *state.rglob("*")]}
    await store.close()
    assert {"journal.db", "journal.db-wal", "s1.lock"} <= set(modes)
    folders = {"state", "locks"}
    assert modes == {name: 0o700 if name in folders else 0o600 for name in modes}


async def test_purge_leaves_no_trace_of_the_words(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    secret = "correct horse battery staple " * 500
    await store.claim("s1", "file:///w", "now")
    await store.append("s1", 0, [Row("s1", 1, "now", "c", "Noted", 1, '{"t": "battery staple"}')], {"d": secret})
    await store.purge("s1")
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"battery" not in left
    assert not (tmp_path / "locks" / "s1.lock").exists()
    await store.close()


async def test_a_cancelled_claim_does_not_keep_the_session(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path), SqliteStore(tmp_path)
    claiming = asyncio.ensure_future(first.claim("s1", "file:///w", "now"))
    await asyncio.sleep(0)
    claiming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claiming
    await first.release("another")
    assert await second.claim("s1", "file:///w", "now")
    await first.close()
    await second.close()


def test_making_a_store_imports_no_sqlite_and_touches_no_disk(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from signoff.world.sqlite_store import SqliteStore\n"
        "SqliteStore(Path(sys.argv[1]) / 'state'); assert 'sqlite3' not in sys.modules\n"
    )
    server = str(Path(__file__).parents[2] / "server")
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env={**os.environ, "PYTHONPATH": server})
    assert list(tmp_path.iterdir()) == []
