"""What becomes of a session when the endpoint fails it: every fault on both wires, over real HTTP.

Each ends in the state that the design names, says what happened and what to do, asks no more often than it should,
loses nothing, and goes on once the cause is gone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from endpoint import server as ep
from endpoint.server import Call, Endpoint, Script, Text, Turn
from signoff.core import commands as c
from signoff.core.events import ToolReturned, TurnFailed
from signoff.core.owed import owed
from signoff.core.settings import AutoResume
from signoff.core.state import State
from signoff.core.usage import PRICES
from signoff.core.view import phase, waiting_for
from support import endpoint_house as eh
from support.editor_client import editor
from support.endpoint_house import EDIT, FINISH, READ, EndpointHouse, HeldClock, config, settings, work
from support.house import StepClock
from support.memory_store import MemoryJournal

BOTH = ("responses", "chat")
GOAL = "Write the number"


@asynccontextmanager
async def house(
    root: Path, script: Script, wire: str = "auto", **more: Any
) -> AsyncIterator[tuple[EndpointHouse, Endpoint]]:
    """A server with its endpoint, both gone afterwards. `more` are for the house and, by `set_`, for the settings."""
    own = {name[4:]: value for name, value in more.items() if name.startswith("set_")}
    rest = {name: value for name, value in more.items() if not name.startswith("set_")}
    async with Endpoint(script) as endpoint:
        made = EndpointHouse(root, settings(endpoint, wire, **own), **rest)
        try:
            yield made, endpoint
        finally:
            await made.kill()


def patience(fault: ep.Fault) -> dict[str, float]:
    """Only where silence is the fault is it given up soon: a busy machine is silent too."""
    return {"set_stall_seconds": eh.SILENCE} if isinstance(fault, ep.Stall) else {}


def failures(state: State) -> list[tuple[str, str]]:
    return [(failure.reason, failure.strategy) for failure in state.failures]


def check_whole(state: State) -> None:
    """The session came to its proposal with everything that was said before."""
    assert phase(state) == "waiting" and waiting_for(state) == ("hunk",), (phase(state), state.failures)
    assert [(h.before, h.after, h.status) for h in state.hunks.values()] == [("two\n", "2\n", "pending")]
    assert [(said.role, said.text) for said in state.said] == [("user", GOAL), ("assistant", "I change it.")]
    results = [result.output for turn in state.turns for result in turn.results.values()]
    assert results[0] == eh.BODY and len(results) == 3


@dataclass(frozen=True)
class Case:
    """One fault before the second reply: what is recorded of it, words of its message, the wait in seconds."""

    name: str
    fault: ep.Fault
    reason: str
    strategy: str
    words: tuple[str, ...]
    wait: float | None = None
    wires: tuple[str, ...] = BOTH


HOST = "127.0.0.1"
BY_ITSELF = [
    Case("429 with Retry-After", ep.RateLimit(7), "rate_limit", "wait", (HOST, "429", "wait 7 s"), 7.0),
    Case(
        "429 with a reset header",
        ep.RateLimit(None, {"x-ratelimit-reset-requests": "1m30s"}),
        "rate_limit",
        "wait",
        ("90 s",),
        90.0,
    ),
    Case("429 without a time", ep.RateLimit(None), "rate_limit", "wait", ("limits requests", "try again later"), 1.0),
    Case("500", ep.ServerError(500), "server_error", "retry", (HOST, "500", "error of its own"), 1.0),
    Case("503", ep.ServerError(503), "server_error", "retry", ("503",), 1.0),
    Case("silence before the first byte", ep.Stall(), "timeout", "retry", ("stopped answering", "network"), 1.0),
    Case("silence in mid-stream", ep.Stall(after=300), "timeout", "retry", ("stopped answering",), 1.0),
    Case("cut in mid-stream", ep.Cut(), "stream_cut", "retry", ("Nothing of it was used",), 1.0),
    Case(
        "cut before the end is said", ep.CutBeforeCompleted(), "stream_cut", "retry", ("Nothing of it was used",), 1.0
    ),
    Case("an end without an end", ep.EndBeforeCompleted(), "stream_cut", "retry", ("cut off before its end",), 1.0),
    Case("response.failed", ep.Failed(), "failed_reply", "retry", ("failed in the middle", "The model failed"), 1.0),
    Case("error event", ep.ErrorEvent(), "failed_reply", "retry", ("The stream failed",), 1.0),
    Case(
        "error event: overloaded",
        ep.ErrorEvent("overloaded_error"),
        "server_error",
        "retry",
        ("error of its own",),
        1.0,
    ),
    Case(
        "error event: rate limit",
        ep.ErrorEvent("rate_limit_exceeded", "Please try again in 3s."),
        "rate_limit",
        "wait",
        ("3 s",),
        3.0,
    ),
    Case("incomplete", ep.Incomplete(), "incomplete", "retry", ("hit the output limit", "Ask for less"), 1.0),
    Case(
        "content filter", ep.Incomplete("content_filter"), "incomplete", "retry", ("content filter", "differently"), 1.0
    ),
    Case("a web page", ep.HtmlPage(), "bad_reply", "retry", ("web page", "base URL"), 1.0),
    Case("an empty reply", ep.EmptyReply(), "empty_reply", "retry", ("empty reply",), 1.0),
    Case("a redirect", ep.Raw(b"", 302, {"location": "http://127.0.0.1:1/"}), "bad_reply", "retry", ("web page",), 1.0),
    Case("an empty body", ep.Raw(b""), "empty_reply", "retry", ("empty",), 1.0),
]
ASKING = [
    Case("quota", ep.Quota(), "quota", "ask", ("no credit or quota", "billing", "resume")),
    Case("no such model", ep.ModelNotFound(), "model_unavailable", "ask", ("'test'", "signoff.model")),
    Case("bad key", ep.BadKey(), "auth", "ask", ("does not accept the API key", "OPENAI_API_KEY")),
    Case("forbidden", ep.Forbidden(), "permission", "ask", ("does not allow this", "rights")),
    Case(
        "context overflow",
        ep.ContextOverflow(),
        "context_overflow",
        "ask",
        ("longer than test accepts", "smaller task"),
    ),
    Case("no such address", ep.RouteNotFound(), "bad_request", "ask", ("/v1", "base URL")),
    Case(
        "a request that is refused",
        ep.Raw('{"error": {"message": "No such field."}}', 400, {"content-type": "application/json"}),
        "bad_request",
        "ask",
        ("No such field",),
    ),
]


def tables(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, wire, id=f"{case.name}-{wire}") for case in cases for wire in case.wires]


async def test_nothing_wrong(tmp_path: Path) -> None:
    for wire in BOTH:
        async with house(tmp_path / wire, work(), wire) as (made, endpoint):
            state = await made.rest(await made.start(GOAL, config()))
            check_whole(state)
            assert len(endpoint.requests) == 3 and state.requests == 3 and failures(state) == []
            endpoint.check_stable_prefix()


@pytest.mark.parametrize(("case", "wire"), tables(BY_ITSELF))
async def test_it_goes_on_by_itself(tmp_path: Path, case: Case, wire: str) -> None:
    async with house(tmp_path / "w", work(case.fault), wire, **patience(case.fault)) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config()))
        check_whole(state)
        assert failures(state) == [(case.reason, case.strategy)]
        message = state.failures[0].message
        assert all(words in message for words in case.words), message
        began = made.clock.slept[0]
        assert case.wait is None or began - 1_700_000_000.0 == pytest.approx(case.wait)
        assert len(endpoint.requests) == 4
        endpoint.check_no_turn_asked_again()
        endpoint.check_stable_prefix()


@pytest.mark.parametrize(("case", "wire"), tables(ASKING))
async def test_it_stops_asks_and_goes_on_when_told(tmp_path: Path, case: Case, wire: str) -> None:
    async with house(tmp_path / "w", work(case.fault), wire) as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.rest(session)
        assert phase(state) == "failed" and failures(state) == [(case.reason, "ask")]
        message = state.failures[0].message
        assert all(words in message for words in case.words), message
        assert len(endpoint.requests) == 2, "never retried without a word of the user"
        assert made.clock.slept == []
        await made.manager.submit(session, c.Resume())
        check_whole(await made.rest(session))
        assert len(endpoint.requests) == 4
        endpoint.check_no_turn_asked_again()


async def test_a_reply_goes_on_as_resume_does(tmp_path: Path) -> None:
    async with house(tmp_path / "w", work(ep.Quota())) as (made, endpoint):
        session = await made.start(GOAL, config())
        await made.rest(session)
        await made.manager.submit(session, c.Reply("Paid. Go on."))
        state = await made.rest(session)
        assert [h.status for h in state.hunks.values()] == ["pending"]
        assert "Paid. Go on." in json.dumps(endpoint.requests[2].body)
        endpoint.check_stable_prefix()


RETRIED = [
    (ep.ServerError(), 5, "server_error"),
    (ep.Cut(), 5, "stream_cut"),
    (ep.Stall(after=100), 5, "timeout"),
    (ep.RateLimit(2), 11, "rate_limit"),
    (ep.Incomplete(), 3, "incomplete"),
    (ep.EmptyReply(), 3, "empty_reply"),
    (ep.HtmlPage(), 3, "bad_reply"),
]


@pytest.mark.parametrize(("fault", "requests", "reason"), RETRIED, ids=[reason for _, _, reason in RETRIED])
async def test_what_does_not_get_better_is_given_up(
    tmp_path: Path, fault: ep.Fault, requests: int, reason: str
) -> None:
    async with house(tmp_path / "w", work(*[fault] * requests), **patience(fault)) as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.rest(session)
        assert phase(state) == "failed" and waiting_for(state) == ()
        assert {failure.reason for failure in state.failures} == {reason} and failures(state)[-1][1] == "ask"
        assert len(endpoint.requests) == 1 + requests
        waits = [
            after - before
            for before, after in zip([1_700_000_000.0, *made.clock.slept], made.clock.slept, strict=False)
        ]
        assert all(1.0 <= wait <= 60.0 for wait in waits) and sorted(waits) == waits
        await made.manager.submit(session, c.Resume())
        check_whole(await made.rest(session))
        endpoint.check_no_turn_asked_again()


async def test_a_plan_and_hunks_survive_a_failure(tmp_path: Path) -> None:
    plan = Call("update_plan", {"steps": [{"text": "Write it"}]})
    turns = [Turn(plan), Turn(Text("I change it."), EDIT), Turn(FINISH, faults=[ep.Quota()])]
    async with house(tmp_path / "w", Script(turns, select="state")) as (made, _):
        session = await made.start(GOAL, config(plan_first=True))
        state = await made.rest(session)
        assert state.plan and waiting_for(state) == ("plan",)
        await made.manager.submit(session, c.ApprovePlan(state.plan.id))
        state = await made.rest(session)
        assert phase(state) == "failed" and waiting_for(state) == ("hunk",)
        (hunk,) = state.hunks.values()
        await made.manager.submit(session, c.ApproveHunks((c.Shown(hunk.id, hunk.rev),)))
        await made.until(session, lambda state: state.hunks[hunk.id].status == "applied")
        assert (made.root / "a.txt").read_text() == "one\n2\nthree\n", "hunks land although the service has no credit"
        await made.manager.submit(session, c.Resume())
        state = await made.rest(session)
        assert phase(state) == "done" and state.summary == "Done."
        assert state.plan and state.plan.status == "approved"


async def test_parallel_tool_calls_run_side_by_side_and_edits_in_order(tmp_path: Path) -> None:
    for wire in BOTH:
        edits = [
            Call("edit_file", {"path": "a.txt", "edits": [{"old": old, "new": new}]})
            for old, new in (("two\n", "2\n"), ("2\n", "II\n"))
        ]
        turns = [Turn(READ, Call("list_files"), Call("search", {"query": "two"}), *edits), Turn(FINISH)]
        async with house(tmp_path / wire, Script(turns, select="state"), wire) as (made, endpoint):
            state = await made.rest(await made.start(GOAL, config()))
            outputs = [result.output for result in state.turns[0].results.values()]
            assert sorted(outputs[:3]) == sorted([eh.BODY, "a.txt", "a.txt:2: two"]) and len(outputs) == 5
            assert [h.after for h in state.hunks.values() if h.status == "pending"] == ["II\n"]
            sent = [
                item
                for item in endpoint.requests[1].items
                if item.get("type") == "function_call_output" or item.get("role") == "tool"
            ]
            assert [item.get("output") or item.get("content") for item in sent][:3] == [
                eh.BODY,
                "a.txt",
                "a.txt:2: two",
            ]


@pytest.mark.parametrize("wire", BOTH)
@pytest.mark.parametrize("fault", [ep.CutBeforeCompleted(), ep.EndBeforeCompleted(), ep.Cut(0.9)])
async def test_a_call_that_arrived_whole_before_the_cut_runs_at_most_once(
    tmp_path: Path, wire: str, fault: ep.Fault
) -> None:
    async with house(tmp_path / "w", work(fault), wire) as (made, _):
        session = await made.start(GOAL, config())
        check_whole(await made.rest(session))
        facts = await made.manager._journal.read(session)
        results = [fact.event.call_id for fact in facts if isinstance(fact.event, ToolReturned)]
        assert len(results) == len(set(results)) == 3


@pytest.mark.parametrize("wire", BOTH)
async def test_broken_arguments_are_mended_by_the_model(tmp_path: Path, wire: str) -> None:
    async with house(tmp_path / "w", work(ep.BadArguments()), wire) as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.rest(session)
        assert phase(state) == "waiting" and len(state.hunks) == 1 and failures(state) == []
        (broken,) = state.turns[1].results.values()
        assert "edit_file" in broken.output and "JSON" in broken.output, broken
        assert state.turns[1].failed and len(endpoint.requests) == 4


@pytest.mark.parametrize("wire", BOTH)
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (Call("fly", {"to": "the moon"}), ("fly", "read_file")),
        (Call("read_file", {}), ("read_file", "path")),
        (Call("read_file", {"path": 3}), ("path", "string")),
        (Call("read_file", {"path": "a.txt", "mode": "r"}), ("mode",)),
        (Call("read_file", "[1, 2]"), ("read_file", "object")),
        (Call("read_file", ""), ("read_file", "path")),
        (Call("", {}), ("read_file",)),
        (Call("finish", "{"), ("finish", "JSON")),
    ],
    ids=lambda value: f"{value.name}-{value.json()}" if isinstance(value, Call) else None,
)
async def test_calls_that_make_no_sense_get_words_that_help(
    tmp_path: Path, wire: str, call: Call, words: tuple[str, ...]
) -> None:
    turns = [Turn(call), Turn(Text("I change it."), EDIT), Turn(FINISH)]
    async with house(tmp_path / "w", Script(turns, select="state"), wire) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config()))
        (result,) = state.turns[0].results.values()
        assert all(word in result.output for word in words), result.output
        assert [h.status for h in state.hunks.values()] == ["pending"] and failures(state) == []
        assert len(endpoint.requests) == 3


async def test_the_next_model_takes_over(tmp_path: Path) -> None:
    script = Script([Turn(READ), Turn(Text("I change it."), EDIT), Turn(FINISH)], select="state", model="small")
    async with house(tmp_path / "w", script) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config("big", "bigger", "small")))
        check_whole(state)
        assert failures(state) == [("model_unavailable", "switch_model")] * 2 and state.model == "small"
        assert [request.body["model"] for request in endpoint.requests] == ["big", "bigger", *["small"] * 3]
        assert made.clock.slept == []


async def test_without_another_model_the_user_is_asked(tmp_path: Path) -> None:
    script = Script([Turn(READ)], model="other")
    async with house(tmp_path / "w", script) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config("big", "small")))
        assert failures(state) == [("model_unavailable", "switch_model"), ("model_unavailable", "ask")]
        assert phase(state) == "failed" and len(endpoint.requests) == 2
        assert "'small'" in state.failures[-1].message


async def test_no_key_is_asked_for_before_anything_is_sent(tmp_path: Path) -> None:
    made = EndpointHouse(tmp_path / "w", settings("https://models.example.invalid/v1"))
    session = await made.start(GOAL, config())
    state = await made.rest(session)
    assert phase(state) == "failed" and failures(state) == [("no_key", "ask")]
    assert "models.example.invalid" in state.failures[0].message and "OPENAI_API_KEY" in state.failures[0].message
    async with Endpoint(work()) as endpoint:
        made.settings = settings(endpoint)
        await made.manager.submit(session, c.Resume())
        check_whole(await made.rest(session))
    await made.kill()


async def test_a_better_key_goes_on_and_no_key_is_repeated(tmp_path: Path) -> None:
    script = Script(
        [Turn(READ), Turn(Text("I change it."), EDIT), Turn(FINISH)], select="state", api_key="sk-right-one"
    )
    async with house(tmp_path / "w", script, key="sk-wrong-canary-1234") as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.rest(session)
        assert failures(state) == [("auth", "ask")] and "canary" not in str(state)
        made.models.set_key("sk-right-one")
        await made.manager.submit(session, c.Resume())
        check_whole(await made.rest(session))
        assert len(endpoint.requests) == 4


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/v1", "127.0.0.1:80", "http://", "nonsense"])
async def test_a_base_url_that_is_none_is_named(tmp_path: Path, url: str) -> None:
    made = EndpointHouse(tmp_path / "w", settings(url))
    state = await made.rest(await made.start(GOAL, config()))
    assert phase(state) == "failed" and failures(state)[-1] == ("bad_request", "ask")
    assert url in state.failures[-1].message
    await made.kill()


async def test_nobody_at_the_address(tmp_path: Path) -> None:
    async with Endpoint(work()) as gone:
        url = gone.base_url
    made = EndpointHouse(tmp_path / "w", settings(url))
    state = await made.rest(await made.start(GOAL, config()))
    assert phase(state) == "failed" and failures(state) == [*[("unreachable", "retry")] * 4, ("unreachable", "ask")]
    assert "127.0.0.1" in state.failures[-1].message
    await made.kill()


MODEL = "gpt-5"
Config = dict[str, Any]


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        ({"max_tokens": 900}, ("tokens", "cap is 900")),
        ({"max_cost": 0.001}, ("$", "cap is")),
        ({"max_tokens": 900, "max_cost": 100.0}, ("cap is 900",)),
    ],
)
async def test_a_cap_is_checked_before_the_first_request(tmp_path: Path, caps: Config, words: tuple[str, ...]) -> None:
    assert MODEL in PRICES
    async with house(tmp_path / "w", work()) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config(MODEL, **caps)))
        assert phase(state) == "failed" and failures(state) == [("budget", "ask")]
        assert all(word in state.failures[0].message for word in words), state.failures[0].message
        assert endpoint.requests == [] and state.requests == 0 and state.cost == 0.0


async def test_a_cap_in_money_without_a_price_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path / "w", work()) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config("some-model", max_cost=5.0)))
        assert failures(state) == [("budget", "ask")] and "price" in state.failures[0].message
        assert endpoint.requests == []


@pytest.mark.parametrize("caps", [{"max_tokens": 28_700}, {"max_cost": 0.04}])
async def test_a_cap_stops_a_session_on_its_way(tmp_path: Path, caps: Config) -> None:
    turns = [Turn(Call("read_file", {"path": "a.txt", "start_line": n}), usage=(9_000, 0, 100)) for n in (1, 2, 3)] * 3
    async with house(tmp_path / "w", Script(turns)) as (made, endpoint):
        session = await made.start(GOAL, config(MODEL, **caps))
        state = await made.rest(session)
        assert failures(state) == [("budget", "ask")] and len(endpoint.requests) == 3
        assert state.usage.input == 27_000
        await made.manager.submit(session, c.Resume())
        state = await made.rest(session)
        assert failures(state) == [("budget", "ask")] * 2 and len(endpoint.requests) == 3, "resume alone lifts no cap"


async def test_money_spent_on_a_reply_that_is_of_no_use_counts(tmp_path: Path) -> None:
    twice = Turn(Call("read_file", {"path": "a.txt"}, "same"), Call("list_files", {}, "same"), usage=(5_000, 0, 50))
    async with house(tmp_path / "w", Script([twice, twice, twice, twice])) as (made, endpoint):
        state = await made.rest(await made.start(GOAL, config(MODEL)))
        assert failures(state) == [("bad_reply", "retry")] * 2 + [("bad_reply", "ask")]
        assert len(endpoint.requests) == 3 and state.usage.input == 15_000
        assert state.cost == pytest.approx(3 * (5_000 * 1.25 + 50 * 10.0) / 1e6)


async def test_the_turn_limit_asks_and_a_reply_gives_new_turns(tmp_path: Path) -> None:
    turns = [Turn(Call("read_file", {"path": "a.txt", "start_line": 1 + n % 3})) for n in range(20)]
    async with house(tmp_path / "w", Script(turns)) as (made, endpoint):
        session = await made.start(GOAL, config(turn_limit=4))
        state = await made.rest(session)
        assert failures(state) == [("turn_limit", "ask")] and len(endpoint.requests) == 4
        assert "4 requests" in state.failures[0].message and "Reply" in state.failures[0].message
        await made.manager.submit(session, c.Reply("Go on"))
        state = await made.rest(session)
        assert len(endpoint.requests) == 8 and phase(state) == "failed"


async def test_a_model_that_repeats_itself_is_told_then_stopped(tmp_path: Path) -> None:
    async with house(tmp_path / "w", Script([Turn(READ)] * 20)) as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.rest(session)
        assert failures(state) == [("repeating", "ask")] and len(endpoint.requests) == 5
        outputs = [next(iter(turn.results.values())).output for turn in state.turns]
        assert outputs[:2] == [eh.BODY] * 2 and all("try something else" in output for output in outputs[2:])
        assert "same tool call 5 times" in state.failures[0].message


# ------------------------------------------------------------------------------------------------- waiting and restarts


def waits(state: State) -> bool:
    return waiting_for(state) == ("time",)


def through(state: State) -> bool:
    return len(state.turns) == 3 and not owed(state)


POLICIES: list[tuple[AutoResume, bool, bool]] = [
    ("ask", False, False),
    ("waiting", True, False),
    ("always", True, True),
]


@pytest.mark.parametrize(("policy", "goes_on", "_"), POLICIES)
async def test_a_wait_survives_a_restart_and_goes_on_as_the_setting_says(
    tmp_path: Path, policy: AutoResume, goes_on: bool, _: bool
) -> None:
    journal = MemoryJournal()
    async with house(tmp_path / "w", work(ep.RateLimit(3_600)), journal=journal, clock=HeldClock()) as (made, endpoint):
        session = await made.start(GOAL, config())
        state = await made.until(session, waits)
        assert phase(state) == "waiting" and failures(state) == [("rate_limit", "wait")]
        until = state.failures[0].until
        assert until == 1_700_003_600.0
        stored = [fact.event for fact in await made.manager._journal.read(session)]
        assert [event.until for event in stored if isinstance(event, TurnFailed)] == [until]
        await made.kill()
        clock = StepClock(1_700_000_100.0)
        again = EndpointHouse(made.root, made.settings, journal=journal, clock=clock, auto_resume=policy)
        await again.manager.open_workspace(again.uri)
        if not goes_on:
            state = await again.rest(session)
            assert phase(state) == "stopped" and len(endpoint.requests) == 2 and clock.slept == []
            await again.manager.submit(session, c.Resume())
        check_whole(await again.until(session, through))
        assert clock.slept == [until], "it waits until the service's time, not anew"
        endpoint.check_no_turn_asked_again()
        await again.kill()


@pytest.mark.parametrize(("policy", "_", "goes_on"), POLICIES)
async def test_what_was_running_goes_on_as_the_setting_says(
    tmp_path: Path, policy: AutoResume, _: bool, goes_on: bool
) -> None:
    journal = MemoryJournal()
    async with house(tmp_path / "w", work(ep.Stall()), journal=journal) as (made, endpoint):
        session = await made.start(GOAL, config())
        await endpoint.seen(2)
        await made.kill()
        again = EndpointHouse(made.root, made.settings, journal=journal, auto_resume=policy)
        await again.manager.open_workspace(again.uri)
        if not goes_on:
            assert phase(await again.rest(session)) == "stopped" and len(endpoint.requests) == 2
            await again.manager.submit(session, c.Resume())
        check_whole(await again.until(session, through))
        endpoint.check_no_turn_asked_again()
        await again.kill()


async def test_always_wakes_neither_what_the_user_stopped_nor_what_failed(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with house(tmp_path / "w", work(ep.Stall(), ep.Quota()), journal=journal) as (made, endpoint):
        stopped = await made.start(GOAL, config())
        await endpoint.seen(2)
        await made.manager.submit(stopped, c.Interrupt())
        failed = await made.start(GOAL, config())
        await made.rest(failed)
        asked = len(endpoint.requests)
        await made.kill()
        again = EndpointHouse(made.root, made.settings, journal=journal, auto_resume="always")
        await again.manager.open_workspace(again.uri)
        assert phase(await again.rest(stopped)) == "stopped"
        assert phase(await again.rest(failed)) == "failed"
        assert len(endpoint.requests) == asked
        await again.kill()


async def test_listing_sessions_of_elsewhere_wakes_none_of_them(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with house(tmp_path / "w", work(ep.Stall()), journal=journal) as (made, endpoint):
        session = await made.start(GOAL, config())
        await endpoint.seen(2)
        await made.kill()
        elsewhere = EndpointHouse(tmp_path / "other", made.settings, journal=journal, auto_resume="always")
        await elsewhere.manager.open_workspace(elsewhere.uri)
        (state,) = await elsewhere.manager.states()
        assert state.session == session and phase(state) == "stopped" and len(endpoint.requests) == 2
        await elsewhere.kill()


async def test_a_wait_can_be_stopped_and_taken_up_again(tmp_path: Path) -> None:
    async with house(tmp_path / "w", work(ep.RateLimit(3_600)), clock=HeldClock()) as (made, endpoint):
        session = await made.start(GOAL, config())
        await made.until(session, waits)
        await made.manager.submit(session, c.Interrupt())
        assert phase(await made.rest(session)) == "stopped"
        await made.manager.submit(session, c.Resume())
        await made.until(session, waits)
        assert isinstance(made.clock, HeldClock)
        made.clock.held.set()
        check_whole(await made.until(session, through))
        assert len(endpoint.requests) == 4


@pytest.mark.e2e
@pytest.mark.parametrize("policy", ["ask", "always"])
async def test_the_real_server_goes_on_as_the_setting_says(tmp_path: Path, policy: str) -> None:
    workspace, state = tmp_path / "w", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_text(eh.BODY)
    async with Endpoint(work(ep.Stall())) as endpoint:
        async with editor(workspace, state, endpoint.base_url) as client:
            session = (await client.command("startSession", goal=GOAL, planFirst=False))["session"]
            await endpoint.seen(2)
            await client.kill()
        async with editor(workspace, state, endpoint.base_url, autoResume=policy) as client:
            if policy == "ask":
                await client.until(session, lambda view: view["phase"] == "stopped")
                assert len(endpoint.requests) == 2
                await client.command("resume", session=session)
            await client.until(session, lambda view: view["phase"] == "waiting" and len(view["hunks"]) == 1)
        endpoint.check_no_turn_asked_again()
