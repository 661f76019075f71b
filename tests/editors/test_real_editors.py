"""The story in Neovim and Emacs: the editors themselves, their own language clients, no plugin of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.harness import Rooms
from editors.kinds import KINDS, started
from editors.story import SCRIPT, Story, furnish
from endpoint.server import Endpoint

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kind", KINDS)
async def test_the_story(kind: str, tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "a workspace", tmp_path / "state", tmp_path / "home")
    furnish(rooms.workspace)
    async with Endpoint(SCRIPT) as endpoint, started(kind, rooms, endpoint.base_url) as editor:
        await editor.open("app/parse.py")
        await editor.ready()
        await Story(editor, endpoint, rooms.workspace).tell()
