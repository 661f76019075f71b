"""Two windows on one workspace: two server processes, one state folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.test_transaction import BODY, TWO, started
from endpoint.server import Endpoint, Script, Text, Turn
from support.editor_client import editor
from support.folders_client import FoldersClient

pytestmark = pytest.mark.e2e

WORDS = "This session is open in another window. Decide there, or close that window and resume the session here."


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    workspace, state = tmp_path / "workspace", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_text(BODY)
    return workspace, state


async def test_the_second_window_shows_the_session_and_says_where_to_decide(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as first:
        session, hunks = await started(first)
        async with editor(*places, endpoint.base_url) as second:
            (listed,) = await second.command("listSessions")
            assert [h["status"] for h in listed["hunks"]] == ["pending", "pending"]
            named = {"hunk": hunks[0]["id"], "rev": 1}
            for name, argument in {
                "approveHunk": named,
                "rejectHunk": {**named, "feedback": "no"},
                "reply": {"session": session, "text": "more"},
                "resume": {"session": session},
            }.items():
                answer = await second.command(name, **argument)
                assert (answer["status"], answer["reason"]) == ("refused", WORDS), name
            view = await second.until(session, lambda v: v["elsewhere"])
            assert list(second.views) == [session], "nothing is shown as waiting for this user"
            await first.command("rejectHunk", **named)
            await first.until(session, lambda v: v["hunks"][0]["status"] == "rejected")
            view = await second.command("showSession", session=session)
            assert [h["status"] for h in view["hunks"]] == ["rejected", "pending"], "as the first window left it"
            assert (places[0] / "a.txt").read_text() == BODY


@pytest.mark.parametrize("end", ["killed", "closed"])
async def test_the_second_window_takes_over_with_resume(places: tuple[Path, Path], end: str) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as first:
        session, (one, two) = await started(first)
        async with editor(*places, endpoint.base_url) as second:
            await first.command("approveHunk", hunk=one["id"], rev=1)
            await first.until(session, lambda v: v["hunks"][0]["status"] == "applied")
            await (first.kill() if end == "killed" else first.leave())
            assert await second.command("resume", session=session) == {}
            view = await second.until(session, lambda v: v["phase"] == "waiting")
            assert [h["status"] for h in view["hunks"]] == ["applied", "pending"] and not view["elsewhere"]
            refused = await second.command("approveHunk", hunk=one["id"], rev=1)
            assert (refused["status"], refused["reason"]) == (
                "refused",
                "The hunk is applied already; undo it to take it back.",
            )
            assert (await second.command("approveHunk", hunk=two["id"], rev=1))["status"] == "applying"
            await second.until(session, lambda v: v["phase"] == "done")
            wanted = BODY.replace("line 3\n", "line three 😀\n").replace("line 20\n", "line twenty\nand more\n")
            assert (places[0] / "a.txt").read_text() == wanted, "each hunk once"
            assert (await second.command("resume", session=session))["status"] == "refused", "it is here already"
        endpoint.check_no_turn_asked_again()


async def test_a_reloaded_window_has_all_again_though_its_last_server_was_still_there(
    places: tuple[Path, Path],
) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as first:
        session, _ = await started(first)
        async with editor(*places, endpoint.base_url) as second:
            assert len(await second.command("listSessions")) == 1
            await first.leave()
            view = await second.until(session, lambda v: v["phase"] == "waiting")
            assert [h["status"] for h in view["hunks"]] == ["pending", "pending"]
            await second.command("approveAll", session=session)
            await second.until(session, lambda v: v["phase"] == "done")


async def test_a_turn_that_a_killed_window_leaves_waits_for_resume_in_the_second(places: tuple[Path, Path]) -> None:
    turns = [Turn(Text("word " * 2000), chunk_delay=0.05), Turn(Text("Done."))]
    async with Endpoint(Script(turns)) as endpoint, editor(*places, endpoint.base_url) as first:
        session = (await first.command("startSession", goal="Talk", planFirst=False))["session"]
        await first.until_streamed(session, 20)
        async with editor(*places, endpoint.base_url) as second:
            (listed,) = await second.command("listSessions")
            assert listed["phase"] == "working", "it is asked for in the first window only"
            assert len(endpoint.requests) == 1
            await first.kill()
            assert await second.command("resume", session=session) == {}
            await second.until(session, lambda v: v["phase"] == "done")
            assert len(endpoint.requests) == 2


async def test_an_edit_on_disk_leaves_the_unsaved_text_of_the_other_window(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url, made=FoldersClient) as first:
        session, (one, two) = await started(first)
        async with editor(*places, endpoint.base_url, made=FoldersClient) as second:
            uri = second.open("a.txt")
            second.insert(uri, 0, 0, "mine\n")
            await first.command("approveHunk", hunk=one["id"], rev=1)
            await first.until(session, lambda v: v["hunks"][0]["status"] == "applied")
            on_disk = BODY.replace("line 3\n", "line three 😀\n")
            assert (places[0] / "a.txt").read_text() == on_disk
            second.report((uri, 2))
            await second.settled()
            assert second.text(uri) == "mine\n" + BODY and second.edits == []
            await first.kill()
            # This window's text has no trace of the edit: here the hunk waits, and may be decided again.
            assert await second.command("resume", session=session) == {}
            view = await second.until(session, lambda v: [h["status"] for h in v["hunks"]] == ["pending", "pending"])
            assert [h["range"]["start"]["line"] for h in view["hunks"]] == [3, 20]
            await second.command("approveHunk", hunk=two["id"], rev=view["hunks"][1]["rev"])
            await second.until(session, lambda v: v["hunks"][1]["status"] == "applied")
            assert second.text(uri) == "mine\n" + BODY.replace("line 20\n", "line twenty\nand more\n")
            assert (places[0] / "a.txt").read_text() == on_disk
            second.save(uri, places[0] / "a.txt")
            await second.until(session, lambda v: v["unsaved"] == [])
