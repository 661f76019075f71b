"""Chat Completions, for every compatible endpoint: native tools, or schema mode for models that can't call tools."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from signoff.core.model import (
    Message,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Reasoning,
    ReplyItem,
    ToolCall,
    ToolSpec,
    Usage,
)
from signoff.world.openai_responses import stopped_words
from signoff.world.wire import History, Json, dumps, mapping, number, sequence, string
from signoff.world.wire_chat import REASONING, Group, encode_group, groups_of
from signoff.world.wire_failures import Target, Trouble, fail
from signoff.world.wire_schema import instructions_with, response_format, schema_groups, schema_items
from signoff.world.wire_transport import Transport

PATH: Final = "/chat/completions"
Mode = Literal["native", "schema"]
HOST: Final = "api.openai.com"
"""Only the original service gets the parameters that others reject as unknown."""


class ChatModel:
    """`Model` over Chat Completions."""

    def __init__(self, transport: Transport, mode: Mode = "native") -> None:
        self._transport = transport
        self._mode: Mode = mode
        self._history: History[Group] = History(encode_group)
        self._tools: tuple[tuple[ToolSpec, ...], str] = ((), "")

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply, or why there is none. `on_text` gets streamed text pieces (none in schema mode)."""
        try:
            return await self.attempt(request, on_text)
        except Trouble as trouble:
            return trouble.failure

    async def attempt(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply:
        """Like `respond`, but raises `Trouble`."""
        target = self._transport.target(request.model)
        schema = self._mode == "schema" and bool(request.tools)
        reader = ChatReader(target, request.max_output_tokens, _quiet if schema else on_text)
        body = self.body(request)
        await self._transport.exchange(PATH, body, target, reader)
        reply = reader.reply(estimate=len(body) // 4)
        if not schema:
            return reply
        items = schema_items(reply.items, target)
        return ModelReply(items, reply.usage, reply.model, reply.first_token_ms, reply.total_ms)

    async def close(self) -> None:
        """Closes the endpoint's connections."""
        await self._transport.close()

    def body(self, request: ModelRequest) -> bytes:
        """The request as sent: the system message first, so that the whole prefix can be cached."""
        schema = self._mode == "schema" and bool(request.tools)
        text = instructions_with(request) if schema else request.instructions
        messages = [dumps({"role": "system", "content": text}).encode()] if text else []
        groups = schema_groups(request.items) if self._mode == "schema" else groups_of(request.items)
        if history := self._history.join(request.cache_key, groups):
            messages.append(history)
        tools = f",{self._encode_tools(request.tools)}" if request.tools else ""
        head = dumps({"model": request.model})[:-1] + tools + ',"messages":['
        extras = dumps(self._extras(request, schema))[1:]
        return b"".join((head.encode(), b",".join(messages), b"],", extras.encode()))

    def _extras(self, request: ModelRequest, schema: bool) -> Json:
        official = self._transport.host == HOST
        extras: Json = {"stream": True, "stream_options": {"include_usage": True}}
        if request.tools and not schema:
            extras["parallel_tool_calls"] = True
        if request.max_output_tokens is not None:
            extras["max_completion_tokens" if official else "max_tokens"] = request.max_output_tokens
        if request.effort is not None:
            extras["reasoning_effort"] = request.effort
        if official and request.cache_key:
            extras["prompt_cache_key"] = request.cache_key
        return extras

    def _encode_tools(self, tools: tuple[ToolSpec, ...]) -> str:
        """The member that offers the tools: `tools`, or in schema mode the `response_format` that spells them out."""
        if self._tools[0] != tools:
            schema = self._mode == "schema"
            member: Json = (
                {"response_format": response_format(tools)} if schema else {"tools": [*map(tool_json, tools)]}
            )
            self._tools = tools, dumps(member)[1:-1]
        return self._tools[1]


def tool_json(tool: ToolSpec) -> Json:
    """A function tool; here optional arguments stay optional without saying so."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _quiet(_: str) -> None:
    """The JSON of schema mode is not for the user's eyes."""


@dataclass(slots=True)
class PartialCall:
    """A tool call whose pieces are still arriving."""

    call_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list[str])


class ChatReader:
    """Builds a reply from the chunks of a Chat Completions stream."""

    def __init__(self, target: Target, limit: int | None, on_text: Callable[[str], None]) -> None:
        self._target = target
        self._limit = limit
        self._on_text = on_text
        self._start = time.perf_counter()
        self._first = 0
        self._total = 0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[PartialCall] = []
        self._slots: dict[int, PartialCall] = {}
        self._model = ""
        self._usage: Json = {}
        self._finish = ""
        self._ended = False

    def feed(self, event: Json) -> bool:
        """Takes one chunk in; never the last word: that is `[DONE]` or the body's end."""
        self._model = self._model or string(event.get("model"))
        self._usage = mapping(event.get("usage")) or self._usage
        for choice in map(mapping, sequence(event.get("choices"))[:1]):
            self._delta(mapping(choice.get("delta")))
            self._finish = string(choice.get("finish_reason")) or self._finish
        return False

    def end(self) -> None:
        """`[DONE]`, or a body that ended properly."""
        self._ended = True
        self._total = self._elapsed()

    def reply(self, estimate: int) -> ModelReply:
        """The complete reply; `estimate` stands in for the input tokens of a service that does not count them."""
        model = self._target.model
        if not (self._finish and self._ended):
            fail("stream_cut", f"The reply of {model} was cut off before its end. Nothing of it was used.")
        if self._finish in ("length", "content_filter"):
            fail("incomplete", stopped_words(model, self._finish == "content_filter", self._limit))
        items = self._items()
        if all(isinstance(item, Reasoning) for item in items):
            fail("empty_reply", f"{model} sent an empty reply. Ask again, or choose another model.")
        usage = self._counted(estimate)
        return ModelReply(items, usage, self._model or model, self._first or self._total, self._total)

    def _items(self) -> tuple[ReplyItem, ...]:
        items: list[ReplyItem] = []
        if self._reasoning:
            items.append(Reasoning(dumps({REASONING: "".join(self._reasoning)})))
        if text := "".join(self._text):
            items.append(Message("assistant", text))
        for call in self._calls:
            call_id = call.call_id or f"call_{uuid.uuid4().hex[:16]}"
            items.append(ToolCall(call_id, call.name, "".join(call.pieces) or "{}"))
        return tuple(items)

    def _counted(self, estimate: int) -> Usage:
        if self._usage:
            cached = number(mapping(self._usage.get("prompt_tokens_details")).get("cached_tokens"))
            prompt, said = self._usage.get("prompt_tokens"), self._usage.get("completion_tokens")
            return Usage(number(prompt), cached, number(said))
        said = sum(map(len, self._text)) + sum(map(len, (piece for call in self._calls for piece in call.pieces)))
        return Usage(estimate, 0, (said + 3) // 4)

    def _delta(self, delta: Json) -> None:
        text = string(delta.get("content")) or string(delta.get("refusal"))
        thought = string(delta.get(REASONING)) or string(delta.get("reasoning"))
        calls = sequence(delta.get("tool_calls"))
        if text or thought or calls:
            self._first = self._first or self._elapsed()
        if text:
            self._text.append(text)
            self._on_text(text)
        if thought:
            self._reasoning.append(thought)
        for piece in map(mapping, calls):
            self._call_piece(piece)

    def _call_piece(self, piece: Json) -> None:
        """Pieces belong together by index. Some services number every call 0: another id under it is another call."""
        index, call_id = number(piece.get("index")), string(piece.get("id"))
        call = self._slots.get(index)
        if call is None or (call_id and call.call_id and call_id != call.call_id):
            call = self._slots[index] = PartialCall(call_id)
            self._calls.append(call)
        function = mapping(piece.get("function"))
        arguments = function.get("arguments")
        call.name = call.name or string(function.get("name"))
        if arguments:
            call.pieces.append(arguments if isinstance(arguments, str) else dumps(arguments))

    def _elapsed(self) -> int:
        return max(1, round((time.perf_counter() - self._start) * 1000))
