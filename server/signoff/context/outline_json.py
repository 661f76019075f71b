"""The keys of a JSON text without a syntax tree: half of some repositories is JSON.

The standard library reads the values, in a fraction of the time that a grammar takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from signoff.context.outline_types import Symbol

_SPACE = re.compile(r"[ \t\n\r]*")
# A key with an escape in it, or with a character that has no place there, is left to the grammar.
_KEY = re.compile(r'[ \t\n\r]*"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
_AFTER = re.compile(r"[ \t\n\r]*([,}])")
_EMPTY = re.compile(r"\{[ \t\n\r]*\}")


class _Key(NamedTuple):
    """A key, where it begins and where its value ends, and the keys of the object that is its value."""

    name: str
    start: int
    end: int
    inner: list[_Key]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_VALUES = json.JSONDecoder(parse_constant=_refuse)


def json_symbols(text: str, name_of: Callable[[str], str]) -> list[Symbol] | None:
    """The keys of the object that the text is, and of the objects in it; none for another value.

    None for what is not plain JSON: it has comments, is broken, or has escapes in its keys. `name_of`: what a key is
    called, "" for one that is left out.
    """
    begin = _SPACE.match(text)
    start = begin.end() if begin else 0
    try:
        found, end = _value(text, start, 2)
    except (ValueError, RecursionError):
        return None
    if text[end:].strip(" \t\n\r"):
        return None
    return list(_symbols(found, _Rows(text), "", name_of))


def _value(text: str, at: int, inside: int) -> tuple[list[_Key], int]:
    """The keys of the value that begins there, and where it ends. `inside`: how deep to look into objects."""
    if inside and text.startswith("{", at):
        return _object(text, at, inside - 1)
    return [], _VALUES.raw_decode(text, at)[1]


def _object(text: str, at: int, inside: int) -> tuple[list[_Key], int]:
    if empty := _EMPTY.match(text, at):
        return [], empty.end()
    found: list[_Key] = []
    end = at
    while end == at or text[end - 1] == ",":
        key = _KEY.match(text, end + (end == at))
        if key is None:
            raise ValueError("no key")
        inner, last = _value(text, key.end(), inside)
        found.append(_Key(key[1], key.start(1) - 1, last, inner))
        after = _AFTER.match(text, last)
        if after is None:
            raise ValueError("no end")
        end = after.end()
    return found, end


class _Rows:
    """The rows of places that come one after the other."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._row = text, 0, 0

    def of(self, place: int) -> int:
        self._row += self._text.count("\n", self._at, place)
        self._at = place
        return self._row


def _symbols(found: list[_Key], rows: _Rows, parent: str, name_of: Callable[[str], str]) -> Iterator[Symbol]:
    for key in found:
        first = rows.of(key.start) + 1
        name = name_of(key.name)
        inner = list(_symbols(key.inner, rows, name, name_of))
        last = rows.of(key.end - 1) + 1
        if name:
            yield Symbol(name, "key", first, last, parent)
        yield from inner
