"""The approve transaction: an approved edit goes into its document once, and only the document's text proves it.

Buffers change through the editor and are watched until the edit shows in the text; files that are not open are
replaced atomically. Nothing is ever tried a second time by itself: a late edit looks like a dropped one, and an
insertion would land twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from signoff.core.commands import AdoptLanding, Command, FinishLanding, RefuseLanding, StartLanding
from signoff.core.hunks import Hunk, Landing
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest, minimise, rebase
from signoff.runtime.anchors import Key
from signoff.runtime.land_files import land_whole, probe_whole
from signoff.runtime.ports import FileProblem
from signoff.runtime.workspace import Workspace

CONFIRM_SECONDS = 10.0
"""How long the editor may take to show an edit that it said it applied."""
MOVED_ON = "The text that it changes is not in the document any more."
NOT_SHOWN = (
    "The editor did not show the edit within 10 seconds. Look at the text, then approve again if it is not there."
)

Submit = Callable[[Command], Awaitable[object]]
StateOf = Callable[[], State]


@dataclass(slots=True, eq=False)
class Expected:
    """An edit that was handed to the editor: `left` are its parts that have not shown up in the text yet."""

    uri: str
    own: frozenset[Key]
    left: list[Edit]
    outcome: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    lost: bool = False
    """The user typed over a part: it can't be recognised any more."""
    adopt: Callable[[], None] | None = None
    """What to do when the edit shows after it was given up; None while it is waited for."""

    def seen(self, text: str, edits: Sequence[Edit]) -> bool:
        """Takes note of successive `edits` of `text`: whether they bring a part of the edit. Resolves `outcome` at the
        last one."""
        if self.lost or self.outcome.done():
            return False
        before = len(self.left)
        after = text
        for edit in edits:
            after = apply(after, [edit])
        try:
            whole = after == apply(text, self.left)
        except ValueError:
            # The document is another one, such as after it was closed and opened again.
            self.lost = True
            return False
        self.left = [] if whole else self.left
        for raw in edits if self.left else ():
            self._seen_one(text, raw)
            text = apply(text, [raw])
        if not self.left and not self.lost:
            self.outcome.set_result(None)
        return len(self.left) < before

    def _seen_one(self, text: str, raw: Edit) -> None:
        edit = minimise(text, raw)
        mine = next((part for part in self.left if minimise(text, part) == edit), None)
        rest = [part for part in self.left if part is not mine]
        moved = [rebase(part, edit) for part in rest]
        self.lost = self.lost or None in moved
        self.left = [part for part in moved if part is not None]


