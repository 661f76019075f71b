"""The signals by which pieces of the best files are chosen. Arithmetic over texts of some 30 files."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from signoff.context.features_gather import Evidence, Named
from signoff.context.index_types import ChunkHit, FieldScores
from signoff.context.outline_types import Outline

_FIRST = 0.6
# Words of the goal that are looked for in texts: the rarest.
_MOST_WORDS = 24


@dataclass(frozen=True, slots=True)
class Document:
    """A file as far as choosing its pieces needs it: its text as it is now, and where each line begins in it.

    `score` is the ranking's; the best file has rank 0.
    """

    path: str
    text: str
    line_starts: Sequence[int]
    outline: Outline
    pieces: Sequence[ChunkHit]
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class PieceSignals:
    """A piece and its signals by name; those that are absent are 0. `characters` counts line ends.

    `words` are names of the goal that it holds, the rarest first; `shared` are the signals of all the file's pieces.
    """

    document: Document
    piece: ChunkHit
    characters: int
    signals: Mapping[str, float]
    words: Sequence[str]
    shared: Mapping[str, float]


Fits = Mapping[tuple[str, int], FieldScores]
"""How well pieces fit, by path and first line."""


def piece_signals(evidence: Evidence, documents: Sequence[Document], whole: Fits, first: Fits) -> list[PieceSignals]:
    """The signals of all pieces of the documents, which are the best files.

    `whole` says how well they fit the goal, `first` how well its first line.
    """
    weights = [(one, max(one.rare, 0.5)) for one in sorted(evidence.named, key=lambda one: -one.rare)[:_MOST_WORDS]]
    share = file_shares(documents)
    own = [[_scores(whole.get(place), first.get(place)) for place in _places(document)] for document in documents]
    best = _best(one for several in own for one in several)
    found: list[PieceSignals] = []
    for document, several in zip(documents, own, strict=True):
        found += _of(document, several, best, weights, share[document.path])
    return found


def _places(document: Document) -> list[tuple[str, int]]:
    return [(document.path, piece.start_line) for piece in document.pieces]


_SCORED: tuple[str, ...] = ("words", "words1", "names", "names1")


def _scores(whole: FieldScores | None, first: FieldScores | None) -> Mapping[str, float]:
    """Nothing for a piece that has no word of the goal."""
    if not whole or not whole.body:
        return {}
    one, two = (first.body, first.symbols) if first else (0.0, 0.0)
    return {
        "words": (1 - _FIRST) * whole.body + _FIRST * one,
        "words1": one,
        "names": (1 - _FIRST) * whole.symbols + _FIRST * two,
        "names1": two,
    }


def _best(several: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    """The best of each score, 1 where there is none."""
    found: dict[str, float] = dict.fromkeys(_SCORED, 0.0)
    for one in several:
        for name, value in one.items():
            if value > found[name]:
                found[name] = value
    return {name: value or 1.0 for name, value in found.items()}


def file_shares(documents: Sequence[Document]) -> Mapping[str, Mapping[str, float]]:
    """Signals of the file that all its pieces share."""
    top = max((one.score for one in documents), default=0.0)
    powers = [math.exp(one.score - top) for one in documents]
    total = sum(powers) or 1.0
    return {
        one.path: {
            "file": one.score - top,
            "file_log": math.log(power / total + 1e-4),
            "file_root": math.sqrt(power / total),
            "file_rank": 1 / (1 + one.rank),
            "file_best": float(one.rank == 0),
            "file_top": float(one.rank < 3),
            "pieces": math.log1p(len(one.pieces)),
        }
        for one, power in zip(documents, powers, strict=True)
    }


def _of(
    document: Document,
    own: Sequence[Mapping[str, float]],
    best: Mapping[str, float],
    weights: Sequence[tuple[Named, float]],
    share: Mapping[str, float],
) -> list[PieceSignals]:
    pieces, lines = document.pieces, document.line_starts
    begins = [lines[min(piece.start_line, len(lines)) - 1] for piece in pieces]
    held, words = _held(document, begins, weights)
    _define(document, weights, held)
    hits = sorted((at for at, one in enumerate(own) if one), key=lambda at: -own[at]["words"])
    most = _best(own)
    for rank, at in enumerate(hits):
        _score(held, at, own[at], best, most)
        held[at]["rank_in"] = 1 / (1 + rank / 2)
    found: list[PieceSignals] = []
    for at, piece in enumerate(pieces):
        signals = held[at]
        end = begins[at + 1] if at + 1 < len(begins) else len(document.text) + 1
        characters = max(end - begins[at], 1)
        signals["length"] = math.log(max(characters, 20))
        signals["place"] = piece.start_line / len(lines)
        if at in (0, len(pieces) - 1):
            signals["first" if at == 0 else "last"] = 1.0
        found.append(PieceSignals(document, piece, characters, signals, words[at], share))
    return found


def _score(
    held: Sequence[dict[str, float]],
    at: int,
    own: Mapping[str, float],
    best: Mapping[str, float],
    most: Mapping[str, float],
) -> None:
    """Adds a piece's scores, over the best of all files and of its own, and tells its neighbours."""
    for name, value in own.items():
        if value:
            held[at][name] = value / best[name]
            held[at][name + "_in"] = value / most[name]
    for other in (at - 1, at + 1):
        if 0 <= other < len(held):
            held[other]["beside"] = max(held[other].get("beside", 0.0), own["words"] / best["words"])


def _held(
    document: Document, begins: Sequence[int], weights: Sequence[tuple[Named, float]]
) -> tuple[list[dict[str, float]], list[list[str]]]:
    """For each piece, which begins at `begins` in the text, how much of the goal's words it holds, and which."""
    total = sum(weight for _, weight in weights) or 1.0
    total_code = sum(weight for named, weight in weights if named.code) or 1.0
    signals: list[dict[str, float]] = [{} for _ in begins]
    words: list[list[str]] = [[] for _ in begins]
    for named, weight in weights:
        at = document.text.find(named.word)
        while at >= 0:
            piece = bisect_right(begins, at) - 1
            one = signals[piece]
            one["holds"] = one.get("holds", 0.0) + weight / total
            if named.code:
                one["holds_code"] = one.get("holds_code", 0.0) + weight / total_code
            words[piece].append(named.word)
            at = document.text.find(named.word, begins[piece + 1]) if piece + 1 < len(begins) else -1
    return signals, words


def _define(document: Document, weights: Sequence[tuple[Named, float]], signals: Sequence[dict[str, float]]) -> None:
    """Adds to each piece's signals how far it defines what the goal names."""
    wanted = {named.word: named for named, _ in weights}
    starts = [piece.start_line for piece in document.pieces]
    for symbol in document.outline.symbols:
        if (named := wanted.get(symbol.name)) is None:
            continue
        first, last = (max(bisect_right(starts, line) - 1, 0) for line in (symbol.start_line, symbol.end_line))
        for at in range(first, last + 1):
            share = 1.0 if at == first else 0.6
            one = signals[at]
            one["defines"] = max(one.get("defines", 0.0), share * min(named.rare or 6.0, 6.0) / 6)
            if named.code:
                one["defines_code"] = max(one.get("defines_code", 0.0), share)
