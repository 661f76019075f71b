"""Asks the index and the history all that the ranking looks at. What stands here costs time; the rest is arithmetic."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from posixpath import basename

from signoff.context.features_goal import Goal
from signoff.context.features_path import shares
from signoff.context.history import LARGEST_COMMIT, History
from signoff.context.index import Index
from signoff.context.index_types import ChunkHit, FieldScores

_FILES, _CHUNKS = 200, 400
_COMMITS, _DESCRIBED = 60, 300
# A name that more files use tells little; of rarer ones these are listed.
_MOST_USERS, _MOST_DEFINERS = 200, 30
NO_SCORES = FieldScores()


@dataclass(frozen=True, slots=True)
class Near:
    """A commit like the goal: how like, the best being 1, and the files that it changed, as they are called now."""

    score: float
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A word of the goal as a name in the code: who defines it, who uses it, and how rare it is (0: everywhere)."""

    word: str
    code: bool
    rare: float
    defined: frozenset[str]
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known for a goal. `whole` was searched with all of it, `first` with its first line alone."""

    goal: Goal
    whole: Mapping[str, FieldScores]
    first: Mapping[str, FieldScores]
    chunks: Mapping[str, Sequence[tuple[ChunkHit, ChunkHit | None]]]
    near: Sequence[Near]
    near_first: Sequence[Near]
    described: Mapping[str, float]
    named: Sequence[Named]
    history: History
    shares: Mapping[str, float]


@dataclass
class Gatherer:
    """One index's. May be asked in any thread."""

    index: Index
    _shares: tuple[int, Mapping[str, float]] = field(default=(-1, {}))

    def gather(self, goal: Goal, history: History) -> Evidence:
        """Everything that the goal touches."""
        index = self.index
        names = [word for word in goal.words if len(word) > 2]
        return Evidence(
            goal,
            index.files(goal.text, _FILES),
            index.files(goal.subject, _FILES),
            self._chunks(goal),
            self._near(history, (*goal.terms, *goal.subject_terms)),
            self._near(history, tuple(goal.subject_terms))[:20],
            self._described(goal, history),
            [self._name(word, word in goal.code) for word in names],
            history,
            self._languages(),
        )

    def _chunks(self, goal: Goal) -> Mapping[str, Sequence[tuple[ChunkHit, ChunkHit | None]]]:
        first = {(hit.path, hit.start_line): hit for hit in self.index.chunks(goal.subject, _CHUNKS)}
        whole = {(hit.path, hit.start_line): hit for hit in self.index.chunks(goal.text, _CHUNKS)}
        found: dict[str, list[tuple[ChunkHit, ChunkHit | None]]] = defaultdict(list)
        for place in {**whole, **first}:
            hit = whole.get(place) or first[place]
            found[place[0]].append((hit, first.get(place)))
        return found

    def _near(self, history: History, words: Sequence[str]) -> Sequence[Near]:
        found = history.nearest(words, _COMMITS) if words else []
        best = found[0].score if found else 1.0
        several = [Near(one.score / best, self._today(one.commit.paths)) for one in found]
        return [one for one in several if 0 < len(one.files) <= LARGEST_COMMIT]

    def _described(self, goal: Goal, history: History) -> Mapping[str, float]:
        found = history.described((*goal.terms, *goal.subject_terms))
        best = nlargest(_DESCRIBED, ((score, path) for path, score in found.items()))
        return {path: score for score, path in best if self.index.knows(path)}

    def _today(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The files as they are called now: one that was moved has most of its name still."""
        return tuple(now for path in paths if (now := path if self.index.knows(path) else self._moved(path)))

    def _moved(self, path: str) -> str | None:
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
        users = index.how_many("references", word)
        rare = math.log(1 + (files - users + 0.5) / (users + 0.5)) if 0 < users <= files else 0.0
        used = index.references(word, _MOST_USERS) if 0 < users <= _MOST_USERS else ()
        return Named(word, code, max(rare, 0.0), frozenset(index.defines(word, _MOST_DEFINERS)), frozenset(used))

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
