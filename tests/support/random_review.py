"""Random review: two sessions with hunks in one document, an editor, and a user who types, undoes and decides.

Everything but the editor, the disk and the passing of time is the real runtime and core. A run is a `Script`: a start
and steps made of plain numbers, which mean something in whatever situation they meet. So a script that fails can be
made shorter by leaving steps out (`shrunk`), and prints as what happened, line by line.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import gettempdir

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.decide import decide
from signoff.core.diff import changes
from signoff.core.envelope import Envelope
from signoff.core.evolve import evolve, fold
from signoff.core.hunks import Base, FileChange, Hunk
from signoff.core.model import ModelReply, ModelRequest, ToolCall, Usage
from signoff.core.proposals import pending, projected
from signoff.core.session import Config
from signoff.core.state import State, stands
from signoff.core.text import Edit, apply, split_lines
from signoff.runtime.documents import REST_SECONDS
from signoff.runtime.limits import Meter
from signoff.runtime.manager import Manager, Ports
from signoff.world.notes import notes_in
from support.memory_store import MemoryJournal, MemoryStore
from support.review_scene import FRESH, PATH, URI, Behaviour, SceneEditor, SceneFiles, Shot, WrongError, reported, same
from support.virtual_time import VirtualLoop

SESSIONS = ("s1", "s2")
STEPS = (
    *(["edit"] * 8),
    *(["undo"] * 5),
    *(["redo"] * 3),
    *(["approve"] * 6),
    *(["undo hunk"] * 2),
    "reject",
    "amend",
    "patch",
    "flush",
    "wait",
    "save",
    "close",
    "open",
    "external",
    "restart",
)
ANSWERS = (*(["ok"] * 6), "answers first", "never answers", "late", "late", "refuse", "drop")
Step = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Script:
    """One run: what the document is like, what the sessions propose, and the steps."""

    seed: int
    plans: tuple[tuple[tuple[int, ...], ...], ...]
    steps: tuple[Step, ...]


def script(seed: int) -> Script:
    """The run of this number."""
    chance = Random(seed)
    plans = tuple(tuple(_numbers(chance) for _ in range(chance.randint(1, 4))) for _ in SESSIONS)
    steps = tuple((chance.choice(STEPS), _numbers(chance)) for _ in range(chance.randint(5, 25)))
    return Script(seed, plans, steps)


def _numbers(chance: Random) -> tuple[int, ...]:
    return tuple(chance.randrange(1 << 20) for _ in range(9))


def document(seed: int) -> tuple[str, bool]:
    """A random document, and whether its lines repeat."""
    chance = Random(~seed)
    kind = chance.choice(["unique", "unique", "unique", "repeated", "blank"])
    end = chance.choice(["\n", "\n", "\n", "\r\n"])
    lines: list[str] = []
    for number in range(chance.choice([0, 1, 3, 6, 10, 15])):
        if kind == "repeated":
            lines.append(chance.choice(["x", "y", "}", ""]) + end)
        elif kind == "blank" and chance.random() < 0.4:
            lines.append(end)
        else:
            lines.append(f"line{number} {chance.choice(['alpha', 'größe', '日本😀', 'beta gamma'])} {number}{end}")
    text = "".join(lines)
    return (text[: -len(end)] if lines and chance.random() < 0.2 else text), kind != "unique"


class Facts:
    """A journal that keeps events as they are, for one server process: none comes from a process that was killed."""

    def __init__(self, facts: dict[str, list[Envelope]]) -> None:
        self.facts, self.alive = facts, True

    async def append(self, facts: Sequence[Envelope]) -> None:
        # As a disk does, it takes a turn of the loop or two.
        await asyncio.sleep(0)
        if not self.alive:
            await asyncio.Event().wait()
        self.facts.setdefault(facts[0].session, []).extend(facts)
        await asyncio.sleep(0)

    async def read(self, session: str) -> list[Envelope]:
        return list(self.facts.get(session, ()))


class Mute:
    """A model that nobody may ask."""

    async def respond(self, request: ModelRequest, on_text: object) -> ModelReply:
        raise WrongError("a model is asked")

    async def close(self) -> None:
        pass


class Clock:
    """The loop's time."""

    def __init__(self) -> None:
        self.made = 0

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def new_id(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made}"

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(at - self.now())


