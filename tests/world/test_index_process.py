"""The process that indexes workspaces: real processes, killed, doubled, and given damaged folders and odd files."""

import asyncio
import logging
import os
import random
import re
import shutil
import signal
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from signoff.core.fragments import Found, Query
from signoff.world import index_process
from signoff.world.index_process import IndexProcess
from support.git_repository import git, put, repository

PATIENCE_S = 60.0
FILES = {
    "shapes.py": "class Circle:\n    def area(self):\n        return 3.14 * self.radius ** 2\n",
    "helpers.py": "from shapes import Circle\n\n\ndef biggest(circles):\n    return max(circles, key=Circle.area)\n",
    "guide.md": "# Guide\n\nA circle has a radius.\n",
}


@asynccontextmanager
async def running(tmp_path: Path, root: Path | None = None) -> AsyncGenerator[IndexProcess, None]:
    """A process with its cache in the folder; `root` is opened and indexed."""
    process = IndexProcess(tmp_path / "cache")
    try:
        if root is not None:
            process.opened(root.as_uri(), trusted=False)
            await full(process, root)
        yield process
    finally:
        await process.close()


async def until(condition: Callable[[], bool], words: str) -> None:
    """Waits until the condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, words
        await asyncio.sleep(0.01)


async def full(process: IndexProcess, root: Path) -> None:
    """Waits until all is indexed."""

    def done() -> bool:
        state = process.state(root.as_uri())
        return state.get("ready") == "full" and bool(state.get("fresh"))

    await until(done, "not all is indexed")


async def files_for(process: IndexProcess, root: Path, goal: str) -> set[str]:
    """The files that the engine names for the goal."""
    found = await process.find(root.as_uri(), Query(goal))
    assert isinstance(found, Found), found
    return {file.path for file in found.files}


async def shows(process: IndexProcess, root: Path, goal: str, expected: set[str]) -> None:
    """Waits until the engine names these files for the goal."""
    end = time.monotonic() + PATIENCE_S
    while (found := await files_for(process, root, goal)) != expected:
        assert time.monotonic() < end, found


async def test_it_finds_files_and_fragments(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        found = await process.find(root.as_uri(), Query("radius of the circle"))
        assert isinstance(found, Found)
        assert found.ready == "full"
        assert {file.path for file in found.files} == set(FILES)
        [fragment] = [one for one in found.fragments if one.path == "shapes.py"]
        assert (fragment.start_line, fragment.text.split("\n")[0]) == (1, "class Circle:")
        assert sum(one.tokens for one in found.fragments) <= 8_000


async def test_edits_on_disk_and_in_the_editor_show(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        process.buffer(root.as_uri(), "shapes.py", "class Square: ...\n")
        assert await files_for(process, root, "square") == {"shapes.py"}
        assert await files_for(process, root, "radius") == {"guide.md"}
        process.buffer(root.as_uri(), "shapes.py", None)
        assert await files_for(process, root, "square") == set()
        put(root, {"guide.md": "# Manual\n", "fresh.md": "A radius\n"})
        process.changed(root.as_uri(), ["guide.md", "fresh.md"])
        await shows(process, root, "radius", {"shapes.py", "fresh.md"})
        (root / "fresh.md").unlink()
        process.changed(root.as_uri(), None)
        await shows(process, root, "radius", {"shapes.py"})


async def test_a_switch_of_branches_is_seen(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {f"d{n % 9}/f{n}.py": f"before = {n}\n" for n in range(300)})
    git(root, "checkout", "-q", "-b", "other")
    put(root, {f"d{n % 9}/f{n}.py": f"afterwards = {n}\n" for n in range(300)})
    git(root, "commit", "-qam", "other")
    async with running(tmp_path, root) as process:
        git(root, "checkout", "-q", "main")
        for at in range(0, 300, 100):
            process.changed(root.as_uri(), [f"d{n % 9}/f{n}.py" for n in range(at, at + 100)])
        await shows(process, root, "afterwards", set())
        assert len(await files_for(process, root, "before")) == 50


async def test_typing_in_a_large_file_shows_at_every_moment_and_after_a_kill(tmp_path: Path) -> None:
    """Only what differs goes through the pipe; what the index holds is the editor's text to the character."""
    root = repository(tmp_path / "tree", FILES)
    chance = random.Random(4)
    text = "😀 = 'circle'\r\n" * 20_000
    async with running(tmp_path, root) as process:
        for count in range(12):
            for _ in range(3):
                start = chance.randrange(len(text))
                new = chance.choice(["\r\n", "\n", "é😀", "", "\ud83d", f" word{count} "])
                text = text[:start] + new + text[start + chance.randrange(5) :]
                process.buffer(root.as_uri(), "shapes.py", text)
                await asyncio.sleep(0)
            if count % 5 == 4 and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
            # Each word is far from the others: it is in the newest text alone, and in one place.
            text = f"{text}marker{'abcdefghijkl'[count]}\r\n"
            process.buffer(root.as_uri(), "shapes.py", text)
            found = await process.find(root.as_uri(), Query(f"marker{'abcdefghijkl'[count]}"))
            assert isinstance(found, Found) and "shapes.py" in {file.path for file in found.files}, count
            shown = [one.text for one in found.fragments if "marker" in one.text]
            lines = text.encode("utf-8", "replace").decode().split("\n")
            assert shown and all(part in "\n".join(lines) for part in shown)


