"""The arithmetic of `learn_context.py`: matrices of signals, a regularised listwise model, scores, intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from context_cases import Case, Scores, scores
from scipy.optimize import minimize

from signoff.context.features_chunks import Document, file_shares
from signoff.context.index_types import FileChunk
from signoff.context.outline_types import Outline
from signoff.context.pack import pack
from signoff.core.fragments import Fragment

Matrix = Any
SHARED = ("file", "file_best", "file_log", "file_rank", "file_root", "file_top", "pieces")
"""The signals that all pieces of a file share."""
NO_CHUNK = FileChunk("", 1, 1)
Signals = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the product knows of a case: signals of files, and pieces with their characters and signals.

    `file_rows` and `piece_rows` are the signals as matrices, `owners` the number of each piece's file.
    """

    case: Case
    paths: Sequence[str]
    pieces: Sequence[tuple[Place, int]]
    file_rows: Matrix
    piece_rows: Matrix
    owners: Matrix


def known(
    case: Case,
    files: Mapping[str, Signals],
    pieces: Sequence[tuple[Place, int, Signals]],
    file_names: Sequence[str],
    piece_names: Sequence[str],
) -> Known:
    """The case with its signals as matrices, in the names' order."""
    paths = list(files)
    number = {path: at for at, path in enumerate(paths)}
    return Known(
        case,
        paths,
        [(place, characters) for place, characters, _ in pieces],
        np.array([[signals.get(name, 0.0) for name in file_names] for signals in files.values()]),
        np.array([[signals.get(name, 0.0) for name in piece_names] for _, _, signals in pieces]),
        np.array([number[place.path] for place, _, _ in pieces]),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """One goal's alternatives, a row of signals each, and how much of the answer each one holds (1 in all)."""

    rows: Matrix
    answer: Matrix


def fit(groups: Sequence[Group], strength: float) -> Matrix:
    """Weights of the signals: those under which a softmax over each group gives most to the answer.

    `strength` regularises: weights in units of standard deviations are drawn from a normal distribution around 0.
    """
    groups = [one for one in groups if one.answer.sum() > 0]
    rows = np.concatenate([one.rows for one in groups]).astype(np.float64)
    answer = np.concatenate([one.answer / one.answer.sum() for one in groups])
    sizes = [len(one.answer) for one in groups]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(groups)), sizes)
    spread = rows.std(0)
    spread[spread < 1e-6] = math.inf
    scaled = (rows - rows.mean(0)) / spread

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        score = scaled @ weights
        most = np.maximum.reduceat(score, starts)
        power = np.exp(score - most[owner])
        total = np.add.reduceat(power, starts)
        value = (np.log(total) + most).sum() - answer @ score + strength * weights @ weights
        gradient = scaled.T @ (power / total[owner] - answer) + 2 * strength * weights
        return value / len(groups), gradient / len(groups)

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x / spread


def file_group(one: Known, columns: Sequence[int]) -> Group:
    """The files of a case: the gold ones share the answer."""
    gold = set(one.case.gold)
    return Group(one.file_rows[:, columns], np.array([float(path in gold) for path in one.paths]))


def piece_group(one: Known, files: Sequence[tuple[str, float]], columns: Sequence[int]) -> tuple[Group, Matrix]:
    """The pieces of the best files, and their numbers among all. A hunk's share goes to the pieces that it touches.

    `columns` of the piece's own signals, followed by the file's, see `SHARED`.
    """
    number = {path: at for at, path in enumerate(one.paths)}
    ranked = [number[path] for path, _ in files]
    held = np.flatnonzero(np.isin(one.owners, ranked))
    count = np.bincount(one.owners, minlength=len(one.paths))
    documents = [
        Document(path, "", (), Outline((), (), ()), [NO_CHUNK] * int(count[at]), score, rank)
        for rank, ((path, score), at) in enumerate(zip(files, ranked, strict=True))
        if count[at]
    ]
    found = file_shares(documents)
    table = np.zeros((len(one.paths), len(SHARED)))
    for path, signals in found.items():
        table[number[path]] = [signals[name] for name in SHARED]
    rows = np.hstack([one.piece_rows[held], table[one.owners[held]]])[:, columns]
    return Group(rows, _touched(one, held)), held


def _touched(one: Known, held: Matrix) -> Matrix:
    answer = np.zeros(len(held))
    places = [one.pieces[at][0] for at in held]
    for path, first, last in one.case.hunks:
        hit = [
            row
            for row, place in enumerate(places)
            if place.path == path and place.start_line <= last and first <= place.end_line
        ]
        answer[hit] += 1 / len(one.case.hunks) / max(len(hit), 1)
    return answer


def ranked(one: Known, columns: Sequence[int], weights: Matrix) -> list[tuple[str, float]]:
    """The files of a case, best first."""
    values = one.file_rows[:, columns] @ weights
    return sorted(zip(one.paths, map(float, values), strict=True), key=lambda item: (-item[1], item[0]))


def measured(
    one: Known, files: Sequence[tuple[str, float]], held: Matrix, values: Sequence[float], budget: int
) -> Scores:
    """What the product's packing makes of these values."""
    places = [one.pieces[at][0] for at in held]
    runs = pack(places, [one.pieces[at][1] for at in held], values, budget)
    shown = [
        Fragment("codebase", places[at].path, places[at].start_line, places[at].end_line, 0, 0.0, "", "")
        for run in runs
        for at in run.pieces
    ]
    return scores(one.case, [path for path, _ in files], shown)


def interval(values: Sequence[float], draws: int = 2_000) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean; always the same for the same values."""
    source = np.random.default_rng(1)
    taken = np.array(values)[source.integers(0, len(values), (draws, len(values)))].mean(1)
    return float(np.quantile(taken, 0.025)), float(np.quantile(taken, 0.975))


def cached(make: Callable[[tuple[str, ...]], Matrix]) -> Callable[[tuple[str, ...]], Matrix]:
    """`make`, which is asked for models without some repositories, with what it made kept."""
    made: dict[tuple[str, ...], Matrix] = {}

    def get(without: tuple[str, ...]) -> Matrix:
        key = tuple(sorted(set(without)))
        if key not in made:
            made[key] = make(key)
        return made[key]

    return get
