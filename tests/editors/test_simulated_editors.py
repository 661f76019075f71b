"""The story in the editors that can't run here, each with what it declares and how it behaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.harness import Rooms
from editors.simulated import KINDS, Kind, SimulatedEditor
from editors.story import SCRIPT, Story, furnish
from endpoint.server import Endpoint

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_the_story(kind: Kind, tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "a workspace", tmp_path / "state", tmp_path / "home")
    furnish(rooms.workspace)
    async with Endpoint(SCRIPT) as endpoint, SimulatedEditor(kind, rooms, endpoint.base_url) as editor:
        lenses = "codeLens" in kind.capabilities["textDocument"]
        assert (editor.client.offered.get("codeLensProvider") is not None) is lenses
        await Story(editor, endpoint, rooms.workspace).tell()
