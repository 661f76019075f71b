"""Between the protocol and the sessions: turns positions into code points and states into views, and tells the client.

One desk per server process. Everything here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from signoff.core import commands as c
from signoff.core import paths, view
from signoff.core import protocol as p
from signoff.core.hunks import Hunk
from signoff.core.session import Finding, Place, Severity
from signoff.core.session_view import SessionView
from signoff.core.settings import Settings, configure
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.lsp.display import Display
from signoff.lsp.documents import Document
from signoff.lsp.names import OUTPUT_DELTA, SESSION_CHANGED
from signoff.runtime.manager import Manager
from signoff.runtime.wire import to_wire

if TYPE_CHECKING:
    from signoff.lsp.editor import LspEditor
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)

NEWS_SECONDS = 0.1
"""A session's view is sent at most ten times a second, its streamed text likewise."""
MOST_LINES = 2**31 - 1
SEVERITIES: dict[object, Severity] = {1: "error", 2: "warning", 3: "information", 4: "hint"}


@dataclass(frozen=True, slots=True)
class Services:
    """What the desk gets from outside of its room."""

    settings: Callable[[], Settings]
    primary_model: Callable[[], str]
    trusted: Callable[[str], bool]
    trust: Callable[[str, bool], None]
    status: Callable[[], dict[str, Any]]
    doctor: Callable[[], Awaitable[list[dict[str, Any]]]]


