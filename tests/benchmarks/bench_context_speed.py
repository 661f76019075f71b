"""How fast the codebase is searched: cold, full, warm, edited, restarted; and what it costs the server and the memory.

    ./dev bench context_speed --tree FOLDER

FOLDER is a checkout of any repository; without it this one is taken. Prints one JSON object. Beside the times stand
those of reading all files and of one plain BM25 query, taken in the same run, and the seconds of processor time: on a
busy machine only these compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "server")]

from signoff.context.index import Index
from signoff.context.terms import evenly
from signoff.core.fragments import Found, Query
from signoff.indexer_folder import store_in
from signoff.world.index_process import IndexProcess
from signoff.world.index_source import DiskSource

QUERIES, EDITS = 100, 20
TICK_S = 0.001
_WORDS = re.compile(r"[A-Za-z]{4,20}")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def read_all(tree: Path) -> dict[str, float]:
    """Seconds for listing the files, and for reading them all."""
    source = DiskSource(tree, trusted=True)
    began = time.perf_counter()
    paths = [entry.path for folder in source.scan() for entry in folder]
    listed = time.perf_counter()
    size = sum(len(content.data) for path in paths if (content := source.read(path)) is not None)
    done = time.perf_counter()
    return {"files": len(paths), "mb": size / 1e6, "list_s": listed - began, "read_s": done - listed}


def goals(tree: Path, chance: random.Random) -> list[str]:
    """Questions of 3 to 12 words that stand near each other in some file."""
    source = DiskSource(tree, trusted=True)
    paths = [entry.path for folder in source.scan() for entry in folder if entry.size > 500]
    made: list[str] = []
    while len(made) < QUERIES:
        content = source.read(chance.choice(paths))
        words = _WORDS.findall(content.data.decode("utf-8", "replace")) if content else []
        if len(words) > 30:
            at = chance.randrange(len(words) - 20)
            made.append(" ".join(chance.sample(words[at : at + 20], chance.randint(3, 12))))
    return made


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: median, 95th percentile, longest."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50_ms": statistics.median(ordered) * 1e3, "p95_ms": p95 * 1e3, "max_ms": ordered[-1] * 1e3}


def memory(pid: int) -> dict[str, float]:
    """Megabytes of a process: resident, and its fair share of what it shares with others. Linux only."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return {}
    known = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}
    return {"rss_mb": known["Rss"], "pss_mb": known["Pss"]}


def processor_seconds(pid: int) -> float:
    """What a process and its children used, living and dead. Linux only."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / _TICKS_PER_SECOND
    return own + sum(map(processor_seconds, children(pid)))


def children(pid: int) -> list[int]:
    """The living children of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text().split()]


@asynccontextmanager
async def pauses() -> AsyncGenerator[dict[str, float], None]:
    """The longest time that this event loop was not free, and the longest that it worked itself (milliseconds)."""
    found = {"wall_ms": 0.0, "own_ms": 0.0}

    async def tick() -> None:
        while True:
            wall, own = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_S)
            found["wall_ms"] = max(found["wall_ms"], (time.perf_counter() - wall - TICK_S) * 1e3)
            found["own_ms"] = max(found["own_ms"], (time.thread_time() - own) * 1e3)

    task = asyncio.create_task(tick())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def reach(process: IndexProcess, uri: str, ready: set[str], fresh: bool) -> None:
    """Waits until the index is as far."""
    while process.state(uri).get("ready") not in ready or (fresh and not process.state(uri)["fresh"]):  # noqa: ASYNC110
        await asyncio.sleep(0.002)


async def cold(process: IndexProcess, tree: Path) -> dict[str, Any]:
    """From nothing to all of it."""
    began = time.perf_counter()
    process.opened(tree.as_uri(), trusted=True)
    await reach(process, tree.as_uri(), {"lexical", "full"}, fresh=False)
    lexical, lexical_cpu = time.perf_counter() - began, processor_seconds(process.pid or 0)
    await reach(process, tree.as_uri(), {"full"}, fresh=True)
    times = {"lexical_s": lexical, "lexical_cpu_s": lexical_cpu, "full_s": time.perf_counter() - began}
    pid = process.pid or 0
    full_cpu, own = processor_seconds(pid), memory(pid)
    return {**times, "full_cpu_s": full_cpu, "memory": own, "children": [memory(each) for each in children(pid)]}


