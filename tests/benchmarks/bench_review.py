"""The review with 1,000 pending hunks over 100 files, asked through the real server process over stdio.

Prints one JSON object; milliseconds as {p50, p99, max}, all of them round trips of an editor on this machine:
`code_action`, `hover`, `lens`: in files with ten hunks each, all sessions at rest. `keystroke`: one typed character in
a 1 MB file with 200 pending hunks, until the server has handled it and answered a request behind it. `answer`: that
request alone. `command`: a command that changes nothing, while another session streams as fast as it can; `approve`:
approvals and rejections of single hunks at that time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "server")]

from endpoint.server import Call, Endpoint, Script, Text, Turn
from support.editor_client import EditorClient, editor

FILES, EACH, BIG = 100, 10, 200
ROUNDS = 400
COMMANDS = 200
PADDING = "    a line of the file that is long enough to make it large, and then some more of it\n"


def body(hunks: int, size: int = 0) -> str:
    """A file in which every twentieth line is to be changed, at least `size` characters long."""
    padding = max(19, size // hunks // len(PADDING))
    return "".join(f"line {n}\n{PADDING * padding}" for n in range(hunks))


def edits(path: str, hunks: int) -> Call:
    """All hunks of a file in one call."""
    made = [{"old": f"line {n}\n", "new": f"changed {n}\nand more\n"} for n in range(hunks)]
    return Call("edit_file", {"path": path, "edits": made})


def script() -> Script:
    """Many hunks in many files, then many in one large file, then a stream."""
    calls = [edits(f"f{n}.py", EACH) for n in range(FILES)]
    finish = Turn(Call("finish", {"summary": "Done."}))
    stream = Turn(Text("word " * 200_000), chunk_delay=0.001)
    return Script([Turn(*calls), finish, Turn(edits("big.py", BIG)), finish], exhausted=stream)


def spread(found: list[float]) -> dict[str, float]:
    """Percentiles of milliseconds."""
    ranked = sorted(found)
    p50, p99 = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.99)]
    return {"p50": round(p50, 2), "p99": round(p99, 2), "max": round(ranked[-1], 2)}


async def timed(rounds: int, call: Callable[[int], Awaitable[Any]]) -> dict[str, float]:
    """How long the calls take, one after the other."""
    found: list[float] = []
    for number in range(rounds):
        began = perf_counter()
        await call(number)
        found.append((perf_counter() - began) * 1000)
    return spread(found)


async def started(client: EditorClient, hunks: int) -> dict[str, Any]:
    """A session whose hunks wait."""
    session = (await client.command("startSession", goal="Do it", planFirst=False))["session"]
    return await client.until(session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == hunks)


async def asked(client: EditorClient, uris: list[str]) -> dict[str, dict[str, float]]:
    """What an editor asks about documents with hunks."""

    def document(number: int) -> dict[str, Any]:
        return {"textDocument": {"uri": uris[number % len(uris)]}}

    def place(number: int) -> dict[str, int]:
        return {"line": number % EACH * 20, "character": 0}

    def action(number: int) -> Awaitable[Any]:
        span = {"start": place(number), "end": place(number)}
        asked = {**document(number), "range": span, "context": {"diagnostics": []}}
        return client.request("textDocument/codeAction", asked)

    def hover(number: int) -> Awaitable[Any]:
        return client.request("textDocument/hover", {**document(number), "position": place(number)})

    return {
        "code_action": await timed(ROUNDS, action),
        "hover": await timed(ROUNDS, hover),
        "lens": await timed(ROUNDS, lambda number: client.request("textDocument/codeLens", document(number))),
    }


async def typed(client: EditorClient, uri: str, elsewhere: str) -> dict[str, dict[str, float]]:
    """Keystrokes in a large file."""
    asked = {"textDocument": {"uri": elsewhere}, "position": {"line": 3, "character": 0}}

    async def key(number: int) -> None:
        # The client's own copy of the text is left as it is: it is no part of what is measured.
        at = {"line": 5 + number % 2_000, "character": 4}
        client.versions[uri] += 1
        change = {"range": {"start": at, "end": at}, "text": "x"}
        document = {"uri": uri, "version": client.versions[uri]}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        await client.request("textDocument/hover", asked)

    async def answer(_: int) -> None:
        await client.request("textDocument/hover", asked)

    return {"answer": await timed(ROUNDS, answer), "keystroke": await timed(ROUNDS, key)}


async def commanded(client: EditorClient, view: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Commands while another session streams."""
    session = (await client.command("startSession", goal="Talk", planFirst=False))["session"]
    await client.until_streamed(session, 1_000)
    hunks = view["hunks"]

    async def decided(number: int) -> None:
        name = "approveHunk" if number % 2 else "rejectHunk"
        await client.command(name, hunk=hunks[number]["id"], rev=hunks[number]["rev"])

    found = {
        "command": await timed(COMMANDS, lambda _: client.command("nextHunk", session=view["session"])),
        "approve": await timed(COMMANDS, decided),
    }
    await client.command("interrupt", session=session)
    return found


async def measure() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        workspace.mkdir()
        for number in range(FILES):
            (workspace / f"f{number}.py").write_text(body(EACH))
        (workspace / "big.py").write_text(body(BIG, 1_000_000))
        async with (
            Endpoint(script()) as endpoint,
            editor(workspace, Path(folder, "state"), endpoint.base_url) as client,
        ):
            view = await started(client, FILES * EACH)
            uris = [client.open(f"f{number}.py") for number in range(FILES)]
            await asyncio.sleep(3)
            found = await asked(client, uris)
            big = client.open("big.py")
            await started(client, BIG)
            await asyncio.sleep(3)
            found |= await typed(client, big, client.open("f0.py"))
            found |= await commanded(client, view)
    return found


def main() -> None:
    """Prints the figures."""
    print(json.dumps(asyncio.run(measure())))


if __name__ == "__main__":
    main()
