"""The editor's open documents as the runtime sees them, and its edits: `workspace/applyEdit`, nothing else."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core import paths
from signoff.core.text import Edit
from signoff.lsp.documents import Document

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer


class LspEditor:
    """Documents by their normal URI; a client may spell the same one in its own way."""

    def __init__(self, server: SignoffServer) -> None:
        self._server = server
        self._open: dict[str, Document] = {}

    def opened(self, document: Document) -> None:
        """The client opened a document."""
        self._open[paths.normal(document.uri)] = document

    def closed(self, document: Document) -> None:
        """The client closed a document."""
        self._open.pop(paths.normal(document.uri), None)

    def touched(self, document: Document) -> None:
        """The client used a document: it becomes the most recent one."""
        name = paths.normal(document.uri)
        self._open[name] = self._open.pop(name, document)

    def document(self, uri: str) -> Document | None:
        """The open document."""
        return self._open.get(paths.normal(uri))

    def text(self, uri: str) -> str | None:
        """The open document's text as it is now; None when it is not open."""
        document = self.document(uri)
        return document.text if document else None

    def open_uris(self) -> tuple[str, ...]:
        """The open documents, most recently used first."""
        return tuple(reversed(self._open))

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
        document = self._open[paths.normal(uri)]
        return [types.TextEdit(span(document, edit.start, edit.end), edit.text) for edit in edits]

    def _workspace_edit(self, changes: dict[str, list[types.TextEdit]]) -> types.WorkspaceEdit:
        """Versioned where the client declares it, so that it can refuse an edit of a text that it no longer has."""
        workspace = self._server.client_capabilities.workspace
        declared = workspace.workspace_edit if workspace else None
        documents = {uri: self._open[paths.normal(uri)] for uri in changes}
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
