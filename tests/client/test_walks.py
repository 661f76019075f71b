"""Shorter walks through the interface of a real VS Code: what the user trusts, and the key of the endpoint."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from client.book import book, finish, plan
from client.editor import Rooms, running, until
from client.hosted import furnish
from client.installed import VSCode, extensions
from client.window import Window
from endpoint.server import Endpoint

pytestmark = pytest.mark.e2e

CALC = "def add(a, b):\n    return a + b\n"
TASK = "Add types"
KEY = "sk-scripted-for-a-test"


async def begin(window: Window) -> None:
    """Starts the task on the first line."""
    await window.open("calc.py")
    await window.until_text(lambda text: "def add" in text)
    await window.ready()
    await start(window)


async def start(window: Window) -> None:
    """Starts the task on the first line of the file in front."""
    await window.select_line(1)
    await window.command("Signoff: Start Task on Selection...")
    await window.answer("Start Task on Selection", TASK)


def hook(rooms: Rooms) -> Path:
    """A program that the workspace's git settings name: git runs it when it is asked for changes."""
    ran = rooms.base / "ran"
    program = rooms.base / "hook"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n", encoding="utf-8")
    program.chmod(0o755)
    git = ["git", "-C", str(rooms.workspace)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "config", "core.fsmonitor", str(program)], check=True)
    return ran


async def test_a_restricted_window_works_and_runs_nothing_until_it_is_trusted(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC, ".vscode/settings.json": '{"signoff.path": "/bin/false"}'})
    ran = hook(rooms)
    script = book({TASK: [plan("Annotate add"), finish()]})
    async with (
        Endpoint(script) as endpoint,
        running(vscode, rooms, extensions(vscode, shared), endpoint.base_url, trust=True) as editor,
    ):
        window = Window(editor, retries)
        await begin(window)
        await window.until_status("1 waiting")
        assert not ran.exists()
        await window.command("Signoff: Trust This Workspace")
        await window.page.get_by_role("button", name="Trust", exact=True).first.click()
        await until(lambda: window.offers("Signoff: Trust This Workspace"), lambda offered: not offered)
        assert len(rooms.servers()) == 1, "the server that ran before goes on"


async def test_without_a_key_it_says_what_to_do_and_works_once_there_is_one(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})
    script = book({TASK: [plan("Annotate add"), finish()]}, api_key=KEY)
    async with (
        Endpoint(script) as endpoint,
        running(
            vscode, rooms, extensions(vscode, shared), endpoint.base_url, settings={"signoff.trace": "verbose"}
        ) as editor,
    ):
        window = Window(editor, retries)
        await begin(window)
        told = await window.until_told("API key")
        await window.press_button(told, "Set API Key")
        await window.answer("Set API Key", KEY)
        await window.command("Signoff: Resume")
        await window.until_status("1 waiting")
        written = [file for file in rooms.base.rglob("*") if file.is_file() and file.name != "rig.json"]
        assert [file for file in written if KEY.encode() in read(file)] == []


def read(file: Path) -> bytes:
    """What the file has; nothing of a socket or of a file that went away meanwhile."""
    try:
        return file.read_bytes() if os.access(file, os.R_OK) else b""
    except OSError:
        return b""


def program(rooms: Rooms, body: str) -> Path:
    """A program in the place of the server."""
    file = rooms.base / "bin" / "wayward"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


async def test_a_server_that_ends_at_once_is_told_with_its_last_words_and_can_be_restarted(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})
    wayward = program(rooms, "echo 'the license of the dongle is gone' >&2; exit 3")
    script = book({TASK: [plan("Annotate add"), finish()]})
    async with (
        Endpoint(script) as endpoint,
        running(
            vscode, rooms, extensions(vscode, shared), endpoint.base_url, settings={"signoff.path": str(wayward)}
        ) as editor,
    ):
        window = Window(editor, retries)
        await window.open("calc.py")
        told = await window.until_told("the license of the dongle is gone")
        await window.until_status("server ended")
        program(rooms, f"exec '{rooms.program}' \"$@\"")
        await window.press_button(told, "Restart Server")
        await window.ready()
        await start(window)
        await window.until_status("1 waiting")


async def test_a_missing_server_is_told_and_a_task_started_meanwhile_is_not_answered_by_an_error_box(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})
    missing = rooms.base / "nothing" / "here"
    async with (
        Endpoint(book({})) as endpoint,
        running(
            vscode, rooms, extensions(vscode, shared), endpoint.base_url, settings={"signoff.path": str(missing)}
        ) as editor,
    ):
        window = Window(editor, retries)
        await window.open("calc.py")
        await window.until_text(lambda text: "def add" in text)
        await window.until_told(str(missing))
        await window.until_status("no server")
        await window.dismiss()
        await window.command("Signoff: Start Task on Selection...")
        await window.until_told("there is no server")
        assert await window.page.locator(".monaco-dialog-box").count() == 0
