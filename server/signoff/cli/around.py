"""The lines of a file around a hunk, read from the disk: the terminal holds no documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.core.paths import to_path
from signoff.core.text import split_lines

if TYPE_CHECKING:
    from signoff.cli.shapes import Hunk

LINES = 3
_MOST_BYTES = 8 << 20


def around(hunk: Hunk) -> tuple[list[str], list[str]]:
    """Up to three lines before and after the hunk; none where the file can't be read or is not as the hunk says."""
    if hunk["kind"] != "update" or hunk["status"] != "pending":
        return [], []
    start, end = hunk["range"]["start"], hunk["range"]["end"]
    lines = _read(hunk["uri"])
    first = start["line"]
    before = split_lines(hunk["before"])
    last = first + len(before)
    if start["character"] or lines[first:last] != before or (end["character"] and last != len(lines)):
        return [], []
    return lines[max(0, first - LINES) : first], lines[last : last + LINES]


def _read(uri: str) -> list[str]:
    try:
        with open(to_path(uri), "rb") as file:
            data = file.read(_MOST_BYTES + 1)
        return split_lines(data.decode("utf-8")) if len(data) <= _MOST_BYTES else []
    except (OSError, ValueError):
        return []
