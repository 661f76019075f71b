"""The session documents of one client: opened by command or found open, kept up to date, and acted on.

Nothing in them is ever read as state. Whoever writes into one changes what code actions offer there, and no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core import paths
from signoff.core import protocol as p
from signoff.core.files import FileProblem
from signoff.core.page import Rendering, render
from signoff.core.page_diff import whole_diff
from signoff.core.page_draft import Draft
from signoff.core.page_draft import read as read_draft
from signoff.core.page_draft import render as render_draft
from signoff.core.page_merge import edits
from signoff.core.page_read import Page, read
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.core.visible import line
from signoff.lsp import page_review
from signoff.lsp.documents import Document
from signoff.lsp.page_files import diff_path, free_draft, is_draft, page_path, place_of, text_of, uri_of, write
from signoff.lsp.page_sync import PageSync
from signoff.lsp.windows import show_document
from signoff.runtime.manager import UNKNOWN
from signoff.runtime.ports import StoreError

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)

MOST_LINES = 999_999_998
ELSEWHERE = "Another Signoff process has this session open: this is how it was when you opened it here."
NO_SESSION = p.Refusal(UNKNOWN)


def _lines(span: p.Range) -> tuple[int, int]:
    """The first and the last line of a range, counted from 1; the line at whose start it ends is none of it."""
    first, last = (max(0, min(position.line, MOST_LINES)) + 1 for position in (span.start, span.end))
    return first, max(first, last - (span.end.character == 0 and last > first))


class Pages:
    """All session documents that this server follows, by session."""

    def __init__(self, server: SignoffServer, desk: Desk) -> None:
        self._server, self._desk = server, desk
        self._pages: dict[str, PageSync] = {}
        self._read: tuple[str, Page] = ("", read(""))
        self._tasks: set[asyncio.Future[object]] = set()

    # ------------------------------------------------------------------------------------------------------- commands

    async def open(self, session: str) -> p.Shown | p.Refusal:
        """Writes the session's document if it is not open, and shows it to the user."""
        state = await self._desk.manager.state(session)
        if state is None:
            return NO_SESSION
        page = self._page(state)
        if self._text(page.uri) is None:
            problem = page.write_file()
            if problem is not None:
                return p.Refusal(problem.message)
        else:
            page.session_changed(state)
        return self._show(page.uri)

    async def show_diff(self, asked: p.DiffOf) -> p.DiffShown | p.Refusal:
        """Writes everything that the session proposes or has applied as one diff, and shows it."""
        state = await self._desk.manager.state(asked.session)
        if state is None:
            return NO_SESSION
        manager = self._desk.manager
        named = self._desk.normal(asked.uri) if asked.uri else None
        diff = whole_diff(
            state,
            lambda uri: manager.text_of_hunks(state.workspace, uri),
            lambda hunk: manager.start_of(state, hunk),
            named,
        )
        uri = uri_of(state.workspace, diff_path(state.session))
        problem = self._put(state.workspace, diff_path(state.session), uri, diff)
        if problem is not None:
            return p.Refusal(problem.message)
        return p.DiffShown(self._show(uri).uri, diff)

    async def draft(self, asked: p.DraftTask) -> p.Shown | p.Refusal:
        """Opens a new draft for a task at the place."""
        workspace = self._desk.workspace(asked.workspace, asked.uri)
        if not isinstance(workspace, str):
            return p.Refusal(workspace.reason)
        if workspace not in self._desk.folders():
            return p.Refusal(f"{line(workspace)} is not open in this editor. Open it as a folder first.")
        uri = self._desk.normal(asked.uri) if asked.uri else None
        path = paths.relative(workspace, uri) if uri else None
        first, last = _lines(asked.range) if asked.range and path else (None, None)
        files = self._desk.manager.files(workspace)
        name = free_draft(files)
        if isinstance(name, FileProblem):
            return p.Refusal(name.message)
        problem = write(files, name, render_draft(Draft(asked.text or "", path, first, last)), None)
        return p.Refusal(problem.message) if problem else self._show(uri_of(workspace, name))

    def _put(self, workspace: str, path: str, uri: str, text: str) -> FileProblem | None:
        """Our own text in a file that nobody else writes in; in the editor's buffer where that is open."""
        shown = self._text(uri)
        if shown is not None:
            changes = edits(shown, text)
            if changes:
                self._start(self._desk.editor.apply("Signoff: whole diff", {uri: changes}))
            return None
        files = self._desk.manager.files(workspace)
        before = text_of(files, path)
        return before if isinstance(before, FileProblem) else write(files, path, text, before)

    def _show(self, uri: str) -> p.Shown:
        spelled = self._desk.spelled(uri)
        show_document(self._server, spelled)
        return p.Shown(spelled)

    # -------------------------------------------------------------------------------------------------- what goes on

    def session_changed(self, state: State) -> None:
        """A session is not what it was: its document follows, if there is one."""
        page = self._page(state)
        page.session_changed(state)
        if self._text(page.uri) is not None:
            self._desk.display.page_changed(page.uri)

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
        page = self._page_at(self._desk.normal(document.uri))
        if page is not None and self._desk.editor.document(page.uri) is None:
            page.closed()

    async def close(self) -> None:
        """Stops following documents."""
        for page in self._pages.values():
            page.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        return render(state, lambda hunk: range_of(state, hunk).start.line, note="" if live else ELSEWHERE)

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
            return self._on_draft(uri, place[0])
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

    def _on_draft(self, uri: str, workspace: str) -> list[types.CodeAction] | None:
        text = self._text(uri)
        draft = read_draft(text) if text is not None and workspace in self._desk.folders() else None
        if not isinstance(draft, Draft):
            return [] if draft else None
        at = self._desk.spelled(uri_of(workspace, draft.path)) if draft.path else None
        return page_review.on_draft(draft, self._desk.editor.spelling.spelled(workspace), at)
