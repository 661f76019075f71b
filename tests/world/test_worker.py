"""Helper processes over pipes: started late, told to stop, restarted after a crash, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signoff.world import worker
from signoff.world.worker import Worker, WorkerFailed

CHILD = """
import os, sys, time
from signoff.world.worker import serve

def handle(request, send, cancelled):
    print("noise from a library")
    os.system("echo noise from a child of it")
    match request["do"]:
        case "count":
            for number in range(request["to"]):
                send({"part": number})
            return {"sum": sum(range(request["to"]))}
        case "wait":
            send({"part": "waiting"})
            while not cancelled():
                time.sleep(0.005)
            return {"stopped": True}
        case "pid":
            return {"pid": os.getpid(), "argument": sys.argv[1]}
        case "raise":
            raise ValueError("what went wrong")
        case "exit":
            os._exit(7)
        case "signal":
            os.kill(os.getpid(), 9)
        case "echo":
            return {"text": request["text"]}

serve(handle)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "child_of_the_test.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "child_of_the_test"


@pytest.fixture
async def child(module: str):
    made = Worker(module, ("argument",), 60)
    yield made
    await made.close()


def ignore(part: dict[str, Any]) -> None:
    """Parts that nobody looks at."""


def alive(pid: int | None) -> bool:
    """Whether the process runs; one that has ended and was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(0.02)


async def test_parts_come_in_order_and_the_end_is_returned(child: Worker):
    parts: list[int] = []
    assert child.pid is None, "nothing runs before the first request"
    end = await child.ask({"do": "count", "to": 5}, lambda part: parts.append(part["part"]))
    assert parts == [0, 1, 2, 3, 4]
    assert end["sum"] == 10


async def test_one_process_serves_all_requests_one_at_a_time(child: Worker):
    ends = await asyncio.gather(*(child.ask({"do": "pid"}, ignore) for _ in range(5)))
    assert {end["pid"] for end in ends} == {child.pid}
    assert ends[0]["argument"] == "argument"


async def test_large_and_odd_texts_pass_unchanged(child: Worker):
    text = "line\n\u2028\ud800 🎉" * 3_000
    assert (await child.ask({"do": "echo", "text": text}, ignore))["text"] == text


async def test_cancelling_stops_the_work_and_the_next_request_is_served(child: Worker):
    started = asyncio.Event()
    task = asyncio.create_task(child.ask({"do": "wait"}, lambda part: started.set()))
    await started.wait()
    pid = child.pid
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await child.ask({"do": "pid"}, ignore))["pid"] == pid


@pytest.mark.parametrize(
    ("do", "words"), [("raise", "ValueError: what went wrong"), ("exit", "exit code 7"), ("signal", "SIGKILL")]
)
async def test_a_crash_is_said_in_words_and_the_next_request_starts_anew(child: Worker, do: str, words: str):
    with pytest.raises(WorkerFailed, match=words):
        await child.ask({"do": do}, ignore)
    assert (await child.ask({"do": "pid"}, ignore))["pid"] == child.pid


async def test_a_process_that_died_between_two_requests_is_started_again(child: Worker):
    await child.ask({"do": "pid"}, ignore)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid is None)
    assert (await child.ask({"do": "pid"}, ignore))["pid"] != first


async def test_a_module_that_is_not_there():
    missing = Worker("signoff.no_such_module", (), 60)
    with pytest.raises(WorkerFailed, match="No module named"):
        await missing.ask({}, ignore)
    await missing.close()


async def test_a_python_that_is_not_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    missing = Worker("signoff.world.worker", (), 60)
    with pytest.raises(WorkerFailed, match="/no/such/python could not be started"):
        await missing.ask({}, ignore)
    await missing.close()


async def test_an_idle_process_goes_away(module: str):
    child = Worker(module, ("x",), 0.05)
    pid = (await child.ask({"do": "pid"}, ignore))["pid"]
    await until(lambda: not alive(pid))
    assert child.pid is None
    await child.close()


async def test_close_ends_a_process_at_work(module: str):
    child = Worker(module, ("x",), 60)
    started = asyncio.Event()
    task = asyncio.create_task(child.ask({"do": "wait"}, lambda part: started.set()))
    await started.wait()
    pid = child.pid
    await child.close()
    assert not alive(pid)
    with pytest.raises(WorkerFailed):
        await task


async def test_close_kills_a_process_that_does_not_leave(module: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "LEAVE_S", 0.1)
    child = Worker(module, ("x",), 60)
    pid = (await child.ask({"do": "pid"}, ignore))["pid"]
    os.kill(pid, signal.SIGSTOP)
    await child.close()
    assert not alive(pid)


async def test_the_process_dies_with_its_parent(module: str):
    script = (
        "import asyncio, sys\n"
        "from signoff.world.worker import Worker\n"
        "async def main():\n"
        "    w = Worker('child_of_the_test', ('x',), 60)\n"
        "    await w.ask({'do': 'wait'}, lambda part: print(w.pid, flush=True))\n"
        "asyncio.run(main())\n"
    )
    paths = [str(Path(worker.__file__).parents[2]), os.environ["PYTHONPATH"]]
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await until(lambda: not alive(pid))
