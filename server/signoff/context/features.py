"""The signals by which files are ranked: numbers about 0 to 1 for each file that may matter. Arithmetic alone.

Scores are divided by the best one of the goal, so that goals and repositories compare.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from signoff.context.features_gather import NO_SCORES, Evidence, Near
from signoff.context.features_path import (
    foreign,
    kind,
    name_fit,
    scope_fit,
    subject_of_test,
)

# Of all that have a word of the goal, by words alone; and of these, by a first guess.
_LIKELY, _CANDIDATES = 400, 150
_TOP = 6
# Of a goal's score, the share that is its first line's.
_FIRST = 0.6

Scores = dict[str, float]


def file_signals(evidence: Evidence, also: Iterable[str] = ()) -> dict[str, dict[str, float]]:
    """The signals of the best `_CANDIDATES` files that the evidence speaks of, and of `also`. What is absent is 0."""
    raw = _words(evidence) | _commits(evidence) | _names(evidence)
    found = {name: _scaled(scores) for name, scores in raw.items()}
    candidates = {path for scores in found.values() for path in scores}
    likely = nlargest(_LIKELY, candidates, key=lambda path: (_lexical(path, found), path))
    rough = {path: _rough(path, found, evidence) for path in likely}
    kept = nlargest(_CANDIDATES, likely, key=lambda path: (rough[path], path))
    top = kept[:_TOP]
    kept += [path for path in dict.fromkeys(also) if path not in set(kept)]
    found["rough"] = _scaled(rough)
    found["together"] = _scaled(evidence.history.cochange(top))
    found["folder"] = _scaled(_folders(rough, kept))
    found["pair"] = _pairs(found["body"], kept)
    found |= {f"rank_{name}": _ranks(found[name], kept) for name in _RANKED}
    each = {path: {name: value for name, scores in found.items() if (value := scores.get(path))} for path in kept}
    for path, signals in each.items():
        signals.update(_facts(path, evidence))
    return each


# ------------------------------------------------------------------------------------------------------ evidence


def _words(evidence: Evidence) -> dict[str, Scores]:
    found: dict[str, Scores] = {name: {} for name in ("body", "body1", "path", "path1", "symbols", "symbols1")}
    for path in {**evidence.whole, **evidence.first}:
        all_of, first = evidence.whole.get(path, NO_SCORES), evidence.first.get(path, NO_SCORES)
        for name in ("body", "path", "symbols"):
            one, two = getattr(all_of, name), getattr(first, name)
            if one or two:
                found[name][path] = (1 - _FIRST) * one + _FIRST * two
                found[name + "1"][path] = two
    found["chunk"], found["chunk1"], found["chunks3"] = {}, {}, {}
    for path, hits in evidence.chunks.items():
        first = [sub.body if sub else 0.0 for _, sub in hits]
        both = ((1 - _FIRST) * hit.body + _FIRST * one for (hit, _), one in zip(hits, first, strict=True))
        scores = nlargest(3, both)
        found["chunk"][path] = scores[0]
        found["chunks3"][path] = sum(scores) / 3
        found["chunk1"][path] = max(first)
    return found


def _commits(evidence: Evidence) -> dict[str, Scores]:
    found = {"near": _shared(evidence.near), "near1": _shared(evidence.near_first), "described": {}}
    found["described"] = dict(evidence.described)
    nearest: Scores = {}
    for near in evidence.near:
        for path in near.files:
            nearest[path] = max(nearest.get(path, 0.0), near.score / len(near.files) ** 0.25)
    found["nearest"] = nearest
    return found


def _shared(several: Sequence[Near]) -> Scores:
    found: Scores = {}
    for near in several:
        for path in near.files:
            found[path] = found.get(path, 0.0) + near.score**2 / math.sqrt(len(near.files))
    return found


def _names(evidence: Evidence) -> dict[str, Scores]:
    found: dict[str, Scores] = {name: defaultdict(float) for name in ("uses", "uses_code", "defines", "defines_code")}
    for name in evidence.named:
        share = 1 / math.sqrt(len(name.defined) or 1)
        for path in name.defined:
            found["defines"][path] += share * min(name.rare or 6.0, 6.0) / 6.0
            found["defines_code"][path] += share if name.code else 0.0
        for path in name.used | name.defined:
            found["uses"][path] += name.rare
            found["uses_code"][path] += name.rare if name.code else 0.0
    return {name: {path: score for path, score in scores.items() if score} for name, scores in found.items()}


# By hand, and only to choose candidates and neighbours; the ranking itself is learned.
_ROUGH = {"body": 1.0, "chunk": 0.6, "near": 1.0, "path": 0.5, "symbols": 0.5, "described": 0.3}


def _lexical(path: str, found: Mapping[str, Scores]) -> float:
    score = 0.0
    for name, weight in _ROUGH.items():
        score += weight * found[name].get(path, 0.0)
    return score


def _rough(path: str, found: Mapping[str, Scores], evidence: Evidence) -> float:
    """A first guess."""
    known = kind(path)
    score = _lexical(path, found)
    score += 0.3 * scope_fit(path, evidence.goal) + 0.4 * name_fit(path, evidence.goal)[0]
    score += 0.1 * evidence.history.recency(path)
    score *= 1 - 0.8 * min(1.5 * foreign(path, evidence.shares), 1.0)
    return score * (0.4 if known.test else 1.0) * (0.5 if known.docs or known.generated else 1.0)


def _facts(path: str, evidence: Evidence) -> dict[str, float]:
    goal, known = evidence.goal, kind(path)
    name, name_part, joined = name_fit(path, goal)
    return {
        "scope": scope_fit(path, goal),
        "name": name,
        "name_part": name_part,
        "joined": joined,
        "lately": evidence.history.recency(path),
        "test": float(known.test),
        "docs": float(known.docs),
        "generated": float(known.generated),
        "foreign": foreign(path, evidence.shares),
    }


# ------------------------------------------------------------------------------------------------- around a file


def _folders(rough: Scores, kept: Sequence[str]) -> Scores:
    """For each file how well the three best others of its folder fit."""
    inside: dict[str, list[float]] = defaultdict(list)
    for path, score in rough.items():
        inside[kind(path).folder].append(score)
    best = {folder: nlargest(4, scores) for folder, scores in inside.items()}
    found: Scores = {}
    for path in kept:
        several = list(best.get(kind(path).folder, ()))
        if rough.get(path) in several:
            several.remove(rough[path])
        found[path] = sum(several[:3]) / 3
    return found


# What counts by its place in the order as well: a score may be far ahead, or barely.
_RANKED = (
    *("body", "chunk", "chunks3", "path", "symbols", "uses", "uses_code"),
    *("near", "near1", "nearest", "described", "together", "rough"),
)


def _ranks(scores: Scores, kept: Iterable[str]) -> Scores:
    """1 for the best of the candidates, 1/2 for the sixth."""
    order = sorted((path for path in kept if path in scores), key=lambda path: (-scores[path], path))
    return {path: 1 / (1 + place / 5) for place, path in enumerate(order)}


def _scaled(scores: Mapping[str, float]) -> Scores:
    most = max(scores.values(), default=0.0)
    return {path: score / most for path, score in scores.items()} if most > 0 else {}


def _pairs(body: Scores, kept: Iterable[str]) -> Scores:
    """For each file how well its test fits, by their names."""
    tests: Scores = {}
    for path, score in nlargest(150, body.items(), key=lambda item: item[1]):
        if kind(path).test and (name := subject_of_test(path)):
            tests[name] = max(tests.get(name, 0.0), score)
    named = ((path, kind(path).name) for path in kept if not kind(path).test)
    return {path: tests[name] for path, name in named if name in tests}