async def test_a_killed_process_is_started_anew_and_knows_what_it_was_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        process.buffer(root.as_uri(), "shapes.py", "class Square: ...\n")
        assert await files_for(process, root, "square") == {"shapes.py"}
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        # Asked while it is gone: the next one answers.
        assert await files_for(process, root, "square") == {"shapes.py"}
        assert process.pid not in (None, first)
    assert "exit code -9" in caplog.text


async def test_killed_in_the_middle_of_building_it_finds_all_the_next_time(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {f"f{n}.py": f"def name{n}():\n    return alpha\n" for n in range(2_000)})
    async with running(tmp_path) as process:
        process.opened(root.as_uri(), trusted=False)
        await until(lambda: process.state(root.as_uri()).get("ready") in {"lexical", "full"}, "never ready")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: not process.state(root.as_uri()), "its end was not noticed")
        await full(process, root)
        assert await files_for(process, root, "name1234") == {"f1234.py"}
        assert process.state(root.as_uri())["files"] == 2_000


async def test_after_three_ends_it_stays_off_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = repository(tmp_path / "tree", FILES)
    caplog.set_level(logging.ERROR)
    async with running(tmp_path) as process:
        process.opened(root.as_uri(), trusted=False)
        for _ in range(3):
            await until(lambda: process.pid is not None, "it was not started")
            pid = process.pid or 0
            os.kill(pid, signal.SIGKILL)
            await until(lambda pid=pid: process.pid != pid, "it did not end")
        await until(lambda: index_process.OFF in caplog.text, "it was started a fourth time")
        assert await process.find(root.as_uri(), Query("radius")) == index_process.OFF
        process.buffer(root.as_uri(), "shapes.py", "x\n")
        process.changed(root.as_uri(), ["shapes.py"])
        assert process.pid is None


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        pid = process.pid or 0
        children = children_of(pid)
        assert children
        await process.close()
        await until(lambda: not any(map(alive, [pid, *children])), "a process stayed")


def children_of(pid: int) -> list[int]:
    """The processes that it started."""
    return [
        int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()
    ]


