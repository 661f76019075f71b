"""The session documents of one client: opened by command or found open, kept up to date, and acted on.

Nothing in them is ever read as state. Whoever writes into one changes what code actions offer there, and no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core import protocol as p
from signoff.core.page import Rendering, render
from signoff.core.page_diff import whole_diff
from signoff.core.page_merge import edits
from signoff.core.page_read import Page, read
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.lsp import page_review
from signoff.lsp.documents import Document
from signoff.lsp.drafts import Drafts
from signoff.lsp.page_files import diff_path, is_draft, page_path, place_of, put, uri_of
from signoff.lsp.page_sync import PageSync
from signoff.runtime.manager import UNKNOWN
from signoff.runtime.ports import StoreError

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)

ELSEWHERE = "This session is open in another window: this is how it was when you opened it here."
CLOSED = "This session's folder is not open in this editor, so nothing goes on here. Open the folder to go on."
NO_SESSION = p.Refusal(UNKNOWN)


class Pages:
    """All session documents that this server follows, by session."""

    def __init__(self, server: SignoffServer, desk: Desk) -> None:
        self._server, self._desk = server, desk
        self._pages: dict[str, PageSync] = {}
        self._read: tuple[str, Page] = ("", read(""))
        self._tasks: set[asyncio.Future[object]] = set()
        self._closing: set[asyncio.Future[None]] = set()
        self._diffs = asyncio.Lock()
        self.drafts = Drafts(desk)

    # ------------------------------------------------------------------------------------------------------- commands

    async def open(self, session: str) -> p.Shown | p.Refusal:
        """Writes the session's document if it is not open, and shows it to the user."""
        state = await self._desk.manager.state(session)
        if state is None:
            return NO_SESSION
        page = self._page(state)
        self._forget(but=session)
        if self._text(page.uri) is None:
            problem = await page.write_file()
            if problem is not None:
                return p.Refusal(problem.message)
        else:
            page.session_changed(state)
        return self._desk.show(page.uri)

    async def show_diff(self, asked: p.DiffOf) -> p.DiffShown | p.Refusal:
        """Writes everything that the session proposes or has applied as one diff, and shows it."""
        state = await self._desk.manager.state(asked.session)
        if state is None:
            return NO_SESSION
        named = self._desk.normal(asked.uri) if asked.uri else None
        uri = uri_of(state.workspace, diff_path(state.session))
        # One diff after the other: the one that was asked for last is the one that stays.
        async with self._diffs:
            diff = await self._diff(state, named)
            problem = None
            if self._text(uri) is None:
                files = self._desk.manager.files(state.workspace)
                problem = await asyncio.to_thread(put, files, diff_path(state.session), diff)
        if problem is not None:
            return p.Refusal(problem.message)
        shown = self._text(uri)
        if shown is not None and (changes := edits(shown, diff)):
            self._start(self._desk.editor.apply("Signoff: whole diff", {uri: changes}))
        return p.DiffShown(self._desk.show(uri).uri, diff)

    async def _diff(self, state: State, uri: str | None) -> str:
        """The diff of the hunks where they stand right now; comparing long texts is done in a thread."""
        manager = self._desk.manager
        hunks = [hunk for hunk in state.hunks.values() if uri in (None, hunk.uri)]
        texts = {name: manager.text_of_hunks(state.workspace, name) for name in {hunk.uri for hunk in hunks}}
        starts = {hunk.id: manager.start_of(state, hunk) for hunk in hunks}
        return await asyncio.to_thread(whole_diff, state, texts.get, lambda hunk: starts[hunk.id], uri)

    # -------------------------------------------------------------------------------------------------- what goes on

    def session_changed(self, state: State) -> None:
        """A session is not what it was: its document follows, if there is one."""
        page = self._page(state)
        page.session_changed(state)
        if self._text(page.uri) is not None:
            self._desk.display.page_changed(page.uri)

    def session_left(self, state: State) -> None:
        """The session is not open here any more: its document says so, if the client has that open."""
        page = self._pages.get(state.session)
        if page is not None and self._text(page.uri) is not None:
            page.session_changed(state)
            self._desk.display.page_changed(page.uri)
        self._forget()

    def _forget(self, but: str | None = None) -> None:
        """Follows only sessions that are open here, and documents that the client has open."""
        live = {state.session for state in self._desk.manager.live()}
        for session, page in list(self._pages.items()):
            if session not in live and session != but and self._text(page.uri) is None:
                closing = asyncio.ensure_future(self._pages.pop(session).close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    def opened(self, document: Document) -> None:
        """The client opened a document; one of ours is recognised, after a restart too."""
        uri = self._desk.normal(document.uri)
        place = place_of(uri)
        if place and is_draft(place[1]):
            self._desk.display.page_changed(uri)
        elif (page := self._page_at(uri)) is not None:
            page.opened()
            self._desk.display.page_changed(uri)
        elif place:
            self._start(self._recognise(uri, place[1]))

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document."""
        uri = self._desk.normal(document.uri)
        page = self._page_at(uri)
        if page is not None:
            page.changed(edits)
            self._desk.display.page_changed(uri)

    def closed(self, document: Document) -> None:
        """The client closed a document."""
        uri = self._desk.normal(document.uri)
        place, page = place_of(uri), self._page_at(uri)
        if self._desk.editor.document(uri) is not None:
            return
        if page is not None:
            page.closed()
            self._forget()
        elif place and is_draft(place[1]):
            self.drafts.closed(uri)

    async def close(self) -> None:
        """Stops following documents, when all that is to be in files is there."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ending = (*(page.close() for page in self._pages.values()), *self._closing, self.drafts.close())
        for error in await asyncio.gather(*ending, return_exceptions=True):
            if isinstance(error, Exception):
                log.error("A session document could not be left as it should be.", exc_info=error)

    async def _recognise(self, uri: str, session: str) -> None:
        try:
            state = await self._desk.manager.state(session)
        except StoreError as error:
            log.error("%s", error)
            return
        # A file of that name in another workspace is nothing of ours.
        if state is not None and uri == uri_of(state.workspace, page_path(session)):
            self._page(state).opened()
            self._desk.display.page_changed(uri)

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _page(self, state: State) -> PageSync:
        if state.session not in self._pages:
            path = page_path(state.session)
            files = self._desk.manager.files(state.workspace)
            uri = uri_of(state.workspace, path)
            self._pages[state.session] = PageSync(uri, path, files, self, state, self._rendered)
        return self._pages[state.session]

    def _page_at(self, uri: str) -> PageSync | None:
        place = place_of(uri)
        page = self._pages.get(place[1]) if place else None
        return page if page and page.uri == uri else None

    def _rendered(self, state: State) -> Rendering:
        range_of = self._desk.places.ranges()
        live = any(each.session == state.session for each in self._desk.manager.live())
        note = "" if live else ELSEWHERE if state.workspace in self._desk.folders() else CLOSED
        return render(state, lambda hunk: range_of(state, hunk).start.line, note=note)

    def text(self, uri: str) -> str | None:
        """The document's buffer, where the client lets us edit it."""
        workspace = self._server.client_capabilities.workspace
        return self._text(uri) if workspace and workspace.apply_edit else None

    def _text(self, uri: str) -> str | None:
        return self._desk.editor.text(uri)

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[Any, Any, str | None]:
        """Asks the client for the edits."""
        return self._desk.editor.apply(label, edits)

    # ------------------------------------------------------------------------------------------------ what is shown

    def reply_of(self, session: str) -> str:
        """The words under Reply in the session's document, if it is open."""
        page = self._pages.get(session)
        text = self._text(page.uri) if page else None
        return self._page_of(text).words if text else ""

    def actions(self, uri: str, asked: types.Range, lamp: bool = False) -> list[types.CodeAction] | None:
        """What can be done in the document; None when it is no document of ours. `lamp`: the editor asks by itself."""
        place = place_of(uri)
        if place and is_draft(place[1]):
            return self.drafts.actions(uri, place[0])
        seen = self._seen(uri)
        return page_review.actions(seen, asked, lamp) if seen else None

    def diagnostics(self, uri: str) -> list[types.Diagnostic] | None:
        """What the document shows; None when it is no open document of ours."""
        seen = self._seen(uri)
        if seen is None:
            return None
        return page_review.diagnostics(seen) if seen.live else []

    def _seen(self, uri: str) -> page_review.Seen | None:
        page, text = self._page_at(uri), self._text(uri)
        if page is None or text is None:
            return None
        live = next((state for state in self._desk.manager.live() if state.session == page.state.session), None)
        return page_review.Seen(live or page.state, self._page_of(text), page.plan, live is not None)

    def _page_of(self, text: str) -> Page:
        if self._read[0] != text:
            self._read = (text, read(text))
        return self._read[1]
