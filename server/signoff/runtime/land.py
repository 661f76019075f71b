"""The approve transaction: an approved edit goes into its document once, and only the document's text proves it.

Buffers change through the editor and are watched until the edit shows in the text; files that are not open are
replaced atomically. Nothing is ever tried a second time by itself: a late edit looks like a dropped one, and an
insertion would land twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from signoff.core.commands import Command, FinishLanding, RefuseLanding, StartLanding
from signoff.core.hunks import Hunk, Landing
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest
from signoff.runtime.anchors import Key
from signoff.runtime.finding import beside
from signoff.runtime.following import GONE
from signoff.runtime.land_files import land_whole, probe_whole
from signoff.runtime.marks import STALE
from signoff.runtime.ports import FileProblem
from signoff.runtime.workspace import Workspace

CONFIRM_SECONDS = 10.0
"""How long the editor may take to show an edit that it said it applied."""
CHANGED = "The text under it changed before the edit could be made. Look at the hunk again."
NOT_SHOWN = (
    "The editor did not show the edit within 10 seconds. Look at the text, then approve again if it is not there."
)

CLOSED = "The document was closed before it showed the edit. Open it, look at the text, and approve again."
CROSSING = "Some of these hunks change the same lines. Approve one of them by itself."

Submit = Callable[[Command], Awaitable[object]]
StateOf = Callable[[], State]


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """An edit that was handed to the editor; `shown` is None once the text has all of it, or why it never will."""

    uri: str
    keys: tuple[Key, ...]
    shown: asyncio.Future[str | None]


class Landings:
    """Brings approved hunks into the documents of one workspace, one edit at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._expected: Expected | None = None
        self._unanswered: set[asyncio.Future[str | None]] = set()

    def document_changed(self) -> None:
        """A document's hunks have followed a change: perhaps it was the edit that is waited for."""
        expected = self._expected
        if expected and not expected.shown.done() and self._workspace.anchors.arrived(expected.keys):
            expected.shown.set_result(None)

    def document_closed(self, uri: str) -> None:
        """The editor does not have the document any more, and its hunks have followed: no edit will show in it."""
        expected = self._expected
        if expected and expected.uri == uri and not expected.shown.done():
            expected.shown.set_result(CLOSED)

    async def land(self, state_of: StateOf, landing: Landing, submit: Submit) -> Command:
        """Carries the landing out and returns what came of it."""
        async with self._workspace.landing:
            hunks = [state_of().hunks[i] for i in landing.hunks]
            if hunks[0].kind != "update":
                return await land_whole(self._workspace, landing, hunks[0], submit)
            if self._workspace.editor.text(landing.uri) is not None:
                return await self._in_buffer(state_of, landing, hunks, submit)
            return await self._on_disk(state_of, landing, hunks, submit)

    def _edits(self, session: str, landing: Landing, hunks: Sequence[Hunk], text: str) -> list[Edit] | RefuseLanding:
        """The landing's edits at the hunks' live positions; refused when the expected text is not there."""
        self._workspace.sync(landing.uri, text)
        self._workspace.settle(landing.uri, text)
        edits: list[Edit] = []
        for hunk in hunks:
            start = self._workspace.anchors.found(session, hunk, inside=landing.kind == "undo")
            here, there = (hunk.before, hunk.after) if landing.kind == "apply" else (hunk.after, hunk.before)
            if start is None or text[start : start + len(here)] != here:
                return RefuseLanding(landing.id, CHANGED)
            if not here and not beside(hunk, text, start, start):
                # No text proves a place: an insertion needs one of the lines that it was made for.
                self._workspace.anchors.doubted(session, hunk)
                return RefuseLanding(landing.id, STALE, (hunk.id,) if landing.kind == "apply" else ())
            edits.append(Edit(start, start + len(here), there))
        edits.sort(key=lambda edit: (edit.start, edit.end))
        # One that was stale may fit again where another one was proposed since.
        crossing = any(one.end > other.start for one, other in pairwise(edits))
        return RefuseLanding(landing.id, CROSSING) if crossing else edits

    async def _in_buffer(self, state_of: StateOf, landing: Landing, hunks: Sequence[Hunk], submit: Submit) -> Command:
        session, editor = state_of().session, self._workspace.editor
        text = editor.text(landing.uri) or ""
        edits = self._edits(session, landing, hunks, text)
        if isinstance(edits, RefuseLanding):
            return edits
        await submit(StartLanding(landing.id, "buffer", digest(text), digest(apply(text, edits))))
        # The user may have typed while the intent was being stored: the edit must fit the text of this moment.
        text = editor.text(landing.uri)
        edits = self._edits(session, landing, hunks, text) if text is not None else None
        if edits is None or isinstance(edits, RefuseLanding):
            return edits or RefuseLanding(landing.id, CLOSED)
        label = f"Signoff: {'undo' if landing.kind == 'undo' else 'apply'} {len(hunks)} hunk(s)"
        reason = await self._sent(session, landing, label, edits)
        if reason is not None and self._workspace.text(landing.uri) is None:
            return RefuseLanding(landing.id, GONE, landing.hunks if landing.kind == "apply" else ())
        if reason is not None:
            return RefuseLanding(landing.id, reason)
        return self._finished(session, landing, self._workspace.text(landing.uri) or "")

    async def _sent(self, session: str, landing: Landing, label: str, edits: Sequence[Edit]) -> str | None:
        """Hands the edit to the editor and waits until the document shows it; else why it was given up.

        An edit that was given up may show later: the hunk has been tried, so that its anchor recognises it.
        """
        anchors, uri = self._workspace.anchors, landing.uri
        keys = tuple((session, hunk) for hunk in landing.hunks)
        self._expected = Expected(uri, keys, asyncio.get_running_loop().create_future())
        anchors.wait_for(keys, landing.kind == "apply")
        try:
            return await self._shown(self._expected, self._workspace.editor.apply(label, {uri: edits}))
        finally:
            self._expected = None
            anchors.wait_for(keys, None)

    async def _shown(self, expected: Expected, applying: Coroutine[Any, Any, str | None]) -> str | None:
        """None once the document's text shows the edit, whatever the editor says; else why it was given up."""
        answer = asyncio.ensure_future(applying)
        # An editor that answers late, or never, is not waited for; its answer proves nothing anyway.
        self._unanswered.add(answer)
        answer.add_done_callback(self._unanswered.discard)
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.wait({answer, expected.shown}, return_when=asyncio.FIRST_COMPLETED)
                if not expected.shown.done() and (refusal := answer.result()) is not None:
                    return f"The editor refused the edit: {refusal}"
                # The text may show the edit before or after the editor's answer, or without one.
                return await asyncio.shield(expected.shown)
        except TimeoutError:
            return NOT_SHOWN

    async def _on_disk(self, state_of: StateOf, landing: Landing, hunks: Sequence[Hunk], submit: Submit) -> Command:
        session, workspace = state_of().session, self._workspace
        text = workspace.document(landing.uri)
        if isinstance(text, FileProblem):
            return RefuseLanding(landing.id, text.message)
        edits = self._edits(session, landing, hunks, text)
        if isinstance(edits, RefuseLanding):
            return edits
        after = apply(text, edits)
        await submit(StartLanding(landing.id, "disk", digest(text), digest(after)))
        if workspace.editor.text(landing.uri) is not None:
            return RefuseLanding(landing.id, "The file was opened in the editor just now. Approve it again.")
        problem = workspace.files.write(workspace.path_of(landing.uri) or "", after, digest(text))
        if problem is not None:
            return RefuseLanding(landing.id, problem.message)
        keys = tuple((session, hunk) for hunk in landing.hunks)
        workspace.anchors.wait_for(keys, landing.kind == "apply")
        # One after the other, from the end: then each position still counts in the text that the next edit meets.
        workspace.changed(landing.uri, text, edits[::-1])
        workspace.anchors.wait_for(keys, None)
        workspace.settle(landing.uri, after)
        return self._finished(session, landing, after)

    def _finished(self, session: str, landing: Landing, text: str) -> FinishLanding:
        return FinishLanding(landing.id, digest(text), self._workspace.anchors.starts(session, landing.uri))

    async def probe(self, state: State, landing: Landing) -> Command:
        """After a kill in mid-landing: did it land? Equal digests answer; else the hunks' own places will tell."""
        async with self._workspace.landing:
            hunk = state.hunks[landing.hunks[0]]
            if hunk.kind != "update":
                return probe_whole(self._workspace, landing, hunk)
            text = self._workspace.text(landing.uri)
            if text is not None and digest(text) == landing.after_digest:
                return self._landed_before(state, landing, text)
            return RefuseLanding(landing.id, "The server stopped while the edit was made. Look at the text first.")

    def _landed_before(self, state: State, landing: Landing, text: str) -> FinishLanding:
        """Positions in a text whose edits landed: every hunk of the document moves by what landed before it."""
        moved: list[tuple[str, int]] = []
        hunks = state.hunks_of(landing.uri)
        for hunk in hunks:
            before = [h for h in hunks if h.id in landing.hunks and h.start < hunk.start]
            grown = sum(len(h.after) - len(h.before) for h in before)
            moved.append((hunk.id, hunk.start + (grown if landing.kind == "apply" else -grown)))
        return FinishLanding(landing.id, digest(text), tuple(moved))
