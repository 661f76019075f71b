"""Live positions of hunks: under patches, landings, and documents that change unseen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from signoff.core import commands as c
from signoff.core.decide_hunks import THERE_ALREADY
from signoff.core.hunks import Hunk
from signoff.core.model import ToolCall
from signoff.core.state import State
from signoff.core.text import Edit
from support.house import House, Script, call

TEXT = "a\nfoo\nb\n"


def edit(number: int, old: str, new: str) -> ToolCall:
    return call(number, "edit_file", json.dumps({"path": "a.txt", "edits": [{"old": old, "new": new}]}))


DONE = call(9, "finish", '{"summary": "Done."}')


async def house_with(root: Path, *edits: ToolCall, text: str = TEXT, opened: bool = False) -> tuple[House, str, Hunk]:
    """A house in which the hunks of the edits wait."""
    (root / "a.txt").write_text(text)
    house = House(root, Script([*([one] for one in edits), [DONE]]))
    if opened:
        house.editor.documents[house.document("a.txt")] = text
    session = await house.start("Do it")
    state = await house.until(session, lambda s: s.turn == len(edits) + 1)
    return house, session, next(iter(state.hunks.values()))


async def decided(house: House, session: str, command: c.Command) -> State:
    await house.manager.submit(session, command)
    return await house.until(session, lambda s: not s.landings)


def shown(hunk: Hunk) -> tuple[c.Shown, ...]:
    return (c.Shown(hunk.id, hunk.rev),)


async def test_a_hunk_that_a_later_patch_moves_lands_at_its_new_place(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "bar\n"), edit(1, "bar\n", "foo\nnew\n"))
    assert (hunk.rev, hunk.before, hunk.after) == (2, "", "new\n")
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    assert (tmp_path / "a.txt").read_text() == "a\nfoo\nnew\nb\n"
    await house.kill()


async def test_an_insertion_follows_a_file_that_changed_unseen(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "foo\nnew\n"))
    (tmp_path / "a.txt").write_text("pulled\nlines\n" + TEXT)
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    assert (tmp_path / "a.txt").read_text() == "pulled\nlines\na\nfoo\nnew\nb\n"
    await house.kill()


async def test_an_insertion_whose_surroundings_are_gone_is_not_made_anywhere(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "foo\nnew\n"))
    (tmp_path / "a.txt").write_text("")
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    text = (tmp_path / "a.txt").read_text()
    assert text in ("", "new\n"), text
    await house.kill()


async def test_a_hunk_whose_new_text_ends_like_the_old_can_be_undone(tmp_path: Path) -> None:
    for opened in (False, True):
        house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "export foo\n"), opened=opened)
        state = await decided(house, session, c.ApproveHunks(shown(hunk)))
        assert state.hunks[hunk.id].start == 2
        state = await decided(house, session, c.UndoHunks(shown(hunk)))
        assert state.hunks[hunk.id].status == "undone"
        text = house.editor.documents.get(hunk.uri) or (tmp_path / "a.txt").read_text()
        assert text == TEXT
        await house.kill()


async def test_a_deletion_whose_place_was_lost_is_not_undone_somewhere_else(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", ""), opened=True)
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    house.editor.type(hunk.uri, Edit(0, 4, "completely different\n"))
    state = await decided(house, session, c.UndoHunks(shown(hunk)))
    assert house.editor.documents[hunk.uri] == "completely different\n"
    assert state.hunks[hunk.id].status == "applied" and state.hunks[hunk.id].note
    await house.kill()


async def test_typing_inside_a_hunk_is_told_to_the_model_once(tmp_path: Path) -> None:
    text = "a\nfoo alpha beta\nb\n"
    house, session, hunk = await house_with(tmp_path, edit(0, "foo alpha", "bar alpha"), text=text, opened=True)
    for number in range(20):
        house.editor.type(hunk.uri, Edit(16 + number, 16 + number, "!"))
    state = await house.until(session, lambda s: s.hunks[hunk.id].rev == 21)
    assert state.hunks[hunk.id].after == "bar alpha beta" + 20 * "!" + "\n"
    assert sum("changed your proposal" in item.text for item in state.inbox) == 1
    await house.kill()


async def test_typing_exactly_what_was_proposed_leaves_nothing_to_apply(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "fool\n"), opened=True)
    house.editor.type(hunk.uri, Edit(5, 5, "l"))
    state = await house.until(session, lambda s: s.hunks[hunk.id].status != "pending")
    assert (state.hunks[hunk.id].status, state.hunks[hunk.id].note) == ("withdrawn", THERE_ALREADY)
    assert await house.manager.submit(session, c.ApproveHunks(shown(hunk))) == c.Refused(THERE_ALREADY)
    await house.kill()


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("new", ["bar\n", "foo\nnew\n", ""], ids=["a replacement", "an insertion", "a deletion"])
async def test_what_another_session_has_put_in_already_is_not_offered(tmp_path: Path, new: str, opened: bool) -> None:
    house, first, hunk = await house_with(tmp_path, edit(0, "foo\n", new), opened=opened)
    second = await house.start("Do it too")
    other = next(iter((await house.until(second, lambda s: s.turn == 2)).hunks.values()))
    await decided(house, first, c.ApproveHunks(shown(hunk)))
    state = await house.until(second, lambda s: s.hunks[other.id].status == "withdrawn")
    assert state.hunks[other.id].note == THERE_ALREADY
    await decided(house, first, c.UndoHunks(shown(hunk)))
    await house.until(first, lambda s: s.hunks[hunk.id].status == "undone")
    assert await house.manager.submit(second, c.ApproveHunks(shown(other))) == c.Refused(THERE_ALREADY)
    assert house.manager.text(state.workspace, hunk.uri) == TEXT
    await house.kill()


async def test_a_file_that_is_gone_and_back_has_its_hunks_back(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "bar\n"))
    (tmp_path / "a.txt").unlink()
    house.manager.documents.file_changed(hunk.uri)
    await house.until(session, lambda s: s.hunks[hunk.id].status == "stale")
    (tmp_path / "a.txt").write_text("new\n" + TEXT)
    house.manager.documents.file_changed(hunk.uri)
    await house.until(session, lambda s: s.hunks[hunk.id].status == "pending")
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    assert (tmp_path / "a.txt").read_text() == "new\na\nbar\nb\n"
    await house.kill()


async def test_an_undo_before_the_landing_is_recorded_leaves_the_hunk_waiting(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "bar\n"), opened=True)
    changed = house.editor.changed

    def undone_at_once(uri: str, before: str, edits: Sequence[Edit]) -> None:
        house.editor.changed = changed
        changed(uri, before, edits)
        house.editor.type(uri, Edit(2, 6, "foo\n"))

    house.editor.changed = undone_at_once
    await house.manager.submit(session, c.ApproveHunks(shown(hunk)))
    await house.until(session, lambda s: not s.landings and s.hunks[hunk.id].status == "pending")
    assert house.editor.documents[hunk.uri] == TEXT
    await house.kill()


async def test_what_is_closed_without_saving_waits_again_and_is_not_written(tmp_path: Path) -> None:
    house, session, hunk = await house_with(tmp_path, edit(0, "foo\n", "bar\n"), opened=True)
    await decided(house, session, c.ApproveHunks(shown(hunk)))
    house.editor.type(hunk.uri, Edit(0, 0, "typed\n"))
    del house.editor.documents[hunk.uri]
    house.manager.documents.closed(hunk.uri)
    state = await house.until(session, lambda s: s.hunks[hunk.id].status == "pending")
    assert (tmp_path / "a.txt").read_text() == TEXT and not state.unsaved
    await house.kill()


async def test_a_burst_of_typing_around_a_hunk_moves_it_and_amends_it_once(tmp_path: Path) -> None:
    text = "a\nfoo alpha beta\nb\n"
    house, session, hunk = await house_with(tmp_path, edit(0, "foo alpha", "bar alpha"), text=text, opened=True)
    house.editor.type(hunk.uri, Edit(0, 0, "x"), Edit(1, 1, "y\n"), Edit(19, 19, "!"), Edit(20, 20, "?"))
    state = await house.until(session, lambda s: s.hunks[hunk.id].rev > 1)
    now = state.hunks[hunk.id]
    assert (now.rev, now.before, now.after) == (2, "foo alpha beta!?\n", "bar alpha beta!?\n")
    assert house.manager.start_of(state, now) == 5
    await house.kill()