def alive(pid: int) -> bool:
    """Whether it runs (and is no zombie)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_two_servers_on_one_workspace_both_answer(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as one, running(tmp_path, root) as other:
        put(root, {"shapes.py": "class Triangle: ...\n"})
        for process in (one, other):
            process.changed(root.as_uri(), ["shapes.py"])
            await shows(process, root, "triangle", {"shapes.py"})
    async with running(tmp_path, root) as later:
        assert await files_for(later, root, "triangle") == {"shapes.py"}


async def test_several_workspaces_are_kept_apart(tmp_path: Path) -> None:
    one, two = repository(tmp_path / "one", FILES), repository(tmp_path / "two", {"other.py": "radius = 2\n"})
    async with running(tmp_path, one) as process:
        process.opened(two.as_uri(), trusted=False)
        await full(process, two)
        assert await files_for(process, two, "radius") == {"other.py"}
        assert await files_for(process, one, "radius") == {"shapes.py", "guide.md"}
        process.closed(one.as_uri())
        assert isinstance(await process.find(one.as_uri(), Query("radius")), str)
        assert await files_for(process, two, "radius") == {"other.py"}
        process.opened(one.as_uri(), trusted=False)
        assert await files_for(process, one, "radius") == {"shapes.py", "guide.md"}


async def test_of_many_workspaces_the_one_that_is_asked_about_comes_first(tmp_path: Path) -> None:
    files = {f"file{n}.py": f"def name{n}(): return {n}\n" for n in range(300)}
    roots = [tmp_path / f"tree{n}" for n in range(30)]
    for root in roots:
        put(root, files)
    async with running(tmp_path) as process:
        for root in roots:
            process.opened(root.as_uri(), trusted=False)
        assert await files_for(process, roots[-1], "name7") == {"file7.py"}
        built = [root for root in roots if process.state(root.as_uri()).get("ready")]
        assert roots[-1] in built and len(built) < 10
        for root in roots:
            await full(process, root)
        assert await files_for(process, roots[3], "name9") == {"file9.py"}


def damage_nothing(cache: Path) -> None:
    """Leaves it."""


def damage_database(cache: Path) -> None:
    """Overwrites the start and the middle of the database."""
    for path in cache.rglob("files.sqlite"):
        data = bytearray(path.read_bytes())
        data[:100] = b"x" * 100
        path.write_bytes(data)


def damage_tables(cache: Path) -> None:
    """Empties one file of each table."""
    for path in [*cache.rglob("*.term"), *cache.rglob("*.idx")]:
        path.write_bytes(b"")


def damage_meta(cache: Path) -> None:
    """Writes nonsense where the tables say what they consist of."""
    for path in cache.rglob("meta.json"):
        path.write_text("{}")


def remove_tables(cache: Path) -> None:
    """Takes away the tables and leaves the database."""
    for path in [*cache.rglob("files"), *cache.rglob("chunks")]:
        shutil.rmtree(path)


def older_version(cache: Path) -> None:
    """Makes the database that of an older program."""
    import sqlite3

    for path in cache.rglob("files.sqlite"):
        with sqlite3.connect(path) as base:
            base.execute("UPDATE meta SET value = '0 old' WHERE name = 'version'")


def file_in_the_way(cache: Path) -> None:
    """Puts a file where a folder should be."""
    remove_tables(cache)
    for path in cache.rglob("names"):
        shutil.rmtree(path)
        path.write_text("x")


DAMAGES = [damage_nothing, damage_database, damage_tables, damage_meta, remove_tables, older_version, file_in_the_way]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root):
        pass
    damage(tmp_path / "cache")
    async with running(tmp_path, root) as process:
        assert await files_for(process, root, "radius") == {"shapes.py", "guide.md"}
        found = await process.find(root.as_uri(), Query("area of a circle"))
        assert isinstance(found, Found) and found.fragments
        assert process.state(root.as_uri())["files"] == 3


@pytest.mark.parametrize("kind", ["file", "read-only", "shared"])
async def test_without_a_folder_for_it_the_index_is_in_memory(tmp_path: Path, kind: str) -> None:
    root = repository(tmp_path / "tree", FILES)
    cache = tmp_path / "cache"
    if kind == "file":
        cache.write_text("a file")
    elif kind == "shared":
        cache.mkdir()
        cache.chmod(0o1777)
    else:
        cache.mkdir(mode=0o500)
    async with running(tmp_path, root) as process:
        assert await files_for(process, root, "radius") == {"shapes.py", "guide.md"}
    cache.chmod(0o700)


async def test_odd_files_do_no_harm(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, FILES)
    with (root / "huge.txt").open("wb") as huge:
        huge.truncate(100_000_000)
    (root / "lines.txt").write_bytes(b"\n" * 1_000_000)
    (root / "long.js").write_bytes(b"radius;" * 100_000)
    (root / "binary.py").write_bytes(bytes(range(256)) * 100)
    (root / "latin.py").write_bytes("größe = 'radius'\n".encode("latin-1"))
    (root / "deep.json").write_text("[" * 200_000)
    (root / "nested.py").write_text("(" * 100_000)
    (root / "empty.py").write_text("")
    (root / "loop").symlink_to(".")
    (root / "away").symlink_to("/etc")
    os.mkfifo(root / "pipe.py")
    (root / "closed").mkdir()
    (root / "closed" / "inside.py").write_text("radius\n")
    (root / "closed").chmod(0)
    async with running(tmp_path, root) as process:
        found = await files_for(process, root, "radius")
        assert {"shapes.py", "guide.md", "latin.py"} <= found
        assert not any(path.startswith(("loop", "away")) for path in found)
        pid = process.pid
    (root / "closed").chmod(0o700)
    assert pid is not None


@pytest.mark.parametrize("kind", ["empty folder", "empty repository", "no folder"])
async def test_a_workspace_without_files_has_an_empty_answer(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "tree"
    if kind != "no folder":
        root.mkdir()
    if kind == "empty repository":
        git(root, "init", "-q")
    async with running(tmp_path, root) as process:
        found = await process.find(root.as_uri(), Query("anything"))
        assert found == Found((), (), (), "full")


async def test_files_that_change_while_they_are_read_are_right_in_the_end(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {f"f{n}.py": f"def name{n}(): ...\n" for n in range(1_000)})
    async with running(tmp_path) as process:
        process.opened(root.as_uri(), trusted=False)
        for n in range(0, 1_000, 10):
            put(root, {f"f{n}.py": f"def other{n}(): ...\n"})
            process.changed(root.as_uri(), [f"f{n}.py"])
            await asyncio.sleep(0)
        await shows(process, root, "other10", {"f10.py"})
        await shows(process, root, "name10", set())
        await full(process, root)
        assert await files_for(process, root, "other990") == {"f990.py"}


async def test_secrets_and_ignored_files_stay_out_even_when_they_are_open(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", {**FILES, ".gitignore": "*.log\n", ".signoffignore": "private/\n"})
    put(root, {".env": "radius\n", "a.log": "radius\n", "private/x.py": "radius\n"})
    async with running(tmp_path, root) as process:
        for path in (".env", "a.log", "private/x.py", "../outside.py"):
            process.buffer(root.as_uri(), path, "radius radius\n")
            process.changed(root.as_uri(), [path])
        assert await files_for(process, root, "radius") == {"shapes.py", "guide.md"}


async def test_nothing_of_a_hostile_repository_is_started(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "filter.x.clean", "core.sshCommand"):
        git(root, "config", key, str(trap))
    (root / ".gitattributes").write_text("*.py filter=x\n")
    async with running(tmp_path, root) as process:
        process.opened(root.as_uri(), trusted=True)
        await full(process, root)
        assert await files_for(process, root, "radius") >= {"shapes.py"}
    assert not (tmp_path / "sprung").exists()


async def test_a_workspace_that_is_not_open_has_words(tmp_path: Path) -> None:
    process = IndexProcess(tmp_path / "cache")
    assert await process.find("file:///nowhere", Query("x")) == "The workspace is not open."
    await process.close()
    await process.close()


async def test_closing_answers_whoever_waits(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    process = IndexProcess(tmp_path / "cache")
    process.opened(root.as_uri(), trusted=False)
    asked: asyncio.Task[Any] = asyncio.create_task(process.find(root.as_uri(), Query("x")))
    await asyncio.sleep(0)
    await process.close()
    assert await asked == index_process.CLOSED


async def test_a_question_that_fails_ends_neither_the_process_nor_the_next_question(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        pid = process.pid
        broken: Any = Query("radius", budget="many")  # type: ignore[arg-type]
        answers = [await process.find(root.as_uri(), broken) for _ in range(4)]
        assert all(isinstance(answer, str) and "could not be searched" in answer for answer in answers)
        assert await files_for(process, root, "radius") == {"shapes.py", "guide.md"}
        assert process.pid == pid


async def test_parsers_may_not_have_all_memory(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", FILES)
    async with running(tmp_path, root) as process:
        assert process.pid is not None
        parsers = children_of(process.pid)
        limits = [Path(f"/proc/{pid}/limits").read_text() for pid in parsers]
    assert parsers
    assert all(re.search(r"^Max data size +1000000000 ", text, re.MULTILINE) for text in limits)
