"""What `signoff.status` says, and that what goes over the wire is what the schemas promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from endpoint.server import Endpoint, Script, Text, Turn
from signoff.core.messages import TO_CLIENT, TO_SERVER
from signoff.lsp import names
from support.editor_client import EditorClient, editor

pytestmark = pytest.mark.e2e

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
ANSWER = Script([Turn(Text("Seen."))], select="state")
PLAIN = {"experimental": None}
TERMINAL = {"workspace": None}


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A workspace and a state folder."""
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace", tmp_path / "state"


def fits(name: str, value: Any, of: str | None = None) -> None:
    """Fails where the value is not what schemas/<name>.json says, or its property `of`."""
    whole = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    part = whole if of is None else {**whole["properties"][of], "$defs": whole["$defs"]}
    Draft202012Validator(part).validate(value)  # pyright: ignore[reportUnknownMemberType]


async def status(client: EditorClient) -> dict[str, Any]:
    answer = await client.command("status")
    fits("status", answer)
    return answer


async def test_with_an_endpoint(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url, model="first") as client:
        now = await status(client)
        assert now["endpoint"] == {"configured": True, "baseUrl": endpoint.base_url}
        assert (now["model"], now["local"], now["unready"], now["workflows"]) == ("first", False, None, [])
        assert now["workspaces"] == [{"uri": client.workspace.as_uri(), "trusted": False}]
        assert now["sessions"] == {}
        session = (await client.command("startSession", goal="Look", planFirst=False))["session"]
        await client.until(session, lambda view: view["phase"] == "done")
        assert (await status(client))["sessions"] == {"done": 1}


@pytest.mark.parametrize(
    ("capabilities", "said", "not_said"),
    [
        (None, ("'Signoff: Set API Key'", "signoff.baseUrl", "signoff.model"), ("OPENAI_API_KEY", "--model")),
        (PLAIN, ("OPENAI_API_KEY", "start it again", "signoff.baseUrl"), ("Set API Key", "--model")),
        (TERMINAL, ("OPENAI_API_KEY", "--base-url", "--model"), ("Set API Key", "editor", "signoff.baseUrl")),
    ],
    ids=["our editor", "plain editor", "terminal"],
)
async def test_without_a_model_it_says_what_the_client_can_do(
    places: tuple[Path, Path], capabilities: dict[str, Any] | None, said: tuple[str, ...], not_said: tuple[str, ...]
) -> None:
    async with editor(*places, "", capabilities=capabilities) as client:
        now = await status(client)
        assert now["endpoint"]["configured"] is False
        assert [word for word in said if word not in now["unready"]] == []
        assert [word for word in not_said if word in now["unready"]] == []
        refused = await client.command("startSession", goal="x")
        assert refused["reason"] == now["unready"], "a task that can't start says the same"


async def test_a_key_is_all_that_is_needed(places: tuple[Path, Path]) -> None:
    async with editor(*places, "") as client:
        await client.request("signoff/setApiKey", {"key": "a key"})
        now = await status(client)
        assert (now["endpoint"]["configured"], now["unready"]) == (True, None)
        await client.request("signoff/setApiKey", {"key": None})
        now = await status(client)
        assert not now["endpoint"]["configured"] and now["unready"]


async def test_a_local_model_needs_no_endpoint(places: tuple[Path, Path]) -> None:
    async with editor(*places, "", model="local/qwen2.5-coder-1.5b") as client:
        now = await status(client)
        assert (now["endpoint"]["configured"], now["local"]) == (True, True)
        assert now["unready"] is None or "local model" in now["unready"], "what it lacks, if anything"


async def test_a_local_model_to_fall_back_on_is_no_endpoint(places: tuple[Path, Path]) -> None:
    async with editor(*places, "", fallbackModels=["local/qwen2.5-coder-1.5b"]) as client:
        now = await status(client)
        assert (now["endpoint"]["configured"], now["local"]) == (False, False)


async def test_streamed_text_is_sent_as_the_schema_says(places: tuple[Path, Path]) -> None:
    async with Endpoint(ANSWER) as endpoint, editor(*places, endpoint.base_url) as client:
        session = (await client.command("startSession", goal="Look", planFirst=False))["session"]
        await client.until(session, lambda view: view["phase"] == "done")
        sent = [json.loads(each) for each in client.received]
        pieces = [each["params"] for each in sent if each.get("method") == names.OUTPUT_DELTA]
        assert pieces
        for piece in pieces:
            fits("messages", piece, names.OUTPUT_DELTA)


def test_every_method_of_our_own_has_a_shape() -> None:
    assert set(TO_SERVER) == {names.SET_API_KEY, names.DIAGNOSTICS, names.VIEWED, names.TRUST}
    assert set(TO_CLIENT) == {names.SESSION_CHANGED, names.OUTPUT_DELTA}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (names.SET_API_KEY, {"key": None}),
        (names.SET_API_KEY, {"key": "a key"}),
        (names.DIAGNOSTICS, {"uri": "file:///a.py", "diagnostics": [{"message": "x", "severity": 1}]}),
        (names.VIEWED, {"places": [{"uri": "file:///a.py"}]}),
        (names.TRUST, {"trusted": True}),
    ],
)
def test_what_clients_send_fits(method: str, params: Any) -> None:
    fits("messages", params, method)
