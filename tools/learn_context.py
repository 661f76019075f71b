"""Learns the weights by which the context engine ranks files and pieces; says what each signal adds.

    learn_context.py --cases FILE --clones DIR [--indexes DIR] [--signals FILE] [--ablate] [--write]

`--cases` as in `tests/benchmarks/context_cases.py`; `--clones` a folder with clones, bare or not; `--indexes` keeps
the indexes of all states there, and `--signals` a file all signals, so that the next run is quick. Scores are those on
a repository that the weights were not learned from (leave one repository out), with 95 % bootstrap intervals over the
cases; `--ablate` says what is lost without each group of signals. `--write` learns from all repositories and writes
`weights.json`, and for the benchmark what was learned without each of them. The same input gives the same output.
Needs the dependency group `learn`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pickle
import sys
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "server"))
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import learn_context_fit as fitting  # noqa: E402
import numpy as np  # noqa: E402
from context_cases import Case, Clone, Scores, State, clone_of, load  # noqa: E402
from learn_context_fit import Known, Place  # noqa: E402

from signoff.context.engine import READ, Engine  # noqa: E402
from signoff.core.fragments import BUDGET, Query  # noqa: E402

WEIGHTS = ROOT / "server" / "signoff" / "context" / "weights.json"
LEFT_OUT = ROOT / "tests" / "benchmarks" / "context_weights.json"
FILE_STRENGTH, PIECE_STRENGTH = 10.0, 2.0
# Pieces are kept of more files than are read: models differ in which are best.
_KEPT = 3 * READ


def main() -> int:
    """Learns and reports."""
    parser = argparse.ArgumentParser(prog="learn_context.py")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--indexes", type=Path)
    parser.add_argument("--signals", type=Path)
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.signals and asked.signals.is_file():
        raw: list[Raw] = pickle.loads(asked.signals.read_bytes())  # noqa: S301 - our own file
    else:
        raw = gather(load(asked.cases), asked.clones, asked.indexes)
        if asked.signals:
            asked.signals.write_bytes(pickle.dumps(raw))
    learner = Learner(raw)
    print(report("all signals", learner.scores()))
    if asked.ablate:
        ablate(learner)
    if asked.write:
        write(learner, asked.cases.name)
    return 0


Raw = tuple[Case, dict[str, Any], list[tuple[Place, int, Any]]]


def gather(cases: Sequence[Case], clones: Path, indexes: Path | None) -> list[Raw]:
    """What the product knows of each case, asked of the product itself."""
    found: list[Raw] = []
    for repo in dict.fromkeys(case.repo for case in cases):
        clone = Clone(clone_of(clones, repo))
        for case in cases:
            if case.repo == repo:
                found.append(_asked(clone, case, indexes))
                sys.stderr.write(f"\r{len(found)}/{len(cases)} {case.id} ")
        clone.close()
    sys.stderr.write("\n")
    return found


def _asked(clone: Clone, case: Case, indexes: Path | None) -> Raw:
    folder = indexes / case.id if indexes else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    index, history = State(clone, case.parent).index(folder), clone.history(case.parent)
    answer = Engine(index, lambda: history).answer(Query(case.query), _KEPT)
    index.close()
    pieces = [
        (Place(one.piece.path, one.piece.start_line, one.piece.end_line), one.characters, one.signals)
        for one in answer.pieces
    ]
    return case, dict(answer.signals), pieces


class Learner:
    """Models of files and of pieces, for every choice of repositories to leave out."""

    def __init__(self, raw: Sequence[Raw]) -> None:
        self.file_names = sorted({name for _, files, _ in raw for signals in files.values() for name in signals})
        own = sorted({name for _, _, pieces in raw for _, _, signals in pieces for name in signals})
        self._cases = [fitting.known(*one, self.file_names, own) for one in raw]
        self.piece_names = [*own, *fitting.SHARED]
        self.repos = sorted({one.case.repo for one in self._cases})
        self.use()

    def use(self, without_files: Sequence[str] = (), without_pieces: Sequence[str] = ()) -> None:
        """From now on without these signals."""
        self._files = [at for at, name in enumerate(self.file_names) if name not in without_files]
        self._pieces = [at for at, name in enumerate(self.piece_names) if name not in without_pieces]
        self._file_model = fitting.cached(self._fit_files)
        self._piece_model = fitting.cached(self._fit_pieces)

    def _fit_files(self, without: tuple[str, ...]) -> Any:
        groups = [fitting.file_group(one, self._files) for one in self._cases if one.case.repo not in without]
        return fitting.fit(groups, FILE_STRENGTH)

    def _fit_pieces(self, without: tuple[str, ...]) -> Any:
        """Files are ranked, in the learning too, by weights that were not learned from their repository."""
        groups = [
            fitting.piece_group(one, self._ranked(one, (*without, one.case.repo)), self._pieces)[0]
            for one in self._cases
            if one.case.repo not in without
        ]
        return fitting.fit(groups, PIECE_STRENGTH)

    def _ranked(self, one: Known, without: tuple[str, ...]) -> list[tuple[str, float]]:
        return fitting.ranked(one, self._files, self._file_model(without))[:READ]

    def scores(self) -> list[Scores]:
        """The scores of all cases, each with weights that were not learned from its repository."""
        return [self._score(one) for one in self._cases]

    def _score(self, one: Known) -> Scores:
        files = fitting.ranked(one, self._files, self._file_model((one.case.repo,)))
        group, held = fitting.piece_group(one, files[:READ], self._pieces)
        values = [float(value) for value in group.rows @ self._piece_model((one.case.repo,))]
        return fitting.measured(one, files, held, values, BUDGET)

    def weights(self, without: str = "") -> dict[str, dict[str, float]]:
        """Of files and of pieces, learned from all repositories but one."""
        files = zip(self._files, self._file_model((without,)), strict=True)
        pieces = zip(self._pieces, self._piece_model((without,)), strict=True)
        return {
            "files": {self.file_names[at]: round(float(weight), 4) for at, weight in files},
            "pieces": {self.piece_names[at]: round(float(weight), 4) for at, weight in pieces},
        }


def report(name: str, found: Sequence[Scores]) -> str:
    """The means with their intervals, in one line."""
    parts: list[str] = []
    for at, one in enumerate(fields(Scores)):
        values = [astuple(score)[at] for score in found]
        low, high = fitting.interval(values)
        parts.append(f"{one.name} {np.mean(values):.3f} [{low:.3f}, {high:.3f}]")
    return f"{name:<32} " + "  ".join(parts)


FILE_GROUPS = {
    "words": "body chunks3 rank_body rank_chunks3",
    "words of paths": "path rank_path",
    "names used": "uses uses_code rank_uses rank_uses_code",
    "commits like the goal": "near nearest rank_near rank_nearest",
    "messages about a file": "described rank_described",
    "lately": "lately",
    "busy": "busy",
    "scope": "scope",
    "folder": "folder",
    "test, docs": "test docs",
    "language": "foreign",
    "first guess": "rough rank_rough",
}
# All places in an order together.
FILE_GROUPS["all ranks"] = " ".join(
    name for several in FILE_GROUPS.values() for name in several.split() if name.startswith("rank_")
)
PIECE_GROUPS = {
    "words": "words words_rank",
    "holds": "holds holds_code",
    "defines": "defines defines_code",
    "length": "length",
    "rank of the file": "file_rank file_best file_top",
    "score of the file": "file file_log file_root",
    "pieces of the file": "pieces",
}


def ablate(learner: Learner) -> None:
    """Prints what groups of signals add: the mean loss of scores without them, with its paired interval."""
    base = learner.scores()
    for name, signals in FILE_GROUPS.items():
        learner.use(without_files=signals.split())
        print(difference(f"files: {name}", base, learner.scores()), flush=True)
    for name, signals in PIECE_GROUPS.items():
        learner.use(without_pieces=signals.split())
        print(difference(f"pieces: {name}", base, learner.scores()), flush=True)
    learner.use()


def difference(name: str, base: Sequence[Scores], other: Sequence[Scores]) -> str:
    """What `base` has more than `other`, in hunkR, R@10 and MRR."""
    parts: list[str] = []
    for score in ("hunk_r", "r10", "mrr"):
        values = [getattr(a, score) - getattr(b, score) for a, b in zip(base, other, strict=True)]
        low, high = fitting.interval(values)
        parts.append(f"{score} {np.mean(values):+.4f} [{low:+.4f}, {high:+.4f}]")
    return f"{name:<32} " + "  ".join(parts)


def write(learner: Learner, cases: str) -> None:
    """Learns from all repositories and writes the weights, with the scores of the leave-one-out."""
    found = learner.scores()
    value = {
        "made": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": f"tools/learn_context.py --cases {cases} --clones DIR --write",
        "scores": {
            one.name: round(float(np.mean([astuple(score)[at] for score in found])), 4)
            for at, one in enumerate(fields(Scores))
        },
        **learner.weights(),
    }
    WEIGHTS.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    without = {repo: learner.weights(repo) for repo in learner.repos}
    LEFT_OUT.write_text(json.dumps(without, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
