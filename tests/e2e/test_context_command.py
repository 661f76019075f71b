"""`signoff context` and `signoff.showContext`: the real program, the real server and the real index."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.terminal import environment
from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor
from support.git_repository import git, put, repository

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
FILES = {f"part{n}.py": f"def part_{n}():\n    return {n}\n" for n in range(30)} | {
    "shapes.py": "class Circle:\n    def area(self):\n        return 3.14 * self.radius ** 2\n",
    "timer.py": "class RetryTimer:\n    def wait_longer(self, seconds):\n        return seconds * 2\n",
    "AGENTS.md": "Answer in verse.\n",
}
GOAL = "Make the retry timer wait longer"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "project", FILES)


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "signoff", "context", *arguments]
    env = environment(SIGNOFF_STATE_DIR=str(root.parent / "state"))
    none = subprocess.DEVNULL
    return subprocess.run(argv, env=env, cwd=root, stdin=none, capture_output=True, text=True, check=False)


def shown(root: Path, *arguments: str) -> dict[str, Any]:
    """The JSON document that the command prints."""
    done = run(root, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def whole(client: EditorClient, **argument: Any) -> dict[str, Any]:
    """What `showContext` answers once all is indexed."""
    while True:
        found: dict[str, Any] = await client.command("showContext", **argument)
        if found.get("ready") != "lexical":
            return found


def of(found: dict[str, Any], source: str) -> list[dict[str, Any]]:
    return [one for one in found["fragments"] if one["source"] == source]


def test_what_is_found_is_in_the_contracts_words(root: Path) -> None:
    found = shown(root, GOAL)
    schema = json.loads((ROOT / "schemas" / "context.json").read_text())
    Draft202012Validator(schema).validate({**found, "ready": "full"})
    best = found["fragments"][0]
    assert (best["source"], best["path"], best["start_line"]) == ("codebase", "timer.py", 1)
    assert best["text"].splitlines()[best["start_line"] - 1] == "class RetryTimer:" and best["why"]
    assert found["files"][0]["path"] == "timer.py" and len(found["files"]) >= 20
    assert found["tokens"] == sum(one["tokens"] for one in found["fragments"]) <= found["budget"] == 8_000
    scores = [one["score"] for one in found["files"]]
    assert scores == sorted(scores, reverse=True)


def test_for_people_each_fragment_says_where_it_is_from_and_why(root: Path) -> None:
    done = run(root, GOAL)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("timer.py:1-3  ") and lines[0].endswith(" tokens")
    assert lines[1].strip() and "  class RetryTimer:" in lines
    assert any(" of 8,000 tokens in " in line for line in lines) and "Files, the best first:" in lines


def test_a_small_budget_is_kept_and_what_has_no_room_is_named(root: Path) -> None:
    put(root, {"timer.py": "\n".join(f"# the retry timer waits longer, {n}" for n in range(400))})
    found = shown(root, GOAL, "--budget", "600")
    assert 0 < found["tokens"] <= found["budget"] == 600
    assert any("timer.py" in name for name in found["left_out"])


def test_an_open_file_and_changes_count(root: Path) -> None:
    put(root, {"shapes.py": FILES["shapes.py"].replace("3.14", "3.1416")})
    found = shown(root, GOAL, "--open", "shapes.py", "--trust")
    assert [one["text"] for one in of(found, "buffers")] == ["shapes.py"]
    assert "+        return 3.1416 * self.radius ** 2" in of(found, "recent changes")[0]["text"]
    assert of(found, "user preferences")[0]["text"] == "Answer in verse."


def test_without_trust_no_git_runs_and_no_instructions_are_read(root: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    hook = tmp_path / "monitor"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(hook))
    put(root, {"shapes.py": "changed\n"})
    found = shown(root, GOAL)
    assert of(found, "user preferences") == of(found, "recent changes") == []
    assert of(found, "codebase")[0]["path"] == "timer.py"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["  "], 2, "The goal is empty"),
        ([GOAL, "--workspace", "/no/such/folder"], 2, "no folder /no/such/folder"),
        ([GOAL, "--workspace", "timer.py"], 2, "is no folder"),
        ([GOAL, "--open", "missing.py"], 2, "missing.py can't be read"),
        ([GOAL, "--open", "../elsewhere.py"], 2, "outside of the workspace"),
        ([GOAL, "--budget", "0"], 1, "from 200 to 200,000"),
        ([GOAL, "--budget=-5"], 1, "from 200 to 200,000"),
        ([GOAL, "--budget", "999999999999"], 1, "from 200 to 200,000"),
        ([GOAL, "--budget", "many"], 2, "number of tokens"),
        ([], 2, "GOAL"),
    ],
)
def test_bad_input_is_answered_in_words(root: Path, arguments: list[str], code: int, words: str) -> None:
    done = run(root, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr and "Traceback" not in done.stderr


def test_an_empty_folder_has_nothing_to_tell(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = shown(tmp_path / "empty", GOAL)
    assert (found["fragments"], found["files"], found["tokens"]) == ([], [], 0)


async def test_in_an_editor_unsaved_text_counts_and_wrong_questions_are_refused(root: Path, tmp_path: Path) -> None:
    async with editor(root, tmp_path / "state", "http://127.0.0.1:9/v1") as client:
        uri = client.open("part3.py", "class Zeppelin:\n    def land(self):\n        return 'softly'\n")
        found = await whole(client, goal="Let the Zeppelin land", uri=uri)
        while of(found, "codebase")[0]["path"] != "part3.py":
            found = await whole(client, goal="Let the Zeppelin land", uri=uri)
        assert "Zeppelin" in of(found, "codebase")[0]["text"]
        for wrong, words in (
            ({"goal": " "}, "the goal is empty"),
            ({"goal": "x", "budget": 0}, "from 200 to 200,000"),
            ({"goal": "x", "budget": -1}, "from 200 to 200,000"),
        ):
            answer = await client.command("showContext", **wrong)
            assert answer["status"] == "refused" and words in answer["reason"]
        argument = {"command": "signoff.showContext", "arguments": [{"goal": "x", "size": 1}]}
        answer = await client.request("workspace/executeCommand", argument)
        assert answer["error"]["code"] == -32602 and "size" in answer["error"]["message"]


async def test_a_question_that_is_cancelled_is_answered_so_and_the_server_goes_on(root: Path, tmp_path: Path) -> None:
    async with editor(root, tmp_path / "state", "http://127.0.0.1:9/v1") as client:
        asked = {"command": "signoff.showContext", "arguments": [{"goal": GOAL}]}
        running = asyncio.ensure_future(client.request("workspace/executeCommand", asked))
        await asyncio.sleep(0)
        client.notify("$/cancelRequest", {"id": max(client._waiting)})
        answer = await running
        assert "result" in answer or answer["error"]["code"] == -32800
        assert of(await whole(client, goal=GOAL), "codebase")[0]["path"] == "timer.py"


async def test_files_that_are_kept_from_models_are_not_found_when_they_are_open(root: Path, tmp_path: Path) -> None:
    put(root, {".signoffignore": "private/\n"})
    async with editor(root, tmp_path / "state", "http://127.0.0.1:9/v1") as client:
        for path in ("private/x.py", ".env", ".signoff/sessions/s_1.md"):
            client.open(path, "class Zeppelin:\n    secret = 'canary'\n")
        client.open("part3.py", "class Zeppelin:\n    pass\n")
        found = await whole(client, goal="Let the Zeppelin land")
        while "part3.py" not in {one["path"] for one in of(found, "codebase")}:
            found = await whole(client, goal="Let the Zeppelin land")
        assert "canary" not in json.dumps(found)
        assert not {"private/x.py", ".env", ".signoff/sessions/s_1.md"} & {one["path"] for one in found["files"]}


async def test_what_other_servers_say_and_what_was_viewed_is_told(root: Path, tmp_path: Path) -> None:
    async with editor(root, tmp_path / "state", "http://127.0.0.1:9/v1") as client:
        uri = client.uri("timer.py")
        span = {"start": {"line": 2, "character": 8}, "end": {"line": 2, "character": 9}}
        own = {"range": span, "message": "ours", "source": "signoff"}
        other = {"range": span, "message": "too short", "severity": 2, "source": "lint", "code": 7}
        client.notify("signoff/diagnostics", {"uri": uri, "diagnostics": [other, own, 5, None]})
        client.notify("signoff/viewed", {"places": [{"uri": client.uri("shapes.py")}, {}, 3]})
        for malformed in (None, [], {"uri": 3}, {"diagnostics": "none", "places": "none"}):
            client.notify("signoff/diagnostics", malformed)
            client.notify("signoff/viewed", malformed)
        found = await whole(client, goal=GOAL)
        assert [one["text"] for one in of(found, "diagnostics")] == ["timer.py:3: warning: too short [lint 7]"]
        assert [(one["why"], one["text"]) for one in of(found, "buffers")] == [("viewed lately", "shapes.py")]
        client.notify("signoff/diagnostics", {"uri": uri, "diagnostics": []})
        assert of(await whole(client, goal=GOAL), "diagnostics") == []


async def test_a_session_shows_what_it_was_told(root: Path, tmp_path: Path) -> None:
    script = Script([Turn(Call("finish", {"summary": "Done."}))], exhausted=Turn(Text("As you say.")))
    async with Endpoint(script) as endpoint, editor(root, tmp_path / "state", endpoint.base_url) as client:
        session = (await client.command("startSession", goal=GOAL, planFirst=False))["session"]
        view = await client.until(session, lambda v: v["phase"] == "done")
        assert "class RetryTimer:" in json.dumps(endpoint.requests[0].body), endpoint.requests[0].body
        (told,) = view["context"]
        assert told["turn"] == 0 and told["tokens"] == sum(one["tokens"] for one in told["fragments"])
        assert "timer.py" in {one["path"] for one in told["fragments"]}
        asked = json.dumps(endpoint.requests[0].body)
        assert "class RetryTimer:" in asked and "Answer in verse" not in asked
        document = (await client.command("openSession", session=session))["uri"]
        page = client.workspace / document.partition(client.workspace.name + "/")[2]
        text = page.read_text()
        assert "## Context" in text and "- codebase: timer.py:1-3" in text
    argv = [sys.executable, "-m", "signoff", "sessions", "show", session]
    env = environment(SIGNOFF_STATE_DIR=str(tmp_path / "state"))
    done = subprocess.run(argv, env=env, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert "Told before turn 1:" in done.stdout and "codebase: timer.py:1-3" in done.stdout


async def test_a_name_that_the_user_took_away_is_told_once_with_its_users(root: Path, tmp_path: Path) -> None:
    put(root, {"night.py": "from timer import RetryTimer\n\nRetryTimer().wait_longer(3)\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "night")
    script = Script([Turn(Call("finish", {"summary": "Done."}))], exhausted=Turn(Text("As you say.")))
    async with Endpoint(script) as endpoint, editor(root, tmp_path / "state", endpoint.base_url) as client:
        uri = client.open("timer.py")
        await whole(client, goal=GOAL)
        session = (await client.command("startSession", goal=GOAL, planFirst=False))["session"]
        await client.until(session, lambda v: v["phase"] == "done")
        name = {"start": {"line": 0, "character": 6}, "end": {"line": 0, "character": 16}}
        client.type(uri, {"range": name, "text": "Patience"})
        await client.command("reply", session=session, text="I renamed the class.")
        await client.until(session, lambda v: sum(m["role"] == "assistant" for m in v["messages"]) == 1)
        await client.command("reply", session=session, text="Go on.")
        view = await client.until(session, lambda v: sum(m["role"] == "assistant" for m in v["messages"]) == 2)
        told = [one for turn in view["context"] for one in turn["fragments"] if one["source"] == "diagnostics"]
        assert [(one["path"], one["why"]) for one in told] == [("timer.py", "removed and still used")]
        said = "`RetryTimer` was removed from timer.py and is still used in night.py."
        assert [json.dumps(one.body).count(said) for one in endpoint.requests] == [0, 1, 1]
        document = (await client.command("openSession", session=session))["uri"]
        page = client.workspace / document.partition(client.workspace.name + "/")[2]
        assert "- diagnostics: timer.py (removed and still used)" in page.read_text()
