"""Files that change, are renamed or vanish outside of us: the client's events, or those of our own watcher.

The index of the code hears of all of them. For the hunks only files with hunks matter, and those are looked at now and
then as well. Everything that happened within a moment is one batch: a branch switch is seen as a whole, so that a file
which is gone here and has come there with the same text is one that moved.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types

from signoff.core import paths
from signoff.core.text import digest
from signoff.lsp.folder_watching import FolderWatching, Start, client_watches
from signoff.lsp.spelling import folded

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer
    from signoff.lsp.spelling import Spelling
    from signoff.runtime.manager import Manager

log = logging.getLogger(__name__)

MOMENT_SECONDS = 0.1
"""How long events are collected: an editor tells of one checkout, or of one renaming, in several messages."""
LOOK_SECONDS = 2.0
"""How often files with hunks are looked at: many editors report no events, and none reports all."""
AT_ONCE = 50
"""Names that are handled before other messages get their turn."""
MOST_COMPARED = 50
"""New files whose text is compared with that of one which is gone."""

Signature = tuple[int, int, int] | None


class Watching:
    """Tells the hunks in files what becomes of those. `shown` is called for documents that may look different now,
    `touched` with all that changed, as whoever tells spells it, and `lost` with a folder where more changed than is
    told. `start` begins to watch a folder, for clients that do not."""

    def __init__(
        self,
        server: SignoffServer,
        spelling: Spelling,
        manager: Callable[[], Manager],
        shown: Callable[[str], None],
        touched: Callable[[Sequence[str]], None] = lambda uris: None,
        lost: Callable[[str], None] = lambda folder: None,
        start: Start | None = None,
    ) -> None:
        self._server, self._spelling, self._manager, self._shown = server, spelling, manager, shown
        self._tell_touched, self._tell_lost = touched, lost
        self._own = FolderWatching(start, self._take, self._lost)
        self._touched: list[str] = []
        self._made: list[str] = []
        self._seen: dict[str, Signature] = {}
        self._due: asyncio.TimerHandle | None = None
        self._look_due: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_batch = asyncio.Lock()
        self._initialized = self._asked = False

    def register(self) -> None:
        """Registers what the client may tell."""
        for method, handler in {
            types.INITIALIZED: self._begin,
            types.TEXT_DOCUMENT_DID_SAVE: self._saved,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: self._changed,
            types.WORKSPACE_DID_CREATE_FILES: self._created,
            types.WORKSPACE_DID_DELETE_FILES: self._deleted,
            types.WORKSPACE_DID_RENAME_FILES: self._renamed,
        }.items():
            self._server.serve(method, handler)

    async def close(self) -> None:
        """Forgets what was to be done."""
        for handle in (self._due, self._look_due):
            if handle is not None:
                handle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, self._own.close(), return_exceptions=True)

    def folder(self, folder: str, is_open: bool) -> None:
        """The folder (canonical URI) is open from now on, or not any more."""
        self._own.folder(folder, is_open)
        self.wanted()

    # What is asked of the client.

    def _begin(self, _: object) -> None:
        self._initialized = True
        self.wanted()

    def wanted(self) -> None:
        """To be called when there may be hunks: before there are any, no file is looked at."""
        hunks = bool(self._manager().documents.uris())
        if hunks and self._look_due is None:
            self._look_due = asyncio.get_running_loop().call_later(LOOK_SECONDS, lambda: self._spawn(self._look()))
        # Before the client says that it is ready, nothing may be asked of it.
        if self._initialized and not self._asked and (hunks or self._own.folders):
            self._asked = True
            self._spawn(self._ask())

    async def _ask(self) -> None:
        if not await client_watches(self._server):
            self._own.begin()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Following the files failed.", exc_info=error)

    # What the client tells.

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self._manager().documents.saved(self._spelling.document(params.text_document.uri))

    def _changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        made = types.FileChangeType.Created
        self._take([each.uri for each in params.changes], [each.uri for each in params.changes if each.type == made])

    def _created(self, params: types.CreateFilesParams) -> None:
        uris = [file.uri for file in params.files]
        self._take(uris, uris)

    def _deleted(self, params: types.DeleteFilesParams) -> None:
        self._take([file.uri for file in params.files], ())

    def _renamed(self, params: types.RenameFilesParams) -> None:
        for file in params.files:
            old = {self._spelling.document(file.old_uri), self._spelling.written(file.old_uri)}
            self._spelling.forget()
            self._rename(old, self._spelling.document(file.new_uri))

    def _rename(self, names: Iterable[str], to: str) -> None:
        documents = self._manager().documents
        before = documents.uris()
        for name in names:
            if name != to:
                documents.renamed(name, to)
        for uri in before ^ documents.uris():
            self._shown(uri)

    def _take(self, uris: Iterable[str], made: Iterable[str]) -> None:
        """Notes what happened. Most of it is about files without hunks, and costs no more than a look at its name."""
        uris = list(uris)
        self._tell_touched(uris)
        wanted = self._manager().documents.uris()
        names = {part for uri in wanted for part in folded(unquote(uri)).split("/")}
        self._touched += [uri for uri in uris if _last(uri) in names] if names else []
        self._made += made if names else ()
        if (self._touched or self._made) and self._due is None:
            self._due = asyncio.get_running_loop().call_later(MOMENT_SECONDS, self._go)

    # What comes of it.

    def _go(self) -> None:
        self._due = None
        self._spawn(self._batch())

    async def _batch(self) -> None:
        async with self._one_batch:
            touched, self._touched = self._touched, []
            made, self._made = self._made, []
            self._spelling.forget()
            concerned, folders = await self._concerned(touched)
            new = _Made(made, folders) if concerned else NOTHING_MADE
            for uri in sorted(concerned):
                await self._follow(uri, new)

    async def _concerned(self, touched: Iterable[str]) -> tuple[set[str], set[str]]:
        """The documents with hunks that are, or lie in, what was touched; and those folders."""
        inside: dict[str, set[str]] = {}
        for uri in self._manager().documents.uris():
            for above in _with_folders(uri):
                inside.setdefault(above, set()).add(uri)
        found: set[str] = set()
        folders: set[str] = set()
        for number, uri in enumerate(dict.fromkeys(touched)):
            for name in {self._spelling.document(uri), self._spelling.written(uri)} & inside.keys():
                found |= inside[name]
                folders |= {name} - inside[name]
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return found, folders

    async def _follow(self, uri: str, made: _Made) -> None:
        to = await self._moved_to(uri, made) if made.uris and _signature(uri) is None else None
        if to is not None:
            self._rename([uri], to)
        self._manager().documents.file_changed(to or uri)
        self._shown(to or uri)
        await asyncio.sleep(0)

    async def _moved_to(self, uri: str, made: _Made) -> str | None:
        """The one new file that has the text of a file that is gone; None when there is none, or more than one."""
        manager = self._manager()
        state = next((state for state in manager.live() if state.hunks_of(uri) and uri in state.bases), None)
        if state is None or manager.text(state.workspace, uri) is not None:
            return None
        # A file with hunks of its own was there before, however late its making is told.
        others = manager.documents.uris()
        for group in made.candidates(uri):
            found: set[str] = set()
            for name in {self._spelling.document(each) for each in group} - others:
                text = manager.text(state.workspace, name)
                if text and digest(text) == state.bases[uri]:
                    found.add(name)
                await asyncio.sleep(0)
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    # What nobody tells.

    def _lost(self, folder: str) -> None:
        self._tell_lost(folder)
        if self._look_due is not None:
            self._look_due.cancel()
            self._spawn(self._look())

    async def _look(self) -> None:
        uris = self._manager().documents.uris()
        signatures = await asyncio.to_thread(lambda: {uri: _signature(uri) for uri in uris})
        new = [uri for uri in uris if uri not in self._seen or self._seen[uri] != signatures[uri]]
        self._seen = signatures
        self._look_due = None
        self.wanted()
        async with self._one_batch:
            for uri in sorted(new):
                await self._follow(uri, NOTHING_MADE)


class _Made:
    """The files and folders that came into being in one batch.

    `folders` held hunks, and something was done to them: of a folder that moved, often only the folder is told of.
    """

    def __init__(self, uris: Iterable[str], folders: Iterable[str] = ()) -> None:
        self.uris, self._folders = tuple(dict.fromkeys(uris)), tuple(folders)
        self._by_name: dict[str, list[str]] = {}
        for uri in self.uris:
            self._by_name.setdefault(_last(uri), []).append(uri)

    def candidates(self, uri: str) -> Iterator[list[str]]:
        """What may be the file that was `uri`: first those of the same name, then all, unless there are too many."""
        yield self._by_name.get(_last(uri), [])[:MOST_COMPARED]
        if len(self.uris) <= MOST_COMPARED:
            rests = [uri[len(folder) :] for folder in self._folders if uri.startswith(folder + "/")]
            yield [*self.uris, *(each.rstrip("/") + rest for each in self.uris for rest in rests)]


NOTHING_MADE = _Made(())


def _signature(uri: str) -> Signature:
    """What changes when a file does; None when there is none."""
    try:
        found = os.lstat(paths.to_path(uri))
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _last(uri: str) -> str:
    return folded(unquote(uri.rstrip("/").rpartition("/")[2]))


def _with_folders(uri: str) -> Iterable[str]:
    """The URI and those of all folders around it."""
    while uri.count("/") > 3:
        yield uri
        uri = uri.rpartition("/")[0]
    yield uri
