"""The conversation in a form that no provider owns, and what we ask of a model.

Adapters in `world` translate these values to a wire format and back; nothing else knows the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text said by the user's side or by the model."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A provider's reasoning item, kept word for word (encrypted) so that a stateless service can continue from it."""

    data: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is the raw JSON text (or free text when `custom`), not yet validated."""

    call_id: str
    name: str
    arguments: str
    custom: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool call came to, as the text that the model reads."""

    call_id: str
    output: str
    custom: bool = False


Item = Message | Reasoning | ToolCall | ToolResult
ReplyItem = Message | Reasoning | ToolCall


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool as the model sees it; `parameters` is a JSON Schema of the arguments object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Focus:
    """The place where a task starts: 1-based lines, both ends included, and the file's text of exactly those lines."""

    path: str
    start_line: int
    end_line: int
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything one model call depends on. `items` only ever grows at its end, so that prompt caches hold.

    `cache_key` is stable per session. `focus` and `goal` serve small local models, which get a prompt of their own.
    """

    model: str
    instructions: str
    tools: tuple[ToolSpec, ...]
    items: tuple[Item, ...]
    max_output_tokens: int | None = None
    effort: str | None = None
    cache_key: str = ""
    focus: Focus | None = None
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them; `cached` is the part of `input` that it served from its prompt cache."""

    input: int = 0
    cached: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A whole reply: the service said that it is complete. Durations are milliseconds since the request was sent."""

    items: tuple[ReplyItem, ...]
    usage: Usage
    model: str
    first_token_ms: int = 0
    total_ms: int = 0


FailureReason = Literal[
    "timeout",
    "rate_limit",
    "quota",
    "server_error",
    "stream_cut",
    "failed_reply",
    "incomplete",
    "bad_reply",
    "empty_reply",
    "auth",
    "no_key",
    "permission",
    "model_unavailable",
    "context_overflow",
    "unreachable",
    "bad_request",
    "budget",
    "turn_limit",
    "repeating",
    "killed",
    "bug",
]


@dataclass(frozen=True, slots=True)
class ModelFailure:
    """The world's fault, in words for the user. `retry_after` is in seconds, when the service named a time."""

    reason: FailureReason
    message: str
    retry_after: float | None = None