class Desk:
    """Serves one client."""

    def __init__(self, server: SignoffServer, editor: LspEditor, services: Services) -> None:
        self.manager: Manager
        self._server, self._editor, self._services = server, editor, services
        self._news: dict[str, State] = {}
        self._streamed: dict[str, list[str]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._texts: dict[str, str] = {}
        self.display = Display(server, self)
        self._troubled: set[str] = set()

    @property
    def _ours(self) -> bool:
        """Whether the client declared that it knows our own notifications."""
        experimental: Any = self._server.client_capabilities.experimental
        signoff: Any = get(experimental, "signoff")
        return get(signoff, "version") is not None

    def folders(self) -> list[str]:
        """The open folders; older clients name only a root."""
        workspace = self._server.workspace
        named = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri]
        return [paths.normal(uri) for uri in named if uri]

    def normal(self, uri: str) -> str:
        """One spelling for the same document."""
        return paths.normal(uri)

    async def start(self, asked: p.StartSession) -> str | c.Refused:
        """Begins the session that the command asks for."""
        workspace = self._workspace(asked)
        if isinstance(workspace, c.Refused):
            return workspace
        config = configure(self._services.settings(), asked, self._services.primary_model())
        place = self._place(asked)
        findings = tuple(_finding(asked.uri, raw) for raw in asked.diagnostics)
        return await self.manager.start(asked.goal, workspace, config, place, findings, asked.context or "")

    def _workspace(self, asked: p.StartSession) -> str | c.Refused:
        """The workspace that is named, else the folder that holds the document, else the only folder."""
        if asked.workspace:
            return paths.normal(asked.workspace)
        folders = self.folders()
        holding = [folder for folder in folders if asked.uri and paths.relative(folder, asked.uri)]
        if holding:
            return max(holding, key=len)
        if len(folders) == 1:
            return folders[0]
        return c.Refused("Say which folder to work in: give `workspace`, or `uri` of a document inside an open folder.")

    def _place(self, asked: p.StartSession) -> Place | None:
        if asked.uri is None:
            return None
        uri, span = paths.normal(asked.uri), asked.range
        if span is None:
            return Place(uri)
        document = self._document(uri)
        if document is None:
            return Place(uri, _line(span.start.line), 0, _line(span.end.line), 0)
        start, end = (_columns(document, position) for position in (span.start, span.end))
        return Place(uri, *start, *end)

    def _document(self, uri: str) -> Document | None:
        """The open document, or a copy of the file to count positions in."""
        document = self._editor.document(uri)
        if document is not None:
            return document
        workspace = next((s.workspace for s in self.manager.live() if paths.relative(s.workspace, uri)), None)
        text = self.manager.text(workspace, uri) if workspace else None
        return None if text is None else Document(uri, "", 0, text, self._server.documents.encoding)

    def view(self, state: State) -> SessionView:
        """The session as the client shows it, with ranges in the documents as they are now."""
        range_of = self.ranges()
        return view.view(state, lambda hunk: range_of(state, hunk))

    def ranges(self) -> Callable[[State, Hunk], p.Range]:
        """Where hunks stand in their documents as they are now; each document is looked up once."""
        documents: dict[str, Document | None] = {}

        def range_of(state: State, hunk: Hunk) -> p.Range:
            if hunk.uri not in documents:
                documents[hunk.uri] = self._document(hunk.uri)
            return _range(documents[hunk.uri], hunk, self.manager.start_of(state, hunk))

        return range_of

    def spelled(self, uri: str) -> str:
        """The document's URI as the client spells it."""
        document = self._editor.document(uri)
        return document.uri if document else uri

    def trust(self, workspace: str, trusted: bool) -> None:
        """The user's word on a workspace; lasts over restarts."""
        self._services.trust(paths.normal(workspace), trusted)

    def status(self) -> dict[str, Any]:
        """What the server is doing, in a few words."""
        phases = [view.phase(state) for state in self.manager.live()]
        counts = {phase: phases.count(phase) for phase in sorted(set(phases))}
        return {
            **self._services.status(),
            "sessions": counts,
            "workspaces": [{"uri": uri, "trusted": self._services.trusted(uri)} for uri in self.folders()],
        }

    async def doctor(self) -> list[dict[str, Any]]:
        """What works and what does not, each with the fix."""
        return await self._services.doctor()

    def published(self, state: State) -> None:
        """A session changed."""
        self._watch_texts(state)
        self.display.session_changed(state)
        self._tell_trouble(state.session)
        if self._ours:
            self._news[state.session] = state
            self._send_soon()

    def _tell_trouble(self, session: str) -> None:
        """Tells the user once when a session's log can't be written, and again only after it could be."""
        trouble = self.manager.trouble(session)
        if trouble and session not in self._troubled:
            self._server.warn(f"Signoff keeps trying to store the session: {trouble}")
        (self._troubled.add if trouble else self._troubled.discard)(session)

    def streamed(self, session: str, text: str) -> None:
        """The model said a piece of text."""
        if self._ours:
            self._streamed.setdefault(session, []).append(text)
            self._send_soon()

    def _send_soon(self) -> None:
        if self._due is None:
            # The first news goes out at once; what follows within the interval is sent together.
            self._due = asyncio.get_running_loop().call_later(NEWS_SECONDS, self._send)
            self._flush()

    def _send(self) -> None:
        self._due = None
        if self._news or self._streamed:
            self._send_soon()

    def _flush(self) -> None:
        streamed, self._streamed = self._streamed, {}
        news, self._news = self._news, {}
        for session, pieces in streamed.items():
            self._server.protocol.notify(OUTPUT_DELTA, {"session": session, "text": "".join(pieces)})
        for state in news.values():
            self._server.protocol.notify(SESSION_CHANGED, to_wire(self.view(state)))

    # What the document store tells.

    def opened(self, document: Document) -> None:
        """The client opened a document; its unsaved text is the truth from now on."""
        name = paths.normal(document.uri)
        self._editor.opened(document)
        if self.manager.watches(name):
            self._texts[name] = document.text
            self.manager.document_is(name, document.text)
            self.display.document_changed(name)

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document."""
        self._editor.touched(document)
        name = paths.normal(document.uri)
        before = self._texts.get(name)
        if before is not None:
            self._texts[name] = document.text
            self.manager.document_changed(name, before, edits)
            self.display.document_changed(name)

    def closed(self, document: Document) -> None:
        """The client closed a document: what was not saved is gone."""
        name = paths.normal(document.uri)
        watched = self._texts.pop(name, None) is not None
        self._editor.closed(document)
        text = self._text_on_disk(name) if watched else None
        if text is not None:
            self.manager.document_is(name, text)
            self.display.document_changed(name)

    def _text_on_disk(self, name: str) -> str | None:
        """The text of a document that is not open, if hunks stand in it."""
        workspace = next((s.workspace for s in self.manager.live() if s.hunks_of(name)), None)
        return self.manager.text(workspace, name) if workspace else None

    def _watch_texts(self, state: State) -> None:
        """Keeps the text of each open document with hunks: a change is only understood against what was there."""
        for uri in {hunk.uri for hunk in state.hunks.values()} - self._texts.keys():
            text = self._editor.text(uri)
            if text is not None:
                self._texts[uri] = text


def get(value: Any, name: str) -> Any:
    """A member of what the client sent as free-form JSON, which pygls hands over as objects or as dicts."""
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else getattr(value, name, None)


def _line(number: int) -> int:
    """A line number as the protocol allows it."""
    return max(0, min(number, MOST_LINES))


def _columns(document: Document, position: p.Position) -> tuple[int, int]:
    """A client's position as (line, column in code points), inside the document."""
    offset = document.offset_at(position)
    line = min(_line(position.line), document.line_count - 1)
    return line, offset - document.offset_at(p.Position(line, 0))


def _range(document: Document | None, hunk: Hunk, start: int) -> p.Range:
    """Where the hunk stands; the start of the document when there is no text to count in."""
    if document is None or hunk.kind != "update":
        return p.Range(p.Position(0, 0), p.Position(0, 0))
    ends = (document.position_at(start), document.position_at(start + len(hunk.present)))
    return p.Range(p.Position(*ends[0]), p.Position(*ends[1]))


def _finding(uri: str | None, raw: dict[str, Any]) -> Finding:
    """An LSP diagnostic of the request, whoever's it is."""
    line: Any = get(get(raw.get("range"), "start"), "line")
    number = _line(line) if isinstance(line, int) else 0
    place = Place(paths.normal(uri), number, 0, number, 0) if uri else None
    severity = SEVERITIES.get(raw.get("severity"), "error")
    return Finding(
        str(raw.get("message", "")), severity, str(raw.get("source") or ""), str(raw.get("code") or ""), place
    )
