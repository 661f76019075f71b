"""An editor with an undo history, files in memory, and an oracle that knows each character by a number of its own.

The oracle never reads positions from the server. It follows the characters that a hunk stands on (or between), so that
it can tell whether an edit of the server goes where the user was shown it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from signoff.core.diff import changes
from signoff.core.files import FileProblem
from signoff.core.hunks import Hunk, Landing
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest, minimise

URI = "file:///w/a.txt"
PATH = "a.txt"
Key = tuple[str, str]
BEGIN, END = -1, -2
FRESH = 1_000
"""The number of the first character that was not in the document at the start."""


class WrongError(AssertionError):
    """The server did something that nobody asked for, or believes something that is not so."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The characters on which a hunk of revision `rev` stands (its `after` if `inside`), and its two neighbours."""

    rev: int
    inside: bool
    ids: tuple[int, ...]
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Shot:
    """A text, the number of each of its characters, and where hunks stand in it."""

    text: str
    ids: tuple[int, ...]
    spots: Mapping[Key, Spot] = field(default_factory=dict[Key, Spot])

    def around(self, start: int, length: int, rev: int, inside: bool) -> Spot:
        end = start + length
        left = self.ids[start - 1] if start else BEGIN
        right = self.ids[end] if end < len(self.ids) else END
        return Spot(rev, inside, self.ids[start:end], left, right)

    def places(self, spot: Spot) -> range:
        """Where the spot may start: one place when its characters are all there, side by side; of an insertion, all
        between its neighbours; none when it is damaged."""
        if spot.ids:
            start = self.ids.index(spot.ids[0]) if spot.ids[0] in self.ids else -1
            whole = start >= 0 and self.ids[start : start + len(spot.ids)] == spot.ids
            return range(start, start + 1) if whole else range(0)
        low = 0 if spot.left == BEGIN else self.ids.index(spot.left) + 1 if spot.left in self.ids else None
        high = len(self.ids) if spot.right == END else self.ids.index(spot.right) if spot.right in self.ids else None
        if low is None or high is None:
            return range(0)
        return range(low, high + 1)

    def with_spots(self, spots: Mapping[Key, Spot]) -> Shot:
        return Shot(self.text, self.ids, {**self.spots, **spots})


class History:
    """What the editor's undo and redo walk through."""

    def __init__(self, shot: Shot) -> None:
        self.shots, self.at, self.typed = [shot], 0, [False]

    @property
    def now(self) -> Shot:
        return self.shots[self.at]

    @now.setter
    def now(self, shot: Shot) -> None:
        self.shots[self.at] = shot

    def push(self, shot: Shot, typed: bool, join: bool) -> None:
        if join and typed and self.typed[self.at]:
            self.at -= 1
        del self.shots[self.at + 1 :], self.typed[self.at + 1 :]
        self.shots.append(shot)
        self.typed.append(typed)
        self.at += 1


Report = tuple[str, list[Edit], str]
"""One notification: the text before, successive edits, and the text after."""


def reported(before: str, after: str, exact: Sequence[Edit], style: int) -> list[Edit]:
    """The change as an editor may report it."""
    if before == after:
        return []
    whole = Edit(0, len(before), after)
    small = minimise(before, whole)
    match style % 6:
        case 0:
            return list(exact)
        case 1:
            return [small]
        case 2:
            return [_by_lines(before, small)]
        case 3:
            return [whole]
        case 4:
            return list(reversed(changes(before, after)))
        case _:
            return [minimise(before, edit) for edit in reversed(changes(before, after))]


def _by_lines(before: str, edit: Edit) -> Edit:
    start = max(before.rfind("\n", 0, edit.start), before.rfind("\r", 0, edit.start)) + 1
    found = before.find("\n", edit.end)
    end = len(before) if found < 0 else found + 1
    return Edit(start, end, before[start : edit.start] + edit.text + before[edit.end : end])


@dataclass
class Behaviour:
    """How the editor treats the next edit that it is asked for."""

    answer: str = "ok"
    style: int = 0
    turns: int = 0


