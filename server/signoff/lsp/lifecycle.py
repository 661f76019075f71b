"""The life of the process: pass messages from the reader to the protocol until something ends it, then end in time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from signoff.lsp.framing import Frame, Source
from signoff.lsp.server import SignoffServer
from signoff.lsp.transport import Reader, Sink, Writer

logger = logging.getLogger(__name__)

_POLL = 2.0
_HOOKS = 1.5
_DRAIN = 0.5
_DEADLINE = 2.5
_FLUSH = 5.0
# What the client sent before it left is still handled, unless a handler never returns.
_BACKLOG = 20.0


@dataclass(frozen=True, slots=True)
class End:
    """The connection is over: the exit code, and why."""

    code: int
    reason: str


def serve(server: SignoffServer, source: Source, sink: Sink, parent: int | None = None) -> int:
    """Serve one client until it leaves. Returns the exit code: 0 after shutdown and exit, 130 on SIGINT, else 1.

    Ends as well, within 5 s, when the process `parent` or the one that the client names in `initialize` dies; only
    processes that are visible at the time are watched.
    """
    return asyncio.run(_Connection(server, source, sink).run(parent))


class _Connection:
    """Must be made while no event loop runs, and used once."""

    def __init__(self, server: SignoffServer, source: Source, sink: Sink) -> None:
        self._server = server
        self._source = source
        self._sink = sink
        self._inbox: asyncio.Queue[Frame | End] = asyncio.Queue()

    async def run(self, parent: int | None) -> int:
        loop = asyncio.get_running_loop()

        def post(item: Frame | End) -> None:
            with suppress(RuntimeError):  # the loop is closed, nobody listens any more
                loop.call_soon_threadsafe(self._inbox.put_nowait, item)

        for name, code in ((signal.SIGINT, 130), (signal.SIGTERM, 1)):
            with suppress(NotImplementedError):  # not on Windows
                loop.add_signal_handler(name, post, End(code, name.name))
        writer = Writer(self._sink, lambda reason: post(End(1, reason)))

        def closed() -> None:
            post(End(1, "the client closed the connection"))
            _exit_within(_BACKLOG, 1)

        reader = Reader(self._source, post, closed)
        self._server.protocol.connect(writer)
        self._server.protocol.client_named = lambda pid: _watch(pid, post)
        reader.start()
        _watch(parent, post)
        end = await self._handle(reader, writer)
        logger.info("The server ends: %s.", end.reason)
        # A thread of ours or of a library that does not stop must not keep the process.
        _exit_within(_DEADLINE, end.code)
        await self._run_exit_hooks()
        self._server.protocol.close()
        writer.close(_DRAIN)
        return end.code

    async def _handle(self, reader: Reader, writer: Writer) -> End:
        """Handle messages, one at a time and in order, until something ends the connection."""
        protocol = self._server.protocol
        ready = False
        while not isinstance(item := await self._inbox.get(), End):
            protocol.receive(item)
            reader.done()
            if protocol.exit_code is not None:
                if protocol.exit_code == 0:  # exit may come right behind shutdown, whose answer is still due
                    await protocol.settle()
                return End(protocol.exit_code, "the client asked for it")
            if protocol.answered_initialize and not ready:
                ready = True
                await self._become_ready(writer)
            # A client that sends without pause must not starve the tasks.
            await asyncio.sleep(0)
        return item

    async def _become_ready(self, writer: Writer) -> None:
        with suppress(TimeoutError):  # a client that does not read yet
            await asyncio.wait_for(asyncio.wrap_future(writer.flushed()), _FLUSH)
        logger.info("Answered initialize.")
        self._server.run_ready_hooks()

    async def _run_exit_hooks(self) -> None:
        if hooks := [asyncio.ensure_future(_ending(hook)) for hook in self._server.exit_hooks]:
            await asyncio.wait(hooks, timeout=_HOOKS)


def _watch(pid: int | None, post: Callable[[End], None]) -> None:
    if pid is not None and (identity := _identity(pid)) is not None:
        threading.Thread(target=_await_death, args=(pid, identity, post), name="watchdog", daemon=True).start()


async def _ending(hook: Callable[[], Awaitable[object]]) -> None:
    try:
        await hook()
    except Exception:
        logger.exception("An exit hook failed.")


def _await_death(pid: int, identity: str, post: Callable[[End], None]) -> None:
    while _identity(pid) == identity:
        time.sleep(_POLL)
    post(End(1, f"the parent process {pid} is gone"))
    # The event loop may be busy; a server without a client must go in any case.
    time.sleep(_DEADLINE)
    _hard_exit(1)


def _identity(pid: int) -> str | None:
    """What tells a living process from a later one with the same number; None when there is none (or a zombie)."""
    try:
        # The command's name may hold spaces and brackets; after its last bracket come the state and more numbers.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return str(pid) if _answers(pid) else None


def _answers(pid: int) -> bool:
    """Whether the process exists, on systems without /proc."""
    if sys.platform == "win32" or Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def _exit_within(seconds: float, code: int) -> None:
    def wait() -> None:
        time.sleep(seconds)
        _hard_exit(code)

    threading.Thread(target=wait, name="deadline", daemon=True).start()


def _hard_exit(code: int) -> None:
    logging.shutdown()
    os._exit(code)
