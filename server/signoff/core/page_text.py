"""Words of others inside the session document: Markdown that stays readable as text, and can't become anything else.

A model, a path or a file may use `code`, emphasis and lists. It gets no link, image, HTML, heading or table, and since
its lines never start in the first column, no section of the document either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from signoff.core.visible import visible

RETURN = " ↵ "
"""Stands for a line break where a text has to stay on one line."""

_TICKS = re.compile("`+")
_FENCE = re.compile(r"```[\w+#.-]*")
_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_ESCAPED = re.compile(rf"\\({_PUNCTUATION})")
# A line of these alone underlines a heading, rules the page, or starts a table.
_RULE = re.compile(r"^([\s>]*)(?=[-=*_+:|][-=*_+:|\s>]*$)")
_LIVE = re.compile(
    r"(?=[\\\]`<&#:.~])(?:"  # quickly past all other characters
    rf"\\(?={_PUNCTUATION}|$)"  # would escape what follows, or break the line
    r"|\](?=[(\[:])"  # links, images and link definitions
    r"|`"  # of a code span that never ends
    r"|<(?=[A-Za-z/!?])"  # HTML and <http://links>
    r"|&(?=#|[A-Za-z])"  # character references
    r"|(?<![\w#])#(?=#*(?:\s|$))"  # headings
    r"|(?<=http):(?=//)|(?<=https):(?=//)|(?<=ftp):(?=//)|(?<=www)\.(?=\w)"  # bare addresses
    r"|(?<=~)~|~(?=~))",  # struck through, fences
    re.IGNORECASE,
)


def words(text: str) -> str:
    """A text of several lines as Markdown; every code span ends in the line in which it starts."""
    return "\n".join(map(_line, visible(text).split("\n")))


def one(text: str) -> str:
    """The text as Markdown on one line, without white space around it."""
    return _line(visible(text).strip().replace("\n", RETURN).replace("\t", " "))


def plain(text: str) -> str:
    """What a line of `one` says: plain(one(x)) is x made visible, without white space around it and with no tabs.

    Only where x itself has ` ↵ `, that is a line break too.
    """
    made: list[str] = []
    at = 0
    while at < len(text):
        escaped, span = _ESCAPED.match(text, at), _span(text, at)
        made.append(escaped[1] if escaped else text[at:span] if span else text[at])
        at = escaped.end() if escaped else span or at + 1
    return "".join(made).replace(RETURN, "\n")


@lru_cache(maxsize=500)
def quoted(text: str) -> str:
    """The text as a block quote; fenced code in it stays code."""
    return "\n".join(f"> {line}".rstrip() for line in _blocks(visible(text.strip()).split("\n")))


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines of prose made harmless, and code between two fences as it is."""
    at = 0
    while at < len(lines):
        end = next((n for n in range(at + 1, len(lines)) if lines[n].rstrip() == "```"), None)
        if end is not None and _FENCE.fullmatch(lines[at].rstrip()):
            yield from _fenced(lines[at].rstrip().removeprefix("```"), lines[at + 1 : end])
            at = end + 1
        else:
            yield _line(lines[at])
            at += 1


def _fenced(language: str, code: list[str]) -> Iterator[str]:
    longest = max((len(run) for line in code for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence + language
    yield from code
    yield fence


def _line(line: str) -> str:
    made: list[str] = []
    prose = at = 0
    while (ticks := _TICKS.search(line, at)) is not None:
        end = _span(line, ticks.start())
        if end is not None:
            made += (_harmless(line[prose : ticks.start()]), line[ticks.start() : end])
            prose = end
        at = end or ticks.end()
    made.append(_harmless(line[prose:]))
    return _RULE.sub(r"\1\\", "".join(made))


def _harmless(prose: str) -> str:
    return _LIVE.sub(lambda found: "\\" + found[0], prose)


def _span(line: str, at: int) -> int | None:
    """The end of the code span that the run of backticks at `at` opens; None when none starts or ends."""
    opening = _TICKS.match(line, at)
    if opening is None:
        return None
    runs = _TICKS.finditer(line, opening.end())
    return next((run.end() for run in runs if len(run[0]) == len(opening[0])), None)
