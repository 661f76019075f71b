"""The whole story in the interface of a real VS Code."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.editor import Rooms, running
from client.installed import VSCode, extensions
from client.story import Story
from editors.story import SCRIPT, furnish
from endpoint.server import Endpoint

pytestmark = pytest.mark.e2e


async def test_the_story(vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace)
    async with (
        Endpoint(SCRIPT) as endpoint,
        running(vscode, rooms, extensions(vscode, shared), endpoint.base_url) as editor,
    ):
        await Story(editor, endpoint, retries).tell()
