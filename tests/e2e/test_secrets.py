"""Keys and secret files: over a whole session with its failures they reach the endpoint's header and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from e2e.test_transaction import BODY, edits
from endpoint.server import Call, Endpoint, Failed, Forbidden, Script, ServerError, Text, Turn
from support.editor_client import editor

pytestmark = pytest.mark.e2e

FROM_ENVIRONMENT = "sk-environment-canary-4a1f"
FROM_CLIENT = "sk-client-canary-93bc"
IN_URL = "url-canary-77de"
IN_FILE = "file-canary-e02b"


async def test_keys_are_nowhere_but_in_the_header(tmp_path: Path) -> None:
    workspace, state, log = tmp_path / "workspace", tmp_path / "state", tmp_path / "server.log"
    workspace.mkdir()
    (workspace / "a.txt").write_text(BODY)
    (workspace / ".env").write_text(f"TOKEN={IN_FILE}\n")
    turns = [
        Turn(
            Call("read_file", {"path": ".env"}),
            Call("search", {"query": "canary"}),
            Call("list_files"),
            faults=[ServerError(), Forbidden()],
        ),
        Turn(edits("a.txt", ("line 3\n", "line three\n")), faults=[Failed(message=f"Your key {FROM_CLIENT} is odd.")]),
        Turn(Text("Done.")),
    ]
    script = Script(turns, select="state", api_key=FROM_CLIENT)
    async with Endpoint(script) as endpoint:
        env = {"OPENAI_API_KEY": FROM_ENVIRONMENT}
        argv = ("--log-level", "debug", "--log-file", str(log))
        async with editor(workspace, state, endpoint.base_url, env=env, argv=argv) as client:
            session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
            view = await client.until(session, lambda v: v["phase"] == "failed")
            assert view["failures"][0]["reason"] == "auth" and FROM_ENVIRONMENT[:6] not in str(view)
            client.notify("signoff/setApiKey", {"key": FROM_CLIENT})
            await client.command("resume", session=session)
            view = await client.until(session, lambda v: v["failures"][-1]["reason"] == "permission")
            await client.command("resume", session=session)
            view = await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == 1)
            assert "failed in the middle" in view["failures"][-1]["message"], view["failures"]
            await client.command("approveAll", session=session)
            await client.until(session, lambda v: v["phase"] == "done")
            for name in ("doctor", "status", "listSessions"):
                await client.command(name)
            stderr = client.log
        keys = {request.headers["authorization"] for request in endpoint.requests}
        assert keys == {f"Bearer {FROM_ENVIRONMENT}", f"Bearer {FROM_CLIENT}"}
        assert all(b"canary-" not in request.raw for request in endpoint.requests)
    written = [path for path in [*state.rglob("*"), log, stderr] if path.is_file()]
    assert (state / "journal.db") in written and log.read_text() != ""
    for path in written:
        assert b"canary-" not in path.read_bytes(), path
        assert path == stderr or path.stat().st_mode & 0o077 == 0, path
    assert not [message for message in client.received if b"canary-" in message]


async def test_a_password_in_the_base_url_is_not_shown(tmp_path: Path) -> None:
    workspace, state = tmp_path / "workspace", tmp_path / "state"
    workspace.mkdir()
    async with Endpoint(Script([])) as gone:
        port = urlsplit(gone.base_url).port
    url, log = f"http://me:{IN_URL}@127.0.0.1:{port}/v1", tmp_path / "server.log"
    async with editor(workspace, state, url, argv=("--log-level", "debug", "--log-file", str(log))) as client:
        session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
        await client.until(session, lambda v: bool(v["failures"]))
        await client.command("interrupt", session=session)
        status = await client.command("status")
        assert status["endpoint"]["baseUrl"].endswith(f"127.0.0.1:{port}/v1")
        await client.command("doctor")
    assert not [message for message in client.received if IN_URL.encode() in message]
    assert not [path for path in [*state.rglob("*"), log] if path.is_file() and IN_URL.encode() in path.read_bytes()]
