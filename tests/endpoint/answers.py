"""A turn or a fault as an HTTP answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from endpoint.script import (
    BadArguments,
    BadKey,
    Call,
    ContextOverflow,
    Cut,
    CutBeforeCompleted,
    EmptyReply,
    EndBeforeCompleted,
    ErrorEvent,
    Failed,
    Fault,
    Forbidden,
    HtmlPage,
    Incomplete,
    ModelNotFound,
    Part,
    Quota,
    RateLimit,
    Raw,
    RouteNotFound,
    ServerError,
    Stall,
    Turn,
    dumps,
)
from endpoint.shapes import (
    Ids,
    chat_chunk,
    chat_chunks,
    chat_usage,
    error_body,
    response_events,
    response_object,
    sse,
)

if TYPE_CHECKING:
    from endpoint.server import Request

PAGE = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>Log in to the network</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `pieces` are written one by one. `drop` kills the connection instead of ending the body.

    `delay` comes before the head, `stall` seconds before piece `stall_at`, `piece_delay` after each piece.
    """

    status: int
    headers: dict[str, str]
    pieces: Sequence[bytes]
    chunked: bool = False
    drop: bool = False
    delay: float = 0.0
    piece_delay: float = 0.0
    separate: bool = False
    stall: float = 0.0
    stall_at: int = -1

    @classmethod
    def json(cls, status: int, body: object, headers: dict[str, str] | None = None) -> Self:
        """A JSON answer."""
        text = body if isinstance(body, str) else dumps(body)
        return cls(status, {"content-type": "application/json", **(headers or {})}, [text.encode()])

    @classmethod
    def stream(cls, pieces: Sequence[bytes], turn: Turn, drop: bool = False) -> Self:
        """An event stream with the pace of `turn`."""
        if turn.split:
            whole = b"".join(pieces)
            pieces = [whole[start : start + turn.split] for start in range(0, len(whole), turn.split)]
        head = {"content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_scripted"}
        pace = {"delay": turn.delay, "piece_delay": turn.chunk_delay, "separate": bool(turn.split)}
        return cls(200, head, pieces, chunked=True, drop=drop, **pace)  # pyright: ignore[reportArgumentType]


def answer(request: Request, turn: Turn, fault: Fault | None, ids: Ids) -> Answer:
    """The fault if there is one, else the turn's reply."""
    refused = _refusal(request, fault)
    return refused or _stream(request, turn, fault, ids)


def _refusal(request: Request, fault: Fault | None) -> Answer | None:
    match fault:
        case RateLimit(after, headers, message):
            named = {} if after is None else {"retry-after": f"{after:g}"}
            return Answer.json(429, error_body(message, "requests", "rate_limit_exceeded"), {**named, **headers})
        case Quota():
            text = "You exceeded your current quota, please check your plan and billing details."
            return Answer.json(429, error_body(text, "insufficient_quota", "insufficient_quota"))
        case ServerError(status):
            return Answer.json(status, error_body("The server had an error.", "server_error", None))
        case HtmlPage(status):
            return Answer(status, {"content-type": "text/html; charset=utf-8"}, [PAGE.encode()])
        case ModelNotFound():
            text = f"The model `{request.body.get('model')}` does not exist or you do not have access to it."
            return Answer.json(404, error_body(text, "invalid_request_error", "model_not_found"))
        case RouteNotFound(status):
            return Answer.json(status, {"detail": "Not Found" if status == 404 else "Method Not Allowed"})
        case BadKey():
            key = request.headers.get("authorization", "").removeprefix("Bearer ")
            text = f"Incorrect API key provided: {key}. You can find your API key in your account."
            return Answer.json(401, error_body(text, "invalid_request_error", "invalid_api_key"))
        case Forbidden():
            return Answer.json(
                403, error_body("You are not allowed to use this project.", "invalid_request_error", None)
            )
        case ContextOverflow():
            text = "This model's maximum context length is 1000 tokens. Please reduce the length."
            return Answer.json(400, error_body(text, "invalid_request_error", "context_length_exceeded"))
        case Raw(body, status, headers):
            return Answer(status, headers, [body.encode() if isinstance(body, str) else body])
        case Stall(seconds, None):
            return replace(Answer.json(200, ""), delay=seconds, drop=True)
        case _:
            return None


