"""How the server behaves in an editor: what it shows where, what it asks, what it reports, and what it leaves alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from e2e.test_starting_work import actions, run, titles
from e2e.test_transaction import BODY, TWO, edits, proposing, started
from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import HELD, EditorClient, editor

pytestmark = pytest.mark.e2e

SHOWS = {"window": {"showDocument": {"support": True}}}
PLAIN_SHOWS = {"experimental": None, **SHOWS}
ASKS = {"experimental": None, "window": {"showMessage": {"messageActionItem": {}}}}
REPORTS = {"window": {"workDoneProgress": True}}
THREE = proposing(edits("a.txt", ("line 3\n", "three\n"), ("line 20\n", "twenty\n")), edits("b.txt", ("b\n", "B\n")))
QUESTION = Script(
    [
        Turn(Call("ask_user", {"question": "Which [one](command:x)?", "options": ["this", "that"]})),
        Turn(Call("finish", {"summary": "Done."})),
    ],
    select="state",
    exhausted=Turn(Text("As you say.")),
)
SLOW = Script([Turn(Text("word " * 2000), chunk=5, chunk_delay=0.02)], select="state")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.txt").write_text(BODY)
    (workspace / "b.txt").write_text("a\nb\nc\n")
    return workspace, tmp_path / "state"


def codes(client: EditorClient, uri: str) -> list[str]:
    return [each["code"] for each in client.diagnostics.get(uri, [])]


# Next and previous hunk


async def test_a_plain_editor_goes_from_hunk_to_hunk(places: tuple[Path, Path]) -> None:
    async with Endpoint(THREE) as endpoint, editor(*places, endpoint.base_url, capabilities=SHOWS) as client:
        uri = client.open("a.txt")
        session, hunks = await started(client, 3)
        first = await client.command("nextHunk", uri=uri, position={"line": 0, "character": 0})
        assert first == {"uri": uri, "range": hunks[0]["range"], "hunk": hunks[0]["id"], "session": session}
        second = await client.command("nextHunk", uri=uri, position=first["range"]["start"])
        third = await client.command("nextHunk", uri=uri, position=second["range"]["start"])
        assert [second["range"]["start"]["line"], third["uri"]] == [19, client.uri("b.txt")]
        assert (await client.command("nextHunk"))["hunk"] == first["hunk"], "around the end, from the one shown last"
        assert (await client.command("previousHunk"))["hunk"] == third["hunk"]
        last_line = {"line": 2**31 - 1, "character": 2**31 - 1}
        assert (await client.command("previousHunk", uri=uri, position=last_line))["hunk"] == second["hunk"]
        assert (await client.command("nextHunk", uri=client.uri("none.txt")))["hunk"] == first["hunk"]
        await client.until_told(lambda: len(client.windows) == 7)
        assert client.windows[0] == {
            "uri": uri,
            "takeFocus": True,
            "selection": {"start": first["range"]["start"], "end": first["range"]["start"]},
        }
        assert (await client.command("nextHunk", session="s_other"))["status"] == "refused"
        await client.command("rejectAll", session=session)
        assert "No hunk waits" in (await client.command("nextHunk"))["reason"]


@pytest.mark.parametrize("answer", [None, {"success": False}, {}], ids=["no window", "not shown", "empty answer"])
async def test_what_can_not_be_shown_is_named(places: tuple[Path, Path], answer: dict[str, Any] | None) -> None:
    asked = SHOWS if answer is not None else None
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url, capabilities=asked) as client:
        await started(client)
        client.on_show = lambda params: answer
        assert (await client.command("nextHunk"))["range"]["start"]["line"] == 2
        await client.until_told(lambda: len(client.shown) == 1)
        assert client.shown == [f"Signoff: see {client.workspace / 'a.txt'}:3"]


# What is shown of hunks


async def test_hunks_are_hidden_and_come_back_while_actions_stay(places: tuple[Path, Path]) -> None:
    lenses = {"textDocument": {"codeLens": {}, "inlayHint": {}}}
    refresh = {"workspace": {"codeLens": {"refreshSupport": True}, "inlayHint": {"refreshSupport": True}}}
    async with (
        Endpoint(TWO) as endpoint,
        editor(*places, endpoint.base_url, capabilities={**lenses, **refresh}) as client,
    ):
        uri = client.open("a.txt")
        await started(client)
        await client.until_told(lambda: codes(client, uri) == ["hunk", "hunk"])
        await client.until_told(lambda: len(set(client.refreshed)) == 2)
        document = {"textDocument": {"uri": uri}}
        everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}

        async def drawn() -> tuple[list[str], list[int]]:
            found = (await client.request("textDocument/codeLens", document))["result"]
            hints = (await client.request("textDocument/inlayHint", {**document, "range": everything}))["result"]
            return [lens["command"]["title"] for lens in found], [hint["position"]["character"] for hint in hints]

        ends = [len(client.text(uri).splitlines()[line]) for line in (2, 19)]
        assert await drawn() == (["Approve", "Reject", "Diff"] * 2, ends)
        assert await run(client, await actions(client, uri, 2), "Hide hunks") == {}
        await client.until_told(lambda: client.diagnostics[uri] == [])
        assert await drawn() == ([], [])
        found = await actions(client, uri, 2)
        assert "Approve hunk" in titles(found)
        hover = await client.request("textDocument/hover", {**document, "position": {"line": 2, "character": 0}})
        assert "+line three" in hover["result"]["contents"]["value"]
        assert await run(client, found, "Show hunks") == {}
        await client.until_told(lambda: codes(client, uri) == ["hunk", "hunk"])


async def test_an_applied_hunk_is_undone_where_it_stands(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, _ = await started(client)
        await client.command("approveAll", session=session)
        await client.until(session, lambda view: view["phase"] == "done")
        found = await actions(client, uri, 20)
        assert titles(found)[:4] == ["Undo hunk", "Undo all 2 hunks", "Open session", "Show whole diff"]
        assert await actions(client, uri, 20, triggerKind=2) == []
        assert (await run(client, found, "Undo hunk"))["status"] == "applying"
        await client.until(session, lambda view: view["hunks"][1]["status"] == "undone")
        assert "line 20\n" in client.text(uri) and "line three" in client.text(uri)


async def test_a_document_that_opens_or_closes_shows_what_stands_in_its_file(places: tuple[Path, Path]) -> None:
    async with Endpoint(THREE) as endpoint, editor(*places, endpoint.base_url) as client:
        session, _ = await started(client, 3)
        name = client.uri("b.txt")
        await client.until_told(lambda: codes(client, name) == ["hunk"])
        client.diagnostics.clear()
        client.open("b.txt", "above\na\nb\nc\n")
        await client.until_told(lambda: codes(client, name) == ["hunk"])
        await client.until_told(lambda: client.diagnostics[name][0]["range"]["start"]["line"] == 2)
        client.close(name)
        await client.until_told(lambda: client.diagnostics[name][0]["range"]["start"]["line"] == 1)
        await client.command("rejectAll", session=session)
        await client.command("archive", session=session)
        await client.until_told(lambda: not any(client.diagnostics.values()))


async def test_a_waiting_plan_moves_with_the_line_where_its_task_began(places: tuple[Path, Path]) -> None:
    plan = Call("update_plan", {"steps": [{"text": "Change it"}]})
    script = Script([Turn(plan), Turn(Call("finish", {"summary": "Done."}))], select="state")
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        here = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}
        session = (await client.command("startSession", goal="x", uri=uri, range=here))["session"]
        await client.until_told(lambda: codes(client, uri) == ["plan"])
        client.insert(uri, 0, 0, "one\ntwo\n")
        await client.until_told(lambda: client.diagnostics[uri][0]["range"]["start"]["line"] == 6)
        found = await actions(client, uri, 6, triggerKind=2)
        assert titles(found)[:3] == ["Approve plan", "Reject plan", "Open session"]
        assert await actions(client, uri, 4, triggerKind=2) == []
        assert await run(client, found, "Approve plan") == {}
        await client.until(session, lambda view: view["phase"] == "done")
        await client.until_told(lambda: client.diagnostics[uri] == [])


# Words


async def test_a_refusal_is_seen_in_an_editor_that_looks_at_no_result(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url, capabilities=PLAIN_SHOWS) as client:
        uri = client.open("a.txt")
        await client.command("startSession", goal="Do it", planFirst=False)
        await client.until_told(lambda: codes(client, uri) == ["hunk", "hunk"])
        hunk = client.diagnostics[uri][0]["data"]
        answer = await client.command("approveHunk", hunk=hunk["id"], rev=7)
        assert answer["status"] == "refused" and client.shown == [f"Signoff: {answer['reason']}"]
        assert (await client.command("showSession", session="s_none"))["status"] == "refused"
        assert len(client.shown) == 1, "who asks for a session reads the answer"


async def test_our_client_is_not_told_twice(places: tuple[Path, Path]) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as client:
        _, hunks = await started(client)
        assert (await client.command("approveHunk", hunk=hunks[0]["id"], rev=7))["status"] == "refused"
        assert client.shown == []


# Progress


def kinds(client: EditorClient) -> list[list[str]]:
    return [[value["kind"] for value in values] for values in client.progress.values()]


async def test_work_is_reported_from_its_begin_to_its_end(places: tuple[Path, Path]) -> None:
    script = Script([Turn(edits("a.txt", ("line 3\n", "three\n")), delay=0.6), *TWO.turns[1:]], select="state")
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url, capabilities=REPORTS) as client:
        await started(client, 1)
        await client.until_told(lambda: kinds(client)[-1:] != [] and kinds(client)[-1][-1:] == ["end"])
        (values,) = client.progress.values()
        assert (values[0]["kind"], values[0]["title"], values[0]["cancellable"]) == ("begin", "Signoff", True)
        assert values[0]["message"] in ("gathering context", "thinking")
        assert "thinking" in [value["message"] for value in values]
        assert values[-1] == {"kind": "end", "message": "waiting for you: 1 hunk"}
        assert [value["kind"] for value in values[1:-1]] == ["report"] * (len(values) - 2)


async def test_cancelling_progress_stops_the_agent(places: tuple[Path, Path]) -> None:
    async with Endpoint(SLOW) as endpoint, editor(*places, endpoint.base_url, capabilities=REPORTS) as client:
        session = (await client.command("startSession", goal="x", planFirst=False))["session"]
        await client.until_told(lambda: kinds(client) == [["begin"]])
        client.notify("window/workDoneProgress/cancel", {"token": "unknown"})
        client.notify("window/workDoneProgress/cancel", {"token": next(iter(client.progress))})
        await client.until(session, lambda view: view["phase"] == "stopped")
        await client.until_told(lambda: kinds(client) == [["begin", "end"]])
        assert next(iter(client.progress.values()))[-1]["message"] == "stopped"


async def test_no_progress_for_an_editor_that_has_none(places: tuple[Path, Path]) -> None:
    async with Endpoint(SLOW) as endpoint, editor(*places, endpoint.base_url) as client:
        session = (await client.command("startSession", goal="x", planFirst=False))["session"]
        await client.until_streamed(session, 200)
        assert client.progress == {}


async def test_an_editor_that_refuses_progress_is_not_asked_again(places: tuple[Path, Path]) -> None:
    async with Endpoint(SLOW) as endpoint, editor(*places, endpoint.base_url, capabilities=REPORTS) as client:
        client.refuses_progress = True
        session = (await client.command("startSession", goal="x", planFirst=False))["session"]
        await client.until_told(lambda: len(client.progress) == 1)
        await client.until_streamed(session, 500)
        await client.command("interrupt", session=session)
        await client.until(session, lambda view: view["phase"] == "stopped")
        await client.command("resume", session=session)
        await client.until_streamed(session, 1_500)
        assert kinds(client) == [[]]


# Questions


async def asked(client: EditorClient, uri: str) -> str:
    """A session whose question waits."""
    here = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    answer = await client.command("startSession", goal="x", planFirst=False, uri=uri, range=here)
    await client.until_told(lambda: codes(client, uri) == ["plan"])
    return answer["session"]


async def done(client: EditorClient, uri: str, session: str) -> list[str]:
    """What the user said, once the session is through."""
    await client.until_told(lambda: client.diagnostics[uri] == [])
    view: dict[str, Any] = {"phase": ""}
    while view["phase"] != "done":
        view = await client.command("showSession", session=session)
    return [message["text"] for message in view["messages"] if message["role"] == "user"]


async def test_a_question_is_answered_in_a_window(places: tuple[Path, Path]) -> None:
    async with Endpoint(QUESTION) as endpoint, editor(*places, endpoint.base_url, capabilities=ASKS) as client:
        client.on_ask = lambda params: params["actions"][1]
        uri = client.open("a.txt")
        here = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
        await client.command("startSession", goal="x", planFirst=False, uri=uri, range=here)
        await client.until_told(lambda: len(endpoint.calls) == 2)
        assert client.asked[0]["message"] == "Signoff asks: Which [one] (command:x)?", (
            "a link there could run a command"
        )
        assert [each["title"] for each in client.asked[0]["actions"]] == ["this", "that"]
        assert '"that"' in endpoint.calls[1].raw.decode()
        await client.until_told(lambda: codes(client, uri) == [])
        assert len(client.asked) == 1


@pytest.mark.parametrize("answer", [None, {}, {"title": "neither"}, 7, HELD], ids=["null", "{}", "other", "7", "none"])
async def test_no_answer_decides_nothing(places: tuple[Path, Path], answer: Any) -> None:
    async with Endpoint(QUESTION) as endpoint, editor(*places, endpoint.base_url, capabilities=ASKS) as client:
        client.on_ask = lambda params: answer
        uri = client.open("a.txt")
        session = await asked(client, uri)
        await client.until_told(lambda: len(client.asked) == 1)
        assert (await client.command("showSession", session=session))["waitingFor"] == ["question"]
        found = await actions(client, uri, 0, triggerKind=2)
        assert titles(found)[:2] == ["Answer: this", "Answer: that"]
        assert await run(client, found, "Answer: this") == {}
        await done(client, uri, session)
        assert '"this"' in endpoint.calls[1].raw.decode()


async def test_a_late_answer_changes_nothing(places: tuple[Path, Path]) -> None:
    async with Endpoint(QUESTION) as endpoint, editor(*places, endpoint.base_url, capabilities=ASKS) as client:
        late: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on_ask = lambda params: late
        uri = client.open("a.txt")
        session = await asked(client, uri)
        await client.command("reply", session=session, text="this")
        said = await done(client, uri, session)
        late.set_result({"title": "that"})
        await client.command("status")
        assert await done(client, uri, session) == said and len(endpoint.calls) == 2


async def test_our_client_is_not_asked_in_a_window(places: tuple[Path, Path]) -> None:
    own = {"window": {"showMessage": {"messageActionItem": {}}}}
    async with Endpoint(QUESTION) as endpoint, editor(*places, endpoint.base_url, capabilities=own) as client:
        await asked(client, client.open("a.txt"))
        assert client.asked == []
