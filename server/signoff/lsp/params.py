"""What clients send in params: mended where that is harmless, and described in words where it is wrong."""

from __future__ import annotations

import re
from typing import Any, TypeGuard, cast

from cattrs import transform_error

_MAX_NUMBER = 2**31 - 1


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def member(value: Any, name: str) -> Any:
    """A member of what the client sent as free-form JSON, which pygls hands over as objects or as dicts."""
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else getattr(value, name, None)


def clamp_numbers(message: dict[str, Any]) -> None:
    """Cut the positions of a didChange to the protocol's largest number, and number what has no version, in place.

    Clients write "the end of the line" as all sorts of larger numbers. Refusing the change would leave our copy of
    the document different from the user's for good.
    """
    params = message.get("params")
    document: object = params.get("textDocument") if is_object(params) else None
    if is_object(document) and "version" in document and document["version"] is None:
        # Older clients number nothing.
        document["version"] = 0
    changes: object = params.get("contentChanges") if is_object(params) else None
    for change in cast("list[Any]", changes) if isinstance(changes, list) else ():
        span: Any = change.get("range") if is_object(change) else None
        for position in (span.get("start"), span.get("end")) if is_object(span) else ():
            if is_object(position):
                _clamp(position)


def _clamp(position: dict[str, Any]) -> None:
    for name, number in position.items():
        if isinstance(number, int) and not 0 <= number <= _MAX_NUMBER:
            position[name] = max(0, min(number, _MAX_NUMBER))


def problems(error: Exception) -> str:
    """Up to three reasons why a message could not be read: the names as the client wrote them, never the values."""
    found = transform_error(error) if isinstance(error, ExceptionGroup) else [type(error).__name__]  # pyright: ignore[reportUnknownArgumentType]
    return "; ".join(_camel(each) for each in found[:3])


def _camel(problem: str) -> str:
    """`invalid value @ $.params.text_document` -> `invalid value at params.textDocument`."""
    what, _, where = problem.partition(" @ $.")
    return f"{what} at {re.sub('_([a-z])', lambda found: found[1].upper(), where)}" if where else what
