"""Names whose definitions a change takes away: where they are still used, something is broken. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import dedent

from signoff.context.outline import outline

# What a symbol of another kind is called, no code refers to: headings, keys, rules, tests.
_TYPES = {"class", "enum", "interface", "struct", "trait", "type", "union", "impl", "module", "namespace"}
_KINDS = _TYPES | {"constant", "function", "macro", "member", "method", "property", "variable"}
# Shorter names are used everywhere, in other senses.
_SHORTEST = 3
_FILE = re.compile(r'--- (?:"?a/(.*?)"?|/dev/null)(?:\t.*)?')
_NEW_FILE = re.compile(r'\+\+\+ (?:"?b/(.*?)"?|/dev/null)(?:\t.*)?')
_HUNK = re.compile(r"@@ -(?:\d+)(?:,(\d+))? \+(?:\d+)(?:,(\d+))? @@")

Part = tuple[str, str, str]
"""A path, the text before and the text after: of a whole file ("" where there is none) or of one hunk."""


def removed_names(parts: Iterable[Part]) -> dict[str, tuple[str, ...]]:
    """By path, the names that were defined there and are defined in none of the parts any more, sorted.

    What only moved to another file of the same change is not removed.
    """
    before: dict[str, set[str]] = {}
    after: set[str] = set()
    for path, old, new in parts:
        before.setdefault(path, set()).update(_defined(path, old))
        after |= _defined(path, new)
    removed = {path: tuple(sorted(names - after)) for path, names in before.items()}
    return {path: names for path, names in removed.items() if names}


def parts_of(diff: str) -> Iterator[Part]:
    """The hunks of a unified diff, each with the lines around its changes. Other lines are passed over."""
    old_path = path = ""
    old: list[str] = []
    new: list[str] = []
    left = [0, 0]
    for line in diff.split("\n"):
        sign, rest = line[:1], line[1:]
        if max(left) > 0 and sign in (" ", "-", "+", ""):
            if sign != "+":
                old.append(rest)
                left[0] -= 1
            if sign != "-":
                new.append(rest)
                left[1] -= 1
            if max(left) <= 0:
                yield path, _text(old), _text(new)
        elif found := _HUNK.match(line):
            left = [int(found[1] or 1), int(found[2] or 1)]
            old, new = [], []
        elif found := _FILE.fullmatch(line):
            old_path = found[1] or ""
        elif found := _NEW_FILE.fullmatch(line):
            path = found[1] or old_path


def _text(lines: Iterable[str]) -> str:
    return dedent("".join(f"{line}\n" for line in lines))


def _defined(path: str, text: str) -> set[str]:
    symbols = outline(path, text).symbols if text.strip() else ()
    return {one.name for one in symbols if one.kind in _KINDS and len(one.name) >= _SHORTEST}
