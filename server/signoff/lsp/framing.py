"""The bytes of a connection as messages: headers, size limit, JSON. Whatever a client sends, reading goes on.

A message is one header block with `Content-Length` (any order, any case, other headers ignored), an empty line, and
that many bytes of JSON in UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

MAX_MESSAGE = 64 * 1024 * 1024

_LONGEST_LINE = 8 * 1024
_CHUNK = 256 * 1024
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)")
_LENGTH = re.compile(rb"\d{1,18}")
# In lost bytes the next header may follow a body of unknown length on the same line.
_NEXT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,18})$", re.IGNORECASE)
_REQUEST_ID = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(-?\d{1,15}|"[^"\\]{1,100}")\s*,')


class Source(Protocol):
    """Where bytes come from; both calls block, and return less than asked for only at the end of the stream."""

    def readline(self, limit: int, /) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Message:
    """One decoded message: any JSON value, not yet checked."""

    value: Any


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no message; `problem` says why."""

    problem: str


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message over the limit: its `length` in bytes were read and dropped. `id` if its start shows a request."""

    length: int
    id: int | str | None


Frame = Message | Malformed | Oversized


def frames(source: Source) -> Iterator[Frame]:
    """Everything on `source` until it ends. A message that the end cuts off is dropped."""
    while (head := _head(source)) is not None:
        # The problem is told at once: the client may wait for an answer before it sends anything more.
        if isinstance(head, Malformed):
            yield head
            head = _resume(source)
        if head is None:
            return
        if head > MAX_MESSAGE:
            yield _discard(source, head)
            continue
        body = source.read(head)
        if len(body) < head:
            return
        yield decode(body)


def decode(body: bytes) -> Message | Malformed:
    """The JSON value of a body; nesting too deep for the parser counts as malformed."""
    try:
        return Message(json.loads(body.decode("utf-8")))
    except RecursionError:
        return Malformed("the message is nested too deeply")
    except ValueError as error:
        # str() of a JSON or Unicode error names the place and quotes none of the body.
        return Malformed(f"the message is not JSON in UTF-8: {error}")


def _head(source: Source) -> int | Malformed | None:
    """The length that a header block announces; None at the end of the stream."""
    length: int | None = None
    empty = True
    while line := source.readline(_LONGEST_LINE):
        if len(line) < _LONGEST_LINE and not line.endswith(b"\n"):
            return None  # cut off by the end
        line = line.strip()
        if line:
            header = _HEADER.fullmatch(line)
            if header is None:
                return Malformed("a line of the message header is not 'Name: value'")
            if header[1].lower() == b"content-length":
                if not _LENGTH.fullmatch(header[2]):
                    return Malformed("Content-Length is not a number of bytes")
                length = int(header[2])
            empty = False
        elif length is not None:
            return length
        elif not empty:
            return Malformed("the message header has no Content-Length")
    return None


def _resume(source: Source) -> int | None:
    """Drop bytes up to the end of the next header block that has a good Content-Length, and return that."""
    length: int | None = None
    while line := source.readline(_LONGEST_LINE):
        line = line.strip()
        if found := _NEXT_LENGTH.search(line):
            length = int(found[1])
        elif not line and length is not None:
            return length
    return None


def _discard(source: Source, length: int) -> Oversized:
    start = source.read(min(length, _CHUNK))
    left = length - len(start)
    while left > 0 and (chunk := source.read(min(left, _CHUNK))):
        left -= len(chunk)
    found = _REQUEST_ID.match(start)
    return Oversized(length, json.loads(found[1]) if found else None)
