"""How views spell documents: as VS Code does, whether they are open, not open, or not there yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.test_transaction import BODY, edits, proposing, started
from endpoint.server import Call, Endpoint
from support.editor_client import editor
from support.folders_client import with_folders

pytestmark = pytest.mark.e2e


async def test_views_spell_documents_as_the_client_does(tmp_path: Path) -> None:
    folder = tmp_path / "c: proj+ä [1]"
    (folder / "src").mkdir(parents=True)
    for name in ("open [ü]+.txt", "closed [ü]+.txt"):
        (folder / "src" / name).write_text(BODY)
    # VS Code escapes all of these, and writes escapes in capitals.
    spelled = f"{tmp_path.as_uri()}/c%3A%20proj%2B%C3%A4%20%5B1%5D"
    script = proposing(
        edits("src/open [ü]+.txt", ("line 3\n", "line three\n")),
        edits("src/closed [ü]+.txt", ("line 3\n", "line three\n")),
        Call("edit_file", {"path": "src/new [ü]+.txt", "edits": [{"old": "", "new": "fresh\n"}]}),
    )
    async with (
        Endpoint(script) as endpoint,
        editor(folder, tmp_path / "state", endpoint.base_url, made=with_folders(spelled)) as client,
    ):
        opened = client.open_as(f"{spelled}/src/open%20%5B%C3%BC%5D%2B.txt", BODY)
        session, hunks = await started(client, hunks=3)
        assert client.views[session]["workspace"] == spelled
        assert [hunk["uri"] for hunk in hunks] == [
            opened,
            f"{spelled}/src/closed%20%5B%C3%BC%5D+.txt",
            f"{spelled}/src/new%20%5B%C3%BC%5D+.txt",
        ]
        # Once it is open, the document's own spelling counts; whatever names the same file names its hunks.
        later = client.open_as(f"{spelled}/src/closed%20%5B%C3%BC%5D%2B.txt", "above\n" + BODY)
        view = await client.until(session, lambda v: v["hunks"][1]["uri"] == later)
        assert view["hunks"][1]["range"]["start"]["line"] == 3
        await client.command("approveFile", session=session, uri=later)
        await client.command("approveFile", session=session, uri=opened)
        await client.command("approveFile", session=session, uri=f"{spelled}/src/new%20%5B%C3%BC%5D%2B.txt")
        view = await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(later) == "above\n" + BODY.replace("line 3\n", "line three\n")
        assert sorted(view["unsaved"]) == sorted([opened, later])
        assert (folder / "src/new [ü]+.txt").read_text() == "fresh\n"
