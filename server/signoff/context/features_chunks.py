"""The signals by which pieces of the best files are chosen. Arithmetic over texts of some ten files."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signoff.context.features_gather import Evidence, Named
from signoff.context.index_types import FileChunk
from signoff.context.outline_types import Outline

# Words of the goal that are looked for in texts: the rarest.
_MOST_WORDS = 16
# Of a file with more pieces those count that have something of the goal.
_MANY = 120


Signals = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Document:
    """A file as far as choosing its pieces needs it: its text as it is now, and where each line begins in it.

    `score` is the ranking's; the best file has rank 0.
    """

    path: str
    text: str
    line_starts: Sequence[int]
    outline: Outline
    pieces: Sequence[FileChunk]
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class PieceSignals:
    """A piece and its signals by name; those that are absent are 0. `characters` counts line ends.

    `words` are names of the goal that it holds, the rarest first; `shared` are the signals of all the file's pieces.
    """

    document: Document
    piece: FileChunk
    characters: int
    signals: Signals
    words: Sequence[str]
    shared: Signals


Fits = Mapping[tuple[str, int], float]
"""How well pieces fit, by path and number; those that fit not at all are absent."""


def piece_signals(evidence: Evidence, documents: Sequence[Document], fits: Fits) -> list[PieceSignals]:
    """The signals of all pieces of the documents, which are the best files. `fits` says how well they fit the goal."""
    rarest = sorted((one for one in evidence.named if one.rare > 0), key=lambda one: -one.rare)[:_MOST_WORDS]
    share = file_shares(documents)
    most = max(fits.values(), default=1.0)
    found: list[PieceSignals] = []
    for document in documents:
        found += _of(document, fits, most, rarest, share[document.path])
    return found


def file_shares(documents: Sequence[Document]) -> Mapping[str, Signals]:
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


def _of(document: Document, fits: Fits, most: float, named: Sequence[Named], share: Signals) -> list[PieceSignals]:
    pieces, lines = document.pieces, document.line_starts
    begins = [lines[min(piece.start_line, len(lines)) - 1] for piece in pieces]
    held, words = _held(document, begins, named)
    _define(document, named, held)
    _fit(held, [fits.get((document.path, at), 0.0) for at in range(len(pieces))], most)
    found: list[PieceSignals] = []
    for at, (piece, end) in enumerate(zip(pieces, [*begins[1:], len(document.text) + 1], strict=True)):
        if len(pieces) > _MANY and not held[at]:
            continue
        characters = max(end - begins[at], 1)
        held[at]["length"] = math.log(max(characters, 20))
        found.append(PieceSignals(document, piece, characters, held[at], words[at], share))
    return found


def _fit(held: Sequence[dict[str, float]], scores: Sequence[float], most: float) -> None:
    """Adds each piece's score, over the best of all files, and its place in the order of its own."""
    order = sorted((at for at, score in enumerate(scores) if score), key=lambda at: -scores[at])
    for rank, at in enumerate(order):
        held[at]["words"] = scores[at] / most
        held[at]["words_rank"] = 1 / (1 + rank / 2)


def _held(
    document: Document, begins: Sequence[int], rarest: Sequence[Named]
) -> tuple[list[dict[str, float]], list[list[str]]]:
    """For each piece, which begins at `begins` in the text, how much of the goal's words it holds, and which."""
    total = sum(one.rare for one in rarest) or 1.0
    total_code = sum(one.rare for one in rarest if one.code) or 1.0
    signals: list[dict[str, float]] = [{} for _ in begins]
    words: list[list[str]] = [[] for _ in begins]
    for named in rarest:
        at = document.text.find(named.word)
        while at >= 0:
            piece = bisect_right(begins, at) - 1
            one = signals[piece]
            one["holds"] = one.get("holds", 0.0) + named.rare / total
            if named.code:
                one["holds_code"] = one.get("holds_code", 0.0) + named.rare / total_code
            words[piece].append(named.word)
            at = document.text.find(named.word, begins[piece + 1]) if piece + 1 < len(begins) else -1
    return signals, words


def _define(document: Document, rarest: Sequence[Named], signals: Sequence[dict[str, float]]) -> None:
    """Adds to each piece's signals how far it defines what the goal names."""
    wanted = {named.word: named for named in rarest}
    starts = [piece.start_line for piece in document.pieces]
    for symbol in document.outline.symbols:
        if (named := wanted.get(symbol.name)) is None:
            continue
        first, last = (max(bisect_right(starts, line) - 1, 0) for line in (symbol.start_line, symbol.end_line))
        for at in range(first, last + 1):
            share = 1.0 if at == first else 0.6
            one = signals[at]
            one["defines"] = max(one.get("defines", 0.0), share * min(named.rare, 6.0) / 6)
            if named.code:
                one["defines_code"] = max(one.get("defines_code", 0.0), share)
