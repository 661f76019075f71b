"""The signals by which files are ranked: numbers about 0 to 1 for each file that may matter. Arithmetic alone.

Scores are divided by the best one of the goal, so that goals and repositories compare.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from signoff.context.features_gather import Evidence, Near
from signoff.context.features_path import foreign, kind, name_fit, scope_fit

# Of all that something speaks for, by scores alone; and of these, by a first guess.
_LIKELY, _CANDIDATES = 200, 100

Scores = dict[str, float]


def file_signals(evidence: Evidence, also: Iterable[str] = ()) -> dict[str, dict[str, float]]:
    """The signals of the best `_CANDIDATES` files that the evidence speaks of, and of `also`. What is absent is 0."""
    found = {name: _scaled(scores) for name, scores in (_words(evidence) | _commits(evidence)).items()}
    found |= {name: _scaled(scores) for name, scores in _names(evidence).items()}
    lexical = _lexical(found)
    # The best three say the same, and more.
    del found["chunk"]
    facts = {
        path: _facts(path, evidence) for path in nlargest(_LIKELY, lexical, key=lambda path: (lexical[path], path))
    }
    rough = {path: _rough(path, lexical[path], each, evidence) for path, each in facts.items()}
    kept = nlargest(_CANDIDATES, rough, key=lambda path: (rough[path], path))
    kept += [path for path in dict.fromkeys(also) if path not in set(kept)]
    found["rough"] = _scaled(rough)
    found["folder"] = _scaled(_folders(rough, kept))
    found |= {f"rank_{name}": _ranks(found[name], kept) for name in _RANKED}
    each = {path: facts.get(path) or _facts(path, evidence) for path in kept}
    for name, scores in found.items():
        for path in each.keys() & scores.keys():
            each[path][name] = scores[path]
    return each


# ------------------------------------------------------------------------------------------------------ evidence


def _words(evidence: Evidence) -> dict[str, Scores]:
    return {
        "body": {path: one.body for path, one in evidence.files.items() if one.body},
        "path": {path: one.path for path, one in evidence.files.items() if one.path},
        "chunk": {path: scores[0] for path, scores in evidence.chunks.items()},
        "chunks3": {path: sum(scores[:3]) for path, scores in evidence.chunks.items()},
    }


def _commits(evidence: Evidence) -> dict[str, Scores]:
    found = {"near": _shared(evidence.near), "described": dict(evidence.described)}
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
    uses: Scores = {}
    code: Scores = {}
    for name in evidence.named:
        for path in name.used:
            uses[path] = uses.get(path, 0.0) + name.rare
            if name.code:
                code[path] = code.get(path, 0.0) + name.rare
    return {"uses": uses, "uses_code": code}


# By hand, and only to choose candidates and neighbours; the ranking itself is learned.
_ROUGH = {"body": 1.0, "chunk": 0.6, "near": 1.0, "path": 0.5, "uses": 0.5, "described": 0.3}


def _lexical(found: Mapping[str, Scores]) -> Scores:
    score: Scores = {}
    for name, weight in _ROUGH.items():
        for path, value in found[name].items():
            score[path] = score.get(path, 0.0) + weight * value
    return score


def _rough(path: str, lexical: float, facts: Mapping[str, float], evidence: Evidence) -> float:
    """A first guess."""
    score = lexical + 0.3 * facts["scope"] + 0.4 * name_fit(path, evidence.goal) + 0.1 * facts["lately"]
    score *= 1 - 0.8 * min(1.5 * facts["foreign"], 1.0)
    return score * (0.4 if facts["test"] else 1.0) * (0.5 if facts["docs"] or kind(path).generated else 1.0)


def _facts(path: str, evidence: Evidence) -> dict[str, float]:
    goal, known = evidence.goal, kind(path)
    return {
        "scope": scope_fit(path, goal),
        "lately": evidence.history.recency(path),
        "busy": evidence.history.busy(path),
        "test": float(known.test),
        "docs": float(known.docs),
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
_RANKED = ("body", "chunks3", "path", "uses", "uses_code", "near", "nearest", "described", "rough")


def _ranks(scores: Scores, kept: Iterable[str]) -> Scores:
    """1 for the best of the candidates, 1/2 for the sixth."""
    order = sorted((path for path in kept if path in scores), key=lambda path: (-scores[path], path))
    return {path: 1 / (1 + place / 5) for place, path in enumerate(order)}


def _scaled(scores: Mapping[str, float]) -> Scores:
    most = max(scores.values(), default=0.0)
    return {path: score / most for path, score in scores.items()} if most > 0 else {}
