"""Several folders, links to folders, escapes, and one file under two names, through a real server process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from e2e.test_transaction import BODY, TWO, edits, proposing, started
from endpoint.server import Call, Endpoint, Request, Script, Text, Turn
from support.editor_client import editor
from support.folders_client import FoldersClient, with_folders

pytestmark = pytest.mark.e2e

PATHS = {True: "a.txt", False: "inner/a.txt"}
WANTED = BODY.replace("line 3\n", "line three 😀\n").replace("line 20\n", "line twenty\nand more\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`real/a.txt`, and `link` for `real`."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_bytes(BODY.encode())
    (tmp_path / "link").symlink_to("real")
    return tmp_path


def lines(client: FoldersClient, uri: str) -> list[int]:
    """Where the document's diagnostics start."""
    return [each["range"]["start"]["line"] for each in client.diagnostics.get(uri, [])]


async def begun(client: FoldersClient, hunks: int = 2, **argument: Any) -> tuple[str, dict[str, Any]]:
    """A session whose hunks wait."""
    session = (await client.command("startSession", **{"goal": "Do it", "planFirst": False, **argument}))["session"]
    return session, await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == hunks)


# ------------------------------------------------------------------------------------------------------- links, escapes


@pytest.mark.parametrize("folder", ["real", "link"])
@pytest.mark.parametrize("document", ["real", "link"])
async def test_a_hunk_lands_in_the_buffer_whatever_it_is_called(root: Path, folder: str, document: str) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / folder, root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        uri = client.open_as((root / document / "a.txt").as_uri(), BODY)
        session, view = await begun(client)
        assert {hunk["uri"] for hunk in view["hunks"]} == {uri}
        assert view["workspace"] == (root / folder).as_uri()
        await client.until_told(lambda: lines(client, uri) == [2, 19])
        assert list(client.diagnostics) == [uri]
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(uri) == WANTED
        assert (root / "real/a.txt").read_text() == BODY, "the buffer is the user's to save"


