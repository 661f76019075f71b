"""The configurations that docs/editors/ shows: the tests run exactly what the pages say.

A block marked `tested` is run by its editor, one marked `checked` is read for its form.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "docs" / "editors"
BLOCK = re.compile(
    r"^ *<!-- (?:tested|checked): (?P<name>\S+) -->\n *```\w*\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)


def configuration(page: str, name: str) -> str:
    """The code block of `docs/editors/<page>.md` that is marked with the name; fails when there is none."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    found = {block["name"]: block["text"] for block in BLOCK.finditer(text)}
    assert name in found, f"docs/editors/{page}.md has no block marked {name!r}"
    return found[name]
