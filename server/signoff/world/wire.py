"""What both wires share: compact JSON, server-sent events, and an encoding of the history that only pays for its end.

Every byte of a request is billed on every later turn, so nothing here writes a space or a field that the service
does not need.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar, cast

DONE: Final = "[DONE]"
"""The data of the event by which a Chat Completions stream says that it is over."""

Json = dict[str, Any]


def dumps(value: object) -> str:
    """Compact JSON. Lone surrogates (no UTF-8 form) fall back to escapes; so the result can always be encoded."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def mapping(value: object) -> Json:
    """The value if it is a JSON object, else an empty one: services leave out or null what they have nothing for."""
    return cast("Json", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def string(value: object) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """The value if it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


class Reader(Protocol):
    """Builds one reply from the events of a stream; raises `Trouble` for what the service says went wrong."""

    def feed(self, event: Json) -> bool:
        """Takes one event in; True when the service said that the reply is complete."""
        ...

    def end(self) -> None:
        """The stream ended without a transport error."""
        ...


class EventStream:
    """Server-sent events from bytes that may be cut anywhere; only the `data` of each event is kept.

    https://html.spec.whatwg.org/multipage/server-sent-events.html, except for lines ended by a lone CR, which no
    JSON service sends.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[str]:
        """The data of all events that are complete by now."""
        self._pieces.append(piece)
        if b"\n" not in piece:
            return []
        *lines, rest = b"".join(self._pieces).split(b"\n")
        self._pieces = [rest]
        return [data for line in lines if (data := self._line(line)) is not None]

    def finish(self) -> list[str]:
        """The event that a body's end left without its empty line; some servers close that way after the last one."""
        found = [*self.feed(b"\n"), *self.feed(b"\n")]
        self._pieces, self._data = [], []
        return found

    def _line(self, line: bytes) -> str | None:
        line = line.removesuffix(b"\r")
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            return None
        if line or not self._data:
            return None
        data = b"\n".join(self._data).decode("utf-8", "replace")
        self._data = []
        return data


T = TypeVar("T")


class History(Generic[T]):
    """Encoded units of conversations, newest conversations kept.

    `join` encodes only what a conversation gained since the last time; so a turn costs what it adds, however long the
    session is. A history that was rewritten (compaction, another session under the same key) is encoded anew.
    """

    def __init__(self, encode: Callable[[T], bytes], conversations: int = 8) -> None:
        self._encode = encode
        self._limit = conversations
        self._kept: dict[str, tuple[list[T], list[bytes]]] = {}

    def join(self, key: str, units: Sequence[T]) -> bytes:
        """The units' JSON with commas between; units that encode to nothing are left out."""
        known, encoded = self._kept.pop(key, ([], []))
        if known != list(units[: len(known)]):
            known, encoded = [], []
        fresh = units[len(known) :]
        known.extend(fresh)
        encoded.extend(chunk for unit in fresh if (chunk := self._encode(unit)))
        self._kept[key] = known, encoded
        while len(self._kept) > self._limit:
            del self._kept[next(iter(self._kept))]
        return b",".join(encoded)

    def clear(self) -> None:
        """Forgets everything: the encoding itself has changed."""
        self._kept.clear()
