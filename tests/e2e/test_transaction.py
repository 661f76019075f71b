"""The approve transaction through a real server process: open buffers, files on disk, and a user who types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor

pytestmark = pytest.mark.e2e

BODY = "".join(f"line {n}\n" for n in range(1, 31))


def edits(path: str, *pairs: tuple[str, str]) -> Call:
    return Call("edit_file", {"path": path, "edits": [{"old": old, "new": new} for old, new in pairs]})


def proposing(*calls: Call) -> Script:
    """A model that proposes the edits at once, then finishes."""
    turns = [Turn(*calls), Turn(Call("finish", {"summary": "Done."}))]
    return Script(turns, select="state", exhausted=Turn(Text("As you say.")))


TWO = proposing(edits("a.txt", ("line 3\n", "line three 😀\n"), ("line 20\n", "line twenty\nand more\n")))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    workspace, state = tmp_path / "a workspace", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_bytes(BODY.encode())
    return workspace, state


async def started(client: EditorClient, hunks: int = 2) -> tuple[str, list[dict[str, Any]]]:
    """A session whose hunks wait."""
    session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
    view = await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == hunks)
    return session, view["hunks"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
async def test_a_hunk_lands_in_the_open_buffer(places: tuple[Path, Path], encoding: str, versioned: bool) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(*places, endpoint.base_url, encoding=encoding, versioned=versioned) as client,
    ):
        text = "😀 first\r\n" + BODY
        uri = client.open("a.txt", text)
        session, (first, second) = await started(client)
        assert first["range"]["start"] == {"line": 3, "character": 0}
        assert await client.command("approveHunk", hunk=second["id"], rev=1) == {
            "status": "applying",
            "reason": None,
        }
        await client.until(session, lambda v: v["hunks"][1]["status"] == "applied")
        client.insert(uri, 0, 0, "typed\n")
        assert (await client.command("approveHunk", hunk=first["id"], rev=1))["status"] == "applying"
        view = await client.until(session, lambda v: v["phase"] == "done")
        wanted = text.replace("line 3\n", "line three 😀\n").replace("line 20\n", "line twenty\nand more\n")
        assert client.text(uri) == "typed\n" + wanted
        assert (places[0] / "a.txt").read_bytes().decode() == BODY, "the buffer is the user's to save"
        assert view["summary"] == "Done."
        assert ("documentChanges" in client.edits[0]["edit"]) is versioned


async def test_all_hunks_of_a_file_land_as_one_edit(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, _ = await started(client)
        await client.command("approveFile", session=session, uri=uri)
        await client.until(session, lambda v: v["phase"] == "done")
        assert len(client.edits) == 1
        assert "line three 😀" in client.text(uri) and "and more" in client.text(uri)


async def test_a_refused_edit_leaves_the_hunk_pending_with_the_reason(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, (first, _) = await started(client)
        client.on_apply = lambda params: {"applied": False, "failureReason": "not today"}
        await client.command("approveHunk", hunk=first["id"], rev=1)
        view = await client.until(session, lambda v: v["hunks"][0]["note"] != "")
        assert view["hunks"][0]["status"] == "pending"
        assert "not today" in view["hunks"][0]["note"]
        assert client.text(uri) == BODY
        client.on_apply = client.apply_honestly
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert "line three" in client.text(uri)


async def test_typing_inside_a_pending_hunk_amends_it(places: tuple[Path, Path]) -> None:
    (places[0] / "a.txt").write_text(BODY.replace("line 4\n", "line 4 alpha beta\n"))
    script = proposing(edits("a.txt", ("line 4 alpha", "line four alpha")))
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, (hunk,) = await started(client, hunks=1)
        client.insert(uri, 3, 17, "!")
        view = await client.until(session, lambda v: v["hunks"][0]["rev"] == 2)
        assert view["hunks"][0]["before"] == "line 4 alpha beta!\n"
        assert view["hunks"][0]["after"] == "line four alpha beta!\n"
        assert (await client.command("approveHunk", hunk=hunk["id"], rev=1))["status"] == "refused"
        await client.command("approveHunk", hunk=hunk["id"], rev=2)
        await client.until(session, lambda v: v["phase"] == "done")
        assert "line four alpha beta!\n" in client.text(uri)


async def test_typing_over_what_a_hunk_changes_makes_it_stale_and_keeps_the_text(places: tuple[Path, Path]) -> None:
    script = proposing(edits("a.txt", ("line 4\n", "line four\n")))
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, (hunk,) = await started(client, hunks=1)
        client.insert(uri, 3, 6, "!")
        await client.until(session, lambda v: v["hunks"][0]["status"] == "stale")
        assert (await client.command("approveHunk", hunk=hunk["id"], rev=1))["status"] == "stale"
        assert client.text(uri) == BODY.replace("line 4\n", "line 4!\n")


async def test_a_hunk_whose_text_is_gone_goes_stale_and_is_proposed_again(places: tuple[Path, Path]) -> None:
    turns = [
        Turn(edits("a.txt", ("line 3\n", "line three\n"))),
        Turn(Call("finish", {"summary": "Done."})),
        Turn(edits("a.txt", ("line 2\n", "line two\n"))),
        Turn(Call("finish", {"summary": "Done again."})),
    ]
    async with Endpoint(Script(turns, select="state")) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, (hunk,) = await started(client, hunks=1)
        gone = {"start": {"line": 1, "character": 3}, "end": {"line": 4, "character": 2}}
        client.type(uri, {"range": gone, "text": ""})
        await client.until(session, lambda v: v["hunks"][0]["status"] == "stale")
        answer = await client.command("approveHunk", hunk=hunk["id"], rev=1)
        assert answer["status"] == "stale" and "proposed again" in answer["reason"]
        await client.command("reproposeHunk", hunk=hunk["id"], rev=1)
        await endpoint.seen(3)
        assert "Read the file again" in json.dumps(endpoint.requests[2].body)


async def test_files_that_are_not_open_change_on_disk(places: tuple[Path, Path]) -> None:
    workspace = places[0]
    (workspace / "dos.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\nthree")
    (workspace / "old.txt").write_bytes(b"content\n")
    patch = "*** Begin Patch\n*** Update File: dos.txt\n@@\n-two\n+2\n*** Add File: deep/new.txt\n+fresh\n"
    patch += (
        "*** Delete File: old.txt\n*** Update File: a.txt\n*** Move to: b.txt\n@@\n-line 1\n+line one\n*** End Patch"
    )
    async with (
        Endpoint(proposing(Call("apply_patch", {"patch": patch}))) as endpoint,
        editor(*places, endpoint.base_url) as client,
    ):
        session, hunks = await started(client, hunks=4)
        assert [h["kind"] for h in hunks] == ["update", "create", "delete", "rename"]
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (workspace / "dos.txt").read_bytes() == b"\xef\xbb\xbfone\r\n2\r\nthree"
        assert (workspace / "deep/new.txt").read_text() == "fresh\n"
        assert not (workspace / "old.txt").exists() and not (workspace / "a.txt").exists()
        assert (workspace / "b.txt").read_text() == BODY.replace("line 1\n", "line one\n", 1)
        await client.command("undoAll", session=session)
        view = await client.until(session, lambda v: all(h["status"] == "undone" for h in v["hunks"]))
        assert (workspace / "dos.txt").read_bytes() == b"\xef\xbb\xbfone\r\ntwo\r\nthree"
        assert (workspace / "old.txt").read_text() == "content\n" and (workspace / "a.txt").read_text() == BODY
        assert not (workspace / "deep/new.txt").exists() and not (workspace / "b.txt").exists()
        assert view["phase"] == "done"


async def test_a_file_that_changed_on_disk_is_never_overwritten(places: tuple[Path, Path]) -> None:
    workspace = places[0]
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        session, (first, second) = await started(client)
        changed = BODY.replace("line 3\n", "line drei\n")
        (workspace / "a.txt").write_text(changed)
        await client.command("approveHunk", hunk=first["id"], rev=1)
        view = await client.until(session, lambda v: v["hunks"][0]["status"] == "stale")
        assert "not in the document any more" in view["hunks"][0]["note"]
        assert (workspace / "a.txt").read_text() == changed
        await client.command("approveHunk", hunk=second["id"], rev=1)
        view = await client.until(
            session, lambda v: v["hunks"][1]["status"] != "pending" and v["hunks"][1]["status"] != "applying"
        )
        now = (workspace / "a.txt").read_text()
        assert "line drei" in now


async def test_rejection_with_words_is_revised(places: tuple[Path, Path]) -> None:
    turns = [
        Turn(edits("a.txt", ("line 3\n", "line three\n"))),
        Turn(Call("finish", {"summary": "Done."})),
        Turn(edits("a.txt", ("line 3\n", "LINE 3\n"))),
        Turn(Call("finish", {"summary": "In capitals."})),
    ]
    async with Endpoint(Script(turns, select="state")) as endpoint, editor(*places, endpoint.base_url) as client:
        session, (hunk,) = await started(client, hunks=1)
        answer = await client.command("rejectHunk", hunk=hunk["id"], rev=1, feedback="Capitals, please")
        assert answer["status"] == "rejected"
        view = await client.until(session, lambda v: len(v["hunks"]) == 2 and v["phase"] == "waiting")
        assert view["hunks"][1]["after"] == "LINE 3\n"
        assert "Capitals, please" in json.dumps(endpoint.requests[2].body)
        await client.command("approveAll", session=session)
        view = await client.until(session, lambda v: v["phase"] == "done")
        assert view["summary"] == "In capitals."


async def test_commands_that_make_no_sense_are_refused_in_words(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        session, (first, _) = await started(client)
        for name, argument in {
            "showSession": {"session": "nope"},
            "approveHunk": {"hunk": "nope.h1", "rev": 1},
            "approvePlan": {"session": session, "plan": "nope"},
            "approveStep": {"session": session, "step": "s1"},
            "reply": {"session": session, "text": "  "},
            "resume": {"session": session},
            "undoHunk": {"hunk": first["id"], "rev": 1},
            "amendHunk": {"hunk": first["id"], "rev": 7, "after": "x"},
            "startSession": {"goal": " "},
        }.items():
            answer = await client.command(name, **argument)
            assert answer["status"] == "refused" and len(answer["reason"]) > 10, (name, answer)
        for argument in ({}, {"hunk": 3, "rev": 1}, {"hunk": "x", "rev": "1"}, {"hunk": "x", "rev": 1, "extra": 0}):
            answer = await client.request(
                "workspace/executeCommand", {"command": "signoff.approveHunk", "arguments": [argument]}
            )
            assert answer["error"]["code"] == -32602 and "signoff.approveHunk" in answer["error"]["message"]


async def test_approving_all_covers_only_what_was_shown(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        session, (first, second) = await started(client)
        await client.command("amendHunk", hunk=second["id"], rev=1, after="amended\n")
        seen = [{"hunk": hunk["id"], "rev": hunk["rev"]} for hunk in (first, second)]
        await client.command("approveAll", session=session, hunks=seen)
        view = await client.until(session, lambda v: v["hunks"][0]["status"] == "applied")
        assert view["hunks"][1]["status"] == "pending", "it changed since it was seen"


async def test_a_buffer_that_differs_from_its_file_is_followed_when_it_opens_and_closes(
    places: tuple[Path, Path],
) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        session, hunks = await started(client)
        unsaved = "zero\n" + BODY.replace("line 10\n", "line ten\nand a half\n").replace("line 25\n", "")
        uri = client.open("a.txt", unsaved)
        await client.until_told(
            lambda: [d["range"]["start"]["line"] for d in client.diagnostics.get(uri, [])] == [3, 21]
        )
        client.close(uri)
        await client.until_told(lambda: [d["range"]["start"]["line"] for d in client.diagnostics[uri]] == [2, 19])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        wanted = BODY.replace("line 3\n", "line three 😀\n").replace("line 20\n", "line twenty\nand more\n")
        assert (places[0] / "a.txt").read_text() == wanted
        assert len(hunks) == 2
