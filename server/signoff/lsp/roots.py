"""The folders that the client has open: brings their sessions back, and lets go of those whose folder it closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core.state import State
from signoff.runtime.ports import StoreError

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer
    from signoff.lsp.spelling import Spelling
    from signoff.runtime.manager import Manager

log = logging.getLogger(__name__)

AGAIN_SECONDS = (0.3, 0.7, 1.0, 2.0, 4.0, 7.0)
"""A window that is reloaded begins before the server of its last life has ended: when the sessions that this one still
has are tried for again."""


class Roots:
    """Keeps `spelling` and the open sessions equal to the client's folders. One change is carried out at a time.

    `left` hears of each session that is not open here any more, `changed` of each folder that is opened or closed.
    """

    def __init__(
        self,
        server: SignoffServer,
        spelling: Spelling,
        manager: Callable[[], Manager],
        left: Callable[[State], None],
        changed: Callable[[str, bool], None] = lambda folder, is_open: None,
    ) -> None:
        self._server, self._spelling, self._manager, self._left = server, spelling, manager, left
        self._folder_changed = changed
        self._named: list[str] = []
        self._changing: asyncio.Task[None] | None = None
        self._trying: set[asyncio.Task[None]] = set()

    def register(self) -> None:
        """Takes the folders of `initialize` (older clients name only a root) and brings their sessions back."""
        workspace = self._server.workspace
        self._named = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri or ""]
        self._named = [uri for uri in self._named if uri]
        self._server.serve(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._changed)
        self._spelling.open_folders(self._named)
        self._change_to((), self._spelling.folders)

    async def settled(self) -> None:
        """Returns when no folder's sessions are being brought back or stopped."""
        while self._changing is not None and not self._changing.done():
            await asyncio.wait([self._changing])

    async def close(self) -> None:
        """Stops in the middle of whatever is being opened."""
        ended = [*self._trying, *([self._changing] if self._changing else [])]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    def _changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        before = self._spelling.folders
        gone = {self._spelling.folder(folder.uri) for folder in params.event.removed}
        kept = [uri for uri in self._named if self._spelling.folder(uri) not in gone]
        self._named = [*kept, *(folder.uri for folder in params.event.added)]
        self._spelling.open_folders(self._named)
        after = self._spelling.folders
        self._change_to([uri for uri in before if uri not in after], [uri for uri in after if uri not in before])

    def _change_to(self, removed: Sequence[str], added: Sequence[str]) -> None:
        self._changing = asyncio.get_running_loop().create_task(self._change(self._changing, removed, added))

    async def _change(self, earlier: asyncio.Task[None] | None, removed: Sequence[str], added: Sequence[str]) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            for folder in removed:
                self._folder_changed(folder, False)
                for state in await self._manager().leave_workspace(folder):
                    self._left(state)
            for folder in added:
                self._folder_changed(folder, True)
                if not await self._manager().open_workspace(folder):
                    task = asyncio.create_task(self._try_again(folder))
                    self._trying.add(task)
                    task.add_done_callback(self._trying.discard)
        except StoreError as error:
            log.error("%s", error)
            self._server.warn(f"Signoff can't use its journal: {error}")
        except Exception as error:
            log.exception("The workspace's sessions could not be opened.")
            self._server.warn(f"Signoff could not open this workspace's sessions: {error}")

    async def _try_again(self, folder: str) -> None:
        for pause in AGAIN_SECONDS:
            await asyncio.sleep(pause)
            try:
                if folder not in self._spelling.folders or await self._manager().open_workspace(folder):
                    return
            except StoreError as error:
                log.error("%s", error)
                return
