"""Crash at every prefix: the law that sessions survive a kill at any moment.

One session with a plan, a multi-turn reply and four hunks (one of a new file) runs to its end, while every state of
journal, disk and editor that a kill could leave behind is noted down: before and after each append. From each of them
a new server starts, the user resumes and goes on deciding in the same way. The outcome must not differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from signoff.core import commands as c
from signoff.core.journal import Row
from signoff.core.model import Message
from signoff.core.state import State
from support.house import PLANNED, FakeEditor, House, Script, call
from support.memory_store import MemoryJournal, MemoryStore

A = "".join(f"a line {n}\n" for n in range(1, 21))
B = "one\ntwo\nthree\n"
GOAL = "Rename the lines"
FILES = {"a.txt": A, "b.txt": B}
END = {
    "a.txt": A.replace("a line 3\n", "a line three\n").replace("a line 15\n", "a line 15\nand a half\n"),
    "b.txt": "one\n2\nthree\n",
    "new/c.txt": "brand new\n",
}


def _edit(path: str, *pairs: tuple[str, str]) -> str:
    return json.dumps({"path": path, "edits": [{"old": old, "new": new} for old, new in pairs]})


REPLIES = [
    [Message("assistant", "I look first."), call(0, "read_file", '{"path": "a.txt"}')],
    [call(1, "update_plan", '{"steps": [{"text": "Change a"}, {"text": "Change b"}]}')],
    [
        Message("assistant", "Now the edits."),
        call(
            2, "edit_file", _edit("a.txt", ("a line 3\n", "a line three\n"), ("a line 15\n", "a line 15\nand a half\n"))
        ),
    ],
    [
        call(3, "edit_file", _edit("b.txt", ("two\n", "2\n"))),
        call(30, "edit_file", _edit("new/c.txt", ("", "brand new\n"))),
    ],
    [call(4, "finish", '{"summary": "Renamed."}')],
]


@dataclass
class Moment:
    """What a kill leaves behind."""

    journal: dict[str, list[Row]]
    texts: dict[str, str]
    files: dict[str, str]
    buffers: dict[str, str]


@dataclass
class WatchedStore(MemoryStore):
    """Notes down everything that outlives the process, before and after each append."""

    journal: MemoryJournal
    root: Path
    editor: FakeEditor
    moments: list[Moment] = field(default_factory=list)
    _closed: bool = False

    async def append(self, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]) -> None:
        self._note()
        await super().append(session, expected, rows, texts)
        self._note()

    def _note(self) -> None:
        moment = Moment(
            deepcopy(self.journal.rows), dict(self.journal.texts), files_of(self.root), dict(self.editor.documents)
        )
        if not self.moments or moment != self.moments[-1]:
            self.moments.append(moment)


def files_of(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_text() for p in sorted(root.rglob("*")) if p.is_file()}


def lay_out(root: Path, files: Mapping[str, str]) -> None:
    for path in [p for p in root.rglob("*") if p.is_file()]:
        path.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


async def decide_all(house: House, session: str) -> State:
    """The user: resumes what stopped, approves the plan, approves every hunk one by one as it comes."""
    while True:
        state = await house.until(session, lambda s: bool(wish(s)), seconds=3)
        command = wish(state)
        if command is None or state.finished:
            return state
        await house.manager.submit(session, command)


def wish(state: State) -> c.Command | None:
    """What the user does next; a stand-in command when the session has ended."""
    pending = [h for h in state.hunks.values() if h.status == "pending"]
    if state.finished:
        return c.Archive()
    if state.plan is not None and state.plan_waits:
        return c.ApprovePlan(state.plan.id)
    if pending:
        return c.ApproveHunks((c.Shown(pending[0].id, pending[0].rev),))
    return c.Resume() if state.parked else None


async def run_whole(root: Path, opened: Sequence[str]) -> tuple[list[Moment], Script, str]:
    """The undisturbed run, and every moment at which it could have been killed."""
    lay_out(root, FILES)
    model, editor, journal = Script(REPLIES), FakeEditor(), MemoryJournal()
    store = WatchedStore(journal, root, editor)
    house = House(root, model, journal, editor, store)
    editor.documents = {house.document(path): FILES[path] for path in opened}
    session = await house.start(GOAL, PLANNED)
    await decide_all(house, session)
    await house.kill()
    return store.moments, model, session


def final(house: House) -> dict[str, str]:
    """The text of every file as the user sees it: the buffer where one is open."""
    shown = {
        path: house.editor.documents.get(house.document(path), text) for path, text in files_of(house.root).items()
    }
    return shown


def answered(moment: Moment, session: str) -> int:
    """How many replies were stored, and so must never be asked for again."""
    return sum(row.type == "ModelReplied" for row in moment.journal.get(session, []))


@pytest.mark.parametrize("opened", [(), ("a.txt",), ("a.txt", "b.txt")], ids=["disk", "one buffer", "buffers"])
async def test_a_kill_at_any_moment_changes_nothing_in_the_end(opened: Sequence[str], tmp_path: Path) -> None:
    moments, model, session = await run_whole(tmp_path, opened)
    assert model.asked == [0, 1, 2, 3, 4]
    assert len(moments) >= 28
    for number, moment in enumerate(m for m in moments if m.journal.get(session)):
        lay_out(tmp_path, moment.files)
        journal = MemoryJournal(texts=dict(moment.texts), rows=deepcopy(moment.journal))
        again, editor = Script(REPLIES), FakeEditor(documents=dict(moment.buffers))
        house = House(tmp_path, again, journal, editor)
        journal.sessions[session] = (house.uri, "2023")
        await house.manager.open_workspace(house.uri)
        stored = answered(moment, session)
        assert not again.asked, f"moment {number}: a restart asked the model without a word of the user"
        state = await decide_all(house, session)
        assert final(house) == END, f"moment {number}"
        assert again.asked == list(range(stored, 5)), f"moment {number}: a completed turn was asked for again"
        assert {h.status for h in state.hunks.values()} == {"applied"}, f"moment {number}"
        assert state.summary == "Renamed."
        await house.kill()
