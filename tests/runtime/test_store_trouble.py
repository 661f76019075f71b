"""A journal that can't be written for a while, at every event of a session: what was paid for and approved still
comes to its end, once, and nothing is asked for twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from signoff.core import commands as c
from signoff.core.journal import Row, StoreError
from signoff.core.model import Message
from signoff.core.view import phase
from signoff.runtime import loop
from support.house import House, Script, call
from support.memory_store import MemoryStore

EDIT = '{"path": "a.txt", "edits": [{"old": "two", "new": "2"}]}'
REPLIES = [
    [call(0, "read_file", '{"path": "a.txt"}')],
    [Message("assistant", "I change it."), call(1, "edit_file", EDIT)],
    [call(2, "finish", '{"summary": "Done."}')],
]
FULL = "The disk is full."


class FullAt(MemoryStore):
    """Refuses the first two attempts to store the event `name`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.left = name, 2

    async def append(self, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]) -> None:
        if self.left and any(row.type == self.name for row in rows):
            self.left -= 1
            raise StoreError(FULL)
        await super().append(session, expected, rows, texts)


@pytest.mark.parametrize(
    ("event", "approvals"),
    [
        ("ContextGathered", 1),
        ("ModelReplied", 1),
        ("ToolReturned", 1),
        ("HunksProposed", 1),
        ("HunksApproved", 3),
        ("LandingStarted", 1),
        ("HunksLanded", 1),
        ("SessionFinished", 1),
    ],
)
async def test_a_full_disk_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: str, approvals: int
) -> None:
    monkeypatch.setattr(loop, "STORE_RETRY_SECONDS", 0.001)
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n")
    store = FullAt(event)
    house = House(tmp_path, script := Script(REPLIES), store=store)
    session = await house.start("Write the number")
    state = await house.until(session, lambda state: phase(state) == "waiting" and bool(state.hunks))
    (hunk,) = state.hunks.values()
    words = c.ApproveHunks((c.Shown(hunk.id, hunk.rev),))
    for attempt in range(1, approvals + 1):
        if attempt < approvals:
            with pytest.raises(StoreError, match=FULL):
                await house.manager.submit(session, words)
        else:
            await house.manager.submit(session, words)
    state = await house.until(session, lambda state: phase(state) == "done")
    assert (tmp_path / "a.txt").read_text() == "one\n2\nthree\n"
    assert [h.status for h in state.hunks.values()] == ["applied"] and state.summary == "Done."
    assert script.asked == [0, 1, 2] and store.left == 0
    types = [row.type for row in store.journal.rows[session]]
    assert types.count("LandingStarted") == types.count("HunksLanded") == 1 and "BugNoticed" not in types
    assert house.manager.trouble(session) is None
    await house.manager.close()


async def test_trouble_is_told_while_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STORE_RETRY_SECONDS", 0.001)
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n")
    told: list[str | None] = []
    house = House(tmp_path, Script(REPLIES), store=FullAt("ModelReplied"))
    publish = house.manager._publish
    house.manager._publish = lambda state: (publish(state), told.append(house.manager.trouble(state.session)))[0]
    session = await house.start("Write the number")
    await house.until(session, lambda state: phase(state) == "waiting" and bool(state.hunks))
    assert told.count(FULL) == 2 and told[0] is None and told[-1] is None
    await house.manager.close()
