"""Bad input and a world that fails, through the real server process: words that name what and where, nothing lost, and
a server that answers afterwards."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import shutil
import sqlite3
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from e2e.test_transaction import BODY, edits, proposing, started
from endpoint.server import Call, Endpoint, Script, Text, Turn
from signoff.core.protocol import ARGUMENTS
from support.editor_client import EditorClient, editor

pytestmark = pytest.mark.e2e

ONE = proposing(edits("a.txt", ("line 3\n", "line three\n")))
Places = tuple[Path, Path]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    workspace, state = tmp_path / "a workspace", tmp_path / "state"
    workspace.mkdir()
    (workspace / "a.txt").write_bytes(BODY.encode())
    return workspace, state


def without_privileges() -> None:
    """Root is no judge of permissions: the process loses the right to overrule them."""
    if os.geteuid() == 0:
        drop = 24  # PR_CAPBSET_DROP
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0)


async def answers(client: EditorClient) -> None:
    """The server is well."""
    status = await client.command("status")
    assert status["server"]["name"] == "signoff"


async def refused(client: EditorClient, name: str, **argument: Any) -> str:
    answer = await client.command(name, **argument)
    assert isinstance(answer, dict) and answer.get("status") == "refused", (name, answer)
    return answer["reason"]


async def told(client: EditorClient, *words: str) -> str:
    """The first message shown to the user that holds all the words."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [text for text in client.shown if all(word in text for word in words)]
        return bool(found)

    await client._until(there)
    return found[0]


# ---------------------------------------------------------------------------------------------- settings

SETTINGS = [
    ({"modle": "x"}, "modle"),
    ({"model": 3}, "model"),
    ({"turnLimit": "many"}, "turnLimit"),
    ({"maxCost": "1.0"}, "maxCost"),
    ({"wire": "carrier pigeon"}, "wire"),
    ({"autoResume": True}, "autoResume"),
    ({"fallbackModels": "gpt-5"}, "fallbackModels"),
    ({"fallbackModels": [1]}, "fallbackModels"),
    ({"trustedWorkspaces": {"a": 1}}, "trustedWorkspaces"),
    (["model"], "settings"),
    ("model", "settings"),
]


async def test_wrong_settings_are_named_and_the_earlier_ones_hold(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url, model="first", plan="never") as client:
        for number, (wrong, key) in enumerate(SETTINGS, 1):
            client.notify("workspace/didChangeConfiguration", {"settings": {"signoff": wrong}})
            await client._until(lambda number=number: len(client.shown) >= number)
            assert key in client.shown[-1] and "the earlier ones hold" in client.shown[-1], client.shown[-1]
            assert (await client.command("status"))["model"] == "first"
        client.notify("workspace/didChangeConfiguration", {"settings": {"signoff": {"model": "second"}}})
        assert (await client.command("status"))["model"] == "second"
        for nothing in ({}, None, {"signoff": None}, {"other": {"x": 1}}, 3):
            client.notify("workspace/didChangeConfiguration", {"settings": nothing})
        assert (await client.command("status"))["model"] == "second" and len(client.shown) == len(SETTINGS)


async def test_wrong_initialization_options_are_named(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url, model=["x"]) as client:
        await told(client, "model", "a string")
        await started(client, hunks=1)


# ---------------------------------------------------------------------------------------------- arguments


def sample(kind: Any) -> Any:
    """A value of the type, as JSON."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return sample(next(part for part in get_args(kind) if part is not type(None)))
    if origin is Literal:
        return get_args(kind)[0]
    if origin in (tuple, dict):
        return [] if origin is tuple else {}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return {camel(f.name): sample(hints[f.name]) for f in fields(kind) if required(f)}
    return {str: "x", int: 1, float: 1.0, bool: True}[kind]


def wrong(kind: Any) -> list[Any]:
    """Values that are not of the type."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return wrong(next(part for part in get_args(kind) if part is not type(None)))
    if origin is tuple or is_dataclass(kind):
        return [3, "x", [3]]
    return [{"no": 1}, ["x"], "1"] if kind in (int, bool) else [{"no": 1}, ["x"], 3]


