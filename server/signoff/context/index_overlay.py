"""Files that changed lately, beside the index: searched in Python, scored as if they were in it.

A commit of the index takes longer than a keystroke may. Here are at most some hundred documents.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from signoff.context.index_table import MOST_TERMS, Table
from signoff.context.index_types import Parsed, Piece
from signoff.context.terms import analyzer
from signoff.context.words import split_words

# tantivy's own constants, so that scores compare.
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Words:
    """How often each term is in a field, and how many terms there are."""

    counts: Counter[str]
    size: int

    @staticmethod
    def of(text: str) -> Words:
        """The words of a text that went through `split_words`."""
        counts = Counter(analyzer().analyze(text))
        return Words(counts, counts.total())


@dataclass(frozen=True, slots=True)
class Laid:
    """A file laid over the index. `pieces` are its chunks, with the words of their bodies.

    `complete`: its chunks are those of a parser, and not yet of its lines alone.
    """

    path: str
    complete: bool
    text: bytes
    words: Words
    names: Words
    parsed: Parsed
    pieces: tuple[tuple[Piece, Words], ...]


def lay(path: str, text: bytes, parsed: Parsed, complete: bool, before: Laid | None = None) -> Laid:
    """A file for the overlay: some 5 ms for 100 KB. What is as it was in `before` is not looked into again."""
    known = {each.body: body for each, body in before.pieces} if before else {}
    pieces = tuple((each, known.get(each.body) or Words.of(each.body)) for each in parsed.pieces)
    counts: Counter[str] = Counter()
    for _, body in pieces:
        counts.update(body.counts)
    names = Words.of(split_words(path.encode("utf-8", "replace")).decode("utf-8", "replace"))
    return Laid(path, complete, text, Words(counts, counts.total()), names, parsed, pieces)


class Weights:
    """The weights that a table's statistics give to the terms of one question."""

    def __init__(self, table: Table, field: str, terms: Mapping[str, float]) -> None:
        wanted = list(terms)[:MOST_TERMS]
        having = {term: table.frequency(field, term) for term in wanted}
        documents, average = table.statistics(field, [term for term in wanted if having[term]])
        self._average = average or 1.0
        self._weights = {term: terms[term] * _rarity(documents, count) for term, count in having.items()}

    def score(self, words: Words) -> float:
        """The BM25 of a document with these words."""
        length = K1 * (1 - B + B * words.size / self._average)
        total = 0.0
        for term, weight in self._weights.items():
            if count := words.counts.get(term, 0):
                total += weight * (K1 + 1) * count / (count + length)
        return total


def _rarity(documents: int, having: int) -> float:
    # A word that only laid documents have is in one of them at least.
    having = max(min(having, documents), 1)
    documents = max(documents, 1)
    return math.log(1 + (documents - having + 0.5) / (having + 0.5))
