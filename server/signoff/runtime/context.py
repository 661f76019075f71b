"""Gathers what a session is told of its workspace: all that fits at its first turn, later only what is new.

What was told is known by digests in the session's own log, so that a restart repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from signoff.context import wording
from signoff.context.changes import Change
from signoff.context.shares import Packed, packed, room_for_code
from signoff.context.sources import Material, offers
from signoff.core.commands import RecordContext
from signoff.core.fragments import (
    BUDGET,
    SOURCES,
    ContextView,
    Found,
    Fragment,
    Injected,
    Place,
    Query,
    RankedFile,
    Source,
)
from signoff.core.state import State
from signoff.core.usage import FREE_PREFIX
from signoff.runtime import material, removals
from signoff.runtime.looking import Seen, Texts, look, remembering, tellable
from signoff.runtime.memory import Memory
from signoff.runtime.ports import ContextEngine
from signoff.runtime.workspace import Workspace

log = logging.getLogger(__name__)

FIND_SECONDS = 4.0
"""How long a session waits for the index before it begins without it; the index itself gives up a second earlier."""
WHOLE_SECONDS, POLL_SECONDS = 1.5, 0.25
"""How long a session waits until all of the code is indexed, when words are found already; and how often it asks."""
REMOVED_SECONDS = 2.0
"""How long it waits to hear which names are gone and still used."""
SMALL_BUDGET = 1_000
"""Tokens for an embedded model, whose prompts are made of the task's own place."""
FEWEST_FILES = 20
MOST_FILES = 100
NO_ENGINE = "There is no index of the code."
SLOW = f"The index of the code did not answer within {FIND_SECONDS:.0f} seconds."


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """What the user set: tokens of a context, and the sources that it may have."""

    budget: int = BUDGET
    sources: tuple[Source, ...] = SOURCES