async def _count(texts: Sequence[str], model: str) -> list[int]:
    return [len(text) for text in texts]


class Errors(logging.Handler):
    """What was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.seen.append(f"{record.getMessage()}: {error!r}")


class Scene:
    """One run as it goes."""

    def __init__(self, script: Script, loop: VirtualLoop) -> None:
        self.script, self.loop = script, loop
        self.original, self.few = document(script.seed)
        self.repeated = self.few
        ids = tuple(range(len(self.original)))
        self.editor = SceneEditor(Shot(self.original, ids), lambda: self.manager.live())
        self.facts: dict[str, list[Envelope]] = {}
        self.memory = MemoryJournal()
        self.words = 0
        self.gone: Shot | None = None
        self.doubts = 0
        self.unseen = self.fuzzy = False
        self.manager = self._manager()
        self.errors = Errors()
        self.editor.guesses = self._guesses

    @property
    def log(self) -> list[str]:
        return self.editor.log

    def _manager(self) -> Manager:
        editor = self.editor
        ports = Ports(
            notes=notes_in(Path(gettempdir()) / "signoff-random-review"),
            store=MemoryStore(self.memory),
            editor=editor,
            model=Mute(),
            clock=Clock(),
            files=lambda uri: SceneFiles(editor),
            git=lambda uri: None,
            meter=Meter(len, _count),
            on_text=lambda session, text: None,
        )
        made = Manager(ports, lambda state: None)
        made._journal = self.journal = Facts(self.facts)
        editor.told = made.documents.changed
        editor.start_of = made.start_of
        return made

    def _guesses(self) -> bool:
        """Whether lines are equal, or were: which of them an editor's report means is nobody's to know then."""
        lines = split_lines(self.editor.now.text)
        self.repeated = self.repeated or len(set(lines)) < len(lines)
        return self.repeated

    async def run(self) -> None:
        """Plays the script to its end; raises AssertionError when something is wrong."""
        logging.getLogger("signoff").addHandler(self.errors)
        try:
            await self._begin()
            await self._checked()
            for name, numbers in self.script.steps:
                await self._step(name, numbers)
            await self._end()
        finally:
            logging.getLogger("signoff").removeHandler(self.errors)

    async def _begin(self) -> None:
        self.log.append(f"the document: {self.original!r}")
        if self.script.seed % 5 == 4:
            self.editor.history = self.editor.mirror = None
            self.log.append("(it is not open)")
        for session, plan in zip(SESSIONS, self.script.plans, strict=True):
            self._propose(session, plan)
        await self._open_sessions()

    def _propose(self, session: str, plan: Sequence[tuple[int, ...]]) -> None:
        after = self.original
        for numbers in plan:
            after = self._patched(after, numbers)
        calls = tuple(ToolCall(f"c{n}", "edit_file", json.dumps({"path": PATH, "edits": []})) for n in range(4))
        finish = ToolCall("c9", "finish", '{"summary": "Done."}')
        calls = calls if plan[0][8] % 2 else (calls[0], finish)
        change = FileChange(PATH, "update", self.original, after)
        state = State(session)
        for command in (
            c.Start("Go.", "file:///w", Config(plan_first=False, models=("m",))),
            c.RecordReply(0, 0, (), ModelReply(calls, Usage(), "m"), 0.0),
            c.RecordTool("c0", "ok", True, (change,), (Base(URI, self.original),)),
        ):
            made = decide(state, command)
            assert not isinstance(made, c.Refused), made
            for event in made:
                fact = Envelope(session, state.seq + 1, 0.0, "", event)
                self.facts.setdefault(session, []).append(fact)
                state = evolve(state, fact)
        self.memory.sessions[session] = ("file:///w", "")
        self.log.extend(
            [f"{session} proposes {h.id} at {h.start}: {h.before!r} -> {h.after!r}" for h in state.open_hunks]
        )

    def _patched(self, text: str, numbers: tuple[int, ...]) -> str:
        """The text with some of its lines replaced, taken out, or more put in."""
        lines = split_lines(text)
        start = numbers[0] % (len(lines) + 1)
        taken = min(len(lines) - start, numbers[1] % 3)
        return "".join([*lines[:start], *self._lines(numbers[2] % 3, numbers[3]), *lines[start + taken :]])

    def _lines(self, count: int, number: int) -> list[str]:
        end = "\r\n" if "\r\n" in self.original else "\n"
        if self.few:
            return [["x", "y", "}", ""][(number >> n) % 4] + end for n in range(count)]
        return [f"{self._word()}{end}" for _ in range(count)]

    def _word(self) -> str:
        self.words += 1
        return f"w{self.words}"

    async def _open_sessions(self) -> None:
        for session in SESSIONS:
            await self.manager.state(session)
        await self.loop.rest()

    # Steps.

    async def _step(self, name: str, numbers: tuple[int, ...]) -> None:
        step = getattr(self, f"_{name.replace(' ', '_')}")
        await step(numbers)
        self._guesses()
        if numbers[8] % 4 == 0:
            for _ in range(numbers[7] % 12):
                await asyncio.sleep(0)
        else:
            # Typing rests.
            await asyncio.sleep(1.5)
            await self.loop.rest()
            await self._checked()
        self._no_trouble()

    async def _edit(self, n: tuple[int, ...]) -> None:
        if self.editor.history is None:
            return
        text = self.editor.now.text
        edits: list[Edit] = []
        for number in range(1 + (n[0] % 3 if n[0] % 5 == 0 else 0)):
            edit = self._some_edit(text, n[1] >> number, n[2] >> number, n[3] >> number)
            edits.append(edit)
            text = apply(text, [edit])
        self.log.append(f"the user types {edits}{' (one undo step with the last)' if n[6] % 4 == 0 else ''}")
        self.editor.type(edits, n[5] if n[5] % 3 else 0, n[6] % 4 == 0)

    def _some_edit(self, text: str, where: int, what: int, size: int) -> Edit:
        at = self._some_place(text, where)
        match what % 6:
            case 0 | 1:
                return Edit(at, at, self._typed(text, size))
            case 2:
                return Edit(at, min(len(text), at + 1 + size % 4), "")
            case 3:
                return Edit(at, min(len(text), at + 1 + size % 9), self._typed(text, size >> 4))
            case _:
                lines = split_lines(text)
                first = sum(1 for _ in split_lines(text[:at])) if text else 0
                start = sum(map(len, lines[:first]))
                end = start + sum(map(len, lines[first : first + size % 3]))
                return Edit(start, end, "" if what % 6 == 4 else self._typed(text, 3 + 6 * (size >> 4)))

    def _some_place(self, text: str, where: int) -> int:
        hunks = [(s, h) for s in self.manager.live() for h in s.hunks.values() if stands(h)]
        kind, pick = where % 8, where // 8
        if hunks and kind < 6:
            state, hunk = hunks[pick % len(hunks)]
            start = min(len(text), self.manager.start_of(state, hunk))
            end = min(len(text), start + len(hunk.present))
            return [start, end, (start + end) // 2, max(0, start - 1), min(len(text), end + 1), start][kind]
        return pick % (len(text) + 1)

    def _typed(self, text: str, size: int) -> str:
        lines = split_lines(text)
        end = "\r\n" if "\r\n" in text else "\n"
        match size % 6:
            case 0 | 1:
                return self._word()
            case 2:
                return end
            case 3:
                return self._word() + end
            case 4:
                return end + self._word()
            case _:
                return lines[size // 6 % len(lines)] if lines and self.few else f"{self._word()}{end}{end}"

    async def _undo(self, n: tuple[int, ...]) -> None:
        await self._walk(-1, n)

    async def _redo(self, n: tuple[int, ...]) -> None:
        await self._walk(1, n)

    async def _walk(self, sign: int, n: tuple[int, ...]) -> None:
        if self.editor.history is None:
            return
        count = 1 if n[0] % 3 else 1 + n[1] % 4
        self.fuzzy = True
        self.log.append(f"the user {'redoes' if sign > 0 else 'undoes'} {count}")
        self.editor.walk(sign * count, n[3], n[2] % 2 == 0)

    def _some(self, n: tuple[int, ...], statuses: set[str]) -> tuple[str, list[Hunk]]:
        session = SESSIONS[n[0] % 2]
        state = next(s for s in self.manager.live() if s.session == session)
        hunks = [h for h in state.hunks.values() if h.status in statuses]
        if hunks and n[1] % 3:
            hunks = [hunks[n[2] % len(hunks)]]
        return session, hunks

    async def _told(self, session: str, command: c.Command, hunks: Sequence[Hunk]) -> None:
        self.log.append(f"{type(command).__name__} {[h.id for h in hunks]}")
        said = await self.manager.submit(session, command)
        if isinstance(said, c.Refused):
            self.log.append(f"  refused: {said.reason}")

    def _behave(self, n: tuple[int, ...]) -> None:
        self.editor.next = Behaviour(ANSWERS[n[3] % len(ANSWERS)], n[4], n[5] % 3)

    async def _approve(self, n: tuple[int, ...]) -> None:
        session, hunks = self._some(n, {"pending"})
        if hunks:
            self._behave(n)
            await self._told(session, c.ApproveHunks(shown(hunks)), hunks)

    async def _undo_hunk(self, n: tuple[int, ...]) -> None:
        session, hunks = self._some(n, {"applied"})
        if hunks:
            self._behave(n)
            await self._told(session, c.UndoHunks(shown(hunks)), hunks)

    async def _reject(self, n: tuple[int, ...]) -> None:
        session, hunks = self._some((n[0], 1, *n[2:]), {"pending", "stale"})
        if hunks:
            await self._told(session, c.RejectHunks(shown(hunks)), hunks)

    async def _amend(self, n: tuple[int, ...]) -> None:
        session, hunks = self._some((n[0], 1, *n[2:]), {"pending"})
        if hunks:
            after = "".join(self._lines(n[4] % 3, n[5]))
            await self._told(session, c.AmendHunk(shown(hunks)[0], after), hunks)

    async def _patch(self, n: tuple[int, ...]) -> None:
        """The model proposes more, or changes what it proposed."""
        state = next(s for s in self.manager.live() if s.session == SESSIONS[n[0] % 2])
        if not state.open_calls or state.landings:
            return
        workspace = self.manager._place("file:///w").workspace
        base = workspace.base(state, URI)
        seen = projected(base.text, pending(state, base))
        if seen is None:
            return
        after = self._patched(seen, n[1:])
        self.log.append(f"{state.session} patches: {[*changes(seen, after)]} of what it sees")
        record = c.RecordTool(
            state.open_calls[0].call_id, "ok", True, (FileChange(PATH, "update", seen, after),), (base,)
        )
        said = await self.manager.submit(state.session, record)
        proposals = [made for made in said if not isinstance(made, c.Refused)] if isinstance(said, list) else []
        self.log.extend([f"  {made}" for made in proposals])

    async def _flush(self, n: tuple[int, ...]) -> None:
        if self.editor.queue or self.editor.lagging:
            self.log.append("the editor reports what it held back")
            self.fuzzy = self.fuzzy or n[1] % 2 == 0
            self.editor.flush(n[0], n[1] % 2 == 0)

    async def _wait(self, n: tuple[int, ...]) -> None:
        seconds = 2 if n[0] % 2 else 11
        self.log.append(f"{seconds} seconds pass")
        await asyncio.sleep(seconds)

    async def _save(self, n: tuple[int, ...]) -> None:
        if self.editor.history is not None and not self.editor.queue:
            self.log.append("the user saves")
            self.editor.disk = self.editor.now
            self.manager.documents.saved(URI)

    async def _close(self, n: tuple[int, ...]) -> None:
        if self.editor.history is None:
            return
        self.fuzzy = True
        self.log.append("the user closes the document without saving")
        self.editor.flush(0)
        self.editor.history = self.editor.mirror = None
        self.manager.documents.closed(URI)

    async def _open(self, n: tuple[int, ...]) -> None:
        if self.editor.history is not None:
            return
        self.log.append("the user opens the document")
        self.unseen = False
        self.editor.open()
        self.manager.documents.opened(URI, self.editor.mirror or "")

    async def _external(self, n: tuple[int, ...]) -> None:
        """Another program changes the file, takes it away or brings it back."""
        editor = self.editor
        if editor.history is not None:
            return
        self.fuzzy = True
        if editor.disk is None:
            editor.disk, self.gone = self.gone, None
            self.log.append("the file is back")
        elif n[0] % 3 == 0:
            editor.disk, self.gone = None, editor.disk
            self.log.append("the file is deleted")
        else:
            edit = self._some_edit(editor.disk.text, n[1], n[2], n[3])
            before = editor.disk.text
            for part in reported(before, apply(before, [edit]), (), 5):
                editor.disk = editor.edited(editor.disk, part)
            self.log.append(f"another program makes {edit}")
        self.unseen = n[4] % 3 == 0
        if not self.unseen:
            self.manager.documents.file_changed(URI)

    async def _restart(self, n: tuple[int, ...]) -> None:
        await self._kill()
        self.unseen = False
        if n[0] % 2 and self.editor.history is not None:
            self.log.append("the editor is killed too")
            self.editor.flush(0)
            self.editor.history = self.editor.mirror = None
        self.manager = self._manager()
        if self.editor.history is not None:
            # The editor gives the new server its buffer as it is.
            self.editor.queue, self.editor.lagging = [], False
            self.editor.mirror = self.editor.history.now.text
            self.manager.documents.opened(URI, self.editor.mirror)
        await self._open_sessions()

    async def _kill(self) -> None:
        self.fuzzy = True
        self.log.append("the server is killed")
        self.editor.told = lambda uri, before, edits: None
        self.editor.next = Behaviour()
        self.journal.alive = False
        self.manager.documents.close()
        for loop in list(self.manager._loops.values()):
            await loop.close()
        self.memory.writers.clear()

    async def _end(self) -> None:
        self.editor.flush(0)
        if self.editor.history is None:
            self.unseen = False
            self.manager.documents.file_changed(URI)
        await asyncio.sleep(30)
        await self.loop.rest()
        owing = [f"{s.session} {list(s.landings)}" for s in self.manager.live() if s.landings]
        assert not owing, f"still on the way: {owing}"
        await self._checked()
        for state in self.manager.live():
            facts = self.facts[state.session]
            assert fold(state.session, facts) == state, "the state is not the fold of its journal"
            bugs = [fact.event for fact in facts if isinstance(fact.event, e.BugNoticed)]
            assert not bugs, bugs
        self._no_trouble()

    # What must hold.

    def _no_trouble(self) -> None:
        assert not self.errors.seen, self.errors.seen
        assert not self.editor.wrong, self.editor.wrong

    async def _checked(self) -> None:
        """At rest, with nothing on its way: each hunk is where and what the session says."""
        editor = self.editor
        if self.manager.documents._rest:
            await asyncio.sleep(REST_SECONDS)
            await self.loop.rest()
        if self.manager.documents._rest:
            return
        states = self.manager.live()
        if self.unseen or editor.queue or editor.lagging or any(state.landings for state in states):
            return
        text = self.manager.text("file:///w", URI)
        if text is None:
            return
        shot = editor.now
        assert text == shot.text, f"the server's text is {text!r}, the editor's {shot.text!r}"
        for state in states:
            for hunk in state.hunks.values():
                self._judged(shot, state, hunk)

    def _judged(self, shot: Shot, state: State, hunk: Hunk) -> None:
        key = (state.session, hunk.id)
        start = self.manager.start_of(state, hunk)
        self.log.append(f"      {hunk.id}.{hunk.rev} {hunk.status} at {start}")
        there = shot.text[start : start + len(hunk.present)] == hunk.present
        told = f"{hunk.id} is {hunk.status} at {start} of {shot.text!r}"
        spot = self.editor.spot(key)
        if hunk.status == "pending":
            assert there and start <= len(shot.text), f"{told}, but {hunk.before!r} is not there"
        if spot is None or spot.rev != hunk.rev:
            if hunk.status == "pending":
                self._registered(shot, key, hunk, start)
            return
        places = shot.places(spot)
        if not len(places):
            return
        gap = shot.text[places.start : places.stop - 1]
        unsure = ("stale", "undone") if self.fuzzy else ("stale",)
        anchors = self.manager._place("file:///w").workspace.anchors
        lost = all(anchors.found(state.session, hunk, inside) is None for inside in (True, False))
        if self.editor.guesses():
            # Then what is said must fit the text, at least.
            assert there or lost, f"{told}, but {hunk.present!r} is not there"
        elif spot.inside and (hunk.status in unsure or (not spot.ids and hunk.before in gap)):
            # It can't be told, and is not applied; or the user wrote what the hunk deletes where it was.
            self.doubts += 1
        elif spot.inside:
            assert hunk.status not in ("pending", "undone"), f"{told}, but the document has it at {places}"
            if not lost:
                undone = Edit(start, start + len(hunk.after), hunk.before)
                self._stands(shot, places, start, undone, told)
        elif len(places) == 1 and hunk.status == "applied" and lost and self.fuzzy:
            # For all that can be told from a change that an editor made of several, the user edited it.
            self.doubts += 1
        elif len(places) == 1:
            assert hunk.status != "applied", f"{told}, but the document does not have it: {hunk.before!r} at {places}"
            told_at = None if lost or hunk.status != "pending" else hunk_edit(hunk, start)
            if told_at and not self._stands(shot, places, start, told_at, told):
                self._registered(shot, key, hunk, start)

    def _stands(self, shot: Shot, places: range, start: int, edit: Edit, told: str) -> bool:
        """Whether the hunk stands where it is said to; False when its place can't be told, and what is said is one."""
        if start in places or same(shot, edit, places):
            return True
        low, high = sorted((start, places.start))
        typed = all(number >= FRESH for number in shot.ids[low : high - 1])
        if self.fuzzy and typed and edit.start == edit.end and shot.text[low - 1 : low] == shot.text[high - 1 : high]:
            # A redone line may be reported with the line end before it or the one behind: either side of it is right.
            self.doubts += 1
            return False
        raise WrongError(f"{told}, but stands at {places}")

    def _registered(self, shot: Shot, key: tuple[str, str], hunk: Hunk, start: int) -> None:
        spot = shot.around(start, len(hunk.before), hunk.rev, False)
        self.editor.now = shot.with_spots({**self.editor.now.spots, key: spot})
        self.editor.first[key] = spot


