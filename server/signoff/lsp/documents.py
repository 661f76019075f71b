"""The open documents: what the editor shows right now, and positions in it.

Pure text logic: the arguments are whatever has the attributes of the protocol's types, so nothing here imports them.
Editors count a position's `character` in the negotiated encoding; all other rooms count code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

from signoff.core.text import Edit
from signoff.lsp.lines import Lines, content_length, split

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Position(Protocol):
    """A place between two characters: both numbers count from 0."""

    @property
    def line(self) -> int: ...
    @property
    def character(self) -> int: ...


class Document:
    """One open text file. `version` is what the client called the text as it is here; `edition` counts its changes."""

    __slots__ = ("_lines", "_text", "edition", "encoding", "language", "uri", "version")

    def __init__(self, uri: str, language: str, version: int, text: str, encoding: Encoding = "utf-16") -> None:
        self.uri = uri
        self.language = language
        self.version = version
        self.encoding: Encoding = encoding
        self.edition = 0
        self._lines = Lines(text)
        self._text: str | None = text

    @property
    def text(self) -> str:
        """The whole text, exactly as the editor has it."""
        if self._text is None:
            self._text = self._lines.text()
        return self._text

    @property
    def line_count(self) -> int:
        """The number of lines, at least 1: a final line end opens one more, empty line."""
        return self._lines.count

    def line(self, number: int) -> str | None:
        """The line with its end; None before the first and past the last."""
        return self._lines.line(number) if 0 <= number < self._lines.count else None

    def change(self, changes: Iterable[Any], version: int | None = None) -> list[Edit]:
        """Apply the content changes of one `textDocument/didChange`, in order.

        Each change has `text` and, unless it replaces the whole document, a `range`; a range whose end lies before
        its start is read the other way round. Returns one edit per change, each relative to the text after the
        edit before it: folding `signoff.core.text.apply` over them turns the old text into the new.
        """
        self.edition += 1
        edits = [self._change(getattr(change, "range", None), change.text) for change in changes]
        if version is not None:
            self.version = version
        return edits

    def offset_at(self, position: Position) -> int:
        """The offset in code points. Past the end of a line means the line's end, past the last line the text's end.

        A position inside a character (between two surrogates or the bytes of one character) means its start.
        """
        line, column = self._place(position)
        return self._lines.start(line) + column

    def position_at(self, offset: int) -> tuple[int, int]:
        """(line, character) of an offset in code points, which is first clamped to the text.

        The protocol has no position between a carriage return and its line feed: that becomes the line's end.
        """
        number, column = self._lines.at(max(0, min(offset, self._lines.size)))
        line = self._lines.line(number)
        return number, to_character(line, min(column, content_length(line)), self.encoding)

    def _change(self, span: Any, text: str) -> Edit:
        if span is None:
            edit = Edit(0, self._lines.size, text)
            self._lines, self._text = Lines(text), text
            return edit
        start, end = sorted((self._place(span.start), self._place(span.end)))
        edit = Edit(self._lines.start(start[0]) + start[1], self._lines.start(end[0]) + end[1], text)
        self._splice(start, end, text)
        self._text = None
        return edit

    def _splice(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        (first, from_column), (last, to_column) = start, end
        joined = self._lines.line(first)[:from_column] + text + self._lines.line(last)[to_column:]
        if first > 0 and joined.startswith("\n") and self._lines.line(first - 1).endswith("\r"):
            # A line feed that comes to stand right after a carriage return ends the same line as it.
            first -= 1
            joined = self._lines.line(first) + joined
        elif first == last and "\n" not in text and "\r" not in text:
            self._lines.replace(first, last, [joined])
            return
        self._lines.replace(first, last, split(joined) if last + 1 == self.line_count else split(joined)[:-1])

    def _place(self, position: Position) -> tuple[int, int]:
        """(line, code points before the position on it), both inside the text."""
        if position.line < 0:
            return 0, 0
        last = self.line_count - 1
        if position.line > last:
            return last, len(self._lines.line(last))
        line = self._lines.line(position.line)
        return position.line, to_column(line, position.character, self.encoding)


class Documents:
    """All open documents by URI, the URI as the client wrote it. Set `encoding` before the first one opens."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self.encoding: Encoding = encoding
        self._documents: dict[str, Document] = {}

    def open(self, uri: str, language: str, version: int, text: str) -> Document:
        """Hold a document from now on; one that was already open under this URI is forgotten."""
        document = self._documents[uri] = Document(uri, language, version, text, self.encoding)
        return document

    def close(self, uri: str) -> Document | None:
        """Forget the document and return it; None when it was not open."""
        return self._documents.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        """The open document, or None."""
        return self._documents.get(uri)

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._documents.values()))

    def __len__(self) -> int:
        return len(self._documents)


def to_column(line: str, character: int, encoding: Encoding) -> int:
    """How many code points of `line` lie before `character`, clamped to the line without its end."""
    limit = content_length(line)
    # Every code point is at least one unit long, so what lies after `character` code points cannot matter.
    prefix = line[: max(0, min(character, limit))]
    if encoding == "utf-32" or prefix.isascii():
        return len(prefix)
    if encoding == "utf-8":
        return _utf8_column(prefix, character)
    return _utf16_column(prefix, character)


def _utf8_column(prefix: str, character: int) -> int:
    encoded = prefix.encode("utf-8", "surrogatepass")
    end = min(character, len(encoded))
    while end < len(encoded) and encoded[end] & 0xC0 == 0x80:
        end -= 1
    return len(encoded[:end].decode("utf-8", "surrogatepass"))


def _utf16_column(prefix: str, character: int) -> int:
    doubles = 0
    for astral in _ASTRAL.finditer(prefix):
        if astral.start() + doubles + 1 >= character:
            return min(character - doubles, astral.start())
        doubles += 1
    return min(character - doubles, len(prefix))


def to_character(line: str, column: int, encoding: Encoding) -> int:
    """The units of `encoding` that the first `column` code points of `line` take."""
    prefix = line[:column]
    if encoding == "utf-32" or prefix.isascii():
        return len(prefix)
    if encoding == "utf-8":
        return len(prefix.encode("utf-8", "surrogatepass"))
    return len(prefix.encode("utf-16-le", "surrogatepass")) // 2
