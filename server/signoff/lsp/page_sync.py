"""One session document, kept up to date where it is: in the editor's buffer, else in the file. What the user writes in
it always wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from signoff.core.files import FileProblem
from signoff.core.page import Rendering
from signoff.core.page_arrival import Arrival
from signoff.core.page_merge import edits, merged
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.core.view import phase, waiting_for
from signoff.lsp.page_files import text_of, write
from signoff.runtime.ports import Files


class Buffers(Protocol):
    """The editor's buffers that can be edited."""

    def text(self, uri: str) -> str | None:
        """The buffer; None when the document is not open, or can't be edited from here."""
        ...

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[Any, Any, str | None]:
        """Asks for the edits; a reason when they were refused."""
        ...


DEBOUNCE_SECONDS = 0.2
REST_SECONDS = 1.0
"""How long the user must not have typed in the document before it changes under their hands."""
WRITE_SECONDS = 1.0
"""The file is rewritten at most once in this time."""
CONFIRM_SECONDS = 10.0
"""How long the editor may take to show an edit that it did not refuse."""
MOST_UNSURE = 4


@dataclass(slots=True, eq=False)
class _Sent:
    """A rendering on its way into the buffer `text`; `over` is set when it landed or got lost."""

    rendering: Rendering
    text: str
    arrival: Arrival
    over: asyncio.Event


