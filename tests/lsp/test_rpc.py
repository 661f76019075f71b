"""JSON-RPC without a process: whatever a client sends, each of its requests is answered exactly once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from signoff.core.text import Edit
from signoff.lsp.documents import Document
from signoff.lsp.framing import Malformed, Message, Oversized
from signoff.lsp.server import SignoffServer

INITIALIZE = {"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": {"capabilities": {}}}


class Collected:
    """Stands where the writer stands and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, body: bytes, key: object = None) -> None:
        self.sent.append(json.loads(body))

    def answers(self) -> list[Any]:
        return [message["id"] for message in self.sent if "method" not in message]


def connected() -> tuple[SignoffServer, Collected]:
    server, collected = SignoffServer(), Collected()
    server.protocol.connect(collected)  # type: ignore[arg-type]

    @server.command("test.task")
    async def _(argument: dict[str, Any]) -> Any:
        await asyncio.sleep(0)
        return argument

    server.protocol.receive(Message(INITIALIZE))
    assert "result" in collected.sent.pop()
    return server, collected


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
names = ["uri", "textDocument", "position", "line", "character", "version", "contentChanges", "range", "text", "id"]
names += ["command", "arguments", "token", "event", "added", "removed", "value", "settings", "jsonrpc", "method"]
values = st.recursive(
    scalars | st.sampled_from(["test.task", "file:///a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=4),
    max_leaves=10,
)
methods = st.sampled_from(sorted({*types.METHOD_TO_TYPES, "nothing"} - {"exit", "shutdown"}))
messages = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | scalars,
        "id": st.integers(0, 3) | scalars,
        "method": methods | scalars,
        "params": values,
        "result": values,
        "error": values,
    },
)
requests = st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "method": methods, "params": values})


@settings(max_examples=40)
@given(st.lists(messages | values, max_size=6))
async def test_nothing_raises(sent: list[Any]) -> None:
    server, collected = connected()
    for message in sent:
        server.protocol.receive(Message(message))
    await server.protocol.settle()
    server.protocol.receive(Message({"jsonrpc": "2.0", "id": "last", "method": "nothing"}))
    assert collected.answers()[-1] == "last"


@settings(max_examples=40)
@given(st.lists(requests, max_size=6))
async def test_each_request_is_answered_once(sent: list[dict[str, Any]]) -> None:
    server, collected = connected()
    for number, message in enumerate(sent):
        server.protocol.receive(Message({**message, "id": number}))
    await server.protocol.settle()
    assert sorted(collected.answers()) == list(range(len(sent)))


@settings(max_examples=40)
@given(st.lists(st.booleans(), max_size=8))
async def test_cancelled_or_not(cancelled: list[bool]) -> None:
    server, collected = connected()
    params = {"command": "test.task", "arguments": [{}]}
    for number, cancel in enumerate(cancelled):
        request = {"jsonrpc": "2.0", "id": number, "method": "workspace/executeCommand", "params": params}
        server.protocol.receive(Message(request))
        if cancel:
            notification = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}}
            server.protocol.receive(Message(notification))
    await server.protocol.settle()
    assert {answer["id"]: "error" in answer for answer in collected.sent} == dict(enumerate(cancelled))
    assert len(collected.sent) == len(cancelled)


async def test_what_could_not_be_read() -> None:
    server, collected = connected()
    server.protocol.receive(Malformed("why"))
    server.protocol.receive(Oversized(1 << 40, None))
    server.protocol.receive(Oversized(1 << 40, 5))
    assert [message.get("id", message.get("method")) for message in collected.sent] == [
        None,
        "window/logMessage",
        "window/logMessage",
        5,
    ]


async def test_answers_that_nobody_awaits_any_more() -> None:
    server, collected = connected()
    edit = types.ApplyWorkspaceEditParams(types.WorkspaceEdit())
    asked = asyncio.ensure_future(server.workspace_apply_edit_async(edit))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked])
    answer = {"jsonrpc": "2.0", "id": collected.sent[-1]["id"], "result": {"applied": True}}
    server.protocol.receive(Message(answer))
    server.protocol.receive(Message(answer))
    waiting = asyncio.ensure_future(server.workspace_apply_edit_async(edit))
    await asyncio.sleep(0)
    server.protocol.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()


async def test_what_pygls_handles_itself_still_works() -> None:
    server, _ = connected()
    folder = {"uri": "file:///w", "name": "w"}
    for method, params in (
        ("$/setTrace", {"value": "verbose"}),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}}),
    ):
        server.protocol.receive(Message({"jsonrpc": "2.0", "method": method, "params": params}))
    assert server.protocol.trace == types.TraceValue.Verbose
    assert list(server.workspace.folders) == ["file:///w"]


async def test_the_handlers_of_features_see_what_the_store_already_has() -> None:
    server, _ = connected()
    seen: list[tuple[str, str]] = []

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _(params: types.DidOpenTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        seen.append(("feature", document.text if document else ""))

    class Observer:
        def opened(self, document: Any) -> None:
            seen.append(("opened", document.text))

        def changed(self, document: Any, edits: Any) -> None:
            seen.append((f"changed {[(edit.start, edit.end) for edit in edits]}", document.text))

        def closed(self, document: Any) -> None:
            seen.append(("closed", document.text))

    server.observers.append(Observer())
    item = {"uri": "file:///a", "languageId": "python", "version": 1, "text": "text"}
    document = {"uri": "file:///a", "version": 2}
    change = {"range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 3}}, "text": "-"}
    for method, params in (
        ("didOpen", {"textDocument": item}),
        (
            "didChange",
            {"textDocument": document, "contentChanges": [change]},
        ),
        ("didClose", {"textDocument": document}),
    ):
        server.protocol.receive(Message({"jsonrpc": "2.0", "method": f"textDocument/{method}", "params": params}))
    assert seen == [("opened", "text"), ("feature", "text"), ("changed [(1, 3)]", "t-t"), ("closed", "t-t")]


class Heard:
    """Hears of documents, and raises if it is to."""

    def __init__(self, broken: bool) -> None:
        self.broken = broken
        self.heard: list[str] = []

    def _hears(self, what: str) -> None:
        self.heard.append(what)
        if self.broken:
            raise ValueError(what)

    def opened(self, document: Document) -> None:
        self._hears("opened")

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        self._hears("changed")

    def closed(self, document: Document) -> None:
        self._hears("closed")


def test_an_observer_that_raises_keeps_no_other_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    server = connected()[0]
    server.observers += [broken := Heard(True), whole := Heard(False)]
    named = {"uri": "file:///a"}
    for method, params in {
        "didOpen": {"textDocument": {**named, "languageId": "text", "version": 0, "text": "a"}},
        "didChange": {"textDocument": {**named, "version": 1}, "contentChanges": [{"text": "b"}]},
        "didClose": {"textDocument": named},
    }.items():
        server.protocol.receive(Message({"jsonrpc": "2.0", "method": f"textDocument/{method}", "params": params}))
    assert broken.heard == whole.heard == ["opened", "changed", "closed"]
    assert [record.getMessage().partition(" ")[0] for record in caplog.records] == [
        f"Heard.{what}" for what in whole.heard
    ]
