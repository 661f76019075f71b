"""How good the context of a goal is, on real commits; prints one JSON object.

    ./dev bench context --cases FILE --clones DIR [--indexes DIR]

`--cases` and `--clones` as in `context_cases.py`; `--indexes` keeps the indexes there for the next run. Each case is
answered by the product's engine, with weights that were not learned from its repository where the learner left such
(`context_weights.json`), and with 8,000 tokens. Beside it BM25 over the same index: files by their contents, pieces
by theirs. `find_ms` is what the engine needs once an index is warm, files being read from git objects.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from statistics import mean, median, quantiles
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from context_cases import Case, Clone, Scores, State, clone_of, load, scores

from signoff.context.engine import Engine
from signoff.context.index import Index
from signoff.context.pack import pack
from signoff.context.rank import Weights
from signoff.core.fragments import BUDGET, Fragment, Query

LEFT_OUT = Path(__file__).with_name("context_weights.json")
NAMES = [one.name for one in fields(Scores)]


def main() -> None:
    """Measures all cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--indexes", type=Path)
    asked = parser.parse_args()
    if asked.cases is None or asked.clones is None:
        print(json.dumps({"not_run": "give --cases FILE and --clones DIR"}))
        return
    ours: list[Scores] = []
    plain: list[Scores] = []
    times: list[float] = []
    cases = load(asked.cases)
    left_out: Any = json.loads(LEFT_OUT.read_text("utf-8")) if LEFT_OUT.is_file() else {}
    for repo in dict.fromkeys(case.repo for case in cases):
        clone = Clone(clone_of(asked.clones, repo))
        weights = Weights(**left_out[repo]) if repo in left_out else None
        for case in (case for case in cases if case.repo == repo):
            found, base, seconds = measured(clone, case, weights, asked.indexes)
            ours.append(found)
            plain.append(base)
            times.append(seconds * 1_000)
            sys.stderr.write(f"\r{len(ours)}/{len(cases)} {case.id}   ")
        clone.close()
    sys.stderr.write("\n")
    print(json.dumps(result(cases, ours, plain, times)))


def measured(clone: Clone, case: Case, weights: Weights | None, indexes: Path | None) -> tuple[Scores, Scores, float]:
    """The engine's scores, those of BM25, and the seconds of a warm question."""
    folder = indexes / case.id if indexes else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    index, history = State(clone, case.parent).index(folder), clone.history(case.parent)
    engine = Engine(index, lambda: history, weights)
    engine.find(Query(case.query))
    began = perf_counter()
    found = engine.find(Query(case.query, BUDGET))
    seconds = perf_counter() - began
    mine = scores(case, [one.path for one in found.files], found.fragments)
    base = bm25(index, case)
    index.close()
    return mine, base, seconds


def bm25(index: Index, case: Case) -> Scores:
    """Files by the BM25 of their contents; pieces by theirs, best first, into the same budget."""
    found = index.files(case.query, 50)
    files = sorted(found, key=lambda path: (-found[path].body, path))
    hits = sorted(index.chunks(case.query, 200), key=lambda hit: -hit.body)
    texts = [index.text(hit.path, hit.start_line, hit.end_line) or "" for hit in hits]
    # Values that fall faster than lengths differ: in the order of BM25 alone.
    runs = pack(hits, [len(text) + 1 for text in texts], [-20.0 * at for at in range(len(hits))], BUDGET)
    shown = [hits[at] for run in runs for at in run.pieces]
    return scores(
        case, files, [Fragment("codebase", one.path, one.start_line, one.end_line, 0, 0.0, "", "") for one in shown]
    )


def result(
    cases: Sequence[Case], ours: Sequence[Scores], plain: Sequence[Scores], times: Sequence[float]
) -> dict[str, Any]:
    """Means with 95 % intervals, those of each repository, and what we have more than BM25."""
    repos = dict.fromkeys(case.repo for case in cases)
    both = list(zip(ours, plain, strict=True))
    return {
        "cases": len(cases),
        "signoff": {name: interval([astuple(one)[at] for one in ours]) for at, name in enumerate(NAMES)},
        "bm25": {name: interval([astuple(one)[at] for one in plain]) for at, name in enumerate(NAMES)},
        "more_than_bm25": {
            name: interval([astuple(a)[at] - astuple(b)[at] for a, b in both]) for at, name in enumerate(NAMES)
        },
        "hunk_r_of": {
            repo: round(mean(one.hunk_r for one, case in zip(ours, cases, strict=True) if case.repo == repo), 3)
            for repo in repos
        },
        "find_ms": {"median": round(median(times), 1), "p95": round(quantiles(times, n=20)[-1], 1)}
        if len(times) > 1
        else {},
    }


def interval(values: Sequence[float]) -> list[float]:
    """The mean and its 95 % bootstrap interval; always the same for the same values."""
    source = random.Random(1)
    drawn = sorted(mean(source.choices(values, k=len(values))) for _ in range(1_000))
    return [round(mean(values), 4), round(drawn[25], 4), round(drawn[974], 4)]


if __name__ == "__main__":
    main()
