"""What a model adapter costs per turn, and whether that stays flat while a session grows.

    python tests/benchmarks/bench_adapter.py [--wire responses|chat] [--turns 25] [--rounds 5]

The last line is the result as JSON, both wires unless one is named. The endpoint runs in a process of its own. Per
turn: `build_ms` makes the request's bytes, `parse_ms` reads the reply's bytes, `cpu_ms` is all processor time of this
process for one `respond` (SDK and HTTP library included, waiting not), `wall_ms` the whole exchange. The conversation
is that of a reading agent: each turn adds a call and 2.5 kB of output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "server"), str(ROOT / "tests")]

from endpoint.script import Call, Script, Text, Thought, Turn
from endpoint.shapes import Ids, response_events, sse
from signoff.core.model import (
    Item,
    Message,
    ModelReply,
    ModelRequest,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from signoff.world.endpoint import connect
from signoff.world.openai_chat import ChatModel
from signoff.world.openai_responses import ResponseReader, ResponsesModel
from signoff.world.wire import EventStream
from signoff.world.wire_failures import Target
from signoff.world.wire_transport import Patience, Transport

OUTPUT = "".join(f"{number:4}|    def step_{number}(self, value: int) -> int: ...\n" for number in range(46))
PARTS = (Thought("g" * 900), Text("Next file."), Call("read_file", {"path": "pkg/module.py", "start": 1, "end": 46}))
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}, "start": {"type": "integer"}}}
TOOLS = tuple(ToolSpec(f"tool_{number}", "Does one thing. " * 12, SCHEMA) for number in range(9))


def request(items: tuple[Item, ...]) -> ModelRequest:
    return ModelRequest("gpt-bench", "Rules of the house. " * 150, TOOLS, items, cache_key="bench")


def grown(items: tuple[Item, ...], reply: ModelReply) -> tuple[Item, ...]:
    results = [ToolResult(item.call_id, OUTPUT) for item in reply.items if isinstance(item, ToolCall)]
    return (*items, *reply.items, *results)


def parse_ms() -> float:
    """Reading one reply's bytes, as the transport does."""
    wire = b"".join(
        sse("responses", event) for event in response_events(PARTS, "gpt-bench", Ids("r", "t"), (1, 0, 1), 48)
    )
    start = time.perf_counter()
    stream, reader = EventStream(), ResponseReader(Target("host", "gpt-bench"), None, len)
    for data in stream.feed(wire):
        reader.feed(json.loads(data))
    reader.reply()
    return (time.perf_counter() - start) * 1000


async def one_round(base_url: str, wire: Any, turns: int) -> list[dict[str, float]]:
    builder = (ChatModel if wire == "chat" else ResponsesModel)(Transport(base_url, None, Patience()))
    model = connect(base_url, None, wire)
    await model.warm()
    items: tuple[Item, ...] = (Message("user", "Read all modules."),)
    rows: list[dict[str, float]] = []
    for turn in range(1, turns + 1):
        asked = request(items)
        start = time.perf_counter()
        body = builder.body(asked)
        built = (time.perf_counter() - start) * 1000
        wall, cpu = time.perf_counter(), time.process_time()
        reply = await model.respond(asked, lambda _: None)
        row = {"cpu_ms": (time.process_time() - cpu) * 1000, "wall_ms": (time.perf_counter() - wall) * 1000}
        assert isinstance(reply, ModelReply), reply
        rows.append({"turn": turn, "body_bytes": len(body), "build_ms": built, "parse_ms": parse_ms(), **row})
        items = grown(items, reply)
    await model.close()
    return rows


def summary(rounds: list[list[dict[str, float]]]) -> dict[str, Any]:
    """Medians over the rounds; `late_over_early` compares the last five turns with turns 3 to 7."""
    per_turn: list[dict[str, float]] = []
    for rows in zip(*rounds, strict=True):
        per_turn.append({key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]})
    keys = ("build_ms", "parse_ms", "cpu_ms", "wall_ms")
    early = {key: statistics.median(row[key] for row in per_turn[2:7]) for key in keys}
    late = {key: statistics.median(row[key] for row in per_turn[-5:]) for key in keys}
    ratio = {key: round(late[key] / early[key], 2) for key in keys}
    return {"turns": per_turn, "early": early, "late": late, "late_over_early": ratio}


def pss_mb() -> float | None:
    try:
        text = Path("/proc/self/smaps_rollup").read_text()
    except OSError:
        return None
    return round(int(text.split("Pss:")[1].split()[0]) / 1024, 1)


async def measure(wire: str, turns: int, rounds: int, base_url: str) -> dict[str, Any]:
    done = [await one_round(base_url, wire, turns) for _ in range(rounds)]
    return {"rounds": rounds, "pss_mb": pss_mb(), "load": os.getloadavg()[0], **summary(done)}


def served(wire: str, turns: int, rounds: int) -> dict[str, Any]:
    """Measures one wire against an endpoint process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.json")
        script.write_text(Script([Turn(*PARTS)] * (turns * rounds)).to_json(), "utf-8")
        argv = [sys.executable, str(ROOT / "tests/endpoint/server.py"), "--script", str(script)]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            port = server.stdout.readline().split()[1]
            return asyncio.run(measure(wire, turns, rounds, f"http://127.0.0.1:{port}/v1"))
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Per-turn cost of a model adapter.")
    parser.add_argument("--wire", choices=["responses", "chat"])
    parser.add_argument("--turns", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, Any] = {}
    for wire in [options.wire] if options.wire else ["responses", "chat"]:
        result[wire] = found = served(wire, options.turns, options.rounds)
        print(f"{wire:10} turns 3-7: {found['early']}  last five: {found['late']}")
    print(json.dumps(result, separators=(",", ":")))


if __name__ == "__main__":
    main()
