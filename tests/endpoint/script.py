"""What the scripted endpoint says: a script is a list of turns, a turn one reply's parts and the faults before it.

    Script([
        Turn(Call("read_file", {"path": "a.py"})),
        Turn(Text("Done."), faults=[RateLimit(2), Cut()]),
    ])

A fault answers one request that reaches its turn; faults are served in order, then the reply. A turn may also be a
function from the recorded request to a `Turn`, for tests that run the endpoint in their own process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from endpoint.server import Request

# ---------------------------------------------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class Text:
    """A message of the model."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. Arguments given as a string are sent as they are: broken JSON stays broken.

    Without a `call_id` the endpoint makes one that names the turn, which `select="state"` relies on.
    """

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict[str, Any])
    call_id: str = ""

    def json(self) -> str:
        """The arguments as the wire carries them."""
        return self.arguments if isinstance(self.arguments, str) else dumps(self.arguments)


@dataclass(frozen=True, slots=True)
class Thought:
    """A reasoning item (Responses: encrypted; Chat Completions: `reasoning_content`)."""

    text: str = "opaque"


Part = Text | Call | Thought

# --------------------------------------------------------------------------------------------------------------- faults


@dataclass(frozen=True, slots=True)
class RateLimit:
    """429 `rate_limit_exceeded`. `retry_after` seconds go into the header; None leaves the header out."""

    retry_after: float | None = 1
    headers: dict[str, str] = field(default_factory=dict[str, str])
    message: str = "Rate limit reached for requests."


@dataclass(frozen=True, slots=True)
class Quota:
    """429 `insufficient_quota`: no credit left, retrying is hopeless."""


@dataclass(frozen=True, slots=True)
class ServerError:
    """A 5xx answer with a JSON error."""

    status: int = 500


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence for `seconds`: before the status line, or after the first `after` bytes of the stream when given."""

    seconds: float = 3600
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection dies in mid-stream, after `share` of the reply's bytes."""

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class CutBeforeCompleted:
    """Every item arrives whole, then the connection dies before the closing event."""


@dataclass(frozen=True, slots=True)
class EndBeforeCompleted:
    """Like `CutBeforeCompleted`, but the body ends properly: only the closing event is missing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """`response.failed` after the first items (Chat Completions: an error object in the stream)."""

    code: str = "server_error"
    message: str = "The model failed."


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An `error` event in the stream."""

    code: str = "server_error"
    message: str = "The stream failed."


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The reply stops early: `response.incomplete`, or `finish_reason` `length` / `content_filter`."""

    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A web page instead of a reply, as captive portals and wrong base URLs give."""

    status: int = 200


@dataclass(frozen=True, slots=True)
class EmptyReply:
    """A complete reply without any item."""


@dataclass(frozen=True, slots=True)
class BadArguments:
    """A complete reply, each call's arguments cut in half. Its call ids name no turn: the turn is still to come."""


@dataclass(frozen=True, slots=True)
class ModelNotFound:
    """404 `model_not_found`."""


@dataclass(frozen=True, slots=True)
class RouteNotFound:
    """A 404 (or 405) of the route itself, as servers without that API answer."""

    status: int = 404


@dataclass(frozen=True, slots=True)
class BadKey:
    """401 `invalid_api_key`; the message repeats the start and the end of the key, as the real one does."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """403."""


@dataclass(frozen=True, slots=True)
class ContextOverflow:
    """400 `context_length_exceeded`."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Any answer at all, byte for byte; `chunked` sends the body without a length, as a stream."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})


Fault = (
    RateLimit
    | Quota
    | ServerError
    | Stall
    | Cut
    | CutBeforeCompleted
    | EndBeforeCompleted
    | Failed
    | ErrorEvent
    | Incomplete
    | HtmlPage
    | EmptyReply
    | BadArguments
    | ModelNotFound
    | RouteNotFound
    | BadKey
    | Forbidden
    | ContextOverflow
    | Raw
)

# --------------------------------------------------------------------------------------------------------------- script


