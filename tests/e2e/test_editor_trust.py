"""Trust that the editor's own user gave or withholds: what the server executes and reads then, and what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from endpoint.server import Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor
from support.git_repository import git, repository

pytestmark = pytest.mark.e2e

ANSWER = Script([Turn(Text("Seen."))], select="state")
RULE = "Answer in verse."


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A repository with instructions, whose configuration has git write into `executed`; and a state folder."""
    workspace = repository(tmp_path / "workspace", {"a.py": "one = 1\n", "AGENTS.md": RULE + "\n"})
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\ntouch "{tmp_path}/executed"\n')
    trap.chmod(0o755)
    git(workspace, "config", "core.fsmonitor", str(trap))
    git(workspace, "config", "core.pager", str(trap))
    return workspace, tmp_path / "state"


def says(trusted: bool | None) -> dict[str, Any]:
    """Capabilities of an editor that says this of its user's trust."""
    return {"experimental": {"signoff": {"version": 1, **({} if trusted is None else {"trusted": trusted})}}}


async def trusted(client: EditorClient) -> bool:
    (folder,) = (await client.command("status"))["workspaces"]
    return folder["trusted"]


async def prompt(client: EditorClient, endpoint: Endpoint) -> str:
    """What a new session tells the model."""
    before = len(endpoint.requests)
    session = (await client.command("startSession", goal="Look at a.py", planFirst=False))["session"]
    await client.until(session, lambda view: view["phase"] == "done")
    return endpoint.requests[before].raw.decode()


async def test_in_a_restricted_window_nothing_executes_and_no_instruction_is_read(places: tuple[Path, Path]) -> None:
    executed = places[0].parent / "executed"
    async with (
        Endpoint(ANSWER) as endpoint,
        editor(*places, endpoint.base_url, capabilities=says(False)) as client,
    ):
        assert not await trusted(client)
        assert RULE not in await prompt(client, endpoint)
        uri = client.open("a.py")
        asked = {"textDocument": {"uri": uri}, "range": _LINE, "context": {"diagnostics": []}}
        offered = (await client.request("textDocument/codeAction", asked))["result"]
        assert offered
        assert not [action for action in offered if "Trust" in action["title"]]
        refused = await client.command("trustWorkspace", workspace=client.workspace.as_uri(), trusted=True)
        assert refused["status"] == "refused"
        assert "in the editor" in refused["reason"]
        assert (await client.command("status"))["restricted"]
    assert not executed.exists()


async def test_the_editors_word_counts_as_soon_as_it_comes_and_is_not_kept(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint:
        async with editor(*places, endpoint.base_url, capabilities=says(False)) as client:
            assert RULE not in await prompt(client, endpoint)
            client.notify("signoff/trust", {"trusted": True})
            assert await trusted(client)
            assert RULE in await prompt(client, endpoint)
            assert not (await client.command("status"))["restricted"]
        async with editor(*places, endpoint.base_url, capabilities=says(None)) as client:
            assert not await trusted(client), "an editor that says nothing: only what was kept counts"


async def test_a_restriction_limits_what_was_kept_and_does_not_forget_it(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint:
        async with editor(*places, endpoint.base_url, capabilities=says(None)) as client:
            await client.command("trustWorkspace", workspace=client.workspace.as_uri(), trusted=True)
            assert await trusted(client)
        async with editor(*places, endpoint.base_url, capabilities=says(False)) as client:
            assert not await trusted(client)
            assert RULE not in await prompt(client, endpoint)
        async with editor(*places, endpoint.base_url, capabilities=says(None)) as client:
            assert await trusted(client)


@pytest.mark.parametrize("word", [None, "yes", 1, {}])
async def test_what_is_no_word_changes_nothing(places: tuple[Path, Path], word: Any) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url, capabilities=says(False)) as client:
        client.notify("signoff/trust", {"trusted": word})
        client.notify("signoff/trust", word)
        assert not await trusted(client)


_LINE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
