"""All sessions of this server: opens them, routes commands and document changes to them, tells listeners of news."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from signoff.core import commands as c
from signoff.core import paths
from signoff.core.envelope import Event
from signoff.core.evolve import fold
from signoff.core.fragments import ContextView
from signoff.core.hunks import Hunk
from signoff.core.owed import owed
from signoff.core.policy import resumes_alone
from signoff.core.session import Config, Finding, Place
from signoff.core.state import State
from signoff.core.view import iso
from signoff.runtime.anchors import Told
from signoff.runtime.documents import Documents
from signoff.runtime.journal import Journal
from signoff.runtime.looking import tellable
from signoff.runtime.loop import SessionLoop
from signoff.runtime.memory import Memory
from signoff.runtime.perform import Performer
from signoff.runtime.places import Ports as Ports
from signoff.runtime.places import performer
from signoff.runtime.ports import FileProblem, Files, SessionRow, StoreError
from signoff.runtime.signals import Signals

log = logging.getLogger(__name__)

OTHERS = "This session is open in another window. Decide there, or close that window and resume the session here."
UNKNOWN = "There is no such session."


class Manager:
    """The sessions of one server process. Not thread-safe: everything happens on one event loop.

    `publish` hears of each change of a session that is open here, `found` of each that turns out to be `elsewhere`.
    """

    def __init__(
        self, ports: Ports, publish: Callable[[State], None], found: Callable[[State], None] = lambda state: None
    ) -> None:
        self._ports, self._publish, self._found = ports, publish, found
        self._journal = Journal(ports.store)
        self._places: dict[str, Performer] = {}
        self._loops: dict[str, SessionLoop] = {}
        self._read_only: dict[str, State] = {}
        # Sessions that another process had when this one wanted them, until the user resumes them here.
        self._elsewhere: set[str] = set()
        self._opening: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self.documents = Documents(self._places, self.live, self._tell)
        self.signals = Signals()
        self._memory = Memory(self._journal, ports.store)

    async def start(
        self,
        goal: str,
        workspace: str,
        config: Config,
        place: Place | None = None,
        findings: tuple[Finding, ...] = (),
        context: str = "",
    ) -> str | c.Refused:
        """Begins a session and returns its id. `context` is text that the user adds as it is."""
        uri = paths.normal(workspace)
        session = self._ports.clock.new_id("s")
        goal_text = f"{goal}\n\n{context}" if context else goal
        if not goal.strip():
            return c.Refused("Say what is to be done: the goal is empty.")
        if why := self._unusable(uri, place):
            return c.Refused(why)
        await self._ports.store.claim(session, uri, iso(self._ports.clock.now()))
        loop = self._loop(State(session), uri)
        self._loops[session] = loop
        made = await loop.submit(c.Start(goal_text, uri, config, place, findings))
        return made if isinstance(made, c.Refused) else session

    def _unusable(self, uri: str, place: Place | None) -> str | None:
        """Why there can be no session in the folder, or at the place."""
        if not uri.startswith("file:"):
            return (
                f"{uri} is no folder on this machine. Give `workspace` as a file URI, such as file:///home/me/project."
            )
        workspace = self._place(uri).workspace
        found = workspace.files.problem() or (workspace.document(place.uri) if place else None)
        return found.message if isinstance(found, FileProblem) else None

    async def submit(self, session: str, command: c.Command) -> list[Event] | c.Refused:
        """What the session says to the command. Opens the session if need be. Raises StoreError."""
        known = session in self._loops and session not in self._elsewhere
        loop = await self._open(session)
        made = loop if isinstance(loop, c.Refused) else await loop.submit(command)
        if isinstance(loop, SessionLoop) and isinstance(command, c.Resume) and not known and not loop.state.archived:
            # Another process had it until now: to have it here is what was asked for, also where nothing was stopped.
            self._elsewhere.discard(session)
            made = [] if isinstance(made, c.Refused) else made
        if isinstance(loop, SessionLoop) and isinstance(command, c.RejectHunks) and not isinstance(made, c.Refused):
            await self._place(loop.state.workspace).gatherer.learn(command.feedback)
        return made

    async def state(self, session: str) -> State | None:
        """The session as it is; from the journal when another process writes it."""
        opened = await self._open(session)
        if isinstance(opened, SessionLoop):
            return opened.state
        facts = await self._journal.read(session)
        return fold(session, facts) if facts else None

    async def states(self, workspace: str | None = None) -> list[State]:
        """All sessions (of one workspace), newest first; one whose log is damaged is left out, and logged."""
        rows = await self._ports.store.sessions(paths.normal(workspace) if workspace else None)
        found: list[State] = []
        for row in rows:
            try:
                state = await self._peek(row) if row.last_seq else None
            except StoreError as error:
                log.error("%s", error)
                continue
            found += [state] if state else []
        return found

    async def _peek(self, row: SessionRow) -> State | None:
        loop = self._loops.get(row.session)
        if loop is not None:
            return loop.state
        known = self._read_only.get(row.session)
        if known is None or known.seq != row.last_seq:
            known = fold(row.session, await self._journal.read(row.session))
            self._read_only[row.session] = known
        # Something is owed: either another process is at it, or one died over it and the session has to be opened.
        opened = await self._open(row.session) if owed(known) else None
        return opened.state if isinstance(opened, SessionLoop) else known

    def live(self) -> tuple[State, ...]:
        """The sessions that are open in this process."""
        return tuple(loop.state for loop in self._loops.values() if loop.state.seq)

    def trouble(self, session: str) -> str | None:
        """Why the session's log can't be written right now."""
        loop = self._loops.get(session)
        return loop.trouble if loop else None

    def elsewhere(self, session: str) -> bool:
        """Whether another process had the session when it was last tried for."""
        return session in self._elsewhere and session not in self._loops

    def session_of(self, hunk: str) -> str:
        """The session that a hunk, plan or landing id belongs to."""
        return hunk.rsplit(".", 1)[0]

    def start_of(self, state: State, hunk: Hunk) -> int:
        """Where the hunk stands now, in code points."""
        place = self._places.get(state.workspace)
        return place.workspace.anchors.start(state.session, hunk) if place else hunk.start

    def text(self, workspace: str, uri: str) -> str | None:
        """The document as it is now: the open buffer, else the file."""
        return self._place(workspace).workspace.text(uri)

    async def context(self, workspace: str, goal: str, budget: int | None, uri: str | None) -> ContextView | str:
        """What a session with that goal would be told first; why there can be none, in words."""
        key = paths.normal(workspace)
        return self._unusable(key, None) or await self._place(key).gatherer.view(goal, budget, uri)

    def tells(self, workspace: str, path: str) -> bool:
        """Whether models may hear of the file at all: by its name, and by the ignore files."""
        return tellable(path) and not self.files(workspace).hidden([path])

    def files(self, workspace: str) -> Files:
        """The files of the folder, whether a session works there or not."""
        return self._place(workspace).workspace.files

    def text_of_hunks(self, workspace: str, uri: str) -> str | None:
        """The text in which the document's hunks stand: no file is read again to show where that is."""
        place = self._place(workspace).workspace
        return place.anchors.text(paths.normal(uri)) or place.text(uri)

    async def open_workspace(self, workspace: str) -> bool:
        """Brings the workspace's unfinished sessions back; whether there is none that another process has.

        Those that cost money wait for the user, unless `auto_resume` lets them go on. Raises StoreError, at the end,
        for those whose log is damaged.
        """
        damaged: list[str] = []
        for row in await self._ports.store.sessions(paths.normal(workspace)):
            try:
                await self._bring_back(row)
            except StoreError as error:
                damaged.append(str(error))
        if damaged:
            raise StoreError(" ".join(damaged[:3]))
        return not self._elsewhere - self._loops.keys()

    async def _bring_back(self, row: SessionRow) -> None:
        state = await self._peek(row) if row.last_seq else None
        # Where the editor had not saved what was approved, it may be lost: its document will tell.
        if state is None or state.archived or (state.finished and not state.unsaved):
            self._elsewhere.discard(row.session)
            return
        loop = await self._open(row.session)
        if isinstance(loop, c.Refused):
            known = row.session in self._elsewhere
            self._elsewhere.add(row.session)
            if not known:
                self._found(state)
        elif resumes_alone(self._ports.auto_resume(), loop.state):
            await loop.submit(c.Resume())

    async def _open(self, session: str) -> SessionLoop | c.Refused:
        async with self._opening.setdefault(session, asyncio.Lock()):
            if session in self._loops:
                return self._loops[session]
            facts = await self._journal.read(session)
            if not facts:
                return c.Refused(UNKNOWN)
            state = fold(session, facts)
            if not await self._ports.store.claim(session, state.workspace, iso(self._ports.clock.now())):
                return c.Refused(OTHERS)
            # Read again: the process that had it until now may have written in between.
            state = fold(session, await self._journal.read(session))
            loop = self._loop(state, state.workspace)
            self._loops[session] = loop
            self._read_only.pop(session, None)
            self._published(state)
            try:
                await loop.submit(c.Park())
            except StoreError:
                # An unparked session would go on by itself, and spend money, at the next word about it.
                del self._loops[session]
                await loop.close()
                raise
            return loop

    def _loop(self, state: State, workspace: str) -> SessionLoop:
        place = self._place(workspace)
        return SessionLoop(state, self._journal, self._ports.clock, place, self._published)

    def _place(self, uri: str) -> Performer:
        key = paths.normal(uri)
        if key not in self._places:
            self._places[key] = performer(key, self._ports, self.signals, self._memory, self._tell)
        return self._places[key]

    def _published(self, state: State) -> None:
        self._place(state.workspace).workspace.follow(state)
        if state.unsaved:
            self.documents.landed(state)
        self._publish(state)

    def _tell(self, told: Sequence[Told]) -> None:
        """Brings what typing did to hunks to their sessions, in order, without making the typist wait."""
        if told:
            task = asyncio.ensure_future(self._deliver(list(told)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, told: list[Told]) -> None:
        for session, command in told:
            loop = self._loops.get(session)
            if loop is not None and not loop.closed:
                await loop.record(command)
                self._place(loop.state.workspace).workspace.heard(command, loop.state)

    async def leave_workspace(self, workspace: str) -> list[State]:
        """The folder is not open any more: what its sessions do is stopped, and another process may have them.

        Returns the sessions that were open, as they were left.
        """
        key = paths.normal(workspace)
        here = [(session, loop) for session, loop in self._loops.items() if loop.state.workspace == key]
        for session, loop in here:
            try:
                await self._leave(session, loop)
            except StoreError as error:
                # The others are to be stopped all the same; this one is parked when it is opened again.
                log.error("session %s could not be put aside: %s", session, error)
        self._places.pop(key, None)
        return [loop.state for _, loop in here]

    async def _leave(self, session: str, loop: SessionLoop) -> None:
        async with self._opening.setdefault(session, asyncio.Lock()):
            try:
                await loop.submit(c.Interrupt())
            finally:
                self._loops.pop(session, None)
                await loop.close()
                await self._ports.store.release(session)

    async def close(self) -> None:
        """Stops everything; what was owed is owed again at the next start."""
        self.documents.close()
        await asyncio.gather(*(loop.close() for loop in self._loops.values()))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ports.store.close()
        await self._ports.model.close()
