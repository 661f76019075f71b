"""Names whose definitions a change takes away: where they are still used, something is broken. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from textwrap import dedent

from signoff.context.outline import outline

# What a symbol of another kind is called, no code refers to: headings, keys, rules, tests.
_TYPES = {"class", "enum", "interface", "struct", "trait", "type", "union", "impl", "module", "namespace"}
_KINDS = _TYPES | {"constant", "function", "macro", "member", "method", "property", "variable"}
# Shorter names are used everywhere, in other senses.
_SHORTEST = 3
# Of one file.
_MOST_NAMES, _MOST_USERS = 12, 8
_FILE = re.compile(r'--- (?:"?a/(.*?)"?|/dev/null)(?:\t.*)?')
_NEW_FILE = re.compile(r'\+\+\+ (?:"?b/(.*?)"?|/dev/null)(?:\t.*)?')
_HUNK = re.compile(r"@@ -(?:\d+)(?:,(\d+))? \+(?:\d+)(?:,(\d+))? @@")

Part = tuple[str, str, str]
"""A path, the text before and the text after: of a whole file ("" where there is none) or of one hunk."""


def used_names(path: str, text: str, names: Collection[str]) -> tuple[str, ...]:
    """Those of `names` that the text uses, sorted."""
    return tuple(sorted(set(outline(path, text).references).intersection(names)))


def mentions(text: str, path: str, name: str, home: str) -> bool:
    """Whether the text of the file at `path` means by `name` what the file `home` defined.

    `x.name` may be of anything: that counts in files that also name the module, or as the own object's in `home`.
    """
    word = re.escape(name)
    if re.search(rf"(?<![\w.>:]){word}(?!\w)", text):
        return True
    if path == home:
        return re.search(rf"\b(?:self|this|cls|super\(\))\s*(?:\.|->|::)\s*{word}(?!\w)", text) is not None
    folder, _, file = home.rpartition("/")
    modules = (file.partition(".")[0], folder.rpartition("/")[2])
    known = any(module and re.search(rf"\b{re.escape(module)}\b", text) for module in modules)
    return known and re.search(rf"(?:\.|->|::)\s*{word}(?!\w)", text) is not None


def sentences(path: str, users: Mapping[str, Sequence[str]]) -> str:
    """What to say of names that were removed from the file; `users` has by name the files that use it, one at least."""
    lines = [f"`{name}` was removed from {path} and is still used in {_some(users[name])}." for name in sorted(users)]
    more = [f"So are {len(lines) - _MOST_NAMES} more names of {path}."] if len(lines) > _MOST_NAMES else []
    return "\n".join([*lines[:_MOST_NAMES], *more])


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _MOST_USERS} more files" if len(paths) > _MOST_USERS else ""
    return ", ".join(paths[:_MOST_USERS]) + more


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
