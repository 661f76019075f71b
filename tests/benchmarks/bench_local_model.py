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


DOCSTRINGS = (
    Job(
        "Add a docstring to clamp",
        "def clamp(value, low, high):\n    if low > high:\n        raise ValueError('low must not exceed high')\n"
        "    return max(low, min(value, high))\n",
        (r"(?i)clamp|limit|restrict|within|between|range",),
    ),
    Job(
        "write a docstring for this function",
        "def slugify(title: str) -> str:\n    words = re.findall(r'[a-z0-9]+', title.lower())\n    return '-'.join(words)\n",
        (r"(?i)slug|hyphen|dash",),
    ),
    Job(
        "Document this function",
        "def median(values):\n    ordered = sorted(values)\n    middle = len(ordered) // 2\n    if len(ordered) % 2:\n"
        "        return ordered[middle]\n    return (ordered[middle - 1] + ordered[middle]) / 2\n",
        (r"(?i)median",),
    ),
    Job(
        "add a docstring",
        "async def fetch_json(session, url, retries=3):\n    for attempt in range(retries):\n        try:\n"
        "            async with session.get(url) as reply:\n                reply.raise_for_status()\n"
        "                return await reply.json()\n        except OSError:\n            if attempt == retries - 1:\n"
        "                raise\n            await asyncio.sleep(2 ** attempt)\n",
        (r"(?i)json", r"(?i)retr|attempt"),
    ),
    Job(
        "Write the docstring of is_leap",
        "def is_leap(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n",
        (r"(?i)leap year",),
    ),
    Job(
        "Add a docstring to the method",
        "    def withdraw(self, amount):\n        if amount > self.balance:\n"
        "            raise InsufficientFunds(self.balance, amount)\n        self.balance -= amount\n        return self.balance\n",
        (r"(?i)withdraw|subtract|deduct", r"(?i)balance"),
    ),
    Job(
        "docstring please",
        "def chunks(items, size):\n    for start in range(0, len(items), size):\n        yield items[start:start + size]\n",
        (r"(?i)chunk|piece|slice|batch|sublist",),
    ),
    Job(
        "Add a docstring to count_words",
        "def count_words(path):\n    counts = {}\n    with open(path, encoding='utf-8') as file:\n        for line in file:\n"
        "            for word in line.split():\n                counts[word] = counts.get(word, 0) + 1\n    return counts\n",
        (r"(?i)count", r"(?i)word"),
    ),
    Job(
        "Add a docstring to this class",
        "class Stack:\n    def __init__(self):\n        self._items = []\n\n    def push(self, item):\n"
        "        self._items.append(item)\n\n    def pop(self):\n        return self._items.pop()\n",
        (r"(?i)stack|last",),
    ),
    Job(
        "rewrite the docstring so that it says what is returned",
        'def parse_version(text):\n    """Version."""\n    major, minor, patch = text.split(".")\n'
        "    return int(major), int(minor), int(patch)\n",
        (r"(?i)version", r"(?i)tuple|integer|major|int"),
    ),
)

LINES = (
    Job(
        "change the default of retries from 3 to 5",
        DOCSTRINGS[3].code,
        (r"def fetch_json\(session, url, retries=5\):",),
    ),
    Job(
        "raise TypeError instead of ValueError", DOCSTRINGS[0].code, (r"raise TypeError\('low must not exceed high'\)",)
    ),
    Job(
        "use '_' instead of '-' as the separator",
        DOCSTRINGS[1].code,
        (r"return '_'\.join\(words\)",),
    ),
    Job("make the parameter `size` default to 10", DOCSTRINGS[6].code, (r"def chunks\(items, size=10\):",)),
    Job(
        "return an empty list instead of None",
        "def find_user(users, name):\n    for user in users:\n        if user.name == name:\n            return [user]\n"
        "    return None\n",
        (r"\n    return \[\]",),
    ),
    Job("change the encoding to 'latin-1'", DOCSTRINGS[7].code, (r"open\(path, encoding=['\"]latin-1['\"]\)",)),
    Job(
        "use >= instead of >",
        "def withdraw(self, amount):\n    if amount > self.balance:\n        raise InsufficientFunds(self.balance, amount)\n"
        "    self.balance -= amount\n",
        (r"if amount >= self\.balance:",),
    ),
    Job(
        "set TIMEOUT to 60",
        "HOST = 'localhost'\nPORT = 8080\nTIMEOUT = 30\nDEBUG = False\n",
        (r"TIMEOUT = 60",),
    ),
    Job(
        "add a keyword argument `reverse=True` to the sorted call",
        DOCSTRINGS[2].code,
        (r"ordered = sorted\(values, reverse=True\)",),
    ),
    Job(
        "change the log message to 'connection closed'",
        "def close(self):\n    self.socket.close()\n    logger.info('done')\n    self.open = False\n",
        (r"logger\.info\(['\"]connection closed['\"]\)",),
    ),
)


def request(job: Job) -> ModelRequest:
    """The request as it is after the plan was approved."""
    focus = Focus("sample.py", 1, job.code.count("\n"), job.code, "python")
    plan = ToolCall("plan", "update_plan", json.dumps({"steps": [{"id": "s1", "text": job.goal}]}))
    items = (Message("user", job.goal), plan, ToolResult("plan", "Approved."))
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
        print(missing, file=sys.stderr)
        return 1
    model = LocalModel(lambda: path)
    began = time.monotonic()
    await measure(model, DOCSTRINGS[4], "load")
    loaded = round(time.monotonic() - began, 2)
    rows = [await measure(model, job, "docstring") for job in DOCSTRINGS]
    rows += [await measure(model, job, "line") for job in LINES]
    await model.close()
    print(
        json.dumps({"threads": threads(), "load_and_first_seconds": loaded, **_summary(rows), "jobs": rows}, indent=1)
    )
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
