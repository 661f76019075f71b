"""Real repositories for tests: git as it is installed, without the settings of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CLEAN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
}
NAMES = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"]


def git(folder: Path, *arguments: str, at: int | None = None, stdin: str | None = None) -> str:
    """What `git ARGUMENTS` prints in the folder; `at` is the time of a commit that it makes, in seconds."""
    times = {} if at is None else {"GIT_AUTHOR_DATE": f"@{at} +0000", "GIT_COMMITTER_DATE": f"@{at} +0000"}
    argv = ["git", "-C", str(folder), *NAMES, *arguments]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=CLEAN | times, input=stdin)
    return done.stdout


def put(folder: Path, texts: dict[str, str]) -> None:
    """Writes the files, and the folders that they need."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def repository(folder: Path, texts: dict[str, str], *options: str) -> Path:
    """A new repository on branch `main` with one commit of these files."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    put(folder, texts)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first", at=1_700_000_000)
    return folder


def settle(folder: Path) -> None:
    """Makes the index newer than every file, so that none may have changed in the moment when it was written."""
    for path in folder.rglob("*"):
        if ".git" not in path.parts and path.is_file() and not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000.5))
    git(folder, "update-index", "-q", "--really-refresh")
