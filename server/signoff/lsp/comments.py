"""Comments that ask for work: `signoff: ...` or `TODO(signoff): ...`, in the comment syntax of any language. Pure.

There is no parser here, so a comment is what looks like one: its leader stands at the start of the line or after white
space, and outside of the quotes of that line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST = 50
"""How many lines a comment may be long, or away from the asked line."""

LineOf = Callable[[int], str | None]
"""The text of a line by its number from 0, with or without its end; None past the last one."""

_MARK = re.compile(r"(?:signoff|todo\(signoff\))[ \t]*:[ \t]*", re.IGNORECASE)
# The longest first: `--[[` opens a block, `--` a line.
_OPENERS = r"<!--+|<%--|--\[=*\[|\{-+|\{#|\(\*+|#\||/\*+!?|=begin"
_LEADER = re.compile(
    rf"(?:^|(?<=\s))({_OPENERS}|///?[/!]?|#+|--+|;+|%+|\*|!+|::|\.\.|dnl|@?rem|\"|')[ \t]*$", re.IGNORECASE
)
_OPENER = re.compile(rf"(?:^|(?<=\s))({_OPENERS})", re.IGNORECASE)
_CLOSERS = {"<!": "-->", "<%": "--%>", "{-": "-}", "{#": "#}", "(*": "*)", "#|": "|#", "/*": "*/", "=b": "=end"}
_CLOSED = re.compile(r"\*/|-->|--%>|-\}|#\}|\*\)|\|#|^=end|\]=*\]")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`")


@dataclass(frozen=True, slots=True)
class Comment:
    """What a comment asks for in the lines `first` to `last`, both included; its comment lines start at `top`."""

    words: str
    top: int
    first: int
    last: int


def instruction(line_of: LineOf, number: int) -> Comment | None:
    """What the comment at a line asks for: on the line itself, or in the block of comment lines around it."""
    around = (_at(line_of, each) for each in range(max(0, number - MOST), number + MOST + 1))
    here = [found for found in around if found and found.top <= number <= found.last]
    return min(here, key=lambda found: (number < found.first, abs(found.first - number)), default=None)


def _at(line_of: LineOf, number: int) -> Comment | None:
    """The comment whose mark stands in the line."""
    text = (line_of(number) or "").rstrip("\r\n")
    for mark in _MARK.finditer(text):
        before, words = text[: mark.start()], text[mark.end() :]
        found = _led(line_of, number, before, words) if before.strip() else _bare(line_of, number, words)
        if found and found.words:
            return found
    return None


def _led(line_of: LineOf, number: int, before: str, words: str) -> Comment | None:
    """A comment whose leader stands right before its mark."""
    leader = _LEADER.search(before)
    if leader is None or _quoted(before[: leader.start(1)], words) or _is_string(leader[1], words):
        return None
    if _OPENER.fullmatch(leader[1]):
        return _block(line_of, number, number, words, _closer(leader[1]))
    if leader[1] == "*":
        return _bare(line_of, number, words) if not before[: leader.start(1)].strip() else None
    return _lines(line_of, number, leader[1], leader.start(1), words)


def _bare(line_of: LineOf, number: int, words: str) -> Comment | None:
    """A line inside a block comment that was opened above it."""
    for above in range(number - 1, max(-1, number - MOST), -1):
        text = (line_of(above) or "").rstrip("\r\n")
        opener = next((o for o in _OPENER.finditer(text) if _closer(o[1]) not in text[o.end() :]), None)
        if opener:
            return _block(line_of, above, number, words, _closer(opener[1]))
        if _CLOSED.search(text):
            return None
    return None


def _block(line_of: LineOf, top: int, number: int, words: str, closer: str) -> Comment | None:
    """A block comment up to its end or the next mark; of one without an end, the first line."""
    said: list[str] = []
    text: str | None = words
    for last in range(number, number + MOST):
        if text is None:
            break
        if closer in text:
            return Comment(_joined([*said, _unstarred(text[: text.index(closer)])]), top, number, last)
        plain = _unstarred(text) if said else text
        if said and _MARK.match(plain):
            return Comment(_joined(said), top, number, last - 1)
        said.append(plain)
        text = line_of(last + 1)
    return Comment(_joined([words]), top, number, number)


def _lines(line_of: LineOf, number: int, leader: str, column: int, words: str) -> Comment:
    """A line comment with the lines below that go on with its leader."""
    own = re.compile(rf"\s*{re.escape(leader)}(?!{re.escape(leader[-1])})(.*)", re.IGNORECASE)
    trailing = bool((line_of(number) or "")[:column].strip())

    def content(at: int) -> str | None:
        text = (line_of(at) or "").rstrip("\r\n") if at >= 0 else ""
        found = own.fullmatch(text)
        aligned = found and (not trailing or (text[:column].isspace() and text[column:].startswith(leader)))
        return found[1].strip() if found and aligned and not _is_string(leader, found[1]) else None

    def goes_on() -> Iterator[str]:
        for at in range(number + 1, number + MOST):
            said = content(at)
            if said is None or _MARK.match(said):
                return
            yield said

    more = list(goes_on())
    top = number
    while not trailing and number - top < MOST and content(top - 1) is not None:
        top -= 1
    return Comment(_joined([words, *more]), top, number, number + len(more))


def _closer(opener: str) -> str:
    return f"]{'=' * opener.count('=')}]" if opener.startswith("--[") else _CLOSERS[opener[:2].lower()]


def _unstarred(text: str) -> str:
    """A line of a block comment without the star that it may start with."""
    return text.strip().removeprefix("*").strip()


def _joined(said: list[str]) -> str:
    return "\n".join(line.strip() for line in said).strip()


def _quoted(before: str, after: str) -> bool:
    """Whether a string that opens before the place closes after it on the same line."""
    left = _STRING.sub("", before)
    return any(quote in left and quote in after for quote in "\"'`")


def _is_string(leader: str, after: str) -> bool:
    """Whether a quote that could start a comment starts a string: it closes again. An apostrophe closes nothing."""
    if leader == "'":
        return re.search(r"(?<!\w)'|'(?!\w)", after) is not None
    return leader == '"' and '"' in after
