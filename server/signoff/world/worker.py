"""A helper process that answers requests over pipes, one JSON object a line.

It starts with the first request and goes away when it was idle for a while, when it is closed, and when this process
ends in whatever way: the child leaves as soon as its standard input is at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn, TextIO, cast

LEAVE_S = 2.0
LONGEST_LINE = 64 << 20  # bytes; a line of an answer is far shorter
_PACKAGE_ROOT = str(Path(__file__).parents[2])


class WorkerFailed(Exception):
    """The process could not start, or ended before it had answered; str() says how."""


class Worker:
    """One helper process running the module `module` of this package, with `arguments`; asked one thing at a time."""

    def __init__(self, module: str, arguments: tuple[str, ...], idle_seconds: float) -> None:
        self._argv = (sys.executable, "-P", "-m", module, *arguments)
        self._idle_seconds = idle_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._leaving: list[asyncio.subprocess.Process] = []
        self._errors: IO[bytes] | None = None
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._count = 0

    @property
    def pid(self) -> int | None:
        """The running process's id, None while there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def ask(self, request: Mapping[str, Any], on_part: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The last line of the answer (it has "end"); earlier ones go to `on_part`. Raises WorkerFailed.

        Cancelling tells the process to stop; what it still says about the cancelled request is dropped.
        """
        async with self._turn:
            self._stop_timer()
            self._count += 1
            number = self._count
            try:
                process = await self._running()
                await self._send(process, {"id": number, **request})
                return await self._answer(process, number, on_part)
            except asyncio.CancelledError:
                self._tell({"cancel": number})
                raise
            finally:
                self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._leave)

    async def close(self) -> None:
        """Ends the process and waits until it is gone, and so is any that was let go before."""
        self._stop_timer()
        self._leave()
        leaving, self._leaving = self._leaving, []
        for process in leaving:
            try:
                await asyncio.wait_for(process.wait(), LEAVE_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._leave()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        paths = [_PACKAGE_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=pipe,
                stdout=pipe,
                stderr=self._errors,
                limit=LONGEST_LINE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        except OSError as trouble:
            raise WorkerFailed(f"{self._argv[0]} could not be started: {trouble}") from trouble
        return self._process

    async def _send(self, process: asyncio.subprocess.Process, message: Mapping[str, Any]) -> None:
        stdin = cast("asyncio.StreamWriter", process.stdin)
        stdin.write(json.dumps(message).encode() + b"\n")
        # That a process has died shows in the read that follows.
        with contextlib.suppress(ConnectionError):
            await stdin.drain()

    async def _answer(
        self, process: asyncio.subprocess.Process, number: int, on_part: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        stdout = cast("asyncio.StreamReader", process.stdout)
        # A line without its end is the last thing that a dying process wrote.
        while (line := await stdout.readline()).endswith(b"\n"):
            message: dict[str, Any] = json.loads(line)
            if message["id"] != number:
                continue
            if "end" in message:
                return message
            on_part(message)
        raise WorkerFailed(self._how_it_ended(await process.wait()))

    def _how_it_ended(self, code: int) -> str:
        how = f"exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                how = signal.Signals(-code).name
        return " - ".join([how, *self._last_words()])

    def _last_words(self) -> list[str]:
        if self._errors is None:
            return []
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return [lines[-1].strip()[:300]] if lines else []

    def _tell(self, message: Mapping[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    def _leave(self) -> None:
        """Lets the process go: it ends at the end of its input."""
        self._leaving = [process for process in self._leaving if process.returncode is None]
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._leaving.append(self._process)
        if self._errors is not None:
            self._errors.close()
        self._process = self._errors = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


Send = Callable[[Mapping[str, Any]], None]
Handle = Callable[[dict[str, Any], Send, Callable[[], bool]], Mapping[str, Any]]


def serve(handle: Handle) -> NoReturn:
    """The child's side: `handle(request, send, cancelled)` runs for each request in turn and returns the last line.

    At the end of standard input the process ends at once, whatever it is doing; an exception ends it with its trace.
    """
    import queue
    import threading

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # no library may write into the answers
    cancelled: set[int] = set()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    work = threading.Thread(target=_work, args=(handle, out, requests.get, cancelled), daemon=True)
    work.start()
    for line in sys.stdin:
        message = json.loads(line)
        if "cancel" in message:
            cancelled.add(message["cancel"])
        else:
            requests.put(message)
    os._exit(0)


def _work(handle: Handle, out: TextIO, get: Callable[[], dict[str, Any]], cancelled: set[int]) -> None:
    try:
        while True:
            request = get()
            number: int = request["id"]

            def send(part: Mapping[str, Any], number: int = number) -> None:
                out.write(json.dumps({"id": number, **part}) + "\n")
                out.flush()

            send({**handle(request, send, lambda number=number: number in cancelled), "end": True})
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)
