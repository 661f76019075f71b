"""The process that indexes workspaces: started when one is opened, asked over pipes, started anew when it ended.

The event loop never waits for it: it only writes into a pipe, and of each document no more than what differs from
the text that the process has.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from signoff.core import paths
from signoff.core.fragments import Found, Fragment, Query, RankedFile, Replaced
from signoff.core.splices import Teller

OFF = "The index of the codebase failed three times; sessions go on without it. Restart the server to try again."
CLOSED = "The server is closing."
_SHORT_RUN_S = 300.0
_MOST_SHORT_RUNS = 3
_LEAVE_S = 2.0
_LONGEST_LINE = 64 << 20
# A larger text's words are not indexed anyway.
_LONGEST_TEXT = 1_000_000
_PACKAGE_ROOT = str(Path(__file__).parents[2])

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Folder:
    """What the process has to be told of a workspace, so that a new one can be told again."""

    trusted: bool
    buffers: dict[str, str] = field(default_factory=dict[str, str])
    teller: Teller = field(default_factory=Teller)
    state: dict[str, Any] = field(default_factory=dict[str, Any])


class IndexProcess:
    """The port `ContextEngine`. Everything but `find`, `status` and `close` returns at once and raises nothing."""

    def __init__(self, cache: Path) -> None:
        self._argv = (sys.executable, "-P", "-m", "signoff.indexer", str(cache))
        self._folders: dict[str, _Folder] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._runner: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, tuple[dict[str, Any], asyncio.Future[dict[str, Any]]]] = {}
        self._queue: dict[Any, dict[str, Any]] = {}
        self._more = asyncio.Event()
        self._short_runs = 0
        self._off = ""

    # ------------------------------------------------------------------------------------------------------ questions

    async def find(self, workspace: str, query: Query) -> Found | str:
        """The best files and fragments of the workspace; words when there is no index."""
        answer = await self._ask({"op": "find", "workspace": workspace, "query": asdict(query)})
        return _found(answer["found"]) if "found" in answer else str(answer["words"])

    async def still_used(self, workspace: str, parts: Sequence[Replaced]) -> dict[str, dict[str, list[str]]]:
        """By path and name, the files that use what these changes took away; empty as well when nobody knows."""
        told = [[one.path, one.old, one.new, one.whole] for one in parts]
        return (await self._ask({"op": "removed", "workspace": workspace, "parts": told})).get("used", {})

    async def status(self, workspace: str) -> dict[str, Any]:
        """How far the workspace's index is: `ready` ("", "lexical", "full"), `files`, `cut`, `words`."""
        answer = await self._ask({"op": "status", "workspace": workspace})
        return answer.get("status", {"ready": "", "words": [answer.get("words", "")]})

    def state(self, workspace: str) -> Mapping[str, Any]:
        """The status as the process last told it; empty before."""
        folder = self._folders.get(workspace)
        return folder.state if folder is not None else {}

    @property
    def pid(self) -> int | None:
        """The running process's id, None while there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._off or message["workspace"] not in self._folders:
            return {"words": self._off or "The workspace is not open."}
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        message = {"id": number, **message}
        self._asked[number] = message, future
        self._put(("ask", number), message)
        try:
            return await future
        finally:
            self._asked.pop(number, None)
            self._queue.pop(("ask", number), None)

    # ----------------------------------------------------------------------------------------------------------- news

    def opened(self, workspace: str, trusted: bool) -> None:
        """A workspace (a URI) is open: it is indexed from now on. Again, when the user's trust changes."""
        folder = self._folders.setdefault(workspace, _Folder(trusted))
        folder.trusted = trusted
        if self._runner is None and not self._off:
            self._runner = asyncio.get_running_loop().create_task(self._run())
        self._put(("open", workspace), self._opening(workspace, folder))

    def closed(self, workspace: str) -> None:
        """The workspace was closed."""
        if self._folders.pop(workspace, None) is not None:
            for key in [key for key in self._queue if key[0] != "ask" and key[1] == workspace]:
                del self._queue[key]
            self._put(("close", workspace), {"op": "close", "workspace": workspace})

    def changed(self, workspace: str, changed: Sequence[str] | None) -> None:
        """These files (paths in the workspace) were made, changed or removed; None: nobody knows which."""
        if workspace in self._folders:
            known = self._queue.get(("changed", workspace), {"paths": []})["paths"]
            several = None if changed is None or known is None else [*known, *changed]
            self._put(("changed", workspace), {"op": "changed", "workspace": workspace, "paths": several})

    def buffer(self, workspace: str, path: str, text: str | None) -> None:
        """An editor holds this text of the file; None: it let go of it."""
        folder = self._folders.get(workspace)
        if folder is None:
            return
        text = None if text is None or len(text) > _LONGEST_TEXT else text
        if text is None:
            folder.buffers.pop(path, None)
        else:
            folder.buffers[path] = text
        self._put_buffer(workspace, path)

    def _put_buffer(self, workspace: str, path: str) -> None:
        self._put(("buffer", workspace, path), {"op": "buffer", "workspace": workspace, "path": path})

    def _opening(self, workspace: str, folder: _Folder) -> dict[str, Any]:
        return {"op": "open", "workspace": workspace, "root": paths.to_path(workspace), "trusted": folder.trusted}

    def _put(self, key: Any, message: dict[str, Any]) -> None:
        """Queues the message, in the place of one of the same key that was not sent yet."""
        self._queue[key] = message
        self._more.set()

    # ---------------------------------------------------------------------------------------------------- the process

    async def close(self) -> None:
        """Ends the process and waits until it is gone."""
        self._off = self._off or CLOSED
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
        self._answer_all(CLOSED)

    async def _run(self) -> None:
        while not self._off:
            began = time.monotonic()
            how = await self._one_run()
            self._short_runs = self._short_runs + 1 if time.monotonic() - began < _SHORT_RUN_S else 1
            log.warning("The index of the codebase ended (%s).", how)
            if self._short_runs >= _MOST_SHORT_RUNS:
                self._off = OFF
                log.error(OFF)
                self._answer_all(OFF)
            else:
                self._say_all_again()

    def _say_all_again(self) -> None:
        """Queues all that a new process has to know; a question is asked once more, and then given up."""
        self._queue.clear()
        for workspace, folder in self._folders.items():
            folder.state = {}
            folder.teller.forget()
            self._put(("open", workspace), self._opening(workspace, folder))
            for path in folder.buffers:
                self._put_buffer(workspace, path)
        for number, (message, future) in list(self._asked.items()):
            if message.get("again") and not future.done():
                future.set_result({"words": "The index of the codebase failed over this question."})
            elif not future.done():
                message["again"] = True
                self._put(("ask", number), message)

    def _answer_all(self, words: str) -> None:
        for _, future in self._asked.values():
            if not future.done():
                future.set_result({"words": words})

    async def _one_run(self) -> str:
        """Runs a process until it ends, and says how it ended."""
        with tempfile.TemporaryFile() as errors:
            try:
                process = self._process = await self._start(errors)
            except OSError as trouble:
                return f"{self._argv[0]} could not be started: {trouble}"
            writing = asyncio.create_task(self._write(cast("asyncio.StreamWriter", process.stdin)))
            try:
                await self._read(cast("asyncio.StreamReader", process.stdout))
                return _how_it_ended(await process.wait(), errors)
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                await _end(process)

    async def _start(self, errors: IO[bytes]) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        known = [_PACKAGE_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(known)}
        return await asyncio.create_subprocess_exec(
            *self._argv, stdin=pipe, stdout=pipe, stderr=errors, limit=_LONGEST_LINE, env=env
        )

    async def _write(self, stdin: asyncio.StreamWriter) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._queue:
                message = self._queue.pop(next(iter(self._queue)))
                for part in self._buffer_parts(message) if message["op"] == "buffer" else [message]:
                    # Half a character stays one: only so both sides count the same.
                    stdin.write(json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                    try:
                        # Until the process has taken most of it, newer texts replace older ones in the queue.
                        await stdin.drain()
                    except ConnectionError:
                        return
                    # And of a long text's parts, the editor's messages get their turn between two.
                    await asyncio.sleep(0)

    def _buffer_parts(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What the process has to hear to have the buffer's newest text."""
        path, folder = message["path"], self._folders.get(message["workspace"])
        for splice in folder.teller.tell(path, folder.buffers.get(path)) if folder is not None else ():
            yield {**message, "splice": splice and asdict(splice)}

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        # A line without its end is the last thing that a dying process wrote.
        while (line := await stdout.readline()).endswith(b"\n"):
            message: dict[str, Any] = json.loads(line)
            if event := message.pop("event", ""):
                self._heard(event, message)
                continue
            _, future = self._asked.get(message["id"], (None, None))
            if future is not None and not future.done():
                future.set_result(message)

    def _heard(self, event: str, message: dict[str, Any]) -> None:
        workspace = message.pop("workspace")
        folder = self._folders.get(workspace)
        if folder is None:
            return
        if event == "lost":
            folder.teller.forget(message["path"])
            self._put_buffer(workspace, message["path"])
            return
        for words in message["words"]:
            if words not in folder.state.get("words", ()):
                log.warning("%s", words)
        folder.state = message


async def _end(process: asyncio.subprocess.Process) -> None:
    """The process ends at the end of its input; one that does not is killed."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _LEAVE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _how_it_ended(code: int, errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return f"exit code {code}: {lines[-1].strip()[:300]}" if lines else f"exit code {code}"


def _found(value: dict[str, Any]) -> Found:
    return Found(
        tuple(RankedFile(**one) for one in value["files"]),
        tuple(Fragment(**one) for one in value["fragments"]),
        tuple(value["left_out"]),
        value["ready"],
    )
