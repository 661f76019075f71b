"""What a goal says beside its words: its first line, names of code, and the part of the code that it begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from signoff.context.terms import terms

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_CODE = re.compile(r"[a-z0-9][A-Z]|[A-Za-z0-9]_+[A-Za-z0-9]|^__")
# "fix(reactivity): ...", "go/analysis: ...", "cmd/gopls, internal/lsp: ..."
_SCOPE = re.compile(r"\s*(?:\[[^\]\n]*\]\s*)?([\w./,{}\- ]{2,60}?)(?:\(([^)\n]+)\))?!?:\s")
# A goal may be a pasted log. What matters of it stands first.
_LONGEST, _LONGEST_LINE = 20_000, 400
_MOST_WORDS = 24
# Words of every goal: as names of code they mean something else.
_PROSE = (
    "about after all also and any are because been before being but can could did does don doesn each for from had "
    " has have how into isn its just like may more most not now one only other our out over same should since some "
    " such than that the their them then there these they this those too two use used uses using very was way well "
    " were what when where which while who why will with would you your"
)
_SAY_NOTHING = frozenset(_PROSE.split())
# Of a goal, the share that is its first line's.
_FIRST = 0.6


@dataclass(frozen=True, slots=True)
class Goal:
    """`subject` is the first line. `words` are distinct, in their order; `code` those that look like names of code.

    `weights` are the terms and how much each one counts, those of the first line most.

    `scopes` are the parts of the codebase that the goal is said to be about, as written.
    """

    text: str
    subject: str
    terms: tuple[str, ...]
    weights: Mapping[str, float]
    subject_terms: frozenset[str]
    all_terms: frozenset[str]
    words: tuple[str, ...]
    code: frozenset[str]
    scopes: tuple[str, ...]


def read_goal(text: str) -> Goal:
    """Reads a goal of any length; of a very long one the beginning."""
    text = text.strip()[:_LONGEST]
    subject = text.split("\n", 1)[0][:_LONGEST_LINE]
    words = tuple(word for word in dict.fromkeys(_WORD.findall(text)) if word.lower() not in _SAY_NOTHING)[:_MOST_WORDS]
    several, first = tuple(terms(text)), frozenset(terms(subject))
    return Goal(
        text,
        subject,
        several,
        {term: 1.0 - _FIRST + _FIRST * (term in first) for term in several},
        first,
        frozenset(several),
        words,
        frozenset(word for word in words if _is_code(word, text)),
        _scopes(subject),
    )


def _is_code(word: str, text: str) -> bool:
    """Whether it is written as code is: `a_b`, `aB`, in quotes, called, or behind a dot."""
    if _CODE.search(word):
        return True
    return any(mark in text for mark in (f"`{word}", f"{word}`", f"{word}(", f".{word}", f'"{word}"', f"'{word}'"))


def _scopes(subject: str) -> tuple[str, ...]:
    found = _SCOPE.match(subject + " ")
    if found is None:
        return ()
    kind, inner = found.group(1).strip(), found.group(2)
    if inner is None and " " in kind and "," not in kind:
        return ()
    parts = re.split(r"[,{}]", inner or kind)
    return tuple(part.strip().strip("./") for part in parts if len(part.strip()) > 1)
