"""Reading and writing in threads of their own, so that no client can stop the event loop.

A client that sends fast is slowed down by its own pipe; one that stops reading costs a bounded queue.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any, BinaryIO, Protocol

from signoff.lsp.framing import MAX_MESSAGE, Frame, Source, frames

logger = logging.getLogger(__name__)

Key = tuple[str, str | int]

_IN_FLIGHT = 64
_MAX_MESSAGES = 20_000
_BATCH = 64 * 1024


class Sink(Protocol):
    """Where bytes go. `write` may take only a part and returns how much, or None when it would have to wait."""

    def write(self, data: memoryview, /) -> int | None: ...
    def fileno(self) -> int: ...


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The real stdin (buffered) and stdout (raw), for the protocol alone.

    From here on descriptor 1 is stderr and descriptor 0 is empty, so that neither a print in a library nor a child
    process can corrupt the connection. Call it once, before any child is started.
    """
    sys.stdout.flush()
    source, sink = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    try:
        os.dup2(2, 1)
    except OSError:  # stderr is closed
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
    os.set_blocking(source, True)
    return open(source, "rb"), open(sink, "wb", buffering=0)


class Reader:
    """Delivers each frame of `source`, in its own thread, then calls `ended` once.

    At most 64 frames are delivered and not yet `done`; then reading waits, and so in the end does the client.
    """

    def __init__(self, source: Source, deliver: Callable[[Frame], None], ended: Callable[[], None]) -> None:
        self._source = source
        self._deliver = deliver
        self._ended = ended
        self._slots = threading.Semaphore(_IN_FLIGHT)

    def start(self) -> None:
        """Begin to read. The thread never keeps the process alive."""
        threading.Thread(target=self._run, name="lsp-reader", daemon=True).start()

    def done(self) -> None:
        """One delivered frame has been handled."""
        self._slots.release()

    def _run(self) -> None:
        try:
            for frame in frames(self._source):
                self._slots.acquire()
                self._deliver(frame)
        except (OSError, ValueError) as error:
            logger.warning("Reading from the client failed: %s", error)
        self._ended()


class Writer:
    """Writes bodies with their headers, in order, in its own thread; `send` may be called from any thread.

    A body with a `key` takes the place of an older one with the same key that still waits. Bodies without a key are
    never dropped: when more of them wait than the bounds allow, or the client is gone, `lost` is called once with
    the reason, and nothing is written any more.
    """

    def __init__(
        self,
        sink: Sink,
        lost: Callable[[str], None],
        max_messages: int = _MAX_MESSAGES,
        max_bytes: int = MAX_MESSAGE,
    ) -> None:
        self._sink = sink
        self._on_lost = lost
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._queue: OrderedDict[Key | int, bytes | Future[None]] = OrderedDict()
        self._numbers = count()
        self._waiting = self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._closing = self._lost = False
        self._thread = threading.Thread(target=self._run, name="lsp-writer", daemon=True)
        self._thread.start()

    def send(self, body: bytes, key: Key | None = None) -> None:
        """Queue one message; never blocks. Does nothing once the connection is lost or closed."""
        data = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        with self._changed:
            if self._lost or self._closing:
                return
            if key is None and not self._admit(len(data)):
                return
            place = next(self._numbers) if key is None else key
            self._queue[place] = data
            # The newer message may rest on others sent since the older one, so it goes behind them.
            self._queue.move_to_end(place)
            self._changed.notify()

    def flushed(self) -> Future[None]:
        """Done when all that was sent so far has been written, or never will be."""
        done: Future[None] = Future()
        with self._changed:
            if self._lost:
                done.set_result(None)
            else:
                self._queue[next(self._numbers)] = done
                self._changed.notify()
        return done

    def close(self, timeout: float) -> None:
        """Write what waits, for at most `timeout` seconds, and take no more."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _admit(self, size: int) -> bool:
        """Count a body that must not be dropped. A single one may have any size."""
        full = self._waiting >= self._max_messages or self._waiting_bytes + size > self._max_bytes
        if full and self._waiting:
            self._lose(f"the client does not read: {self._waiting} messages wait ({self._waiting_bytes} bytes)")
            return False
        self._waiting += 1
        self._waiting_bytes += size
        return True

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._write(b"".join(part for part in batch if isinstance(part, bytes)))
            except (OSError, ValueError) as error:
                with self._changed:
                    self._lose(f"writing to the client failed: {error}")
            for part in batch:
                if isinstance(part, Future):
                    part.set_result(None)

    def _take(self) -> list[bytes | Future[None]]:
        """The next messages, about 64 KiB of them, as soon as there are any; none at the end."""
        taken: list[bytes | Future[None]] = []
        size = 0
        with self._changed:
            while not self._queue and not self._closing and not self._lost:
                self._changed.wait()
            while self._queue and size < _BATCH:
                key, part = self._queue.popitem(last=False)
                taken.append(part)
                if isinstance(part, bytes):
                    size += len(part)
                    if isinstance(key, int):
                        self._waiting -= 1
                        self._waiting_bytes -= len(part)
        return taken

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = self._sink.write(left)
            if written is None:  # a pipe that the client made non-blocking
                select.select([], [self._sink], [])
            else:
                left = left[written:]

    def _lose(self, reason: str) -> None:
        """End the connection; the lock is held."""
        if self._lost:
            return
        self._lost = True
        marks = [part for part in self._queue.values() if isinstance(part, Future)]
        self._queue.clear()
        self._changed.notify()
        for mark in marks:
            mark.set_result(None)
        logger.error("The connection ends: %s.", reason)
        with suppress(RuntimeError):  # the event loop is already closed
            self._on_lost(reason)


def coalescing_key(method: str | None, params: Mapping[str, Any]) -> Key | None:
    """What a queued message may be replaced by: None for nothing, else a later message with the same key."""
    match method, params:
        case ("textDocument/publishDiagnostics", {"uri": str(subject)}):
            pass
        case ("signoff/sessionChanged", {"session": str(subject)}):
            pass
        case ("$/progress", {"token": str() | int() as subject, "value": {"kind": "report"}}):
            pass
        case _:
            return None
    return method, subject
