"""The model endpoint on both wires: every fault ends in the reason that recovery relies on, and requests stay lean."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.server import (
    BadArguments,
    BadKey,
    Call,
    ContextOverflow,
    Cut,
    CutBeforeCompleted,
    EmptyReply,
    EndBeforeCompleted,
    Endpoint,
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
)
from signoff.core.model import (
    Item,
    Message,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Reasoning,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from signoff.world.endpoint import Endpoint as Model
from signoff.world.endpoint import connect
from signoff.world.openai_chat import ChatModel, ChatReader
from signoff.world.openai_responses import ResponseReader, ResponsesModel, has_options
from signoff.world.wire import EventStream, History
from signoff.world.wire_failures import Target, Trouble, retry_after, seconds
from signoff.world.wire_transport import Patience, Transport, is_loopback

KEY = "sk-proj-very-secret-0123456789"
WIRES = ["responses", "chat"]
READ = ToolSpec(
    "read_file",
    "Reads a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"], "additionalProperties": False},
)
SEARCH = ToolSpec(
    "search",
    "Searches.",
    {"type": "object", "properties": {"text": {"type": "string"}, "limit": {"type": "integer"}}, "required": ["text"]},
)


def ask(*items: Item, **changes: Any) -> ModelRequest:
    """A request that continues `items`."""
    base: dict[str, Any] = {
        "model": "gpt-test",
        "instructions": "Be brief.",
        "tools": (READ, SEARCH),
        "cache_key": "s1",
    }
    return ModelRequest(**{**base, "items": items or (Message("user", "Fix it."),), **changes})


def nowhere(_: str) -> None:
    """Streamed text that nobody looks at."""


@pytest.fixture
async def models() -> AsyncIterator[list[Model]]:
    """Models that are closed at the end."""
    held: list[Model] = []
    yield held
    for model in held:
        await model.close()


def model_for(held: list[Model], ep: Endpoint, wire: Any, **options: Any) -> Model:
    model = connect(ep.base_url, KEY, wire, **options)
    held.append(model)
    return model


def failure(outcome: ModelReply | ModelFailure) -> ModelFailure:
    assert isinstance(outcome, ModelFailure), outcome
    return outcome


def whole(outcome: ModelReply | ModelFailure) -> ModelReply:
    assert isinstance(outcome, ModelReply), outcome
    return outcome


# --------------------------------------------------------------------------------------------------------------- faults

FAULTS: list[tuple[Fault, str, str]] = [
    (RateLimit(2), "rate_limit", "wait 2 s"),
    (RateLimit(None, {"x-ratelimit-reset-tokens": "6m0s"}), "rate_limit", "wait 360 s"),
    (RateLimit(None), "rate_limit", "try again later"),
    (RateLimit(message="Request too large for gpt-test: Limit 30000, Requested 50000."), "context_overflow", "longer"),
    (Quota(), "quota", "plan and billing"),
    (ServerError(), "server_error", "(500)"),
    (ServerError(503), "server_error", "(503)"),
    (HtmlPage(502), "server_error", "(502)"),
    (Cut(), "stream_cut", "Nothing of it was used"),
    (Cut(0.05), "stream_cut", "Nothing of it was used"),
    (CutBeforeCompleted(), "stream_cut", "Nothing of it was used"),
    (EndBeforeCompleted(), "stream_cut", "Nothing of it was used"),
    (Failed(), "failed_reply", "The model failed"),
    (Failed("rate_limit_exceeded", "Please try again in 1.5s."), "rate_limit", "wait 1.5 s"),
    (Failed("insufficient_quota"), "quota", "plan and billing"),
    (Failed("context_length_exceeded"), "context_overflow", "less context"),
    (ErrorEvent(), "failed_reply", "The stream failed"),
    (ErrorEvent("rate_limit_exceeded"), "rate_limit", "try again later"),
    (Incomplete(), "incomplete", "output limit of 900 tokens"),
    (Incomplete("content_filter"), "incomplete", "content filter"),
    (HtmlPage(), "bad_reply", "web page"),
    (Raw("<html>log in</html>"), "bad_reply", "web page"),
    (Raw("", 302, {"location": "http://127.0.0.1:9/"}), "bad_reply", "web page"),
    (Raw("what?"), "bad_reply", "stream of events"),
    (Raw("data: {broken\n\n"), "bad_reply", "not JSON"),
    (Raw('{"ok":true}', 200, {"content-type": "application/json"}), "bad_reply", "stream of events"),
    (Raw('{"error":{"code":"insufficient_quota"}}', 200, {"content-type": "application/json"}), "quota", "billing"),
    (EmptyReply(), "empty_reply", "empty reply"),
    (Raw(""), "empty_reply", "empty answer"),
    (Raw("\n", 200, {"content-type": "application/json"}), "empty_reply", "empty answer"),
    (ModelNotFound(), "model_unavailable", "no model 'gpt-test'"),
    (Raw('{"message":"model not loaded"}', 404, {"content-type": "application/json"}), "model_unavailable", "no model"),
    (RouteNotFound(), "bad_request", "base URL"),
    (RouteNotFound(405), "bad_request", "base URL"),
    (BadKey(), "auth", "OPENAI_API_KEY"),
    (Forbidden(), "permission", "not allowed to use this project"),
    (ContextOverflow(), "context_overflow", "less context"),
    (Raw('{"detail":"no such field"}', 422, {"content-type": "application/json"}), "bad_request", "no such field"),
    (Raw("", 413, {}), "context_overflow", "less context"),
    (Raw("", 402, {}), "quota", "billing"),
]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(("fault", "reason", "words"), FAULTS, ids=lambda value: str(value)[:60])
async def test_a_fault_is_named_and_the_next_request_served(
    wire: str, fault: Fault, reason: str, words: str, models: list[Model]
) -> None:
    async with Endpoint(Script([Turn(Text("Here."), Call("read_file", {"path": "a.py"}), faults=[fault])])) as ep:
        model = model_for(models, ep, wire)
        trouble = failure(await model.respond(ask(max_output_tokens=900), nowhere))
        assert trouble.reason == reason
        assert words in trouble.message
        assert len(trouble.message) < 400
        assert len(ep.requests) == 1, "retries belong to recovery"
        whole(await model.respond(ask(), nowhere))
        await ep.settled()
        ep.check_no_turn_asked_again()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", [Stall(), Stall(after=0), Stall(after=200)], ids=str)
async def test_silence_is_a_timeout_and_closes_the_connection(wire: str, fault: Fault, models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text("Here."), faults=[fault])])) as ep:
        model = model_for(models, ep, wire, patience=Patience(0.3, 0.3))
        await model.warm()
        assert failure(await model.respond(ask(), nowhere)).reason == "timeout"
        await ep.until(lambda: ep.requests[0].outcome == "client_gone")
        whole(await model.respond(ask(), nowhere))


@pytest.mark.parametrize("wire", WIRES)
async def test_a_slow_stream_is_not_silence(wire: str, models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text("x" * 30), chunk=1, chunk_delay=0.06)])) as ep:
        model = model_for(models, ep, wire, patience=Patience(1.5, 1.5))
        await model.warm()
        assert whole(await model.respond(ask(), nowhere)).items == (Message("assistant", "x" * 30),)


async def test_nobody_listens(models: list[Model]) -> None:
    async with Endpoint(Script([])) as ep:
        model = model_for(models, ep, "responses")
    trouble = failure(await model.respond(ask(), nowhere))
    assert trouble.reason == "unreachable"
    assert str(ep.port) in trouble.message


async def test_closed_before_the_reply_began(models: list[Model]) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        models.append(connect(f"http://127.0.0.1:{port}/v1", KEY, "responses"))
        assert failure(await models[0].respond(ask(), nowhere)).reason == "stream_cut"


@pytest.mark.parametrize("wire", WIRES)
async def test_cancelling_closes_the_stream(wire: str, models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text("word " * 2000), chunk=5, chunk_delay=0.02)])) as ep:
        model, started = model_for(models, ep, wire), asyncio.Event()
        task = asyncio.create_task(model.respond(ask(), lambda _: started.set()))
        async with asyncio.timeout(20):
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await ep.until(lambda: ep.requests[0].outcome == "client_gone")
        await ep.until(lambda: ep.open_connections == 0)


# -------------------------------------------------------------------------------------------------------------- replies


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("split", [0, 1, 7])
async def test_a_whole_reply(wire: str, split: int, models: list[Model]) -> None:
    calls = [Call("read_file", {"path": "ä/日本.py"}), Call("no_such_tool", {}), Call("search", '{"text": ')]
    turn = Turn(Thought("gAAA="), Text("Grüße 👋🏽 — ok"), *calls, split=split, usage=(1200, 1024, 77))
    async with Endpoint(Script([turn])) as ep:
        pieces: list[str] = []
        reply = whole(await model_for(models, ep, wire).respond(ask(), pieces.append))
        assert reply.usage == Usage(1200, 1024, 77)
        assert reply.model == "gpt-test"
        assert 0 < reply.first_token_ms <= reply.total_ms
        assert "".join(pieces) == "Grüße 👋🏽 — ok"
        thought, *rest = reply.items
        assert isinstance(thought, Reasoning)
        assert "gAAA=" in thought.data
        assert rest == [
            Message("assistant", "Grüße 👋🏽 — ok"),
            ToolCall("call_t000_2", "read_file", '{"path":"ä/日本.py"}'),
            ToolCall("call_t000_3", "no_such_tool", "{}"),
            ToolCall("call_t000_4", "search", '{"text": '),
        ]


@pytest.mark.parametrize("wire", WIRES)
async def test_broken_arguments_are_a_reply_for_the_turn_to_judge(wire: str, models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Call("read_file", {"path": "a.py"}), faults=[BadArguments()])])) as ep:
        (call,) = whole(await model_for(models, ep, wire).respond(ask(), nowhere)).items
        assert isinstance(call, ToolCall)
        assert call.arguments == '{"path"'


async def test_items_of_the_completed_event_serve_when_none_were_streamed(models: list[Model]) -> None:
    item = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I won't."}]}
    custom = {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"}
    event = {"type": "response.completed", "response": {"output": [item, custom, {"type": "web_search_call"}]}}
    async with Endpoint(Script([Turn(faults=[Raw(f": hello\r\n\r\ndata: {json.dumps(event)}")])])) as ep:
        reply = whole(await model_for(models, ep, "responses").respond(ask(), nowhere))
        assert reply.items == (Message("assistant", "I won't."), ToolCall("c1", "patch", "*** Begin", custom=True))
        assert reply.model == "gpt-test"


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}], **more})}\n\n"


async def test_chat_servers_with_habits_of_their_own(models: list[Model]) -> None:
    """No usage, no [DONE], no ids, every call numbered 0, arguments as an object."""
    one = {"id": "a", "index": 0, "function": {"name": "read_file", "arguments": '{"path":'}}
    more = {"index": 0, "function": {"arguments": '"x"}'}}
    two = {"id": "b", "index": 0, "function": {"name": "search", "arguments": {"text": "y"}}}
    body = chunk({"content": ""}) + chunk({"tool_calls": [one]}) + chunk({"tool_calls": [more]})
    body += chunk({"tool_calls": [two]}, "tool_calls")
    nameless = chunk({"tool_calls": [{"index": 0, "function": {"name": "search"}}]}, "stop") + "data: [DONE]\n\n"
    async with Endpoint(Script([Turn(faults=[Raw(body), Raw(nameless)])])) as ep:
        model = model_for(models, ep, "chat")
        reply = whole(await model.respond(ask(), nowhere))
        assert reply.items == (ToolCall("a", "read_file", '{"path":"x"}'), ToolCall("b", "search", '{"text":"y"}'))
        assert reply.usage.input == len(ep.requests[0].raw) // 4
        (call,) = whole(await model.respond(ask(), nowhere)).items
        assert isinstance(call, ToolCall)
        assert call.call_id
        assert call.arguments == "{}"


# ------------------------------------------------------------------------------------------------------------- requests

HISTORY: tuple[Item, ...] = (
    Message("user", "Fix ä."),
    Reasoning('{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAA"}'),
    Message("assistant", "Looking."),
    ToolCall("c1", "read_file", '{"path": "a.py"}'),
    ToolCall("c2", "search", "{oops"),
    ToolResult("c1", "x = 1\n"),
    ToolResult("c2", "not JSON"),
    ToolCall("c3", "patch", "*** Begin", custom=True),
    ToolResult("c3", "applied", custom=True),
    Message("user", "Go on."),
)


async def sent(models: list[Model], wire: Any, request: ModelRequest, **options: Any) -> tuple[dict[str, Any], str]:
    """The body that the endpoint gets, parsed and as text."""
    async with Endpoint(Script([])) as ep:
        await model_for(models, ep, wire, **options).respond(request, nowhere)
        return ep.requests[0].body, ep.requests[0].raw.decode()


async def test_what_a_responses_request_holds(models: list[Model]) -> None:
    body, raw = await sent(models, "responses", ask(*HISTORY, effort="low", max_output_tokens=500))
    assert body.pop("input") == [
        {"role": "user", "content": "Fix ä."},
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        {"role": "assistant", "content": "Looking."},
        {"type": "function_call", "call_id": "c1", "name": "read_file", "arguments": '{"path": "a.py"}'},
        {"type": "function_call", "call_id": "c2", "name": "search", "arguments": "{oops"},
        {"type": "function_call_output", "call_id": "c1", "output": "x = 1\n"},
        {"type": "function_call_output", "call_id": "c2", "output": "not JSON"},
        {"type": "custom_tool_call", "call_id": "c3", "name": "patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "c3", "output": "applied"},
        {"role": "user", "content": "Go on."},
    ]
    read, search = body.pop("tools")
    assert read == {
        "type": "function",
        "name": "read_file",
        "description": "Reads a file.",
        "parameters": READ.parameters,
    }
    assert search["strict"] is False
    assert body == {
        "model": "gpt-test",
        "instructions": "Be brief.",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "parallel_tool_calls": True,
        "prompt_cache_key": "s1",
        "max_output_tokens": 500,
        "reasoning": {"effort": "low"},
    }
    assert json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False) == raw, "no byte is wasted"


async def test_what_a_chat_request_holds(models: list[Model]) -> None:
    thought = Reasoning('{"reasoning_content":"Hm."}')
    items = (*HISTORY, thought, ToolCall("c4", "read_file", "{}"), ToolResult("c4", "ok"))
    body, raw = await sent(models, "chat", ask(*items, effort="low", max_output_tokens=500))
    read = {"name": "read_file", "arguments": '{"path": "a.py"}'}
    assert body.pop("messages") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Fix ä."},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": read},
                {"id": "c2", "type": "function", "function": {"name": "search", "arguments": '{"invalid":"{oops"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "x = 1\n"},
        {"role": "tool", "tool_call_id": "c2", "content": "not JSON"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c3", "type": "function", "function": {"name": "patch", "arguments": '{"invalid":"*** Begin"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c3", "content": "applied"},
        {"role": "user", "content": "Go on."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c4", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}],
            "reasoning_content": "Hm.",
        },
        {"role": "tool", "tool_call_id": "c4", "content": "ok"},
    ]
    assert [tool["function"]["name"] for tool in body.pop("tools")] == ["read_file", "search"]
    assert body == {
        "model": "gpt-test",
        "stream": True,
        "stream_options": {"include_usage": True},
        "parallel_tool_calls": True,
        "max_tokens": 500,
        "reasoning_effort": "low",
    }
    assert json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False) == raw


async def test_what_a_schema_mode_request_holds(models: list[Model]) -> None:
    body, _ = await sent(models, "auto", ask(*HISTORY), mode="schema")
    system, *messages = body["messages"]
    assert "- search: Searches. Arguments: text, limit (optional)" in system["content"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert messages[1]["content"].startswith('Looking.\n\n{"tool":"read_file","arguments":{"path": "a.py"}}')
    assert messages[2]["content"] == "Result of read_file:\nx = 1\n\n\nResult of search:\nnot JSON"
    calls = body["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [call["properties"]["tool"]["const"] for call in calls] == ["read_file", "search"]
    assert "tools" not in body


@pytest.mark.parametrize(("wire", "mode"), [("responses", "native"), ("chat", "native"), ("chat", "schema")])
async def test_each_request_continues_the_one_before(wire: Any, mode: Any, models: list[Model]) -> None:
    say = '{"tool":"read_file","arguments":{"path":"a.py"}}'
    part = Text(say) if mode == "schema" else Call("read_file", {"path": "a.py"})
    async with Endpoint(Script([Turn(Thought(), part) for _ in range(6)])) as ep:
        model = model_for(models, ep, wire, mode=mode)
        items: tuple[Item, ...] = (Message("user", "Fix it."),)
        for _ in range(6):
            reply = whole(await model.respond(ask(*items), nowhere))
            results = [ToolResult(item.call_id, "text") for item in reply.items if isinstance(item, ToolCall)]
            assert results
            items = (*items, *reply.items, *results)
        ep.check_stable_prefix()
        assert ep.connections == 1, "the connection is reused"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('```json\n{"tool": "search", "arguments": {"text": "ä"}}\n```', '{"text":"ä"}'),
        ("I am done.", "I am done."),
        ('{"tool": "search"}', "bad_reply"),
        ('{"tool": "search", "arguments": {', "bad_reply"),
    ],
)
async def test_schema_mode_reads_one_call(said: str, expected: str, models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text(said))])) as ep:
        pieces: list[str] = []
        outcome = await model_for(models, ep, "chat", mode="schema").respond(ask(), pieces.append)
        assert not pieces
        if isinstance(outcome, ModelFailure):
            assert outcome.reason == expected
            return
        (item,) = outcome.items
        assert (item.arguments if isinstance(item, ToolCall) else getattr(item, "text", "")) == expected


async def test_a_model_without_reasoning_is_not_asked_for_it_again(models: list[Model]) -> None:
    refusal = '{"error":{"message":"Encrypted content is not supported with this model.","code":null}}'
    fault = Raw(refusal, 400, {"content-type": "application/json"})
    async with Endpoint(Script([Turn(Text("One."), faults=[fault]), Turn(Text("Two."))])) as ep:
        model = model_for(models, ep, "responses")
        whole(await model.respond(ask(), nowhere))
        whole(await model.respond(ask(), nowhere))
        assert ["include" in request.body for request in ep.requests] == [True, False, False]


async def test_reasoning_that_the_service_can_not_read_is_left_out(models: list[Model]) -> None:
    refusal = '{"error":{"message":"could not be verified","code":"invalid_encrypted_content"}}'
    fault = Raw(refusal, 400, {"content-type": "application/json"})
    fresh = Reasoning('{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"new"}')
    async with Endpoint(Script([Turn(Text("One."), faults=[fault]), Turn(Text("Two."))])) as ep:
        model = model_for(models, ep, "responses")
        whole(await model.respond(ask(*HISTORY), nowhere))
        whole(await model.respond(ask(*HISTORY, fresh), nowhere))
        ids = [[item["id"] for item in request.items if "id" in item] for request in ep.requests]
        assert ids == [["rs_1"], [], ["rs_2"]]
        fault = Turn(faults=[fault, fault])
    async with Endpoint(Script([fault])) as ep:
        outcome = await model_for(models, ep, "responses").respond(ask(*HISTORY), nowhere)
        assert failure(outcome).reason == "bad_request"
        assert len(ep.requests) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_text_without_a_utf8_form_still_arrives(wire: str, models: list[Model]) -> None:
    body, raw = await sent(models, wire, ask(Message("user", "half a pair: \ud83d")))
    assert body["input" if wire == "responses" else "messages"][-1]["content"] == "half a pair: \ud83d"
    assert raw.isprintable()


async def test_reasoning_stays_on_the_wire_it_came_over(models: list[Model]) -> None:
    mine = Reasoning('{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAA"}')
    items = (mine, Reasoning('{"reasoning_content":"Hm."}'), Reasoning("not JSON"))
    body, _ = await sent(models, "responses", ask(*items))
    assert [item["id"] for item in body["input"]] == ["rs_1"]
    body, _ = await sent(models, "chat", ask(*items))
    assert [message["role"] for message in body["messages"]] == ["system"]
    body, _ = await sent(models, "chat", ask(*items, ToolCall("c", "search", "{}")))
    assert body["messages"][-1]["reasoning_content"] == "Hm."


def test_only_the_original_service_gets_its_own_chat_parameters() -> None:
    model = ChatModel(Transport("https://api.openai.com/v1", KEY, Patience()))
    body = json.loads(model.body(ask(max_output_tokens=5)))
    assert (body["max_completion_tokens"], body["prompt_cache_key"]) == (5, "s1")


def test_what_is_not_set_is_not_sent() -> None:
    bare = ModelRequest("m", "", (), (Message("user", "hi"),))
    transport = Transport("http://localhost/v1", None, Patience())
    assert sorted(json.loads(ResponsesModel(transport).body(bare))) == ["include", "input", "model", "store", "stream"]
    assert sorted(json.loads(ChatModel(transport).body(bare))) == ["messages", "model", "stream", "stream_options"]


# ----------------------------------------------------------------------------------------------------- keys and routes


async def test_without_a_key_nothing_is_sent() -> None:
    trouble = failure(await connect("https://api.openai.com/v1", None).respond(ask(), nowhere))
    assert trouble.reason == "no_key"
    assert "OPENAI_API_KEY" in trouble.message


async def test_a_loopback_endpoint_needs_no_key(models: list[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with Endpoint(Script([])) as ep:
        models.append(connect(ep.base_url, None, "responses"))
        whole(await models[0].respond(ask(), nowhere))
        assert KEY not in ep.requests[0].headers["authorization"]


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://m.localhost", True),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://192.168.1.4/v1", False),
    ],
)
def test_loopback(url: str, local: bool) -> None:
    assert is_loopback(url) is local


@pytest.mark.parametrize("url", ["", "api.openai.com/v1", "ftp://x/v1", "http://", "http://h:port/v1", "http://[::1"])
async def test_a_base_url_that_is_none(url: str) -> None:
    model = connect(url, KEY)
    await model.warm()
    trouble = failure(await model.respond(ask(), nowhere))
    assert trouble.reason == "bad_request"
    assert "http://" in trouble.message


@pytest.mark.parametrize("key", ["sk-\u2026abc", "sk-1\nsk-2"])
async def test_a_key_that_was_pasted_badly(key: str) -> None:
    trouble = failure(await connect("http://127.0.0.1:9/v1", key).respond(ask(), nowhere))
    assert trouble.reason == "auth"
    assert key not in trouble.message


@pytest.mark.parametrize("wire", WIRES)
async def test_the_key_is_in_no_message_and_no_log(
    wire: str, models: list[Model], caplog: pytest.LogCaptureFixture
) -> None:
    echo = Raw(
        json.dumps({"error": {"message": f"bad header Bearer {KEY}"}}), 400, {"content-type": "application/json"}
    )
    faults = [BadKey(), echo, Forbidden(), ServerError(), Cut(), ErrorEvent(message=f"key {KEY} expired")]
    with caplog.at_level(logging.DEBUG):
        async with Endpoint(Script([Turn(Text("ok"), faults=faults)])) as ep:
            model = model_for(models, ep, wire)
            for _ in faults:
                assert KEY not in failure(await model.respond(ask(), nowhere)).message
            whole(await model.respond(ask(), nowhere))
            assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in ep.requests)
    assert caplog.records
    assert KEY not in caplog.text
    assert "Fix it." not in caplog.text, "nor does the conversation get there"


async def test_auto_falls_back_to_chat_and_remembers(models: list[Model]) -> None:
    async with Endpoint(Script([], routes=("chat",))) as ep:
        for _ in range(2):
            model = model_for(models, ep, "auto")
            whole(await model.respond(ask(), nowhere))
            whole(await model.respond(ask(), nowhere))
        paths = [request.path for request in ep.requests]
        assert paths == ["/v1/responses", *["/v1/chat/completions"] * 4]


async def test_auto_remembers_also_when_the_first_chat_request_fails(models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text("ok"), faults=[RateLimit(1)])], routes=("chat",))) as ep:
        model = model_for(models, ep, "auto")
        assert failure(await model.respond(ask(), nowhere)).reason == "rate_limit"
        whole(await model.respond(ask(), nowhere))
        assert [request.wire for request in ep.requests] == [None, "chat", "chat"]


async def test_auto_stays_with_responses_where_they_are(models: list[Model]) -> None:
    async with Endpoint(Script([Turn(Text("ok"), faults=[ModelNotFound()])])) as ep:
        model = model_for(models, ep, "auto")
        assert failure(await model.respond(ask(), nowhere)).reason == "model_unavailable"
        whole(await model.respond(ask(), nowhere))
        assert {request.wire for request in ep.requests} == {"responses"}


async def test_auto_blames_the_base_url_when_it_has_neither(models: list[Model]) -> None:
    async with Endpoint(Script([], routes=())) as ep:
        model = model_for(models, ep, "auto")
        for _ in range(2):
            assert "base URL" in failure(await model.respond(ask(), nowhere)).message
        assert len(ep.requests) == 4, "nothing was learned"


async def test_the_proxy_of_the_environment_is_used(models: list[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    async with Endpoint(Script([])) as ep:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{ep.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "localhost")
        models.append(connect("http://model.invalid/v1", KEY, "responses"))
        whole(await models[0].respond(ask(), nowhere))
        assert ep.requests[0].path == "http://model.invalid/v1/responses"


async def test_odd_proxy_variables_are_named(models: list[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")
    monkeypatch.setenv("all_proxy", "gopher://127.0.0.1:70")
    models.append(connect("http://model.invalid/v1", KEY, "responses"))
    await models[0].warm()
    trouble = failure(await models[0].respond(ask(), nowhere))
    assert trouble.reason == "bad_request"
    assert "proxy" in trouble.message


# ------------------------------------------------------------------------------------------------------- being cheap


async def test_warming_sends_nothing_and_closing_is_not_the_end(models: list[Model]) -> None:
    async with Endpoint(Script([])) as ep:
        model = model_for(models, ep, "responses")
        await asyncio.gather(model.warm(), model.warm())
        assert ep.connections == 0
        whole(await model.respond(ask(), nowhere))
        await model.close()
        await ep.until(lambda: ep.open_connections == 0)
        whole(await model.respond(ask(), nowhere))


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from signoff.world.endpoint import connect; connect('https://api.openai.com/v1', None);"
        "print(sorted({'openai', 'httpx2', 'pydantic', 'anyio', 'ssl', 'asyncio'} & set(sys.modules)))"
    )
    path = next(entry for entry in sys.path if entry.endswith("server"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
    assert "openai" not in done.stdout, done.stderr
    assert "pydantic" not in done.stdout
    assert "httpx2" not in done.stdout


def test_history_encodes_only_what_is_new() -> None:
    encoded: list[str] = []

    def encode(unit: str) -> bytes:
        encoded.append(unit)
        return unit.encode()

    history: History[str] = History(encode, conversations=2)
    assert history.join("a", ["1", "2"]) == b"1,2"
    assert history.join("a", ["1", "2", "", "3"]) == b"1,2,3"
    assert encoded == ["1", "2", "", "3"]
    assert history.join("a", ["1", "x"]) == b"1,x", "a rewritten history is encoded anew"
    for key in "bca":
        encoded.clear()
        assert history.join(key, ["1", "x"]) == b"1,x"
    assert encoded, "the oldest conversation was forgotten"


# ----------------------------------------------------------------------------------------------------------------- laws


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)), st.data())
def test_events_survive_any_cut(texts: list[str], data: st.DataObject) -> None:
    ends = st.sampled_from(["\n", "\r\n"])
    wire = "".join(f": ping{(e := data.draw(ends))}{e}event: x{e}data: {text}{e}{e}" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=20)))
    stream, found = EventStream(), list[str]()
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += stream.feed(wire[start:end])
    assert found == texts
    assert stream.finish() == []


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
NAMES = ["type", "response", "error", "choices", "delta", "tool_calls", "content", "output", "output_index", "item"]
NAMES += ["usage", "index", "function", "id", "arguments", "finish_reason", "delta", "summary", "encrypted_content"]
KINDS = [
    "response.completed",
    "response.output_item.done",
    "response.failed",
    "response.incomplete",
    "error",
    "message",
]
EVENTS = st.recursive(
    LEAVES | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), EVENTS, max_size=6), max_size=4))
def test_no_event_of_any_shape_is_our_bug(events: list[dict[str, Any]]) -> None:
    target = Target("host", "model")
    for reader in (ResponseReader(target, None, nowhere), ChatReader(target, None, nowhere)):
        try:
            for event in events:
                reader.feed(event)
            reader.end()
            reply = reader.reply(1) if isinstance(reader, ChatReader) else reader.reply()
            assert reply.items
        except Trouble:
            pass


@pytest.mark.parametrize(
    ("headers", "text", "wait"),
    [
        ({}, "", None),
        ({"retry-after": "2"}, "", 2.0),
        ({"retry-after": "2", "retry-after-ms": "1500"}, "", 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0.0),
        ({"retry-after": "soon"}, "", None),
        ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "1m30.5s"}, "", 90.5),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-remaining-tokens": "5000",
            },
            "",
            1.0,
        ),
        ({}, "Limit 3. Please try again in 1m2s. Visit", 62.0),
        ({}, "Please try again in 20ms.", 0.02),
    ],
)
def test_retry_after(headers: dict[str, str], text: str, wait: float | None) -> None:
    assert retry_after(headers, text) == (pytest.approx(wait) if wait is not None else None)


@pytest.mark.parametrize(("text", "value"), [("1h2m", 3720.0), ("5", 5.0), ("", None), ("1 s", None), ("s", None)])
def test_durations(text: str, value: float | None) -> None:
    assert seconds(text) == value


def test_options_anywhere_in_a_schema_are_found() -> None:
    inner = {"type": "object", "properties": {"a": {}}}
    required = {"type": "object", "required": ["a"]}
    assert has_options(inner)
    assert has_options({**required, "properties": {"a": {"type": "array", "items": inner}}})
    assert has_options({**required, "properties": {"a": {"anyOf": [{"type": "null"}, inner]}}})
    assert not has_options({**required, "properties": {"a": {"type": "string"}}})
    assert not has_options({"type": "object", "properties": {}})
