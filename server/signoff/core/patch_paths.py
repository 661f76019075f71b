"""Which paths a patch may name: relative ones, inside the workspace, outside git's own folder."""

from __future__ import annotations

import re
import unicodedata

from signoff.core.fileops import Refusal

_DRIVE = re.compile(r"[A-Za-z]:")
# NTFS also reaches .git under this short name.
_GIT_NAMES = {".git", "git~1"}


def checked_path(path: str) -> str:
    """The path with `./` and doubled slashes taken out; raises Refusal for one that may not be touched, saying why.

    This judges the words of the path alone: links are followed, and refused, where files are opened.
    """
    why = _objection(path)
    if why:
        raise Refusal(f"{_shown(path)}: {why}. Use a path relative to the workspace, such as src/app.py.", path)
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _objection(path: str) -> str | None:
    parts = path.split("/")
    if not path.strip():
        return "the path is empty"
    if any(unicodedata.category(char) == "Cc" for char in path):
        return "the path holds a control character"
    if "\\" in path:
        return "the path holds a backslash"
    if path.startswith(("/", "~")) or _DRIVE.match(path):
        return "the path is absolute"
    if ".." in parts:
        return "the path holds `..`"
    if parts[-1] in ("", "."):
        return "the path names a folder, not a file"
    if any(_is_git(part) for part in parts):
        return "the path leads into git's own folder"
    return None


def _is_git(part: str) -> bool:
    """File systems ignore format characters (HFS+), trailing dots and blanks, and what follows a colon (NTFS)."""
    visible = "".join(char for char in part if unicodedata.category(char) != "Cf")
    return visible.split(":")[0].rstrip(" .").casefold() in _GIT_NAMES


def _shown(path: str) -> str:
    return path.encode("unicode_escape").decode()[:200] if not path.isprintable() else path[:200] or '""'
