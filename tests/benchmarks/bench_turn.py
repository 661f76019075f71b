"""What a turn costs: from the last byte of a reply to the next request, with one read in between, over 25 turns.

The real server process, a scripted endpoint and a client, all on this machine. Also: from the command to the first
request of a warm server. Prints one JSON object; milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "server")]

from endpoint.server import Call, Endpoint, Script, Turn
from support.editor_client import editor

TURNS = 25
ROUNDS = 5


async def one_round(folder: Path) -> tuple[list[float], float]:
    """The gaps of one session, and command -> first request."""
    workspace = folder / "workspace"
    workspace.mkdir()
    body = "".join(f"    def step_{n}(self, value: int) -> int:\n        return value * {n}\n" for n in range(300))
    (workspace / "a.py").write_text(body)
    reads = [
        Turn(Call("read_file", {"path": "a.py", "start_line": 20 * n + 1, "end_line": 20 * n + 20}))
        for n in range(TURNS - 1)
    ]
    script = Script([*reads, Turn(Call("finish", {"summary": "Read."}))], select="state")
    async with Endpoint(script) as endpoint, editor(workspace, folder / "state", endpoint.base_url) as client:
        await asyncio.sleep(2)
        began = asyncio.get_running_loop().time()
        session = (await client.command("startSession", goal="Read it", planFirst=False))["session"]
        await client.until(session, lambda view: view["phase"] == "done")
        asked = endpoint.requests
        gaps = [(b.at - (a.done_at or a.at)) * 1000 for a, b in pairwise(asked)]
        return gaps, (asked[0].at - began) * 1000


async def measure() -> dict[str, float]:
    """Medians over all rounds."""
    gaps: list[list[float]] = []
    first: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            found, start = await one_round(Path(folder))
            gaps.append(found)
            first.append(start)
    return {
        "turn_ms": round(statistics.median(g for found in gaps for g in found), 1),
        "turns_5_to_9_ms": round(statistics.median(g for found in gaps for g in found[4:9]), 1),
        "turns_20_to_24_ms": round(statistics.median(g for found in gaps for g in found[19:24]), 1),
        "command_to_first_request_ms": round(statistics.median(first), 1),
    }


def main() -> None:
    """Prints the figures."""
    print(json.dumps(asyncio.run(measure())))


if __name__ == "__main__":
    main()
