"""Bytes to messages, without a process: every frame and every way in which a header or a body can be wrong."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp.raw_client import encode
from signoff.lsp import framing
from signoff.lsp.framing import Frame, Malformed, Message, Oversized, frames


def read(data: bytes) -> list[Frame]:
    return list(frames(io.BytesIO(data)))


def kinds(data: bytes) -> list[str]:
    return [type(frame).__name__ for frame in read(data)]


GOOD = encode({"good": True})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=5))
def test_messages_come_out_as_they_went_in(values: list[object]) -> None:
    assert read(b"".join(map(encode, values))) == [Message(value) for value in values]


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert all(isinstance(frame, Malformed | Message | Oversized) for frame in read(data))


@given(st.binary(max_size=300).filter(lambda data: b":" not in data))
def test_after_any_garbage_line_the_next_message_is_read(data: bytes) -> None:
    assert read(data + b"\r\n" + GOOD)[-1] == Message({"good": True})


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length:2\r\n\r\n",
        b"CONTENT-LENGTH :  2 \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: x\r\n\r\n",
        b"Content-Length: 2\n\n",
        b"\r\n\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_headers_in_any_form(header: bytes) -> None:
    assert read(header + b"{}" + GOOD) == [Message({}), Message({"good": True})]


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (b"Content-Length: two\r\n\r\n{}", "number"),
        (b"Content-Length: -2\r\n\r\n{}", "number"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", "number"),
        (b"Content-Type: x\r\n\r\n{}", "no Content-Length"),
        (b"hello\r\n\r\n{}", "Name: value"),
        (b"x" * 100_000 + b"\r\n", "Name: value"),
    ],
)
def test_a_bad_header_is_told_once_and_the_next_message_is_read(header: bytes, word: str) -> None:
    problem, *others = read(header + GOOD)
    assert isinstance(problem, Malformed)
    assert word in problem.problem
    assert others == [Message({"good": True})]


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff\xfe", b'{"a": 1} x', b"9" * 5000, b"[" * 100_000])
def test_a_bad_body_is_told_and_the_next_message_is_read(body: bytes) -> None:
    data = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    assert kinds(data + GOOD) == ["Malformed", "Message"]


@pytest.mark.parametrize("data", [b"", b"Content-Length: 10\r\n", b"Content-Length: 10\r\n\r\n{}", b"\r\n"])
def test_a_stream_that_ends_early_just_ends(data: bytes) -> None:
    assert read(data) == []


def test_the_limit_is_checked_before_the_body_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_MESSAGE", 1000)
    largest: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            largest.append(size or 0)
            return super().read(size)

    request = {"jsonrpc": "2.0", "id": 7, "method": "m", "params": "x" * 3_000_000}
    text_id = {"id": "seven", "method": "m", "params": "x" * 3_000_000}
    hidden = {"method": "m", "params": "x" * 3_000_000, "id": 9}
    data = b"".join(map(encode, [request, text_id, hidden])) + GOOD
    found = list(frames(Watched(data)))
    sizes = [len(json.dumps(each)) for each in (request, text_id, hidden)]
    assert found == [*map(Oversized, sizes, [7, "seven", None]), Message({"good": True})]
    assert max(largest) <= 256 * 1024