async def test_the_clients_folder_names_files_that_are_not_open(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "link", root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        linked, real = (root / "link/a.txt").as_uri(), (root / "real/a.txt").as_uri()
        session, view = await begun(client)
        assert {hunk["uri"] for hunk in view["hunks"]} == {linked}
        await client.until_told(lambda: lines(client, linked) == [2, 19])
        client.open_as(real, "zero\n" + BODY)
        await client.until_told(lambda: lines(client, real) == [3, 20] and lines(client, linked) == [])
        client.close(real)
        await client.until_told(lambda: lines(client, linked) == [2, 19] and lines(client, real) == [])
        first = client.diagnostics[linked][0]
        asked = {"textDocument": {"uri": real}, "range": first["range"], "context": {"diagnostics": [first]}}
        actions = (await client.request("textDocument/codeAction", asked))["result"]
        assert "Signoff: Approve hunk" in [action["title"] for action in actions]
        await client.command("approveFile", session=session, uri=real)
        await client.until(session, lambda v: v["phase"] == "done")
        assert (root / "real/a.txt").read_text() == WANTED
        assert (root / "link").is_symlink()


@pytest.mark.parametrize(("first", "then"), [("link", "real"), ("real", "link")])
async def test_a_session_is_found_again_under_the_other_name(root: Path, first: str, then: str) -> None:
    async with Endpoint(TWO) as endpoint:
        async with editor(root / first, root / "state", endpoint.base_url, made=FoldersClient) as client:
            session, _ = await begun(client)
            await client.kill()
        async with editor(root / then, root / "state", endpoint.base_url, made=FoldersClient) as client:
            uri = (root / then / "a.txt").as_uri()
            await client.until_told(lambda: lines(client, uri) == [2, 19])
            listed = await client.command("listSessions", workspace=(root / first).as_uri())
            assert [view["session"] for view in listed] == [session]
            assert listed[0]["workspace"] == (root / then).as_uri()
            await client.command("approveAll", session=session)
            await client.until(session, lambda v: v["phase"] == "done")
        assert (root / "real/a.txt").read_text() == WANTED


async def test_trust_is_in_the_folder_and_not_in_its_name(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "link", root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        for name, trusted in (("real", True), ("link", False), ("link", True)):
            await client.command("trustWorkspace", workspace=(root / name).as_uri(), trusted=trusted)
            (known,) = (await client.command("status"))["workspaces"]
            assert known == {"uri": (root / "link").as_uri(), "trusted": trusted}
        (root / "other").mkdir()
        (root / "link").unlink()
        (root / "link").symlink_to("other")
        client.change_folders(removed=[(root / "real").as_uri()], added=[(root / "link").as_uri()])
        (known,) = (await client.command("status"))["workspaces"]
        assert known == {"uri": (root / "link").as_uri(), "trusted": False}, "the link leads to another folder now"


async def test_escapes_that_the_client_writes_come_back_as_it_wrote_them(tmp_path: Path) -> None:
    folder = tmp_path / "~a:b (é)"
    folder.mkdir()
    (folder / "a.txt").write_text(BODY)
    spelled = f"{tmp_path.as_uri()}/%7Ea%3Ab%20%28%c3%a9%29"
    async with (
        Endpoint(TWO) as endpoint,
        editor(folder, tmp_path / "state", endpoint.base_url, made=with_folders(spelled)) as client,
    ):
        session, view = await begun(client)
        assert view["workspace"] == spelled and view["hunks"][0]["uri"] == f"{spelled}/a.txt"
        await client.until_told(lambda: lines(client, f"{spelled}/a.txt") == [2, 19])
        uri = client.open_as(f"{tmp_path.as_uri()}/~a:b%20(%C3%A9)/%61.txt", BODY)
        await client.until_told(lambda: lines(client, uri) == [2, 19])
        assert lines(client, f"{spelled}/a.txt") == []
        await client.command("approveFile", session=session, uri=f"{spelled}/a.txt")
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(uri) == WANTED


async def test_one_file_open_under_two_names(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "link", root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        one = client.open_as((root / "link/a.txt").as_uri(), BODY)
        other = client.open_as((root / "real/a.txt").as_uri(), BODY)
        session, view = await begun(client)
        await client.until_told(lambda: lines(client, one) == lines(client, other) == [2, 19])
        client.insert(other, 0, 0, "typed\n")
        await client.until_told(lambda: lines(client, other) == [3, 20] and lines(client, one) == [])
        await client.command("approveHunk", hunk=view["hunks"][0]["id"], rev=1)
        await client.until(session, lambda v: v["hunks"][0]["status"] == "applied")
        assert client.text(other) == "typed\n" + BODY.replace("line 3\n", "line three 😀\n")
        assert client.text(one) == BODY
        client.close(other)
        await client.until_told(lambda: 19 in lines(client, one))
        await client.command("approveHunk", hunk=view["hunks"][1]["id"], rev=1)
        await client.until(session, lambda v: v["hunks"][1]["status"] == "applied")
        assert "line twenty\nand more\n" in client.text(one)
        assert (root / "real/a.txt").read_text() == BODY, "nothing was written beside the buffers"


# -------------------------------------------------------------------------------------------------------------- folders


async def test_each_folder_has_its_sessions_and_the_innermost_one_counts(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    (outer / "a.txt").write_text(BODY)
    (inner / "a.txt").write_text(BODY)
    made = with_folders(outer.as_uri(), inner.as_uri(), outer.as_uri() + "/")
    async with (
        Endpoint(proposing(edits("a.txt", ("line 3\n", "line three\n")))) as endpoint,
        editor(outer, tmp_path / "state", endpoint.base_url, made=made) as client,
    ):
        status = await client.command("status")
        assert [each["uri"] for each in status["workspaces"]] == [outer.as_uri(), inner.as_uri()]
        unclear = await client.command("startSession", goal="Do it", planFirst=False)
        assert unclear["status"] == "refused" and "which folder" in unclear["reason"]
        one, of_outer = await begun(client, 1, uri=(outer / "a.txt").as_uri())
        other, of_inner = await begun(client, 1, uri=(inner / "a.txt").as_uri())
        assert (of_outer["workspace"], of_inner["workspace"]) == (outer.as_uri(), inner.as_uri())
        for folder, session in ((outer, one), (inner, other)):
            listed = await client.command("listSessions", workspace=folder.as_uri())
            assert [view["session"] for view in listed] == [session]
            await client.until_told(lambda folder=folder: lines(client, (folder / "a.txt").as_uri()) == [2])
        await client.command("approveAll", session=other)
        await client.until(other, lambda v: v["phase"] == "done")
        assert "line three" in (inner / "a.txt").read_text() and (outer / "a.txt").read_text() == BODY


async def test_sessions_of_two_folders_change_one_file(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    (inner / "a.txt").write_text(BODY)

    def turn(request: Request) -> Turn:
        said = sum(item.get("type") == "function_call" for item in request.items)
        inside = "Inside" in str(request.items)
        change = ("line 3\n", "line three\nand more\n") if inside else ("line 20\n", "line twenty\n")
        return Turn(Call("finish", {"summary": "Done."})) if said else Turn(edits(PATHS[inside], change))

    made = with_folders(outer.as_uri(), inner.as_uri())
    async with (
        Endpoint(Script([turn] * 4)) as endpoint,
        editor(outer, tmp_path / "state", endpoint.base_url, made=made) as client,
    ):
        uri = (inner / "a.txt").as_uri()
        one, _ = await begun(client, 1, workspace=outer.as_uri(), goal="Outside")
        other, _ = await begun(client, 1, uri=uri, goal="Inside")
        await client.until_told(lambda: lines(client, uri) == [2, 19] or lines(client, uri) == [19, 2])
        await client.command("approveAll", session=other)
        await client.until(other, lambda v: v["phase"] == "done")
        await client.until_told(lambda: lines(client, uri) == [20])
        await client.command("approveAll", session=one)
        await client.until(one, lambda v: v["phase"] == "done")
        wanted = BODY.replace("line 3\n", "line three\nand more\n").replace("line 20\n", "line twenty\n")
        assert (inner / "a.txt").read_text() == wanted


async def test_a_folder_that_is_opened_brings_its_sessions_back(root: Path) -> None:
    (root / "empty").mkdir()
    async with Endpoint(TWO) as endpoint:
        async with editor(root / "real", root / "state", endpoint.base_url, made=FoldersClient) as client:
            session, _ = await begun(client)
        made = with_folders((root / "empty").as_uri())
        async with editor(root / "empty", root / "state", endpoint.base_url, made=made) as client:
            client.change_folders(added=[(root / "link").as_uri(), (root / "real").as_uri()])
            uri = (root / "link/a.txt").as_uri()
            await client.until_told(lambda: lines(client, uri) == [2, 19])
            assert list(client.diagnostics) == [uri], "one folder under two names is one folder"
            await client.command("approveAll", session=session)
            await client.until(session, lambda v: v["phase"] == "done")


async def test_a_folder_that_is_closed_stops_its_sessions_and_gives_them_up(root: Path) -> None:
    (root / "b").mkdir()
    (root / "b/a.txt").write_text(BODY)
    turns = [
        Turn(edits("a.txt", ("line 3\n", "line three\n"))),
        Turn(Text("word " * 2000), chunk_delay=0.05),
        Turn(Call("finish", {"summary": "Done."})),
    ]
    made = with_folders((root / "real").as_uri(), (root / "b").as_uri())
    async with (
        Endpoint(Script(turns, select="state")) as endpoint,
        editor(root / "real", root / "state", endpoint.base_url, made=made) as client,
    ):
        uri = (root / "real/a.txt").as_uri()
        argument = {"goal": "Do it", "planFirst": False, "uri": uri}
        session = (await client.command("startSession", **argument))["session"]
        await client.until_streamed(session, 20)
        await client.until_told(lambda: lines(client, uri) == [2])
        client.change_folders(removed=[(root / "real").as_uri()])
        await client.until_told(lambda: lines(client, uri) == [])
        await endpoint.until(lambda: endpoint.requests[1].outcome == "client_gone")
        asked = len(endpoint.requests)
        async with editor(root / "real", root / "state", endpoint.base_url, made=FoldersClient) as second:
            view = await second.until(session, lambda v: v["phase"] == "stopped")
            assert view["hunks"][0]["status"] == "pending"
            await second.command("rejectAll", session=session)
            await second.command("archive", session=session)
        client.change_folders(added=[(root / "real").as_uri()])
        assert (await client.command("showSession", session=session))["phase"] == "archived"
        assert len(endpoint.requests) == asked, "nothing goes on, and nothing is spent, in a closed folder"


async def test_a_closed_folder_that_is_opened_again_shows_its_hunks_again(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "real", root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        uri = client.open_as((root / "real/a.txt").as_uri(), BODY)
        session, _ = await started(client)
        await client.until_told(lambda: lines(client, uri) == [2, 19])
        client.change_folders(added=["", "nonsense", "untitled:x", "file://["], removed=[(root / "link").as_uri()])
        await client.until_told(lambda: lines(client, uri) == [])
        client.insert(uri, 0, 0, "typed\n")
        client.change_folders(added=[(root / "link").as_uri()])
        await client.until_told(lambda: lines(client, uri) == [3, 20])
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(uri) == "typed\n" + WANTED


async def test_the_document_of_a_session_whose_folder_is_closed_says_so(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "real", root / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        folder = (root / "real").as_uri()
        session, _ = await started(client)
        path = root / "real/.signoff/sessions" / f"{session}.md"
        await client.command("openSession", session=session)
        uri = client.open_as(path.as_uri(), path.read_text())
        await client.until_told(lambda: len(client.diagnostics.get(uri, [])) == 2)
        client.change_folders(removed=[folder])
        await client.until_told(lambda: "folder is not open in this editor" in client.text(uri))
        assert "open in another window" not in client.text(uri) and client.diagnostics[uri] == []
        client.change_folders(added=[folder])
        await client.until_told(lambda: "folder is not open" not in client.text(uri))
        await client.until_told(lambda: len(client.diagnostics[uri]) == 2)
        await client.command("rejectAll", session=session)
        await client.until_told(lambda: "**Done**" in client.text(uri))


async def test_without_a_folder_the_refusal_says_what_to_do(root: Path) -> None:
    async with (
        Endpoint(TWO) as endpoint,
        editor(root / "real", root / "state", endpoint.base_url, made=with_folders()) as client,
    ):
        uri = client.open_as((root / "real/a.txt").as_uri(), BODY)
        refused = await client.command("startSession", goal="Do it", uri=uri, planFirst=False)
        assert refused["status"] == "refused" and "Open the project's folder" in refused["reason"]
        session, view = await begun(client, uri=uri, workspace=(root / "link").as_uri())
        assert view["hunks"][0]["uri"] == uri
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(uri) == WANTED
