"""The approve transaction against editors that are late, silent or busy: only the text proves that an edit landed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from signoff.core import commands as c
from signoff.core.hunks import Hunk
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.runtime import land
from support.house import FakeEditor, House, Script, call

TEXT = "one\ntwo\nthree\n"


class LateEditor(FakeEditor):
    """Says that it applied an edit, and does so when it is told to."""

    held: Mapping[str, Sequence[Edit]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> str | None:
        self.held = edits
        self.asked.set()
        return None

    def release(self) -> None:
        for uri, parts in self.held.items():
            self.type(uri, *reversed(list(parts)))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(land, "CONFIRM_SECONDS", 0.05)


async def proposing(root: Path, editor: FakeEditor, old: str, new: str) -> tuple[House, str, Hunk]:
    """A house in which one hunk of an open document waits."""
    (root / "a.txt").write_text(TEXT)
    arguments = json.dumps({"path": "a.txt", "edits": [{"old": old, "new": new}]})
    house = House(
        root, Script([[call(0, "edit_file", arguments)], [call(1, "finish", '{"summary": "Done."}')]]), editor=editor
    )
    editor.documents[house.document("a.txt")] = TEXT
    session = await house.start("Do it")
    state = await house.until(session, lambda s: bool(s.hunks) and s.turn == 2)
    return house, session, next(iter(state.hunks.values()))


async def approved(house: House, session: str, hunk: Hunk) -> None:
    await house.manager.submit(session, c.ApproveHunks((c.Shown(hunk.id, hunk.rev),)))


def noted(state: State) -> bool:
    return any(hunk.note for hunk in state.hunks.values())


async def test_a_late_edit_is_recognised_and_never_made_again(tmp_path: Path) -> None:
    editor = LateEditor()
    house, session, hunk = await proposing(tmp_path, editor, "two\n", "two\ninserted\n")
    await approved(house, session, hunk)
    state = await house.until(session, noted)
    assert state.hunks[hunk.id].status == "pending" and "did not show" in state.hunks[hunk.id].note
    editor.type(house.document("a.txt"), Edit(0, 0, "typed\n"))
    editor.held = {uri: [Edit(e.start + 6, e.end + 6, e.text) for e in parts] for uri, parts in editor.held.items()}
    editor.release()
    state = await house.until(session, lambda s: s.finished)
    assert state.hunks[hunk.id].status == "applied"
    assert editor.documents[hunk.uri] == "typed\none\ntwo\ninserted\nthree\n"
    assert (await house.manager.submit(session, c.ApproveHunks((c.Shown(hunk.id, hunk.rev),)))) == c.Refused(
        "The hunk is applied already; undo it to take it back."
    )
    await house.kill()


async def test_typing_elsewhere_while_an_edit_is_on_its_way_does_not_hide_it(tmp_path: Path) -> None:
    editor = LateEditor()
    house, session, hunk = await proposing(tmp_path, editor, "two\n", "2\n")
    await approved(house, session, hunk)
    await editor.asked.wait()
    editor.type(hunk.uri, Edit(len(TEXT), len(TEXT), "four\n"))
    editor.release()
    await house.until(session, lambda s: s.finished)
    assert editor.documents[hunk.uri] == "one\n2\nthree\nfour\n"
    await house.kill()


async def test_typing_over_an_edit_on_its_way_loses_no_character_and_proves_nothing(tmp_path: Path) -> None:
    editor = LateEditor()
    house, session, hunk = await proposing(tmp_path, editor, "two\n", "2\n")
    await approved(house, session, hunk)
    await editor.asked.wait()
    editor.type(hunk.uri, Edit(2, 9, "XYZ"))
    state = await house.until(session, lambda s: s.hunks[hunk.id].status != "applying")
    assert state.hunks[hunk.id].status in ("pending", "stale")
    assert editor.documents[hunk.uri] == "onXYZhree\n"
    await approved(house, session, hunk)
    state = await house.until(session, lambda s: s.hunks[hunk.id].status == "stale")
    assert editor.documents[hunk.uri] == "onXYZhree\n"
    await house.kill()


async def test_an_editor_that_never_answers_does_not_block_the_next_file(tmp_path: Path) -> None:
    class Silent(FakeEditor):
        async def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> str | None:
            await asyncio.Event().wait()
            return None

    editor = Silent()
    house, session, hunk = await proposing(tmp_path, editor, "two\n", "2\n")
    await approved(house, session, hunk)
    await house.until(session, noted)
    editor.documents.clear()
    await approved(house, session, hunk)
    await house.until(session, lambda s: s.finished)
    assert (tmp_path / "a.txt").read_text() == "one\n2\nthree\n"
    await house.kill()


@pytest.mark.parametrize("on_disk", [TEXT, "one\n2\nthree\n", None], ids=["not saved", "saved", "deleted"])
async def test_a_document_that_is_closed_ends_its_landing_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: str | None
) -> None:
    monkeypatch.setattr(land, "CONFIRM_SECONDS", 1_000.0)
    editor = LateEditor()
    house, session, hunk = await proposing(tmp_path, editor, "two\n", "2\n")
    await approved(house, session, hunk)
    await editor.asked.wait()
    file = tmp_path / "a.txt"
    file.unlink() if on_disk is None else file.write_text(on_disk)
    del editor.documents[hunk.uri]
    house.manager.documents.closed(hunk.uri)
    state = await house.until(session, lambda s: not s.landings)
    status, note = {
        TEXT: ("pending", land.CLOSED),
        None: ("stale", "The file is gone, or can't be read as text. Bring it back, or reject the hunk."),
    }.get(on_disk, ("applied", ""))
    state = await house.until(session, lambda s: s.hunks[hunk.id].status == status)
    assert state.hunks[hunk.id].note == note
    await house.kill()