def required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def wrong_arguments(kind: type) -> Iterator[tuple[Any, str]]:
    """Arguments of the wrong shape for a command that takes `kind`, and the key that the answer must name."""
    good, hints = sample(kind), get_type_hints(kind)
    yield {**good, "extra": 1}, "extra"
    yield {**good, "jsonrpc": "2.0"}, "jsonrpc"
    yield {**good, "method": "x", "id": 1}, "method"
    for field in fields(kind):
        name = camel(field.name)
        if required(field):
            yield {key: value for key, value in good.items() if key != name}, name
            yield {**good, name: None}, name
        for value in wrong(hints[field.name]):
            yield {**good, name: value}, name


async def test_arguments_of_the_wrong_shape_are_answered_with_the_key(places: Places) -> None:
    count = 0
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as client:
        for name, kind in ARGUMENTS.items():
            for argument, key in wrong_arguments(kind):
                answer = await client.request("workspace/executeCommand", {"command": name, "arguments": [argument]})
                error = answer.get("error")
                assert error and error["code"] == -32602, (name, argument, answer)
                assert key in error["message"] and name in error["message"], (name, argument, error)
                count += 1
            for arguments in ([], [None], [3], ["x"], [[]], [{}, {}]):
                if arguments == [] and not any(map(required, fields(kind))):
                    continue
                answer = await client.request("workspace/executeCommand", {"command": name, "arguments": arguments})
                assert answer["error"]["code"] == -32602 and name in answer["error"]["message"], (arguments, answer)
                count += 1
        assert client.shown == [] and endpoint.requests == []
        await answers(client)
    assert count > 400, count


