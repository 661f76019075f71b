"""What a burst of file events costs while hunks wait in 100 files that are not open; prints one JSON object.

A real server process; 5,000 events in one message, then requests one after the other for a second. `slowest_answer_ms`
is the slowest of them, by kind of burst: `elsewhere` (no file with hunks), `namesakes` (the same last name in 5,000
other folders), `all_changed` (5,000 events of which 100 are files with hunks that gained a line on top). `idle` is the
same without a burst. `shown_ms`: from the burst until the diagnostics of all 100 files stand one line lower. Medians of
five rounds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[2] / "server"), str(Path(__file__).parents[1])]

from endpoint.server import Call, Endpoint, Script, Turn
from support.editor_client import editor
from support.folders_client import CHANGED, CREATED, FoldersClient

FILES = 100
EVENTS = 5_000
ROUNDS = 5
BODY = "".join(f"line {number}\n" for number in range(200))


def script() -> Script:
    """One turn that proposes a hunk in each file."""
    change = [{"old": "line 100\n", "new": "line one hundred\n"}]
    calls = [Call("edit_file", {"path": f"src{number}/index.txt", "edits": change}) for number in range(FILES)]
    return Script([Turn(*calls), Turn(Call("finish", {"summary": "Done."}))], select="state")


async def slowest_answer(client: FoldersClient, *events: tuple[str, int]) -> float:
    """Milliseconds of the slowest answer in the second after the events."""
    if events:
        client.report(*events)
    slowest, end = 0.0, perf_counter() + 1
    while perf_counter() < end:
        start = perf_counter()
        await client.command("status")
        slowest = max(slowest, (perf_counter() - start) * 1000)
    return slowest


def elsewhere(root: Path) -> list[tuple[str, int]]:
    """Events about files without hunks, of every kind."""
    return [((root / f"out{n % 100}/file{n}.js").as_uri(), 1 + n % 3) for n in range(EVENTS)]


def namesakes(root: Path) -> list[tuple[str, int]]:
    """Events about files whose last name is that of files with hunks."""
    return [((root / f"out{n}/index.txt").as_uri(), CREATED) for n in range(EVENTS)]


async def all_changed(client: FoldersClient, root: Path, number: int) -> tuple[float, float]:
    """(slowest answer, until shown) when every file gained a line on top."""
    text = "new\n" * number + BODY
    for index in range(FILES):
        (root / f"src{index}/index.txt").write_text(text)
    uris = [(root / f"src{index}/index.txt").as_uri() for index in range(FILES)]
    start = perf_counter()
    client.report(*elsewhere(root)[FILES:], *((uri, CHANGED) for uri in uris))
    slowest = 0.0
    while any(client.diagnostics[uri][0]["range"]["start"]["line"] != 100 + number for uri in uris):
        asked = perf_counter()
        await client.command("status")
        slowest = max(slowest, (perf_counter() - asked) * 1000)
    return slowest, (perf_counter() - start) * 1000


async def measure(root: Path) -> dict[str, object]:
    """The figures."""
    workspace = root / "workspace"
    for index in range(FILES):
        (workspace / f"src{index}").mkdir(parents=True)
        (workspace / f"src{index}/index.txt").write_text(BODY)
    async with (
        Endpoint(script()) as endpoint,
        editor(workspace, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
        await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == FILES)
        await client.until_told(lambda: len(client.diagnostics) == FILES)
        found: dict[str, list[float]] = {"idle": [], "elsewhere": [], "namesakes": [], "all_changed": []}
        shown: list[float] = []
        for number in range(1, ROUNDS + 1):
            found["idle"].append(await slowest_answer(client))
            found["elsewhere"].append(await slowest_answer(client, *elsewhere(workspace)))
            found["namesakes"].append(await slowest_answer(client, *namesakes(workspace)))
            slowest, until = await all_changed(client, workspace, number)
            found["all_changed"].append(slowest)
            shown.append(until)
    answers = {kind: round(median(each), 1) for kind, each in found.items()}
    return {"events": EVENTS, "files": FILES, "slowest_answer_ms": answers, "shown_ms": round(median(shown), 1)}


def main() -> None:
    """Print {events, files, slowest_answer_ms, shown_ms}."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder).resolve()))))


if __name__ == "__main__":
    main()