def _stream(request: Request, turn: Turn, fault: Fault | None, ids: Ids) -> Answer:
    parts = _parts(turn, fault)
    body, closing = (_responses if request.wire == "responses" else _chat)(request, parts, turn, ids)
    match fault:
        case Cut(share):
            whole = b"".join(body)
            return Answer.stream([whole[: int(len(whole) * share)]], turn, drop=True)
        case CutBeforeCompleted():
            return Answer.stream(body, turn, drop=True)
        case EndBeforeCompleted():
            return Answer.stream(body, turn)
        case Stall(seconds, int(after)):
            whole = b"".join(body + closing)
            stalled = Answer.stream([whole[:after], whole[after:]], turn)
            return replace(stalled, stall=seconds, stall_at=1, separate=True)
        case Failed() | ErrorEvent():
            return Answer.stream([*body[:3], _failure(request, fault, ids)], turn)
        case Incomplete(reason):
            return Answer.stream(_stopped(request, body, reason, ids), turn)
        case _:
            return Answer.stream(body + closing, turn)


def _parts(turn: Turn, fault: Fault | None) -> tuple[Part, ...]:
    if isinstance(fault, EmptyReply):
        return ()
    if not isinstance(fault, BadArguments):
        return turn.parts
    return tuple(
        replace(part, arguments=part.json()[: len(part.json()) // 2], call_id="") if isinstance(part, Call) else part
        for part in turn.parts
    )


Stream = tuple[list[bytes], list[bytes]]
"""The reply's pieces, and those that close it."""


def _responses(request: Request, parts: tuple[Part, ...], turn: Turn, ids: Ids) -> Stream:
    events = response_events(parts, _model(request), ids, request.usage, turn.chunk)
    pieces = [sse("responses", event) for event in events]
    return pieces[:-1], pieces[-1:]


def _chat(request: Request, parts: tuple[Part, ...], turn: Turn, ids: Ids) -> Stream:
    model = _model(request)
    pieces = [sse("chat", chunk) for chunk in chat_chunks(parts, model, ids, turn.chunk)]
    finish = "tool_calls" if any(isinstance(part, Call) for part in parts) else "stop"
    closing = [sse("chat", chat_chunk(model, ids, {}, finish))]
    if (request.body.get("stream_options") or {}).get("include_usage"):
        closing.append(sse("chat", chat_usage(model, ids, request.usage)))
    return pieces, [*closing, b"data: [DONE]\n\n"]


def _failure(request: Request, fault: Failed | ErrorEvent, ids: Ids) -> bytes:
    error = {"code": fault.code, "message": fault.message}
    if request.wire == "chat":
        return sse("chat", {"error": {**error, "type": fault.code, "param": None}})
    if isinstance(fault, ErrorEvent):
        return sse("responses", {"type": "error", **error, "param": None, "sequence_number": 3})
    failed: dict[str, Any] = {**response_object(_model(request), ids, "failed"), "error": error}
    return sse("responses", {"type": "response.failed", "response": failed, "sequence_number": 3})


def _stopped(request: Request, body: list[bytes], reason: str, ids: Ids) -> list[bytes]:
    model, half = _model(request), body[: max(3, len(body) // 2)]
    if request.wire == "chat":
        finish = "length" if reason == "max_output_tokens" else reason
        done = [sse("chat", chat_chunk(model, ids, {}, finish)), sse("chat", chat_usage(model, ids, request.usage))]
        return [*half, *done, b"data: [DONE]\n\n"]
    stopped = response_object(model, ids, "incomplete", [], request.usage)
    stopped["incomplete_details"] = {"reason": reason}
    return [*half, sse("responses", {"type": "response.incomplete", "response": stopped, "sequence_number": 99})]


def _model(request: Request) -> str:
    return str(request.body.get("model") or "scripted")
