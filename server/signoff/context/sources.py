"""What each source has to say for a goal, as fragments, best first; the codebase's own come from the engine. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from signoff.context.changes import Change
from signoff.context.shares import tokens
from signoff.core.fragments import SOURCES, Fragment, Source
from signoff.core.model import Focus
from signoff.core.notes import FailureNote, Remembered, TimingNote
from signoff.core.session import Finding

MOST_FINDINGS = 60
MOST_NOTES = 8
"""Failures, timings and earlier sessions that are told of at most."""
MOST_NAMES = 30
LONGEST_SELECTION = 6_000
LONGEST_NOTE = 1_200
"""Characters."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_A-Za-z]+")
_SHORTEST = 3
_COMMON = frozenset(
    {"and", "are", "but", "can", "does", "for", "from", "has", "have", "into", "not", "only", "should", "that", "the"}
    | {"then", "this", "was", "when", "with"}
)
_GRAVE = ("error", "warning", "information", "hint")


@dataclass(frozen=True, slots=True)
class Text:
    """A whole file."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of a workspace for one goal; what is not known is empty.

    `open` and `viewed` are paths, the most recent first. `findings` are what others say about files, with the path.
    `rules` are the user's instructions in the workspace, the nearest last; `lessons` what rejections taught, kept in
    the file `lessons_at`. `removed`: what is said of names that files defined, and others still use.
    """

    goal: str = ""
    open: Sequence[str] = ()
    viewed: Sequence[str] = ()
    selected: Focus | None = None
    findings: Sequence[tuple[str, Finding]] = ()
    changes: Sequence[Change] = ()
    commits: str = ""
    rules: Sequence[Text] = ()
    lessons: Sequence[str] = ()
    lessons_at: str = ""
    failures: Sequence[FailureNote] = ()
    timings: Sequence[TimingNote] = ()
    remembered: Sequence[Remembered] = ()
    removed: Sequence[Change] = ()


def offers(known: Material, wanted: Iterable[Source] = SOURCES) -> list[Fragment]:
    """What the sources in `wanted` have to say, all but the codebase, best first within each."""
    on = set(wanted)
    made = (*_preferences(known), *_memory(known), *_failures(known), *_timings(known))
    made = (*made, *_buffers(known), *_diagnostics(known), *_changes(known))
    return [each for each in made if each.source in on]


def _fragment(
    source: Source, path: str, why: str, text: str, score: float, lines: tuple[int, int] = (0, 0)
) -> Fragment:
    text = text.rstrip("\n")
    return Fragment(source, path, *lines, tokens(text), round(score, 4), why, text)


def _preferences(known: Material) -> Iterator[Fragment]:
    for number, rule in enumerate(known.rules):
        last = rule.text.rstrip("\n").count("\n") + 1
        why = "instructions of this workspace" + (", nearest wins" if len(known.rules) > 1 else "")
        yield _fragment("user preferences", rule.path, why, rule.text, 1 + number, (1, last))
    if known.lessons:
        text = "\n".join(f"- {one}" for one in known.lessons)
        yield _fragment("user preferences", "", f"learned from your rejections; edit {known.lessons_at}", text, 0.5)


def _memory(known: Material) -> Iterator[Fragment]:
    """Earlier sessions about something alike, and the latest one."""
    wanted = words(known.goal)
    scored = [(_alike(wanted, f"{one.goal} {one.summary} {' '.join(one.files)}"), one) for one in known.remembered]
    latest = max(known.remembered, key=lambda one: one.at, default=None)
    chosen = [pair for pair in scored if pair[0] > 0 or pair[1] is latest]
    for score, one in sorted(chosen, key=lambda pair: (-pair[0], -pair[1].at))[:MOST_NOTES]:
        lines = [f"{_day(one.at)}: {_short(one.goal)}"]
        lines += [f"Plan: {_short(one.plan)}"] if one.plan else []
        lines += [f"Changed: {', '.join(one.files[:MOST_NAMES])}"] if one.files else []
        lines += [f"Outcome: {_short(one.summary)}"] if one.summary else []
        why = f"session {one.session}" + (", about something alike" if score else ", the latest")
        yield _fragment("memory", "", why, "\n".join(lines), score)


