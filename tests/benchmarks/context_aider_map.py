"""Asks Aider's repository map one question; runs with the Python that has Aider, and imports nothing of ours.

In: one JSON object on stdin, `root`, `files` (below it), `query` and `tokens`. Out: one on the last line of stdout,
`ranked` (files by their best tag), `lines` (file to the lines that the map shows, from 1) and `seconds`.
"""

import json
import re
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from aider.repomap import RepoMap

CHARACTERS = 3.5


class Quiet:
    """What the map says goes nowhere; what it reads is UTF-8 or nothing, as in Aider."""

    def read_text(self, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError):
            return None

    def tool_output(self, *_: Any) -> None: ...

    tool_warning = tool_error = tool_output


class Characters:
    """Counts tokens as the scores do."""

    def token_count(self, text: str) -> float:
        return len(text) / CHARACTERS


class Map(RepoMap):
    """Remembers the order of tags, and which lines each map shows that it tried."""

    def __init__(self, root: str, tokens: int) -> None:
        self.ranked: list[str] = []
        self.shown: dict[str, list[int]] = {}
        self.tried: dict[str, dict[str, list[int]]] = {}
        self._lines: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        super().__init__(tokens, root, Characters(), Quiet())

    def get_ranked_tags(self, *arguments: Any, **named: Any) -> Any:
        tags = super().get_ranked_tags(*arguments, **named)
        self.ranked = list(dict.fromkeys(tag[0] for tag in tags))
        return tags

    def to_tree(self, *arguments: Any) -> Any:
        self.shown = {}
        text = super().to_tree(*arguments)
        self.tried[text] = self.shown
        return text

    def render_tree(self, abs_fname: str, rel_fname: str, lois: list[int]) -> Any:
        text = super().render_tree(abs_fname, rel_fname, lois)
        # Known the first time only: later the text comes out of Aider's own memory.
        key = rel_fname, tuple(sorted(lois))
        if key not in self._lines:
            shown = self.tree_context_cache[rel_fname]["context"].show_lines
            self._lines[key] = sorted(line + 1 for line in shown)
        self.shown[rel_fname] = self._lines[key]
        return text


def main() -> None:
    """Answers. Words of the query that are a file's name without extension mention the file, as Aider has it."""
    asked = json.load(sys.stdin)
    words = set(re.split(r"\W+", asked["query"]))
    stems = {word.lower() for word in words if len(word) >= 5}
    named = {path for path in asked["files"] if Path(path).stem.lower() in stems}
    began = time.monotonic()
    made = Map(asked["root"], asked["tokens"])
    files = [f"{asked['root']}/{path}" for path in asked["files"]]
    text = made.get_repo_map([], files, mentioned_fnames=named, mentioned_idents=words) or ""
    found = {"ranked": made.ranked[:100], "lines": made.tried.get(text, {}), "tokens": len(text) / CHARACTERS}
    found |= {"seconds": time.monotonic() - began, "version": metadata.version("aider-chat")}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
