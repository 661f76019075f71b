"""The names that code uses: read with one regular expression per family of languages, at the speed of C.

A syntax tree knows them better and costs five times as much. What stands in comments and strings is left out, except
in templates (`f"{name}"`, `${name}`), whose inside is code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MOST = 2_000
"""Names per file; of more, the first."""

_NAME = r"\b([^\W\d][\w$]*)"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
_SLASHES = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_HASH = r"\#[^\n]*"

_CLIKE = re.compile(rf"{_SLASHES}|{_QUOTED}|{_NAME}", re.DOTALL)
_JAVASCRIPT = re.compile(rf"{_SLASHES}|{_QUOTED}|(\b[^\W\d][\w$]*|\$[\w$]+)", re.DOTALL)
_GO = re.compile(rf"{_SLASHES}|{_QUOTED}|`[^`]*`|{_NAME}", re.DOTALL)
# An apostrophe begins a lifetime more often than a character.
_RUST = re.compile(rf"{_SLASHES}|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\\n]|\\.)'|{_NAME}", re.DOTALL)
_PHP = re.compile(rf"{_SLASHES}|\#[^\n]*|{_QUOTED}|{_NAME}", re.DOTALL)
_PYTHON = re.compile(
    rf"{_HASH}|[fFtT][rR]?(\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    rf"|\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|{_QUOTED}|{_NAME}",
    re.DOTALL,
)
_BRACED = re.compile(r"\{([^{}]*)\}")
_HASHED = re.compile(rf"{_HASH}|'(?:[^'\\\n]|\\.)*'|{_NAME}", re.DOTALL)
_DASHED = re.compile(rf"--[^\n]*|{_QUOTED}|{_NAME}", re.DOTALL)
_TICKED = re.compile(r"(?<!`)`{1,2}([^`\n]{1,200})`")
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_WORD = re.compile(_NAME)
# A name in the midst of words: one that is called, or that no word is spelled like.
_CODE_WORD = re.compile(r"\b([^\W\d]\w*(?=\()|[^\W\d]\w*_\w+|[^\W\d_]*[a-z][A-Z]\w*)")

_FAMILY_WORDS = {
    "javascript typescript tsx vue svelte html": _JAVASCRIPT,
    "bash ruby make r julia perl elixir powershell nim dockerfile cmake starlark": _HASHED,
    "sql lua haskell": _DASHED,
    "c cpp java csharp kotlin scala swift dart groovy objc zig solidity protobuf graphql": _CLIKE,
    "go": _GO,
    "php": _PHP,
    "rust": _RUST,
}
_FAMILIES = {language: family for languages, family in _FAMILY_WORDS.items() for language in languages.split()}
_DOCS = {"markdown", "restructuredtext"}

# Words of the languages; that a language uses another's word as a name is rare, and then it is a poor name.
_KEYWORD_WORDS = (
    "abstract and any as assert async await boolean break byte case catch char chan class const constructor continue"
    " crate debugger declare def default defer del delete do double elif else elsif end enum except export extends"
    " fallthrough false False final finally float fn for foreach from func function get global go goto if impl"
    " implements import in include instanceof int interface is lambda let long loop match mod move mut namespace"
    " never new nil None nonlocal not null number object or package pass private protected pub public raise range"
    " readonly require ref return select self Self set short signed sizeof static string struct super switch"
    " synchronized this throw throws trait true True try type typedef typeof undefined union unknown unless unsafe"
    " unsigned until use using var virtual void volatile where while with yield"
)
_KEYWORDS = frozenset(_KEYWORD_WORDS.split())


def references(text: str, language: str, defined: Iterable[str]) -> tuple[str, ...]:
    """The distinct names that a text in this language uses, in the order they first appear, at most `MOST`.

    A name of `defined` that stands no oftener than it is defined is no use of it.
    """
    counts = Counter(_names(text, language))
    for name in defined:
        if counts.get(name):
            counts[name] -= 1
    used = [name for name, count in counts.items() if count > 0 and len(name) > 1 and name not in _KEYWORDS]
    return tuple(used[:MOST])


def _names(text: str, language: str) -> Iterable[str]:
    if language == "python":
        return _python_names(text)
    if language in _DOCS:
        return _docs_names(text)
    family = _FAMILIES.get(language)
    return filter(None, family.findall(text)) if family else ()


def _python_names(text: str) -> Iterable[str]:
    for formatted, name in _PYTHON.findall(text):
        if name:
            yield name
        elif formatted:
            for inside in _BRACED.findall(formatted):
                yield from _WORD.findall(inside)


def _docs_names(text: str) -> Iterable[str]:
    for fenced in _FENCED.findall(text):
        yield from _CODE_WORD.findall(fenced)
    for ticked in _TICKED.findall(_FENCED.sub("", text)):
        yield from _WORD.findall(ticked)
