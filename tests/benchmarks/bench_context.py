"""How good the context of a goal is, on real commits; prints one JSON object.

    ./dev bench context --cases FILE --clones DIR [--indexes DIR] [--aider PYTHON] [--aider-cases N]

`--cases` and `--clones` as in `context_cases.py`; `--indexes` keeps the indexes there for the next run. Each case is
answered by the product's engine, with weights that were not learned from its repository where the learner left such
(`context_weights.json`), and with 8,000 tokens. Beside it the plain ways of `context_baselines.py` over the same index
and history, and Aider's repository map where it is installed, on `--aider-cases` evenly spread cases, each with
`--aider-seconds`. Every score is [mean, low, high], with a 95 % bootstrap interval; `more_than` has the differences,
case by case, of ours and each other one. `find_ms` is what the engine needs once an index is warm, files being read
from git objects. Cold start, restart, updates and memory: `./dev bench context_speed --tree DIR`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from statistics import mean, median, quantiles
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from context_aider import HOW, Answered, aider, python_with_aider, spread
from context_baselines import Baselines
from context_cases import Case, Clone, Scores, State, clone_of, load, scores

from signoff.context.engine import Engine
from signoff.context.rank import Weights
from signoff.core.fragments import BUDGET, Query

LEFT_OUT = Path(__file__).with_name("context_weights.json")
NAMES = [one.name for one in fields(Scores)]


@dataclass(frozen=True, slots=True)
class Measured:
    """One case: each system's scores by its name, ours being "signoff", and the seconds of a warm question."""

    case: Case
    systems: Mapping[str, Scores]
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure; `aider_at` are the numbers of the cases that Aider gets."""

    cases: Sequence[Case]
    clones: Path
    indexes: Path | None
    aider: str | None
    aider_at: set[int]
    aider_seconds: float
    weights: Mapping[str, Weights] = field(default_factory=dict[str, Weights])


def main() -> None:
    """Measures all cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--indexes", type=Path)
    parser.add_argument("--aider", metavar="PYTHON")
    parser.add_argument("--aider-cases", type=int, default=24)
    parser.add_argument("--aider-seconds", type=float, default=120.0)
    given = parser.parse_args()
    if given.cases is None or given.clones is None:
        print(json.dumps({"not_run": "give --cases FILE and --clones DIR"}))
        return
    cases = load(given.cases)
    learned: Any = json.loads(LEFT_OUT.read_text("utf-8")) if LEFT_OUT.is_file() else {}
    weights = {repo: Weights(**learned[repo]) for repo in {case.repo for case in cases} & learned.keys()}
    python = python_with_aider(given.aider) if given.aider_cases else None
    places = spread(given.aider_cases, len(cases)) if python else set[int]()
    asked = Asked(cases, given.clones, given.indexes, python, places, given.aider_seconds, weights)
    found, answers = run(asked)
    print(json.dumps(result(found) | {"aider": about_aider(answers, given.aider)}))


def run(asked: Asked) -> tuple[list[Measured], list[Answered]]:
    """All cases, one repository after the other; and what came of asking Aider."""
    found: list[Measured] = []
    answers: list[Answered] = []
    for repo in dict.fromkeys(case.repo for case in asked.cases):
        clone = Clone(clone_of(asked.clones, repo))
        for at, case in enumerate(asked.cases):
            if case.repo != repo:
                continue
            one = measured(clone, case, asked.weights.get(repo), asked.indexes)
            if asked.aider and at in asked.aider_at:
                answers.append(aider(asked.aider, clone, case, asked.aider_seconds))
                if answers[-1].scores:
                    one = Measured(case, {**one.systems, "aider": answers[-1].scores}, one.seconds)
            found.append(one)
            sys.stderr.write(f"\r{len(found)}/{len(asked.cases)} {case.id}   ")
        clone.close()
    sys.stderr.write("\n")
    return found, answers


def measured(clone: Clone, case: Case, weights: Weights | None, indexes: Path | None) -> Measured:
    """The engine's scores, and those of the baselines."""
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
    others = Baselines(index, history, case).all()
    index.close()
    return Measured(case, {"signoff": mine, **others}, seconds)


def result(found: Sequence[Measured]) -> dict[str, Any]:
    """Means with 95 % intervals, and what we have more than each other one on the cases that it answered."""
    systems = list(dict.fromkeys(name for one in found for name in one.systems))
    times = [one.seconds * 1_000 for one in found]
    ours = [(one.case.repo, one.systems["signoff"].hunk_r) for one in found]
    repos = dict.fromkeys(repo for repo, _ in ours)
    return {
        "cases": len(found),
        "systems": {
            name: intervals([one.systems[name] for one in found if name in one.systems], None) for name in systems
        },
        "more_than": {
            name: intervals(
                [one.systems["signoff"] for one in found if name in one.systems],
                [one.systems[name] for one in found if name in one.systems],
            )
            for name in systems[1:]
        },
        "hunk_r_of": {repo: round(mean(score for of, score in ours if of == repo), 3) for repo in repos},
        "find_ms": {"median": round(median(times), 1), "p95": round(quantiles(times, n=20)[-1], 1)}
        if len(times) > 1
        else {},
    }


def about_aider(answers: Sequence[Answered], given: str | None) -> dict[str, Any]:
    """Which Aider it was, how many cases it got and how long they took; or why there is none."""
    if not answers:
        return {"not_run": f"{given} has no Aider; {HOW}" if given else HOW}
    good = [one for one in answers if one.scores]
    return {
        "version": good[0].version if good else "",
        "asked": len(answers),
        "answered": len(good),
        "cold_seconds": [round(one.seconds, 1) for one in good],
        "failures": [one.why for one in answers if not one.scores],
    }


def intervals(ours: Sequence[Scores], others: Sequence[Scores] | None) -> dict[str, list[float]]:
    """Of each score its mean and interval; with others those of the differences."""
    rows = [astuple(one) for one in ours]
    less = [astuple(one) for one in others] if others is not None else [(0.0,) * len(NAMES)] * len(rows)
    return {
        name: interval([row[at] - other[at] for row, other in zip(rows, less, strict=True)])
        for at, name in enumerate(NAMES)
    }


def interval(values: Sequence[float]) -> list[float]:
    """The mean and its 95 % bootstrap interval; always the same for the same values."""
    source = random.Random(1)
    drawn = sorted(mean(source.choices(values, k=len(values))) for _ in range(1_000))
    return [round(mean(values), 4), round(drawn[25], 4), round(drawn[974], 4)]


if __name__ == "__main__":
    main()
