"""What the history tells of files: which of them commits with words like these changed, how lately, how often.

Pure: it is fed with commits (`world/git_history.py` reads them) and kept as lines of text. Every answer is about the
commits behind HEAD alone.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.context.messages import Messages, shortness
from signoff.core.commits import Commit as Commit

# A commit of more files tells nothing about which words belong to which of them.
LARGEST_COMMIT = 50
# Of a term that more messages have, the latest.
_MOST_HOLDING = 100
# After this many commits a file counts half as lately changed as one of the last commit.
_HALF_LIFE = 50.0
# After this many commits a change counts half for how busy a file is.
_BUSY_HALF_LIFE = 30.0


@dataclass(frozen=True, slots=True)
class Near:
    """A commit whose message has words of the query; `score` is its BM25."""

    commit: Commit
    score: float


class History:
    """Empty at first. `commits` counts those that it knows."""

    def __init__(self) -> None:
        self._docs: list[Commit] = []
        self._numbers: dict[str, int] = {}
        self._live: set[int] = set()
        self._order: list[str] = []
        self._packed = 0
        self._messages = Messages()
        self._names: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._busy: dict[str, float] = {}
        # BM25's part of how much was told of each path, words being shared as in `described`.
        self._short: dict[str, float] = {}

    @property
    def commits(self) -> int:
        """How many commits it knows."""
        return len(self._live)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the commits that it knows: these need not be read again."""
        return frozenset(self._docs[number].id for number in self._live)

    def add(self, commits: Iterable[Commit]) -> None:
        """Adds commits to those that are known, newest first by their time."""
        fresh = [each for each in commits if each.id not in self._numbers or self._numbers[each.id] not in self._live]
        known = [self._docs[number] for number in self._live] + fresh
        known.sort(key=lambda each: -each.time)
        self.update([each.id for each in known], fresh)

    def update(self, order: Sequence[str], commits: Iterable[Commit]) -> None:
        """Makes `order` (ids, newest first) the history; what is not in it is forgotten, what is new is in `commits`.

        An id that nobody ever told of is passed over.
        """
        for commit in commits:
            self._take(commit)
        self._order = [name for name in dict.fromkeys(order) if name in self._numbers]
        self._live = {self._numbers[name] for name in self._order}
        dead, fresh = len(self._docs) - len(self._live), len(self._docs) - self._packed
        if max(dead, fresh) > self._packed // 5:
            self._pack()
        self._count()

    def nearest(self, query: str | Sequence[str], limit: int = 100) -> list[Near]:
        """The commits whose messages have most of the query's words (a text, or its terms), best first."""
        scores = self._messages.scores(query, self._live)
        best = heapq.nlargest(limit, ((score, -number) for number, score in scores.items()))
        return [Near(self._docs[-number], score) for score, number in best]

    def described(self, query: str | Sequence[str]) -> dict[str, float]:
        """How well the messages of all commits that changed a file, taken as one text about it, fit the query: BM25.

        A commit counts the less for a file the more files it changed.
        """
        found: dict[str, float] = {}
        for rare, numbers in self._messages.holding(query, self._live, _MOST_HOLDING):
            counts: dict[str, float] = {}
            for number in numbers:
                paths = self._docs[number].paths
                share = 1 / math.sqrt(len(paths))
                for path in paths:
                    counts[path] = counts.get(path, 0.0) + share
            for path, count in counts.items():
                found[path] = found.get(path, 0.0) + rare * count / (count + self._short[path])
        return found

    def recency(self, path: str) -> float:
        """1 for a file that the last commit changed, falling with the number of commits since; 0 for one of none."""
        position = self._last.get(path)
        return 0.0 if position is None else _HALF_LIFE / (_HALF_LIFE + position)

    def busy(self, path: str) -> float:
        """How often it was changed of late, as a logarithm: each commit counts the less the more came after it."""
        return math.log1p(self._busy.get(path, 0.0))

    def lines(self) -> Iterator[str]:
        """The history as lines of text, newest first, for `from_lines`."""
        for name in self._order:
            each = self._docs[self._numbers[name]]
            yield json.dumps([each.id, each.time, each.message, each.paths], ensure_ascii=False)

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> History:
        """A history of what `lines` wrote; lines that are damaged are left out."""
        made = cls()
        commits = [commit for line in lines if (commit := _commit(line)) is not None]
        made.update([each.id for each in commits], commits)
        return made

    def _take(self, commit: Commit) -> None:
        if commit.id in self._numbers:
            return
        number = self._numbers[commit.id] = len(self._docs)
        paths = tuple(self._names.setdefault(path, path) for path in commit.paths)
        self._docs.append(Commit(commit.id, commit.time, commit.message, paths))
        if 0 < len(paths) <= LARGEST_COMMIT:
            self._messages.add(number, commit.message)

    def _pack(self) -> None:
        """Forgets what is behind HEAD no more."""
        numbers = {self._numbers[name]: new for new, name in enumerate(self._order)}
        self._docs = [self._docs[old] for old in numbers]
        self._numbers = {name: new for new, name in enumerate(self._order)}
        self._names = {path: path for each in self._docs for path in each.paths}
        self._messages.renumber(numbers)
        self._live = set(self._numbers.values())
        self._packed = len(self._docs)

    def _count(self) -> None:
        """Notes which commits changed each path, newest first."""
        self._last, self._busy = {}, {}
        told: dict[str, float] = {}
        for position, name in enumerate(self._order):
            number = self._numbers[name]
            paths = self._docs[number].paths
            for path in paths:
                self._last.setdefault(path, position)
                if len(paths) <= LARGEST_COMMIT:
                    self._busy[path] = self._busy.get(path, 0.0) + 0.5 ** (position / _BUSY_HALF_LIFE)
                    told[path] = told.get(path, 0.0) + self._messages.length(number) / math.sqrt(len(paths))
        average = sum(told.values()) / max(len(told), 1) or 1.0
        self._short = {path: shortness(words / average) for path, words in told.items()}


def _commit(line: str) -> Commit | None:
    try:
        value: Any = json.loads(line)
        name, when, message, paths = value
    except (ValueError, TypeError, RecursionError):
        return None
    if isinstance(name, str) and isinstance(when, int) and isinstance(message, str) and isinstance(value[3], list):
        return Commit(name, when, message, tuple(map(str, paths)))
    return None
