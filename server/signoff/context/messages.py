"""BM25 over the messages of commits."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from signoff.context.terms import terms

_K1, _B = 1.2, 0.75
# A word that the query repeats more often than this says no more by it.
_MOST_REPEATED = 3
# Terms of a message beyond which its length counts no more.
_LONG = 150
# Of a long query only the rarest terms are looked up, and of those no more than cost so many steps: on the dev set the
# files that are found stay the same.
_MOST_TERMS, _MOST_HOLDING = 24, 8
_MOST_STEPS = 10_000
# Terms that are known at all. Large repositories have some thousands; each of random ones costs half a kilobyte.
_MOST_KNOWN = 150_000
# "Reviewed-by: ..." and the like: the same names under every message.
_TRAILER = re.compile(r"^[A-Z][A-Za-z]*(?:-[A-Za-z]+)+:.*$", re.MULTILINE)


@dataclass(slots=True)
class _Posting:
    """The messages with a term: their numbers, how often it is in each, and what that weighs."""

    numbers: array[int] = field(default_factory=lambda: array("I"))
    counts: array[int] = field(default_factory=lambda: array("H"))
    weights: array[float] = field(default_factory=lambda: array("f"))


class Messages:
    """Messages by number. Numbers only grow, until `renumber` packs them."""

    def __init__(self) -> None:
        self._postings: dict[str, _Posting] = {}
        self._lengths: dict[int, int] = {}
        self._average = 1.0

    def add(self, number: int, message: str) -> None:
        """Adds a message under a number that is larger than all before.

        Where very many terms are known, new ones are left out.
        """
        counts = Counter(terms(_TRAILER.sub("", message)))
        self._lengths[number] = counts.total()
        short = self._short(number)
        for term, count in counts.items():
            posting = self._postings.get(term)
            if posting is None:
                if len(self._postings) >= _MOST_KNOWN:
                    continue
                posting = self._postings[term] = _Posting()
            posting.numbers.append(number)
            posting.counts.append(min(count, 0xFFFF))
            posting.weights.append(_weight(count, short))

    def scores(self, query: str | Sequence[str], among: Collection[int]) -> dict[int, float]:
        """The BM25 of the messages with words of the query (a text, or its terms), by number."""
        wanted = Counter(terms(query) if isinstance(query, str) else query)
        held = [(len(posting.numbers), term) for term in wanted if (posting := self._postings.get(term))]
        found: dict[int, float] = {}
        steps = 0
        for holding, term in nsmallest(_MOST_TERMS, held):
            steps += holding
            if steps > max(_MOST_STEPS, holding):
                break
            posting = self._postings[term]
            holding = min(holding, len(among))
            rare = min(wanted[term], _MOST_REPEATED) * math.log(1 + (len(among) - holding + 0.5) / (holding + 0.5))
            for number, weight in zip(posting.numbers, posting.weights, strict=True):
                found[number] = found.get(number, 0.0) + rare * weight
        return {number: score for number, score in found.items() if number in among}

    def holding(
        self, query: str | Sequence[str], among: Collection[int], limit: int
    ) -> Iterator[tuple[float, Sequence[int]]]:
        """For each of the query's terms what it weighs, and the `limit` latest messages that have it."""
        wanted = Counter(terms(query) if isinstance(query, str) else query)
        held = [(len(posting.numbers), term) for term in wanted if (posting := self._postings.get(term))]
        for holding, term in nsmallest(_MOST_HOLDING, held):
            holding = min(holding, len(among))
            rare = min(wanted[term], _MOST_REPEATED) * math.log(1 + (len(among) - holding + 0.5) / (holding + 0.5))
            yield rare, [one for one in self._latest(term, limit) if one in among]

    def _latest(self, term: str, limit: int) -> Sequence[int]:
        """The first numbers are the newest of what was read at first; the last ones came later."""
        numbers = self._postings[term].numbers
        return numbers if len(numbers) <= limit else [*numbers[: limit - limit // 4], *numbers[-(limit // 4) :]]

    def length(self, number: int) -> int:
        """How many terms the message has, a very long one cut off."""
        return min(self._lengths.get(number, 0), _LONG)

    def renumber(self, numbers: Mapping[int, int]) -> None:
        """Gives the messages new numbers, forgets those that get none, and weighs all by the average length."""
        self._lengths = {numbers[number]: length for number, length in self._lengths.items() if number in numbers}
        self._average = max(sum(self._lengths.values()) / len(self._lengths), 1.0) if self._lengths else 1.0
        short = {number: self._short(number) for number in self._lengths}
        old, self._postings = self._postings, {}
        for term, posting in old.items():
            kept = _Posting()
            for number, count in zip(posting.numbers, posting.counts, strict=True):
                if (new := numbers.get(number)) is not None:
                    kept.numbers.append(new)
                    kept.counts.append(count)
                    kept.weights.append(_weight(count, short[new]))
            if kept.numbers:
                self._postings[term] = kept

    def _short(self, number: int) -> float:
        return shortness(self._lengths[number] / self._average)


def shortness(relative: float) -> float:
    """What BM25 adds to a term's count below the line, in a text of `relative` times the average length."""
    return _K1 * (1 - _B + _B * relative)


def _weight(count: int, short: float) -> float:
    return count * (_K1 + 1) / (count + short)
