"""Differences between two texts by whole lines: what becomes one hunk each, and what a reader is shown."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from signoff.core.text import Edit, split_lines

# A run of lines is one block: a[i:j] of the old lines became b[k:m] of the new ones.
Block = tuple[int, int, int, int]
# a[x:x + size] == b[y:y + size]
_Match = tuple[int, int, int]
_Pair = tuple[int, int]

# SequenceMatcher's work grows with the pairs of equal lines: this many take about a quarter of a second at worst.
# Above it the texts are first cut at lines that are easy to match.
_MOST_PAIRS = 400_000


def changes(before: str, after: str) -> tuple[Edit, ...]:
    """One edit per maximal run of changed lines: apply(before, changes(before, after)) == after.

    Lines are compared with their ends, so a changed line ending is a changed line. Where two huge texts have too many
    equal lines to be compared in reasonable time, an edit may span more lines than it must.
    """
    old, new = split_lines(before), split_lines(after)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return tuple(Edit(starts[i], starts[j], "".join(new[k:m])) for i, j, k, m in changed_blocks(old, new))


def line_counts(before: str, after: str) -> tuple[int, int]:
    """How many lines were added and removed, as in (+4 -1)."""
    blocks = list(changed_blocks(split_lines(before), split_lines(after)))
    return sum(m - k for _, _, k, m in blocks), sum(j - i for i, j, _, _ in blocks)


def shown_blocks(
    old: Sequence[str], new: Sequence[str], blocks: Sequence[Block], context: int = 3, above: int = 0
) -> str:
    """The @@ hunks of a unified diff whose changed runs of lines are known; lines are shown as by `unified`."""
    ends = _line_ends(old), _line_ends(new)
    mark = all(ends) and ends[0] != ends[1]
    return "".join(
        line for group in _groups(blocks, context) for line in _shown_group(old, new, group, context, mark, above)
    )


def unified(
    before: str | None, after: str | None, path: str, to: str | None = None, context: int = 3, above: int = 0
) -> str:
    r"""A unified diff for people and models to read; None stands for a file that is not there. "" when equal.

    `above` lines of the file stand before these texts. Every line is shown with \n. Where the two sides do not use the
    same line endings, a \r is shown as ␍.
    """
    if before == after and to in (None, path):
        return ""
    old, new = split_lines(before or ""), split_lines(after or "")
    was = f"--- {'/dev/null' if before is None else 'a/' + path}\n"
    now = f"+++ {'/dev/null' if after is None else 'b/' + (to or path)}\n"
    return was + now + shown_blocks(old, new, list(changed_blocks(old, new)), context, above)


def changed_blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """The maximal runs that differ, in order; between two runs lies at least one equal line."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    done = (head, head)
    for x, y, size in _matches(old[head : len(old) - tail], new[head : len(new) - tail]):
        if (head + x, head + y) != done:
            yield done[0], head + x, done[1], head + y
        done = (head + x + size, head + y + size)
    if done != (len(old) - tail, len(new) - tail):
        yield done[0], len(old) - tail, done[1], len(new) - tail


def _matches(a: Sequence[str], b: Sequence[str], cuts: int = 3) -> Iterator[_Match]:
    in_b = Counter(b)
    if sum(in_b[line] for line in a) <= _MOST_PAIRS:
        yield from _matching_blocks(a, b)
    elif cuts:
        i = k = 0
        for x, y in _landmarks(a, b):
            yield from ((i + p, k + q, size) for p, q, size in _matches(a[i:x], b[k:y], cuts - 1))
            yield x, y, 1
            i, k = x + 1, y + 1
        yield from ((i + p, k + q, size) for p, q, size in _matches(a[i:], b[k:], cuts - 1))


def _matching_blocks(a: Sequence[str], b: Sequence[str]) -> list[_Match]:
    # Imported here: it costs 15 ms, and most sessions start without a diff. The library ships no types.
    from cydifflib import SequenceMatcher  # pyright: ignore

    blocks = cast("list[_Match]", SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())  # pyright: ignore
    return [block for block in blocks if block[2]]


def _landmarks(a: Sequence[str], b: Sequence[str]) -> list[_Pair]:
    """The longest rising sequence of lines that both sides hold equally often, matched first to first.

    Patience diff (Bram Cohen) with "equally often" for "once", so that generated files have landmarks too.
    """
    in_a, in_b = _places(a), _places(b)
    found = [zip(at, in_b[line], strict=True) for line, at in in_a.items() if len(at) == len(in_b.get(line, ()))]
    return _rising(sorted(pair for pairs in found for pair in pairs))


def _places(lines: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, line in enumerate(lines):
        places.setdefault(line, []).append(n)
    return places


def _rising(pairs: Sequence[_Pair]) -> list[_Pair]:
    """A longest subsequence whose second numbers rise; the first ones do already."""
    tails: list[int] = []
    piles: list[int] = []
    for _, y in pairs:
        piles.append(bisect_left(tails, y))
        tails[piles[-1] : piles[-1] + 1] = [y]
    chosen: list[_Pair] = []
    wanted = len(tails) - 1
    for pair, pile in zip(reversed(pairs), reversed(piles), strict=True):
        if pile == wanted:
            chosen.append(pair)
            wanted -= 1
    return chosen[::-1]


def _line_ends(lines: Sequence[str]) -> set[str]:
    return {line[len(line.rstrip("\r\n")) :] for line in lines} - {""}


def _groups(blocks: Sequence[Block], context: int) -> list[list[Block]]:
    """Blocks whose context would touch are shown under one header."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and block[0] - groups[-1][-1][1] <= 2 * context:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _shown_group(
    old: Sequence[str], new: Sequence[str], group: Sequence[Block], context: int, mark: bool, above: int
) -> list[str]:
    first, last = group[0], group[-1]
    lead = min(context, first[0])
    trail = min(context, len(old) - last[1])
    start, to = above + first[0] - lead, above + first[2] - lead
    was, now = _range(start, above + last[1] + trail), _range(to, above + last[3] + trail)
    shown = [f"@@ -{was} +{now} @@\n"]
    at = first[0] - lead
    for i, j, k, m in group:
        shown += [_shown(" ", line, mark) for line in old[at:i]]
        shown += [_shown("-", line, mark) for line in old[i:j]]
        shown += [_shown("+", line, mark) for line in new[k:m]]
        at = j
    return shown + [_shown(" ", line, mark) for line in old[at : at + trail]]


def _range(start: int, end: int) -> str:
    """Lines [start, end) in the notation of a header: 1-based, and an empty range names the line before it."""
    return f"{start + 1}" if end - start == 1 else f"{start + (end > start)},{end - start}"


def _shown(sign: str, line: str, mark: bool) -> str:
    bare = line.rstrip("\r\n")
    end = "" if bare != line else "\n\\ No newline at end of file"
    return f"{sign}{bare}{'␍' if mark and chr(13) in line[len(bare) :] else ''}{end}\n"
