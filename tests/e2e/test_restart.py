"""kill -9 of a real server: everything is back, nothing is asked twice, nothing lands twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.test_transaction import BODY, TWO, edits, started
from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import editor

pytestmark = pytest.mark.e2e


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    workspace, state = tmp_path / "workspace", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_text(BODY)
    return workspace, state


async def test_pending_hunks_are_back_after_a_kill(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint:
        async with editor(*places, endpoint.base_url) as client:
            session, hunks = await started(client)
            await client.kill()
        async with editor(*places, endpoint.base_url) as client:
            view = await client.command("showSession", session=session)
            assert view["hunks"] == hunks
            assert view["phase"] == "waiting" and view["waitingFor"] == ["hunk"]
            await client.command("approveAll", session=session)
            await client.until(session, lambda v: v["phase"] == "done")
            assert "line three" in (places[0] / "a.txt").read_text()
        endpoint.check_no_turn_asked_again()


async def test_a_kill_in_mid_stream_is_resumed_on_the_users_word(places: tuple[Path, Path]) -> None:
    turns = [
        Turn(Call("read_file", {"path": "a.txt"})),
        Turn(Text("word " * 400), edits("a.txt", ("line 3\n", "line three\n")), chunk_delay=0.05),
        Turn(Call("finish", {"summary": "Done."})),
    ]
    async with Endpoint(Script(turns, select="state")) as endpoint:
        async with editor(*places, endpoint.base_url) as client:
            session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
            await client.until_streamed(session, 20)
            await client.kill()
        async with editor(*places, endpoint.base_url) as client:
            view = await client.until(session, lambda v: v["phase"] == "stopped")
            assert view["messages"][0]["text"] == "Do it"
            asked = len(endpoint.requests)
            assert asked == 2, "a restart spends no money"
            assert await client.command("resume", session=session) == {}
            await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == 1)
            await client.command("approveAll", session=session)
            await client.until(session, lambda v: v["phase"] == "done")
        endpoint.check_no_turn_asked_again()
        assert (places[0] / "a.txt").read_text() == BODY.replace("line 3\n", "line three\n")


async def test_a_second_server_reads_but_does_not_write(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as first:
        session, hunks = await started(first)
        async with editor(*places, endpoint.base_url) as second:
            view = await second.command("showSession", session=session)
            assert [h["id"] for h in view["hunks"]] == [h["id"] for h in hunks]
            answer = await second.command("approveHunk", hunk=hunks[0]["id"], rev=1)
            assert answer["status"] == "refused" and "open in another window" in answer["reason"]
        await first.command("approveAll", session=session)
        await first.until(session, lambda v: v["phase"] == "done")


async def test_stop_takes_effect_in_mid_stream_and_a_reply_goes_on(places: tuple[Path, Path]) -> None:
    turns = [Turn(Text("word " * 2000), chunk_delay=0.05), Turn(Text("Shorter."))]
    async with Endpoint(Script(turns)) as endpoint, editor(*places, endpoint.base_url) as client:
        session = (await client.command("startSession", goal="Talk", planFirst=False))["session"]
        await client.until_streamed(session, 20)
        assert await client.command("interrupt", session=session) == {}
        await client.until(session, lambda v: v["phase"] == "stopped")
        await endpoint.until(lambda: endpoint.requests[0].outcome == "client_gone")
        await client.command("reply", session=session, text="Be short")
        view = await client.until(session, lambda v: v["phase"] == "done")
        assert [m["text"] for m in view["messages"]][-2:] == ["Be short", "Shorter."]
