"""Between the protocol and the sessions: takes the client's commands, and tells it what becomes of them.

One desk per server process. Everything here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff import __version__
from signoff.core import commands as c
from signoff.core import protocol as p
from signoff.core import view
from signoff.core.fragments import LARGEST_BUDGET, SMALLEST_BUDGET, ContextView
from signoff.core.messages import ModelFacts, ServerFacts, ServerStatus, WorkspaceFacts
from signoff.core.session_view import SessionView
from signoff.core.settings import Settings, configure
from signoff.core.state import State
from signoff.lsp.asking import Asking
from signoff.lsp.buffers import Buffers
from signoff.lsp.display import Display
from signoff.lsp.finding import finding
from signoff.lsp.names import SERVER
from signoff.lsp.navigate import Navigator
from signoff.lsp.news import News
from signoff.lsp.pages import Pages
from signoff.lsp.places import Places
from signoff.lsp.progress import Progress
from signoff.lsp.windows import show_document
from signoff.runtime.manager import Manager
from signoff.runtime.ports import StoreError

if TYPE_CHECKING:
    from signoff.lsp.editor import LspEditor
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the desk gets from outside of its room."""

    settings: Callable[[], Settings]
    primary_model: Callable[[], str]
    trusted: Callable[[str], bool]
    trust: Callable[[str, bool], None]
    restricted: Callable[[], bool]
    """Whether the editor limits the window, whatever was trusted before."""
    model: Callable[[], ModelFacts]
    doctor: Callable[[], Awaitable[list[dict[str, Any]]]]
    unready: Callable[[tuple[str, ...]], str | None]
    """Why none of these models can be asked, and what to do about it."""


