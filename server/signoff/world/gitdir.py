"""Where a workspace's repository keeps its own files, found by reading alone: no git is started."""

from __future__ import annotations

from posixpath import join, normpath

from signoff.world.safe_open import open_file


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
