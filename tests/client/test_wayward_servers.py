"""Servers that misbehave, as the user of a real VS Code meets them: each ends in words that say what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from client.book import book, finish, plan
from client.editor import Rooms, running
from client.hosted import furnish
from client.installed import ROOT, VSCode, extensions
from client.walks import CALC, TASK, program, start
from client.window import Window
from endpoint.server import Endpoint

pytestmark = pytest.mark.e2e

# A language server that misbehaves as it is told; it needs the client's packages.
WAYWARD = ROOT / "client-vscode" / "test" / "wayward.mjs"


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


async def test_a_server_of_another_version_one_that_refuses_one_that_answers_errors_and_a_slow_one(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})

    def manners(manner: str) -> Path:
        return program(rooms, f"exec '{shutil.which('node')}' '{WAYWARD}' {manner}")

    script = book({TASK: [plan("Annotate add"), finish()]})
    async with (
        Endpoint(script) as endpoint,
        running(
            vscode, rooms, extensions(vscode, shared), endpoint.base_url, settings={"signoff.path": str(manners("new"))}
        ) as editor,
    ):
        window = Window(editor, retries)
        await window.open("calc.py")
        told = await window.until_told("newer than this extension")
        assert "Update the extension" in told
        manners("refuse")
        await window.press_button(told, "Restart Server")
        told = await window.until_told("the journal is of a newer version")
        manners("errors")
        await window.press_button(told, "Restart Server")
        await window.ready()
        await start(window)
        await window.until_told("the disk is full")
        assert await window.page.locator(".monaco-dialog-box").count() == 0
        await window.dismiss()
        program(rooms, f"sleep 4; exec '{rooms.program}' \"$@\"")
        await window.command("Signoff: Restart Server")
        await window.command("Signoff: Start Task on Selection...")
        await window.until_told("the server starts")
        await window.answer("Start Task on Selection", TASK)
        await window.until_status("1 waiting")
