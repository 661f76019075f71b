"""A conversation as Chat Completions messages: one reply of the model is one message, calls included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from signoff.core.model import Item, Message, Reasoning, ToolCall, ToolResult
from signoff.world.wire import Json, dumps, mapping, string

REASONING: Final = "reasoning_content"
"""The field in which services that think aloud send their reasoning, and want it back with the calls it led to."""

Group = tuple[Item, ...]
"""Items that make one message: a reply's items, or a single one of the user's side."""


def groups_of(items: Sequence[Item]) -> list[Group]:
    """The items, with each run of what the model said in one group."""
    groups: list[list[Item]] = []
    run = False
    for item in items:
        mine = isinstance(item, (Reasoning, ToolCall)) or (isinstance(item, Message) and item.role == "assistant")
        if mine and run:
            groups[-1].append(item)
        else:
            groups.append([item])
        run = mine
    return [tuple(group) for group in groups]


def encode_group(group: Group) -> bytes:
    """The group's message as JSON; empty for reasoning that stands alone or came over another wire."""
    match group:
        case (ToolResult(call_id, output),):
            return dumps({"role": "tool", "tool_call_id": call_id, "content": output}).encode()
        case (Message("user", text),):
            return dumps({"role": "user", "content": text}).encode()
        case _:
            return _assistant(group)


def _assistant(group: Group) -> bytes:
    texts = [item.text for item in group if isinstance(item, Message)]
    calls = [_call(item) for item in group if isinstance(item, ToolCall)]
    if not texts and not calls:
        return b""
    message: Json = {"role": "assistant", "content": "\n\n".join(texts) if texts else None}
    if calls:
        message["tool_calls"] = calls
        thoughts = [_thought(item) for item in group if isinstance(item, Reasoning)]
        message |= {REASONING: "".join(thoughts)} if any(thoughts) else {}
    return dumps(message).encode()


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": object_text(call.arguments)}
    return {"id": call.call_id, "type": "function", "function": function}


def object_text(arguments: str) -> str:
    """The arguments as they are if they are a JSON object. Many services parse them again and refuse anything else."""
    try:
        if isinstance(json.loads(arguments), dict):
            return arguments
    except ValueError:
        pass
    return dumps({"invalid": arguments})


def _thought(item: Reasoning) -> str:
    try:
        return string(mapping(json.loads(item.data)).get(REASONING))
    except ValueError:
        return ""
