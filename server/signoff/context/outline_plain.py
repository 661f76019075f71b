"""Outlines without a grammar: headings of prose, blocks of components, and what looks like a definition elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from signoff.context.outline_types import Symbol

_CODE = (
    "clojure dart elixir erlang fsharp graphql groovy haskell julia kotlin lua nim objc ocaml perl powershell protobuf"
    " r scala solidity starlark swift zig"
)
_COMPONENTS = {"vue", "svelte"}
_EMBEDDING = {"vue", "svelte", "html"}
PLAIN = frozenset({"markdown", "restructuredtext", *_COMPONENTS, *_CODE.split()})
"""The languages that are outlined without a grammar."""

_MOST_LINES = 50_000
_LONGEST_LINE = 1_000
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_])\1{2,}[ \t]*$")
_BLOCK = re.compile(r"<(script|template|style)\b([^<>]*)>", re.IGNORECASE)
_BLOCK_ENDS = {name: re.compile(rf"</{name}\s{{0,99}}>", re.IGNORECASE) for name in ("script", "template", "style")}
_TYPED = re.compile(
    r"""lang\s*=\s*["']?(ts|tsx|typescript)\b|type\s*=\s*["']?(?:text/|application/)(\w+)""", re.IGNORECASE
)
_DEFINITION = re.compile(
    r"^(\s*)(?:(?:@\w+|public|private|protected|internal|open|override|static|final|abstract|sealed|data|case|export|pub"
    r"|local|inline|suspend|async|external|factory|mutating|unsafe|implicit|lazy|const|fileprivate|indirect)\s+)*"
    r"(class|interface|struct|trait|enum|union|protocol|extension|object|module|defmodule|namespace|actor|mixin"
    r"|contract|library|message|service|rpc|func|fun|function|fn|def|defp|defmacro|defn|defn-|sub|proc|macro|type|typealias"
    r"|typedef|input)\b[ \t]+(?:[\w.]+[.:])?([^\W\d][\w?!']*)"
)
_KIND_WORDS = {
    "function": "func fun function fn def defp defn defn- sub proc rpc",
    "type": "type typealias typedef input",
    "module": "defmodule module namespace library",
    "interface": "protocol interface service mixin",
    "macro": "defmacro macro",
}
_KINDS = {word: kind for kind, words in _KIND_WORDS.items() for word in words.split()}

_Heading = tuple[int, int, str]


class _Block(NamedTuple):
    """A block of a component: its lines from 1, the line where its inside begins, and the inside."""

    name: str
    attributes: str
    first: int
    inner: int
    last: int
    inside: str


def plain_symbols(text: str, language: str) -> list[Symbol]:
    """The symbols of a text in a language of `PLAIN`. Lines end at newlines alone."""
    lines = text.removesuffix("\n").split("\n", _MOST_LINES)[:_MOST_LINES]
    if language == "markdown":
        return _sections(_markdown_headings(lines), len(lines))
    if language == "restructuredtext":
        return _sections(_underlined_headings(lines), len(lines))
    if language in _COMPONENTS:
        return [Symbol(block.name, "block", block.first, block.last) for block in _blocks(text)]
    return _definitions(lines)


def scripts(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The scripts inside a page or component: their language, and the script after as many line ends as precede it."""
    if language not in _EMBEDDING or "<script" not in text.lower():
        return
    for block in _blocks(text):
        typed = _TYPED.search(block.attributes)
        other = typed and typed[2] and typed[2].lower() not in {"javascript", "babel", "typescript", "ecmascript"}
        if block.name == "script" and block.inside.strip() and not other:
            yield ("typescript" if typed and typed[1] else "javascript"), "\n" * (block.inner - 1) + block.inside


def _blocks(text: str) -> Iterator[_Block]:
    """The blocks of a component, up to one that is not closed."""
    done, line = 0, 1
    while found := _BLOCK.search(text, done):
        name = found[1].lower()
        end = _BLOCK_ENDS[name].search(text, found.end())
        if end is None:
            return
        line += text.count("\n", done, found.start())
        inner = line + found[0].count("\n")
        last = line + text.count("\n", found.start(), end.end())
        yield _Block(name, found[2], line, inner, last, text[found.end() : end.start()])
        done, line = end.end(), last


def _markdown_headings(lines: list[str]) -> Iterator[_Heading]:
    fence = ""
    for number, line in enumerate(lines, 1):
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence):
                fence = ""
        elif not fence and len(line) < _LONGEST_LINE:
            if found := _HEADING.match(line):
                yield number, len(found[1]), found[2]
            elif line[:1] in "=-" and _UNDERLINE.match(line) and number > 1 and _is_title(lines[number - 2]):
                yield number - 1, 1 if line[0] == "=" else 2, lines[number - 2].strip()


def _underlined_headings(lines: list[str]) -> Iterator[_Heading]:
    levels: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if number > 1 and len(line) < _LONGEST_LINE and _UNDERLINE.match(line) and _is_title(lines[number - 2]):
            yield number - 1, levels.setdefault(line[0], len(levels) + 1), lines[number - 2].strip()


def _is_title(line: str) -> bool:
    return bool(line.strip()) and len(line) < _LONGEST_LINE and not _UNDERLINE.match(line) and line[0] not in "|>-*"


def _sections(headings: Iterator[_Heading], count: int) -> list[Symbol]:
    """Each heading with all up to the next of its rank."""
    found = list(headings)
    ends = [count] * len(found)
    open_ones: list[int] = []
    parents: list[str] = []
    for at, (line, level, _) in enumerate(found):
        while open_ones and found[open_ones[-1]][1] >= level:
            ends[open_ones.pop()] = line - 1
        parents.append(found[open_ones[-1]][2] if open_ones else "")
        open_ones.append(at)
    return [Symbol(name, "heading", line, ends[at], parents[at]) for at, (line, _, name) in enumerate(found) if name]


def _definitions(lines: list[str]) -> list[Symbol]:
    """Lines that look like a definition; each takes in what is indented deeper, and the line that closes it."""
    found: list[Symbol] = []
    around: list[tuple[int, int, str, str]] = []
    last = 0

    def close(indent: int, closing: int) -> None:
        while around and around[-1][0] >= indent:
            _, first, kind, name = around.pop()
            found.append(Symbol(name, kind, first, max(first, closing), ".".join(one[3] for one in around)))

    for number, line in enumerate(lines, 1):
        stripped = line.strip() if len(line) < _LONGEST_LINE else ""
        if not stripped:
            continue
        indent = len(line) - len(line.lstrip())
        closes = stripped[0] in "})]" or stripped in {"end", "end;"}
        close(indent, number if closes else last)
        if match := _DEFINITION.match(line):
            around.append((indent, number, _KINDS.get(match[2], "class"), match[3]))
        last = number
    close(0, last)
    return found
