"""How long a stop takes in the middle of a stream: from the command until the view says so, and until the endpoint
sees its connection closed.

The real server process, a scripted endpoint and a client, all on this machine. Prints one JSON object; milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "server")]

from endpoint.server import Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor

ROUNDS = 10


async def one_round(client: EditorClient, endpoint: Endpoint) -> tuple[float, float]:
    """Milliseconds until the view is `stopped`, and until the request's connection is closed."""
    now = asyncio.get_running_loop().time
    session = (await client.command("startSession", goal="Talk", planFirst=False))["session"]
    await client.until_streamed(session, 200)
    request = endpoint.requests[-1]
    began = now()

    async def shown() -> float:
        await client.until(session, lambda view: view["phase"] == "stopped")
        return (now() - began) * 1000

    async def closed() -> float:
        await endpoint.until(lambda: request.outcome == "client_gone")
        return (now() - began) * 1000

    _, until_shown, until_closed = await asyncio.gather(client.command("interrupt", session=session), shown(), closed())
    return until_shown, until_closed


async def measure() -> dict[str, float]:
    """Medians and the slowest of `ROUNDS` stops in one warm server."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        workspace.mkdir()
        script = Script([], exhausted=Turn(Text("word " * 20_000), chunk_delay=0.01))
        async with Endpoint(script) as endpoint, editor(workspace, Path(folder, "state"), endpoint.base_url) as client:
            await asyncio.sleep(2)
            found = [await one_round(client, endpoint) for _ in range(ROUNDS)]
    shown, closed = zip(*found, strict=True)
    return {
        "until_shown_ms": round(statistics.median(shown), 1),
        "until_shown_slowest_ms": round(max(shown), 1),
        "until_closed_ms": round(statistics.median(closed), 1),
        "until_closed_slowest_ms": round(max(closed), 1),
    }


def main() -> None:
    """Prints the figures."""
    print(json.dumps(asyncio.run(measure())))


if __name__ == "__main__":
    main()