class SceneEditor:
    """One document. The server sees `mirror`, which is the text of the last notification that was sent."""

    def __init__(self, shot: Shot, states: Callable[[], Iterable[State]]) -> None:
        self.disk: Shot | None = shot
        self.history: History | None = History(shot)
        self.mirror: str | None = shot.text
        self.states = states
        self.next = Behaviour()
        self.lagging = False
        self.queue: list[Report] = []
        self.told: Callable[[str, str, Sequence[Edit]], None] = lambda uri, before, edits: None
        self.numbers = itertools.count(FRESH)
        self.first: dict[Key, Spot] = {}
        self.log: list[str] = []
        self.start_of: Callable[[State, Hunk], int] = lambda state, hunk: hunk.start
        self.wrong: list[str] = []
        self.guesses: Callable[[], bool] = lambda: False

    # As the runtime sees it.

    def text(self, uri: str) -> str | None:
        return self.mirror if uri == URI else None

    def open_uris(self) -> tuple[str, ...]:
        return () if self.mirror is None else (URI,)

    def named(self, uri: str) -> str:
        return uri

    def version(self, uri: str) -> int | None:
        return 1

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[None, None, str | None]:
        return self._applied(self.mirror, list(edits[URI]))

    async def _applied(self, version: str | None, parts: list[Edit]) -> str | None:
        how, self.next = self.next, Behaviour()
        for _ in range(how.turns):
            await asyncio.sleep(0)
        if self.history is None or version != self.history.now.text or how.answer == "refuse":
            self.log.append("  the editor refuses")
            return "no"
        if how.answer == "drop":
            self.log.append("  the editor drops the edit")
            return None
        shot = self.judged(self.history.now, parts)
        self.log.append(f"  the editor makes {parts}, reports in style {how.style} ({how.answer})")
        if how.answer == "late":
            self.lagging = True
        before = self.history.now.text
        self.history.push(shot, typed=False, join=False)
        exact = list(reversed(parts))
        if how.answer == "answers first":
            self.lagging = True
            asyncio.get_running_loop().call_later(0.5, self.flush, 0)
        self.notify(before, shot.text, exact, how.style)
        if how.answer == "never answers":
            await asyncio.Event().wait()
        return None

    # What the user does.

    def type(self, edits: Sequence[Edit], style: int, join: bool) -> None:
        assert self.history
        shot = self.history.now
        before = after = shot.text
        for edit in edits:
            after = apply(after, [edit])
        # Which of two equal characters was typed is nobody's to know: the report decides.
        seen = edits if style % 6 == 0 else reported(before, after, edits, 5)
        for edit in seen:
            shot = self.edited(shot, minimise(shot.text, edit))
        self.history.push(shot, typed=True, join=join)
        self.notify(before, after, edits, style)

    def walk(self, steps: int, style: int, at_once: bool) -> None:
        """Undo (negative) or redo."""
        assert self.history
        goal = max(0, min(len(self.history.shots) - 1, self.history.at + steps))
        while self.history.at != goal:
            before = self.history.now.text
            self.history.at = goal if at_once else self.history.at + (1 if steps > 0 else -1)
            after = self.history.now.text
            self.notify(before, after, reported(before, after, (), 4 + style % 2), style)

    def open(self) -> None:
        """The document is opened, with the text that the file has."""
        shot = self.disk or Shot("", ())
        self.history, self.mirror = History(shot), shot.text

    def edited(self, shot: Shot, edit: Edit) -> Shot:
        fresh = tuple(next(self.numbers) for _ in edit.text)
        ids = (*shot.ids[: edit.start], *fresh, *shot.ids[edit.end :])
        return Shot(apply(shot.text, [edit]), ids, shot.spots)

    def notify(self, before: str, after: str, exact: Sequence[Edit], style: int) -> None:
        edits = reported(before, after, exact, style)
        self.log.append(f"    reported: {edits}")
        self.queue.append((before, edits, after))
        if not self.lagging:
            self.flush(0)

    def flush(self, style: int, at_once: bool = False) -> None:
        """Sends the notifications that are held back, perhaps as one."""
        self.lagging = False
        if at_once and self.queue:
            before, after = self.queue[0][0], self.queue[-1][2]
            exact = [edit for _, edits, _ in self.queue for edit in edits]
            self.queue = [(before, reported(before, after, exact, style), after)]
            self.log.append(f"    reported at once: {self.queue[0][1]}")
        queue, self.queue = self.queue, []
        for before, edits, after in queue:
            if self.mirror is None:
                continue
            check = before
            for edit in edits:
                check = apply(check, [edit])
            assert self.mirror == before and check == after
            self.mirror = after
            self.told(URI, before, edits)

    # The oracle.

    @property
    def now(self) -> Shot:
        """The text that counts."""
        if self.history is not None:
            return self.history.now
        return self.disk or Shot("", ())

    @now.setter
    def now(self, shot: Shot) -> None:
        if self.history is not None:
            self.history.now = shot
        elif self.disk is not None:
            self.disk = shot

    def spot(self, key: Key) -> Spot | None:
        return self.now.spots.get(key) or self.first.get(key)

    def landings(self) -> list[tuple[State, Landing, list[Hunk]]]:
        """Those that were started; the last one may have shown without its session knowing yet."""
        found = [(state, landing) for state in self.states() for landing in state.landings.values()]
        return [(s, one, [s.hunks[i] for i in one.hunks]) for s, one in found if one.stage == "started"]

    def judged(self, shot: Shot, parts: Sequence[Edit]) -> Shot:
        """The text after the server's edits, which must be those of the approved hunks at their very places."""
        wrong = ["the server makes an edit that belongs to no landing"]
        for state, landing, hunks in self.landings():
            try:
                return self._judged(shot, parts, state, landing, hunks)
            except WrongError as error:
                wrong.append(str(error))
        # In a task of the server's: kept for the test.
        self.wrong += wrong
        raise WrongError(*wrong)

    def _judged(self, shot: Shot, parts: Sequence[Edit], state: State, landing: Landing, hunks: Sequence[Hunk]) -> Shot:
        left = list(parts)
        chosen: list[tuple[Hunk, Edit]] = []
        for hunk in hunks:
            here, there = (hunk.before, hunk.after) if landing.kind == "apply" else (hunk.after, hunk.before)
            fits = [e for e in left if e.text == there and shot.text[e.start : e.end] == here]
            spot = self.spot((state.session, hunk.id))
            if spot and spot.rev == hunk.rev and spot.inside == (landing.kind == "undo"):
                places = shot.places(spot)
                exact = [e for e in fits if e.start in places]
                right = exact or self.guesses() or any(same(shot, e, places) for e in fits)
                if len(places) and fits and not right:
                    raise WrongError(f"{hunk.id} goes to {fits}, but stands at {list(places)} of {shot.text!r}")
                fits = exact or fits
            if not fits:
                raise WrongError(f"{parts} is not the edit of {hunk.id} ({here!r} -> {there!r}) in {shot.text!r}")
            left.remove(fits[0])
            chosen.append((hunk, fits[0]))
        if left:
            raise WrongError(f"{left} belongs to none of the approved hunks {landing.hunks}")
        return self._made(shot, chosen, state.session, landing.kind == "apply")

    def _made(self, shot: Shot, chosen: Sequence[tuple[Hunk, Edit]], session: str, inside: bool) -> Shot:
        made = shot
        ordered = sorted(chosen, key=lambda one: (one[1].start, one[1].end))
        for _, edit in reversed(ordered):
            made = self.edited(made, edit)
        spots: dict[Key, Spot] = {}
        moved = 0
        for hunk, edit in ordered:
            spots[session, hunk.id] = made.around(edit.start + moved, len(edit.text), hunk.rev, inside)
            moved += edit.delta
        return made.with_spots(spots)


