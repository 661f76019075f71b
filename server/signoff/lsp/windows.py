"""What the user is shown outside of documents: another document to look at, or a message. Nothing here is waited for.

A command that waited for its client's window would never be answered by clients that block until it is.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core import paths
from signoff.core.visible import line, said
from signoff.lsp.capabilities import declares_us

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)


def show_document(server: SignoffServer, uri: str, selection: types.Range | None = None) -> None:
    """Brings the document before the user, at `selection` (in the client's encoding) if one is given.

    `uri` is spelled as the client spells it. Where the client can't show documents, or answers that it did not, a
    message names the file. Returns at once and never raises.
    """
    window = server.client_capabilities.window
    if not (window and window.show_document and window.show_document.support):
        _name(server, uri, selection)
        return
    params = types.ShowDocumentParams(uri=uri, take_focus=True, selection=selection)

    def answered(future: Future[types.ShowDocumentResult]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            log.info("The client could not show a document: %s", error)
        if error is not None or not getattr(future.result(), "success", False):
            _name(server, uri, selection)

    server.window_show_document(params).add_done_callback(answered)


def _name(server: SignoffServer, uri: str, selection: types.Range | None) -> None:
    """Where to look, in words."""
    try:
        name = paths.to_path(uri)
    except ValueError:
        name = uri
    place = f":{selection.start.line + 1}" if selection else ""
    say(server, types.MessageType.Info, f"Signoff: see {line(name)}{place}")


def say(server: SignoffServer, kind: types.MessageType, words: str) -> None:
    """Tells the user something in passing. It may hold names that others chose."""
    server.window_show_message(types.ShowMessageParams(kind, said(words)))


def knows_us(server: SignoffServer) -> bool:
    """Whether the client declared `experimental.signoff`: it shows views, refusals and questions by itself."""
    return declares_us(server.client_capabilities)
