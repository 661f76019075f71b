"""Positions in documents: what a client means by a range, and where hunks stand in the client's terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from signoff.core import paths
from signoff.core import protocol as p
from signoff.core.hunks import Hunk
from signoff.core.session import Place
from signoff.core.state import State
from signoff.lsp.documents import Document, Encoding

if TYPE_CHECKING:
    from signoff.lsp.editor import LspEditor
    from signoff.runtime.manager import Manager

MOST_LINES = 2**31 - 1
MOST_RANGES = 20_000
MOST_COPIES = 500
"""Files that are not open whose lines are kept for counting."""
RangeOf = Callable[[State, Hunk], p.Range]


class Places:
    """Turns the client's positions into code points and back, in the documents as they are now."""

    def __init__(self, editor: LspEditor, manager: Callable[[], Manager], encoding: Callable[[], Encoding]) -> None:
        self._editor, self._manager, self._encoding = editor, manager, encoding
        self._copies: dict[str, tuple[str, Document]] = {}
        self._counted: dict[str, tuple[object, p.Range]] = {}
        """Ranges of hunks, each with what it was counted from."""

    def document(self, uri: str, workspace: str | None = None) -> Document | None:
        """The open document, or a copy of a workspace's file to count positions in."""
        document = self._editor.document(uri)
        if document is not None:
            self._copies.pop(uri, None)
            return document
        manager = self._manager()
        holding = workspace or next((s.workspace for s in manager.live() if paths.relative(s.workspace, uri)), None)
        text = manager.text_of_hunks(holding, uri) if holding else None
        return None if text is None else self._copy(uri, text)

    def _copy(self, uri: str, text: str) -> Document:
        """Splitting a file into lines takes long, and its hunks are shown often: the copy is kept while it is true."""
        kept = self._copies.get(uri)
        if kept is None or kept[0] is not text:
            if len(self._copies) >= MOST_COPIES:
                self._copies.clear()
            kept = self._copies[uri] = (text, Document(uri, "", 0, text, self._encoding()))
        return kept[1]

    def place(self, uri: str | None, span: p.Range | None) -> Place | None:
        """The place that a command names."""
        if uri is None:
            return None
        if span is None:
            return Place(uri)
        document = self.document(uri)
        if document is None:
            return Place(uri, line(span.start.line), 0, line(span.end.line), 0)
        start, end = (_columns(document, position) for position in (span.start, span.end))
        return Place(uri, *start, *end)

    def ranges(self) -> RangeOf:
        """Where hunks stand in their documents as they are now; each document is looked up once."""
        documents: dict[str, Document | None] = {}

        def range_of(state: State, hunk: Hunk) -> p.Range:
            if hunk.uri not in documents:
                documents[hunk.uri] = self.document(hunk.uri, state.workspace)
            return self._range(documents[hunk.uri], hunk, self._manager().start_of(state, hunk))

        return range_of

    def _range(self, document: Document | None, hunk: Hunk, start: int) -> p.Range:
        """Counted once: a session with a thousand hunks is shown ten times a second."""
        source = (document, document.edition if document else 0, start, len(hunk.present), hunk.kind)
        known = self._counted.get(hunk.id)
        if known is None or known[0] != source:
            if len(self._counted) >= MOST_RANGES:
                self._counted.clear()
            known = self._counted[hunk.id] = (source, _range(document, hunk, start))
        return known[1]


def line(number: int) -> int:
    """A line number as the protocol allows it."""
    return max(0, min(number, MOST_LINES))


def _columns(document: Document, position: p.Position) -> tuple[int, int]:
    """A client's position as (line, column in code points), inside the document."""
    offset = document.offset_at(position)
    number = min(line(position.line), document.line_count - 1)
    return number, offset - document.offset_at(p.Position(number, 0))


def _range(document: Document | None, hunk: Hunk, start: int) -> p.Range:
    """Where the hunk stands; the start of the document when there is no text to count in."""
    if document is None or hunk.kind != "update":
        return p.Range(p.Position(0, 0), p.Position(0, 0))
    ends = (document.position_at(start), document.position_at(start + len(hunk.present)))
    return p.Range(p.Position(*ends[0]), p.Position(*ends[1]))
