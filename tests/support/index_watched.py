"""The indexing process as a server starts it, while its memory, and that of what it started, is watched."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from signoff.core.fragments import Found, Query
from signoff.world.child_pool import ChildPool
from signoff.world.index_process import IndexProcess

SERVER = str(Path(__file__).parents[2] / "server")
PATIENCE_S = 120.0
MOST_MB = 400.0
"""Of one process of ours, at any time."""
MOST_MB_OF_GIT = 1_100.0
_EVERY_S = 0.02


class Peaks:
    """The most memory that processes had at any time, in megabytes, by id and name.

    Of ours all of it, at its highest mark; of git what is not a file's, as often as it was looked at: git maps files
    whole, and the system takes that back when it wants to.
    """

    def __init__(self) -> None:
        self.of: dict[tuple[int, str], float] = {}

    def look(self, pids: Collection[int]) -> None:
        """Notes these processes and all below them."""
        for pid in pids:
            with contextlib.suppress(OSError, KeyError):
                lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
                fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
                name = fields["Name"][0]
                # What has ended has none.
                size = int(fields["RssAnon" if name.startswith("git") else "VmHWM"][0]) / 1024
                self.of[pid, name] = max(size, self.of.get((pid, name), 0.0))
            self.look(children_of(pid))

    @contextmanager
    def watching(self, pids: Callable[[], Collection[int]]) -> Generator[None]:
        """Looks again and again."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_EVERY_S):
                self.look(pids())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def check(self) -> None:
        """Fails for a process with more than its bound, and when nothing was seen."""
        assert self.of
        for (_, name), size in self.of.items():
            assert size < (MOST_MB_OF_GIT if name.startswith("git") else MOST_MB), self.of


def children_of(pid: int) -> list[int]:
    """The processes that it started, and that still run."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


class Asked:
    """A running process with workspaces open; `root` is the first of them, and the one that is meant."""

    def __init__(self, process: IndexProcess, root: Path) -> None:
        self.process, self.root = process, root

    @property
    def state(self) -> dict[str, Any]:
        """What the process last told of itself."""
        return dict(self.process.state(self.root.as_uri()))

    async def find(self, goal: str, root: Path | None = None) -> Found:
        """The answer."""
        found = await asyncio.wait_for(self.process.find((root or self.root).as_uri(), Query(goal)), PATIENCE_S)
        assert isinstance(found, Found), found
        assert sum(one.tokens for one in found.fragments) <= 8_000
        return found

    async def files(self, goal: str, root: Path | None = None) -> set[str]:
        """The files that it names for the goal."""
        return {file.path for file in (await self.find(goal, root)).files}

    async def shows(self, goal: str, path: str) -> None:
        """Waits until the goal leads to the file."""
        end = time.monotonic() + PATIENCE_S
        while path not in await self.files(goal):
            assert time.monotonic() < end, f"{goal} does not lead to {path}: {self.state}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def asked(cache: Path, *roots: Path, trusted: bool = False) -> AsyncGenerator[Asked]:
    """All is indexed when this begins; in the end the same process must still be there, and its memory was bounded."""
    process, peaks = IndexProcess(cache), Peaks()
    first: list[int] = []

    def full() -> bool:
        if not first and process.pid is not None:
            first.append(process.pid)
        states = [process.state(root.as_uri()) for root in roots]
        return all(state.get("ready") == "full" and state.get("fresh") for state in states)

    with peaks.watching(lambda: [process.pid] if process.pid is not None else []):
        try:
            for root in roots:
                process.opened(root.as_uri(), trusted=trusted)
            await until(full, "not all is indexed")
            yield Asked(process, roots[0])
            assert [process.pid] == first, "the process ended on the way"
        finally:
            await process.close()
    peaks.check()


async def until(condition: Callable[[], bool], words: str) -> None:
    """Waits until the condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, words
        await asyncio.sleep(0.01)


def histories_of(*jobs: tuple[Path, bool]) -> list[Any]:
    """What the child process that reads histories answers for each folder, trusted or not: None, or ids and commits.

    One child does all of them, and its memory was bounded.
    """
    env = {**os.environ, "PYTHONPATH": SERVER}
    pool, peaks = ChildPool((sys.executable, "-P", "-m", "signoff.indexer", "--parse"), 1, env), Peaks()
    before = set(children_of(os.getpid()))
    answers: list[Any] = []
    came = threading.Semaphore(0)

    children: set[int] = set()

    def own() -> set[int]:
        children.update(set(children_of(os.getpid())) - before)
        return children

    def take(reply: Any) -> None:
        # The child waits to be read: its highest mark can still be seen.
        peaks.look(own())
        answers.append(reply)
        came.release()

    with peaks.watching(own):
        pool.submit([("history", str(root), trusted, []) for root, trusted in jobs], [take] * len(jobs))
        for root, _ in jobs:
            assert came.acquire(timeout=PATIENCE_S), f"no history came, and no word that there is none: {root}"
        pool.close()
    peaks.check()
    assert len(children) == 1, "a job ended its process"
    return answers
