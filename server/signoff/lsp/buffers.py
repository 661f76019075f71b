"""Hears of documents that the client opens, changes, saves and closes, and lets their hunks follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from signoff.core.state import State
from signoff.core.text import Edit
from signoff.lsp.documents import Document

if TYPE_CHECKING:
    from signoff.lsp.editor import LspEditor
    from signoff.runtime.manager import Manager


class Buffers:
    """The observer of the document store. `shown` is called for a document whose hunks may stand elsewhere now."""

    def __init__(self, editor: LspEditor, manager: Callable[[], Manager], shown: Callable[[str], None]) -> None:
        self._editor, self._manager, self._shown = editor, manager, shown
        self._texts: dict[str, str] = {}
        """Open documents with hunks, as they were before the next change."""

    def opened(self, document: Document) -> None:
        """The client opened a document; its unsaved text is the truth from now on."""
        name = self._editor.opened(document)
        if self._manager().documents.watched(name):
            self._stands(name, self._editor.text(name) or "")
        self._shown(name)

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document."""
        other = self._editor.document(self._editor.spelling.document(document.uri)) is not document
        name = self._editor.touched(document)
        before = self._texts.get(name)
        if before is None:
            return
        if other:
            # The same file under another name: its text is the one that counts now.
            self._stands(name, document.text)
        else:
            self._texts[name] = document.text
            self._manager().documents.changed(name, before, edits)
        self._shown(name)

    def closed(self, document: Document) -> None:
        """The client closed a document: what was not saved is gone."""
        name = self._editor.closed(document)
        watched = self._texts.pop(name, None) is not None
        still_open = self._editor.text(name)
        if watched and still_open is not None:
            self._stands(name, still_open)
        elif watched:
            self._manager().documents.closed(name)
        self._shown(name)

    def _stands(self, name: str, text: str) -> None:
        """The text of an open document became another one, in a way that was not seen."""
        self._texts[name] = text
        self._manager().documents.opened(name, text)

    def watch(self, state: State) -> None:
        """Keeps the text of each open document with hunks: a change is only understood against what was there."""
        for uri in {hunk.uri for hunk in state.hunks.values()} - self._texts.keys():
            text = self._editor.text(uri)
            if text is not None:
                self._texts[uri] = text
