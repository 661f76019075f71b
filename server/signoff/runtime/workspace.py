"""One workspace as sessions see it: pending hunks over open buffers over the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from posixpath import normpath

from signoff.core import paths
from signoff.core.commands import Command
from signoff.core.hunks import Base, Hunk
from signoff.core.proposals import pending, projected
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.runtime.anchors import NOBODY, Anchors, Key, Told
from signoff.runtime.ports import Editor, FileProblem, Files, Git

Tell = Callable[[Sequence[Told]], None]
"""Brings what became of hunks to their sessions; nothing is told with an empty list."""


class Workspace:
    """The documents of the folder `uri`. `git` gives None in an untrusted workspace: no subprocess runs there."""

    def __init__(self, uri: str, editor: Editor, files: Files, git: Callable[[], Git | None], tell: Tell) -> None:
        self.uri = paths.normal(uri)
        self.editor, self.files = editor, files
        self.anchors = Anchors()
        self.landing = asyncio.Lock()
        """Held by the one edit that is on its way into a document of this workspace."""
        self._git, self._tell = git, tell

    @property
    def git(self) -> Git | None:
        """What git knows, in a trusted workspace."""
        return self._git()

    def uri_of(self, path: str) -> str:
        """The document's URI."""
        return paths.join(self.uri, path)

    def path_of(self, uri: str) -> str | None:
        """The document's path in the workspace; None when it lies outside."""
        return paths.relative(self.uri, uri)

    def named(self, path: str) -> str:
        """The one path of a file that a model may name in several ways; as it is where it is none in the workspace."""
        if normpath(path) != path or path.startswith("/"):
            return path
        return self.path_of(self.editor.named(self.uri_of(path))) or path

    def document(self, uri: str) -> str | FileProblem:
        """The document as it is now: the open buffer, else the file."""
        text = self.editor.text(uri)
        if text is not None:
            return text
        path = self.path_of(uri)
        if path is None:
            return FileProblem("outside", f"{uri} is outside the workspace.")
        return self.files.read(path)

    def text(self, uri: str) -> str | None:
        """The document's text; None when there is none to be had."""
        found = self.document(uri)
        return found if isinstance(found, str) else None

    def base(self, state: State, uri: str) -> Base:
        """The document without pending hunks, with the live positions of the session's hunks in it."""
        text = self.text(uri)
        if text is not None:
            self.sync(uri, text)
        return Base(uri, text, self.anchors.starts(state.session, uri))

    def sync(self, uri: str, text: str) -> None:
        """The document's hunks stand where they do in `text`, the document as it is now."""
        self._tell(self.anchors.sync(paths.normal(uri), text))

    def settle(self, uri: str, text: str) -> None:
        """Typing in the document, which is `text`, rests for now: it is decided what became of the hunks under it."""
        self._tell(self.anchors.settle(paths.normal(uri), text))

    def frozen(self) -> Workspace:
        """The workspace of this moment for a thread: buffers and positions as they are, files read when asked."""
        texts = {uri: text for uri in self.editor.open_uris() if (text := self.editor.text(uri)) is not None}
        made = Workspace(self.uri, _Buffers(texts, self.editor), self.files, self._git, self._tell)
        made.anchors = self.anchors.copy()
        return made

    def renamed_to(self, state: State, uri: str) -> Hunk | None:
        """The session's pending hunk that gives a file this name."""
        return next(
            (h for h in state.open_hunks if h.status == "pending" and h.kind == "rename" and h.to_uri == uri), None
        )

    def seen(self, state: State, path: str) -> str | FileProblem | None:
        """The file as the session's model sees it, with its own pending hunks applied; None when it would be gone."""
        uri = self.uri_of(path)
        renamed = self.renamed_to(state, uri)
        if renamed is not None:
            return renamed.after
        found = self.document(uri)
        text = found if isinstance(found, str) else None
        base = Base(uri, text, self.anchors.starts(state.session, uri))
        waiting = pending(state, base)
        if not waiting:
            return found
        return projected(text, waiting)

    def changed(self, uri: str, before: str, edits: Sequence[Edit], own: frozenset[Key] = NOBODY) -> None:
        """The document changed by successive `edits`: every session's hunks follow and hear what became of them."""
        name = paths.normal(uri)
        if name in self.anchors:
            self._tell(self.anchors.observe(name, before, edits, own))

    def follow(self, state: State) -> None:
        """Takes up the hunks that the session has now; one that can't be found in its document is told stale."""
        told: list[Told] = []

        def text_of(uri: str) -> str | None:
            text = self.text(uri)
            # A closed file may have changed unseen: hunks that stand in it already follow first.
            told.extend(self.anchors.sync(uri, text) if text is not None else ())
            return text

        followed = self.anchors.follow(state, text_of)
        for uri in self.anchors.unfiled():
            self.filed(uri, self.text(uri) or "")
        self._tell([*told, *followed])

    def filed(self, uri: str, text: str) -> None:
        """Remembers where hunks stand in the document, if its `text` is what is on disk: it may go back to that."""
        path = self.path_of(uri)
        same = path is not None and self.files.read(path) == text
        self.anchors.filed(uri, text if same else None)

    def heard(self, command: Command, state: State) -> None:
        """The session has heard what was told of its hunks, and is `state` now."""
        self.anchors.heard(state.session, command)
        self.follow(state)


class _Buffers:
    """The editor's buffers as they were at one moment."""

    def __init__(self, texts: Mapping[str, str], editor: Editor) -> None:
        self._texts = texts
        self.named, self.version, self.apply = editor.named, editor.version, editor.apply

    def text(self, uri: str) -> str | None:
        return self._texts.get(paths.normal(uri))

    def open_uris(self) -> tuple[str, ...]:
        return tuple(self._texts)