class Landings:
    """Brings approved hunks into the documents of one workspace, one edit at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._expected: list[Expected] = []
        self._unanswered: set[asyncio.Future[str | None]] = set()
        self._late: set[asyncio.Future[object]] = set()

    def own(self, uri: str, text: str, edits: Sequence[Edit]) -> frozenset[Key]:
        """The hunks whose own landing this change of the document is; takes note of it."""
        own: frozenset[Key] = frozenset()
        for expected in [one for one in self._expected if one.uri == uri]:
            if expected.seen(text, edits):
                own |= expected.own
            if expected.outcome.done() and expected.adopt:
                self._expected.remove(expected)
                # Only when every hunk has followed the change is it known where they stand.
                asyncio.get_running_loop().call_soon(expected.adopt)
        return own

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
        edits: list[Edit] = []
        lost: list[str] = []
        for hunk in hunks:
            start = self._workspace.anchors.found(session, hunk)
            if start is None:
                lost.append(hunk.id)
                continue
            here, there = (hunk.before, hunk.after) if landing.kind == "apply" else (hunk.after, hunk.before)
            edits.append(Edit(start, start + len(here), there))
            if text[start : start + len(here)] != here:
                lost.append(hunk.id)
        if lost:
            stale = tuple(lost) if landing.kind == "apply" else ()
            return RefuseLanding(landing.id, MOVED_ON, stale)
        return sorted(edits, key=lambda edit: (edit.start, edit.end))

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
            return edits or RefuseLanding(landing.id, "The document was closed.")
        own = frozenset((session, hunk.id) for hunk in hunks)
        expected = Expected(landing.uri, own, list(edits))
        self._expected = [one for one in self._expected if not one.own & own] + [expected]
        reason: str | None = None
        try:
            label = f"Signoff: {'undo' if landing.kind == 'undo' else 'apply'} {len(hunks)} hunk(s)"
            reason = await self._shown(expected, editor.apply(label, {landing.uri: edits}))
        finally:
            if reason != NOT_SHOWN:
                self._expected.remove(expected)
        if reason is None:
            return self._finished(session, landing, editor.text(landing.uri) or "")
        expected.adopt = partial(self._adopt, session, landing, submit)
        return RefuseLanding(landing.id, reason)

    def _adopt(self, session: str, landing: Landing, submit: Submit) -> None:
        """An edit that was given up is in the text after all."""
        text = self._workspace.editor.text(landing.uri)
        if text is None:
            return
        anchors = self._workspace.anchors
        anchors.landed(session, landing.uri, landing.hunks)
        starts = anchors.starts(session, landing.uri)
        late = AdoptLanding(landing.uri, landing.hunks, landing.kind, digest(text), starts)
        task = asyncio.ensure_future(submit(late))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _shown(self, expected: Expected, applying: Coroutine[Any, Any, str | None]) -> str | None:
        """None once the document's text shows the edit, whatever the editor says; else why it was given up."""
        answer = asyncio.ensure_future(applying)
        # An editor that answers late, or never, is not waited for; its answer proves nothing anyway.
        self._unanswered.add(answer)
        answer.add_done_callback(self._unanswered.discard)
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.wait({answer, expected.outcome}, return_when=asyncio.FIRST_COMPLETED)
                if not expected.outcome.done() and (refusal := answer.result()) is not None:
                    return f"The editor refused the edit: {refusal}"
                # The text may show the edit before or after the editor's answer, or without one.
                await asyncio.shield(expected.outcome)
        except TimeoutError:
            return NOT_SHOWN
        return None

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
        own = frozenset((session, hunk.id) for hunk in hunks)
        # One after the other, from the end: then each position still counts in the text that the next edit meets.
        workspace.changed(landing.uri, text, edits[::-1], own)
        return self._finished(session, landing, after)

    def _finished(self, session: str, landing: Landing, text: str) -> FinishLanding:
        anchors = self._workspace.anchors
        anchors.landed(session, landing.uri, landing.hunks)
        return FinishLanding(landing.id, digest(text), anchors.starts(session, landing.uri))

    async def probe(self, state: State, landing: Landing) -> Command:
        """After a kill in mid-landing: did it land? Equal digests answer; anything else is the user's to look at."""
        async with self._workspace.landing:
            hunk = state.hunks[landing.hunks[0]]
            if hunk.kind != "update":
                return probe_whole(self._workspace, landing, hunk)
            text = self._workspace.text(landing.uri)
            found = digest(text) if text is not None else ""
            if text is not None and found == landing.after_digest:
                return self._landed_before(state, landing, text)
            in_editor = landing.channel == "buffer" and self._workspace.editor.text(landing.uri) is None
            if found == landing.before_digest and not in_editor:
                return RefuseLanding(landing.id, "The server stopped before the edit was made. Approve it again.")
            stale = landing.hunks if landing.kind == "apply" else ()
            return RefuseLanding(landing.id, "The server stopped while the edit was made; look at the text.", stale)

    def _landed_before(self, state: State, landing: Landing, text: str) -> FinishLanding:
        """Positions in a text whose edits landed: every hunk of the document moves by what landed before it."""
        moved: list[tuple[str, int]] = []
        hunks = state.hunks_of(landing.uri)
        for hunk in hunks:
            before = [h for h in hunks if h.id in landing.hunks and h.start < hunk.start]
            grown = sum(len(h.after) - len(h.before) for h in before)
            moved.append((hunk.id, hunk.start + (grown if landing.kind == "apply" else -grown)))
        return FinishLanding(landing.id, digest(text), tuple(moved))
