"""Emacs undoes and redoes in pieces: what one approval changed comes back as several small changes of the text.

lsp-mode sends each as a notification of its own, eglot all of them in one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.story import edits
from endpoint.server import Call, Endpoint, Script, Turn
from support.editor_client import editor

pytestmark = pytest.mark.e2e

OLD, NEW = "    return text[-2:]\n", "    return text.strip()[-2:].lower()\n"
SCRIPT = Script(
    [Turn(edits("a.py", (OLD, NEW))), Turn(Call("finish", {"summary": "Done."}))],
    select="state",
    exhausted=Turn(Call("finish", {"summary": "Done."})),
)


def change(start: int, end: int, text: str) -> dict[str, object]:
    """A change of the second line."""
    places = ({"line": 1, "character": at} for at in (start, end))
    return {"range": dict(zip(("start", "end"), places, strict=True)), "text": text}


@pytest.mark.parametrize("together", [True, False], ids=["one notification", "one for each"])
async def test_an_undo_and_a_redo_in_pieces(together: bool, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.py").write_text(f"def unit(text):\n{OLD}", encoding="utf-8")
    undo = [change(28, 36, ""), change(15, 23, "")]
    redo = [change(20, 20, ".lower()"), change(15, 15, ".strip()")]
    async with Endpoint(SCRIPT) as endpoint, editor(workspace, tmp_path / "state", endpoint.base_url) as client:
        uri = client.open("a.py")
        session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
        (hunk,) = (await client.until(session, lambda v: v["phase"] == "waiting"))["hunks"]
        await client.command("approveHunk", hunk=hunk["id"], rev=1)
        await client.until(session, lambda v: v["hunks"][0]["status"] == "applied")
        for changes, status, text in ((undo, "pending", OLD), (redo, "applied", NEW), (undo, "pending", OLD)):
            for part in [changes] if together else [[each] for each in changes]:
                client.type(uri, *part)
            assert client.text(uri).endswith(text)
            ends = (status, "withdrawn", "stale")
            view = await client.until(session, lambda v, ends=ends: v["hunks"][0]["status"] in ends)
            assert view["hunks"][0]["status"] == status
