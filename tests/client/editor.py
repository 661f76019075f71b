"""Starts a real VS Code with the extension, a profile of its own and a server of its own, and opens it in a browser.

What a failed test needs to be understood is kept in the test's folder, and the failure names it: a picture of the
window, what VS Code and the extension logged, and what the server wrote.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright

from client.installed import VSCode
from support.editor_client import environment

PATIENCE = 30.0
SIZE = (1400, 1000)
T = TypeVar("T")

# No name is looked up but this machine's: nothing that the editor would like to fetch leaves it.
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
# What would come over a test by surprise.
CALM: dict[str, Any] = {
    "workbench.startupEditor": "none",
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.editor.useModal": "off",
    "extensions.autoCheckUpdates": False,
    # In a browser VS Code saves by itself, other than on a desktop.
    "files.autoSave": "off",
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "workbench.reduceMotion": "on",
    "workbench.tips.enabled": False,
    "editor.wordBasedSuggestions": "off",
    "editor.minimap.enabled": False,
    "security.workspace.trust.banner": "never",
    "security.workspace.trust.startupPrompt": "never",
    "window.menuBarVisibility": "compact",
}


@dataclass(frozen=True, slots=True)
class Rooms:
    """The folders of one run: what is edited, the server's state, the editor's profile, and an empty home folder."""

    base: Path
    workspace: Path

    @classmethod
    def below(cls, base: Path) -> Rooms:
        """All of them in `base`; the workspace has a space in its name."""
        return cls(base, base / "a workspace")

    @property
    def state(self) -> Path:
        """The server's state folder."""
        return self.base / "state"

    @property
    def profile(self) -> Path:
        """VS Code's user data."""
        return self.base / "profile"

    @property
    def program(self) -> Path:
        """A `signoff` that runs this checkout."""
        return self.base / "bin" / "signoff"

    @property
    def stderr(self) -> Path:
        """What the servers wrote to stderr."""
        return self.base / "server-stderr"

    @property
    def pids(self) -> Path:
        """The process ids of the servers that were started, one a line."""
        return self.base / "server-pids"

    def furnish(self, settings: Mapping[str, Any]) -> None:
        """Makes them. `settings` are the user's, over those that keep the editor calm."""
        for folder in (self.workspace, self.base / "home", self.program.parent):
            folder.mkdir(parents=True, exist_ok=True)
        run = f"exec '{sys.executable}' -m signoff \"$@\" 2>>'{self.stderr}'"
        self.program.write_text(f"#!/bin/sh\necho $$ >>'{self.pids}'\n{run}\n", encoding="utf-8")
        self.program.chmod(0o755)
        self.stderr.touch()
        self.pids.touch()
        # What belongs to a machine is read from the machine's settings, as the window is on a remote one to VS Code.
        everything = {**CALM, "signoff.path": str(self.program), **settings}
        for name in ("User", "Machine"):
            (self.profile / name).mkdir(parents=True, exist_ok=True)
            (self.profile / name / "settings.json").write_text(json.dumps(everything), encoding="utf-8")

    def environment(self, base_url: str, **extra: str) -> dict[str, str]:
        """The editor's environment, which the server gets too."""
        home = {"HOME": str(self.base / "home"), "TMPDIR": tempfile.gettempdir()}
        return {**environment(self.state, base_url), **home, **extra}

    def servers(self) -> list[int]:
        """The process ids of the servers that were started, the last one last."""
        return [int(each) for each in self.pids.read_text().split()]

    def kill_server(self) -> None:
        """kill -9 of the server that runs."""
        os.kill(self.servers()[-1], signal.SIGKILL)


