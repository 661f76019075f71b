"""What the Neovim page offers beside the configuration: keys for hunks, and Fix this with other tools' diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from editors.harness import RealEditor, Rooms, until
from editors.kinds import started
from editors.pages import configuration
from editors.story import ERRORS, JOIN, NUMBER, SPLIT, UNIT, edits, furnish
from endpoint.server import Call, Endpoint, Script, Turn

pytestmark = pytest.mark.e2e

NEOVIMS = ("neovim-newest", "neovim-system")
SCRIPT = Script(
    [
        Turn(
            edits("app/parse.py", NUMBER, UNIT, SPLIT),
            edits("app/report.py", JOIN),
            edits("app/errors.py", ("", ERRORS)),
        ),
        Turn(Call("finish", {"summary": "Done."})),
    ],
    select="state",
    exhausted=Turn(Call("finish", {"summary": "Done."})),
)


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    made = Rooms(tmp_path / "a workspace", tmp_path / "state", tmp_path / "home")
    furnish(made.workspace)
    return made


async def statuses(editor: RealEditor, session: str, *wanted: str) -> list[dict[str, Any]]:
    """The hunks once they have the statuses."""
    view = await until(
        lambda: editor.command("showSession", session=session),
        lambda view: [hunk["status"] for hunk in view["hunks"]] == list(wanted),
    )
    return view["hunks"]


async def at(editor: RealEditor, path: str, line: int) -> None:
    """Waits until the cursor is there."""
    wanted = (str(editor.rooms.workspace / path), line)
    await until(lambda: editor.call("cursor"), lambda cursor: (cursor["path"], cursor["line"]) == wanted)


@pytest.mark.parametrize("kind", NEOVIMS)
async def test_keys_for_hunks(kind: str, rooms: Rooms) -> None:
    async with Endpoint(SCRIPT) as endpoint, started(kind, rooms, endpoint.base_url, "neovim-keys") as editor:
        await editor.open("app/parse.py")
        await editor.ready()
        session = (await editor.command("startSession", goal="Do it", planFirst=False))["session"]
        await statuses(editor, session, *["pending"] * 5)
        await until(lambda: editor.diagnostics("app/parse.py"), lambda found: len(found) == 3)
        await editor.call("press", keys="gg]h")
        await at(editor, "app/parse.py", 4)
        await editor.call("press", keys="\\ha")
        await statuses(editor, session, "applied", *["pending"] * 4)
        await editor.call("press", keys="]h")
        await at(editor, "app/parse.py", 8)
        await editor.call("answer", words="Leave it as it is")
        await editor.call("press", keys="\\hr")
        hunks = await statuses(editor, session, "applied", "rejected", *["pending"] * 3)
        assert hunks[1]["note"] == "Leave it as it is"
        await editor.call("press", keys="]h]h")
        await at(editor, "app/report.py", 1)
        await until(lambda: editor.diagnostics("app/report.py"), bool)
        await editor.call("press", keys="\\hm")
        await editor.call("press", keys="ccreturn pairs<Esc>")
        await editor.call("run", command="write")
        hunks = (await editor.command("showSession", session=session))["hunks"]
        assert hunks[3]["after"] == "    return pairs\n" and hunks[3]["rev"] == 2
        await at(editor, "app/report.py", 1)
        await editor.call("press", keys="[h")
        await at(editor, "app/parse.py", 12)


@pytest.mark.parametrize("kind", NEOVIMS)
async def test_fix_this_is_offered_for_what_another_tool_found(kind: str, rooms: Rooms) -> None:
    async with Endpoint(SCRIPT) as endpoint, started(kind, rooms, endpoint.base_url, "neovim-fix") as editor:
        await editor.open("app/parse.py")
        await editor.ready()
        await editor.call("lint", path="app/parse.py", line=4, message="float may fail")
        old = tuple(map(int, (await editor.call("about"))["version"].split("."))) < (0, 11)
        keys = ":lua vim.lsp.buf.code_action()<CR>" if old else "\\hf"
        offered = await editor.call("menu", keys=keys, title="Signoff: Fix this")
        assert "Signoff: Fix this" in offered
        await endpoint.seen(1)
        assert b"float may fail" in endpoint.requests[0].raw


def test_the_keys_are_short() -> None:
    assert len(configuration("neovim", "neovim-keys").splitlines()) <= 40
