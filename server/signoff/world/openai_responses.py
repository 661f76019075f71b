"""The Responses API: streaming, nothing stored by the service, encrypted reasoning carried along by us."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

from signoff.core.model import (
    Item,
    Message,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Reasoning,
    ReplyItem,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from signoff.world.wire import History, Json, dumps, mapping, number, sequence, string
from signoff.world.wire_failures import Target, Trouble, fail, failed
from signoff.world.wire_transport import Transport

PATH: Final = "/responses"
ENCRYPTED: Final = "reasoning.encrypted_content"


class ResponsesModel:
    """`Model` over the Responses API."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._history: History[Item] = History(self._encode)
        self._tools: tuple[tuple[ToolSpec, ...], str] = ((), "[]")
        self._no_reasoning: set[str] = set()
        self._refused: set[str] = set()

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply, or why there is none. `on_text` gets streamed text pieces. Cancelling stops the stream."""
        try:
            return await self.attempt(request, on_text)
        except Trouble as trouble:
            return trouble.failure

    async def attempt(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        """Like `respond`, but raises `Trouble`, which also tells whether the endpoint lacks this API."""
        try:
            return await self._once(request, on_text)
        except Trouble as trouble:
            if not self._adapted(trouble, request):
                raise
        return await self._once(request, on_text)

    async def close(self) -> None:
        """Closes the endpoint's connections."""
        await self._transport.close()

    def body(self, request: ModelRequest) -> bytes:
        """The request as sent. What a service bills is tools, instructions and items, in this order."""
        extras: Json = {"stream": True, "store": False}
        if request.model not in self._no_reasoning:
            extras["include"] = [ENCRYPTED]
        if request.tools:
            extras["parallel_tool_calls"] = True
        if request.cache_key:
            extras["prompt_cache_key"] = request.cache_key
        if request.max_output_tokens is not None:
            extras["max_output_tokens"] = request.max_output_tokens
        if request.effort is not None:
            extras["reasoning"] = {"effort": request.effort}
        head: Json = {"model": request.model}
        if request.instructions:
            head["instructions"] = request.instructions
        tools = f',"tools":{self._encode_tools(request.tools)}' if request.tools else ""
        items = self._history.join(request.cache_key, request.items)
        return b"".join(
            (dumps(head)[:-1].encode(), tools.encode(), b',"input":[', items, b"],", dumps(extras)[1:].encode())
        )

    async def _once(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        target = self._transport.target(request.model)
        reader = ResponseReader(target, request.max_output_tokens, on_text)
        await self._transport.exchange(PATH, self.body(request), target, reader)
        return reader.reply()

    def _adapted(self, trouble: Trouble, request: ModelRequest) -> bool:
        """Whether the request can be put in a way that the service takes; neither refusal was billed.

        Models without reasoning refuse to be asked for it, and a service can't read reasoning that another service,
        or another organisation, encrypted: the history goes without.
        """
        if "encrypted content is not supported" in trouble.failure.message.lower():
            known = request.model in self._no_reasoning
            self._no_reasoning.add(request.model)
            return not known
        stale = {item.data for item in request.items if isinstance(item, Reasoning)} - self._refused
        if trouble.code != "invalid_encrypted_content" or not stale:
            return False
        self._refused |= stale
        self._history.clear()
        return True

    def _encode(self, item: Item) -> bytes:
        if isinstance(item, Reasoning) and (item.data in self._refused or not is_ours(item)):
            return b""
        return (item.data if isinstance(item, Reasoning) else dumps(item_json(item))).encode()

    def _encode_tools(self, tools: tuple[ToolSpec, ...]) -> str:
        if self._tools[0] != tools:
            self._tools = tools, dumps([tool_json(tool) for tool in tools])
        return self._tools[1]


def is_ours(item: Reasoning) -> bool:
    """Whether a reasoning item came over this wire (a session may have changed its endpoint)."""
    return '"type":"reasoning"' in item.data


def item_json(item: Message | ToolCall | ToolResult) -> Json:
    """An item with only what the service needs to continue."""
    match item:
        case Message(role, text):
            return {"role": role, "content": text}
        case ToolCall(call_id, name, arguments, custom):
            if custom:
                return {"type": "custom_tool_call", "call_id": call_id, "name": name, "input": arguments}
            return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        case ToolResult(call_id, output, custom):
            kind = "custom_tool_call_output" if custom else "function_call_output"
            return {"type": kind, "call_id": call_id, "output": output}


def tool_json(tool: ToolSpec) -> Json:
    """A function tool. Without `strict` the service makes every optional argument a required one, so that is said."""
    parameters = dict(tool.parameters)
    out: Json = {"type": "function", "name": tool.name}
    if tool.description:
        out["description"] = tool.description
    out["parameters"] = parameters
    return {**out, "strict": False} if has_options(parameters) else out


def has_options(schema: object) -> bool:
    """Whether an object anywhere in the schema has a property that may be left out."""
    node = mapping(schema)
    properties, required = mapping(node.get("properties")), sequence(node.get("required"))
    inner = [*properties.values(), node.get("items"), *sequence(node.get("anyOf"))]
    return any(name not in required for name in properties) or any(has_options(part) for part in inner if part)


class ResponseReader:
    """Builds a reply from the events of a Responses stream."""

    def __init__(self, target: Target, limit: int | None, on_text: Callable[[str], None]) -> None:
        self._target = target
        self._limit = limit
        self._on_text = on_text
        self._start = time.perf_counter()
        self._first = 0
        self._total = 0
        self._items: dict[int, Json] = {}
        self._completed: Json | None = None

    def feed(self, event: Json) -> bool:
        """Takes one event in; True for `response.completed`, and for nothing else."""
        kind = string(event.get("type"))
        if kind.endswith(".delta"):
            self._first = self._first or self._elapsed()
            if kind in ("response.output_text.delta", "response.refusal.delta"):
                self._on_text(string(event.get("delta")))
        elif kind == "response.output_item.done":
            self._items[number(event.get("output_index"))] = mapping(event.get("item"))
        elif kind == "response.completed":
            self._completed = mapping(event.get("response"))
            self._total = self._elapsed()
            return True
        elif kind == "response.incomplete":
            self._stopped(mapping(event.get("response")))
        elif kind in ("response.failed", "error"):
            error = mapping(mapping(event.get("response")).get("error")) or event
            raise failed(self._target, error, {})
        return False

    def end(self) -> None:
        """Without `response.completed` a stream's end proves nothing: `reply` will refuse."""

    def reply(self) -> ModelReply:
        """The complete reply; raises `Trouble` when the service never said that it is complete, or when it is empty."""
        if self._completed is None:
            text = f"The reply of {self._target.model} was cut off before its end. Nothing of it was used."
            fail("stream_cut", text)
        output = sequence(self._completed.get("output"))
        streamed = [self._items[index] for index in sorted(self._items)]
        items = tuple(read for item in max(streamed, output, key=len) if (read := read_item(mapping(item))))
        if all(isinstance(item, Reasoning) for item in items):
            fail("empty_reply", f"{self._target.model} sent an empty reply. Ask again, or choose another model.")
        model = string(self._completed.get("model")) or self._target.model
        usage = read_usage(mapping(self._completed.get("usage")))
        return ModelReply(items, usage, model, self._first or self._total, self._total)

    def _stopped(self, response: Json) -> None:
        reason = string(mapping(response.get("incomplete_details")).get("reason"))
        fail("incomplete", stopped_words(self._target.model, reason == "content_filter", self._limit))

    def _elapsed(self) -> int:
        return max(1, round((time.perf_counter() - self._start) * 1000))


def stopped_words(model: str, filtered: bool, limit: int | None) -> str:
    """An incomplete reply in words."""
    if filtered:
        return f"The service's content filter stopped the reply of {model}. Put the request differently."
    named = f" of {limit} tokens" if limit else ""
    return f"The reply of {model} hit the output limit{named} before its end. Nothing of it was used. Ask for less."


def read_item(item: Json) -> ReplyItem | None:
    """An output item as ours; None for those that continuing does not need (or that we did not ask for)."""
    kind = item.get("type")
    if kind == "message":
        parts = [mapping(part) for part in sequence(item.get("content"))]
        text = "".join(string(part.get("text")) or string(part.get("refusal")) for part in parts)
        return Message("assistant", text) if text else None
    if kind in ("function_call", "custom_tool_call"):
        custom = kind == "custom_tool_call"
        arguments = item.get("input" if custom else "arguments")
        text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        return ToolCall(string(item.get("call_id")), string(item.get("name")), text, custom)
    if kind == "reasoning" and (item.get("encrypted_content") or item.get("content")):
        return Reasoning(dumps({key: value for key, value in item.items() if value is not None}))
    return None


def read_usage(usage: Json) -> Usage:
    """The service's token counts."""
    cached = number(mapping(usage.get("input_tokens_details")).get("cached_tokens"))
    return Usage(number(usage.get("input_tokens")), cached, number(usage.get("output_tokens")))
