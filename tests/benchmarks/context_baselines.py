"""What the engine has to beat: plain ways to rank files and to fill a context, over the same index and history.

`bm25`: files by the BM25 of their contents, pieces by theirs. `chunks` and `whole_files`: files by an order fused from
words, history and paths, then either pieces by their BM25 times the score of their file, or whole files. The numbers
below were chosen for the best scores on the very cases that are measured, which is in favour of these baselines; nor
do they pay for headings, as the engine does.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from context_cases import Case, Scores, scores

from signoff.context.features_path import family, shares
from signoff.context.history import History
from signoff.context.index import Index
from signoff.context.languages import is_test
from signoff.context.pack import CHARACTERS
from signoff.context.terms import evenly
from signoff.core.fragments import BUDGET, Fragment

_FOUND, _COMMITS, _READ = 300, 100, 50
# Of reciprocal rank fusion: the smaller, the more the first places count.
_RANKS = 10
_DEMOTED = 0.3
# A language with less than this share of the largest one's bytes is not what the repository is written in.
_FOREIGN = 0.1
_FILE, _LENGTH = 1.5, 0.5
# A budget with less left is full.
_LEAST = 50
Place = tuple[str, int, int]


class Baselines:
    """Those of one case; `index` and `history` as the engine gets them."""

    def __init__(self, index: Index, history: History, case: Case) -> None:
        self._index, self._history, self._case = index, history, case
        self._words = evenly(case.query)
        self._lines: dict[str, list[int]] = {}

    def all(self) -> dict[str, Scores]:
        """The scores of each baseline by its name."""
        return {"bm25": self.bm25(), "chunks": self.chunks(), "whole_files": self.whole_files()}

    def bm25(self) -> Scores:
        """Files and pieces each by the BM25 of their text, best first."""
        found = self._index.files(self._words, 50)
        files = sorted(found, key=lambda path: (-found[path].body, path))
        hits = sorted(self._pieces(list(self._index.chunks(self._words, 200))), key=lambda hit: -hit[3])
        return self._scores(files, self._filled(hit[:3] for hit in hits))

    def chunks(self) -> Scores:
        """Pieces by their BM25 times the score of their file, for their length; files by their best piece."""
        best: dict[str, float] = {}
        values: dict[Place, float] = {}
        for path, start, end, body in self._pieces(list(self.fused)[:_READ]):
            value = body * self.fused[path] ** _FILE
            best[path] = max(best.get(path, 0.0), value)
            values[path, start, end] = value / max(self._tokens((path, start, end)), 10.0) ** _LENGTH
        files = sorted(best, key=lambda path: (-best[path], path))
        files += [path for path in self.fused if path not in best]
        return self._scores(files, self._filled(sorted(values, key=lambda place: (-values[place], place))))

    def whole_files(self) -> Scores:
        """Whole files in the fused order; the one at which the budget ends is cut there."""
        shown: list[Place] = []
        left = float(BUDGET)
        for path in self.fused:
            starts = self._starts(path)
            count = bisect_right(starts, left * CHARACTERS) - 1
            if count > 0:
                shown.append((path, 1, count))
            left -= starts[-1] / CHARACTERS
            if left < _LEAST:
                break
        return self._scores(list(self.fused), shown)

    @cached_property
    def fused(self) -> Mapping[str, float]:
        """Files by reciprocal ranks of three orders, best first; tests and what is in other languages come later."""
        words = self._index.files(self._words, _FOUND)
        near = self._near()
        found: dict[str, float] = defaultdict(float)
        orders = [
            _ordered({path: one.body for path, one in words.items()}),
            _ordered({path: score for path, score in near.items() if self._index.knows(path)}),
            _ordered({path: one.path for path, one in words.items()}),
        ]
        for order in orders:
            for rank, path in enumerate(order):
                found[path] += 1 / (_RANKS + rank)
        share = shares((path, row.size) for path, row in self._index.shown.rows().items())
        for path in found:
            foreign = share.get(family(path), 0.0) < _FOREIGN
            found[path] *= (_DEMOTED if is_test(path) else 1.0) * (_DEMOTED if foreign else 1.0)
        return {path: found[path] for path in _ordered(found)}

    def _near(self) -> Mapping[str, float]:
        """The files that commits with like messages changed, each commit counting by its score and its rank."""
        found: dict[str, float] = defaultdict(float)
        for rank, near in enumerate(self._history.nearest(self._case.query, _COMMITS)):
            for path in near.commit.paths:
                found[path] += near.score / math.sqrt(len(near.commit.paths) * (1 + rank))
        return found

    def _pieces(self, paths: Sequence[str]) -> Iterator[tuple[str, int, int, float]]:
        known = self._index.pieces(self._words, paths)
        for path in paths:
            for at, chunk in enumerate(self._index.chunks_of(path)):
                if (score := known.get((path, at), 0.0)) > 0:
                    yield path, chunk.start_line, chunk.end_line, score

    def _filled(self, places: Iterable[Place]) -> list[Place]:
        """The places that fit into the budget, one after the other."""
        left, taken = float(BUDGET), list[Place]()
        for place in places:
            tokens = self._tokens(place)
            if tokens <= left:
                taken.append(place)
                left -= tokens
            elif left < _LEAST:
                break
        return taken

    def _tokens(self, place: Place) -> float:
        path, start, end = place
        starts = self._starts(path)
        return math.ceil((starts[min(end, len(starts) - 1)] - starts[min(start, len(starts)) - 1]) / CHARACTERS)

    def _starts(self, path: str) -> list[int]:
        """Where each line begins, and where the text ends, in characters."""
        if path not in self._lines:
            text = self._index.text(path) or ""
            self._lines[path] = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
        return self._lines[path]

    def _scores(self, files: Sequence[str], shown: Iterable[Place]) -> Scores:
        fragments = [Fragment("codebase", path, start, end, 0, 0.0, "", "") for path, start, end in shown]
        return scores(self._case, files, fragments)


def _ordered(values: Mapping[str, float]) -> list[str]:
    return sorted((path for path, value in values.items() if value > 0), key=lambda path: (-values[path], path))