@dataclass(frozen=True, slots=True, init=False)
class Turn:
    """One reply. Text is streamed in pieces of `chunk` characters, `chunk_delay` seconds apart.

    `delay` is the wait before the first byte in seconds. `split` cuts the bytes on the wire into pieces of that size,
    through the middle of characters and lines. `usage` is (input, cached, output) tokens; None counts bytes / 4.
    """

    parts: tuple[Part, ...]
    faults: tuple[Fault, ...]
    chunk: int
    chunk_delay: float
    delay: float
    split: int
    usage: tuple[int, int, int] | None

    def __init__(
        self,
        *parts: Part,
        faults: Sequence[Fault] = (),
        chunk: int = 48,
        chunk_delay: float = 0.0,
        delay: float = 0.0,
        split: int = 0,
        usage: tuple[int, int, int] | None = None,
    ) -> None:
        for name, value in (
            ("parts", parts),
            ("faults", tuple(faults)),
            ("chunk", chunk),
            ("chunk_delay", chunk_delay),
            ("delay", delay),
            ("split", split),
            ("usage", usage),
        ):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Script:
    """All turns, and how one is chosen.

    `cursor`: the k-th request that is not answered by a fault gets turn k. `state`: the turn after the last one that
    the request itself shows by call ids (or by the text of turns without calls), so a client that lost its history
    starts over, as with a real model. Past the end every request gets `exhausted`.
    `routes` are the APIs that exist; `api_key` and `model`, when set, are the only ones accepted.
    """

    turns: Sequence[Turn | Callable[[Request], Turn]]
    select: Literal["cursor", "state"] = "cursor"
    exhausted: Turn = Turn(Text("All done."))
    routes: tuple[str, ...] = ("responses", "chat")
    api_key: str = ""
    model: str = ""

    def to_json(self) -> str:
        """For `server.py --script`; functions can't be written."""
        return dumps(
            {
                "select": self.select,
                "routes": self.routes,
                "api_key": self.api_key,
                "model": self.model,
                "turns": [_turn_to_dict(turn) for turn in self.turns],
            }
        )


PARTS: dict[str, type[Any]] = {"text": Text, "call": Call, "thought": Thought}
FAULTS: dict[str, type[Any]] = {
    "rate_limit": RateLimit,
    "quota": Quota,
    "server_error": ServerError,
    "stall": Stall,
    "cut": Cut,
    "cut_before_completed": CutBeforeCompleted,
    "end_before_completed": EndBeforeCompleted,
    "failed": Failed,
    "error_event": ErrorEvent,
    "incomplete": Incomplete,
    "html": HtmlPage,
    "empty": EmptyReply,
    "bad_arguments": BadArguments,
    "model_not_found": ModelNotFound,
    "route_not_found": RouteNotFound,
    "bad_key": BadKey,
    "forbidden": Forbidden,
    "context_overflow": ContextOverflow,
    "raw": Raw,
}


def script_from_json(text: str) -> Script:
    """Reads what `to_json` writes: `{"turns": [{"parts": [{"is": "call", ...}], "faults": [{"is": "quota"}]}]}`."""
    data = json.loads(text)
    turns = [_turn_from_dict(turn) for turn in data["turns"]]
    rest = {key: data[key] for key in ("select", "api_key", "model") if key in data}
    return Script(turns, routes=tuple(data.get("routes", ("responses", "chat"))), **rest)


def dumps(value: object) -> str:
    """Compact JSON with plain Unicode."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _tagged(value: object, kinds: dict[str, type[Any]]) -> dict[str, Any]:
    tag = next(tag for tag, kind in kinds.items() if type(value) is kind)
    out: dict[str, Any] = {"is": tag}
    for item in fields(value):  # pyright: ignore[reportArgumentType]
        held = getattr(value, item.name)
        out[item.name] = held.decode() if isinstance(held, bytes) else held
    return out


def _untagged(data: dict[str, Any], kinds: dict[str, type[Any]]) -> Any:
    rest = {key: value for key, value in data.items() if key != "is"}
    return kinds[data["is"]](**rest)


def _turn_to_dict(turn: Turn | Callable[[Request], Turn]) -> dict[str, Any]:
    if not isinstance(turn, Turn):
        raise TypeError("a function as a turn can't be written to a script file")
    out: dict[str, Any] = {item.name: getattr(turn, item.name) for item in fields(turn)}
    out["parts"] = [_tagged(part, PARTS) for part in turn.parts]
    out["faults"] = [_tagged(fault, FAULTS) for fault in turn.faults]
    return out


def _turn_from_dict(data: dict[str, Any]) -> Turn:
    rest = {key: value for key, value in data.items() if key not in ("parts", "faults", "usage")}
    usage = data.get("usage")
    parts = [_untagged(part, PARTS) for part in data.get("parts", ())]
    faults = [_untagged(fault, FAULTS) for fault in data.get("faults", ())]
    return Turn(*parts, faults=faults, usage=tuple(usage) if usage else None, **rest)