class Desk:
    """Serves one client."""

    def __init__(self, server: SignoffServer, editor: LspEditor, services: Services) -> None:
        self.manager: Manager
        self.server, self.editor, self.services = server, editor, services
        self.places = Places(editor, lambda: self.manager, lambda: server.documents.encoding)
        self.display = Display(server, self)
        self.buffers = Buffers(editor, lambda: self.manager, self.display.document_changed)
        self.news = News(server, self.view)
        self.navigator = Navigator(self)
        self.pages = Pages(server, self)
        self.progress = Progress(server, self._stop)
        self.asking = Asking(server, self._reply)
        self._troubled: set[str] = set()
        self._tasks: set[asyncio.Future[None]] = set()

    def folders(self) -> list[str]:
        """The open folders, each once."""
        return list(self.editor.spelling.folders)

    def normal(self, uri: str) -> str:
        """One spelling for the same document."""
        return self.editor.spelling.document(uri)

    def folder(self, uri: str) -> str:
        """One spelling for the same folder."""
        return self.editor.spelling.folder(uri)

    async def start(self, asked: p.StartSession) -> str | c.Refused:
        """Begins the session that the command asks for."""
        workspace = self.workspace(asked.workspace, asked.uri)
        if isinstance(workspace, c.Refused):
            return workspace
        config = configure(self.services.settings(), asked, self.services.primary_model())
        if why := self.services.unready(config.models):
            return c.Refused(why)
        uri = None if asked.uri is None else self.normal(asked.uri)
        place = self.places.place(uri, asked.range)
        findings = tuple(finding(uri, raw) for raw in asked.diagnostics)
        return await self.manager.start(asked.goal, workspace, config, place, findings, asked.context or "")

    async def context(self, asked: p.ShowContext) -> ContextView | str:
        """What a session with that goal would be told first; why there can be none, in words."""
        if not asked.goal.strip():
            return "Say what the context is for: the goal is empty."
        if asked.budget is not None and not SMALLEST_BUDGET <= asked.budget <= LARGEST_BUDGET:
            return f"The budget is a number of tokens from {SMALLEST_BUDGET:,} to {LARGEST_BUDGET:,}."
        workspace = self.workspace(None, asked.uri)
        if isinstance(workspace, c.Refused):
            return workspace.reason
        uri = self.normal(asked.uri) if asked.uri else None
        return await self.manager.context(workspace, asked.goal, asked.budget, uri)

    def workspace(self, named: str | None, uri: str | None) -> str | c.Refused:
        """The workspace that is named, else the folder that holds the document, else the only folder."""
        if named:
            return self.folder(named)
        folders = self.folders()
        holding = self.editor.spelling.holding(self.normal(uri)) if uri else None
        if holding:
            return holding
        if len(folders) == 1:
            return folders[0]
        if not folders:
            return c.Refused(
                "No folder is open, and Signoff works in one. Open the project's folder, or give `workspace`."
            )
        return c.Refused("Say which folder to work in: give `workspace`, or `uri` of a document inside an open folder.")

    def view(self, state: State) -> SessionView:
        """The session as the client shows it, with ranges in the documents as they are now."""
        range_of = self.places.ranges()
        elsewhere = self.manager.elsewhere(state.session)
        return self.editor.spelled_view(view.view(state, lambda hunk: range_of(state, hunk), elsewhere))

    def spelled(self, uri: str) -> str:
        """The document's URI as the client spells it."""
        return self.editor.names(uri)[0]

    def show(self, uri: str) -> p.Shown:
        """Brings the document (canonical URI) before the user."""
        spelled = self.spelled(uri)
        show_document(self.server, spelled)
        return p.Shown(spelled)

    def trust(self, workspace: str, trusted: bool) -> None:
        """The user's word on a workspace; lasts over restarts."""
        self.services.trust(self.folder(workspace), trusted)

    def status(self) -> ServerStatus:
        """What the server is doing, and what a new session would work with."""
        model = self.services.model()
        phases = [view.phase(state) for state in self.manager.live()]
        return ServerStatus(
            server=ServerFacts(SERVER, __version__, sys.version.split()[0]),
            endpoint=model.endpoint,
            model=model.model,
            local=model.local,
            unready=model.unready,
            restricted=self.services.restricted(),
            sessions={phase: phases.count(phase) for phase in sorted(set(phases))},
            workspaces=tuple(
                WorkspaceFacts(self.spelled(each), self.services.trusted(each)) for each in self.folders()
            ),
            workflows=(),
        )

    async def doctor(self) -> list[dict[str, Any]]:
        """What works and what does not, each with the fix."""
        return await self.services.doctor()

    def published(self, state: State) -> None:
        """A session changed."""
        self.buffers.watch(state)
        self.display.session_changed(state)
        self._tell_trouble(state.session)
        self.pages.session_changed(state)
        self.progress.changed(state)
        self.asking.changed(state)
        self.news.changed(state)

    def left(self, state: State) -> None:
        """A session is not open here any more."""
        self.display.session_left(state)
        self.pages.session_left(state)

    def _stop(self, session: str) -> None:
        """The user cancelled the session's progress."""
        self._later(session, c.Interrupt())

    def _reply(self, session: str, question: str, text: str) -> None:
        """The user answered a question in a window; when it was answered elsewhere meanwhile, nothing happens."""
        self._later(session, c.Reply(text, question))

    def _later(self, session: str, command: c.Command) -> None:
        """Gives the session a word of the user that no request of the client waits for."""
        task = asyncio.ensure_future(self._submitted(session, command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submitted(self, session: str, command: c.Command) -> None:
        try:
            await self.manager.submit(session, command)
        except StoreError as error:
            self.server.warn(f"Signoff: {error}")

    def _tell_trouble(self, session: str) -> None:
        """Tells the user once when a session's log can't be written, and again only after it could be."""
        trouble = self.manager.trouble(session)
        if trouble and session not in self._troubled:
            self.server.warn(f"Signoff keeps trying to store the session: {trouble}")
        (self._troubled.add if trouble else self._troubled.discard)(session)
