"""Brings the review into the editor: publishes diagnostics when something changed, answers what the editor asks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core.hunks import OPEN, Hunk
from signoff.core.protocol import Range
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.lsp import decisions, review, starting
from signoff.lsp.beginnings import Beginnings
from signoff.lsp.comments import instruction
from signoff.lsp.documents import Document, to_character
from signoff.lsp.publishing import Publisher
from signoff.lsp.refreshing import Refresher

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk
    from signoff.lsp.server import SignoffServer

REST_SECONDS = 0.1
"""Diagnostics follow at most ten times a second; a burst of changes is shown once."""
SLICE_SECONDS = 0.004
"""How long publishing may hold the event loop before other messages get their turn."""


class Display:
    """The review of one client's documents. `hidden`: the user wants no hunks shown, though they can be acted on."""

    def __init__(self, server: SignoffServer, desk: Desk) -> None:
        self._server, self._desk = server, desk
        self.hidden = False
        self._beginnings = Beginnings(desk.normal, lambda: desk.manager.live())
        self._sheets = review.Sheets()
        self._published: dict[str, review.Sheet] = {}
        self._publisher = Publisher(server, desk.editor.names)
        self._refresher = Refresher(server)
        self._stale: set[str] = set()
        self._opened: set[str] = set()
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
        self._server.observers.append(self)

    def session_changed(self, state: State) -> None:
        """A session is not what it was: the documents in which that shows are shown anew."""
        self._refresh(self._changed(state))
        if state.place:
            self._beginnings.line(state)
            self._refresh([state.place.uri])

    def session_left(self, state: State) -> None:
        """The session is not open here any more: nothing of it is shown."""
        self._published.pop(state.session, None)
        self._sheets.forget(state.session)
        self._refresh({hunk.uri for hunk in state.hunks.values()} | ({state.place.uri} if state.place else set[str]()))

    def _changed(self, state: State) -> Iterable[str]:
        """The documents whose hunks look different now; when one more or less waits, every hunk has another number."""
        before, now = self._published.get(state.session), self._sheets(state)
        self._published[state.session] = now
        if before is None or [hunk.id for hunk in before.waiting] != [hunk.id for hunk in now.waiting]:
            return {hunk.uri for hunk in ((before.waiting if before else ()) + now.waiting)}
        other = (pair for pair in zip(before.waiting, now.waiting, strict=True) if pair[0] is not pair[1])
        return {hunk.uri for pair in other for hunk in pair}

    def document_changed(self, uri: str) -> None:
        """The text under shown hunks moved, or the client calls the document by another name; `uri` is canonical."""
        if self._publisher.shows(uri):
            self._refresh([uri])

    def page_changed(self, uri: str) -> None:
        """A session document (canonical URI) or its session is not what it was."""
        self._refresh([uri])

    def opened(self, document: Document) -> None:
        """The client opened a document: it is told again what it shows."""
        self._beginnings.opened(document)
        uri = self._desk.normal(document.uri)
        if self._publisher.shows(uri):
            self._opened.add(uri)
            self._refresh([uri])

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document; where its hunks are by now, the buffers say."""
        self._beginnings.changed(document, edits)
        self.document_changed(self._desk.normal(document.uri))

    def closed(self, document: Document) -> None:
        """The client closed a document: what stands in its file is shown, and nothing of one that has no file."""
        self._beginnings.closed(document)
        self.document_changed(self._desk.normal(document.uri))

    def hide(self, hidden: bool) -> None:
        """Takes the hunks out of the user's sight, or brings them back."""
        self.hidden = hidden
        self._refresh(uri for state in self._desk.manager.live() for uri in self._sheets(state).by_uri)

    def _refresh(self, uris: Iterable[str]) -> None:
        self._stale.update(uris)
        if self._due is None and self._stale:
            self._due = asyncio.get_running_loop().call_later(REST_SECONDS, self._publish)

    def _publish(self) -> None:
        """Publishes what is stale, open documents first; what takes too long goes on after other messages."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SLICE_SECONDS
        for uri in sorted(self._stale, key=lambda uri: (self._desk.editor.document(uri) is None, uri)):
            self._stale.discard(uri)
            self._show(uri)
            if loop.time() > until:
                break
        self._due = loop.call_later(0, self._publish) if self._stale else None

    def _show(self, uri: str) -> None:
        gone = not uri.startswith("file:") and self._desk.editor.document(uri) is None
        marks = [] if self.hidden or gone else self._marks(uri)
        states = () if gone else self._desk.manager.live()
        found = self._desk.pages.diagnostics(uri)
        if found is None:
            found = review.diagnostics(states, uri, marks, self._beginnings.line)
        if self._publisher.publish(uri, found, again=uri in self._opened):
            self._refresher.refresh()
            # Views have places too, which typing moves without any event of the session.
            for state in {mark.state.session: mark.state for mark in marks}.values():
                self._desk.news.changed(state)
        self._opened.discard(uri)

    def _marks(self, uri: str, statuses: Collection[str] = OPEN) -> list[review.Mark]:
        range_of = self._desk.places.ranges()

        def span(state: State, hunk: Hunk) -> types.Range:
            return _lsp(range_of(state, hunk))

        return review.marks(self._desk.manager.live(), uri, span, statuses, self._sheets)

    def _shown_marks(self, document: types.TextDocumentIdentifier) -> list[review.Mark]:
        return [] if self.hidden else self._marks(self._desk.normal(document.uri))

    def _actions(self, params: types.CodeActionParams) -> list[dict[str, Any]]:
        return [decisions.as_json(each) for each in self._offered(params)]

    def _offered(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        if not decisions.wanted(params.context.only):
            return []
        uri = self._desk.normal(params.text_document.uri)
        lamp = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        in_page = self._desk.pages.actions(uri, params.range, lamp)
        if in_page is not None:
            return in_page
        place = decisions.Place(
            uri, params.range, self.hidden, lamp, self._words_of, self._sheets, self._beginnings.line
        )
        found = self._marks(uri, OPEN | review.DONE)
        made = decisions.actions(self._desk.manager.live(), found, place)
        return made + starting.offers(self._asked(uri, params, lamp))

    def _asked(self, uri: str, params: types.CodeActionParams, lamp: bool) -> starting.Asked:
        """What is known about a place where work may be started."""
        services, settings = self._desk.services, self._desk.services.settings()
        document = self._desk.editor.document(uri)
        folder = self._desk.workspace(None, uri)
        named = folder if isinstance(folder, str) else None
        return starting.Asked(
            params.text_document.uri,
            params.range,
            params.context.diagnostics,
            instruction(document.line, params.range.start.line) if document else None,
            lamp,
            named,
            named is None or services.restricted() or services.trusted(named),
            settings.start_actions,
            settings.plan == "always",
        )

    def _words_of(self, session: str) -> str:
        """What stands under Reply in the session's document."""
        return self._desk.pages.reply_of(session)

    def _hover(self, params: types.HoverParams) -> types.Hover | None:
        return review.hover(self._marks(self._desk.normal(params.text_document.uri)), params.position)

    def _lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        return review.lenses(self._shown_marks(params.text_document))

    def _hints(self, params: types.InlayHintParams) -> list[types.InlayHint]:
        document = self._desk.editor.document(self._desk.normal(params.text_document.uri))

        def length(number: int) -> int:
            line = ((document.line(number) if document else None) or "").rstrip("\r\n")
            return to_character(line, len(line), self._server.documents.encoding)

        marks = self._shown_marks(params.text_document)
        return review.hints([mark for mark in marks if review.touches(mark.range, params.range)], length)


def _lsp(span: Range) -> types.Range:
    start, end = span.start, span.end
    return types.Range(types.Position(start.line, start.character), types.Position(end.line, end.character))
