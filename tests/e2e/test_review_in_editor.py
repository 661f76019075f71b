"""What an editor is shown while a real server runs a session: diagnostics, actions, hover, lenses and hints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from e2e.test_transaction import BODY, TWO, started
from endpoint.server import Endpoint
from support.editor_client import editor

pytestmark = pytest.mark.e2e


def waiting_lines(view: dict[str, Any]) -> list[int]:
    return [hunk["range"]["start"]["line"] for hunk in view["hunks"] if hunk["status"] == "pending"]


async def test_a_session_is_reviewed_with_the_editors_own_means(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.txt").write_text(BODY)
    async with Endpoint(TWO) as endpoint, editor(workspace, tmp_path / "state", endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, _ = await started(client)
        await client.until_told(lambda: len(client.diagnostics.get(uri, [])) == 2)
        first = client.diagnostics[uri][0]
        assert first["range"]["start"]["line"] == 2 and first["code"] == "hunk" and first["severity"] == 3
        document = {"uri": uri}
        asked = {"textDocument": document, "range": first["range"], "context": {"diagnostics": [first]}}
        actions = (await client.request("textDocument/codeAction", asked))["result"]
        assert actions[0]["title"] == "Signoff: Approve hunk" and "edit" not in actions[0]
        at = {"textDocument": document, "position": first["range"]["start"]}
        hover = (await client.request("textDocument/hover", at))["result"]
        assert "+line three" in hover["contents"]["value"]
        command = actions[0]["command"]
        answer = await client.request(
            "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
        )
        assert answer["result"]["status"] == "applying"
        await client.until_told(lambda: len(client.diagnostics[uri]) == 1)
        client.insert(uri, 0, 0, "above\n")
        await client.until_told(lambda: client.diagnostics[uri][0]["range"]["start"]["line"] == 20)
        await client.until(session, lambda view: waiting_lines(view) == [20])
        await client.command("rejectAll", session=session)
        await client.until_told(lambda: client.diagnostics[uri] == [])
