"""Hears of documents that the client opens, changes, saves and closes, and lets their hunks follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from signoff.core import paths
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
        name = paths.normal(document.uri)
        self._editor.opened(document)
        if self._manager().watches(name):
            self._texts[name] = document.text
            self._manager().document_is(name, document.text)
            self._shown(name)

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document."""
        self._editor.touched(document)
        name = paths.normal(document.uri)
        before = self._texts.get(name)
        if before is not None:
            self._texts[name] = document.text
            self._manager().document_changed(name, before, edits)
            self._shown(name)

    def closed(self, document: Document) -> None:
        """The client closed a document: what was not saved is gone."""
        name = paths.normal(document.uri)
        watched = self._texts.pop(name, None) is not None
        self._editor.closed(document)
        text = self._text_on_disk(name) if watched else None
        if text is not None:
            self._manager().document_is(name, text)
            self._shown(name)

    def _text_on_disk(self, name: str) -> str | None:
        """The text of a document that is not open, if hunks stand in it."""
        manager = self._manager()
        workspace = next((s.workspace for s in manager.live() if s.hunks_of(name)), None)
        return manager.text(workspace, name) if workspace else None

    def watch(self, state: State) -> None:
        """Keeps the text of each open document with hunks: a change is only understood against what was there."""
        for uri in {hunk.uri for hunk in state.hunks.values()} - self._texts.keys():
            text = self._editor.text(uri)
            if text is not None:
                self._texts[uri] = text
