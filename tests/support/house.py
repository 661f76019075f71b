"""A whole house in one process: real runtime and core, real files, a store in memory, an editor and a model that follow
a script. What a story needs to run sessions, kill them at any moment, and look at what is left."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signoff.core import paths
from signoff.core.model import Message, ModelFailure, ModelReply, ModelRequest, ReplyItem, ToolCall, Usage
from signoff.core.owed import owed
from signoff.core.session import Config
from signoff.core.settings import AutoResume
from signoff.core.state import State
from signoff.core.text import Edit, apply
from signoff.core.view import phase
from signoff.runtime.context import ContextOptions
from signoff.runtime.limits import Meter
from signoff.runtime.manager import Manager, Ports
from signoff.runtime.ports import ContextEngine, Model
from signoff.world.files import WorkspaceFiles
from signoff.world.git import GitRepository
from signoff.world.notes import notes_in
from support.memory_store import MemoryJournal, MemoryStore

PLAIN = Config(plan_first=False, models=("test",))
PLANNED = Config(plan_first=True, models=("test",))


def call(number: int, name: str, arguments: str) -> ToolCall:
    """A tool call whose id tells its turn, so that a request shows which turns it knows."""
    return ToolCall(f"call_{number}", name, arguments)


@dataclass
class Script:
    """A model that answers turn n with the n-th reply, where n is read from the request as a real model would.

    `asked` has the turn of every request. A failure in `failures` is served once before the turn's reply.
    """

    replies: Sequence[Sequence[ReplyItem]]
    failures: dict[int, list[ModelFailure]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    requests: list[ModelRequest] = field(default_factory=list)
    pause: Callable[[int], asyncio.Future[None] | None] = lambda turn: None

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        turn = self._turn(request)
        self.asked.append(turn)
        self.requests.append(request)
        await asyncio.sleep(0)
        if waiting := self.pause(turn):
            await waiting
        if self.failures.get(turn):
            return self.failures[turn].pop(0)
        items = self.replies[turn] if turn < len(self.replies) else [Message("assistant", "Nothing more to do.")]
        for item in items:
            if isinstance(item, Message):
                on_text(item.text)
        return ModelReply(tuple(items), Usage(100, 0, 10), request.model)

    def _turn(self, request: ModelRequest) -> int:
        """One more than the latest reply that the request carries."""
        known = 0
        for number, reply in enumerate(self.replies, start=1):
            if all(item in request.items for item in reply):
                known = number
        return known

    async def close(self) -> None:
        pass


@dataclass
class FakeEditor:
    """An editor that holds documents and does what it is asked, after `delay` turns of the event loop."""

    documents: dict[str, str] = field(default_factory=dict)
    changed: Callable[[str, str, Sequence[Edit]], None] = lambda uri, before, edits: None
    refuse: str | None = None
    drop: bool = False
    applied: list[Mapping[str, Sequence[Edit]]] = field(default_factory=list)

    def text(self, uri: str) -> str | None:
        return self.documents.get(uri)

    def open_uris(self) -> tuple[str, ...]:
        return tuple(self.documents)

    def named(self, uri: str) -> str:
        return uri

    def version(self, uri: str) -> int | None:
        return 1 if uri in self.documents else None

    async def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> str | None:
        self.applied.append(edits)
        if self.refuse:
            return self.refuse
        await asyncio.sleep(0)
        if not self.drop:
            for uri, parts in edits.items():
                # As editors report them: from the end, so that no position shifts.
                self.type(uri, *reversed(list(parts)))
        return None

    def type(self, uri: str, *edits: Edit) -> None:
        """The document changes by successive edits, and the server hears of it."""
        before = self.documents[uri]
        for edit in edits:
            self.documents[uri] = apply(self.documents[uri], [edit])
        self.changed(uri, before, edits)


class StepClock:
    """Time that stands still but for `sleep_until`, which jumps."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.at = start
        self._ids = itertools.count(1)
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def new_id(self, kind: str) -> str:
        return f"{kind}_{int(self.at)}x{next(self._ids)}"

    async def sleep_until(self, at: float) -> None:
        self.slept.append(at)
        await asyncio.sleep(0)
        self.at = max(self.at, at)


async def count(texts: Sequence[str], model: str) -> list[int]:
    """Tokens as the tests count them."""
    return [len(text) // 4 for text in texts]


class House:
    """One server process, as far as the runtime is concerned. A new one on the same journal is a restart."""

    def __init__(
        self,
        root: Path,
        model: Script | Model,
        journal: MemoryJournal | None = None,
        editor: FakeEditor | None = None,
        store: MemoryStore | None = None,
        clock: StepClock | None = None,
        auto_resume: AutoResume = "ask",
        engine: ContextEngine | None = None,
        trusted: bool = False,
    ) -> None:
        self.root, self.model = root, model
        self.context = ContextOptions()
        self.kept = root.parent / f"{root.name}-state"
        self.uri = paths.to_uri(root.as_posix())
        self.journal = journal or MemoryJournal()
        self.store = store or MemoryStore(self.journal)
        self.editor = editor or FakeEditor()
        self.clock = clock or StepClock()
        self.published: list[State] = []
        self.streamed: list[str] = []
        ports = Ports(
            store=self.store,
            editor=self.editor,
            model=model,
            clock=self.clock,
            files=lambda uri: WorkspaceFiles(Path(paths.to_path(uri))),
            git=lambda uri: GitRepository(root) if trusted else None,
            notes=notes_in(self.kept),
            meter=Meter(lambda text: len(text) // 4, count),
            on_text=lambda session, text: self.streamed.append(text),
            auto_resume=lambda: auto_resume,
            engine=engine,
            trusted=lambda uri: trusted,
            context=lambda: self.context,
        )
        self.manager = Manager(ports, self.published.append)
        self.editor.changed = self.manager.documents.changed

    def document(self, path: str) -> str:
        """The URI of a file of the workspace."""
        return paths.join(self.uri, path)

    async def start(self, goal: str, config: Config = PLAIN) -> str:
        """A session, started."""
        session = await self.manager.start(goal, self.uri, config)
        assert isinstance(session, str), session
        return session

    async def state(self, session: str) -> State:
        """The session as it is."""
        state = await self.manager.state(session)
        assert state is not None
        return state

    async def until(self, session: str, wanted: Callable[[State], bool], seconds: float = 20.0) -> State:
        """The session once `wanted` holds; fails with what it is instead after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            state = await self.state(session)
            if wanted(state):
                return state
            left = [f"{hunk.id} {hunk.status} {hunk.note}" for hunk in state.hunks.values()]
            assert asyncio.get_running_loop().time() < deadline, f"still {phase(state)}, owed {owed(state)}, {left}"
            await asyncio.sleep(0.001)

    async def kill(self) -> None:
        """The process is gone: nothing more is stored, claims are released, the editor hears nothing."""
        self.editor.changed = lambda uri, before, edits: None
        for loop in list(self.manager._loops.values()):
            with contextlib.suppress(asyncio.CancelledError):
                await loop.close()
