"""`signoff doctor`: what works on this machine, each finding with its fix."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from signoff.cli.client import CommandFailed, Refused, ServerGone
from signoff.cli.connect import connected
from signoff.cli.screen import Screen, print_json
from signoff.cli.visible import short, visible

if TYPE_CHECKING:
    from argparse import Namespace

    from signoff.cli.shapes import Check
    from signoff.cli.spawn import Process

EDITORS = {
    "code": "VS Code",
    "nvim": "Neovim",
    "hx": "Helix",
    "helix": "Helix",
    "emacs": "Emacs",
    "zed": "Zed",
    "zeditor": "Zed",
    "kate": "Kate",
    "subl": "Sublime Text",
}
_VERSION_S = 5.0


def add_arguments(subparsers: Any) -> None:
    """Adds `doctor` to the program's commands."""
    parser = subparsers.add_parser("doctor", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as one JSON document")


def run(args: Namespace, process: Process | None) -> int:
    """Carries out `signoff doctor`: 0 when all is well, 1 when something is to be mended."""
    checks = [*_server_checks(process), *editors()]
    if args.json:
        print_json(checks)
    else:
        screen = Screen()
        screen.show(report(checks, screen))
    return int(any(check["ok"] is False for check in checks))


def report(checks: list[Check], screen: Screen) -> list[str]:
    """One line for each check, and its fix below it where something is wrong."""
    marks = {True: screen.paint("good", "ok  "), False: screen.paint("bad", "bad "), None: "-   "}
    width = max(len(check["name"]) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{marks[check['ok']]} {check['name']:<{width}}  {visible(check['detail'])}")
        if check["fix"] and not check["ok"]:
            lines.append(f"{'':<{width + 7}}{screen.paint('warn', visible(check['fix']))}")
    return lines


def _server_checks(process: Process | None) -> list[Check]:
    try:
        with connected(process, os.getcwd(), {}) as client:
            checks: list[Check] = client.command("doctor", {})
    except (ServerGone, CommandFailed, Refused, OSError) as trouble:
        fix = "Run `signoff server --stdio` to see what is wrong; install Signoff again if something is missing."
        return [{"name": "server", "ok": False, "detail": str(trouble), "fix": fix}]
    return [{"name": "server", "ok": True, "detail": "the language server starts and answers", "fix": ""}, *checks]


def editors() -> list[Check]:
    """The editors on PATH with their versions; none is no fault, the terminal does."""
    found = {name: path for name in EDITORS if (path := shutil.which(name))}
    versions: dict[str, str] = {}
    threads = [threading.Thread(target=_ask, args=(path, name, versions)) for name, path in found.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not found:
        return [{"name": "editors", "ok": None, "detail": "none found on PATH (the terminal needs none)", "fix": ""}]
    return [_editor(name, path, versions.get(name, "")) for name, path in found.items()]


def _editor(name: str, path: str, version: str) -> Check:
    detail = f"{path} ({version})" if version else f"{path} (does not tell its version)"
    return {"name": EDITORS[name], "ok": True if version else None, "detail": detail, "fix": ""}


def _ask(path: str, name: str, versions: dict[str, str]) -> None:
    none = subprocess.DEVNULL
    try:
        done = subprocess.run(
            [path, "--version"], stdin=none, stderr=none, stdout=subprocess.PIPE, timeout=_VERSION_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return
    first = done.stdout.decode("utf-8", "replace").strip().splitlines()
    versions[name] = short(first[0], 60) if first else ""