@dataclass(slots=True)
class Running:
    """A VS Code that runs, and the page in which it is open. `retries` are the steps that had to be tried again."""

    vscode: VSCode
    rooms: Rooms
    port: int
    browser: Browser
    page: Page
    console: list[str] = field(default_factory=list[str])
    retries: list[str] = field(default_factory=list[str])

    def address(self, **payload: str) -> str:
        """The window's URL on the workspace; `payload` are more of the keys that VS Code reads there."""
        pairs = [[name, value] for name, value in payload.items()]
        asked = {"folder": str(self.rooms.workspace), "payload": json.dumps(pairs)}
        return f"http://127.0.0.1:{self.port}/?{urllib.parse.urlencode(asked, quote_via=urllib.parse.quote)}"

    def remote(self, path: Path) -> str:
        """A file as VS Code's payload names it."""
        return f"vscode-remote://127.0.0.1:{self.port}{urllib.parse.quote(str(path))}"

    async def keep_evidence(self) -> list[str]:
        """Saves what there is to see; the files."""
        picture = self.rooms.base / "window.png"
        with suppress(Error):
            await self.page.screenshot(path=picture)
        (self.rooms.base / "console").write_text("\n".join(self.console), encoding="utf-8")
        logs = sorted(self.rooms.profile.glob("logs/**/*ignoff*.log"))
        files = [picture, *logs, self.rooms.stderr, self.rooms.base / "vscode-output", self.rooms.base / "console"]
        return [str(file) for file in files if file.exists()]


async def until(
    ask: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], what: str = "", patience: float = PATIENCE
) -> T:
    """What `ask` answers once `wanted` holds for it; fails with the last answer when it never does."""
    end = asyncio.get_running_loop().time() + patience
    while not wanted(answer := await ask()):
        assert asyncio.get_running_loop().time() < end, f"{what or 'still'}: {answer}"
        await asyncio.sleep(0.05)
    return answer


@asynccontextmanager
async def serving(vscode: VSCode, rooms: Rooms, env: Mapping[str, str], *arguments: str) -> AsyncIterator[int]:
    """A VS Code server; its port. Gone afterwards, with all that it started."""
    log = rooms.base / "vscode-output"
    data = ("--server-data-dir", str(rooms.profile), "--user-data-dir", str(rooms.profile))
    plain = ("--without-connection-token", "--accept-server-license-terms", "--telemetry-level", "off")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *vscode.argv("--host", "127.0.0.1", "--port", "0", *plain, *data, *arguments),
            cwd=rooms.base,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    async def port() -> str:
        assert process.returncode is None, log.read_text(errors="replace")
        found = re.search(r"Extension host agent listening on (\d+)", log.read_text(errors="replace"))
        return found[1] if found else ""

    try:
        yield int(await until(port, bool, "VS Code does not listen"))
    finally:
        _kill(os.killpg, process.pid)
        for pid in rooms.servers():
            _kill(os.kill, pid)
        await process.wait()


@asynccontextmanager
async def browsing() -> AsyncIterator[tuple[Browser, Page]]:
    """A browser without a screen, and its page. A page that asks whether to leave gets a yes."""
    async with async_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        try:
            context = await browser.new_context(
                viewport={"width": SIZE[0], "height": SIZE[1]}, permissions=["clipboard-read", "clipboard-write"]
            )
            context.set_default_timeout(PATIENCE * 1000)
            page = await context.new_page()
            page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
            yield browser, page
        finally:
            await browser.close()


@asynccontextmanager
async def running(
    vscode: VSCode,
    rooms: Rooms,
    extensions: Path,
    base_url: str,
    *,
    trust: bool = False,
    settings: Mapping[str, Any] | None = None,
    more: Sequence[str] = (),
    **extra: str,
) -> AsyncIterator[Running]:
    """VS Code on the workspace with the extension, in a browser, at no page yet.

    `trust` leaves VS Code's workspace trust switched on; `settings` are the user's, `more` further
    arguments of VS Code, `extra` is more environment.
    """
    rooms.furnish(settings or {})
    arguments = ["--extensions-dir", str(extensions), *more]
    if not trust:
        arguments.append("--disable-workspace-trust")
    env = rooms.environment(base_url, **extra)
    async with serving(vscode, rooms, env, *arguments) as port, browsing() as (browser, page):
        made = Running(vscode, rooms, port, browser, page)

        def heard(message: ConsoleMessage) -> None:
            made.console.append(f"{message.type}: {message.text}")

        page.on("console", heard)
        try:
            yield made
        except BaseException as error:
            for file in await made.keep_evidence():
                error.add_note(f"see {file}")
            raise


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    with suppress(ProcessLookupError):
        how(pid, signal.SIGKILL)
