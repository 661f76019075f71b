"""The editor's open documents as the runtime sees them, and its edits: `workspace/applyEdit`, nothing else."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core.session_view import HunkView, SessionView
from signoff.core.text import Edit
from signoff.lsp.documents import Document
from signoff.lsp.spelling import Spelling

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer


class LspEditor:
    """The open documents by their canonical URI.

    The client may hold one file in several documents, under several names. The one that changed last then stands for
    the file: its text is the file's text, and edits go into it.
    """

    def __init__(self, server: SignoffServer, spelling: Spelling) -> None:
        self._server, self.spelling = server, spelling
        self._open: dict[str, list[Document]] = {}
        """The last of each list stands for the file."""

    def opened(self, document: Document) -> str:
        """The client opened a document. Returns its canonical URI."""
        self.spelling.opened(document.uri)
        name = self.spelling.document(document.uri)
        others = [each for each in self._open.pop(name, []) if each.uri != document.uri]
        self._open[name] = [document, *others]
        return name

    def closed(self, document: Document) -> str:
        """The client closed a document. Returns its canonical URI, under which another document may be open still."""
        name = self.spelling.document(document.uri)
        self.spelling.closed(document.uri)
        left = [each for each in self._open.get(name, []) if each is not document]
        if left:
            self._open[name] = left
        else:
            self._open.pop(name, None)
        return name

    def touched(self, document: Document) -> str:
        """The client changed a document: it is the most recent one, and stands for its file. Returns its canonical
        URI."""
        name = self.spelling.document(document.uri)
        others = [each for each in self._open.pop(name, []) if each is not document]
        self._open[name] = [*others, document]
        return name

    def document(self, uri: str) -> Document | None:
        """The open document of this canonical URI."""
        found = self._open.get(uri)
        return found[-1] if found else None

    def names(self, uri: str) -> tuple[str, ...]:
        """The client's URIs for the document of this canonical URI: those under which its text is open; when none is,
        the one in the client's folder."""
        found = self._open.get(uri)
        if not found:
            return (self.spelling.spelled(uri),)
        return tuple(each.uri for each in reversed(found) if each is found[-1] or each.text == found[-1].text)

    def spelled_view(self, view: SessionView) -> SessionView:
        """The view with every URI as the client spells it."""
        named = {uri for h in view.hunks for uri in (h.uri, h.to) if uri}
        names = {uri: self.names(uri)[0] for uri in named}
        hunks = (h if _spelled(h, names) else replace(h, uri=names[h.uri], to=h.to and names[h.to]) for h in view.hunks)
        unsaved = tuple(self.names(uri)[0] for uri in view.unsaved)
        return replace(view, workspace=self.spelling.spelled(view.workspace), hunks=tuple(hunks), unsaved=unsaved)

    def text(self, uri: str) -> str | None:
        """The open document's text as it is now; None when it is not open."""
        document = self.document(uri)
        return document.text if document else None

    def open_uris(self) -> tuple[str, ...]:
        """The open documents, most recently used first."""
        return tuple(reversed(self._open))

    def named(self, uri: str) -> str:
        """The document's canonical URI; may be asked in any thread."""
        return self.spelling.document(uri)

    def version(self, uri: str) -> int | None:
        """The open document's version as the client counts it."""
        document = self.document(uri)
        return document.version if document else None

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[Any, Any, str | None]:
        """Asks the client for the edits; a reason when it refused or did not answer in order.

        Ranges and versions are those of the moment of the call, whenever the result is awaited.
        """
        changes = {uri: self._text_edits(uri, parts) for uri, parts in edits.items()}
        return self._sent(types.ApplyWorkspaceEditParams(edit=self._workspace_edit(changes), label=label))

    async def _sent(self, params: types.ApplyWorkspaceEditParams) -> str | None:
        try:
            answer = await self._server.workspace_apply_edit_async(params)
        except Exception as error:
            return f"the editor answered with an error ({error})"
        # Some clients answer with an empty object, whatever the protocol says.
        if not getattr(answer, "applied", False):
            return getattr(answer, "failure_reason", None) or "it gave no reason"
        return None

    def _text_edits(self, uri: str, edits: Sequence[Edit]) -> list[types.TextEdit]:
        document = self._open[uri][-1]
        return [types.TextEdit(span(document, edit.start, edit.end), edit.text) for edit in edits]

    def _workspace_edit(self, changes: dict[str, list[types.TextEdit]]) -> types.WorkspaceEdit:
        """Versioned where the client declares it, so that it can refuse an edit of a text that it no longer has."""
        workspace = self._server.client_capabilities.workspace
        declared = workspace.workspace_edit if workspace else None
        documents = {uri: self._open[uri][-1] for uri in changes}
        if declared is None or not declared.document_changes:
            return types.WorkspaceEdit(changes={documents[uri].uri: list(made) for uri, made in changes.items()})
        versioned = [
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri=documents[uri].uri, version=documents[uri].version),
                list(made),
            )
            for uri, made in changes.items()
        ]
        return types.WorkspaceEdit(document_changes=versioned)


def span(document: Document, start: int, end: int) -> types.Range:
    """Code points [start, end) as a range in the negotiated encoding."""
    return types.Range(types.Position(*document.position_at(start)), types.Position(*document.position_at(end)))


def _spelled(hunk: HunkView, names: Mapping[str, str]) -> bool:
    """Whether the client spells the hunk's documents as we do."""
    return names[hunk.uri] == hunk.uri and (hunk.to is None or names[hunk.to] == hunk.to)