async def test_an_unknown_command_is_named(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as client:
        for name in ("signoff.fly", "", "editor.action.x"):
            answer = await client.request("workspace/executeCommand", {"command": name, "arguments": [{}]})
            assert answer["error"]["code"] in (-32601, -32602) and (name or "command") in answer["error"]["message"], (
                answer
            )
        await answers(client)


# ---------------------------------------------------------------------------------------------- what users name


async def test_places_that_can_not_be_used_are_named(places: Places) -> None:
    workspace, _ = places
    (workspace / "bin").write_bytes(b"a\0b")
    (workspace / "latin").write_bytes(b"caf\xe9\n")
    (workspace / "huge.txt").write_bytes(b"x" * 10_000_001)
    (workspace / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()
    (workspace.parent / "next.txt").write_text("outside\n")
    wrong = {
        "bin": "is binary",
        "latin": "not UTF-8",
        "huge.txt": "10,000,001 bytes",
        "link.txt": "symbolic link",
        "pipe": "not a regular file",
        "folder": "is a folder",
        "gone.txt": "does not exist",
    }
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as client:
        for name, words in wrong.items():
            reason = await refused(client, "startSession", goal="Do it", uri=client.uri(name))
            assert name in reason and words in reason, reason
        outside = [
            "file:///etc/passwd",
            client.uri("../next.txt"),
            "untitled:Untitled-1",
            "http://host/a.txt",
            "a.txt",
            "",
        ]
        for uri in outside:
            reason = await refused(client, "startSession", goal="Do it", uri=uri)
            assert "outside the workspace" in reason and uri.rpartition("/")[2] in reason, (uri, reason)
        for folder, words in (
            ((workspace / "gone").as_uri(), "does not exist"),
            ((workspace / "a.txt").as_uri(), "does not exist"),
            ("untitled:x", "no folder on this machine"),
            ("/home", "no folder on this machine"),
        ):
            reason = await refused(client, "startSession", goal="Do it", workspace=folder)
            assert words in reason, (folder, reason)
        assert await client.command("listSessions") == [] and endpoint.requests == []
        await started(client, hunks=1)


async def test_ranges_beyond_the_document_are_cut_to_it(places: Places) -> None:
    async with (
        Endpoint(Script([Turn(Text("Nothing to do."))] * 9)) as endpoint,
        editor(*places, endpoint.base_url) as client,
    ):
        uri = client.open("a.txt")
        far = {"line": 2**31 - 1, "character": 2**31 - 1}
        below = {"line": -1, "character": -5}
        for start, end in (({"line": 0, "character": 0}, far), (far, far), (below, below), (far, below)):
            span = {"start": start, "end": end}
            session = (await client.command("startSession", goal="Look", uri=uri, range=span))["session"]
            await client.until(session, lambda v: v["phase"] == "done")
        odd = [
            {"message": 3},
            {},
            {"message": "m", "range": {"start": {"line": "x"}}},
            {"severity": 99, "code": {}},
        ]
        session = (await client.command("startSession", goal="Look", uri=uri, diagnostics=odd))["session"]
        await client.until(session, lambda v: v["phase"] == "done")


GOALS = {
    "a megabyte": "word " * 200_000,
    "NUL": "a\0b",
    "control characters": "\x1b[31mred\x07\r\n\x7f\u202e\u2028",
    "half a character": "a \ud800 b \udfff",
    "a long half": "\ud83d" * 5_000,
    "emoji": "😀" * 100,
}


@pytest.mark.parametrize("goal", GOALS.values(), ids=list(GOALS))
async def test_goals_of_all_sorts_are_kept_as_they_are(places: Places, goal: str) -> None:
    async with Endpoint(ONE) as endpoint:
        async with editor(*places, endpoint.base_url) as client:
            session = (await client.command("startSession", goal=goal, planFirst=False))["session"]
            view = await client.until(session, lambda v: len(v["hunks"]) == 1 and v["phase"] == "waiting")
            assert view["goal"] == goal
            await client.kill()
        async with editor(*places, endpoint.base_url) as client:
            assert (await client.command("showSession", session=session))["goal"] == goal
            assert await client.command("reply", session=session, text=goal) == {}
            await client.until(
                session, lambda v: v["phase"] == "waiting" and v["messages"][-1]["text"] == "As you say."
            )


async def test_sessions_and_hunks_that_do_not_exist(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as client:
        for session in ("nope", "", "../../etc", "s\0", "x" * 10_000, "\ud800"):
            for name in ("showSession", "resume", "interrupt", "archive", "approveAll", "undoAll"):
                assert "no such session" in await refused(client, name, session=session), (name, session)
            assert "no such session" in await refused(client, "approveFile", session=session, uri="file:///x")
            for name in ("approveHunk", "undoHunk", "reproposeHunk", "rejectHunk"):
                assert "no such session" in await refused(client, name, hunk=f"{session}.h1", rev=1)
        session, (hunk,) = await started(client, hunks=1)
        assert "no such hunk" in await refused(client, "approveHunk", hunk=f"{session}.h99", rev=1)
        assert await client.command("archive", session=session) == {}
        for name in ("approveHunk", "rejectHunk", "undoHunk", "reproposeHunk"):
            assert "archived" in await refused(client, name, hunk=hunk["id"], rev=1)
        for name in ("approveAll", "rejectAll", "resume", "archive"):
            assert "archived" in await refused(client, name, session=session), name
        assert "archived" in await refused(client, "reply", session=session, text="Hello?")
        assert (await client.command("showSession", session=session))["phase"] == "archived"


# ---------------------------------------------------------------------------------------------- what models name


def patch(*lines: str) -> Call:
    return Call("apply_patch", {"patch": "\n".join(["*** Begin Patch", *lines, "*** End Patch"])})


BY_MODEL = [
    (Call("read_file", {"path": "bin"}), ("bin", "is binary")),
    (Call("read_file", {"path": "latin"}), ("latin", "not UTF-8")),
    (Call("read_file", {"path": "huge.txt"}), ("huge.txt", "at most")),
    (Call("read_file", {"path": "folder"}), ("folder", "is a folder")),
    (Call("read_file", {"path": "gone.txt"}), ("gone.txt", "does not exist")),
    (Call("read_file", {"path": "link.txt"}), ("link.txt", "links are not followed")),
    (Call("read_file", {"path": "pipe"}), ("pipe", "not a regular file")),
    (Call("read_file", {"path": "a\0b"}), ("no",)),
    (Call("read_file", '{"path": "\\ud800"}'), ("no",)),
    (Call("read_file", {"path": "x" * 5_000}), ("too long",)),
    (Call("read_file", {"path": "../next.txt"}), ("outside the workspace",)),
    (Call("read_file", {"path": "/etc/passwd"}), ("does not exist",)),
    (Call("read_file", {"path": ""}), ("",)),
    (Call("read_file", {"path": ".git/config"}), (".git/config", "git's own")),
    (Call("read_file", {"path": "x/../.GIT/config"}), ("git's own",)),
    (Call("read_file", {"path": ".env"}), (".env", "keys or passwords")),
    (Call("read_file", {"path": "./x/../.env"}), ("keys or passwords",)),
    (Call("read_file", {"path": "a.txt", "start_line": 99}), ("30 lines",)),
    (Call("read_file", {"path": "a.txt", "start_line": -(10**30)}), ("30 lines",)),
    (Call("search", {"query": "(", "regex": True}), ("regular expression",)),
    (Call("search", {"query": ""}), ("empty",)),
    (Call("search", {"query": "canary"}), ("No match",)),
    (Call("list_files", {"glob": "[["}), ("No files",)),
    (edits("../next.txt", ("outside", "inside")), ("../next.txt", "`..`")),
    (edits("/etc/passwd", ("root", "toor")), ("/etc/passwd", "absolute")),
    (edits(".git/config", ("", "[core]\n")), (".git/config", "git's own folder")),
    (edits(".git/hooks/pre-commit", ("", "#!/bin/sh\n")), ("git's own folder",)),
    (edits("a\\b.txt", ("", "x")), ("backslash",)),
    (edits("bin", ("a", "b")), ("bin", "is binary")),
    (edits("latin", ("a", "b")), ("latin", "not UTF-8")),
    (edits("folder", ("a", "b")), ("folder", "is a folder")),
    (edits("link.txt", ("a", "b")), ("link.txt", "links are not followed")),
    (edits(".env", ("KEY", "b")), (".env", "keys or passwords")),
    (edits("a.txt", ("line 99\n", "x")), ("a.txt", "line 99")),
    (edits("a.txt", ("line", "x")), ("a.txt",)),
    (patch("*** Add File: ../evil.txt", "+x"), ("../evil.txt", "`..`")),
    (patch("*** Add File: /tmp/evil.txt", "+x"), ("absolute",)),
    (patch("*** Add File: sub/.git/config", "+x"), ("git's own folder",)),
    (patch("*** Delete File: .git/HEAD"), ("git's own folder",)),
    (patch("*** Update File: a.txt", "*** Move to: ../b.txt", "@@", "-line 3", "+x"), ("`..`",)),
    (patch("*** Update File: a.txt", "*** Move to: .git/b", "@@", "-line 3", "+x"), ("git's own folder",)),
    (patch("*** Update File: gone.txt", "@@", "-x", "+y"), ("gone.txt",)),
    (patch("*** Update File: a.txt", "@@", "-line 77", "+y"), ("a.txt", "line 77")),
    (Call("apply_patch", {"patch": "no patch"}), ("*** Begin Patch",)),
    (Call("apply_patch", {"patch": ""}), ("*** Begin Patch",)),
]


async def test_what_models_name_wrongly_is_answered_in_words(places: Places) -> None:
    workspace, _ = places
    (workspace / "bin").write_bytes(b"a\0b")
    (workspace / "latin").write_bytes(b"caf\xe9\n")
    (workspace / "huge.txt").write_bytes(b"x" * 10_000_001)
    (workspace / "link.txt").symlink_to("/etc/hostname")
    (workspace / ".git").mkdir()
    (workspace / ".git/config").write_text("[core]\n")
    (workspace / ".env").write_text("KEY=canary-in-env\n")
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()
    (workspace.parent / "next.txt").write_text("outside\n")
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    turns = [Turn(call) for call, _ in BY_MODEL]
    async with (
        Endpoint(Script([*turns, Turn(Text("I give up."))])) as endpoint,
        editor(*places, endpoint.base_url) as client,
    ):
        session = (await client.command("startSession", goal="Try", planFirst=False))["session"]
        view = await client.until(session, lambda v: v["phase"] in ("done", "failed"))
        assert view["phase"] == "done" and view["hunks"] == [] and view["failures"] == []
        outputs = [item["output"] for item in endpoint.requests[-1].items if item.get("type") == "function_call_output"]
        assert len(outputs) == len(BY_MODEL)
        for (call, words), output in zip(BY_MODEL, outputs, strict=True):
            assert all(word in output for word in words) and len(output) < 6_000, (call, output)
            assert "canary" not in output and "root:" not in output
        await answers(client)
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


async def test_files_that_decide_what_runs_are_never_approved_with_others(places: Places) -> None:
    calls = [
        edits("a.txt", ("line 3\n", "line three\n")),
        edits(".vscode/tasks.json", ("", "{}\n")),
        edits(".envrc", ("", "x\n")),
    ]
    async with Endpoint(proposing(*calls)) as endpoint, editor(*places, endpoint.base_url) as client:
        session, hunks = await started(client, hunks=3)
        by_uri = {hunk["uri"].rpartition("/")[2]: hunk for hunk in hunks}
        reason = await refused(client, "approveFile", session=session, uri=by_uri["tasks.json"]["uri"])
        assert ".vscode/tasks.json" in reason and "by itself" in reason
        answer = await client.command("approveAll", session=session)
        assert answer["status"] == "applying" and ".envrc, .vscode/tasks.json" in answer["reason"]
        await client.until(session, lambda v: [h["status"] for h in v["hunks"]].count("applied") == 1)
        assert not (places[0] / ".vscode").exists() and not (places[0] / ".envrc").exists()
        assert "by itself" in await refused(client, "approveAll", session=session)
        for name in ("tasks.json", ".envrc"):
            assert (await client.command("approveHunk", hunk=by_uri[name]["id"], rev=1))["status"] == "applying"
        await client.until(session, lambda v: v["phase"] == "done")
        assert (places[0] / ".vscode/tasks.json").read_text() == "{}\n"


# ---------------------------------------------------------------------------------------------- a failing world


async def test_without_git_everything_else_works(places: Places, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    shutil.copytree(Path(__file__).parent, places[0] / ".git")
    trusted = [places[0].as_uri()]
    async with (
        Endpoint(ONE) as endpoint,
        editor(*places, endpoint.base_url, env={"PATH": str(empty)}, trustedWorkspaces=trusted) as client,
    ):
        session, _ = await started(client, hunks=1)
        await client.command("approveAll", session=session)
        await client.until(session, lambda v: v["phase"] == "done")
        (git,) = [check for check in await client.command("doctor") if "git" in check["name"].lower()]
        assert not git["ok"] and "git" in git["fix"]


async def test_a_workspace_that_is_not_there(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(places[0] / "gone", places[1], endpoint.base_url) as client:
        reason = await refused(client, "startSession", goal="Do it")
        assert f"{places[0]}/gone: does not exist" in reason
        assert await client.command("listSessions") == []
        await answers(client)


async def test_a_session_whose_workspace_is_gone_is_still_there(places: Places) -> None:
    async with Endpoint(ONE) as endpoint:
        async with editor(*places, endpoint.base_url) as client:
            session, hunks = await started(client, hunks=1)
        places[0].rename(places[0].parent / "away")
        async with editor(*places, endpoint.base_url) as client:
            view = await client.command("showSession", session=session)
            assert [h["after"] for h in view["hunks"]] == [h["after"] for h in hunks]
            await client.command("reply", session=session, text="Where is it?")
            await client.until(session, lambda v: v["messages"][-1]["text"] == "As you say.")


async def test_a_workspace_that_disappears_loses_nothing(places: Places) -> None:
    workspace, _ = places
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as client:
        session, (hunk,) = await started(client, hunks=1)
        away = workspace.rename(workspace.parent / "away")
        await client.command("approveHunk", hunk=hunk["id"], rev=1)
        view = await client.until(session, lambda v: v["hunks"][0]["note"] != "")
        note = view["hunks"][0]["note"]
        assert "does not exist" in note or "The file is gone" in note, view["hunks"][0]
        reason = await refused(client, "startSession", goal="More")
        assert str(workspace) in reason and "does not exist" in reason
        away.rename(workspace)
        again = (await client.command("showSession", session=session))["hunks"][0]
        name = "approveHunk" if again["status"] == "pending" else "reproposeHunk"
        assert (await client.command(name, hunk=hunk["id"], rev=1))["status"] != "refused"


async def test_a_read_only_file_stays_and_its_hunk_waits(places: Places) -> None:
    file = places[0] / "a.txt"
    file.chmod(0o444)
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url, before=without_privileges) as client:
        session, (hunk,) = await started(client, hunks=1)
        await client.command("approveHunk", hunk=hunk["id"], rev=1)
        view = await client.until(session, lambda v: v["hunks"][0]["note"] != "")
        assert view["hunks"][0]["status"] == "pending" and "a.txt: is read-only for you" in view["hunks"][0]["note"]
        assert file.read_text() == BODY
        file.chmod(0o644)
        await client.command("approveHunk", hunk=hunk["id"], rev=1)
        await client.until(session, lambda v: v["phase"] == "done")
        assert "line three" in file.read_text()


async def test_a_file_that_may_not_be_read(places: Places) -> None:
    (places[0] / "shut.txt").write_text("x\n")
    (places[0] / "shut.txt").chmod(0)
    calls = [Call("read_file", {"path": "shut.txt"}), edits("shut.txt", ("x", "y"))]
    script = Script([Turn(*calls), Turn(Text("No way."))])
    async with Endpoint(script) as endpoint, editor(*places, endpoint.base_url, before=without_privileges) as client:
        session = (await client.command("startSession", goal="Try", planFirst=False))["session"]
        await client.until(session, lambda v: v["phase"] == "done")
        outputs = [item["output"] for item in endpoint.requests[-1].items if item.get("type") == "function_call_output"]
        assert outputs == ["shut.txt: permission denied."] * 2


async def test_a_full_disk_is_told_and_nothing_that_was_paid_for_is_lost(places: Places) -> None:
    turns = [Turn(edits("a.txt", ("line 3\n", "line three\n")), delay=0.5), Turn(Text("Long. " * 2_000))]
    async with Endpoint(Script(turns, select="state")) as endpoint:
        async with editor(*places, endpoint.base_url, quiet=False) as client:
            session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
            await endpoint.seen(1)
            pid, (soft, hard) = client.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, hard))
            message = await told(client, "full")
            assert "journal.db" in message and "Free some space" in message
            reason = await refused(client, "startSession", goal="One more", planFirst=False)
            assert "full" in reason and "Free some space" in reason
            assert "full" in await refused(client, "reply", session=session, text="Are you there?")
            assert (await client.command("showSession", session=session))["phase"] == "working"
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
            view = await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == 1)
            assert len(endpoint.requests) == 2, "the reply was kept, not asked for again"
            assert len([text for text in client.shown if "full" in text]) == 1
            await client.kill()
            assert "Traceback" not in client.log.read_text()
        async with editor(*places, endpoint.base_url) as client:
            again = await client.command("showSession", session=session)
            assert again["hunks"] == view["hunks"] and again["messages"] == view["messages"]
        endpoint.check_no_turn_asked_again()


async def test_a_state_folder_that_can_not_be_written(places: Places) -> None:
    state = places[1]
    state.mkdir(mode=0o500)
    async with (
        Endpoint(ONE) as endpoint,
        editor(*places, endpoint.base_url, quiet=False, before=without_privileges) as client,
    ):
        assert str(state) in await told(client, "Permission denied", "SIGNOFF_STATE_DIR")
        assert "Permission denied" in await refused(client, "startSession", goal="Do it")
        assert "Permission denied" in await refused(client, "listSessions")
        reason = await refused(client, "trustWorkspace", workspace=places[0].as_uri(), trusted=True)
        assert "Permission denied" in reason and "trust" in reason
        assert "Traceback" not in client.log.read_text()
        state.chmod(0o700)
        await started(client, hunks=1)


async def test_a_file_where_the_state_folder_should_be(places: Places) -> None:
    places[1].write_text("a file")
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url, quiet=False) as client:
        await told(client, str(places[1]), "SIGNOFF_STATE_DIR")
        assert str(places[1]) in await refused(client, "startSession", goal="Do it")
        assert places[1].read_text() == "a file" and "Traceback" not in client.log.read_text()


