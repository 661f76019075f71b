"""Shorter walks through the interface of a real VS Code: what the user trusts, the key of the endpoint, two windows."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from client.book import book, finish, plan
from client.editor import Rooms, running, until
from client.hosted import furnish
from client.installed import VSCode, extensions
from client.walks import CALC, TASK, begin
from client.window import Window
from endpoint.server import Call, Endpoint, Turn
from signoff.lsp.roots import AGAIN_SECONDS

pytestmark = pytest.mark.e2e

KEY = "sk-scripted-for-a-test"


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


async def test_a_question_is_answered_in_the_corner_and_what_the_agent_writes_there_is_no_link(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})
    linked = "See [this](command:workbench.action.files.newUntitledFile). Which one?"
    asks = Turn(Call("ask_user", {"question": linked, "options": ["int", "float"]}))
    async with (
        Endpoint(book({TASK: [asks, finish()]})) as endpoint,
        running(vscode, rooms, extensions(vscode, shared), endpoint.base_url) as editor,
    ):
        window = Window(editor, retries)
        await begin(window)
        told = await window.until_told("Signoff asks: See [this] (command:")
        assert await window.page.locator(".notification-toast-container .notification-list-item-message a").count() == 0
        await window.press_button(told, "float")

        async def requests() -> int:
            return len(endpoint.calls)

        await until(requests, lambda count: count > 1, "the agent has no answer")
        assert "float" in str(endpoint.calls[1].items[-1])


async def test_a_second_window_shows_the_session_says_where_to_decide_and_takes_it_over_when_the_first_is_closed(
    vscode: VSCode, tmp_path: Path, shared: Path, retries: list[str]
) -> None:
    rooms = Rooms.below(tmp_path)
    furnish(rooms.workspace, {"calc.py": CALC})
    script = book({TASK: [plan("Annotate add"), finish()]})
    async with (
        Endpoint(script) as endpoint,
        running(vscode, rooms, extensions(vscode, shared), endpoint.base_url) as editor,
    ):
        first = Window(editor, retries)
        await begin(first)
        await first.until_status("1 waiting")
        (server,) = rooms.servers()

        async def first_server_is_gone() -> bool:
            return not Path(f"/proc/{server}/cmdline").exists()

        second = Window(replace(editor, page=await editor.page.context.new_page()), retries)
        await second.open("calc.py")
        await second.ready()
        await second.show_tree()
        await second.until_tree("open in another window")
        await second.command("Signoff: Resume")
        await second.until_told("close that window")
        # Until then a server takes by itself what another one gives up, as after a reload.
        await asyncio.sleep(sum(AGAIN_SECONDS))
        await editor.page.close(run_before_unload=True)
        await until(first_server_is_gone, bool, "the first window's server is still there")
        await second.command("Signoff: Resume")
        await second.until_status("1 waiting")
        await second.command("Signoff: Approve Plan")
        await until(second.status, lambda status: "waiting" not in status, "the plan still waits")
