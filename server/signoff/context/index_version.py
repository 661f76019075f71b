"""What decides what an index holds: with any other of it, what was stored is made anew."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from signoff.context.index_table import library_version

MODULES = (
    "chunks",
    "cuts",
    "index_outline",
    "index_read",
    "index_table",
    "index_types",
    "languages",
    "outline",
    "outline_imports",
    "outline_json",
    "outline_names",
    "outline_plain",
    "outline_types",
    "parsing",
    "terms",
    "words",
)
"""The modules of this package that say what is in a file, and how it is stored."""


@cache
def contents_version() -> str:
    """A few characters that are others with other code, queries, grammars or libraries. Some milliseconds, once."""
    seen = hashlib.sha256(library_version().encode())
    package = Path(__file__).parent
    grammars = sorted(each for each in (package / "grammars").iterdir() if each.is_file())
    for file in [*(package / f"{name}.py" for name in MODULES), *grammars]:
        seen.update(file.name.encode() + file.read_bytes())
    for wheel in _wheels():
        seen.update(wheel.encode())
    return seen.hexdigest()[:16]


def _wheels() -> list[str]:
    """The parser and its grammars as they are installed: what their packages are called says their versions."""
    parser = find_spec("tree_sitter")
    folders = parser.submodule_search_locations if parser else None
    return sorted(each.name for folder in folders or () for each in Path(folder).parent.glob("tree_sitter*.dist-info"))
