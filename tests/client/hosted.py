"""Runs a file of host/*.ts inside of VS Code's extension host; every test in it is one test of pytest."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.book import book
from client.editor import Rooms, Running, running
from client.installed import ROOT, VSCode, extensions, unpacked
from endpoint.server import Endpoint, Turn

HOST = Path(__file__).resolve().parent / "host"
MODULES = ROOT / "node_modules"
# For all tests of a file together.
PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the tests of one file find: the files of the workspace, what the agent does for each goal, and the user's
    settings."""

    turns: Mapping[str, Sequence[Turn]]
    files: Mapping[str, str | bytes]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test; `notes` name the files that help to understand it."""

    ok: bool
    error: str
    milliseconds: int
    notes: tuple[str, ...]


def names(file: str) -> list[str]:
    """The tests of a file, as they are written in it."""
    return re.findall(r'^test\("([^"]+)"', (HOST / f"{file}.ts").read_text(encoding="utf-8"), re.MULTILINE)


def furnish(workspace: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes the files, in a folder that looks like a git repository."""
    (workspace / ".git").mkdir(parents=True)
    for name, content in files.items():
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


async def run(file: str, scenario: Scenario, vscode: VSCode, shared: Path, base: Path) -> dict[str, Result]:
    """Runs all tests of the file in one window. A test that was not reached is not in the answer."""
    rooms = Rooms.below(base)
    furnish(rooms.workspace, scenario.files)
    tests, results, rig = base / "tests.cjs", base / "results.json", base / "rig.json"
    _bundle(file, tests)
    made = {"workspace": rooms.workspace, "results": results, "pids": rooms.pids, "log": rooms.stderr}
    rig.write_text(json.dumps({name: str(path) for name, path in made.items()}), encoding="utf-8")
    installed = unpacked(extensions(vscode, shared))
    notes: list[str] = []
    ended = ""
    async with Endpoint(book(scenario.turns)) as endpoint:
        empty = base / "extensions"
        empty.mkdir()
        driver = ("--enable-smoke-test-driver",)
        env = {"SIGNOFF_RIG": str(rig), **scenario.environment}
        started = running(vscode, rooms, empty, endpoint.base_url, settings=scenario.settings, more=driver, **env)
        async with started as editor:
            ended = await _let_run(editor, installed, tests)
            notes = await editor.keep_evidence()
    told = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    found = {each.pop("name"): Result(**each, notes=tuple(notes)) for each in told}
    if not found:
        raise AssertionError(f"no test ran ({ended or 'no end was told'}); see {', '.join(notes)}")
    return found


async def _let_run(editor: Running, extension: Path, tests: Path) -> str:
    """Opens the window in which VS Code runs the tests; what it says of their end, "" if it never does."""
    end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def told(*words: object) -> None:
        if not end.done():
            end.set_result(" ".join(map(str, words)))

    await editor.page.expose_function("codeAutomationExit", told)
    await editor.page.expose_function("codeAutomationLog", lambda *_: None)
    payload = {"extensionDevelopmentPath": editor.remote(extension), "extensionTestsPath": editor.remote(tests)}
    await editor.page.goto(editor.address(**payload))
    try:
        return await asyncio.wait_for(end, PATIENCE)
    except TimeoutError:
        return ""


def _bundle(file: str, out: Path) -> None:
    """The file and what it imports as one module that VS Code can load."""
    entry = f'import "./{file}"; export {{ run }} from "./support";'
    options = ("--bundle", "--platform=node", "--format=cjs", "--external:vscode", "--sourcemap=inline")
    argv = [str(MODULES / ".bin" / "esbuild"), *options, "--log-level=warning", f"--outfile={out}"]
    done = subprocess.run(argv, input=entry, cwd=HOST, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