def same(shot: Shot, edit: Edit, places: range) -> bool:
    """Whether the edit made at one of the places makes the same text."""
    length, goal = edit.end - edit.start, apply(shot.text, [edit])
    return any(apply(shot.text, [Edit(at, at + length, edit.text)]) == goal for at in places)


class SceneFiles:
    """The one file on disk."""

    def __init__(self, editor: SceneEditor) -> None:
        self.editor = editor

    def problem(self) -> None:
        return None

    def read(self, path: str) -> str | FileProblem:
        if self.editor.disk is None or path != PATH:
            return FileProblem("missing", f"{path} is not there.")
        return self.editor.disk.text

    def write(self, path: str, text: str, expected: str | None) -> FileProblem | None:
        editor = self.editor
        shot = editor.disk
        if shot is None or path != PATH or expected != digest(shot.text):
            return FileProblem("changed", f"{path} changed.")
        if editor.history is not None:
            editor.wrong.append("the file of an open document was written")
        parts = next((made for made in map(self._parts, editor.landings()) if self._makes(shot, made, text)), [])
        if apply(shot.text, parts) != text:
            editor.wrong.append(f"the file became {text!r}, which is no landing's edit of {shot.text!r}")
        editor.disk = editor.judged(shot, parts)
        editor.log.append(f"  the file is written: {parts}")
        return None

    def _parts(self, started: tuple[State, Landing, list[Hunk]]) -> list[Edit]:
        state, landing, hunks = started
        made: list[Edit] = []
        for hunk in hunks:
            at = self.editor.start_of(state, hunk)
            here, there = (hunk.before, hunk.after) if landing.kind == "apply" else (hunk.after, hunk.before)
            made.append(Edit(at, at + len(here), there))
        return sorted(made, key=lambda edit: (edit.start, edit.end))

    def _makes(self, shot: Shot, parts: Sequence[Edit], text: str) -> bool:
        return parts[-1].end <= len(shot.text) and apply(shot.text, parts) == text

    def delete(self, path: str, expected: str) -> FileProblem | None:
        raise WrongError(f"{path} is deleted")

    def list(self, limit: int = 50_000) -> list[str]:
        return [PATH]

    def hidden(self, paths: object, tracked: bool = False) -> frozenset[str]:
        return frozenset()

    def exists(self, path: str) -> bool:
        return self.editor.disk is not None and path == PATH
