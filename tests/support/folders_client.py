"""An editor with any number of folders, which reports what happens to files as editors do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.editor_client import PATIENCE, EditorClient

CREATED, CHANGED, DELETED = 1, 2, 3


class FoldersClient(EditorClient):
    """`folders` are open at the start: URIs; with none, only files are. `registered` are the watchers asked for."""

    folders: Sequence[str] | None = None

    def __init__(self, process: asyncio.subprocess.Process, workspace: Path, encoding: str, versioned: bool) -> None:
        super().__init__(process, workspace, encoding, versioned)
        self.registered: list[dict[str, Any]] = []

    async def request(self, method: str, params: Any) -> dict[str, Any]:
        """As any request; `initialize` names the folders."""
        if method == "initialize" and self.folders is not None:
            named = [{"uri": uri, "name": "folder"} for uri in self.folders]
            params = {**params, "rootUri": self.folders[0] if named else None, "workspaceFolders": named or None}
        return await super().request(method, params)

    def _told(self, message: dict[str, Any]) -> None:
        if message["method"] == "client/registerCapability":
            self.registered += message["params"]["registrations"]
            self._answer(message, None)
        else:
            super()._told(message)

    def open_as(self, uri: str, text: str) -> str:
        """Opens a document under a URI of its own."""
        self.documents[uri], self.versions[uri] = text, 0
        item = {"uri": uri, "languageId": "text", "version": 0, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change_folders(self, added: Sequence[str] = (), removed: Sequence[str] = ()) -> None:
        """The user opens and closes folders."""
        event = {
            name: [{"uri": u, "name": "folder"} for u in us] for name, us in (("added", added), ("removed", removed))
        }
        self.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def report(self, *events: tuple[str, int]) -> None:
        """What happened to files, as the editor's watcher saw it."""
        changes = [{"uri": uri, "type": kind} for uri, kind in events]
        self.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def save(self, uri: str, path: Path) -> None:
        """Writes a buffer to its file."""
        path.write_bytes(self.documents[uri].encode())
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    async def settled(self) -> None:
        """Returns when the server has handled what was sent before."""
        await asyncio.wait_for(self.command("status"), PATIENCE)


def with_folders(*uris: str) -> type[FoldersClient]:
    """An editor that has these folders open."""
    return type("FoldersClient", (FoldersClient,), {"folders": uris})
