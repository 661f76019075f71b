"""What clients that know our own notifications are sent: the views of sessions, and streamed text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from signoff.core.session_view import SessionView
from signoff.core.state import State
from signoff.lsp.names import OUTPUT_DELTA, SESSION_CHANGED
from signoff.lsp.windows import knows_us
from signoff.runtime.wire import to_wire

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

NEWS_SECONDS = 0.1
"""A session's view is sent at most ten times a second, its streamed text likewise."""
REST = 5
"""Views of hundreds of hunks take long to make: so many times as long nothing is sent, and decisions go on."""


class News:
    """Collects what is new and sends it, together, to a client that declared `experimental.signoff`."""

    def __init__(self, server: SignoffServer, view: Callable[[State], SessionView]) -> None:
        self._server, self._view = server, view
        self._changed: dict[str, State] = {}
        self._streamed: dict[str, list[str]] = {}
        self._due: asyncio.TimerHandle | None = None

    def changed(self, state: State) -> None:
        """A session is not what it was."""
        if knows_us(self._server):
            self._changed[state.session] = state
            self._send_soon()

    def streamed(self, session: str, text: str) -> None:
        """The model said a piece of text."""
        if knows_us(self._server):
            self._streamed.setdefault(session, []).append(text)
            self._send_soon()

    def _send_soon(self) -> None:
        if self._due is None:
            # The first news goes out at once; what follows within the interval is sent together.
            loop = asyncio.get_running_loop()
            begun = loop.time()
            self._due = loop.call_later(NEWS_SECONDS, self._send)
            self._flush()
            pause = REST * (loop.time() - begun)
            if pause > NEWS_SECONDS:
                self._due.cancel()
                self._due = loop.call_later(pause, self._send)

    def _send(self) -> None:
        self._due = None
        if self._changed or self._streamed:
            self._send_soon()

    def _flush(self) -> None:
        streamed, self._streamed = self._streamed, {}
        changed, self._changed = self._changed, {}
        for session, pieces in streamed.items():
            self._server.protocol.notify(OUTPUT_DELTA, {"session": session, "text": "".join(pieces)})
        for state in changed.values():
            self._server.protocol.notify(SESSION_CHANGED, to_wire(self._view(state)))