def garbage(file: Path) -> None:
    file.write_bytes(b"this is no database\n" * 500)


def foreign(file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE bookmarks (x)")
    other.commit()
    other.close()


def newer(file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute(f"PRAGMA application_id = {0x53674F66}")
    other.execute("PRAGMA user_version = 99")
    other.commit()
    other.close()


@pytest.mark.parametrize("damage", [garbage, foreign, newer])
async def test_a_journal_that_is_none_is_named_and_left_alone(places: Places, damage: Any) -> None:
    places[1].mkdir(mode=0o700)
    file = places[1] / "journal.db"
    damage(file)
    before = file.read_bytes()
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url, quiet=False) as client:
        await told(client, str(file))
        for name, argument in (
            ("startSession", {"goal": "Do it"}),
            ("listSessions", {}),
            ("showSession", {"session": "s"}),
        ):
            assert str(file) in await refused(client, name, **argument)
        assert file.read_bytes() == before and "Traceback" not in client.log.read_text()
        file.unlink()
        await started(client, hunks=1)


async def test_one_damaged_session_does_not_hide_the_others(places: Places) -> None:
    async with Endpoint(proposing(edits("a.txt", ("line 3\n", "line three\n")))) as endpoint:
        async with editor(*places, endpoint.base_url) as client:
            first, _ = await started(client, hunks=1)
            second, _ = await started(client, hunks=1)
        journal = sqlite3.connect(places[1] / "journal.db")
        journal.execute("UPDATE events SET body = '{\"no\": 1}' WHERE session = ? AND seq = 2", (first,))
        journal.commit()
        journal.close()
        async with editor(*places, endpoint.base_url, quiet=False) as client:
            view = await client.command("showSession", session=second)
            assert len(view["hunks"]) == 1
            assert first in await refused(client, "showSession", session=first)
            listed = await client.command("listSessions")
            assert [one["session"] for one in listed] == [second], listed
            await told(client, first)
            await client.command("approveAll", session=second)
            await client.until(second, lambda v: v["phase"] == "done")
            assert "Traceback" not in client.log.read_text()


async def test_two_servers_on_one_state_folder_work_side_by_side(places: Places) -> None:
    async with Endpoint(ONE) as endpoint, editor(*places, endpoint.base_url) as one:
        async with editor(*places, endpoint.base_url) as two:
            (first, _), (second, _) = await asyncio.gather(started(one, hunks=1), started(two, hunks=1))
            for client, other in ((one, second), (two, first)):
                assert len((await client.command("showSession", session=other))["hunks"]) == 1
                for name in ("approveAll", "rejectAll", "interrupt", "archive"):
                    assert "open in another window" in await refused(client, name, session=other)
            await one.command("approveAll", session=first)
            await one.until(first, lambda v: v["phase"] == "done")
        # The other one is gone: its session may be taken over.
        view = await one.command("showSession", session=second)
        assert view["phase"] == "waiting"
        assert (await one.command("rejectAll", session=second))["status"] == "rejected"