@dataclass(slots=True)
class Gatherer:
    """Of one workspace."""

    workspace: Workspace
    engine: ContextEngine | None
    memory: Memory
    around: material.Around
    options: Callable[[], ContextOptions]
    _texts: Texts = field(default_factory=Texts)
    _moments: dict[str, int] = field(default_factory=dict[str, int])
    """By session, up to which moment it has heard of touched files."""

    async def gather(self, state: State) -> RecordContext:
        """What the session is told before its next turn."""
        return await (self._later(state) if state.turns or state.gathered else self._first(state))

    async def view(self, goal: str, budget: int | None, uri: str | None) -> ContextView | str:
        """What a session with that goal, begun at the document `uri`, would be told first; why not, in words."""
        options = self.options()
        options = replace(options, budget=options.budget if budget is None else budget)
        state = State("", goal=goal, workspace=self.workspace.uri)
        known, _ = await self._known(state, options, uri)
        found = await self._find(known, options)
        if isinstance(found, str):
            return found
        pack = self._packed(known, found, options)
        files = await asyncio.to_thread(self._ranked, found)
        return ContextView(
            pack.fragments, files, pack.left_out, pack.tokens, options.budget, found.ready if found else None
        )

    async def learn(self, words: str) -> None:
        """The user rejected something with these words: later sessions are told."""
        if words.strip() and "user preferences" in self.options().sources:
            await asyncio.to_thread(self.around.notes.learn, words)

    def _ranked(self, found: Found | None) -> tuple[RankedFile, ...]:
        """The best files; where few are about the goal, others follow by name."""
        best = found.files[:MOST_FILES] if found else ()
        known = {one.path for one in best}
        rest = [path for path in self._files() if path not in known] if len(best) < FEWEST_FILES else []
        return (*best, *(RankedFile(path, 0.0) for path in rest[: FEWEST_FILES - len(best)]))

    async def _first(self, state: State) -> RecordContext:
        options = self._options(state)
        known, seen = await self._known(state, options)
        found = await self._whole(known, options)
        note = f"{found} Find code with search and list_files." if isinstance(found, str) else ""
        pack = self._packed(known, found if isinstance(found, Found) else None, options)
        files = await asyncio.to_thread(self._files) if "codebase" in options.sources else []
        # What the model is shown of a file is what it knows of it.
        shown = [self.workspace.uri_of(one.path) for one in pack.fragments if one.source == "codebase"]
        seen = await asyncio.to_thread(look, state, self.workspace.frozen(), [], shown) if shown else seen
        return RecordContext(
            state.turn,
            wording.body(pack.fragments, pack.left_out, note),
            _sources(pack.fragments, bool(files)),
            wording.head(pack.fragments, files),
            tuple(map(_injected, pack.fragments)),
            pack.left_out,
            self._marks(state, seen, known),
        )

    async def _later(self, state: State) -> RecordContext:
        if state.model.startswith(FREE_PREFIX):
            # It reads the user's words alone, and would take these for some.
            return RecordContext(state.turn, "")
        options = self.options()
        workspace = self.workspace.frozen()
        touched = self._touched(state.session)
        seen = await asyncio.to_thread(look, state, workspace, touched)
        seen = replace(seen, looks=tuple(remembering(seen.looks, state.seen, self._texts)))
        known = await asyncio.to_thread(material.news, state, workspace, self.around, seen)
        known = replace(known, removed=await self._removed(state, workspace, seen, options))
        pack = packed(offers(known, options.sources), options.budget)
        return RecordContext(
            state.turn,
            wording.news(pack.fragments, pack.left_out),
            _sources(pack.fragments, False),
            fragments=tuple(map(_injected, pack.fragments)),
            left_out=pack.left_out,
            seen=self._marks(state, seen, known),
        )

    async def _removed(
        self, state: State, workspace: Workspace, seen: Seen, options: ContextOptions
    ) -> tuple[Change, ...]:
        """Names that are gone and still used. Nothing is said when the index does not answer soon."""
        if self.engine is None or not {"codebase", "diagnostics"} <= set(options.sources):
            return ()
        parts = await asyncio.to_thread(removals.parts, state, workspace, seen)
        if not parts:
            return ()
        try:
            async with asyncio.timeout(REMOVED_SECONDS):
                used = await self.engine.still_used(self.workspace.uri, parts)
        except TimeoutError:
            return ()
        return await asyncio.to_thread(removals.broken, state, workspace, used)

    def _options(self, state: State) -> ContextOptions:
        options = self.options()
        if not state.model.startswith(FREE_PREFIX):
            return options
        near: tuple[Source, ...] = tuple(one for one in options.sources if one not in ("codebase", "memory"))
        return ContextOptions(min(options.budget, SMALL_BUDGET), near)

    async def _known(self, state: State, options: ContextOptions, uri: str | None = None) -> tuple[Material, Seen]:
        """What all sources but the codebase know for the session, or for one that begins at the document `uri`."""
        workspace = self.workspace.frozen()
        touched = self._touched(state.session) if state.session else ()
        seen = await asyncio.to_thread(look, state, workspace, touched)
        known = await asyncio.to_thread(material.whole, state, workspace, self.around, seen, uri)
        if "memory" not in options.sources:
            return known, seen
        return replace(known, remembered=await self.memory.of(self.workspace.uri, state.session)), seen

    def _touched(self, session: str) -> tuple[str, ...]:
        """The files that were touched since this was asked last for the session."""
        touched, self._moments[session] = self.around.signals.touched_since(self._moments.get(session, 0))
        return touched

    async def _find(self, known: Material, options: ContextOptions) -> Found | str | None:
        """What the codebase has for the goal; None where it is switched off, words where it can't be had."""
        if "codebase" not in options.sources:
            return None
        if self.engine is None:
            return NO_ENGINE
        room = room_for_code(offers(known, options.sources), options.budget)
        try:
            async with asyncio.timeout(FIND_SECONDS):
                return await self.engine.find(self.workspace.uri, _query(known, room))
        except TimeoutError:
            return SLOW

    async def _whole(self, known: Material, options: ContextOptions) -> Found | str | None:
        """As `_find`, but a code index that is being built is given time: what a session begins with lasts."""
        end = asyncio.get_running_loop().time() + WHOLE_SECONDS
        while True:
            found = await self._find(known, options)
            late = asyncio.get_running_loop().time() > end
            if late or not isinstance(found, Found) or found.ready == "full":
                return found
            await asyncio.sleep(POLL_SECONDS)

    def _packed(self, known: Material, found: Found | None, options: ContextOptions) -> Packed:
        code = found.fragments if found else ()
        return packed([*offers(known, options.sources), *code], options.budget, found.left_out if found else ())

    def _files(self) -> list[str]:
        """Blocking: the workspace's files for the map."""
        git = self.workspace.git
        listed = (git.files() if git else None) or self.workspace.files.list()
        hidden = self.workspace.files.hidden(listed, tracked=True)
        return [path for path in listed if path not in hidden and tellable(path)]

    def _marks(self, state: State, seen: Seen, known: Material) -> tuple[material.Known, ...]:
        for one in seen.looks:
            self._texts.keep(one.bare)
            self._texts.keep(one.text)
        return material.marks(state, self.workspace, self.around, seen, known)


def _query(known: Material, budget: int) -> Query:
    here = known.selected
    failing = (
        Place(path, one.place.start_line + 1, max(one.place.end_line, one.place.start_line) + 1)
        for path, one in known.findings
        if path and one.place
    )
    return Query(
        known.goal,
        budget,
        tuple(known.open),
        tuple(known.viewed),
        Place(here.path, here.start_line, here.end_line) if here else None,
        tuple(failing),
        tuple(dict.fromkeys(one.path for one in known.changes)),
    )


def _injected(one: Fragment) -> Injected:
    return Injected(one.source, one.path, one.start_line, one.end_line, one.tokens, one.why)


def _sources(fragments: Iterable[Fragment], mapped: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(["codebase"] if mapped else []), *(one.source for one in fragments)]))
