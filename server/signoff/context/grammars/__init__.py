"""The grammars that tree-sitter parses with, and what is asked of a tree: a query of each language, as data.

A pattern names what it defines `@name` and the whole of it by its kind (`@function`); `@parent` names an owner that
is written with it, `@import` a path or module, `@imports` a statement that holds some. The rest is for predicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from threading import local

from tree_sitter import Language, Parser, Query, QueryCursor

# Language: the wheel's module, the function in it, the queries that make up its own.
_WHEELS = {
    "bash": ("bash", "language", ("bash",)),
    "c": ("c", "language", ("c",)),
    "cpp": ("cpp", "language", ("c", "cpp")),
    "csharp": ("c_sharp", "language", ("csharp",)),
    "css": ("css", "language", ("css",)),
    "go": ("go", "language", ("go",)),
    "html": ("html", "language", ("html",)),
    "java": ("java", "language", ("java",)),
    "javascript": ("javascript", "language", ("javascript", "javascript_only")),
    "json": ("json", "language", ("json",)),
    "php": ("php", "language_php", ("php",)),
    "python": ("python", "language", ("python",)),
    "ruby": ("ruby", "language", ("ruby",)),
    "rust": ("rust", "language", ("rust",)),
    "toml": ("toml", "language", ("toml",)),
    "tsx": ("typescript", "language_tsx", ("javascript", "typescript")),
    "typescript": ("typescript", "language_typescript", ("javascript", "typescript")),
    "yaml": ("yaml", "language", ("yaml",)),
}
PARSED = frozenset(_WHEELS)
"""The languages that have a grammar."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language of tree-sitter and what is asked of its trees."""

    language: Language
    query: Query


@cache
def grammar(language: str) -> Grammar:
    """The grammar of a language of `PARSED`, loaded when it is first asked for (1 to 150 ms)."""
    wheel, function, queries = _WHEELS[language]
    capsule: object = getattr(import_module(f"tree_sitter_{wheel}"), function)()
    loaded = Language(capsule)
    folder = files(__name__)
    patterns = "".join((folder / f"{name}.scm").read_text(encoding="utf-8") for name in queries)
    return Grammar(loaded, Query(loaded, patterns))


class _Tools(local):
    """Parsers and cursors keep a state, so each thread has its own."""

    def __init__(self) -> None:
        self.parsers: dict[str, Parser] = {}
        self.cursors: dict[str, QueryCursor] = {}


_tools = _Tools()


def parser(language: str) -> Parser:
    """This thread's parser of a language of `PARSED`."""
    found = _tools.parsers.get(language)
    if found is None:
        found = _tools.parsers[language] = Parser(grammar(language).language)
    return found


def cursor(language: str, depth: int) -> QueryCursor:
    """This thread's cursor for the query of a language; patterns match whose first node is at most so deep."""
    found = _tools.cursors.get(language)
    if found is None:
        found = _tools.cursors[language] = QueryCursor(grammar(language).query)
        found.set_max_start_depth(depth)
    return found
