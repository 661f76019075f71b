"""What watching a large repository costs where the editor does not do it; prints one JSON object.

Made here: 27,000 files in 13,000 folders. `begin_ms`: until every folder is watched, and `pause_ms`: the longest time
meanwhile in which an event loop of the same process did not get its turn. `edit_ms`: from the end of a write until it
is told (median of 20; the silence that ends a moment is 30 of them). `switch`: a checkout that changes 5,000 files: in
how many batches it is told, with how many paths, and how long after git had ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[2] / "server"), str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from large_repository import large_repository, paths

from signoff.core.watched import Changes
from signoff.world.watch import FolderWatch
from support.git_repository import git

SWITCHED = 5_000


class Heard:
    """What was told, and when."""

    def __init__(self) -> None:
        self.all: list[tuple[float, Changes]] = []
        self.more = threading.Condition()

    def __call__(self, changes: Changes) -> None:
        with self.more:
            self.all.append((perf_counter(), changes))
            self.more.notify_all()

    def until(self, path: str, after: int) -> float:
        """When the path was told, of all that came after so many."""

        def found() -> float | None:
            return next((at for at, changes in self.all[after:] if path in changes.paths), None)

        with self.more:
            self.more.wait_for(lambda: found() is not None, 120)
            return found() or 0.0


async def begin(root: Path, heard: Heard) -> tuple[FolderWatch, float, float]:
    """The watch, milliseconds until it watches, and the longest pause of this loop meanwhile."""
    start = last = perf_counter()
    longest = 0.0
    watch = FolderWatch(root, heard, True)
    while not watch.watching.is_set():
        await asyncio.sleep(0.001)
        now = perf_counter()
        longest, last = max(longest, now - last), now
    return watch, (perf_counter() - start) * 1000, longest * 1000


def measure(root: Path) -> dict[str, object]:
    """The figures."""
    git(root, "checkout", "-q", "-b", "side")
    for path in paths()[:SWITCHED]:
        (root / path).write_text("side\n", encoding="utf-8")
    git(root, "commit", "-qam", "side")
    for path in paths()[:SWITCHED]:
        os.utime(root / path, (1_700_000_000, 1_700_000_000))
    git(root, "status", "-s")
    heard = Heard()
    watch, begin_ms, pause_ms = asyncio.run(begin(root, heard))
    edits: list[float] = []
    for number in range(20):
        path = paths()[-1 - number]
        count = len(heard.all)
        (root / path).write_text(f"edit {number}\n", encoding="utf-8")
        written = perf_counter()
        edits.append((heard.until(path, count) - written) * 1000)
    git(root, "stash", "-q")
    mark = root / "mark.js"
    mark.write_text("x\n", encoding="utf-8")
    heard.until("mark.js", 0)
    count = len(heard.all)
    git(root, "checkout", "-q", "main")
    ended = perf_counter()
    mark.write_text("y\n", encoding="utf-8")
    last = heard.until("mark.js", count)
    told = [changes for _, changes in heard.all[count:]]
    watch.close()
    return {
        "begin_ms": round(begin_ms, 1),
        "pause_ms": round(pause_ms, 1),
        "edit_ms": round(median(edits), 1),
        "switch": {
            "batches": sum(len(changes.paths) > 1 for changes in told),
            "paths": sum(len(changes.paths) for changes in told),
            "rescans": sum(changes.rescan for changes in told),
            "after_git_ms": round((last - ended) * 1000, 1),
        },
    }


def main() -> None:
    """Print {begin_ms, pause_ms, edit_ms, switch: {...}}."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(large_repository(Path(folder).resolve() / "large"))))


if __name__ == "__main__":
    main()
