"""What the Emacs page says beside the configurations: eglot asks before each edit unless it is told not to."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.harness import Rooms, until
from editors.kinds import started
from editors.story import NUMBER, edits, furnish
from endpoint.server import Call, Endpoint, Script, Turn

pytestmark = pytest.mark.e2e

SCRIPT = Script(
    [Turn(edits("app/parse.py", NUMBER)), Turn(Call("finish", {"summary": "Done."}))],
    select="state",
    exhausted=Turn(Call("finish", {"summary": "Done."})),
)


async def test_an_edit_that_the_user_declines_leaves_the_hunk_pending(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "a workspace", tmp_path / "state", tmp_path / "home")
    furnish(rooms.workspace)
    async with Endpoint(SCRIPT) as endpoint, started("eglot", rooms, endpoint.base_url) as editor:
        await editor.open("app/parse.py")
        await editor.ready()
        session = (await editor.command("startSession", goal="Do it", planFirst=False))["session"]
        await until(lambda: editor.diagnostics("app/parse.py"), bool)
        before = await editor.text("app/parse.py")
        await editor.call("consent", given=False)
        await editor.act("app/parse.py", 4, "Approve hunk")
        view = await until(
            lambda: editor.command("showSession", session=session), lambda view: view["hunks"][0]["note"] != ""
        )
        assert view["hunks"][0]["status"] == "pending"
        assert await editor.text("app/parse.py") == before
        assert any("wants to edit" in question for question in await editor.call("asked"))
        await editor.call("consent", given=True)
        await editor.act("app/parse.py", 4, "Approve hunk")
        await until(lambda: editor.text("app/parse.py"), lambda text: NUMBER[1] in text)
