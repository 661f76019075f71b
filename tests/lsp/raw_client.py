"""A client that speaks bytes: it may send anything, stop reading, and see exactly what comes back."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import IO, Any

from signoff.lsp.framing import Message, frames

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = [sys.executable, str(Path(__file__).with_name("sample_server.py"))]
REAL = [sys.executable, "-m", "signoff", "server"]

# Far more than anything takes, so that only a hang fails.
PATIENCE = 60


def encode(message: Any) -> bytes:
    """A message with its header."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with the checkout on the path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT / "tests")]), **(extra or {})}


class RawClient:
    """One server process and what it said. `argv` is the whole command line."""

    def __init__(
        self, argv: list[str], log: Path, env: Mapping[str, str] | None = None, stdin: int | IO[bytes] = subprocess.PIPE
    ) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                argv, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=environment(env), bufsize=0
            )
        self._next_id = 0
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reading = False

    def read(self) -> None:
        """Begin to read what the server writes, in a thread."""
        if not self._reading:
            self._reading = True
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with open(self.process.stdout.fileno(), "rb", closefd=False) as stdout:
            for frame in frames(stdout):
                assert isinstance(frame, Message), frame
                self._messages.put(frame.value)
        self._messages.put(None)

    def send_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        left = memoryview(data)
        while left:
            left = left[self.process.stdin.write(left) or 0 :]

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send_bytes(encode({"jsonrpc": "2.0", "method": method, "params": params}))

    def request(self, method: str, params: Any = None) -> int:
        """Send a request; returns its id."""
        self._next_id += 1
        self.send_bytes(encode({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params}))
        return self._next_id

    def command(self, name: str, /, **argument: Any) -> int:
        """Send an executeCommand; returns its id."""
        return self.request("workspace/executeCommand", {"command": name, "arguments": [argument]})

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the server has closed its side."""
        self.read()
        return self._messages.get(timeout=PATIENCE)

    def until_answer(self, msg_id: int | str | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The answer to a request, and the messages before it."""
        before: list[dict[str, Any]] = []
        while (message := self.receive()) is not None:
            if "method" not in message and message["id"] == msg_id:
                return message, before
            before.append(message)
        raise AssertionError(f"the server closed without answering {msg_id}; its log:\n{self.log.read_text()}")

    def answer(self, msg_id: int | str | None) -> dict[str, Any]:
        """The answer to a request; it must be the next message."""
        message, before = self.until_answer(msg_id)
        assert before == []
        return message

    def initialize(self, capabilities: Any = None, process_id: int | None = None) -> dict[str, Any]:
        """initialize and initialized; returns the result."""
        params = {"processId": process_id, "rootUri": None, "capabilities": capabilities or {}}
        result = self.answer(self.request("initialize", params))["result"]
        self.notify("initialized", {})
        return result

    def rest(self) -> list[dict[str, Any]]:
        """Everything until the server closes its side."""
        return list(iter(self.receive, None))

    def leave(self) -> int:
        """shutdown, exit, and the exit code; nothing else may be said in between."""
        shutdown = self.answer(self.request("shutdown"))
        assert shutdown["result"] is None
        self.notify("exit")
        assert self.rest() == []
        return self.wait()

    def wait(self) -> int:
        """The exit code."""
        return self.process.wait(PATIENCE)

    def stderr(self) -> str:
        """The log so far."""
        return self.log.read_text()


def await_file(path: Path) -> None:
    """Wait for a mark that the server leaves outside of the connection."""
    for _ in range(PATIENCE * 20):
        if path.exists():
            return
        sleep(0.05)
    raise AssertionError(f"{path} never appeared")


@contextmanager
def started(argv: list[str], log: Path, env: Mapping[str, str] | None = None) -> Iterator[RawClient]:
    """A server that is gone afterwards, whatever happened."""
    client = RawClient(argv, log, env)
    try:
        yield client
    finally:
        client.process.kill()
        client.process.wait()
        for pipe in (client.process.stdin, client.process.stdout):
            if pipe is not None:
                pipe.close()
