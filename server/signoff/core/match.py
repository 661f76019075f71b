"""Finds where the lines of a chunk stand in a file. Two places that fit equally well are never chosen between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from signoff.core.fileops import Chunk, Refusal
from signoff.core.match_words import ambiguous, line_list, nearest, not_found

# Models write these for the ASCII characters, or the other way round.
_PUNCTUATION: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | {"\u2026": "...", "\u200b": None, "\ufeff": None}
)


def _without_space(line: str) -> str:
    return "".join(line.split())


def _plain(line: str) -> str:
    # split() takes the no-break and the thin spaces as well.
    return "".join(line.translate(_PUNCTUATION).split())


LEVELS: Final[tuple[Callable[[str], str], ...]] = (str, str.rstrip, _without_space, _plain)
"""From strict to loose: exact, without trailing white space, without any white space, with plain punctuation."""

_OVERLAPS: Final = (
    "it quotes lines that the chunk before it changes. Join the two chunks, or quote only lines that stay."
)

# So many lines are no place; they would only cost time.
_MOST_HEADERS: Final = 100

Scope = tuple[int, int]


class Finder:
    """The lines of one file (without their ends), searched at each level; a level is computed once."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self.path = path
        self.lines = lines
        self._levels: dict[int, list[str]] = {}
        self._indices: dict[int, dict[str, list[int]]] = {}

    def at_level(self, level: int) -> list[str]:
        """The file's lines as they are compared at LEVELS[level]."""
        if level not in self._levels:
            self._levels[level] = [LEVELS[level](line) for line in self.lines]
        return self._levels[level]

    def index(self, level: int) -> dict[str, list[int]]:
        """Where each line stands, as they are compared at LEVELS[level]."""
        if level not in self._indices:
            self._indices[level] = index = dict[str, list[int]]()
            for n, line in enumerate(self.at_level(level)):
                index.setdefault(line, []).append(n)
        return self._indices[level]

    def places(self, wanted: Sequence[str]) -> Iterator[list[int]]:
        """For each level, the indices at which all of `wanted` stands."""
        for level, simplify in enumerate(LEVELS):
            lines, goal = self.at_level(level), [simplify(line) for line in wanted]
            # The rarest line leads to the few places worth comparing.
            at, offset = min(
                ((self.index(level).get(line, []), n) for n, line in enumerate(goal)), key=lambda item: len(item[0])
            )
            starts = (n - offset for n in at)
            yield [n for n in starts if n >= 0 and lines[n : n + len(goal)] == goal]

    def place(self, chunk: Chunk, earliest: int) -> int:
        """The one index where the chunk's old lines stand, at or after `earliest`; raises Refusal with advice.

        Headers, the end-of-file marker and a claimed line number choose between several places. A chunk without old
        lines goes after its header, to the end when it is marked so, or into an empty file.
        """
        scopes = self._scopes(chunk)
        if not chunk.old:
            return self._insertion(chunk, scopes, earliest)
        for found in self.places(chunk.old):
            size = len(chunk.old)
            here = [n for n in found if n >= earliest and any(n + size > start for start, _ in scopes)]
            if any(n < earliest < n + size for n in found) and (chunk.line or 0) - 1 not in here:
                raise Refusal(f"{self.path}, {chunk.where}: {_OVERLAPS}", self.path)
            chosen = self._narrowed(here, chunk, scopes)
            if len(chosen) == 1:
                return chosen[0]
            if found:
                wrong = ambiguous(self.path, chunk.where, chosen) if chosen else self._misplaced(chunk, found)
                raise Refusal(wrong, self.path)
        raise Refusal(self._missing(chunk), self.path)

    def _narrowed(self, found: list[int], chunk: Chunk, scopes: Sequence[Scope]) -> list[int]:
        size = len(chunk.old)
        tests: list[Callable[[int], bool]] = [
            lambda n: any(start < n + size and n < end for start, end in scopes),
            lambda n: chunk.at_end and not any(map(str.strip, self.lines[n + size :])),
            lambda n: n + 1 == chunk.line,
        ]
        for test in tests:
            if len(found) > 1:
                found = [n for n in found if test(n)] or found
        return found

    def _insertion(self, chunk: Chunk, scopes: Sequence[Scope], earliest: int) -> int:
        if chunk.at_end or not self.lines:
            return len(self.lines)
        if not chunk.headers:
            raise Refusal(
                f"{self.path}, {chunk.where}: it only adds lines and does not say where. Add the unchanged lines "
                "around them, or `*** End of File` to append.",
                self.path,
            )
        if len(scopes) > 1:
            where = f"{chunk.where}, `@@ {chunk.headers[-1]}`"
            raise Refusal(ambiguous(self.path, where, [start for start, _ in scopes]), self.path)
        if scopes[0][0] + 1 < earliest:
            raise Refusal(self._misplaced(chunk, [scopes[0][0]]), self.path)
        return scopes[0][0] + 1

    def _scopes(self, chunk: Chunk) -> list[Scope]:
        """Where the headers lead: pairs of the innermost header's line and the end of its block."""
        scopes: list[Scope] = [(-1, len(self.lines))]
        for header in chunk.headers:
            found = self._headers(header)
            inside = [n for n in found if any(start < n < end for start, end in scopes)]
            below = inside or [n for n in found if n > scopes[0][0]]
            if not below:
                near = nearest(self.lines, [header])
                raise Refusal(f"{self.path}, {chunk.where}: no line reads `{header}` (after `@@`).{near}", self.path)
            if len(below) > _MOST_HEADERS:
                raise Refusal(f"{self.path}, {chunk.where}: {_too_common(header, len(below))}", self.path)
            scopes = [(n, self._block_end(n)) for n in below]
        return scopes

    def _headers(self, header: str) -> list[int]:
        """Lines that read as the header does, apart from indentation; else lines that begin with it."""
        for level in (2, 3):
            goal = LEVELS[level](header)
            equal = self.index(level).get(goal)
            if equal:
                return equal
        return [n for n, line in enumerate(self.lines) if _begins(line.strip(), header)]

    def _block_end(self, header: int) -> int:
        """The first line after the header that is indented no deeper and does not only close brackets."""
        depth = _indent(self.lines[header])
        for n in range(header + 1, len(self.lines)):
            line = self.lines[n].strip()
            if line and _indent(self.lines[n]) <= depth and line[0] not in "{}()[]":
                return n
        return len(self.lines)

    def _misplaced(self, chunk: Chunk, found: Sequence[int]) -> str:
        after = f" and after `@@ {chunk.headers[-1]}`" if chunk.headers else ""
        return (
            f"{self.path}, {chunk.where}: its lines stand at {line_list(found)}, but a chunk must come after the one "
            f"before it{after}. Put the chunks in the file's order."
        )

    def _missing(self, chunk: Chunk) -> str:
        done = next(filter(None, self.places(chunk.new)), None) if any(map(str.strip, chunk.new)) else None
        if done:
            return (
                f"{self.path}, {chunk.where}: the old lines are not there, but the new ones are, at {line_list(done)}: "
                "this change seems to be made already."
            )
        return not_found(self.path, chunk.where, self.lines, chunk.old)


def _too_common(header: str, count: int) -> str:
    return f"`{header}` (after `@@`) stands on {count} lines. Name the enclosing class or function there."


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _begins(line: str, header: str) -> bool:
    """Whether the line starts with the header, and not in the middle of a word."""
    rest = line[len(header) :]
    return line.startswith(header) and not (header[-1].isalnum() and rest[:1].isalnum())
