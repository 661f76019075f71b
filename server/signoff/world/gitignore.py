"""The pattern language of .gitignore, for a walk that goes down folder by folder and never enters an ignored one.

pathspec reads the same language for whole paths: there `!*/` also brings back every file below a folder, where for
git it means the folder alone. The tests hold this module against git itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

# Characters: longer ones are no pattern that anybody wrote.
_LONGEST = 1000
_POSIX = {
    "alnum": r"a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_CLASS = re.compile(r"\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_IN_CLASS = re.compile(r"\[:(\w+):\]|\\(.)|(.)", re.DOTALL)


class Patterns:
    """The patterns of one ignore file; the last one that matches decides."""

    def __init__(self, lines: Sequence[str]) -> None:
        read = [pattern for line in lines if (pattern := _read(line))]
        groups: list[tuple[bool, re.Pattern[str], re.Pattern[str]]] = []
        for negated, same in groupby(read, lambda pattern: pattern[0]):
            some = list(same)
            files = "|".join(regex for _, folders_only, regex in some if not folders_only)
            # (?!) never matches: all patterns of this group are about folders.
            groups.append((not negated, re.compile(files or "(?!)"), re.compile("|".join(one[2] for one in some))))
        self._groups = groups[::-1]

    def __bool__(self) -> bool:
        return bool(self._groups)

    def ignores(self, path: str, folder: bool) -> bool | None:
        """Whether the path, relative to the ignore file's own folder, is ignored; None when no pattern matches."""
        for ignored, files, folders in self._groups:
            if (folders if folder else files).fullmatch(path):
                return ignored
        return None


def _read(line: str) -> tuple[bool, bool, str] | None:
    """Whether the pattern is negated, whether it is for folders only, and its regex; None for no pattern."""
    # White space at the end counts only after a backslash.
    text = re.sub(r"(?<!\\)((?:\\\\)*) +$", r"\1", line) if line.endswith(" ") else line
    negated = text.startswith("!")
    text = text[negated:]
    if not text or line.startswith("#") or len(text) > _LONGEST:
        return None
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    parts = text.split("/")
    anchored = len(parts) > 1
    if anchored and not parts[0]:
        parts = parts[1:]
    if not text or "" in parts:
        return None
    try:
        regex = _joined(parts) if anchored else "(?:.*/)?" + _glob(parts[0])
        re.compile(regex, re.DOTALL)
    except (ValueError, re.error):
        return None
    return negated, folders_only, f"(?s:{regex})"


def _joined(parts: list[str]) -> str:
    """The regular expression of a path's parts, `**` standing for any number of folders.

    What stands between two `**` takes the first place where it fits, for the same reason as in `_glob`.
    """
    runs = [list(run) for double, run in groupby(parts, lambda part: part == "**") if not double]
    fixed = ["/".join(map(_glob, run)) for run in runs]
    regex = ""
    if parts[0] != "**":
        regex = fixed.pop(0) + ("/" if "**" in parts else "")
    ending = ".+" if parts[-1] == "**" else f"(?:.*/)?{fixed.pop()}" if fixed else ""
    return regex + "".join(f"(?>(?:[^/]*/)*?{one}/)" for one in fixed) + ending


def _glob(part: str) -> str:
    """One part of a path. Each star takes the first place where what follows fits: never more than linear time."""
    first, *others = _pieces(part)
    if not others:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1])
    return f"{first}{middle}[^/]*{others[-1]}"


def _pieces(part: str) -> list[str]:
    """What stands between the stars, as regular expressions of a fixed length."""
    pieces = [""]
    at = 0
    while at < len(part):
        char = part[at]
        found = _CLASS.match(part, at) if char == "[" else None
        if char == "*":
            pieces.append("")
        elif char == "?":
            pieces[-1] += "[^/]"
        elif char == "[":
            if not found:
                raise ValueError("a bracket without its end")
            pieces[-1] += _class(found[1] != "", found[2])
            at = found.end() - 1
        else:
            if char == "\\":
                at += 1
                if at == len(part):
                    raise ValueError("a backslash at the end")
            pieces[-1] += re.escape(part[at])
        at += 1
    # Several stars in a row are one.
    return [piece for at, piece in enumerate(pieces) if piece or at in (0, len(pieces) - 1)]


def _class(negated: bool, inside: str) -> str:
    """A bracket expression; a slash is never in it."""
    parts: list[str] = []
    for named, escaped, char in _IN_CLASS.findall(inside):
        if named:
            if named not in _POSIX:
                raise ValueError("no such class of characters")
            parts.append(_POSIX[named])
        else:
            parts.append("-" if char == "-" else re.escape(escaped or char))
    return f"(?!/)[{'^' if negated else ''}{''.join(parts)}]"
