"""The connection of the real process: what it answers to bad input, and what a slow or absent reader costs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from lsp.raw_client import PATIENCE, SAMPLE, RawClient, await_file, encode, started
from signoff.lsp.transport import Writer, coalescing_key

pytestmark = pytest.mark.e2e

HOVER = {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}}


def error(message: dict[str, Any]) -> tuple[int, str]:
    return message["error"]["code"], message["error"]["message"]


@pytest.mark.parametrize("header", [b"Content-Length: x\r\n\r\n", b"what is this\r\n", b"Content-Length: 3\r\n\r\n{{{"])
def test_malformed_bytes(shared: RawClient, header: bytes) -> None:
    shared.send_bytes(header)
    assert error(shared.answer(None))[0] == -32700


@pytest.mark.parametrize(
    "body", [b"[" * 50_000, b'{"a":' * 50_000, b'{"jsonrpc":"2.0","id":1,"params":' + b"[" * 99_999]
)
def test_deep_json(shared: RawClient, body: bytes) -> None:
    shared.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert error(shared.answer(None))[0] == -32700


@pytest.mark.parametrize(
    "body", [b"[]", b"1", b"null", b"{}", b'{"jsonrpc":"1.0","method":"m"}', b'{"jsonrpc":"2.0","method":7}']
)
def test_json_that_is_no_message(shared: RawClient, body: bytes) -> None:
    shared.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert error(shared.answer(None))[0] == -32600


def test_an_oversized_request_is_dropped_and_answered(shared: RawClient) -> None:
    length = 300 * 1024 * 1024
    memory = peak_memory(shared)
    shared.send_bytes(b"Content-Length: %d\r\n\r\n" % length + b'{"jsonrpc":"2.0","id":"big","method":"m","params":"')
    chunk = b"x" * (1024 * 1024)
    left = length - len(b'{"jsonrpc":"2.0","id":"big","method":"m","params":"')
    while left:
        shared.send_bytes(chunk[:left])
        left -= min(left, len(chunk))
    answer, before = shared.until_answer("big")
    assert error(answer) == (-32600, "Ignored a message of 314,572,800 bytes; the limit is 67,108,864.")
    assert [message["method"] for message in before] == ["window/logMessage"]
    assert peak_memory(shared) - memory < 16 * 1024


def peak_memory(client: RawClient) -> int:
    """KiB, where the system tells."""
    status = Path(f"/proc/{client.process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def test_unknown_method(shared: RawClient) -> None:
    assert error(shared.answer(shared.request("textDocument/nothing")))[0] == -32601
    shared.notify("$/nothing")
    shared.notify("textDocument/nothing", {})


@pytest.mark.parametrize(
    ("method", "params", "word"),
    [
        ("workspace/executeCommand", {"command": "test.echo", "arguments": 3}, "params.arguments"),
        ("workspace/executeCommand", {"arguments": []}, "params.command"),
        ("workspace/executeCommand", None, "params"),
        ("workspace/executeCommand", {"command": "test.echo", "arguments": [1]}, "one JSON object"),
        ("workspace/executeCommand", {"command": "test.echo", "arguments": [{}, {}]}, "one JSON object"),
        ("workspace/executeCommand", {"command": "signoff.nothing", "arguments": [{}]}, "signoff.nothing"),
        ("workspace/executeCommand", {"command": "test.refuse", "arguments": [{}]}, "colour"),
    ],
)
def test_invalid_params_are_answered_and_named(shared: RawClient, method: str, params: Any, word: str) -> None:
    code, message = error(shared.answer(shared.request(method, params)))
    assert code == -32602
    assert word in message


def test_an_invalid_notification_is_ignored(shared: RawClient) -> None:
    shared.notify("textDocument/didOpen", {"textDocument": {"uri": 7}})
    shared.notify("textDocument/didChange", {"contentChanges": "?"})
    shared.notify(
        "textDocument/didChange", {"textDocument": {"uri": "file:///none", "version": 1}, "contentChanges": []}
    )
    shared.notify("$/cancelRequest", {"id": []})
    shared.notify("$/cancelRequest", [])


def test_an_argument_is_left_as_it_is(shared: RawClient) -> None:
    argument = {"jsonrpc": "2.0", "id": 1, "method": "exit", "type_name": "X", "in": {"jsonrpc": 1}, "s": "\ud800 é 😀"}
    assert shared.answer(shared.command("test.echo", **argument))["result"] == argument


@pytest.mark.parametrize(
    ("command", "argument"), [("test.fail", {}), ("test.unguarded", {"name": "a"}), ("test.unserialisable", {"nan": 1})]
)
def test_a_bug_is_answered_in_a_sentence_and_logged(shared: RawClient, command: str, argument: dict[str, str]) -> None:
    code, message = error(shared.answer(shared.command(command, **argument)))
    assert code == -32603
    assert message.endswith("the server's log has the details.")
    assert "secret" not in message
    assert "Traceback" in shared.stderr()


def test_nothing_but_the_protocol_reaches_stdout(shared: RawClient) -> None:
    assert shared.answer(shared.command("test.print"))["result"] == {"child": 0, "stdin": ""}
    for text in ("hello", "raw bytes", "from a child"):
        assert text in shared.stderr()


def test_requests_of_ours_and_their_answers(shared: RawClient) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"result": {"applied": True}}, {"applied": True}),
        ({"error": {"code": -32000, "message": "no"}}, {"error": "no"}),
        ({"result": {}}, {"error": "The client's answer is malformed: required field missing at result.applied"}),
        ({"error": "no"}, {"error": "The client answered with a malformed error."}),
    ]
    for answer, outcome in cases:
        asked = shared.command("test.ask")
        request = shared.receive()
        assert request is not None
        assert request["method"] == "workspace/applyEdit"
        shared.send_bytes(encode({"jsonrpc": "2.0", "id": request["id"], **answer}))
        assert shared.answer(asked)["result"] == outcome
    for stray in (999, None, [], {}):
        shared.send_bytes(encode({"jsonrpc": "2.0", "id": stray, "result": None}))


def test_a_cancelled_request_stops_and_is_answered_once(shared: RawClient) -> None:
    request = shared.command("test.sleep")
    assert shared.receive() is not None  # it sleeps
    shared.notify("$/cancelRequest", {"id": request})
    answer, before = shared.until_answer(request)
    assert error(answer)[0] == -32800
    assert [message["params"]["message"] for message in before] == ["stopped"]
    shared.notify("$/cancelRequest", {"id": request})


def test_a_handler_that_finishes_in_spite_of_the_cancellation(shared: RawClient) -> None:
    request = shared.command("test.stubborn")
    assert shared.receive() is not None
    shared.notify("$/cancelRequest", {"id": request})
    assert shared.answer(request)["result"] == "done all the same"


def test_documents_follow_the_client(shared: RawClient) -> None:
    uri = "file:///doc.py"

    def text() -> Any:
        return shared.answer(shared.command("test.text", uri=uri))["result"]

    def change(version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        shared.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def part(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
        ends = [{"line": line, "character": character} for line, character in (start, end)]
        return {"range": {"start": ends[0], "end": ends[1]}, "text": text}

    assert text() is None
    shared.notify(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "python", "version": 3, "text": "a\fb\n😀c\n"}},
    )
    assert text() == {"text": "a\fb\n😀c\n", "version": 3}
    change(4, part((1, 2), (1, 2), "-"), part((0, 0), (0, 1), "A"))
    assert text() == {"text": "A\fb\n😀-c\n", "version": 4}
    change(9, part((0, 1), (0, 2**53), "!"), part((1, 0), (4294967295, 0), ""))
    assert text() == {"text": "A!\n", "version": 9}
    change(10, {"text": "all new"})
    assert text() == {"text": "all new", "version": 10}
    shared.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert text() is None


def test_a_client_that_stops_reading_costs_nothing_and_misses_nothing(server: RawClient, tmp_path: Path) -> None:
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    server.request("initialize", params)
    count = 3_000
    burst = server.command("test.burst", count=count, size=500)
    echo = server.command("test.echo", still="here")
    # The server works on although nobody reads: a command that leaves a mark outside of the connection.
    server.command("test.touch", path=str(tmp_path / "mark"))
    await_file(tmp_path / "mark")
    answer, before = server.until_answer(burst)
    assert answer["result"] == {"sent": count}
    behind, after = server.until_answer(echo)
    assert behind["result"] == {"still": "here"}
    shown = [message for message in before + after if "method" in message]
    # What fitted into the pipe is old, and four messages are the newest of each kind.
    assert len(shown) < count
    assert newest(shown) == {("file:///a", count - 1), ("file:///b", count - 1), ("s", count - 1), ("token", count - 1)}
    server.until_answer(echo + 1)
    assert server.leave() == 0


def newest(messages: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """The last number of each uri, session and token."""
    last: dict[str, int] = {}
    for message in messages:
        match message["params"]:
            case {"uri": uri, "diagnostics": [{"message": text}]}:
                last[uri] = int(text.split()[0])
            case {"session": session, "number": number}:
                last[session] = number
            case {"token": token, "value": {"message": text}}:
                last[token] = int(text)
            case other:
                raise AssertionError(other)
    return set(last.items())


def test_a_client_that_never_reads_again_is_left(tmp_path: Path) -> None:
    with started(SAMPLE, tmp_path / "stderr", {"LEFT": str(tmp_path / "left")}) as client:
        client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        client.command("test.flood", count=100, size=1_000_000)
        assert client.wait() == 1
        assert client.stderr().count("the client does not read") == 1
        assert (tmp_path / "left").read_text() == "left"


class Stuck:
    """A sink that takes nothing until it is released, then all."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.got = b""

    def write(self, data: memoryview, /) -> int:
        self.go.wait(PATIENCE)
        # A few bytes at a time, as a full pipe does.
        taken = bytes(data[: max(1, len(data) // 2)])
        self.got += taken
        return len(taken)

    def fileno(self) -> int:
        return -1


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    sink = Stuck()
    yield sink
    sink.go.set()


def test_newer_messages_take_the_place_of_older_ones_behind_the_rest(stuck: Stuck) -> None:
    writer = Writer(stuck, lost=lambda reason: None)
    writer.send(b"first")
    while not writer._thread.is_alive() or writer._queue:
        sleep(0.001)  # until the writer hangs in the first one
    for body, key in ((b"old", ("k", 1)), (b"reply", None), (b"other", ("k", 2)), (b"new", ("k", 1))):
        writer.send(body, key)
    done = writer.flushed()
    stuck.go.set()
    done.result(PATIENCE)
    writer.close(PATIENCE)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in stuck.got.split(b"Content-Length: ")[1:]]
    assert bodies == [b"first", b"reply", b"other", b"new"]


@pytest.mark.parametrize(("count", "size"), [(4, 1), (2, 400)])
def test_too_many_messages_end_the_connection_once(stuck: Stuck, count: int, size: int) -> None:
    reasons: list[str] = []
    writer = Writer(stuck, reasons.append, max_messages=3, max_bytes=500)
    writer.send(b"x" * 10_000)  # a single one may have any size
    while writer._queue:
        sleep(0.001)
    for _ in range(count - 1):
        writer.send(b"x" * size)
    mark = writer.flushed()
    for number in range(100):
        writer.send(b"{}", ("key", number % 2))
    assert reasons == []
    for _ in range(3):
        writer.send(b"x" * size)
    assert len(reasons) == 1
    mark.result(PATIENCE)
    writer.flushed().result(PATIENCE)


def test_a_client_that_closed_its_pipe() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    reasons: list[str] = []
    with open(writing, "wb", buffering=0) as sink:
        writer = Writer(sink, reasons.append)
        writer.send(b"{}")
        writer.flushed().result(PATIENCE)
        writer.close(PATIENCE)
    assert len(reasons) == 1
    assert "writing to the client failed" in reasons[0]


@pytest.mark.parametrize(
    ("method", "params", "replaced"),
    [
        ("textDocument/publishDiagnostics", {"uri": "a"}, True),
        ("signoff/sessionChanged", {"session": "s"}, True),
        ("$/progress", {"token": 1, "value": {"kind": "report"}}, True),
        ("$/progress", {"token": 1, "value": {"kind": "begin"}}, False),
        ("$/progress", {"token": 1, "value": {"kind": "end"}}, False),
        ("$/progress", {"token": 1, "value": [1]}, False),
        ("signoff/outputDelta", {"session": "s"}, False),
        ("window/logMessage", {}, False),
        (None, {}, False),
    ],
)
def test_what_may_be_replaced(method: str | None, params: dict[str, Any], replaced: bool) -> None:
    assert (coalescing_key(method, params) is not None) is replaced