def hunk_edit(hunk: Hunk, start: int) -> Edit:
    return replace(hunk, start=start).edit


def shown(hunks: Sequence[Hunk]) -> tuple[c.Shown, ...]:
    return tuple(c.Shown(h.id, h.rev) for h in hunks)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: what was wrong (None: nothing), what happened, how many hunks landed, how many were in doubt."""

    why: str | None
    log: tuple[str, ...]
    landed: int
    doubts: int

    @property
    def kind(self) -> str:
        """The failure without names, numbers and texts."""
        return re.sub(r"['\"].*['\"]|\d+", "#", self.why or "")[:60]


def play(script: Script) -> Outcome:
    """One run."""
    loop = VirtualLoop()
    scene = Scene(script, loop)
    troubles: list[str] = []
    loop.set_exception_handler(lambda _, context: troubles.extend([repr(e)] if (e := context.get("exception")) else []))
    try:
        loop.run_until_complete(scene.run())
    except Exception as error:
        troubles.insert(0, f"{type(error).__name__}: {error}")
    finally:
        loop.abandon()
    landed = sum(isinstance(fact.event, e.HunksLanded) for facts in scene.facts.values() for fact in facts)
    return Outcome(troubles[0] if troubles else None, tuple(scene.log), landed, scene.doubts)


def shrunk(script: Script) -> Script:
    """A shorter script that fails in the same way: steps, proposals and hurry are left out while it still does."""
    kind, went_on = play(script).kind, True
    while went_on:
        shorter = next((one for one in _shorter(script) if play(one).kind == kind), None)
        script, went_on = shorter or script, shorter is not None
    return script


def _shorter(script: Script) -> Iterator[Script]:
    steps = script.steps
    size = len(steps) // 2
    while size:
        yield from (replace(script, steps=steps[:n] + steps[n + size :]) for n in range(0, len(steps), size))
        size //= 2
    for n, plan in enumerate(script.plans):
        for k in range(len(plan) if len(plan) > 1 else 0):
            yield replace(script, plans=(*script.plans[:n], plan[:k] + plan[k + 1 :], *script.plans[n + 1 :]))
    for n, (name, numbers) in enumerate(steps):
        if numbers[8] % 4 == 0:
            yield replace(script, steps=(*steps[:n], (name, (*numbers[:8], 1)), *steps[n + 1 :]))


def report(script: Script) -> str:
    """How a run fails, at its shortest."""
    found = play(shrunk(script))
    return "\n".join([f"run {script.seed}: {found.why}", *found.log])
