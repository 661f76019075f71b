"""The bytes of a reply on both wires: server-sent events of OpenAI's Responses and Chat Completions APIs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from endpoint.script import Call, Part, Text, Thought, dumps

Wire = Literal["responses", "chat"]
Usage = tuple[int, int, int]
"""(input, cached, output) tokens."""


@dataclass(frozen=True, slots=True)
class Ids:
    """How a reply names itself: `response` is its id, `call(j)` the id of the call that is part j."""

    response: str
    prefix: str

    def call(self, index: int) -> str:
        """A call id; `prefix` carries the turn, where the reply stands for one."""
        return f"call_{self.prefix}_{index}"


def pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of `size` characters; one empty piece for an empty text."""
    for start in range(0, max(len(text), 1), max(size, 1)):
        yield text[start : start + max(size, 1)]


# ------------------------------------------------------------------------------------------------------------ responses


def response_events(parts: tuple[Part, ...], model: str, ids: Ids, usage: Usage, chunk: int) -> list[dict[str, Any]]:
    """The whole event sequence of a Responses reply, from `response.created` to `response.completed`."""
    base = response_object(model, ids, "in_progress")
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": base},
        {"type": "response.in_progress", "response": base},
    ]
    output: list[dict[str, Any]] = []
    for index, part in enumerate(parts):
        item, made = _item_events(part, index, ids, chunk)
        events += made
        output.append(item)
    done = response_object(model, ids, "completed", output, usage)
    events.append({"type": "response.completed", "response": done})
    for number, event in enumerate(events):
        event["sequence_number"] = number
    return events


def response_object(
    model: str, ids: Ids, status: str, output: list[dict[str, Any]] | None = None, usage: Usage | None = None
) -> dict[str, Any]:
    """The `response` object inside the life-cycle events."""
    return {
        "id": ids.response,
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": output or [],
        "parallel_tool_calls": True,
        "store": False,
        "usage": usage
        and {
            "input_tokens": usage[0],
            "input_tokens_details": {"cached_tokens": usage[1]},
            "output_tokens": usage[2],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage[0] + usage[2],
        },
    }


def _item_events(part: Part, index: int, ids: Ids, chunk: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match part:
        case Text(text):
            return _message_events(text, index, ids, chunk)
        case Call():
            return _call_events(part, index, ids, chunk)
        case Thought(text):
            item = {"id": f"rs_{ids.prefix}_{index}", "type": "reasoning", "summary": [], "encrypted_content": text}
            return item, _framed(index, {**item, "encrypted_content": ""}, [], item)


def _message_events(text: str, index: int, ids: Ids, chunk: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    content = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    start = {"id": f"msg_{ids.prefix}_{index}", "type": "message", "status": "in_progress", "role": "assistant"}
    at = {"item_id": start["id"], "output_index": index, "content_index": 0}
    inner: list[dict[str, Any]] = [{"type": "response.content_part.added", **at, "part": {**content, "text": ""}}]
    inner += [{"type": "response.output_text.delta", **at, "delta": piece} for piece in pieces(text, chunk)]
    inner.append({"type": "response.output_text.done", **at, "text": text})
    inner.append({"type": "response.content_part.done", **at, "part": content})
    done = {**start, "status": "completed", "content": [content]}
    return done, _framed(index, {**start, "content": []}, inner, done)


def _call_events(part: Call, index: int, ids: Ids, chunk: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    start = {
        "id": f"fc_{ids.prefix}_{index}",
        "type": "function_call",
        "status": "in_progress",
        "call_id": part.call_id or ids.call(index),
        "name": part.name,
        "arguments": "",
    }
    kind, at = "response.function_call_arguments", {"item_id": start["id"], "output_index": index}
    inner: list[dict[str, Any]] = [{"type": f"{kind}.delta", **at, "delta": p} for p in pieces(part.json(), chunk)]
    inner.append({"type": f"{kind}.done", **at, "arguments": part.json()})
    done = {**start, "status": "completed", "arguments": part.json()}
    return done, _framed(index, start, inner, done)


def _framed(
    index: int, start: dict[str, Any], inner: list[dict[str, Any]], done: dict[str, Any]
) -> list[dict[str, Any]]:
    return [
        {"type": "response.output_item.added", "output_index": index, "item": start},
        *inner,
        {"type": "response.output_item.done", "output_index": index, "item": done},
    ]


# ----------------------------------------------------------------------------------------------------------------- chat


def chat_chunks(parts: tuple[Part, ...], model: str, ids: Ids, chunk: int) -> list[dict[str, Any]]:
    """The delta chunks of a Chat Completions reply, without the closing `finish_reason`, usage and `[DONE]`."""
    chunks = [chat_chunk(model, ids, {"role": "assistant", "content": None})]
    calls = 0
    for index, part in enumerate(parts):
        match part:
            case Text(text):
                chunks += [chat_chunk(model, ids, {"content": piece}) for piece in pieces(text, chunk)]
            case Thought(text):
                chunks += [chat_chunk(model, ids, {"reasoning_content": piece}) for piece in pieces(text, chunk)]
            case Call():
                function = {"name": part.name, "arguments": ""}
                head = {"index": calls, "id": part.call_id or ids.call(index), "type": "function", "function": function}
                chunks.append(chat_chunk(model, ids, {"tool_calls": [head]}))
                for piece in pieces(part.json(), chunk):
                    delta = {"index": calls, "function": {"arguments": piece}}
                    chunks.append(chat_chunk(model, ids, {"tool_calls": [delta]}))
                calls += 1
    return chunks


def chat_chunk(model: str, ids: Ids, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One `chat.completion.chunk`."""
    return {
        "id": ids.response,
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def chat_usage(model: str, ids: Ids, usage: Usage) -> dict[str, Any]:
    """The last chunk, which `stream_options.include_usage` asks for."""
    counted = {
        "prompt_tokens": usage[0],
        "completion_tokens": usage[2],
        "total_tokens": usage[0] + usage[2],
        "prompt_tokens_details": {"cached_tokens": usage[1]},
    }
    return {"id": ids.response, "object": "chat.completion.chunk", "model": model, "choices": [], "usage": counted}


# ------------------------------------------------------------------------------------------------------------------ sse


def sse(wire: Wire, event: dict[str, Any]) -> bytes:
    """One server-sent event; only the Responses API names its events."""
    name = f"event: {event['type']}\n" if wire == "responses" else ""
    return f"{name}data: {dumps(event)}\n\n".encode()


def error_body(message: str, kind: str, code: str | None) -> str:
    """The JSON of an HTTP error."""
    return dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
