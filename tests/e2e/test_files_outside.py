"""Files with pending hunks that change, are renamed or vanish outside of us, through a real server process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.test_transaction import BODY, edits, proposing
from endpoint.server import Call, Endpoint
from support.editor_client import editor
from support.folders_client import CHANGED, CREATED, DELETED, FoldersClient

pytestmark = pytest.mark.e2e

WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
OPERATIONS = {"workspace": {"fileOperations": {"didCreate": True, "didRename": True, "didDelete": True}}}
ONE = edits("a.txt", ("line 3\n", "line three\n"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/a.txt").write_text(BODY)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    """Runs git; whatever the machine's own settings are, they do not count."""
    named = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


def lines(client: FoldersClient, uri: str) -> list[int]:
    """Where the document's diagnostics start."""
    return [each["range"]["start"]["line"] for each in client.diagnostics.get(uri, [])]


async def begun(client: FoldersClient, hunks: int = 1) -> tuple[str, list[dict[str, Any]]]:
    """A session whose hunks wait, and are shown."""
    session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
    view = await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == hunks)
    for hunk in view["hunks"]:
        await client.until_told(lambda uri=hunk["uri"]: client.diagnostics.get(uri, []) != [])
    return session, view["hunks"]


def status(number: int, wanted: str) -> Callable[[dict[str, Any]], bool]:
    """Whether the hunk of that number has the status."""
    return lambda view: view["hunks"][number]["status"] == wanted


# ------------------------------------------------------------------------------------------------------ branch switches


async def test_another_branch_is_checked_out_under_pending_hunks(root: Path) -> None:
    """Five files that are not open: one as it was, one shifted, one edited near by, one gone, one rewritten."""
    folder = root / "w"
    names = ["same.txt", "shifted.txt", "amended.txt", "gone.txt", "rewritten.txt"]
    for name in names:
        (folder / name).write_text(BODY.replace("line 3\n", "line 3 alpha beta\n"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "other")
    was = (folder / "same.txt").read_text()
    (folder / "shifted.txt").write_text("new\nnewer\n" + was)
    (folder / "amended.txt").write_text(was.replace("alpha beta", "alpha beta!"))
    (folder / "gone.txt").unlink()
    (folder / "rewritten.txt").write_text("nothing\nof\nthat\n")
    git(folder, "commit", "-q", "-a", "-m", "two")
    git(folder, "checkout", "-q", "main")
    script = proposing(*(edits(name, ("line 3 alpha", "line three alpha")) for name in names))
    async with (
        Endpoint(script) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=WATCHES) as client,
    ):
        session, _ = await begun(client, 5)
        await client.until_told(lambda: bool(client.registered))
        git(folder, "checkout", "-q", "other")
        client.report(*((client.uri(name), DELETED if name == "gone.txt" else CHANGED) for name in names[1:]))
        await client.until_told(lambda: lines(client, client.uri("shifted.txt")) == [4])
        view = await client.until(session, lambda v: [h["status"] for h in v["hunks"]][3:] == ["stale", "stale"])
        assert [h["status"] for h in view["hunks"]] == ["pending"] * 3 + ["stale"] * 2
        amended = view["hunks"][2]
        assert (amended["rev"], amended["after"]) == (2, "line three alpha beta!\n")
        assert "gone" in view["hunks"][3]["note"] and view["hunks"][4]["note"]
        await client.until_told(lambda: client.diagnostics[client.uri("rewritten.txt")][0]["code"] == "stale")
        git(folder, "checkout", "-q", "main")
        client.report((client.uri("gone.txt"), CREATED), *((client.uri(name), CHANGED) for name in names))
        await client.until(session, lambda v: {h["status"] for h in v["hunks"]} == {"pending"})
        await client.until_told(lambda: lines(client, client.uri("shifted.txt")) == [2])
        git(folder, "checkout", "-q", "other")
        client.report((client.uri("amended.txt"), CHANGED))
        await client.until(session, lambda v: v["hunks"][2]["after"] == "line three alpha beta!\n")
        await client.command("approveAll", session=session)
        applied = ["applied", "applied", "applied", "stale", "stale"]
        await client.until(session, lambda v: [h["status"] for h in v["hunks"]] == applied)
        assert (folder / "same.txt").read_text() == was.replace("line 3 ", "line three ")
        assert (folder / "shifted.txt").read_text() == "new\nnewer\n" + was.replace("line 3 ", "line three ")
        assert (folder / "rewritten.txt").read_text() == "nothing\nof\nthat\n" and not (folder / "gone.txt").exists()


# -------------------------------------------------------------------------------------------------- renamed and deleted


