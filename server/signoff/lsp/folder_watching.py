"""The open folders, watched by ourselves: for clients that cannot be asked to watch them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from signoff.core import paths
from signoff.core.watched import Changes

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)


async def client_watches(server: SignoffServer) -> bool:
    """Asks the client to tell of files, where it declares that it can be asked: others complain, or show an error."""
    workspace = server.client_capabilities.workspace
    declared = workspace.did_change_watched_files if workspace else None
    if declared is None or not declared.dynamic_registration:
        return False
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob_pattern="**/*")])
    asked = types.Registration(id="signoff-files", method=method, register_options=options)
    try:
        await server.client_register_capability_async(types.RegistrationParams([asked]))
    except Exception as error:
        log.info("The client does not watch files for us: %s", error)
        return False
    return True


class Watch(Protocol):
    """One folder that is watched."""

    def close(self) -> None:
        """Ends it; may wait until a thread is done."""
        ...


Start = Callable[[str, Callable[[Changes], None]], Watch]
"""Begins to watch the folder of a URI. It returns at once; what is given is called in another thread."""


class FolderWatching:
    """Watches nothing before `begin`. `taken` gets the URIs of all that happened within a moment, and of what came;
    `lost` the folder in which more happened than anybody told."""

    def __init__(
        self, start: Start | None, taken: Callable[[Sequence[str], Sequence[str]], None], lost: Callable[[str], None]
    ) -> None:
        self._start, self._taken, self._lost = start, taken, lost
        self._watches: dict[str, Watch | None] = {}
        self._begun = False
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def folders(self) -> tuple[str, ...]:
        """The open folders."""
        return tuple(self._watches)

    def folder(self, folder: str, is_open: bool) -> None:
        """The folder (canonical URI) is open from now on, or not any more."""
        if is_open:
            self._watches.setdefault(folder, None)
            self._watch_all()
        elif (watch := self._watches.pop(folder, None)) is not None:
            self._end(watch)

    def begin(self) -> None:
        """Nobody else watches the folders."""
        self._begun = True
        self._watch_all()

    async def close(self) -> None:
        """Ends all watching."""
        for folder in self.folders:
            self.folder(folder, is_open=False)
        self._begun = False
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _watch_all(self) -> None:
        for folder in self.folders if self._begun and self._start is not None else ():
            if self._watches[folder] is None and folder.startswith("file:"):
                self._watches[folder] = self._start(folder, self._hearing(folder)) if self._start else None

    def _hearing(self, folder: str) -> Callable[[Changes], None]:
        loop = asyncio.get_running_loop()

        def told(changes: Changes) -> None:
            # In the watch's own thread: five thousand URIs are made here, and not where messages are answered.
            uris = [paths.join(folder, path) for path in changes.paths]
            made = [paths.join(folder, path) for path in changes.made]
            # When the server ends, its loop may be closed before the thread has heard of it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hear, folder, uris, made, changes.rescan)

        return told

    def _hear(self, folder: str, uris: Sequence[str], made: Sequence[str], rescan: bool) -> None:
        if folder not in self._watches:
            return
        if uris:
            self._taken(uris, made)
        if rescan:
            self._lost(folder)

    def _end(self, watch: Watch) -> None:
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(watch.close))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
