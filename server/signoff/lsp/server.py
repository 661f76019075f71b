"""The language server: what features register on, and the order in which things are loaded.

Until `initialize` is answered only pygls and lsprotocol are imported. Then come the `on_ready` hooks, before any other
message is handled: they import the rest of Signoff and register its features. `warm` loads what is needed later still.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from signoff import __version__
from signoff.lsp.guard import attempt
from signoff.lsp.names import SERVER
from signoff.lsp.protocol import SignoffProtocol

if TYPE_CHECKING:
    from signoff.core.text import Edit
    from signoff.lsp.documents import Document, Documents

logger = logging.getLogger(__name__)


class DocumentObserver(Protocol):
    """Hears of documents after the store has them, in the order in which the client sent them."""

    def opened(self, document: Document) -> None: ...
    def changed(self, document: Document, edits: Sequence[Edit]) -> None: ...
    def closed(self, document: Document) -> None: ...


class SignoffServer(LanguageServer):
    """One server process with one client. Features are registered with `feature` and `command`, as in pygls.

    A command's handler gets one JSON object as a dict. Handlers run on the event loop and must not block it.
    """

    protocol: SignoffProtocol  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            SERVER, __version__, protocol_cls=SignoffProtocol
        )
        self.observers: list[DocumentObserver] = []
        self.ready_hooks: list[Callable[[], object]] = []
        self.exit_hooks: list[Callable[[], Awaitable[object]]] = []

    @cached_property
    def documents(self) -> Documents:
        """The open documents; available once `initialize` has been answered."""
        from signoff.lsp.documents import Documents

        encoding = self.server_capabilities.position_encoding or types.PositionEncodingKind.Utf16
        return Documents(types.PositionEncodingKind(encoding).value)

    def on_ready(self, hook: Callable[[], object]) -> None:
        """Call `hook` on the event loop once `initialize` is answered, before any later message is handled.

        An exception is logged and shown to the user; the other hooks run and the server goes on.
        """
        self.ready_hooks.append(hook)

    def on_exit(self, hook: Callable[[], Awaitable[object]]) -> None:
        """Await `hook` when the connection ends, for whatever reason; all hooks together have 1.5 s."""
        self.exit_hooks.append(hook)

    def warm(self, load: Callable[[], object]) -> None:
        """Call `load` in a thread of its own, typically to import what the first session will need.

        Nothing waits for it; an exception is logged, and the import is tried again where it is needed.
        """
        threading.Thread(target=attempt, args=("Loading", load), name="warm", daemon=True).start()

    def run_ready_hooks(self) -> None:
        """Run and forget the `on_ready` hooks."""
        hooks, self.ready_hooks = self.ready_hooks, []
        for hook in hooks:
            if (error := attempt("Loading", hook)) is not None:
                text = f"Signoff could not load a part of itself: {type(error).__name__}: {error}"
                self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))

    def serve(self, method: str, handler: Callable[[Any], Any]) -> None:
        """Let `handler` answer the client's `method`."""
        # pygls marks what it registers, and a bound method can't be marked.
        self.feature(method)(lambda params: handler(params))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    def warn(self, words: str) -> None:
        """Tell the user something that they should act on. It may hold names that others chose."""
        from signoff.core.visible import said

        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, said(words)))

    def document_opened(self, item: types.TextDocumentItem) -> None:
        """The client opened a document."""
        document = self.documents.open(item.uri, str(item.language_id), item.version, item.text)
        self._tell("opened", lambda observer: observer.opened(document))

    def document_changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """The client changed a document."""
        document = self.documents.get(params.text_document.uri)
        if document is None:
            logger.warning("The client changed a document that is not open.")
            return
        edits = document.change(params.content_changes, params.text_document.version)
        self._tell("changed", lambda observer: observer.changed(document, edits))

    def document_closed(self, uri: str) -> None:
        """The client closed a document."""
        document = self.documents.close(uri)
        if document is not None:
            self._tell("closed", lambda observer: observer.closed(document))

    def _tell(self, what: str, tell: Callable[[DocumentObserver], None]) -> None:
        """All observers hear of it, whatever one of them raises: none may lose track of a document."""
        for observer in self.observers:
            attempt(f"{type(observer).__name__}.{what}", partial(tell, observer))

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """Errors are answered or logged where they happen; pygls would show each of them as a popup."""