@pytest.mark.parametrize("open_", [True, False], ids=["open", "not open"])
async def test_a_file_renamed_in_the_editor_keeps_its_hunks(root: Path, open_: bool) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=OPERATIONS) as client,
    ):
        old, new = client.uri("a.txt"), client.uri("deep/b.txt")
        if open_:
            client.open("a.txt")
        session, _ = await begun(client)
        (folder / "deep").mkdir()
        (folder / "a.txt").rename(folder / "deep/b.txt")
        if open_:
            client.close(old)
            client.open("deep/b.txt")
        client.notify("workspace/didRenameFiles", {"files": [{"oldUri": old, "newUri": new}]})
        await client.until(session, lambda v: v["hunks"][0]["uri"] == new)
        await client.until_told(lambda: lines(client, new) == [2] and lines(client, old) == [])
        await client.until(session, status(0, "pending"))
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        wanted = BODY.replace("line 3\n", "line three\n")
        assert (client.text(new) if open_ else (folder / "deep/b.txt").read_text()) == wanted
        assert not (folder / "a.txt").exists()


async def test_a_renaming_that_is_told_after_the_file_was_seen_to_vanish(root: Path) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=OPERATIONS) as client,
    ):
        old, new = client.open("a.txt"), client.uri("b.txt")
        session, _ = await begun(client)
        client.insert(old, 0, 0, "unsaved\n")
        (folder / "a.txt").rename(folder / "b.txt")
        client.close(old)
        client.report((old, DELETED))
        await client.until(session, status(0, "stale"))
        client.open_as(new, "unsaved\n" + BODY)
        client.notify("workspace/didRenameFiles", {"files": [{"oldUri": old, "newUri": new}]})
        await client.until(session, status(0, "pending"))
        await client.until_told(lambda: lines(client, new) == [3] and lines(client, old) == [])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(new) == "unsaved\n" + BODY.replace("line 3\n", "line three\n")
        assert (folder / "b.txt").read_text() == BODY


async def test_a_folder_renamed_in_the_editor_keeps_the_hunks_in_it(root: Path) -> None:
    folder = root / "w"
    (folder / "old/in").mkdir(parents=True)
    (folder / "old/in/a.txt").write_text(BODY)
    script = proposing(edits("old/in/a.txt", ("line 3\n", "line three\n")))
    async with (
        Endpoint(script) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=OPERATIONS) as client,
    ):
        session, _ = await begun(client)
        (folder / "old").rename(folder / "new")
        files = [{"oldUri": client.uri("old"), "newUri": client.uri("new")}]
        client.notify("workspace/didRenameFiles", {"files": files})
        await client.until_told(lambda: lines(client, client.uri("new/in/a.txt")) == [2])
        await client.until_told(lambda: lines(client, client.uri("old/in/a.txt")) == [])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (folder / "new/in/a.txt").read_text() == BODY.replace("line 3\n", "line three\n")


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_a_file_that_is_moved_outside_is_recognised_by_its_text(root: Path, what: str) -> None:
    folder = root / "w"
    (folder / "old").mkdir()
    (folder / "old/a.txt").write_text(BODY)
    (folder / "other.txt").write_text("other\n")
    script = proposing(edits("old/a.txt", ("line 3\n", "line three\n")))
    async with (
        Endpoint(script) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=WATCHES) as client,
    ):
        session, _ = await begun(client)
        old, new = ("old/a.txt", "moved.txt") if what == "file" else ("old", "new")
        (folder / old).rename(folder / new)
        client.report((client.uri(old), DELETED), (client.uri(new), CREATED), (client.uri("other.txt"), CREATED))
        there = new if what == "file" else "new/a.txt"
        await client.until_told(lambda: lines(client, client.uri(there)) == [2])
        await client.until_told(lambda: lines(client, client.uri("old/a.txt")) == [])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (folder / there).read_text() == BODY.replace("line 3\n", "line three\n")


@pytest.mark.parametrize("event", ["didDeleteFiles", "watched", "none"])
async def test_a_file_that_is_deleted_makes_its_hunks_stale_until_it_is_back(root: Path, event: str) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=OPERATIONS) as client,
    ):
        session, hunks = await begun(client)
        uri = client.uri("a.txt")
        (folder / "a.txt").unlink()
        if event == "didDeleteFiles":
            client.notify("workspace/didDeleteFiles", {"files": [{"uri": uri}]})
        elif event == "watched":
            client.report((uri, DELETED))
        view = await client.until(session, status(0, "stale"))
        assert "gone" in view["hunks"][0]["note"]
        refused = await client.command("approveHunk", hunk=hunks[0]["id"], rev=1)
        assert refused["status"] == "stale" and not (folder / "a.txt").exists()
        (folder / "a.txt").write_text("above\n" + BODY)
        if event != "none":
            client.report((uri, CREATED))
        await client.until(session, status(0, "pending"))
        await client.until_told(lambda: lines(client, uri) == [3])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (folder / "a.txt").read_text() == "above\n" + BODY.replace("line 3\n", "line three\n")


