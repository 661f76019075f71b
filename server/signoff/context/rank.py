"""Ranks files and pieces for a goal: signals times learned weights.

The weights are data (`weights.json`, which names the day, the scores and the command that made it), read once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from signoff.context.features_chunks import PieceSignals
from signoff.context.features_gather import Evidence
from signoff.context.features_path import name_fit, named_in
from signoff.core.fragments import Query

# What is known beside the goal, by hand: the learning set has only goals. A score of 1 more is about e times as likely.
_SELECTED, _FAILING, _NAMED, _OPEN, _CHANGED, _VIEWED = 6.0, 6.0, 6.0, 1.5, 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What one more of each signal makes a file, and a piece, more likely: in logarithms."""

    files: Mapping[str, float]
    pieces: Mapping[str, float]


@cache
def learned() -> Weights:
    """The weights that come with the product."""
    value: Any = json.loads(Path(__file__).with_name("weights.json").read_text("utf-8"))
    return Weights(value["files"], value["pieces"])


def weigh(signals: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The sum of the signals times their weights; a signal without a weight counts nothing."""
    score = 0.0
    for name, value in signals.items():
        if name in weights:
            score += weights[name] * value
    return score


def rank_files(
    signals: Mapping[str, Mapping[str, float]], query: Query, weights: Weights | None = None
) -> list[tuple[str, float]]:
    """The files with their scores, best first. What the user has open or selected counts as well."""
    known = (weights or learned()).files
    scores = {path: weigh(each, known) for path, each in signals.items()}
    for path in scores:
        scores[path] += beside(path, query)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def beside(path: str, query: Query) -> float:
    """What is known of the file beside the goal's words."""
    score = _NAMED if named_in(path, query.goal) else 0.0
    score += _SELECTED if query.selected and query.selected.path == path else 0.0
    score += _FAILING if any(place.path == path for place in query.failing) else 0.0
    score += _OPEN if path in query.open else _VIEWED if path in query.viewed else 0.0
    return score + (_CHANGED if path in query.changed else 0.0)


def value_pieces(pieces: Sequence[PieceSignals], query: Query, weights: Weights | None = None) -> list[float]:
    """How much each piece is worth, in logarithms: how likely it is that the task changes it."""
    known = (weights or learned()).pieces
    files = {id(one.shared): weigh(one.shared, known) for one in pieces}
    return [files[id(one.shared)] + weigh(one.signals, known) + _pointed_at(one, query) for one in pieces]


def _pointed_at(one: PieceSignals, query: Query) -> float:
    if not query.failing and not query.selected:
        return 0.0
    places = [(_FAILING, place) for place in query.failing]
    if query.selected:
        places.append((_SELECTED, query.selected))
    piece = one.piece
    return sum(
        score
        for score, place in places
        if place.path == piece.path and place.start_line <= piece.end_line and piece.start_line <= place.end_line
    )


def why(one: PieceSignals, signals: Mapping[str, float], evidence: Evidence) -> str:
    """Why a piece is there, in a few words: its strongest reasons."""
    reasons: list[str] = []
    path, piece = one.piece.path, one.piece
    commits = sum(path in near.files for near in evidence.near[:20])
    defined = [word for word in one.words if piece.symbol.rpartition(".")[2] == word]
    if defined:
        reasons.append(f"defines `{piece.symbol}`")
    elif one.words and one.signals.get("holds", 0.0) > 0.1:
        reasons.append("has " + ", ".join(f"`{word}`" for word in one.words[:2]))
    elif one.signals.get("words_rank", 0.0) > 0.3:
        reasons.append("words of the goal" + (f" in `{piece.symbol}`" if piece.symbol else ""))
    if name_fit(path, evidence.goal) == 1.0 or signals.get("scope", 0.0) >= 1.0:
        reasons.append("the goal names its path")
    if commits:
        reasons.append(f"{commits} commit{'s' if commits > 1 else ''} like this goal changed the file")
    return "; ".join(reasons[:3]) or "in a file that fits the goal"
