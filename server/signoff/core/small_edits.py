"""The edits that a small local model may make, assembled by code: a docstring, or one changed line.

The model supplies words only. Where they go, indentation, quoting and line ends are settled here.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from signoff.core.text import split_lines

_DEF = re.compile(r"([ \t]*)(async[ \t]+def|def|class)[ \t]+(\w+)")
_SKIPPED = (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.INDENT)
_WIDTH = 100
_CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Function:
    """A `def` or `class` in a text: 0-based lines, `end` excluded, `colon` the column after the header's colon.

    `docstring` is the half-open range of the lines of the docstring that it has, None if it has none. `inline` means
    that the body starts on the header's own line.
    """

    name: str
    is_class: bool
    indent: str
    start: int
    header_end: int
    colon: int
    end: int
    body_indent: str
    inline: bool
    docstring: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Change:
    """One search and replace pair; `old` occurs once in the text that it was made for."""

    old: str
    new: str


def functions(text: str) -> list[Function]:
    """The functions and classes whose whole header lies in `text`, nested ones too, in their order."""
    lines = split_lines(text)
    found = (_function(lines, number) for number in range(len(lines)))
    return [function for function in found if function is not None]


def _function(lines: list[str], start: int) -> Function | None:
    match = _DEF.match(lines[start])
    if match is None:
        return None
    tokens = _tokens(lines[start:])
    colon = _colon(tokens)
    if colon is None:
        return None
    indent, header_end = match[1], start + colon.end[0]
    body = next((token for token in tokens if token.type not in _SKIPPED), None)
    inline = body is not None and start + body.start[0] == header_end
    end = header_end if inline else _end(lines, header_end, indent)
    doc = None if inline else _docstring(body, tokens)
    return Function(
        name=match[3],
        is_class=match[2] == "class",
        indent=indent,
        start=start,
        header_end=header_end,
        colon=colon.end[1],
        end=end,
        body_indent=_body_indent(lines[header_end:end], indent),
        inline=inline,
        docstring=(start + doc.start[0] - 1, start + doc.end[0]) if doc else None,
    )


def _tokens(lines: list[str]) -> Iterator[tokenize.TokenInfo]:
    # The text may be half of a file, or no Python at all: what was read before the trouble is all there is.
    try:
        yield from tokenize.generate_tokens(iter(lines).__next__)
    except (tokenize.TokenError, SyntaxError):
        return


def _colon(tokens: Iterator[tokenize.TokenInfo]) -> tokenize.TokenInfo | None:
    depth = 0
    for token in tokens:
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if depth == 0 and token.string == ":":
            return token
    return None


def _docstring(body: tokenize.TokenInfo | None, rest: Iterator[tokenize.TokenInfo]) -> tokenize.TokenInfo | None:
    """The body's first token if it is a docstring: a plain string that is a statement of its own."""
    if body is None or body.type != tokenize.STRING or body.start[1] == 0 or body.string[0] not in "\"'rRuU":
        return None
    after = next(rest, None)
    return body if after is not None and after.type == tokenize.NEWLINE else None


def _end(lines: list[str], first: int, indent: str) -> int:
    end = first
    for number in range(first, len(lines)):
        if lines[number].strip():
            if len(_indent(lines[number])) <= len(indent):
                break
            end = number + 1
    return end


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _body_indent(body: list[str], indent: str) -> str:
    first = next((line for line in body if line.strip()), None)
    return _indent(first) if first else indent + ("\t" if indent.startswith("\t") else "    ")


def enclosing(text: str, first: int, last: int) -> tuple[int, int]:
    """The 0-based first and last line of the smallest function or class around both lines; those lines if none is."""
    around = [(one.start, one.end - 1) for one in functions(text) if one.start <= first and last < one.end]
    return min(around, key=lambda lines: lines[1] - lines[0], default=(first, last))


def source(text: str, function: Function, lines_kept: int) -> str:
    """The function's own text without its indentation; of more than `lines_kept` lines the middle is left out."""
    lines = split_lines(text)[function.start : function.end]
    if len(lines) > lines_kept:
        tail = lines_kept // 3
        left_out = f"{function.body_indent}...\n"
        lines = [*lines[: lines_kept - tail], left_out, *lines[len(lines) - tail :]]
    return textwrap.dedent("".join(lines)).rstrip()


def with_docstring(text: str, function: Function, words: str) -> Change:
    """Puts `words` as the docstring into the function, in place of the one it has."""
    lines = split_lines(text)
    last = lines[function.header_end - 1]
    eol = last[len(last.rstrip("\r\n")) :] or "\n"
    doc = [function.body_indent + line + eol if line else eol for line in _quoted(words, len(function.body_indent))]
    first, end = function.docstring or (function.header_end, function.header_end)
    if function.inline:
        rest = last[function.colon :].strip()
        header = [last[: function.colon].rstrip() + eol]
        inner = [*header, *doc, function.body_indent + rest + last[len(last.rstrip("\r\n")) :]]
        return _change(lines, function.header_end - 1, function.header_end, inner)
    if last == last.rstrip("\r\n"):  # the header is the end of a file without a final newline
        doc = [*doc[:-1], doc[-1].rstrip("\r\n")]
        return _change(lines, function.header_end - 1, function.header_end, [last + eol, *doc])
    return _change(lines, first, end, doc)


def _quoted(words: str, indent: int) -> list[str]:
    text = " ".join(words.replace('"""', "'''").replace("\\", "\\\\").split())
    text = text if text.endswith((".", "!", "?")) else f"{text.rstrip(',;:')}."
    if len(text) + indent + 6 <= _WIDTH:
        return [f'"""{text}"""']
    summary, rest = _sentences(text)
    wrapped = textwrap.wrap(summary, _WIDTH - indent - 3)
    more = ["", *textwrap.wrap(rest, _WIDTH - indent)] if rest else []
    if not more and len(wrapped) == 1:
        return [f'"""{wrapped[0]}', '"""']
    return [f'"""{wrapped[0]}', *wrapped[1:], *more, '"""']


def _sentences(text: str) -> tuple[str, str]:
    head, separator, rest = text.partition(". ")
    return (f"{head}.", rest) if separator else (text, "")


def with_line(text: str, number: int, new: str) -> Change:
    """Makes `new` of the 0-based line, which keeps its indentation and its line end."""
    lines = split_lines(text)
    old = lines[number]
    end = old[len(old.rstrip("\r\n")) :]
    return _change(lines, number, number + 1, [_indent(old) + new.strip() + end])


def _change(lines: list[str], start: int, end: int, new: list[str]) -> Change:
    """Replaces lines[start:end], with enough unchanged lines around them to be found in one place only."""
    text = "".join(lines)
    reach = _CONTEXT
    while True:
        first, last = max(0, start - reach), min(len(lines), end + reach)
        old = "".join(lines[first:last])
        if text.count(old) == 1 or (first == 0 and last == len(lines)):
            return Change(old, "".join([*lines[first:start], *new, *lines[end:last]]))
        reach += 1


def widened(text: str, change: Change) -> Change:
    """The same change of the same text with all of `text` as its context."""
    return Change(text, text.replace(change.old, change.new, 1))


def parses(text: str) -> bool:
    """Whether `text`, without its common indentation, is Python."""
    try:
        ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
