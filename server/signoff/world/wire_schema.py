"""Schema mode: a model that can't call tools answers with one JSON object, held to the tools' schemas."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from signoff.core.model import Item, Message, ModelRequest, Reasoning, ReplyItem, ToolCall, ToolResult, ToolSpec
from signoff.world.wire import Json, dumps, mapping, string
from signoff.world.wire_chat import Group, object_text
from signoff.world.wire_failures import Target, fail


def response_format(tools: Sequence[ToolSpec]) -> Json:
    """The `response_format` that admits exactly one call of one of the tools."""
    calls: list[Json] = [_call_schema(tool) for tool in tools]
    schema: Json = calls[0] if len(calls) == 1 else {"anyOf": calls}
    return {"type": "json_schema", "json_schema": {"name": "tool_call", "schema": schema}}


def _call_schema(tool: ToolSpec) -> Json:
    properties: dict[str, Any] = {"tool": {"const": tool.name}, "arguments": dict(tool.parameters)}
    required = ["tool", "arguments"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def instructions_with(request: ModelRequest) -> str:
    """The instructions, and the tools in words: the schema only constrains the answer, the model never reads it."""
    lines = [f"- {tool.name}: {tool.description} Arguments: {_names(tool)}" for tool in request.tools]
    how = 'Answer with one JSON object and nothing else: {"tool": NAME, "arguments": {...}}. The tools:'
    return "\n".join([*([request.instructions, ""] if request.instructions else []), how, *lines])


def _names(tool: ToolSpec) -> str:
    required = tool.parameters.get("required") or ()
    names = mapping(tool.parameters.get("properties"))
    return ", ".join(name if name in required else f"{name} (optional)" for name in names) or "none"


def schema_groups(items: Sequence[Item]) -> list[Group]:
    """The conversation as plain messages that alternate between the sides: calls and results become text."""
    names = {item.call_id: item.name for item in items if isinstance(item, ToolCall)}
    messages: list[Message] = []
    for item in items:
        if isinstance(item, Reasoning):
            continue
        said = _as_message(item, names)
        if messages and messages[-1].role == said.role:
            said = Message(said.role, f"{messages.pop().text}\n\n{said.text}")
        messages.append(said)
    return [(message,) for message in messages]


def _as_message(item: Message | ToolCall | ToolResult, names: dict[str, str]) -> Message:
    match item:
        case Message():
            return item
        case ToolCall(_, name, arguments):
            return Message("assistant", f'{{"tool":{dumps(name)},"arguments":{object_text(arguments)}}}')
        case ToolResult(call_id, output):
            return Message("user", f"Result of {names.get(call_id, 'the tool')}:\n{output}")


def schema_items(items: Sequence[ReplyItem], target: Target) -> tuple[ReplyItem, ...]:
    """The reply with its JSON read as a tool call. Plain text stays a message; broken JSON is no reply at all."""
    return tuple(_read(item.text, target) if isinstance(item, Message) else item for item in items)


def _read(text: str, target: Target) -> ReplyItem:
    bare = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if not bare.startswith("{"):
        return Message("assistant", text)
    try:
        call = mapping(json.loads(bare))
    except ValueError:
        call = {}
    name, arguments = string(call.get("tool")), call.get("arguments")
    if not name or not isinstance(arguments, dict):
        fail("bad_reply", f"{target.model} did not answer with a tool call. Ask again, or choose another model.")
    return ToolCall(f"call_{uuid.uuid4().hex[:16]}", name, dumps(mapping(call.get("arguments"))))