class PageSync:
    """Brings the renderings of one session into its document at `uri` (canonical), which is `path` in `files`.

    `render` gives the document of the state. `shown` is the rendering that the text comes from for certain.
    """

    def __init__(
        self, uri: str, path: str, files: Files, buffers: Buffers, state: State, render: Callable[[State], Rendering]
    ) -> None:
        self.uri, self.path, self.state = uri, path, state
        self.shown: Rendering | None = None
        self._unsure: list[Rendering] = []
        # A text and the renderings that it comes from: the file as we wrote it, the file as it is being written, the
        # buffer as it was closed.
        self._file: tuple[str, list[Rendering]] | None = None
        self._next: tuple[str, list[Rendering]] | None = None
        self._left: tuple[str, list[Rendering]] | None = None
        self._files, self._buffers, self._render = files, buffers, render
        self._before = buffers.text(uri)
        self._typed = -REST_SECONDS
        # After a restart the client may be about to open the document: its file is left alone until then.
        self._written = asyncio.get_running_loop().time()
        self._stale = True
        self._dropped: Rendering | None = None
        self._refused = ""
        self._sent: _Sent | None = None
        self._due: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._file_task: asyncio.Task[FileProblem | None] | None = None
        self._answers: set[asyncio.Future[str | None]] = set()

    @property
    def plan(self) -> str | None:
        """The id of the plan that the document shows for certain."""
        plan = self.shown.state.plan if self.shown else None
        return plan.id if plan else None

    @property
    def _olds(self) -> list[Rendering]:
        """The renderings that the text may come from."""
        return [self.shown, *self._unsure] if self.shown else []

    def session_changed(self, state: State) -> None:
        """The session is not what it was."""
        self.state, self._stale, self._refused = state, True, ""
        self._soon(DEBOUNCE_SECONDS)

    def opened(self) -> None:
        """The client opened the document: its buffer is what counts, whatever is on its way into the file."""
        text = self._buffers.text(self.uri)
        if text is not None and text != self._before:
            self._comes_from(text)
        self._before, self._stale, self._refused = text, True, ""
        self._soon(0)

    def changed(self, changes: Sequence[Edit]) -> None:
        """The buffer changed, by the user's hand or by ours."""
        sent, before = self._sent, self._before
        self._before = self._buffers.text(self.uri)
        if sent is None or before is None or not sent.arrival.seen(before, changes):
            self._typed = asyncio.get_running_loop().time()
        if sent is not None and sent.arrival.whole:
            self._is(sent.rendering)
            sent.over.set()
            self._soon(DEBOUNCE_SECONDS)
        elif sent is not None and sent.arrival.lost:
            self._give_up()
            sent.over.set()
            self._stale = True
        if self._stale:
            self._soon(REST_SECONDS)

    def closed(self) -> None:
        """The client closed the document: from now on it is the file."""
        self._give_up()
        self._left = (self._before or "", self._olds)
        self._before, self._stale = None, True
        self._soon(DEBOUNCE_SECONDS)

    async def close(self) -> None:
        """Stops following, after the file has what it is to have."""
        if self._task is not None:
            self._task.cancel()
        async with self._writing:
            pass
        if self._wanted and self._buffers.text(self.uri) is None:
            await self.write_file(make=False)
        if self._due is not None:
            self._due.cancel()

    async def write_file(self, make: bool = True) -> FileProblem | None:
        """Writes the document's file, whatever the session is doing; why that is impossible, if it is. A file that is
        not there is only made if `make` says so.

        The disk is waited for in threads, and one writing for the other, so that the last one counts.
        """
        async with self._writing:
            text = await asyncio.to_thread(text_of, self._files, self.path)
            if isinstance(text, FileProblem):
                return text
            if (text is None and not make) or self._buffers.text(self.uri) is not None:
                return None
            new, left, self._stale = self._render(self.state), self._left, False
            self._comes_from(text or "")
            wanted = new.text if text is None else merged(self._olds, text, new)
            self._next = (wanted, [new])
            problem = await asyncio.to_thread(write, self._files, self.path, wanted, text)
            self._file, self._next = (self._file if problem else self._next), None
            # The document may have been opened, and even closed again, while it was written.
            if problem is None and self._before is None and self._left is left:
                self._is(new)
                self._left = None
            self._written = asyncio.get_running_loop().time()
            if self._stale:
                self._soon(0)
            self._stale = self._stale or problem is not None
            return problem

    def _soon(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._due is None or self._due.when() > loop.time() + seconds or self._due.cancelled():
            if self._due is not None:
                self._due.cancel()
            self._due = loop.call_later(seconds, self._update)

    def _update(self) -> None:
        self._due = None
        if self._buffers.text(self.uri) is not None:
            self._update_buffer()
        else:
            self._update_file()

    @property
    def _wanted(self) -> bool:
        """Whether the file is to be another one: not while the agent works, which changes it all the time."""
        at_rest = phase(self.state) not in ("planning", "working", "checking") or bool(waiting_for(self.state))
        return self._stale and at_rest

    def _update_file(self) -> None:
        left = self._written + WRITE_SECONDS - asyncio.get_running_loop().time()
        # After the writing that is going on it is asked again.
        if not self._wanted or self._writing.locked():
            return
        if left > 0:
            self._soon(left)
        else:
            self._file_task = asyncio.ensure_future(self.write_file(make=False))

    def _update_buffer(self) -> None:
        left = self._typed + REST_SECONDS - asyncio.get_running_loop().time()
        text = self._buffers.text(self.uri)
        if not self._stale or self._sent is not None or text is None:
            return
        if left > 0:
            self._soon(left)
            return
        self._stale = False
        new = self._render(self.state)
        if (self._dropped and new.text == self._dropped.text) or self._refused == text:
            self._stale = self._refused == text
            return
        wanted = merged(self._olds, text, new)
        if wanted == text:
            self._is(new)
            return
        self._send(new, text, edits(text, wanted))

    def _send(self, new: Rendering, text: str, changes: Sequence[Edit]) -> None:
        sent = _Sent(new, text, Arrival(changes), asyncio.Event())
        self._sent, self._refused, self._dropped = sent, "", None
        # Asked for at once: the places of the edits are those of the text as it is right now.
        answer = asyncio.ensure_future(self._buffers.apply("Signoff: session document", {self.uri: changes}))
        # An answer that comes late, or never, is not waited for, and not taken back either.
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        self._task = asyncio.ensure_future(self._followed(sent, answer))

    async def _followed(self, sent: _Sent, answer: asyncio.Future[str | None]) -> None:
        """Gives an edit up that the editor refuses or does not show; only the text proves that it is there."""
        over = asyncio.ensure_future(sent.over.wait())
        try:
            await asyncio.wait({answer, over}, timeout=CONFIRM_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            refused = answer.done() and answer.result() is not None
            if not refused:
                await asyncio.wait({over}, timeout=CONFIRM_SECONDS)
        finally:
            over.cancel()
        if self._sent is sent:
            self._give_up()
            # A refused edit is tried again when the text is another one: mostly the user typed at the same moment.
            self._refused = sent.text if refused else ""
            self._dropped = None if refused else sent.rendering
            self._stale = self._stale or refused
            self._soon(0)

    def _comes_from(self, text: str) -> None:
        """Finds out which rendering the text of the file, or of a buffer that was just opened, comes from.

        The user may have saved what they had open, or not. A file that was not open since we wrote it was edited
        elsewhere; what else is unknown is treated with care.
        """
        found: list[Rendering] = []
        if self._next and text == self._next[0]:
            found = self._next[1]
        elif self._left and text == self._left[0]:
            found = self._left[1]
        elif self._file and (text == self._file[0] or self._left is None):
            found = self._file[1]
        self.shown, self._unsure, self._sent = (found[0] if found else None), found[1:], None

    def _is(self, rendering: Rendering) -> None:
        """The text shows the rendering for certain; the user's undo may bring parts of earlier ones back."""
        self.shown, self._unsure, self._sent = rendering, self._olds[:MOST_UNSURE], None

    def _give_up(self) -> None:
        """What is on its way into the buffer may show sooner or later, or never."""
        if self._sent is not None:
            self._unsure = [*self._unsure, self._sent.rendering][-MOST_UNSURE:]
        self._sent = None
