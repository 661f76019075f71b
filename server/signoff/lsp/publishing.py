"""Sends diagnostics to the client: under its own names for a document, and only when they are other than before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

Shown = list[types.Diagnostic]


class Publisher:
    """What each document shows. `names` gives the client's URIs for a canonical one.

    They change as the document opens and closes; what was shown under another name is then taken away.
    """

    def __init__(self, server: SignoffServer, names: Callable[[str], Sequence[str]]) -> None:
        self._server, self._names = server, names
        self._shown: dict[str, dict[str, Shown]] = {}

    def shows(self, uri: str) -> bool:
        """Whether the document (canonical URI) shows anything."""
        return uri in self._shown

    def publish(self, uri: str, found: Shown, again: bool = False) -> bool:
        """The document (canonical URI) shows `found` and nothing else. Returns whether that is something new.

        `again`: it is sent although the client has it; some forget what they were told of a document before it opened.
        """
        before = self._shown.pop(uri, {})
        now = dict.fromkeys(self._names(uri), found) if found else {}
        for name in [*(name for name in before if name not in now), *now]:
            if again or before.get(name, []) != now.get(name, []):
                self._server.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri=name, diagnostics=now.get(name, []))
                )
        if now:
            self._shown[uri] = now
        return again or before != now
