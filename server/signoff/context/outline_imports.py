"""What a file imports, out of the statements that a grammar finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 1_000
"""Imports per file; of more, the first."""

_COMMENT = re.compile(r"#[^\n]*|//[^\n]*|\\\n")
_PYTHON_FROM = re.compile(r"from\s*([.\w\s]*?)\s*\bimport\b\s*(.*)", re.DOTALL)
_RUST_PIECE = re.compile(r"[{},]|[^{},]+")
_DEEPEST = 20


def imported(statement: str, language: str) -> Iterator[str]:
    """The modules that a whole statement of Python, or the tree of a `use` in Rust, names."""
    plain = _COMMENT.sub(" ", statement)
    return _of_python(plain) if language == "python" else _of_rust(plain)


def unquoted(path: str) -> str:
    """A path without the quotes or brackets that it is written in."""
    return path.strip().strip("\"'`<>").strip()


def _of_python(statement: str) -> Iterator[str]:
    if found := _PYTHON_FROM.match(statement):
        module = "".join(found[1].split())
        if module.strip("."):
            yield module
        join = "" if module.endswith(".") else "."
        names = (name.split()[0] for name in found[2].strip("() \t\n").split(",") if name.strip())
        yield from (f"{module}{join}{name}" for name in names if name != "*")
        return
    names = statement.removeprefix("import").split(",")
    yield from (name.split()[0] for name in names if name.strip())


def _of_rust(tree: str) -> Iterator[str]:
    """`a::{b, c::{d, self}}` -> a::b, a::c::d, a::c."""
    before = [""]
    last = ""
    for piece in _RUST_PIECE.findall(tree):
        if piece == "{":
            before.append(before[-1] + last if len(before) < _DEEPEST else before[-1])
            last = ""
            continue
        if piece in ",}":
            yield from _rust_path(before[-1], last)
            last = ""
            if piece == "}" and len(before) > 1:
                before.pop()
            continue
        last = piece.strip()
    yield from _rust_path(before[-1], last)


def _rust_path(before: str, last: str) -> Iterator[str]:
    name = last.partition(" as ")[0].strip()
    if name:
        yield (before + name).removesuffix("::self").removesuffix("::*")
