"""Work that starts from code: code actions and comments, in trusted and other folders, with and without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor

pytestmark = pytest.mark.e2e

CODE = "import os\n\n\ndef area(r):\n    return 3 * r * r  # signoff: use math.pi\n"
EVERYWHERE = ["Fix this", "Explain", "Write tests", "Document", "Refactor...", "New task..."]
PLAIN = {"experimental": None, "window": {"showDocument": {"support": True}}}
ANSWER = Script([Turn(Text("It computes an area."))], select="state")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.py").write_text(CODE)
    return workspace, tmp_path / "state"


async def actions(client: EditorClient, uri: str, line: int, **context: Any) -> list[dict[str, Any]]:
    at = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 4}}
    asked = {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": [], **context}}
    answer = await client.request("textDocument/codeAction", asked)
    assert "error" not in answer, answer
    return answer["result"]


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [action["title"].removeprefix("Signoff: ") for action in found]


async def run(client: EditorClient, found: list[dict[str, Any]], title: str) -> Any:
    """Runs the action as an editor does: the command as it is."""
    action = next(action for action in found if action["title"].removeprefix("Signoff: ").startswith(title))
    assert "edit" not in action and "isPreferred" not in action and "disabled" not in action
    command = {name: action["command"][name] for name in ("command", "arguments")}
    answer = await client.request("workspace/executeCommand", command)
    assert "error" not in answer, answer
    return answer["result"]


def problem(message: str, line: int) -> dict[str, Any]:
    span = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 9}}
    return {"range": span, "message": message, "source": "ruff", "code": "F401", "severity": 2, "data": {"own": [1]}}


async def test_another_servers_diagnostic_is_fixed(places: tuple[Path, Path]) -> None:
    script = Script([Turn(Text("Fixed."))], select="state")
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url, plan="never") as client:
        uri = client.open("a.py")
        found = await actions(client, uri, 0, diagnostics=[problem("`os` imported but unused", 0)])
        assert titles(found)[0] == "Fix this"
        assert found[0]["diagnostics"] == [problem("`os` imported but unused", 0)], "as the other server made it"
        session = (await run(client, found, "Fix this"))["session"]
        view = await client.until(session, lambda view: view["phase"] == "done")
        assert view["config"]["taskType"] == "quick_fix" and "imported but unused" in view["goal"]
        assert "F401" in endpoint.calls[0].raw.decode()


async def test_a_comment_is_done_as_it_says(places: tuple[Path, Path]) -> None:
    edit = Call("edit_file", {"path": "a.py", "edits": [{"old": "3 * r * r  # signoff: use math.pi", "new": "pi"}]})
    script = Script([Turn(edit), Turn(Call("finish", {"summary": "Done."}))], select="state")
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url, plan="never") as client:
        uri = client.open("a.py")
        assert "Do what this comment says" not in titles(await actions(client, uri, 3))
        found = await actions(client, uri, 4, triggerKind=2)
        assert titles(found) == ["Do what this comment says"]
        session = (await run(client, found, "Do what this comment says"))["session"]
        view = await client.until(session, lambda view: len(view["hunks"]) == 1)
        assert view["goal"].startswith("use math.pi\n")
        await client.until_told(lambda: len(client.diagnostics.get(uri, [])) == 1)
        assert titles(await actions(client, uri, 4))[:2] == ["Approve hunk", "Reject hunk"]


async def test_goals_that_fit_everywhere_are_offered_when_asked_for(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.py")
        await client.command("trustWorkspace", workspace=client.workspace.as_uri(), trusted=True)
        assert titles(await actions(client, uri, 3)) == EVERYWHERE
        assert titles(await actions(client, uri, 3, triggerKind=1, only=["quickfix"])) == EVERYWHERE
        assert await actions(client, uri, 3, triggerKind=2) == []
        assert await actions(client, uri, 3, only=["source.organizeImports"]) == []
        assert await actions(client, uri, 3, only=["source.fixAll"], triggerKind=2) == []
        assert titles(await actions(client, client.uri("unknown.py"), 2**31 - 1)) == EVERYWHERE


async def test_goals_that_fit_everywhere_can_be_turned_off(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url, startActions=False) as client:
        uri = client.open("a.py")
        assert await actions(client, uri, 3) == []
        assert titles(await actions(client, uri, 4)) == ["Do what this comment says"]


async def test_an_explanation_is_shown_in_the_session_document(places: tuple[Path, Path]) -> None:
    async with (
        Endpoint(ANSWER) as endpoint,
        editor(*places, endpoint.base_url, capabilities={"window": {"showDocument": {"support": True}}}) as client,
    ):
        uri = client.open("a.py")
        session = (await run(client, await actions(client, uri, 3), "Explain"))["session"]
        await client.until(session, lambda view: view["phase"] == "done")
        await client.until_told(lambda: len(client.windows) == 1)
        assert client.windows[0]["uri"].endswith(f"/.signoff/sessions/{session}.md")
        assert client.windows[0]["takeFocus"] is True


async def test_trust_is_asked_for_where_it_is_missing_and_work_starts_without_it(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url, plan="never") as client:
        uri = client.open("a.py")
        found = await actions(client, uri, 3)
        assert titles(found)[-1].startswith("Trust this workspace: git may run")
        session = (await run(client, found, "Document"))["session"]
        await client.until(session, lambda view: view["phase"] == "done")
        assert await run(client, found, "Trust this workspace") == {}
        assert titles(await actions(client, uri, 1)) == EVERYWHERE
        assert (await client.command("status"))["workspaces"][0]["trusted"] is True


@pytest.mark.parametrize("plain", [True, False], ids=["plain editor", "our client"])
async def test_without_a_model_the_user_is_told_what_to_do(places: tuple[Path, Path], plain: bool) -> None:
    async with editor(*places, "", capabilities=PLAIN if plain else None) as client:
        uri = client.open("a.py")
        found = await actions(client, uri, 3)
        assert "Explain" in titles(found), "what can't be done yet is offered all the same"
        answer = await run(client, found, "Explain")
        assert answer["status"] == "refused"
        key = "OPENAI_API_KEY" if plain else "'Signoff: Set API Key'"
        for word in (key, "signoff.baseUrl", "signoff.model"):
            assert word in answer["reason"]
        assert client.windows == [] and await client.command("listSessions") == []
        assert client.shown == ([f"Signoff: {answer['reason']}"] if plain else [])


async def test_a_local_model_needs_no_endpoint(places: tuple[Path, Path]) -> None:
    async with editor(*places, "", model="local/none") as client:
        answer = await client.command("startSession", goal="x")
        assert "session" in answer
        view = await client.until(answer["session"], lambda view: view["phase"] == "done")
        assert "small local model" in view["summary"]
