"""The key that a client keeps for the user: `signoff/setApiKey`, from its answer to the requests at the endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from endpoint.server import Endpoint, Script, Text, Turn
from support.editor_client import editor

pytestmark = pytest.mark.e2e

SECRET = "sk-client-canary-51d0"
ENVIRONMENT = "sk-environment-canary-e7c2"


async def test_the_clients_key_wins_and_null_brings_back_the_environments(tmp_path: Path) -> None:
    workspace, state = tmp_path / "workspace", tmp_path / "state"
    workspace.mkdir()
    script = Script([Turn(Text("Done."))], select="state", api_key=SECRET)
    async with Endpoint(script) as endpoint:
        async with editor(workspace, state, endpoint.base_url, env={"OPENAI_API_KEY": ENVIRONMENT}) as client:
            session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
            await client.until(session, lambda v: v["phase"] == "failed")
            assert (await client.request("signoff/setApiKey", {"key": SECRET}))["result"] == {}
            await client.command("resume", session=session)
            await client.until(session, lambda v: v["phase"] == "done")
            assert (await client.request("signoff/setApiKey", {"key": None}))["result"] == {}
            later = (await client.command("startSession", goal="More", planFirst=False))["session"]
            await client.until(later, lambda v: v["phase"] == "failed")
        keys = [request.headers["authorization"] for request in endpoint.requests]
    assert (keys[0], keys[-1]) == (f"Bearer {ENVIRONMENT}", f"Bearer {ENVIRONMENT}")
    assert f"Bearer {SECRET}" in keys


@pytest.mark.parametrize(
    "params", [{}, {"key": 5}, {"key": [SECRET]}, {"key": {"of": SECRET}}, {"other": SECRET}, None]
)
async def test_another_shape_is_refused_without_showing_what_was_sent(tmp_path: Path, params: Any) -> None:
    workspace, state, log = tmp_path / "workspace", tmp_path / "state", tmp_path / "server.log"
    workspace.mkdir()
    argv = ("--log-level", "debug", "--log-file", str(log))
    async with editor(workspace, state, "http://127.0.0.1:9/v1", argv=argv) as client:
        answer = await client.request("signoff/setApiKey", params)
        assert answer["error"]["code"] == -32602 and "`key`" in answer["error"]["message"], answer
        assert SECRET not in str(answer)
        stderr = client.log
    for path in [*state.rglob("*"), log, stderr]:
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
