"""A synchronous language client for our own server: as small and as early as a terminal command needs it.

One thread reads what the server sends and answers its requests, so that the server never waits for the user's typing.
Only the standard library's light modules are imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from signoff import __version__
from signoff.cli.spawn import LEAVE_S, Process, abandon

if TYPE_CHECKING:
    from signoff.cli.shapes import View

START_S = 120.0  # a loaded machine with a cold disk takes long to import
ANSWER_S = 60.0
_TAIL_LINES = 40


class ServerGone(Exception):
    """The server ended, or said something that is no message; str() is for the user, with the end of its stderr."""


class CommandFailed(Exception):
    """The server answered with a JSON-RPC error; str() is its message."""


class Refused(Exception):
    """A command was understood but is not possible; str() is the reason."""


class Changed(NamedTuple):
    """A session's new view."""

    view: View


class Delta(NamedTuple):
    """Text of the model as it comes in."""

    session: str
    text: str


class Notice(NamedTuple):
    """Something that the server wants the user to read."""

    text: str


Event = Changed | Delta | Notice


class Client:
    """One connection to a server process. Its methods are for one thread."""

    def __init__(self, process: Process, settings: Mapping[str, Any]) -> None:
        self._process = process
        self._settings = dict(settings)
        self._lock = threading.Lock()  # of the server's stdin
        self._news = threading.Condition()  # of everything below
        self._answers: dict[int, dict[str, Any]] = {}
        self._events: deque[Event] = deque()
        self._gone = ""
        self._asked = 0
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def initialize(self, folder: str) -> dict[str, Any]:
        """Shakes hands; `folder` is the workspace's URI. The server's answer."""
        answer = self.request("initialize", self._introduction(folder), START_S)
        self.notify("initialized", {})
        return answer

    def _introduction(self, folder: str) -> dict[str, Any]:
        return {
            "processId": os.getpid(),
            "clientInfo": {"name": "signoff", "version": __version__},
            "rootUri": folder,
            "workspaceFolders": [{"uri": folder, "name": folder.rstrip("/").rsplit("/", 1)[-1]}],
            "initializationOptions": self._settings,
            "capabilities": {
                "general": {"positionEncodings": ["utf-32"]},
                "experimental": {"signoff": {"version": 1}},
            },
        }

    def command(self, name: str, argument: Mapping[str, Any]) -> Any:
        """Runs `signoff.<name>`. Raises Refused for a refusal, CommandFailed for an error, ServerGone."""
        result = self.request("workspace/executeCommand", {"command": f"signoff.{name}", "arguments": [argument]})
        if isinstance(result, dict) and result.get("status") == "refused":  # pyright: ignore[reportUnknownMemberType]
            raise Refused(str(result.get("reason") or "The server refused."))  # pyright: ignore
        return result  # pyright: ignore[reportUnknownVariableType]

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification. Raises ServerGone."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any, timeout: float = ANSWER_S) -> Any:
        """Sends a request and waits for its result. Raises CommandFailed, ServerGone."""
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        with self._news:
            answered = self._news.wait_for(lambda: number in self._answers or self._gone, timeout)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise ServerGone(self._words() if answered else f"The server did not answer {method} in {timeout:.0f} s.")
        if "error" in answer:
            raise CommandFailed(str(answer["error"].get("message", answer["error"])))
        return answer.get("result")

    def event(self, timeout: float | None = None) -> Event | None:
        """The next thing that the server reported; None after `timeout` seconds. Raises ServerGone."""
        with self._news:
            self._news.wait_for(lambda: self._events or self._gone, timeout)
            if self._events:
                return self._events.popleft()
            if self._gone:
                raise ServerGone(self._words())
            return None

    def close(self) -> int:
        """Ends the server in order, within seconds, whatever state it is in; its exit code."""
        try:
            self.request("shutdown", None, LEAVE_S)
            self._send({"method": "exit"})
        except (ServerGone, CommandFailed):
            pass
        try:
            return self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            abandon(self._process)
            return self._process.returncode

    # ------------------------------------------------------------------------------------------- what the threads do

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()
        data = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        with self._lock:
            try:
                while data:
                    data = data[_pipe(self._process.stdin).write(data) :]
            except (OSError, ValueError) as trouble:
                raise ServerGone(self._words()) from trouble

    def _read(self) -> None:
        # A reader of its own: the process's pipe is unbuffered, and a header is read byte by byte otherwise.
        with open(_pipe(self._process.stdout).fileno(), "rb", closefd=False) as stream:
            try:
                while (message := _message(stream)) is not None:
                    self._received(message)
                self._ended("The server stopped.")
            except (OSError, ValueError, KeyError, ServerGone) as trouble:
                self._ended(f"The server sent something that is no message ({trouble}).")

    def _read_errors(self) -> None:
        with open(_pipe(self._process.stderr).fileno(), encoding="utf-8", errors="replace", closefd=False) as stream:
            for line in stream:
                self._tail.append(line.rstrip("\n"))

    def _ended(self, words: str) -> None:
        with self._news:
            self._gone = words
            self._news.notify_all()

    def _received(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            with self._news:
                self._answers[message["id"]] = message
                self._news.notify_all()
        elif "id" in message:
            self._send({"id": message["id"], **self._reply(message["method"], message.get("params") or {})})
        elif (event := _event(message["method"], message.get("params") or {})) is not None:
            with self._news:
                _append(self._events, event)
                self._news.notify_all()

    def _reply(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """What the terminal answers to a request of the server."""
        match method:
            case "workspace/configuration":
                items = params.get("items", [])
                return {"result": [self._settings if item.get("section") == "signoff" else None for item in items]}
            case "workspace/applyEdit":
                return {"result": {"applied": False, "failureReason": "The terminal holds no open documents."}}
            case "window/showDocument":
                return {"result": {"success": False}}
            case "window/workDoneProgress/create" | "window/showMessageRequest":
                return {"result": None}
            case "client/registerCapability" | "client/unregisterCapability":
                return {"result": None}
            case _:
                return {"error": {"code": -32601, "message": f"The terminal does not answer {method}."}}

    def _words(self) -> str:
        self._threads[1].join(1.0)  # what the server wrote last may still be on its way
        words = [self._gone or "The server stopped."]
        with suppress(subprocess.TimeoutExpired):  # a moment after its pipes
            words.append(f"Its exit code was {self._process.wait(1.0)}.")
        if self._tail:
            words.append("The end of its log:\n" + "\n".join(f"  {line}" for line in self._tail))
        return " ".join(words)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ServerGone("The server was started without pipes.")
    return stream


def _message(stream: IO[bytes]) -> dict[str, Any] | None:
    """One framed message; None at the end of the stream. Raises ValueError for anything else."""
    size = -1
    while (header := stream.readline(4096)) not in (b"\r\n", b""):
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    if not header:
        return None
    if size < 0:
        raise ValueError("no Content-Length")
    body = stream.read(size)
    return json.loads(body) if len(body) == size else None


def _event(method: str, params: dict[str, Any]) -> Event | None:
    match method:
        case "signoff/sessionChanged":
            return Changed(params)  # pyright: ignore[reportArgumentType]
        case "signoff/outputDelta":
            return Delta(params["session"], params["text"])
        case "window/showMessage" if params.get("type", 4) <= 2:
            return Notice(params["message"])
        case _:
            return None


def _append(events: deque[Event], event: Event) -> None:
    """Adds an event; news of one session that nobody has read yet become one, so that a long prompt costs nothing."""
    last = events[-1] if events else None
    if isinstance(event, Changed) and isinstance(last, Changed) and last.view["session"] == event.view["session"]:
        events[-1] = event
    elif isinstance(event, Delta) and isinstance(last, Delta) and last.session == event.session:
        events[-1] = Delta(event.session, last.text + event.text)
    else:
        events.append(event)
