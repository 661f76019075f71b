"""Where a workspace's repository keeps its own files, found by reading alone: no git is started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import join, normpath

from signoff.world.safe_open import beginning, open_file

_SHA256 = re.compile(rb"^\s*(?:\[extensions\]\s*)?objectformat\s*=\s*\"?sha256\b", re.IGNORECASE | re.MULTILINE)
_LARGEST_CONFIG = 1_000_000
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A repository: real absolute paths of its own folder and of the one it shares with other work trees.

    `top` is the work tree's folder, `prefix` where the workspace lies in it: "" or "folder/". `bare`: there is no work
    tree.
    """

    gitdir: str
    commondir: str
    top: str = ""
    prefix: str = ""
    sha256: bool = False
    bare: bool = False


def place(root: str, trusted: bool) -> Place | None:
    """The repository of the workspace folder `root`; None when there is none.

    Without trust only one whose folders lie in the workspace, or which names this work tree as one of its own: a `.git`
    file could name any repository of the user.
    """
    try:
        return _found(os.path.realpath(root), trusted)
    except (OSError, ValueError):
        # A name with a NUL in it, say.
        return None


def _found(where: str, trusted: bool) -> Place | None:
    for top in _upward(where) if trusted else (where,):
        gitdir = _gitdir(top)
        if gitdir is None:
            continue
        found = _place(gitdir, top, where[len(top) :].lstrip("/"))
        inside = all((folder + "/").startswith(where + "/") for folder in (found.gitdir, found.commondir))
        return found if trusted or inside or _names_it(found) else None
    return None


def _names_it(found: Place) -> bool:
    """Whether the repository says that this is a work tree of its own, as `git worktree add` writes it down there."""
    named = _line(os.path.join(found.gitdir, "gitdir")).strip()
    own = os.path.dirname(found.gitdir) == os.path.join(found.commondir, "worktrees")
    return own and bool(named) and os.path.realpath(named) == os.path.join(found.top, ".git")


def _upward(where: str) -> Iterator[str]:
    for _ in range(_DEEPEST):
        yield where
        if where == (where := os.path.dirname(where)):
            return


def _gitdir(top: str) -> str | None:
    """The repository's own folder for a work tree's top, or for a bare repository; None for any other folder."""
    candidate = os.path.join(top, ".git")
    if not os.path.isdir(candidate):
        named = _line(candidate)
        candidate = os.path.join(top, named.removeprefix("gitdir:").strip()) if named.startswith("gitdir:") else top
    candidate = os.path.realpath(candidate)
    parts = ("HEAD",) if candidate != top else ("HEAD", "objects", "refs")
    return candidate if all(os.path.lexists(os.path.join(candidate, part)) for part in parts) else None


def _place(gitdir: str, top: str, below: str) -> Place:
    common = _line(os.path.join(gitdir, "commondir")).strip()
    commondir = os.path.realpath(os.path.join(gitdir, common)) if common else gitdir
    sha256 = _SHA256.search(_head(os.path.join(commondir, "config"))) is not None
    bare = gitdir == top
    return Place(gitdir, commondir, top, below + "/" if below and not bare else "", sha256, bare)


def _line(path: str) -> str:
    return _head(path)[:4096].decode("utf-8", "surrogateescape").partition("\n")[0]


def _head(path: str) -> bytes:
    """The beginning of a regular file that is no link; b"" for anything else."""
    return beginning(*os.path.split(path), _LARGEST_CONFIG)


def git_folders(root: int, where: str) -> tuple[str, ...]:
    """Folders of git inside the open folder `root` (its real path is `where`), beside `.git`, as relative paths.

    A `.git` file ("gitdir: ../.bare/worktrees/x") names a folder of any name, and that one a common folder.
    """
    named = _first_line(root, ".git")
    if not named.startswith("gitdir:"):
        return ()
    gitdir = _inside(where, named.removeprefix("gitdir:").strip())
    if gitdir is None:
        return ()
    common = _first_line(root, gitdir + "/commondir")
    commondir = _inside(where, join(gitdir, common)) if common else None
    return tuple(folder for folder in (gitdir, commondir) if folder)


def _inside(where: str, path: str) -> str | None:
    """The path relative to the folder `where`; None when it leads outside."""
    relative = path.removeprefix(where + "/") if path.startswith("/") else path
    clean = normpath(relative)
    return None if clean in {"", "."} or clean.startswith(("/", "..")) else clean


def _first_line(root: int, path: str) -> str:
    try:
        with open_file(root, path) as file:
            return file.read(4096).decode("utf-8", "surrogateescape").partition("\n")[0]
    except (OSError, ValueError):
        return ""
