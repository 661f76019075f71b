"""What a path says for a goal: names that both have, and what kind of file it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from posixpath import basename, dirname

from signoff.context.features_goal import Goal
from signoff.context.languages import is_docs, is_generated, is_test, language_of
from signoff.context.terms import terms

_DATA = "cmake csv css dockerfile gomod html ini json less make markdown restructuredtext scss starlark text toml xml"
_NO_CODE = {"", "yaml", *_DATA.split()}
_FAMILIES = {"tsx": "javascript", "typescript": "javascript", "vue": "javascript", "svelte": "javascript", "cpp": "c"}
# Files that stand for their folder.
_FOLDERS_OWN = {"__init__", "index", "mod", "lib", "main", "doc"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a path alone says of a file. `bare` is the path in lower case without extension, in slashes."""

    name: str
    words: tuple[str, ...]
    folder: str
    folder_words: tuple[str, ...]
    bare: str
    family: str
    test: bool
    docs: bool
    generated: bool
    for_folder: bool


@lru_cache(60_000)
def kind(path: str) -> Kind:
    """The path's kind, which is remembered: the same paths are asked for with every goal."""
    name, folder = stem(path), dirname(path)
    return Kind(
        name.lower().strip("_"),
        tuple(terms(name)),
        folder,
        tuple(terms(basename(folder))),
        f"/{path.lower().rpartition('.')[0] or path.lower()}/",
        family(path),
        is_test(path),
        is_docs(path),
        is_generated(path),
        name in _FOLDERS_OWN or basename(path) in ("setup.py", "conftest.py"),
    )


def stem(path: str) -> str:
    """The file's name up to its first dot."""
    name = basename(path)
    return name.split(".")[0] or name


def family(path: str) -> str:
    """The language, those that are used together as one; "" for what is no code."""
    language = language_of(path)
    return "" if language in _NO_CODE else _FAMILIES.get(language, language)


def shares(sizes: Iterable[tuple[str, int]]) -> Mapping[str, float]:
    """How much of each family of languages there is, from paths and sizes in bytes: 1 for that with the most."""
    count: Counter[str] = Counter()
    for path, size in sizes:
        if language := family(path):
            count[language] += size
    most = max(count.values(), default=0) or 1
    return {language: size / most for language, size in count.items()}


def foreign(path: str, share: Mapping[str, float]) -> float:
    """0 for a file in the main language, up to 0.6 for one in a rare language, 1 for what is no code."""
    language = kind(path).family
    return 0.6 * (1.0 - share.get(language, 0.0) ** 0.5) if language else 1.0


def scope_fit(path: str, goal: Goal) -> float:
    """How well the path fits the goal's scopes: 1 when one of them is in it as a whole."""
    best = 0.0
    known = kind(path)
    for each in goal.scopes:
        scope = each.lower().replace(".", "/")
        parts = scope.split("/")
        if f"/{scope}/" in known.bare:
            return 1.0
        if len(parts) > 1 and f"/{'/'.join(parts[-2:])}/" in known.bare:
            best = max(best, 0.6)
        elif f"/{parts[-1]}/" in known.bare:
            best = max(best, 0.3)
    return best


def name_fit(path: str, goal: Goal) -> float:
    """Whether the goal has the file's name, 1 when its first line has it; a folder's counts half for its own file."""
    one = kind(path)
    first, every = goal.subject_terms, goal.all_terms
    if one.words and all(term in every for term in one.words):
        return 1.0 if all(term in first for term in one.words) else 0.6
    return 0.5 if one.for_folder and one.folder_words and all(term in first for term in one.folder_words) else 0.0


def named_in(path: str, text: str) -> bool:
    """Whether the text names the file: its whole path, or its name with an extension."""
    name = basename(path)
    wanted = path if path in text else name if "." in name[1:] and name in text else ""
    return bool(wanted) and re.search(rf"(?<![\w/.-]){re.escape(wanted)}(?![\w-])", text) is not None
