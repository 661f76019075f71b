"""What an editor may ask that makes no sense: an answer, words, and a server that answers the next request."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.test_transaction import BODY, TWO, edits, proposing, started
from endpoint.server import Endpoint
from support.editor_client import EditorClient, editor

pytestmark = pytest.mark.e2e

Places = tuple[Path, Path]
REQUESTS = ("codeAction", "hover", "codeLens", "inlayHint")
NOWHERE = [(-1, -1), (0, -1), (-1, 0), (0, 10**9), (10**9, 0), (2**31 - 1, 2**31 - 1), (2, 3)]
STRANGE_URIS = [
    "untitled:Untitled-1",
    "git:/a/workspace/a.txt?%7B%22ref%22%3A%22HEAD%22%7D",
    "vscode-notebook-cell:/a/workspace/book.ipynb#W0sZmlsZQ%3D%3D",
    "output:extension-output-1",
    "file://another-machine/share/a.txt",
    "file:///",
    "zipfile:///a.zip::b.txt",
    "not a uri",
    "",
]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    workspace, state = tmp_path / "a workspace", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_bytes(BODY.encode())
    return workspace, state


@asynccontextmanager
async def reviewing(places: Places, **options: Any) -> AsyncIterator[tuple[EditorClient, str, str, list[Any]]]:
    """An editor with an open document in which two hunks wait: (client, uri, session, hunks)."""
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url, **options) as client:
        uri = client.open("a.txt")
        session, hunks = await started(client)
        yield client, uri, session, hunks


def place(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    return {"start": place(*start), "end": place(*end)}


def asked(method: str, uri: str, start: tuple[int, int], end: tuple[int, int], context: Any = None) -> Any:
    """The parameters of one of the REQUESTS."""
    document = {"textDocument": {"uri": uri}}
    match method:
        case "codeAction":
            usual = {"diagnostics": []}
            return {**document, "range": span(start, end), "context": usual if context is None else context}
        case "hover":
            return {**document, "position": place(*start)}
        case "inlayHint":
            return {**document, "range": span(start, end)}
        case _:
            return document


async def answered(client: EditorClient, method: str, params: Any) -> Any:
    """The result: a list or nothing. An error is no answer to a well-formed request."""
    answer = await client.request(f"textDocument/{method}", params)
    assert "error" not in answer, (method, params, answer)
    return answer["result"]


async def turned_down(client: EditorClient, method: str, params: Any) -> None:
    """The answer is a result or an error of the protocol that names what is wrong, never a crash."""
    answer = await client.request(f"textDocument/{method}", params)
    if "error" in answer:
        assert answer["error"]["code"] in (-32602, -32600), answer
        assert len(answer["error"]["message"]) > 10 and "Traceback" not in answer["error"]["message"], answer


async def well(client: EditorClient, uri: str) -> None:
    """The server still shows what waits."""
    actions = await answered(client, "codeAction", asked("codeAction", uri, (2, 0), (2, 0)))
    assert any(action["title"].startswith("Signoff: Approve hunk") for action in actions), actions


async def test_places_that_no_document_has(places: Places) -> None:
    async with reviewing(places) as (client, uri, _, _):
        for method, (start, end) in itertools.product(REQUESTS, itertools.product(NOWHERE, NOWHERE)):
            await turned_down(client, method, asked(method, uri, start, end))
        await well(client, uri)
        hover = await answered(client, "hover", asked("hover", uri, (10**6, 0), (0, 0)))
        assert hover is None or "line three" not in str(hover)


async def test_documents_that_nobody_knows(places: Places) -> None:
    async with reviewing(places) as (client, uri, _, _):
        unknown = [client.uri("gone.txt"), client.uri("no/such/folder/x"), client.uri(""), *STRANGE_URIS]
        for method, other in itertools.product(REQUESTS, unknown):
            result = await answered(client, method, asked(method, other, (0, 0), (1, 0)))
            assert "line three" not in str(result), (method, other)
        await well(client, uri)


async def test_documents_that_are_not_files_can_be_open(places: Places) -> None:
    async with reviewing(places) as (client, uri, _, _):
        for other in STRANGE_URIS:
            document = {"uri": other}
            item = {**document, "languageId": "python", "version": 1, "text": "x = 1\ny = 2\n"}
            client.notify("textDocument/didOpen", {"textDocument": item})
            change = {"range": span((0, 0), (0, 1)), "text": "z"}
            client.notify(
                "textDocument/didChange", {"textDocument": {**document, "version": 2}, "contentChanges": [change]}
            )
            client.notify("textDocument/didSave", {"textDocument": document})
            for method in REQUESTS:
                await answered(client, method, asked(method, other, (0, 0), (1, 0)))
            answer = await client.request(
                "workspace/executeCommand",
                {"command": "signoff.startSession", "arguments": [{"goal": "Do it", "uri": other, "planFirst": False}]},
            )
            words = answer.get("result") or answer["error"]
            assert "session" in words or len(words.get("reason", words.get("message"))) > 10, (other, answer)
            client.notify("textDocument/didClose", {"textDocument": document})
        await well(client, uri)


async def test_changes_of_documents_that_are_closed(places: Places) -> None:
    async with reviewing(places, quiet=False) as (client, uri, session, hunks):
        identifier = {"uri": uri, "version": 9}
        client.close(uri)
        for changes in ([{"text": "all gone"}], [{"range": span((0, 0), (9, 0)), "text": ""}], []):
            client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        assert (await client.command("approveHunk", hunk=hunks[0]["id"], rev=1))["status"] == "applying"
        await client.until(session, lambda v: v["hunks"][0]["status"] == "applied")
        assert (places[0] / "a.txt").read_text() == BODY.replace("line 3\n", "line three 😀\n")
        # Opened twice, without being closed in between: the later text counts.
        client.open("a.txt", BODY)
        client.open("a.txt", "above\n" + BODY)
        await client.until_told(lambda: [d["range"]["start"]["line"] for d in client.diagnostics[uri]][-1:] == [20])
        log = client.log.read_text()
        assert "Traceback" not in log, log


CONTEXTS = [
    None,
    {},
    [],
    "all",
    {"diagnostics": None},
    {"diagnostics": {}},
    {"diagnostics": ["bad"]},
    {"diagnostics": [None]},
    {"diagnostics": [{}]},
    {"diagnostics": [{"range": span((0, 0), (0, 1)), "message": 3}]},
    {"diagnostics": [{"range": span((0, 0), (0, 1)), "message": {"kind": "markdown", "value": "x"}}]},
    {"diagnostics": [{"range": None, "message": "x"}]},
    {"diagnostics": [{"range": span((9, 9), (0, 0)), "message": "x", "severity": 17, "code": {"a": 1}}]},
    {"diagnostics": [{"range": span((0, 0), (0, 1)), "message": "x", "data": [[["deep"]]], "tags": ["new"]}]},
    {"diagnostics": [{"range": span((0, 0), (0, 1)), "message": "x" * 1_000_000}]},
    {"diagnostics": [{"range": span((0, 0), (0, 1)), "message": f"m{n}"} for n in range(3_000)]},
    {"diagnostics": [], "only": "quickfix"},
    {"diagnostics": [], "only": ["no.such.kind"]},
    {"diagnostics": [], "only": [], "triggerKind": 99},
]


async def test_contexts_of_any_shape(places: Places) -> None:
    async with reviewing(places) as (client, uri, _, _):
        for context in CONTEXTS:
            params = {"textDocument": {"uri": uri}, "range": span((2, 0), (2, 0)), "context": context}
            await turned_down(client, "codeAction", params)
        for params in (None, [], "x", {}, {"textDocument": None}, {"textDocument": {"uri": 3}}, {"textDocument": {}}):
            for method in REQUESTS:
                await turned_down(client, method, params)
        await well(client, uri)


async def test_commands_of_actions_that_are_out_of_date(places: Places) -> None:
    """An editor may run an action long after it was shown: of a hunk that is decided, of a session that is over."""
    async with reviewing(places) as (client, uri, session, hunks):
        asked_for = asked("codeAction", uri, (0, 0), (40, 0))
        actions = await answered(client, "codeAction", asked_for)
        lenses = await answered(client, "codeLens", asked("codeLens", uri, (0, 0), (0, 0)))
        commands = [action["command"] for action in actions if action.get("command")]
        commands += [lens["command"] for lens in lenses or ()]
        await client.command("rejectAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        await client.command("archive", session=session)
        of_session = [one for one in commands if session in str(one["arguments"])]
        assert len(of_session) >= 4
        for command in of_session:
            params = {"command": command["command"], "arguments": command["arguments"]}
            answer = await client.request("workspace/executeCommand", params)
            assert "error" not in answer or answer["error"]["code"] == -32602, (command, answer)
            result = answer.get("result") or {}
            assert result.get("status") != "applying", (command, answer)
            if "refused" in str(result):
                assert len(result["reason"]) > 10, answer
        assert client.text(uri) == BODY, "nothing was applied"
        for method in REQUESTS:
            result = await answered(client, method, asked(method, uri, (0, 0), (40, 0)))
            assert hunks[0]["id"] not in str(result), "an archived session is not shown"
        await client.until_told(lambda: client.diagnostics.get(uri, []) == [])


@pytest.mark.parametrize("name", ["approveFile", "approveAll", "rejectFile", "rejectAll"])
async def test_hunks_that_changed_since_they_were_shown_are_named_and_left(places: Places, name: str) -> None:
    async with reviewing(places) as (client, uri, session, (first, second)):
        where = {"session": session, "uri": uri}
        both = [{"hunk": first["id"], "rev": 1}, {"hunk": second["id"], "rev": 1}]
        line = second["range"]["start"]["line"]
        await client.command("amendHunk", hunk=second["id"], rev=1, after="line XX\n")
        await client.until(session, lambda v: v["hunks"][1]["rev"] == 2)
        answer = await client.command(name, **where, hunks=both[1:])
        assert answer["status"] == "refused" and answer["reason"].startswith("Left out: 1 hunk that changed"), answer
        answer = await client.command(name, **where, hunks=both)
        assert answer["status"] == ("applying" if "approve" in name else "rejected")
        assert answer["reason"] == "Left out: 1 hunk that changed since you saw it, in a.txt. Look at it again."
        done = "applied" if "approve" in name else "rejected"
        await client.until(session, lambda v: [hunk["status"] for hunk in v["hunks"]] == [done, "pending"])
        assert client.text(uri).split("\n")[line] == "line 20"
        await client.command("approveHunk", hunk=second["id"], rev=2)
        await client.until(session, lambda v: v["hunks"][1]["status"] == "applied")
        undone = [{"hunk": first["id"], "rev": 9}, {"hunk": second["id"], "rev": 2}]
        answer = await client.command("undoAll", session=session, hunks=undone)
        assert answer["status"] == "applying" and bool(answer["reason"]) is ("approve" in name), answer


async def test_sessions_and_hunks_that_do_not_belong_together(places: Places) -> None:
    async with reviewing(places) as (client, uri, session, hunks):
        other = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
        await client.until(other, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == 2)
        theirs = client.views[other]["hunks"]
        mixed = [{"hunk": hunk["id"], "rev": 1} for hunk in theirs]
        for name, argument in {
            "approveFile": {"session": session, "uri": uri, "hunks": mixed},
            "rejectFile": {"session": session, "uri": uri, "hunks": mixed},
            "approveAll": {"session": session, "hunks": mixed},
            "rejectAll": {"session": session, "hunks": mixed},
            "undoAll": {"session": session, "hunks": mixed},
        }.items():
            answer = await client.command(name, **argument)
            assert answer["status"] == "refused" and len(answer["reason"]) > 10, (name, answer)
        for hunk in (
            "",
            ".",
            "nothing",
            f"{session}.",
            f"{session}.h99",
            f".{hunks[0]['id']}",
            "../../etc/passwd",
            "😀",
        ):
            for name in ("approveHunk", "rejectHunk", "undoHunk", "reproposeHunk"):
                answer = await client.command(name, hunk=hunk, rev=1)
                assert answer["status"] == "refused" and len(answer["reason"]) > 10, (name, hunk, answer)
        for rev in (-1, 0, 2, 2**40):
            answer = await client.command("approveHunk", hunk=hunks[0]["id"], rev=rev)
            assert answer["status"] == "refused", answer
        for name in ("showSession", "interrupt", "resume", "archive", "approveAll", "rejectAll", "undoAll"):
            for unknown in ("", "nothing", "../state", session + "x", session[:-1]):
                answer = await client.command(name, session=unknown)
                assert answer["status"] == "refused" and len(answer["reason"]) > 10, (name, unknown, answer)
        assert client.text(uri) == BODY
        await well(client, uri)


@pytest.mark.parametrize(
    "capabilities",
    [
        {"workspace": None},
        {"workspace": {"applyEdit": False}},
        {"workspace": {"applyEdit": None, "workspaceEdit": None}},
        {"general": None},
        {"general": {"positionEncodings": []}},
        {"general": {"positionEncodings": ["ebcdic"]}},
        {"textDocument": {"codeAction": None}, "window": {}},
        {"textDocument": {"publishDiagnostics": {}, "hover": {"contentFormat": []}}, "window": {"showDocument": None}},
    ],
    ids=str,
)
async def test_a_client_that_uses_what_it_did_not_declare(places: Places, capabilities: dict[str, Any]) -> None:
    async with reviewing(places, capabilities=capabilities, quiet=False) as (client, uri, session, hunks):
        for method in REQUESTS:
            await answered(client, method, asked(method, uri, (2, 0), (3, 0)))
        for name, argument in {
            "openSession": {"session": session},
            "showDiff": {"session": session},
            "nextHunk": {"session": session},
            "previousHunk": {"uri": uri, "position": place(10**6, -3)},
            "draftTask": {},
        }.items():
            answer = await client.request(
                "workspace/executeCommand", {"command": f"signoff.{name}", "arguments": [argument]}
            )
            # A client that does not know the command gets an error that names it.
            assert "result" in answer or f"signoff.{name}" in answer["error"]["message"], (name, answer)
        answer = await client.command("approveHunk", hunk=hunks[0]["id"], rev=1)
        assert answer["status"] in ("applying", "refused"), answer
        if answer["status"] == "applying":
            # It lands, or the hunk waits again and says why.
            view = await client.until(
                session, lambda v: v["hunks"][0]["status"] == "applied" or v["hunks"][0]["note"] != ""
            )
            assert ("line three" in client.text(uri)) is (view["hunks"][0]["status"] == "applied"), view["hunks"][0]
        await client.command("rejectAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        assert "Traceback" not in client.log.read_text()


async def test_two_editors_on_one_workspace(places: Places) -> None:
    async with Endpoint(TWO) as endpoint, editor(*places, endpoint.base_url) as first:
        uri = first.open("a.txt")
        session, hunks = await started(first)
        async with editor(*places, endpoint.base_url) as second:
            second.open("a.txt")
            for method in REQUESTS:
                await answered(second, method, asked(method, uri, (2, 0), (3, 0)))
            named = {"hunk": hunks[0]["id"], "rev": 1}
            for name, argument in {
                "approveHunk": named,
                "rejectHunk": named,
                "amendHunk": {**named, "after": "x"},
                "approveAll": {"session": session},
                "rejectAll": {"session": session},
                "reply": {"session": session, "text": "more"},
                "interrupt": {"session": session},
                "resume": {"session": session},
                "archive": {"session": session},
            }.items():
                answer = await second.command(name, **argument)
                assert answer["status"] == "refused" and "open in another window" in answer["reason"], (name, answer)
            # It has sessions of its own meanwhile, in the same file.
            own, theirs = await started(second)
            await second.command("approveHunk", hunk=theirs[1]["id"], rev=1)
            await second.until(own, lambda v: v["hunks"][1]["status"] == "applied")
            await first.command("approveHunk", **named)
            await first.until(session, lambda v: v["hunks"][0]["status"] == "applied")
            assert second.text(uri) == BODY.replace("line 20\n", "line twenty\nand more\n")
            await first.leave()
            # The lock is gone with its process.
            assert (await second.command("rejectHunk", hunk=hunks[1]["id"], rev=1))["status"] == "rejected"
            view = await second.command("showSession", session=session)
            assert view["hunks"][1]["status"] == "rejected"


async def test_huge_documents(places: Places) -> None:
    big = BODY + "x" * 3_000_000 + "\n" + "y\n" * 200_000
    script = proposing(edits("a.txt", ("line 3\n", "line three\n")))
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url) as client:
        uri = client.open("a.txt")
        session, hunks = await started(client, hunks=1)
        client.type(uri, {"text": big})
        for method in REQUESTS:
            await answered(client, method, asked(method, uri, (2, 0), (10**6, 0)))
        client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": 99},
                "contentChanges": [{"range": span((30, 2), (30, 9)), "text": ""}],
            },
        )
        client.documents[uri] = big.replace("x" * 3_000_000, "x" * 2_999_993)
        client.versions[uri] = 99
        assert (await client.command("approveHunk", hunk=hunks[0]["id"], rev=1))["status"] == "applying"
        await client.until(session, lambda v: v["phase"] == "done")
        assert client.text(uri)[: len(BODY) + 3] == BODY.replace("line 3\n", "line three\n")[: len(BODY) + 3]
        await client.command("undoAll", session=session)
        await client.until(session, lambda v: v["hunks"][0]["status"] == "undone")
        assert client.text(uri)[: len(BODY)] == BODY
