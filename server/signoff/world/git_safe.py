"""Starts git so that nothing a repository configures is run: no hook, monitor, filter, converter, pager or transport.

Measured on a hostile repository (git 2.39): plain `git status` and `git diff` run six of these. Each setting below
closes one; tests/world/test_git.py holds a repository that tries them all.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subprocess import Popen

# GIT_CONFIG_GLOBAL came with 2.32: an older git would read the settings that the profile is meant to shut out.
_OLDEST = (2, 32)
# Of the user's own variables only this one is needed: where an installation of git keeps its programs.
_KEPT = {"GIT_EXEC_PATH"}

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # In a partial clone a missing object would be fetched, by whatever program the repository names.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_ASKPASS": "false",
}
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.untrackedCache": "false",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.askPass": "false",
    "core.quotePath": "false",
    "credential.helper": "",
    "diff.external": "",
    "diff.noprefix": "false",
    "diff.mnemonicPrefix": "false",
    "diff.submodule": "short",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "color.ui": "false",
}
# Bytes that git may ask for: a few objects can stand for a billion paths, which it lists before it prints the first.
_MOST_MEMORY = 1_000_000_000
_DRIVER = {"clean": "", "smudge": "", "process": "", "required": "false"}


@dataclass(frozen=True, slots=True)
class Output:
    """What a git command printed. `cut`: it had more to say than was asked for. `late`: its time was over."""

    status: int
    data: bytes
    cut: bool
    late: bool


@functools.cache
def executable(search: str | None = None) -> str | None:
    """The absolute path of a git that knows the whole profile; None when there is none on PATH."""
    found = shutil.which("git", path=search)
    # A relative PATH entry would find a program in the workspace.
    if found is None or not os.path.isabs(found):
        return None
    output = _start([found, "version"], _configured(_SETTINGS), 100, 10.0)
    version = re.search(rb"(\d+)\.(\d+)", output.data)
    return found if version and (int(version[1]), int(version[2])) >= _OLDEST else None


def run(root: Path, arguments: Sequence[str], *, limit: int, timeout: float) -> Output | None:
    """The output of `git ARGUMENTS` in `root`: at most `limit` bytes, for at most `timeout` seconds.

    None without a usable git, or where it could not be started. `run_reading_files` is for commands that read the
    content of files: filters are in their way.
    """
    return _run(root, arguments, _SETTINGS, limit, timeout)


def run_reading_files(root: Path, arguments: Sequence[str], *, limit: int, timeout: float) -> Output | None:
    """As `run`, with every filter driver of the repository taken out; None also when they could not be listed."""
    drivers = _filters(root, timeout)
    if drivers is None:
        return None
    filters = {f"{driver}.{key}": value for driver in drivers for key, value in _DRIVER.items()}
    return _run(root, arguments, _SETTINGS | filters, limit, timeout)


def _run(
    root: Path, arguments: Sequence[str], settings: Mapping[str, str], limit: int, timeout: float
) -> Output | None:
    program = executable()
    # The workspace's own `git` would be the workspace's program.
    if program is None or Path(program).is_relative_to(root):
        return None
    # -C: for a folder that it may not enter, GitPython would start git in our own.
    argv = [program, "-C", str(root), "--no-pager", "--literal-pathspecs", "--no-replace-objects", *arguments]
    try:
        return _start(argv, _configured(settings), limit, timeout)
    except OSError:
        # More settings than an environment can hold.
        return None


def _filters(root: Path, timeout: float) -> set[str] | None:
    """The filter drivers ("filter.NAME") that the repository configures, in its included files too."""
    asked = ("config", "--includes", "-z", "--name-only", "--get-regexp", r"^filter\.")
    output = _run(root, asked, _SETTINGS, 1_000_000, timeout)
    # 1: no filter at all. 128: a broken configuration, with which no other command would work either.
    if output is None or output.cut or output.late or output.status not in (0, 1):
        return None
    keys = output.data.decode("utf-8", "surrogateescape").split("\0")
    return {key.rpartition(".")[0] for key in keys if key.count(".") > 1}


def _configured(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment with the settings in it. Not `-c`: that ends a name at "=", which a filter's name may hold."""
    environment = dict(_ENVIRONMENT, GIT_CONFIG_COUNT=str(len(settings)))
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _start(argv: Sequence[str], environment: Mapping[str, str], limit: int, timeout: float) -> Output:
    # GitPython looks for git when it is imported; it must not raise where there is none.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git import Git

    wrapped: Any = Git(os.path.abspath(os.sep)).execute(
        [*_without(os.environ, environment), *argv],
        env=environment,
        as_process=True,
        shell=False,
        start_new_session=sys.platform != "win32",
    )
    process: Popen[bytes] = wrapped.proc
    _bound(process.pid)
    late = threading.Event()
    watch = threading.Timer(timeout, lambda: (late.set(), _kill(process)))
    watch.start()
    try:
        data = _read(process, limit)
        if len(data) > limit:
            _kill(process)
        status = process.wait()
    finally:
        watch.cancel()
        _kill(process)
    return Output(status, data[:limit], len(data) > limit, late.is_set())


def _bound(process: int) -> None:
    """Files that git maps don't count. Linux only: elsewhere there is no such limit for a process that runs."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(process, resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))


def _without(names: Iterable[str], ours: Mapping[str, str]) -> list[str]:
    """How to start a program without the GIT_ variables of ours that were not set by us.

    An editor that git itself started (for a commit message, say) has GIT_DIR and GIT_INDEX_FILE set; GitPython adds
    to the environment and cannot take away.
    """
    unwanted = [name for name in names if name.startswith("GIT_") and name not in {*ours, *_KEPT}]
    unwanted = [name for name in unwanted if not name.startswith("GIT_PYTHON_")]
    return ["env", *(part for name in unwanted for part in ("-u", name))] if unwanted else []


def _read(process: Popen[bytes], limit: int) -> bytes:
    """One byte more than `limit` at most. Warnings are read on the side: a full pipe would stop git."""
    warnings = threading.Thread(target=_drain, args=(process.stderr,), daemon=True)
    warnings.start()
    assert process.stdout is not None  # noqa: S101 (execute always opens a pipe)
    with contextlib.closing(process.stdout) as output:
        return output.read(limit + 1)


def _drain(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while pipe.read(65536):
            pass


def _kill(process: Popen[bytes]) -> None:
    """Ends git and whatever it started, unless it has ended."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
