"""Asks the client to ask again for code lenses and inlay hints: by themselves, editors do so when the user types."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer


class Refresher:
    """One request of each kind is out at a time, where the client declares that it takes them; nothing waits for it."""

    def __init__(self, server: SignoffServer) -> None:
        self._server = server
        self._out: set[str] = set()
        self._again: set[str] = set()

    def refresh(self) -> None:
        """What the lenses and hints show is no longer true."""
        workspace = self._server.client_capabilities.workspace
        lens, hint = (workspace.code_lens, workspace.inlay_hint) if workspace else (None, None)
        if lens and lens.refresh_support:
            self._ask(types.WORKSPACE_CODE_LENS_REFRESH)
        if hint and hint.refresh_support:
            self._ask(types.WORKSPACE_INLAY_HINT_REFRESH)

    def _ask(self, method: str) -> None:
        if method in self._out:
            self._again.add(method)
            return
        self._out.add(method)
        self._server.protocol.send_request(method).add_done_callback(lambda future: self._answered(method, future))

    def _answered(self, method: str, future: Future[Any]) -> None:
        """A client that answers with an error is asked again all the same, with the next change."""
        self._out.discard(method)
        if method in self._again and not future.cancelled():
            self._again.discard(method)
            self._ask(method)
