"""Measures the embedded model on small jobs: `python tests/benchmarks/bench_local_model.py [--model FILE]`.

Prints one JSON document: for each job the words or the line that the model gave, whether code accepted it, whether the
expected content is there, its prompt and output tokens and its seconds. Runs only where the model's file is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signoff.core import small
from signoff.core.model import Focus, Message, ModelFailure, ModelReply, ModelRequest, ToolCall, ToolResult
from signoff.core.tools import BY_NAME
from signoff.world.local_model import LocalModel, lacking, threads
from signoff.world.model_file import installed


@dataclass(frozen=True, slots=True)
class Job:
    """A goal at a piece of code; `expected` are regular expressions that the new text must contain."""

    goal: str
    code: str
    expected: tuple[str, ...]


JOBS = Path(__file__).with_name("local_model_jobs.toml")


def jobs(kind: str) -> list[Job]:
    """The jobs of one kind, in the file's order."""
    with JOBS.open("rb") as file:
        return [Job(one["goal"], one["code"], tuple(one["expected"])) for one in tomllib.load(file)[kind]]


def request(job: Job) -> ModelRequest:
    """The request as it is after the plan was approved."""
    focus = Focus("sample.py", 1, job.code.count("\n"), job.code, "python")
    plan = ToolCall("local_1_0", "update_plan", json.dumps({"steps": [{"id": "s1", "text": job.goal}]}))
    items = (Message("user", job.goal), plan, ToolResult("local_1_0", "Approved."))
    return ModelRequest("local", "", (BY_NAME["update_plan"],), items, focus=focus, goal=job.goal)


async def measure(model: LocalModel, job: Job, kind: str) -> dict[str, Any]:
    """One job from the request to the edit."""
    asked, pieces = request(job), list[str]()
    began = time.monotonic()
    reply = await model.respond(asked, pieces.append)
    row: dict[str, Any] = {"kind": kind, "goal": job.goal, "seconds": round(time.monotonic() - began, 2)}
    if isinstance(reply, ModelFailure):
        return {**row, "ok": False, "failure": reply.message}
    return {**row, **_judged(asked, job, reply), "words": "".join(pieces)}


def _judged(asked: ModelRequest, job: Job, reply: ModelReply) -> dict[str, Any]:
    used = {"prompt_tokens": reply.usage.input, "output_tokens": reply.usage.output, "first_ms": reply.first_token_ms}
    call = reply.items[0]
    if not isinstance(call, ToolCall):
        return {**used, "ok": False, "refused": getattr(call, "text", "")}
    edit = json.loads(call.arguments)["edits"][0]
    after = job.code.replace(edit["old"], edit["new"], 1)
    step = small.next_step(asked)
    bound = step.prompt.tokens_at_most if isinstance(step, small.Ask) else 0
    ok = all(re.search(pattern, after) for pattern in job.expected)
    return {**used, "ok": ok, "tokens_at_most": bound, "after": after}


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="the model's file, if it is not where 'signoff model pull' puts it")
    path: Path | None = parser.parse_args().model or installed()
    missing = lacking(lambda: path)
    if missing:
        print(json.dumps({"left_out": missing}))
        return 0
    model = LocalModel(lambda: path)
    began = time.monotonic()
    await measure(model, jobs("docstring")[4], "load")
    loaded = round(time.monotonic() - began, 2)
    rows = [await measure(model, job, kind) for kind in ("docstring", "line") for job in jobs(kind)]
    await model.close()
    print(json.dumps({"threads": threads(), "load_and_first_seconds": loaded, **_summary(rows), "jobs": rows}))
    return 0


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        kind: {
            "ok": sum(row["ok"] for row in rows if row["kind"] == kind),
            "of": sum(row["kind"] == kind for row in rows),
            "median_seconds": statistics.median(row["seconds"] for row in rows if row["kind"] == kind),
            "max_seconds": max(row["seconds"] for row in rows if row["kind"] == kind),
            "max_prompt_tokens": max(row.get("prompt_tokens", 0) for row in rows if row["kind"] == kind),
        }
        for kind in ("docstring", "line")
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
