"""Starts a real editor without a screen, and has it do what a user does: a driver inside of it is told over a socket.

The editor starts the server by itself, as its page in docs/editors/ says: a small `signoff` program that runs this
checkout stands first on its PATH.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from support.editor_client import environment

PATIENCE = 20.0
HERE = Path(__file__).resolve().parent

T = TypeVar("T")


class DriverFailed(AssertionError):
    """The driver inside of the editor reported an error."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The folders of one run: what is edited, the server's state, and a home folder with nothing of the user's."""

    workspace: Path
    state: Path
    home: Path

    @property
    def stderr(self) -> Path:
        """What the servers wrote to stderr."""
        return self.home / "server-stderr"

    @property
    def pids(self) -> Path:
        """The process ids of the servers that were started, one a line."""
        return self.home / "server-pids"

    def environment(self, base_url: str) -> dict[str, str]:
        """The editor's environment."""
        folders = {"HOME": self.home, "EDITOR_SOCKET": self.home / "socket", "XDG_RUNTIME_DIR": self.home}
        folders |= {f"XDG_{name}_HOME": self.home / name.lower() for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        path = f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**environment(self.state, base_url), **{k: str(v) for k, v in folders.items()}, "PATH": path}

    def furnish(self) -> None:
        """Makes the home folder, with a `signoff` program in it that runs this checkout."""
        program = self.home / "bin" / "signoff"
        program.parent.mkdir(parents=True)
        run = f"exec '{sys.executable}' -m signoff \"$@\" 2>>'{self.stderr}'"
        program.write_text(f"#!/bin/sh\necho $$ >>'{self.pids}'\n{run}\n", encoding="utf-8")
        program.chmod(0o755)
        self.stderr.touch()
        self.pids.touch()


class RealEditor:
    """One running editor. Paths are relative to the workspace; lines and columns count from 0."""

    def __init__(
        self,
        rooms: Rooms,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        restarting: Callable[[RealEditor], Awaitable[None]],
    ) -> None:
        self.rooms, self.restarting = rooms, restarting
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._killed = 0

    async def call(self, method: str, **args: Any) -> Any:
        """What the driver answers; one call at a time."""
        if "path" in args:
            args["path"] = str(self.rooms.workspace / args["path"])
        number = next(self._ids)
        self._writer.write(json.dumps({"id": number, "method": method, "args": args}).encode() + b"\n")
        line = await asyncio.wait_for(self._reader.readline(), PATIENCE)
        assert line, f"the editor is gone while it was to {method}"
        answer = json.loads(line)
        assert answer["id"] == number
        if "error" in answer:
            raise DriverFailed(f"{method}: {answer['error']}")
        return answer["result"]

    def uri(self, path: str) -> str:
        """The URI of a file of the workspace."""
        return (self.rooms.workspace / path).as_uri()

    async def open(self, path: str) -> None:
        """Shows the file."""
        await self.call("open", path=path)

    async def text(self, path: str) -> str:
        """The buffer's text."""
        return await self.call("text", path=path)

    async def fresh(self, path: str) -> str:
        """The text of a document that the server keeps up to date."""
        return await self.text(path)

    async def modified(self, path: str) -> bool:
        """Whether the buffer differs from the file, in the editor's own opinion."""
        return await self.call("modified", path=path)

    async def diagnostics(self, path: str) -> list[dict[str, Any]]:
        """Our diagnostics as the editor has them: `line`, `message`, `code`, `data`, first line first."""
        found = list(await self.call("diagnostics", path=path) or [])
        return sorted(found, key=lambda each: each["line"])

    async def actions(self, path: str, line: int) -> list[str]:
        """The titles in the editor's menu at a line."""
        return list(await self.call("actions", path=path, line=line) or [])

    async def act(self, path: str, line: int, title: str) -> None:
        """Picks a code action of ours from the menu; fails when it isn't there."""
        offered = list(await self.call("act", path=path, line=line, title=f"Signoff: {title}") or [])
        assert f"Signoff: {title}" in offered, (title, offered)

    async def hover(self, path: str, line: int) -> str | None:
        """What the editor shows for a place, as text."""
        return await self.call("hover", path=path, line=line)

    async def command(self, name: str, **argument: Any) -> Any:
        """The result of one of our commands, sent by the editor's client."""
        return await self.call("command", name=name, argument=argument)

    async def type(self, path: str, line: int, column: int, text: str) -> None:
        """Types at a place."""
        await self.call("type", path=path, line=line, column=column, text=text)

    async def erase(self, path: str, line: int) -> None:
        """Deletes a line."""
        await self.call("erase", path=path, line=line)

    async def undo(self, path: str) -> None:
        """The editor's own undo, once."""
        await self.call("undo", path=path)

    async def redo(self, path: str) -> None:
        """The editor's own redo, once."""
        await self.call("redo", path=path)

    async def save(self, path: str) -> None:
        """Writes the buffer to its file."""
        await self.call("save", path=path)

    async def kill_server(self) -> None:
        """kill -9 of the server that runs."""
        self._killed = await self._servers()
        os.kill(int(self.rooms.pids.read_text().split()[-1]), signal.SIGKILL)

    async def restart(self) -> None:
        """Has the editor start its server again, as the editor's page says; returns when it answers."""
        await self.restarting(self)
        await until(self._servers, lambda count: count > self._killed)
        await self.ready()

    async def _servers(self) -> int:
        """How many servers were started so far."""
        return len(self.rooms.pids.read_text().split())

    async def ready(self) -> None:
        """Waits until the editor's client has a server that answered `initialize`."""
        await until(lambda: self.call("ready"), bool)


async def until(ask: Callable[[], Awaitable[T]], wanted: Callable[[T], bool]) -> T:
    """What `ask` answers once `wanted` holds for it; fails with the last answer when it never does."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not wanted(answer := await ask()):
        assert asyncio.get_running_loop().time() < end, f"still {answer}"
        await asyncio.sleep(0.02)
    return answer


@asynccontextmanager
async def running(
    rooms: Rooms, base_url: str, argv: Sequence[str], restarting: Callable[[RealEditor], Awaitable[None]], **extra: str
) -> AsyncIterator[RealEditor]:
    """An editor that was started with the arguments and has loaded its driver; gone afterwards, with its servers.

    `restarting` is what a user does in it when the server has died. `extra` are variables of its environment.
    """
    connected: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    socket = rooms.home / "socket"
    listening = await asyncio.start_unix_server(lambda *pair: connected.put_nowait(pair), socket, limit=2**24)
    output = rooms.home / "editor-output"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=rooms.workspace,
            env={**rooms.environment(base_url), **extra},
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        reader, writer = await asyncio.wait_for(connected.get(), PATIENCE)
        with closing(writer):
            yield RealEditor(rooms, reader, writer, restarting)
        assert rooms.stderr.read_text() == "", rooms.stderr.read_text()
    except BaseException:
        sys.stderr.write(output.read_text(errors="replace"))
        raise
    finally:
        listening.close()
        _kill(os.killpg, process.pid)
        for pid in rooms.pids.read_text().split():
            _kill(os.kill, int(pid))
        await process.wait()


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    with suppress(ProcessLookupError):
        how(pid, signal.SIGKILL)