async def typed_in(cache: Path, tree: Path, path: str) -> dict[str, Any]:
    """The pauses of the event loop while all is indexed and somebody types in a large document."""
    process = IndexProcess(cache)
    uri, typed = tree.as_uri(), f"typed/{path.rpartition('/')[2]}"
    text = (tree / path).read_text(encoding="utf-8", errors="replace")

    async def typing() -> None:
        for count in range(100_000):
            process.buffer(uri, typed, text + f"\n# {count}\n")
            await asyncio.sleep(0.05)

    async with pauses() as calm:
        await asyncio.sleep(1)
    process.opened(uri, trusted=True)
    async with pauses() as longest:
        typist = asyncio.create_task(typing())
        await reach(process, uri, {"full"}, fresh=True)
        typist.cancel()
    await process.close()
    return {"indexing": longest, "at_rest": calm}


async def asked(process: IndexProcess, uri: str, questions: Sequence[str]) -> dict[str, Any]:
    """All the questions, one after the other, after a few to warm up."""
    times: list[float] = []
    for goal in [*questions[:5], *questions]:
        began = time.perf_counter()
        found = await process.find(uri, Query(goal))
        times.append(time.perf_counter() - began)
        if not isinstance(found, Found):
            raise SystemExit(found)
    return percentiles(times[5:])


async def edited(process: IndexProcess, tree: Path, path: str) -> dict[str, Any]:
    """From an edit in the editor to an answer that has it; and from a change on disk."""
    uri, text = tree.as_uri(), (tree / path).read_text(encoding="utf-8")
    seen: list[float] = []
    for count in range(EDITS):
        word = f"zebra{count}crossing"
        began = time.perf_counter()
        process.buffer(uri, path, f"{text}\n# {word}\n")
        while not await first_is(process, uri, word, path):  # noqa: ASYNC110
            await asyncio.sleep(0)
        seen.append(time.perf_counter() - began)
    process.buffer(uri, path, None)
    return {**percentiles(seen), "characters": len(text)}


async def first_is(process: IndexProcess, uri: str, word: str, path: str) -> bool:
    """Whether the word leads to the file."""
    found = await process.find(uri, Query(word, 500))
    return isinstance(found, Found) and bool(found.files) and found.files[0].path == path


async def restarted(cache: Path, tree: Path) -> dict[str, Any]:
    """From the start of a second process to an index that was compared with the files."""
    process = IndexProcess(cache)
    began = time.perf_counter()
    process.opened(tree.as_uri(), trusted=True)
    await reach(process, tree.as_uri(), {"full"}, fresh=True)
    seconds, cpu = time.perf_counter() - began, processor_seconds(process.pid or 0)
    used = memory(process.pid or 0)
    await process.close()
    return {"fresh_s": seconds, "fresh_cpu_s": cpu, "memory": used}


def plain(cache: Path, tree: Path, questions: Sequence[str]) -> dict[str, float]:
    """One BM25 query over the text of files, in this process."""
    [folder] = list(cache.glob("*/tables"))
    index = Index(DiskSource(tree, trusted=True), folder, store_in(folder))
    times: list[float] = []
    for goal in questions:
        began = time.perf_counter()
        index.files_table.scores("body", evenly(goal), 300)
        times.append(time.perf_counter() - began)
    index.close()
    return percentiles(times)


async def measure(tree: Path, cache: Path) -> dict[str, Any]:
    """All figures."""
    chance = random.Random(1)
    reading = read_all(tree)
    questions = goals(tree, chance)
    source = DiskSource(tree, trusted=True)
    entries = [entry for folder in source.scan() for entry in folder]
    large = min(
        (entry for entry in entries if entry.path.endswith((".py", ".ts", ".js", ".go"))),
        key=lambda e: abs(e.size - 50_000),
    )
    process = IndexProcess(cache)
    try:
        figures: dict[str, Any] = {"reading": reading}
        figures["cold"] = await cold(process, tree)
        figures["query"] = await asked(process, tree.as_uri(), questions)
        figures["edit"] = await edited(process, tree, large.path)
        figures["disk_mb"] = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) / 1e6
    finally:
        await process.close()
    figures["restart"] = await restarted(cache, tree)
    figures["loop_pause"] = await typed_in(cache / "second", tree, large.path)
    figures["plain_bm25"] = plain(cache, tree, questions)
    figures["ratios"] = {
        "lexical_to_reading": figures["cold"]["lexical_s"] / (reading["list_s"] + reading["read_s"]),
        "query_to_bm25": figures["query"]["p50_ms"] / figures["plain_bm25"]["p50_ms"],
    }
    return figures


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tree", type=Path, default=ROOT)
    tree = parser.parse_args().tree.resolve()
    cache = Path(tempfile.mkdtemp())
    try:
        figures = asyncio.run(measure(tree, cache))
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    print(json.dumps(rounded(figures)))


def rounded(value: Any) -> Any:
    """Three digits are enough."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
