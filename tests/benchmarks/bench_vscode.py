"""The VS Code client: how long its activation takes, how soon a command shows something, and how large it is.

    ./dev bench vscode [--runs N]

Real VS Codes in a browser, the real server, a scripted endpoint. `activation_ms` is VS Code's own figure for the
extension, beside that of Git, which comes with VS Code. From Enter in the goal's box: `feedback_ms` to the first thing
on the screen, `started_ms` to the session's page; `approved_ms`: from the key of Approve Hunk to the new text. Beside
them stands the time that the same window needs to open its command palette, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from client.editor import PATIENCE, Rooms, running, until
from client.installed import ROOT, VERSIONS, VSCode, extensions, package
from client.window import Window
from endpoint.server import Call, Endpoint, Script, Turn

CODE = "def add(a, b):\n    return a + b\n"
EDIT = Call("edit_file", {"path": "calc.py", "edits": [{"old": "return a + b", "new": "return b + a"}]})
SCRIPT = Script([Turn(EDIT), Turn(Call("finish", {"summary": "Done."}))], select="state")


async def timed(action: Awaitable[object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await action
    return (time.perf_counter() - began) * 1e3


async def activation(window: Window) -> dict[str, float]:
    """What VS Code says of the extensions' activation, in milliseconds: ours, and Git's."""
    await window.command("Developer: Show Running Extensions")
    editor = window.page.locator(".runtime-extensions-editor")

    async def shown() -> str:
        return " ".join((await editor.inner_text()).split())

    text = await until(shown, lambda found: len(re.findall(r"\d+ms", found)) > 1, "no running extensions")
    found: dict[str, float] = {}
    for row in await editor.locator(".monaco-list-row").all_inner_texts():
        if (name := re.match(r"\s*(Signoff|Git)\b", row)) and (took := re.search(r"(\d+)ms", row)):
            found[name[1].lower()] = float(took[1])
    return found or {"unknown": float(len(text))}


async def once(version: str, shared: Path) -> dict[str, Any]:
    """One window of one version."""
    vscode = VSCode(version)
    with tempfile.TemporaryDirectory() as base:
        rooms = Rooms.below(Path(base))
        rooms.workspace.mkdir()
        (rooms.workspace / "calc.py").write_text(CODE)
        settings = {"signoff.plan": "never"}
        async with (
            Endpoint(SCRIPT) as endpoint,
            running(vscode, rooms, extensions(vscode, shared), endpoint.base_url, settings=settings) as editor,
        ):
            window = Window(editor, editor.retries)
            await window.open("calc.py")
            await window.ready()
            made: dict[str, Any] = {"activation_ms": await activation(window)}
            await window.show("calc.py")
            palette = window.page.locator(".quick-input-widget")
            made["palette_ms"] = await timed(_both(window.press("F1"), palette.wait_for(state="visible")))
            await window.press("Escape")
            await window.command("Signoff: Start Task...")
            await (await window.box("Start Task")).fill("Turn it round")
            page = window.page.locator(".tab", has_text="Turn it round")
            begun = window.page.locator(".statusbar-item", has_text="starting the task").or_(page).first
            made["feedback_ms"] = await timed(_both(window.press("Enter"), begun.wait_for()))
            made["started_ms"] = made["feedback_ms"] + await timed(page.first.wait_for())
            await window.until_waiting()
            await window.show("calc.py")
            await window.go_to(2)
            await window.press("Control+K")
            approved = expect(window.page.locator(".view-lines").first).to_contain_text("b + a", timeout=PATIENCE * 1e3)
            made["approved_ms"] = await timed(_both(window.press("a"), approved))
            return {**made, "retries": len(editor.retries)}


async def _both(first: Awaitable[object], second: Awaitable[object]) -> None:
    await first
    await second


def sizes(shared: Path) -> dict[str, Any]:
    """Kilobytes of the package and of its code, and lines of the extension without what is generated."""
    client = ROOT / "client-vscode"
    sources = [path for path in (client / "src").rglob("*.ts") if "generated" not in path.parts]
    return {
        "vsix_kb": package(shared).stat().st_size / 1e3,
        "code_kb": (client / "dist" / "extension.js").stat().st_size / 1e3,
        "lines": sum(len(path.read_text().splitlines()) for path in sources),
        "files": len(sources),
    }


def median(runs: list[dict[str, Any]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


async def measure(count: int, shared: Path) -> dict[str, Any]:
    """The medians of each version."""
    made: dict[str, Any] = {"size": sizes(shared)}
    for version in VERSIONS:
        runs = [await once(version, shared) for _ in range(count)]
        activations = {
            name: statistics.median(run["activation_ms"].get(name, 0) for run in runs) for name in ("signoff", "git")
        }
        times = {key: median(runs, key) for key in ("palette_ms", "feedback_ms", "started_ms", "approved_ms")}
        made[version] = {
            "runs": count,
            "activation_ms": activations,
            **times,
            "retries": sum(r["retries"] for r in runs),
        }
    return made


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(options.runs, Path(folder)))))


if __name__ == "__main__":
    main()
