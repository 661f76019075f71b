"""Fills a budget with pieces of files: those worth most for their tokens, neighbours as one fragment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CHARACTERS = 3.5
"""Of a token, on average."""
# A fragment's heading: its path, its lines, and what sets it off.
_HEADING = 14
# Below 1: longer pieces are somewhat better than their worth for each token says, for they make sense alone.
_COST = 0.75
# What is left of a budget below this is not worth a look.
_LEAST = 50


class Piece(Protocol):
    """Lines of a file and how many characters they have, line ends included."""

    @property
    def path(self) -> str: ...
    @property
    def start_line(self) -> int: ...
    @property
    def end_line(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring pieces that were taken, by their numbers, in order. `tokens` includes the heading."""

    pieces: tuple[int, ...]
    tokens: int
    value: float


def pack(pieces: Sequence[Piece], characters: Sequence[int], values: Sequence[float], budget: int) -> list[Run]:
    """The runs that are worth most within `budget` tokens, headings included; best first.

    `values` are logarithms. A piece that does not fit is passed over for smaller ones.
    """
    heading = [(len(piece.path) + _HEADING) / CHARACTERS for piece in pieces]
    size = [count / CHARACTERS for count in characters]
    gain = [value - _COST * math.log(size[at] + heading[at]) for at, value in enumerate(values)]
    begins = {(piece.path, piece.start_line): at for at, piece in enumerate(pieces)}
    ends = {(piece.path, piece.end_line): at for at, piece in enumerate(pieces)}
    taken: set[int] = set()
    left = float(budget)
    for at in sorted(range(len(pieces)), key=lambda at: (-gain[at], at)):
        piece = pieces[at]
        before = ends.get((piece.path, piece.start_line - 1)) in taken
        after = begins.get((piece.path, piece.end_line + 1)) in taken
        # Between two neighbours it closes a gap, and one heading is gone.
        cost = math.ceil(size[at] + heading[at] * (1 - before - after)) + 1
        if cost <= left:
            taken.add(at)
            left -= cost
        elif left < _LEAST:
            break
    return _runs(pieces, size, heading, values, taken)


def _runs(
    pieces: Sequence[Piece], size: Sequence[float], heading: Sequence[float], values: Sequence[float], taken: set[int]
) -> list[Run]:
    order = sorted(taken, key=lambda at: (pieces[at].path, pieces[at].start_line))
    groups: list[list[int]] = []
    for at in order:
        last = pieces[groups[-1][-1]] if groups else None
        if last and last.path == pieces[at].path and last.end_line + 1 == pieces[at].start_line:
            groups[-1].append(at)
        else:
            groups.append([at])
    runs = [_run(group, size, heading, values) for group in groups]
    return sorted(runs, key=lambda run: (-run.value, run.pieces))


def _run(group: Sequence[int], size: Sequence[float], heading: Sequence[float], values: Sequence[float]) -> Run:
    tokens = math.ceil(sum(size[at] for at in group) + heading[group[0]])
    return Run(tuple(group), tokens, max(values[at] for at in group))
