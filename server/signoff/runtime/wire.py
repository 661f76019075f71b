"""The outer contract's values as JSON: snake_case fields as camelCase keys, and words for a wrong shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

T = TypeVar("T")


class WrongShape(ValueError):
    """A JSON value that is not what it should be; str() names the key and what is wrong with it."""


def to_wire(value: object) -> Any:
    """A dataclass of the contract as JSON values."""
    return _converter().unstructure(value)


def from_wire(kind: type[T], value: object, name: str) -> T:
    """The value as `kind`; `name` says in messages what it is. Raises WrongShape."""
    if not isinstance(value, dict):
        raise WrongShape(f"{name} takes one JSON object")
    try:
        return _converter().structure(value, kind)
    except Exception as error:
        found = transform_error(error, name, format_exception=_words)
        raise WrongShape("; ".join(_sentence(each) for each in found[:3])) from error


@cache
def _converter() -> Converter:
    made = Converter(unstruct_collection_overrides={tuple: list}, forbid_extra_keys=True)

    def unstructure(kind: Any) -> Any:
        return _hook(kind, made, make_dict_unstructure_fn)

    def structure(kind: Any) -> Any:
        return _hook(kind, made, make_dict_structure_fn, _cattrs_forbid_extra_keys=True)

    made.register_unstructure_hook_factory(is_dataclass, unstructure)
    made.register_structure_hook_factory(is_dataclass, structure)
    made.register_structure_hook_func(lambda kind: get_origin(kind) is Literal, _one_of)
    made.register_structure_hook_func(lambda kind: get_origin(kind) is tuple, _items)
    for plain in (str, int, float, bool):
        made.register_structure_hook(plain, _exactly)
    return made


def _hook(kind: type[Any], made: Converter, maker: Callable[..., Any], **options: Any) -> Any:
    renamed = {field.name: override(rename=_camel(field.name)) for field in fields(kind)}
    return maker(kind, made, **options, **renamed)


def _exactly(value: Any, kind: type[Any]) -> Any:
    """No conversion between types: "3" is not a number, and 1 is not true."""
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise TypeError(f"must be {_KINDS[kind]}")


def _items(value: Any, kind: Any) -> Any:
    """A text is a list of characters to cattrs, and a whole object one of its keys."""
    if not isinstance(value, list):
        raise TypeError("must be a list")
    return tuple(_converter().structure(value, list[get_args(kind)[0]]))


def _one_of(value: Any, kind: Any) -> Any:
    if value in get_args(kind):
        return value
    raise TypeError(f"must be one of {', '.join(map(str, get_args(kind)))}")


_KINDS: dict[type[Any], str] = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def _words(error: BaseException, kind: type[Any] | None) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    if isinstance(error, TypeError) and str(error).startswith("must be"):
        return str(error)
    extra = cast("set[str] | None", getattr(error, "extra_fields", None))
    if extra:
        return f"has no key {', '.join(sorted(extra))}"
    return f"is not a valid value ({error})" if str(error) else "is not a valid value"


def _sentence(found: str) -> str:
    """`must be a string @ x.task_type` -> `x.taskType must be a string`."""
    what, _, where = found.partition(" @ ")
    return f"{_camel(where)} {what}" if where else what


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)
