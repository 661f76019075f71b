"""Events to JSON and back. The only place that knows how a core dataclass looks when it is written down."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, cast, get_args

from cattrs import Converter
from cattrs.errors import BaseValidationError
from cattrs.strategies import configure_tagged_union

from signoff.core.envelope import Envelope, Event, upcast, version_of
from signoff.core.model import ReplyItem
from signoff.core.view import iso

EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


@cache
def converter() -> Converter:
    """The converter for all that is stored. Unknown keys are ignored: a newer minor version may have added them."""
    made = Converter(unstruct_collection_overrides={tuple: list})
    configure_tagged_union(ReplyItem, made, tag_name="type")
    return made


def encode(event: Event) -> dict[str, Any]:
    """The event's fields as JSON values."""
    return cast("dict[str, Any]", converter().unstructure(event))


def decode(name: str, version: int, body: dict[str, Any]) -> Event:
    """The event of that type. Raises ValueError that says what is wrong."""
    kind = EVENTS.get(name)
    if kind is None:
        raise ValueError(f"there is no event type {name!r}; it may come from a newer Signoff")
    try:
        return cast("Event", converter().structure(upcast(name, version, body), kind))
    except (BaseValidationError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"the {name} event is damaged: {_detail(error)}") from error


def _detail(error: BaseException) -> str:
    """The innermost cause, which is the one that names a field."""
    nested = getattr(error, "exceptions", ())
    return _detail(nested[0]) if nested else f"{type(error).__name__}: {error}"


def encode_envelope(fact: Envelope) -> dict[str, Any]:
    """One event with its number, time and cause as a JSON object: the line format of exported sessions."""
    name = type(fact.event).__name__
    return {
        "session": fact.session,
        "seq": fact.seq,
        "at": iso(fact.at),
        "cause": fact.cause,
        "type": name,
        "version": version_of(name),
        "event": encode(fact.event),
    }


def decode_envelope(value: dict[str, Any]) -> Envelope:
    """The event of an exported line. Raises ValueError that says what is wrong."""
    try:
        event = decode(str(value["type"]), int(value["version"]), value["event"])
        at = datetime.fromisoformat(value["at"]).timestamp()
        return Envelope(str(value["session"]), int(value["seq"]), at, str(value["cause"]), event)
    except KeyError as missing:
        raise ValueError(f"an event lacks {missing}") from missing
    except TypeError as error:
        raise ValueError(f"an event has a value of the wrong type: {error}") from error
