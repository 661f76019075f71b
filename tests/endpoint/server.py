"""An OpenAI-compatible endpoint that follows a script: /v1/responses and /v1/chat/completions as event streams.

In a test's own loop:      async with Endpoint(Script([Turn(Text("hi"))])) as ep: ... ep.base_url, ep.requests
From a synchronous test:   with running(Script([...])) as ep: ...
As a process:              python tests/endpoint/server.py --script FILE [--port 0] [--log FILE]   (prints "PORT n")

It listens on 127.0.0.1 only and needs nothing outside the standard library.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

if __name__ == "__main__":  # as a process there is no test runner that adds tests/ to the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from endpoint.answers import Answer, answer
from endpoint.script import (
    BadArguments,
    BadKey,
    Call,
    ContextOverflow,
    Cut,
    CutBeforeCompleted,
    EmptyReply,
    EndBeforeCompleted,
    ErrorEvent,
    Failed,
    Fault,
    Forbidden,
    HtmlPage,
    Incomplete,
    ModelNotFound,
    Quota,
    RateLimit,
    Raw,
    RouteNotFound,
    Script,
    ServerError,
    Stall,
    Text,
    Thought,
    Turn,
    dumps,
    script_from_json,
)
from endpoint.shapes import Ids, Usage, Wire

__all__ = [
    "BadArguments",
    "BadKey",
    "Call",
    "ContextOverflow",
    "Cut",
    "CutBeforeCompleted",
    "EmptyReply",
    "EndBeforeCompleted",
    "Endpoint",
    "ErrorEvent",
    "Failed",
    "Fault",
    "Forbidden",
    "HtmlPage",
    "Incomplete",
    "ModelNotFound",
    "Quota",
    "RateLimit",
    "Raw",
    "Request",
    "RouteNotFound",
    "Script",
    "ServerError",
    "Stall",
    "Text",
    "Thought",
    "Turn",
    "running",
    "script_from_json",
]

ROUTES: dict[str, Wire] = {"/v1/responses": "responses", "/v1/chat/completions": "chat"}
Outcome = Literal["open", "whole", "fault", "client_gone"]


class ClientGone(Exception):
    """The client closed the connection before it had the whole answer."""


@dataclass(slots=True)
class Request:
    """One recorded request and what became of it. Header names are lower case, times `time.monotonic()` seconds.

    `turn` is the script's index (None: not a model call, or refused before the script), `fault` the name of the fault
    that answered it. `outcome` is `whole` only when every byte of a scripted reply was handed to the connection.
    """

    number: int
    connection: int
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    at: float
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    wire: Wire | None = None
    turn: int | None = None
    fault: str | None = None
    outcome: Outcome = "open"
    done_at: float | None = None
    usage: Usage = (0, 0, 0)

    @property
    def items(self) -> list[dict[str, Any]]:
        """The conversation as sent: `input`, or `messages`."""
        return self.body.get("input" if self.wire == "responses" else "messages") or []

    def prompt(self) -> bytes:
        """What a service bills, in wire order: tools, instructions, then each item, as compact JSON."""
        head = [self.body.get("tools") or [], self.body.get("text") or self.body.get("response_format") or {}]
        parts = [dumps(part) for part in head] + [self.body.get("instructions") or ""]
        return "\n".join(parts + [dumps(item) for item in self.items]).encode("utf-8", "backslashreplace")


class Endpoint:
    """The server. Use it as an async context manager; leaving it closes every connection."""

    def __init__(self, script: Script, port: int = 0, on_request: Callable[[Request], None] | None = None) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self._port = port
        self._log = on_request
        self._cursor = 0
        self._faults: dict[int, int] = {}
        self._turns: dict[int, Turn] = {}
        self._prompts: list[bytes] = []
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------------------------------------------ life cycle

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=1 << 26)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def base_url(self) -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    # ------------------------------------------------------------------------------------------------- what tests ask

    @property
    def calls(self) -> list[Request]:
        """The requests that reached the script."""
        return [request for request in self.requests if request.turn is not None]

    async def until(self, true: Callable[[], bool], timeout: float = 20) -> None:  # noqa: ASYNC109
        """Waits until something about the requests or connections holds; TimeoutError otherwise."""
        async with asyncio.timeout(timeout):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def seen(self, count: int) -> Request:
        """Waits until `count` requests have arrived; the last of them."""
        await self.until(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def settled(self) -> None:
        """Waits until no request is being answered."""
        await self.until(lambda: all(request.outcome != "open" for request in self.requests))

    def asked_again(self) -> list[int]:
        """The turns that were asked for although they had been served whole before: money spent twice."""
        served: set[int] = set()
        again: set[int] = set()
        for request in self.calls:
            turn = request.turn
            if turn is not None and turn < len(self.script.turns):
                again |= {turn} & served
                served |= {turn} if request.outcome == "whole" else set()
        return sorted(again)

    def check_no_turn_asked_again(self) -> None:
        """Fails the test when a completed turn was requested again."""
        assert not self.asked_again(), f"completed turns asked for again: {self.asked_again()}"

    def check_stable_prefix(self) -> None:
        """Fails the test when a request does not start with all of the one before it, so that prompt caches miss."""
        for before, after in zip(self.calls, self.calls[1:], strict=False):
            where = f"request {after.number} does not continue request {before.number}"
            assert after.prompt().startswith(before.prompt()), where

    # -------------------------------------------------------------------------------------------------- one connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_connections += 1
        number = self.connections
        try:
            while await self._exchange(reader, writer, number):
                pass
        except (ClientGone, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)
            self.open_connections -= 1
            self._changed.set()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:] if x)}
        raw = await _read_body(reader, headers)
        request = Request(len(self.requests) + 1, connection, method, path, headers, raw, time.monotonic())
        self.requests.append(request)
        self._changed.set()
        try:
            keep = await self._send(self._answer(request), reader, writer)
            request.outcome = "fault" if request.fault else "whole"
        except (ClientGone, ConnectionError, asyncio.CancelledError):
            request.outcome = "client_gone"
            raise
        finally:
            request.done_at = time.monotonic()
            self._changed.set()
            if self._log:
                self._log(request)
        return keep

    async def _send(self, reply: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await _pause(reader, reply.delay)
        headers = dict(reply.headers)
        if reply.chunked:
            headers["transfer-encoding"] = "chunked"
        else:
            headers["content-length"] = str(sum(map(len, reply.pieces)))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} Scripted\r\n{head}\r\n".encode())
        for number, piece in enumerate(reply.pieces):
            if number == reply.stall_at:
                await _pause(reader, reply.stall)
            if piece:  # an empty chunk would end the body
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
            if reply.piece_delay or reply.separate:
                await writer.drain()
                await _pause(reader, reply.piece_delay)
        if reply.drop:
            await writer.drain()
            return False
        if reply.chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    # ------------------------------------------------------------------------------------------------------ the script

    def _answer(self, request: Request) -> Answer:
        with suppress(ValueError):
            request.body = json.loads(request.raw or b"{}")
        wire = ROUTES.get(urlsplit(request.path).path)  # a client that takes us for its proxy sends whole URLs
        if request.method != "POST" or wire is None or wire not in self.script.routes:
            request.fault = "no_route"
            return Answer.json(404, {"detail": "Not Found"})
        request.wire = wire
        if refused := self._refused(request):
            request.fault = type(refused).__name__
            return answer(request, Turn(), refused, Ids("refused", "f"))
        return self._scripted(request)

    def _refused(self, request: Request) -> Fault | None:
        if self.script.api_key and request.headers.get("authorization") != f"Bearer {self.script.api_key}":
            return BadKey()
        if self.script.model and request.body.get("model") != self.script.model:
            return ModelNotFound()
        return None

    def _scripted(self, request: Request) -> Answer:
        index = self._next_turn(request)
        turn = self._turn(index, request)
        served = self._faults.get(index, 0)
        fault = turn.faults[served] if served < len(turn.faults) else None
        request.turn, request.fault = index, type(fault).__name__ if fault else None
        if fault:
            self._faults[index] = served + 1
        elif self.script.select == "cursor":
            self._cursor += 1
        request.usage = turn.usage or self._count(request, turn)
        prefix = f"f{request.number:03d}" if fault else f"t{index:03d}"
        return answer(request, turn, fault, Ids(f"resp_{request.number:03d}", prefix))

    def _turn(self, index: int, request: Request) -> Turn:
        if index >= len(self.script.turns):
            return self.script.exhausted
        turn = self.script.turns[index]
        if not isinstance(turn, Turn):
            turn = self._turns.get(index) or turn(request)
            self._turns[index] = turn
        return turn

    def _next_turn(self, request: Request) -> int:
        if self.script.select == "cursor":
            return self._cursor
        shown = dumps(request.body)
        last = max((int(number) for number in re.findall(r'"call_t(\d+)_', shown)), default=-1)
        for index in range(last + 1, len(self.script.turns)):
            turn = self.script.turns[index]
            turn = turn if isinstance(turn, Turn) else self._turns.get(index)
            if turn and _shows(turn, shown):
                last = index
        return last + 1

    def _count(self, request: Request, turn: Turn) -> Usage:
        prompt = request.prompt()
        shared = max((_common(prompt, earlier) for earlier in self._prompts), default=0) // 4
        self._prompts.append(prompt)
        said = sum(len(dumps(part.json() if isinstance(part, Call) else part.text)) for part in turn.parts)
        return ((len(prompt) + 3) // 4, shared - shared % 128 if shared >= 1024 else 0, (said + 3) // 4)


def _shows(turn: Turn, shown: str) -> bool:
    """Whether the conversation holds the reply of a turn without calls (those show by their call ids)."""
    if any(isinstance(part, Call) for part in turn.parts):
        return any(isinstance(p, Call) and p.call_id and dumps(p.call_id) in shown for p in turn.parts)
    texts = [part.text for part in turn.parts if isinstance(part, Text)]
    return bool(texts) and all(dumps(text)[1:-1] in shown for text in texts)


def _common(one: bytes, other: bytes) -> int:
    """The length of the common prefix, by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _pause(reader: asyncio.StreamReader, seconds: float) -> None:
    """Sleeps, but notices within some ten milliseconds that the client is gone."""
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        await asyncio.sleep(max(0.0, min(left, 0.01)))
        if reader.at_eof():
            raise ClientGone
        if left <= 0:
            return


# ------------------------------------------------------------------------------------------- outside of a test's loop


@contextmanager
def running(script: Script) -> Iterator[Endpoint]:
    """The endpoint in a thread of its own, for tests without an event loop."""
    ready = threading.Event()
    held: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, Endpoint]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with Endpoint(script) as endpoint:
            held.append((asyncio.get_running_loop(), stop, endpoint))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    if not ready.wait(20):
        raise TimeoutError("the endpoint did not start")
    loop, stop, endpoint = held[0]
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


def _line(request: Request) -> str:
    kept = {name: getattr(request, name) for name in Request.__slots__ if name != "raw"}
    return dumps(kept)


async def _serve(script: Path, port: int, log: Path | None) -> None:
    def write(request: Request) -> None:
        if log:
            with log.open("a", encoding="utf-8") as out:
                out.write(_line(request) + "\n")

    async with Endpoint(script_from_json(script.read_text("utf-8")), port, write) as endpoint:
        print(f"PORT {endpoint.port}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """The process: prints its port, then serves until it is told to stop."""
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible endpoint.")
    parser.add_argument("--script", type=Path, required=True, help="JSON as Script.to_json writes it")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="one JSON line for each answered request")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.script, options.port, options.log))


if __name__ == "__main__":
    main()
