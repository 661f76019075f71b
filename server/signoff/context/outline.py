"""What a file defines, imports and uses, read from its text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tree_sitter import Node

from signoff.context.grammars import PARSED, cursor
from signoff.context.languages import is_minified, language_of
from signoff.context.outline_imports import MOST as MOST_IMPORTS
from signoff.context.outline_imports import imported, unquoted
from signoff.context.outline_json import json_symbols
from signoff.context.outline_names import references
from signoff.context.outline_plain import PLAIN, plain_symbols, scripts
from signoff.context.outline_types import Outline, Symbol
from signoff.context.parsing import parse
from signoff.context.words import unix_lines

__all__ = ["LARGEST", "MOST_SYMBOLS", "Outline", "Symbol", "outline"]

LARGEST = 1_000_000
"""Characters of a file that is looked into."""
LARGEST_DATA = 200_000
"""Characters of a file of data (JSON, YAML, TOML) that is looked into."""
MOST_SYMBOLS = 5_000
"""Symbols per file; of more, the first."""
LONGEST_NAME = 120
"""Characters of a symbol's name."""

_DATA = {"json", "yaml", "toml"}
_EMPTY = Outline()
# Deep enough for a method of a class in two namespaces, and not for what stands in the bodies of functions.
_DEPTH = 10
_HOLDERS = {"class", "interface", "struct", "trait", "impl", "enum"}
_SPACE = re.compile(r"\s+")


class _Found(NamedTuple):
    """A definition as the query found it: where the name begins, and the rows (from 0) and bytes of the whole."""

    start: int
    end: int
    first_row: int
    last_row: int
    name: str
    kind: str
    owner: str


def outline(path: str, text: str) -> Outline:
    """The outline of a file with this text, in about two seconds at most. Never raises.

    Empty for a text over `LARGEST` characters (`LARGEST_DATA` for data), for a minified and for a binary one. A text
    that a grammar gives up on has the symbols that its lines show (`def x`, `class Y`) and no imports. At most
    `MOST_SYMBOLS` symbols; names of tests (`describe("...")`) are symbols of kind test.
    """
    language = language_of(path)
    largest = LARGEST_DATA if language in _DATA else LARGEST
    if not text or len(text) > largest or is_minified(text) or "\0" in text:
        return _EMPTY
    text = unix_lines(text)
    symbols, imports = _read(text, language)
    defined = (symbol.name for symbol in symbols)
    return Outline(tuple(symbols), tuple(imports), references(text, language, defined))


def _read(text: str, language: str) -> tuple[list[Symbol], list[str]]:
    if language == "json" and (keys := json_symbols(text, _name)) is not None:
        return keys[:MOST_SYMBOLS], []
    if language in PARSED:
        symbols, imports = _parse(text, language)
    elif language in PLAIN:
        symbols, imports = plain_symbols(text, language), []
    else:
        return [], []
    for inner, script in scripts(text, language):
        more, imported_there = _parse(script, inner)
        symbols, imports = symbols + more, imports + imported_there
    symbols.sort(key=lambda symbol: (symbol.start_line, -symbol.end_line))
    return symbols[:MOST_SYMBOLS], list(dict.fromkeys(imports))[:MOST_IMPORTS]


def _parse(text: str, language: str) -> tuple[list[Symbol], list[str]]:
    data = text.encode("utf-8", "replace")
    tree = parse(data, language)
    if tree is None:
        return plain_symbols(text, language), []
    found: dict[int, _Found] = {}
    imports: list[str] = []
    for _, captures in cursor(language, _DEPTH).matches(tree.root_node):
        if "name" in captures:
            _define(captures, found, data)
        else:
            imports += _imports(captures, language, data)
    return list(_symbols(found.values())), imports


def _define(captures: dict[str, list[Node]], found: dict[int, _Found], data: bytes) -> None:
    """Take in a match, unless its name is known from a better one: a wider one, or one that is no constant."""
    kind, node = next((key, nodes[0]) for key, nodes in captures.items() if key not in _NO_KINDS)
    named = captures["name"][0]
    at = named.start_byte
    known = found.get(at)
    start, end = node.byte_range
    if known:
        start, end = min(start, known.start), max(end, known.end)
        kind = known.kind if kind in _VAGUE else kind
    owner = _text(captures["parent"][0], data) if "parent" in captures else known.owner if known else ""
    first, last = node.start_point, node.end_point
    first_row, last_row = first[0], last[0] - (last[1] == 0 and last[0] > first[0])
    if known:
        first_row, last_row = min(first_row, known.first_row), max(last_row, known.last_row)
    name = known.name if known else _name(_text(named, data))
    found[at] = _Found(start, end, first_row, last_row, name, kind, owner)


def _name(written: str) -> str:
    if written.isidentifier():
        return written[:LONGEST_NAME]
    return unquoted(_SPACE.sub(" ", written))[:LONGEST_NAME]


_NO_KINDS = {"name", "parent", "_called", "_modifier", "_key", "_tag"}
_VAGUE = {"constant", "variable", "type"}


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _imports(captures: dict[str, list[Node]], language: str, data: bytes) -> Iterable[str]:
    for key, nodes in captures.items():
        if key == "import":
            yield from filter(None, (unquoted(_text(node, data)) for node in nodes))
        elif key == "imports":
            yield from (name for node in nodes for name in imported(_text(node, data), language))
        elif key == "submodule":
            yield from (f"self::{_text(node, data)}" for node in nodes)


def _symbols(found: Iterable[_Found]) -> Iterator[Symbol]:
    """The definitions with their parents: those that begin before and end after them."""
    around: list[tuple[_Found, str]] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        while around and not (one.end <= around[-1][0].end and one[:2] != around[-1][0][:2]):
            around.pop()
        if not one.name:
            continue
        parent = one.owner or (around[-1][1] if around else "")
        kind = "method" if one.kind == "function" and around and around[-1][0].kind in _HOLDERS else one.kind
        yield Symbol(one.name, kind, one.first_row + 1, one.last_row + 1, parent)
        own = one.name if one.kind == "impl" or not parent else f"{parent}.{one.name}"
        around.append((one, own))
