"""Drafts of tasks: the documents in which users without a text box write a goal. They go when they served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core import paths
from signoff.core import protocol as p
from signoff.core.files import FileProblem
from signoff.core.page_draft import Draft, read, render, spent
from signoff.core.visible import line
from signoff.lsp import page_review
from signoff.lsp.page_files import is_draft, new_draft, place_of, remove_draft, uri_of
from signoff.lsp.starting import REFACTOR

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk

MOST_LINES = 999_999_998
CLOSED_SECONDS = 1.0
"""Some editors close a document and open it again at once, to load it anew."""


def _lines(span: p.Range) -> tuple[int, int]:
    """The first and the last line of a range, counted from 1; the line at whose start it ends is none of it."""
    first, last = (max(0, min(position.line, MOST_LINES)) + 1 for position in (span.start, span.end))
    return first, max(first, last - (span.end.character == 0 and last > first))


class Drafts:
    """All drafts of one client. A draft without words of the user's that no task was started with is removed once its
    document is closed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._closing: dict[str, asyncio.Task[None]] = {}

    async def begin(self, asked: p.DraftTask) -> p.Shown | p.Refusal:
        """Opens a new draft for a task at the place."""
        workspace = self._desk.workspace(asked.workspace, asked.uri)
        if not isinstance(workspace, str):
            return p.Refusal(workspace.reason)
        if workspace not in self._desk.folders():
            return p.Refusal(f"{line(workspace)} is not open in this editor. Open it as a folder first.")
        uri = self._desk.normal(asked.uri) if asked.uri else None
        path = paths.relative(workspace, uri) if uri else None
        first, last = _lines(asked.range) if asked.range and path else (None, None)
        text = render(Draft(asked.text or "", path, first, last))
        taken = frozenset(self._desk.editor.open_uris())
        files = self._desk.manager.files(workspace)
        name = await asyncio.to_thread(new_draft, files, text, lambda path: uri_of(workspace, path) in taken)
        return p.Refusal(name.message) if isinstance(name, FileProblem) else self._desk.show(uri_of(workspace, name))

    def closed(self, uri: str) -> None:
        """The client closed a draft (canonical URI)."""
        if uri not in self._closing:
            self._closing[uri] = asyncio.ensure_future(self._closed(uri))

    async def close(self) -> None:
        """The editor leaves, and closes what it has open."""
        for task in self._closing.values():
            task.cancel()
        await asyncio.gather(*self._closing.values(), return_exceptions=True)
        drafts = [uri for uri in self._desk.editor.open_uris() if self._is_draft(uri)]
        await asyncio.gather(*(self._remove(uri) for uri in {*drafts, *self._closing}))

    def actions(self, uri: str, workspace: str) -> list[types.CodeAction] | None:
        """What can be done in a draft; None when it says nothing at all."""
        text = self._desk.editor.text(uri)
        draft = read(text) if text is not None and workspace in self._desk.folders() else None
        if not isinstance(draft, Draft):
            return [] if draft else None
        at = self._desk.spelled(uri_of(workspace, draft.path)) if draft.path else None
        return page_review.on_draft(draft, self._desk.editor.spelling.spelled(workspace), at)

    async def _closed(self, uri: str) -> None:
        await asyncio.sleep(CLOSED_SECONDS)
        if self._desk.editor.document(uri) is None:
            await self._remove(uri)
        del self._closing[uri]

    def _is_draft(self, uri: str) -> bool:
        place = place_of(uri)
        return place is not None and is_draft(place[1])

    async def _remove(self, uri: str) -> None:
        """Removes the draft's file if nothing in it, or in its buffer, would be lost."""
        place = place_of(uri)
        if place is None or place[0] not in self._desk.folders():
            return
        goals = {state.goal.strip() for state in self._desk.manager.live() if state.workspace == place[0]}
        used = frozenset({"", REFACTOR.strip(), *goals})
        text = self._desk.editor.text(uri)
        if text is None or spent(text, used):
            await asyncio.to_thread(remove_draft, self._desk.manager.files(place[0]), place[1], used)
