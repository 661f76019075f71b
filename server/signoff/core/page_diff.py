"""Everything that a session proposes or has applied, as one diff to read."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from signoff.core import paths
from signoff.core.diff import Block, changed_blocks, shown_blocks, unified
from signoff.core.hunks import OPEN, Hunk
from signoff.core.page_hunks import numbered
from signoff.core.state import State
from signoff.core.text import Edit, apply, split_lines
from signoff.core.visible import line, short, visible

SHOWN = (*OPEN, "applied")
_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+.* @@$")
# The hunk, and where its text stands in the document as it is now.
_Placed = tuple[Hunk, int]


def whole_diff(
    state: State, text_of: Callable[[str], str | None], start_of: Callable[[Hunk], int], uri: str | None = None
) -> str:
    """One unified diff with git's headers, file by file: from the files without this session's hunks to the files with
    all of them. Each @@ line names its hunks. Hunks without a certain place follow, marked with #.

    `text_of` gives a document as it is now, `start_of` where a hunk stands in it. Hidden characters are spelled out.
    """
    hunks = [hunk for hunk in state.hunks.values() if hunk.status in SHOWN and uri in (None, hunk.uri)]
    files: dict[str, list[Hunk]] = {}
    for hunk in sorted(hunks, key=lambda hunk: paths.shown(state.workspace, hunk.uri)):
        files.setdefault(hunk.uri, []).append(hunk)
    labels = _labels(state)
    parts = [f"# {short(state.goal, 200)}\n# {len(hunks)} hunks in {len(files)} files\n"]
    for name, found in files.items():
        parts += _file(line(paths.shown(state.workspace, name)), state, found, text_of(name), start_of, labels)
    return visible("".join(parts))


def _labels(state: State) -> dict[str, str]:
    numbers = numbered(state)
    return {hunk.id: f"{numbers.get(hunk.id, '')} {hunk.status}".strip() for hunk in state.hunks.values()}


def _file(
    path: str,
    state: State,
    hunks: Sequence[Hunk],
    text: str | None,
    start_of: Callable[[Hunk], int],
    labels: Mapping[str, str],
) -> Iterator[str]:
    for hunk in hunks:
        if hunk.kind != "update":
            yield _whole(path, state, hunk, labels[hunk.id])
    updates = [(hunk, start_of(hunk)) for hunk in hunks if hunk.kind == "update"]
    placed = _placed(sorted(updates, key=lambda each: each[1]), text)
    if placed and text is not None:
        yield f"diff --git a/{path} b/{path}\n{_together(path, text, placed, labels)}"
    found = {hunk.id for hunk, _ in placed}
    for hunk, _ in updates:
        if hunk.id not in found:
            alone = f"{labels[hunk.id]}, its place is not certain\n{unified(hunk.before, hunk.after, path)}"
            yield "".join(f"# {each}\n" for each in alone.splitlines())


def _whole(path: str, state: State, hunk: Hunk, label: str) -> str:
    before = None if hunk.kind == "create" else hunk.before
    after = None if hunk.kind == "delete" else hunk.after
    to = line(paths.shown(state.workspace, hunk.to_uri)) if hunk.to_uri else path
    kinds = {
        "create": "new file mode 100644\n",
        "delete": "deleted file mode 100644\n",
        "rename": f"rename from {path}\nrename to {to}\n",
    }
    text = "" if hunk.kind == "rename" and before == after else unified(before, after, path, to)
    shown = "".join(f"{each} {label}\n" if _HEADER.match(each) else f"{each}\n" for each in text.split("\n")[:-1])
    return f"# {label}\ndiff --git a/{path} b/{to}\n{kinds[hunk.kind]}{shown}"


def _placed(updates: Sequence[_Placed], text: str | None) -> list[_Placed]:
    """The hunks whose text stands where they are said to stand, apart from each other."""
    found: list[_Placed] = []
    done = 0
    for hunk, start in updates:
        end = start + len(hunk.present)
        if text is not None and start >= done and text[start:end] == hunk.present and hunk.status != "stale":
            found.append((hunk, start))
            done = end
    return found


def _together(path: str, text: str, placed: Sequence[_Placed], labels: Mapping[str, str]) -> str:
    spans = [(hunk, start, start + len(hunk.present)) for hunk, start in placed]
    original = apply(text, [Edit(start, end, hunk.before) for hunk, start, end in spans])
    wanted = apply(text, [Edit(start, end, hunk.after) for hunk, start, end in spans])
    old, new = split_lines(original), split_lines(wanted)
    blocks = [*_blocks(spans, old, new)]
    shown = shown_blocks(old, new, [block for block, _ in blocks])
    lines = [(block[0] + 1, block[1], labels[name]) for block, name in blocks]
    named = "".join(f"{_named(each, lines)}\n" for each in shown.split("\n")[:-1])
    return f"--- a/{path}\n+++ b/{path}\n{named}"


def _blocks(
    spans: Sequence[tuple[Hunk, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[Block, str]]:
    """The lines that each hunk changes. Hunks begin and end with lines: comparing whole files again takes long."""
    old_starts, new_starts = (list(accumulate(map(len, lines), initial=0)) for lines in (old, new))
    was = now = 0
    for hunk, start, end in spans:
        i, k = bisect_right(old_starts, start + was) - 1, bisect_right(new_starts, start + now) - 1
        was, now = was + len(hunk.before) - (end - start), now + len(hunk.after) - (end - start)
        j, m = bisect_left(old_starts, end + was), bisect_left(new_starts, end + now)
        for a, b, c, d in changed_blocks(old[i:j], new[k:m]):
            yield (i + a, i + b, k + c, k + d), hunk.id


def _named(shown: str, lines: Sequence[tuple[int, int, str]]) -> str:
    """The @@ line with the hunks among its lines."""
    header = _HEADER.match(shown)
    if header is None:
        return shown
    first, count = int(header[1]), int(header[2] or 1)
    here = [label for start, end, label in lines if start <= first + count and end >= first - 1]
    return f"{shown} {', '.join(dict.fromkeys(here))}"
