"""Keeps the index of the code equal to what the editor shows: open folders, their trust, and unsaved texts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from signoff.core import paths
from signoff.core.fragments import Found, Query, Replaced
from signoff.core.text import Edit
from signoff.lsp.documents import Document

if TYPE_CHECKING:
    from signoff.lsp.editor import LspEditor

START_SECONDS = 1.0
"""How long after it was opened a folder is indexed: a command in the terminal that only asks is over by then."""
SOON_SECONDS = 0.02
"""How long typing in a document is collected before its text is handed on."""
LATER_SECONDS = 0.3
AT_ONCE = 100
"""Names that are handled before other messages get their turn."""
LARGE = 200_000
"""Characters from which on a text is handed on later."""


class Index(Protocol):
    """What the index is told; each call returns at once."""

    def opened(self, workspace: str, trusted: bool) -> None: ...
    def closed(self, workspace: str) -> None: ...
    async def find(self, workspace: str, query: Query) -> Found | str: ...
    async def still_used(
        self, workspace: str, parts: Sequence[Replaced]
    ) -> Mapping[str, Mapping[str, Sequence[str]]]: ...
    def changed(self, workspace: str, changed: Sequence[str] | None) -> None: ...
    def buffer(self, workspace: str, path: str, text: str | None) -> None: ...


class Indexing:
    """An observer of the document store.

    `trusted` tells of a folder whether programs may run in it, `tells` of a folder and a path whether a model may hear
    of the file. `heard` is told of the same touched files, under their canonical URIs. `wanted`: whether code is among
    the sources that the user lets a model have; if not, a folder is indexed only when somebody asks about it.
    """

    def __init__(
        self,
        index: Index,
        editor: LspEditor,
        trusted: Callable[[str], bool],
        heard: Callable[[Sequence[str]], None],
        tells: Callable[[str, str], bool],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._tells = tells
        self._wanted = wanted
        self._telling: dict[tuple[str, str], bool] = {}
        self._index, self._editor, self._trusted, self._heard = index, editor, trusted, heard
        self._folders: set[str] = set()
        self._coming: dict[str, asyncio.TimerHandle] = {}
        self._touched: deque[str] = deque()
        self._due: dict[str, asyncio.TimerHandle] = {}

    def folder(self, folder: str, is_open: bool) -> None:
        """The folder (canonical URI) is open from now on, or not any more."""
        if is_open:
            self._coming[folder] = asyncio.get_running_loop().call_later(START_SECONDS, self._begin_unasked, folder)
            return
        if (handle := self._coming.pop(folder, None)) is not None:
            handle.cancel()
        self._folders.discard(folder)
        self._index.closed(folder)

    async def find(self, workspace: str, query: Query) -> Found | str:
        """The index's answer. A folder that is not indexed yet is from now on."""
        if workspace not in self._folders:
            self._begin(workspace)
        return await self._index.find(workspace, query)

    async def still_used(self, workspace: str, parts: Sequence[Replaced]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """The index's answer; empty for a folder that is not indexed."""
        return await self._index.still_used(workspace, parts) if workspace in self._folders else {}

    def _begin_unasked(self, folder: str) -> None:
        if self._wanted():
            self._begin(folder)

    def _begin(self, folder: str) -> None:
        if (handle := self._coming.pop(folder, None)) is not None:
            handle.cancel()
        self._folders.add(folder)
        self._index.opened(folder, self._trusted(folder))
        for uri in self._editor.open_uris():
            self._hand_on(uri)

    def trusted(self, folder: str) -> None:
        """The user's trust in the folder changed."""
        if folder in self._folders:
            self._index.opened(folder, self._trusted(folder))

    def touched(self, uris: Iterable[str]) -> None:
        """Something happened to these files on disk, or may have. URIs are as the client spells them."""
        begun = bool(self._touched)
        self._touched.extend(uris)
        if self._touched and not begun:
            asyncio.get_running_loop().call_soon(self._some)

    def _some(self) -> None:
        """A branch switch names thousands of files: other messages get their turn in between."""
        some = [self._touched.popleft() for _ in range(min(AT_ONCE, len(self._touched)))]
        names = list(dict.fromkeys(map(self._editor.spelling.document, some)))
        self._heard(names)
        by_folder: dict[str, list[str]] = {}
        for uri in names:
            for folder in self._folders:
                if (path := paths.relative(folder, uri)) is not None:
                    by_folder.setdefault(folder, []).append(path)
        for folder, changed in by_folder.items():
            self._index.changed(folder, changed)
        if self._touched:
            asyncio.get_running_loop().call_soon(self._some)

    def opened(self, document: Document) -> None:
        """The client opened a document: its text is the truth from now on."""
        self._hand_on(self._name(document))

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """The client changed a document."""
        uri = self._name(document)
        if uri not in self._due:
            large = sum(len(edit.text) for edit in edits) > LARGE or document.line_count > LARGE // 40
            wait = LATER_SECONDS if large else SOON_SECONDS
            self._due[uri] = asyncio.get_running_loop().call_later(wait, self._hand_on, uri)

    def closed(self, document: Document) -> None:
        """The client closed a document: its file counts again, unless it is open under another name."""
        self._hand_on(self._name(document))
        self._telling.clear()

    def close(self) -> None:
        """Forgets what was to be handed on."""
        for handle in (*self._due.values(), *self._coming.values()):
            handle.cancel()
        self._due.clear()
        self._coming.clear()

    def _name(self, document: Document) -> str:
        return self._editor.spelling.document(document.uri)

    def _hand_on(self, uri: str) -> None:
        handle = self._due.pop(uri, None)
        if handle is not None:
            handle.cancel()
        for folder in self._folders:
            if (path := paths.relative(folder, uri)) is not None and self._tellable(folder, path):
                self._index.buffer(folder, path, self._editor.text(uri))

    def _tellable(self, folder: str, path: str) -> bool:
        """Asked once for each document while it is open: ignore files are read to find out."""
        known = self._telling.get((folder, path))
        if known is None:
            known = self._telling[folder, path] = self._tells(folder, path)
        return known