async def test_a_file_that_an_agent_wants_to_create_is_there_already(root: Path) -> None:
    folder = root / "w"
    script = proposing(Call("edit_file", {"path": "new.txt", "edits": [{"old": "", "new": "ours\n"}]}))
    async with (
        Endpoint(script) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        session, hunks = await begun(client)
        (folder / "new.txt").write_text("theirs\n")
        client.report((client.uri("new.txt"), CREATED))
        await client.settled()
        await client.command("approveHunk", hunk=hunks[0]["id"], rev=1)
        view = await client.until(session, lambda v: v["hunks"][0]["note"] != "")
        assert view["hunks"][0]["status"] in ("stale", "pending") and "exists already" in view["hunks"][0]["note"]
        client.report((client.uri("new.txt"), CHANGED))
        await client.settled()
        assert "exists already" in (await client.command("showSession", session=session))["hunks"][0]["note"]
        assert (folder / "new.txt").read_text() == "theirs\n"


# ----------------------------------------------------------------------------------------------------- edited and saved


@pytest.mark.parametrize("reported", [True, False], ids=["reported", "only seen"])
async def test_a_file_that_is_edited_outside_takes_its_hunks_along(root: Path, reported: bool) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(edits("a.txt", ("line 3\n", "line three\n"), ("line 20\n", "line twenty\n")))) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        session, _ = await begun(client, 2)
        uri = client.uri("a.txt")
        changed = "above\n" + BODY.replace("line 10\n", "").replace("line 20\n", "line zwanzig\n")
        (folder / "a.txt").write_text(changed)
        if reported:
            client.report((uri, CHANGED))
        view = await client.until(session, status(1, "stale"))
        await client.until_told(lambda: lines(client, uri)[:1] == [3])
        assert view["hunks"][0]["status"] == "pending"
        await client.command("approveAll", session=session)
        await client.until(session, status(0, "applied"))
        assert (folder / "a.txt").read_text() == changed.replace("line 3\n", "line three\n")


async def test_a_formatter_on_save_reindents_around_and_inside_a_hunk(root: Path) -> None:
    folder = root / "w"
    code = "def a():\n  if x:\n    return 1\n  return 2\n\n\ndef b():\n  y = 3\n  return y\n"
    (folder / "a.py").write_text(code)
    formatted = "def a():\n    if x:\n        return 1\n    return 2\n\n\ndef b():\n    y = 3\n    return y\n"
    script = proposing(edits("a.py", ("  return 2\n", "  return 20\n"), ("  y = 3\n", "  y = 30\n")))
    async with (
        Endpoint(script) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        uri = client.open("a.py")
        session, _ = await begun(client, 2)
        client.type(uri, {"text": formatted})
        client.save(uri, folder / "a.py")
        await client.settled()
        # What the formatter does to a hunk may reach its session a moment later: an approval of what was there before
        # is then refused, and the user looks again.
        while (await client.command("approveAll", session=session))["status"] == "refused":
            assert {hunk["status"] for hunk in client.views[session]["hunks"]} == {"pending"}
        await client.until(session, lambda v: {h["status"] for h in v["hunks"]} == {"applied"})
        assert client.text(uri) == formatted.replace("return 2\n", "return 20\n").replace("y = 3\n", "y = 30\n")
        assert (folder / "a.py").read_text() == formatted


async def test_what_is_saved_is_said(root: Path) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        uri = client.open_as(f"{client.uri('.')}/%61.txt".replace("/./", "/"), BODY)
        session, _ = await begun(client)
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["unsaved"] == [uri])
        client.save(uri, folder / "a.txt")
        await client.until(session, lambda v: v["unsaved"] == [])


# ----------------------------------------------------------------------------------------------- what the client can do


async def test_watchers_are_asked_for_only_where_they_may_be(root: Path) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient, capabilities=WATCHES) as client,
    ):
        await client.until_told(lambda: bool(client.registered))
        assert [each["method"] for each in client.registered] == ["workspace/didChangeWatchedFiles"]
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state2", endpoint.base_url, made=FoldersClient) as client,
    ):
        await begun(client)
        await client.settled()
        assert client.registered == []


async def test_a_client_that_tells_nothing_is_no_obstacle(root: Path) -> None:
    """The folder is watched: a file that moves takes its hunk along, which no look at a file alone could tell."""
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        session, _ = await begun(client)
        (folder / "deep/er").mkdir(parents=True)
        (folder / "a.txt").rename(folder / "deep/er/b.txt")
        moved = client.uri("deep/er/b.txt")
        view = await client.until(session, lambda v: v["hunks"][0]["uri"] == moved)
        assert view["hunks"][0]["status"] == "pending"


async def test_events_that_make_no_sense_are_harmless(root: Path) -> None:
    folder = root / "w"
    async with (
        Endpoint(proposing(ONE)) as endpoint,
        editor(folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        session, _ = await begun(client)
        for uri in ("untitled:1", "file:///", "", "nonsense", "file://[", "file:///%00/a.txt", "https://x/a.txt"):
            client.report((uri, CREATED), (uri, DELETED))
            client.notify("workspace/didRenameFiles", {"files": [{"oldUri": uri, "newUri": uri + "a.txt"}]})
            client.notify("workspace/didDeleteFiles", {"files": [{"uri": uri}]})
            client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        client.report((client.uri("a.txt"), DELETED))
        await client.settled()
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (folder / "a.txt").read_text() == BODY.replace("line 3\n", "line three\n")