def _failures(known: Material) -> Iterator[Fragment]:
    wanted = words(known.goal)
    scored = [(_alike(wanted, f"{one.where} {one.text} {one.fixed}"), one) for one in known.failures]
    chosen = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], -pair[1].at))
    for score, one in chosen[:MOST_NOTES]:
        fixed = f"\nFixed by: {_short(one.fixed)}" if one.fixed else ""
        times = f"failed {one.count} times" if one.count > 1 else "failed once"
        text = f"{one.where}: {one.text[:LONGEST_NOTE]}{fixed}"
        yield _fragment("error history", "", f"{_short(one.where, 80)} {times}, {_day(one.at)}", text, score)


def _timings(known: Material) -> Iterator[Fragment]:
    chosen = [one for one in sorted(known.timings, key=lambda one: -one.at) if one.seconds][:MOST_NOTES]
    for one in chosen:
        middle = sorted(one.seconds)[len(one.seconds) // 2]
        text = f"{one.name}: {middle:.1f} s (median of {len(one.seconds)}), latest {one.seconds[-1]:.1f} s"
        yield _fragment("performance data", "", "measured here", text, one.at)


def _buffers(known: Material) -> Iterator[Fragment]:
    here = known.selected
    if here:
        text = here.text[:LONGEST_SELECTION]
        last = here.start_line + text.rstrip("\n").count("\n")
        yield _fragment("buffers", here.path, "where the task starts", text, 1, (here.start_line, last))
    if known.open:
        yield _fragment("buffers", "", "open in the editor", _names(known.open), 0.5)
    viewed = [path for path in known.viewed if path not in set(known.open)]
    if viewed:
        yield _fragment("buffers", "", "viewed lately", _names(viewed), 0.2)


def _diagnostics(known: Material) -> Iterator[Fragment]:
    for gone in known.removed:
        yield _fragment("diagnostics", gone.path, gone.why, gone.text, 1.0)
    graded = sorted(known.findings, key=lambda pair: _GRAVE.index(pair[1].severity))
    for path, one in graded[:MOST_FINDINGS]:
        line = one.place.start_line + 1 if one.place else 0
        source = f" [{one.source} {one.code}]".replace(" ]", "]").replace("[ ", "[") if one.source or one.code else ""
        where = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        score = 1 - _GRAVE.index(one.severity) / len(_GRAVE)
        why = f"{one.severity}{source}"
        yield _fragment("diagnostics", path, why, f"{where}{one.severity}: {one.message}{source}", score, (line, line))


def _changes(known: Material) -> Iterator[Fragment]:
    related = set(known.open) | ({known.selected.path} if known.selected else set[str]())
    # A small change of a file that the user has at hand says more than a large one elsewhere.
    for one in sorted(known.changes, key=lambda change: (change.path not in related, len(change.text))):
        yield _fragment("recent changes", one.path, one.why, one.text, 1.0 if one.path in related else 0.5)
    if known.commits:
        yield _fragment("recent changes", "", "commits", known.commits, 0.3)


def words(text: str) -> frozenset[str]:
    """The words of a text and of the names in it, in lower case, without those that say nothing."""
    found = frozenset(word.lower() for word in _WORD.findall(text)) - _COMMON
    # In other scripts one character may be a word.
    return frozenset(word for word in found if len(word) >= _SHORTEST or not word.isascii())


def _alike(wanted: frozenset[str], text: str) -> float:
    """From 0 (no word in common) to 1."""
    found = words(text)
    return len(wanted & found) / (len(wanted) * len(found)) ** 0.5 if wanted and found else 0.0


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_NAMES} more" if len(paths) > MOST_NAMES else ""
    return ", ".join(paths[:MOST_NAMES]) + more


def _short(text: str, limit: int = LONGEST_NOTE) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
