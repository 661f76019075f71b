"""Asks the index and the history all that the ranking looks at. What stands here costs time; the rest is arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from posixpath import basename

from signoff.context.features_goal import Goal
from signoff.context.features_path import shares
from signoff.context.history import LARGEST_COMMIT, History
from signoff.context.index import Index
from signoff.context.index_types import FieldScores

_FILES, _CHUNKS = 120, 300
_COMMITS, _DESCRIBED = 50, 120
# A name that more files use tells little.
_MOST_USERS, _MOST_DEFINERS = 60, 20


@dataclass(frozen=True, slots=True)
class Near:
    """A commit like the goal: how like, the best being 1, and the files that it changed, as they are called now."""

    score: float
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A word of the goal as a name in the code: who uses or defines it, and how rare it is (0: nowhere, everywhere)."""

    word: str
    code: bool
    rare: float
    used: Sequence[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known for a goal. `chunks` are the scores of each file's chunks that fit, best first."""

    goal: Goal
    files: Mapping[str, FieldScores]
    chunks: Mapping[str, Sequence[float]]
    near: Sequence[Near]
    described: Mapping[str, float]
    named: Sequence[Named]
    history: History
    shares: Mapping[str, float]


@dataclass
class Gatherer:
    """One index's. May be asked in any thread."""

    index: Index
    _shares: tuple[int, Mapping[str, float]] = field(default=(-1, {}))
    _now: tuple[int, dict[str, str | None]] = field(default=(-1, {}))

    def gather(self, goal: Goal, history: History) -> Evidence:
        """Everything that the goal touches."""
        words = (*goal.terms, *goal.subject_terms)
        return Evidence(
            goal,
            self.index.files(goal.weights, _FILES),
            self.index.chunks(goal.weights, _CHUNKS),
            self._near(history, words),
            self._described(history, words),
            [self._name(word, word in goal.code) for word in goal.words],
            history,
            self._languages(),
        )

    def _near(self, history: History, words: Sequence[str]) -> Sequence[Near]:
        found = history.nearest(words, _COMMITS) if words else []
        best = found[0].score if found else 1.0
        several = [Near(one.score / best, self._today(one.commit.paths)) for one in found]
        return [one for one in several if 0 < len(one.files) <= LARGEST_COMMIT]

    def _described(self, history: History, words: Sequence[str]) -> Mapping[str, float]:
        found = history.described(words)
        best = nlargest(_DESCRIBED, ((score, path) for path, score in found.items()))
        return {path: score for score, path in best if self.index.knows(path)}

    def _today(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The files as they are called now: one that was moved has most of its name still."""
        return tuple(now for path in paths if (now := path if self.index.knows(path) else self._moved(path)))

    def _moved(self, path: str) -> str | None:
        """Remembered while the set of all files is the same."""
        version, known = self._now
        if version != self.index.shown.version:
            known = {}
            self._now = self.index.shown.version, known
        if path not in known:
            known[path] = self._likest(path)
        return known[path]

    def _likest(self, path: str) -> str | None:
        candidates = self.index.named(basename(path))
        if not candidates or len(candidates) > 30:
            return None
        folders = path.split("/")[:-1]
        fits = sorted(((_alike(folders, other.split("/")[:-1]), other) for other in candidates), reverse=True)
        clear = len(fits) == 1 or fits[0][0] > fits[1][0]
        return fits[0][1] if clear and fits[0][0] >= 1.0 else None

    def _name(self, word: str, code: bool) -> Named:
        index = self.index
        files = max(len(index.names_table), 1)
        users, definers = index.how_many("references", word), index.how_many("defines", word)
        count = min(max(users, definers), files)
        rare = math.log(1 + (files - count + 0.5) / (count + 0.5)) if count else 0.0
        used = index.references(word, _MOST_USERS) if 0 < users <= _MOST_USERS else []
        defined = index.defines(word, _MOST_DEFINERS) if 0 < definers <= _MOST_USERS else []
        return Named(word, code, rare, list(dict.fromkeys([*used, *defined])))

    def _languages(self) -> Mapping[str, float]:
        """The languages' shares; counted again when there are a tenth more or fewer files."""
        count, known = self._shares
        now = len(self.index.shown.ids)
        if count < 0 or abs(now - count) > count / 10:
            known = shares((path, row.size) for path, row in self.index.shown.rows().items())
            self._shares = now, known
        return known


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Folders in common, those next to the file counting most."""
    tail = 0
    while tail < min(len(one), len(other)) and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return tail + 0.1 * len(set(one) & set(other[: len(other) - tail]))
