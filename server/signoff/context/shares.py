"""The budget of a context: each source has its share, what one does not need goes to the others. Pure.

No line of a file is told twice, and what did not fit is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from signoff.core.fragments import Fragment, Source

SHARES: dict[Source, float] = {
    "user preferences": 0.14,
    "memory": 0.04,
    "error history": 0.04,
    "performance data": 0.01,
    "codebase": 0.50,
    "buffers": 0.10,
    "diagnostics": 0.05,
    "recent changes": 0.12,
}
"""By source in the order in which the model reads them: what changes least comes first, for the prompt caches."""
_CHOOSING: tuple[Source, ...] = ("buffers", "user preferences", "codebase")
"""Sources whose text is lines of files; of two that have the same line, the first keeps it."""
CHARACTERS = 3.5
"""Of one token, in code and English."""
SMALLEST = 40
"""Tokens: less of a longer fragment is not worth a place."""
CUT = "\n[cut]"
MOST_NAMED = 60


@dataclass(frozen=True, slots=True)
class Packed:
    """What fits, in the order in which the model reads it, its size, and the names of what does not."""

    fragments: tuple[Fragment, ...]
    left_out: tuple[str, ...]
    tokens: int


def tokens(text: str) -> int:
    """The size of a text, as everything here is measured."""
    return ceil(len(text) / CHARACTERS)


def room_for_code(others: Iterable[Fragment], budget: int) -> int:
    """How many tokens the codebase gets beside what the other sources have to say."""
    wanted = _demand(others)
    return _allotted({**wanted, "codebase": budget}, budget)["codebase"]


def packed(offered: Iterable[Fragment], budget: int, left_out: Sequence[str] = ()) -> Packed:
    """As much of `offered` as fits, best first within each source. `left_out` are names that are left out already."""
    offers = once(offered)
    allotted = _allotted(_demand(offers), budget)
    kept: list[Fragment] = []
    waiting: list[Fragment] = []
    for source in SHARES:
        room = allotted[source]
        for each in (one for one in offers if one.source == source):
            fits = each if each.tokens <= room else _cut(each, room)
            if fits is None:
                waiting.append(each)
                continue
            kept.append(fits)
            room -= fits.tokens
    kept += _second(waiting, budget - sum(one.tokens for one in kept), left := list(left_out))
    return Packed(_ordered(kept), _named(left), sum(one.tokens for one in kept))


def _second(waiting: Sequence[Fragment], room: int, left: list[str]) -> Iterator[Fragment]:
    """What fits into the room that was left over; the rest is named in `left`."""
    for each in waiting:
        if each.tokens <= room:
            room -= each.tokens
            yield each
        else:
            left.append(name(each))


def _demand(fragments: Iterable[Fragment]) -> dict[Source, int]:
    wanted: dict[Source, int] = {source: 0 for source in SHARES}  # noqa: C420 (its type is wider)
    for each in fragments:
        wanted[each.source] += each.tokens
    return wanted


def _allotted(wanted: Mapping[Source, int], budget: int) -> dict[Source, int]:
    """Tokens by source: never more than wanted; the shares of those that are content go to the others."""
    given: dict[Source, int] = {source: 0 for source in SHARES}  # noqa: C420 (its type is wider)
    hungry: set[Source] = {source for source in SHARES if wanted[source]}
    room = max(budget, 0)
    while hungry and room:
        whole = sum(SHARES[source] for source in hungry)
        content: set[Source] = {s for s in hungry if wanted[s] <= room * SHARES[s] / whole}
        for source in content or hungry:
            given[source] = wanted[source] if content else int(room * SHARES[source] / whole)
        room -= sum(given[source] for source in content) if content else room
        hungry -= content or hungry
    return given


def once(fragments: Iterable[Fragment]) -> list[Fragment]:
    """The fragments without lines of files that another one has, in the order given."""
    offered = list(fragments)
    taken: dict[str, list[tuple[int, int]]] = {}
    parts: dict[int, list[Fragment]] = {}
    for source in _CHOOSING:
        for number, each in enumerate(offered):
            if each.source == source and each.start_line > 0:
                parts[number] = list(_rest(each, taken.setdefault(each.path, [])))
                taken[each.path].append((each.start_line, each.end_line))
    return [part for number, each in enumerate(offered) for part in parts.get(number, [each])]


def _rest(fragment: Fragment, taken: Sequence[tuple[int, int]]) -> Iterator[Fragment]:
    """The parts of the fragment that lie outside of the lines that are taken; blank ones are dropped."""
    start, end = fragment.start_line, fragment.end_line
    touching = sorted(span for span in taken if span[0] <= end and start <= span[1])
    if not touching:
        yield fragment
        return
    lines = fragment.text.split("\n")
    for first, last in [*touching, (end + 1, end + 1)]:
        text = "\n".join(lines[start - fragment.start_line : first - fragment.start_line])
        if start < first and text.strip():
            yield replace(fragment, start_line=start, end_line=first - 1, text=text, tokens=tokens(text))
        start = max(start, last + 1)


def _cut(fragment: Fragment, room: int) -> Fragment | None:
    """The first lines of the fragment, as many as fit; None for code, which is chosen in pieces that make sense."""
    if fragment.source == "codebase" or room < SMALLEST:
        return None
    text = fragment.text[: int((room - tokens(CUT)) * CHARACTERS)].rpartition("\n")[0]
    if not text.strip():
        return None
    last = fragment.start_line + text.count("\n") if fragment.start_line else 0
    return replace(fragment, text=text + CUT, end_line=last, tokens=tokens(text + CUT))


def _ordered(kept: Sequence[Fragment]) -> tuple[Fragment, ...]:
    """By source; code by file, the file with the best fragment first, its lines in order."""
    order = list(SHARES)
    best: dict[str, int] = {}
    for number, each in enumerate(kept):
        if each.source == "codebase":
            best.setdefault(each.path, number)
    numbered = enumerate(kept)
    keyed = sorted(
        numbered,
        key=lambda pair: (
            order.index(pair[1].source),
            *((best[pair[1].path], pair[1].start_line) if pair[1].source == "codebase" else (0, 0)),
            pair[0],
        ),
    )
    return tuple(each for _, each in keyed)


def name(fragment: Fragment) -> str:
    """How a fragment is called in a list."""
    if not fragment.path:
        return f"{fragment.source}: {fragment.why}"
    lines = f":{fragment.start_line}-{fragment.end_line}" if fragment.start_line else ""
    about = "" if fragment.source == "codebase" else f"{fragment.source}: "
    return f"{about}{fragment.path}{lines}"


def _named(left: Sequence[str]) -> tuple[str, ...]:
    names = list(dict.fromkeys(left))
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return (*names[:MOST_NAMED], *more)
