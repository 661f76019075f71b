"""The embedded model: real inference where its file is on this machine, and honest failures everywhere."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from signoff.core.model import Focus, Item, Message, ModelFailure, ModelReply, ModelRequest, ToolCall, ToolResult
from signoff.core.small_prompts import PROMPT_TOKENS
from signoff.core.tools import SPECS
from signoff.world import local_model
from signoff.world.local_model import LocalModel, lacking, no_file, no_library, threads
from signoff.world.model_file import installed

# Found before a test names another state folder.
MODEL = installed()
needs_library = pytest.mark.skipif(find_spec("xllamacpp") is None, reason="embedded model: xllamacpp is not installed")
needs_model = pytest.mark.skipif(
    MODEL is None or find_spec("xllamacpp") is None,
    reason="embedded model: not on this machine (signoff model pull, and the extra 'local')",
)

CODE = (
    "def clamp(value, low, high):\n"
    "    if low > high:\n"
    '        raise ValueError("low must not exceed high")\n'
    "    return max(low, min(value, high))\n"
)
LONG = "def long(a):\n" + "".join(f"    step_{n} = compute_step(a, {n})\n" for n in range(40)) + "    return step_39\n"


def request(goal: str, *items: Item, code: str = CODE) -> ModelRequest:
    focus = Focus("a.py", 1, code.count("\n"), code, "python")
    said = (Message("user", goal), *items)
    return ModelRequest("local/qwen", "", SPECS, said, focus=focus, goal=goal)


def approved(goal: str, code: str = CODE) -> ModelRequest:
    plan = ToolCall("local_1_0", "update_plan", json.dumps({"steps": [{"id": "s1", "text": goal}]}))
    return request(goal, plan, ToolResult("local_1_0", "Approved."), code=code)


def ignore(text: str) -> None:
    """Words that nobody looks at."""


def alive(pid: int | None) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(0.05)


@pytest.fixture
async def model() -> AsyncIterator[LocalModel]:
    made = LocalModel(lambda: MODEL)
    yield made
    await made.close()


# --------------------------------------------------------------------------------------------------- without inference


async def test_what_code_answers_needs_no_model():
    model = LocalModel(lambda: None)
    reply = await model.respond(request("Add a docstring"), ignore)
    assert isinstance(reply, ModelReply)
    assert [item.name for item in reply.items if isinstance(item, ToolCall)] == ["update_plan"]
    assert (reply.usage.input, reply.usage.output) == (0, 0)
    assert reply.model == "local/qwen"
    reply = await model.respond(request("Why is this slow?"), ignore)
    assert isinstance(reply, ModelReply)
    assert isinstance(reply.items[0], Message)
    assert model.pid is None
    await model.close()


async def test_a_missing_file_says_how_to_get_it():
    failure = await LocalModel(lambda: None).respond(approved("Add a docstring"), ignore)
    assert isinstance(failure, ModelFailure)
    assert failure.reason == "model_unavailable"
    assert failure.message in (no_file(), no_library())


def test_what_is_lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(importlib_util(), "find_spec", lambda name: None)
    assert lacking(lambda: tmp_path) == no_library()
    monkeypatch.setattr(importlib_util(), "find_spec", lambda name: object())
    assert lacking(lambda: None) == no_file()
    assert lacking(lambda: tmp_path) is None


def importlib_util():
    return local_model.importlib.util


def test_one_core_is_left_to_the_editor(monkeypatch: pytest.MonkeyPatch):
    for cores, expected in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid, cores=cores: set(range(cores)), raising=False)
        assert threads() == expected
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads() == 1


@needs_library
async def test_a_file_that_is_no_model_can_not_be_loaded(tmp_path: Path):
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 1_000)
    model = LocalModel(lambda: tmp_path / "bad.gguf")
    failure = await model.respond(approved("Add a docstring"), ignore)
    assert isinstance(failure, ModelFailure)
    assert failure.reason in ("model_unavailable", "killed")
    assert "local model" in failure.message
    await model.close()


# ------------------------------------------------------------------------------------------------------ with inference


@needs_model
@pytest.mark.local_model
async def test_a_docstring_from_goal_to_finish(model: LocalModel):
    pieces: list[str] = []
    asked = approved("Add a docstring to clamp")
    reply = await model.respond(asked, pieces.append)
    assert isinstance(reply, ModelReply), reply
    (call,) = reply.items
    assert isinstance(call, ToolCall)
    (edit,) = json.loads(call.arguments)["edits"]
    after = CODE.replace(edit["old"], edit["new"])
    function = ast.parse(after).body[0]
    assert isinstance(function, ast.FunctionDef)
    docstring = ast.get_docstring(function)
    assert docstring
    assert docstring.split()[0] in "".join(pieces), "what was streamed is what was written"
    assert ast.dump(ast.parse(CODE).body[0].body[0]) == ast.dump(function.body[1])  # type: ignore[attr-defined]
    assert 0 < reply.usage.input <= PROMPT_TOKENS
    assert reply.usage.output > 5
    assert 0 < reply.first_token_ms <= reply.total_ms

    proposed = ToolResult(call.call_id, "Proposed: update a.py (+1 -0). Not approved yet; reads show it.")
    done = await model.respond(request("Add a docstring to clamp", *asked.items[1:], call, proposed), ignore)
    assert isinstance(done, ModelReply)
    assert [item.name for item in done.items if isinstance(item, ToolCall)] == ["update_plan", "finish"]


@needs_model
@pytest.mark.local_model
async def test_it_is_loaded_while_the_user_reads_the_plan(model: LocalModel):
    reply = await model.respond(request("Add a docstring"), ignore)
    assert isinstance(reply, ModelReply)
    await until(lambda: model.pid is not None)
    pid = model.pid
    assert isinstance(await model.respond(approved("Add a docstring"), ignore), ModelReply)
    assert model.pid == pid
    await model.close()
    assert not alive(pid)


@needs_model
@pytest.mark.local_model
async def test_closed_while_it_loads(model: LocalModel):
    await model.respond(request("Add a docstring"), ignore)
    await until(lambda: model.pid is not None)
    pid = model.pid
    await model.close()
    assert not alive(pid)


@needs_model
@pytest.mark.local_model
async def test_an_explicit_line(model: LocalModel):
    reply = await model.respond(approved("raise TypeError instead of ValueError"), ignore)
    assert isinstance(reply, ModelReply), reply
    (call,) = reply.items
    assert isinstance(call, ToolCall)
    (edit,) = json.loads(call.arguments)["edits"]
    assert CODE.replace(edit["old"], edit["new"]) == CODE.replace("ValueError", "TypeError")


@needs_model
@pytest.mark.local_model
async def test_cancelled_while_it_reads_and_while_it_writes(model: LocalModel):
    reading = asyncio.create_task(model.respond(approved("Add a docstring", LONG), ignore))
    await until(lambda: model.pid is not None)
    await asyncio.sleep(0.2)
    await cancelled(reading)
    started = asyncio.Event()
    writing = asyncio.create_task(model.respond(approved("Add a docstring"), lambda text: started.set()))
    await started.wait()
    pid = model.pid
    await cancelled(writing)
    assert isinstance(await model.respond(approved("Add a docstring"), ignore), ModelReply)
    assert model.pid == pid, "the model stays loaded"


async def cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@needs_model
@pytest.mark.local_model
async def test_a_killed_child_is_a_failure_and_the_next_request_loads_again(model: LocalModel):
    def kill(text: str) -> None:
        assert model.pid is not None
        os.kill(model.pid, signal.SIGKILL)

    failure = await model.respond(approved("Add a docstring"), kill)
    assert isinstance(failure, ModelFailure)
    assert failure.reason == "killed"
    assert "SIGKILL" in failure.message
    assert "1.9 GB" in failure.message
    assert isinstance(await model.respond(approved("Add a docstring"), ignore), ModelReply)


@needs_model
@pytest.mark.local_model
async def test_nobody_else_can_reach_it_and_it_unloads_when_idle():
    model = LocalModel(lambda: MODEL, idle_seconds=0.1)
    seen: list[list[str]] = []
    await model.respond(approved("Add a docstring"), lambda text: seen.append(listening(model.pid)))
    assert seen
    assert seen[-1] == [], "no port, and the socket file is gone"
    await until(lambda: model.pid is None)
    await model.close()


def listening(pid: int | None) -> list[str]:
    """The TCP ports on which the process listens, and the paths of its listening sockets that exist."""
    mine = {match[1] for fd in Path(f"/proc/{pid}/fd").iterdir() if (match := re.match(r"socket:\[(\d+)\]", link(fd)))}
    tcp = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    ports = [row[1] for row in tcp if row[3] == "0A" and row[9] in mine]
    unix = [row.split() for row in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]]
    return ports + [row[7] for row in unix if len(row) > 7 and row[6] in mine and Path(row[7]).exists()]


def link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


@needs_model
@pytest.mark.local_model
async def test_a_generation_that_takes_too_long_is_stopped():
    model = LocalModel(lambda: MODEL, timeout=0.3)
    failure = await model.respond(approved("Add a docstring", LONG), ignore)
    assert isinstance(failure, ModelFailure)
    assert failure.reason == "timeout"
    await model.close()
