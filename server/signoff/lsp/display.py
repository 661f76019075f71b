"""Brings the review into the editor: publishes diagnostics when something changed, answers what the editor asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core.hunks import Hunk
from signoff.core.protocol import Range
from signoff.core.state import State
from signoff.lsp import review
from signoff.lsp.publishing import Publisher

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk
    from signoff.lsp.server import SignoffServer

REST_SECONDS = 0.1
"""Diagnostics follow at most ten times a second; a burst of changes is shown once."""


class Display:
    """The review of one client's documents."""

    def __init__(self, server: SignoffServer, desk: Desk) -> None:
        self._server, self._desk = server, desk
        self._stale: set[str] = set()
        self._publisher = Publisher(server, desk.editor.names)
        self._due: asyncio.TimerHandle | None = None

    def register(self) -> None:
        """Registers what the editor may ask."""
        for method, handler in {
            types.TEXT_DOCUMENT_CODE_ACTION: self._actions,
            types.TEXT_DOCUMENT_HOVER: self._hover,
            types.TEXT_DOCUMENT_CODE_LENS: self._lenses,
            types.TEXT_DOCUMENT_INLAY_HINT: self._hints,
        }.items():
            self._server.serve(method, handler)

    def session_changed(self, state: State) -> None:
        """A session is not what it was: its documents are shown anew."""
        self._refresh({hunk.uri for hunk in state.hunks.values()} | ({state.place.uri} if state.place else set[str]()))

    def document_changed(self, uri: str) -> None:
        """The text under shown hunks moved, or the client calls the document by another name; `uri` is canonical."""
        if self._publisher.shows(uri):
            self._refresh({uri})

    def _refresh(self, uris: set[str]) -> None:
        self._stale |= uris
        if self._due is None and self._stale:
            self._due = asyncio.get_running_loop().call_later(REST_SECONDS, self._publish)

    def _publish(self) -> None:
        self._due = None
        stale, self._stale = self._stale, set()
        for uri in sorted(stale):
            found = review.diagnostics(self._desk.manager.live(), uri, self._marks(uri))
            self._publisher.publish(uri, found)

    def _marks(self, uri: str) -> list[review.Mark]:
        range_of = self._desk.places.ranges()

        def span(state: State, hunk: Hunk) -> types.Range:
            return _lsp(range_of(state, hunk))

        return review.marks(self._desk.manager.live(), uri, span)

    def _actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = self._desk.normal(params.text_document.uri)
        return review.actions(self._desk.manager.live(), uri, self._marks(uri), params.range)

    def _hover(self, params: types.HoverParams) -> types.Hover | None:
        return review.hover(self._marks(self._desk.normal(params.text_document.uri)), params.position)

    def _lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        return review.lenses(self._marks(self._desk.normal(params.text_document.uri)))

    def _hints(self, params: types.InlayHintParams) -> list[types.InlayHint]:
        marks = self._marks(self._desk.normal(params.text_document.uri))
        return review.hints([mark for mark in marks if review.touches(mark.range, params.range)])


def _lsp(span: Range) -> types.Range:
    start, end = span.start, span.end
    return types.Range(types.Position(start.line, start.character), types.Position(end.line, end.character))
