"""The scripted endpoint itself: what the other tests rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import IncompleteRead
from pathlib import Path
from typing import Any
from urllib.request import Request as Post
from urllib.request import urlopen

import pytest

from endpoint import server
from endpoint.script import FAULTS, Call, Cut, Quota, RateLimit, Script, Text, Thought, Turn, script_from_json
from endpoint.server import Endpoint, Request, running


def post(base_url: str, body: dict[str, Any], path: str = "/responses") -> list[dict[str, Any]]:
    """The events of one reply."""
    headers = {"content-type": "application/json", "authorization": "Bearer k"}
    with urlopen(Post(base_url + path, json.dumps(body).encode(), headers), timeout=20) as reply:  # noqa: S310
        lines = reply.read().decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def calls(events: list[dict[str, Any]]) -> list[str]:
    """The call ids of a Responses reply."""
    return [item["call_id"] for item in events[-1]["response"]["output"] if "call_id" in item]


def replay(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(events[-1]["response"]["output"])


def test_turns_in_order_then_the_exhausted_one() -> None:
    with running(Script([Turn(Text("one")), Turn(Call("t"))])) as ep:
        said = [replay(post(ep.base_url, {"input": []})) for _ in range(3)]
        assert said[0][0]["content"][0]["text"] == "one"
        assert said[1][0]["name"] == "t"
        assert said[2][0]["content"][0]["text"] == "All done."
        assert [request.turn for request in ep.calls] == [0, 1, 2]
        assert ep.asked_again() == []


def test_state_serves_what_the_request_shows() -> None:
    with running(Script([Turn(Call("a")), Turn(Text("zwei ä")), Turn(Call("b"))], select="state")) as ep:
        first = replay(post(ep.base_url, {"input": []}))
        second = replay(post(ep.base_url, {"input": first}))
        third = post(ep.base_url, {"input": first + second})
        assert calls(third) == ["call_t002_0"]
        assert ep.asked_again() == []
        post(ep.base_url, {"input": []})
        assert ep.asked_again() == [0]
        with pytest.raises(AssertionError):
            ep.check_no_turn_asked_again()


def test_the_prefix_check_notices_a_rewritten_history() -> None:
    with running(Script([])) as ep:
        post(ep.base_url, {"input": [{"a": 1}]})
        post(ep.base_url, {"input": [{"a": 1}, {"b": 2}]})
        ep.check_stable_prefix()
        post(ep.base_url, {"input": [{"b": 2}]})
        with pytest.raises(AssertionError):
            ep.check_stable_prefix()


def test_usage_counts_what_was_seen_before() -> None:
    with running(Script([])) as ep:
        item = {"role": "user", "content": "x" * 8000}
        for extra in ([], [{"role": "user", "content": "y" * 400}]):
            post(ep.base_url, {"input": [item, *extra]})
        (first, second) = [request.usage for request in ep.requests]
        assert first[1] == 0
        assert first[0] - 128 <= second[1] <= first[0] < second[0]


def test_a_function_is_a_turn() -> None:
    def echo(request: Request) -> Turn:
        return Turn(Text(request.body["input"][0]["content"]))

    with running(Script([echo])) as ep:
        (item,) = replay(post(ep.base_url, {"input": [{"role": "user", "content": "hä"}]}))
        assert item["content"][0]["text"] == "hä"


def test_chat_has_the_same_turns() -> None:
    with running(Script([Turn(Thought("hm"), Text("hi"), Call("t", {"a": 1}))])) as ep:
        chunks = post(ep.base_url, {"messages": [], "stream_options": {"include_usage": True}}, "/chat/completions")
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        assert [delta["content"] for delta in deltas if delta.get("content")] == ["hi"]
        assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
        assert chunks[-1]["usage"]["prompt_tokens"] > 0


def test_every_fault_survives_the_script_file() -> None:
    faults = [kind() for kind in FAULTS.values()]
    turn = Turn(Text("ä"), Call("t", '{"broken'), Thought(), faults=faults, chunk=3, usage=(1, 2, 3))
    script = Script([turn], select="state", api_key="k", model="m", routes=("chat",))
    again = script_from_json(script.to_json())
    assert again.to_json() == script.to_json()
    assert [type(fault) for fault in again.turns[0].faults] == [type(fault) for fault in faults]  # pyright: ignore


async def test_leaving_closes_what_is_open() -> None:
    async with Endpoint(Script([Turn(Text("x" * 5000), chunk=1, chunk_delay=0.05)])) as ep:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import urllib.request as u; u.urlopen(u.Request({ep.base_url!r}+'/responses',b'{{}}')).read()",
            ],
            stderr=subprocess.DEVNULL,
        )
        await ep.seen(1)
    process.wait(20)
    assert ep.requests[0].outcome == "client_gone"


def test_as_a_process(tmp_path: Path) -> None:
    script, log = tmp_path / "script.json", tmp_path / "log.jsonl"
    script.write_text(Script([Turn(Text("hi"), faults=[RateLimit(2), Quota(), Cut()])]).to_json(), "utf-8")
    argv = [sys.executable, server.__file__, "--script", str(script), "--log", str(log)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline().removeprefix("PORT "))
        for _ in range(3):
            with pytest.raises((OSError, IncompleteRead)):
                post(f"http://127.0.0.1:{port}/v1", {"input": []})
        assert post(f"http://127.0.0.1:{port}/v1", {"input": []})[-1]["type"] == "response.completed"
    finally:
        process.terminate()
        process.wait(20)
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [row["fault"] for row in rows[:3]] == ["RateLimit", "Quota", "Cut"]
