"""Finds a pending hunk again in a document that changed without our seeing how. In doubt it finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from signoff.core.text import Span, split_lines

How = Literal["exact", "spacing", "drift"]

# Similarities in percent (rapidfuzz's indel ratio); unrelated code of one language reaches 30 to 50 against each other.
# Surroundings at least this alike make a place, as when one side was kept whole and the other replaced.
_CONTEXT: Final = 60
# A better place is not believed while a nearer one has surroundings at least this alike.
_UNRELATED: Final = 35
# Lines at least this alike are taken for changed ones,
_TEXT: Final = 75
# and at least this where the surroundings on both sides are unchanged and occur once.
_BRACKETED: Final = 50

_BLANKS = r"[^\S\r\n]*"
_END = re.compile(r"\r\n|\r|\n")
# So many characters other than white space are not in one spot by accident.
_TELLING: Final = 20
# Lines that occur more often than this say nothing about the place.
_COMMON: Final = 50


@dataclass(frozen=True, slots=True)
class Place(Span):
    """Where a hunk's lines stand now, and how sure that is.

    exact: text[start:end] is the hunk's `before`. spacing: it differs in white space only (a formatter ran).
    drift: similar lines; the caller must merge or ask before it changes them.
    """

    how: How


# A place and how well it fits, in percent.
_Scored = tuple[float, Place]


def locate(text: str, before: str, context_before: str, context_after: str, hint: int) -> Place | None:
    """The place of a hunk's whole lines `before` in `text`; None when there is none, or when two fit equally well.

    `hint` is where they are expected; the contexts are the lines around them (at a file's start or end: empty).
    A pure insertion (an empty `before`) is found by its contexts alone.
    """
    if not before:
        return _insertion(text, context_before, context_after, hint)
    expected = Place(hint, hint + len(before), "exact")
    if hint >= 0 and text.startswith(before, hint) and _believable(text, expected, context_before, context_after):
        return expected
    for places in (_exact(text, before), _spaced(text, before)):
        scored = [(_fit(text, place, context_before, context_after), place) for place in places]
        if any(fit >= _CONTEXT for fit, _ in scored):
            return _best([item for item in scored if item[0] >= _UNRELATED], hint)
    if not before.strip():
        return None
    return _bracketed(text, before, context_before, context_after) or _best(
        _drifted(text, before, context_before, context_after), hint
    )


def _believable(text: str, place: Place, context_before: str, context_after: str) -> bool:
    """A blank line or a bracket stands anywhere: it needs its surroundings, even where it was expected."""
    telling = len(_squeezed(text[place.start : place.end])) >= _TELLING
    return telling or _fit(text, place, context_before, context_after) >= _CONTEXT


def _insertion(text: str, context_before: str, context_after: str, hint: int) -> Place | None:
    left = {found.end for found in _exact(text, context_before)} if context_before else {0}
    right = {found.start for found in _exact(text, context_after)} if context_after else {len(text)}
    both = left & right
    nearest = min(left | right, key=lambda at: abs(at - hint), default=-1)
    if hint in both or (len(both) == 1 and (nearest in both or len(left) == len(right) == 1)):
        at = hint if hint in both else both.pop()
        return Place(at, at, "exact")
    if both or not (context_before or context_after):
        return None
    # One side changed: the other one is trusted when it occurs once. Something new between both goes below.
    sure = [min(side) for side in (left, right) if len(side) == 1]
    if not sure or sure != sorted(sure):
        return None
    place = Place(sure[0], sure[0], "drift")
    return place if _fit(text, place, context_before, context_after) >= _CONTEXT else None


def _best(scored: Sequence[_Scored], hint: int) -> Place | None:
    """The place that fits best, if it is also the nearest; one that overlaps it is the same place seen worse.

    Of two alike, the surroundings of the right one may have changed: so the better one is not believed from afar.
    """
    ranked = sorted(scored, key=lambda item: -item[0])
    if not ranked:
        return None
    score, best = ranked[0]
    for other, place in ranked[1:]:
        apart = place.end <= best.start or best.end <= place.start
        nearer = abs(best.start - hint) < abs(place.start - hint)
        if apart and (other == score or not nearer):
            return None
    return best


def _exact(text: str, before: str) -> Iterator[Place]:
    start = text.find(before)
    while start >= 0:
        end = start + len(before)
        whole = before[-1] in "\r\n" or text[end : end + 1] in ("", "\r", "\n")
        if whole and (start == 0 or text[start - 1] in "\r\n\ufeff"):
            yield Place(start, end, "exact")
        start = text.find(before, start + 1)


def _spaced(text: str, before: str) -> Iterator[Place]:
    """Places that equal `before` once all white space is taken out of both."""
    kept = [n for n, char in enumerate(text) if not char.isspace()]
    squeezed, wanted = _squeezed(text), _squeezed(before)
    at = squeezed.find(wanted) if wanted else -1
    while at >= 0:
        place = _whole_lines(text, kept[at], kept[at + len(wanted) - 1] + 1, before)
        if place:
            yield place
        at = squeezed.find(wanted, at + 1)


def _whole_lines(text: str, start: int, end: int, before: str) -> Place | None:
    """[start, end) grown to whole lines, with as many blank lines around as `before` has; None inside a line."""
    begin = _line_start(text, start)
    above = len(_END.findall(before[: len(before) - len(before.lstrip())]))
    while above and begin and not text[(previous := _line_start(text, begin - 1)) : begin].strip():
        begin, above = previous, above - 1
    below = len(_END.findall(before[len(before.rstrip()) :]))
    blanks = rf"(?:{_BLANKS}(?:\r\n|\r|\n)){{1,{below}}}|{_BLANKS}" if below else _BLANKS
    tail = re.compile(blanks).match(text, end)
    finish = tail.end() if tail else end
    ends_line = finish == len(text) or text[finish] in "\r\n" or text[finish - 1] in "\r\n"
    return None if text[begin:start].strip() or not ends_line else Place(begin, finish, "spacing")


def _line_start(text: str, position: int) -> int:
    r"""The start of the line that holds `position`; a position between \r and \n belongs to the line they end."""
    if text[position - 1 : position + 1] == "\r\n":
        position -= 1
    start = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1
    return 1 if not start and text.startswith("\ufeff") else start


def _fit(text: str, place: Span, context_before: str, context_after: str) -> float:
    """How like the surroundings are to what they were, apart from white space; 100 when nothing is known of them."""
    from rapidfuzz import fuzz  # imported here: it costs 40 ms, and most hunks stay where they are expected

    # Twice the length and a little leaves room for new indentation.
    near = text[max(0, place.start - 2 * len(context_before) - 80) : place.start]
    far = text[place.end : place.end + 2 * len(context_after) + 80]
    above, below = len(split_lines(context_before)), len(split_lines(context_after))
    here = "".join([*split_lines(near)[-above or len(near) :], *split_lines(far)[:below]])
    return fuzz.ratio(_squeezed(context_before + context_after), _squeezed(here))


def _bracketed(text: str, before: str, context_before: str, context_after: str) -> Place | None:
    """What stands between the unchanged surroundings, when each of them occurs once and it is still similar."""
    from rapidfuzz import fuzz

    left = [found.end for found in _exact(text, context_before)] if context_before else [0]
    right = [found.start for found in _exact(text, context_after)] if context_after else [len(text)]
    if len(left) != 1 or len(right) != 1 or left[0] >= right[0]:
        return None
    between = text[left[0] : right[0]]
    like = len(between) <= 4 * len(before) and fuzz.ratio(before, between) >= _BRACKETED
    return Place(left[0], right[0], "drift") if like else None


def _drifted(text: str, before: str, context_before: str, context_after: str) -> list[_Scored]:
    from rapidfuzz import fuzz

    lines = split_lines(text)
    starts = [0, *accumulate(map(len, lines))]
    scored: list[_Scored] = []
    if len(_squeezed(before)) < _TELLING:
        return scored
    for first, last in _windows(lines, split_lines(before)):
        place = Place(starts[first], starts[last], "drift")
        like = fuzz.ratio(before, text[place.start : place.end], score_cutoff=_TEXT)
        if like and (fit := _fit(text, place, context_before, context_after)) >= _CONTEXT:
            scored.append(((like + fit) / 2, place))
    return scored


def _windows(lines: Sequence[str], wanted: Sequence[str]) -> set[tuple[int, int]]:
    """Ranges of lines to compare: about as many as wanted, at every line when they are few, else where one recurs."""
    size = len(wanted)
    if size < 4:
        firsts = set(range(len(lines)))
    else:
        at: dict[str, list[int]] = {}
        for n, line in enumerate(lines):
            at.setdefault(line.strip(), []).append(n)
        telling = [(n, at.get(line.strip(), [])) for n, line in enumerate(wanted) if len(line.strip()) > 2]
        firsts = {found - n for n, places in telling if len(places) <= _COMMON for found in places}
    return {
        (first, first + length)
        for first in firsts
        for length in (size - 1, size, size + 1)
        if first >= 0 and length > 0 and first + length <= len(lines)
    }


def _squeezed(text: str) -> str:
    return "".join(text.split())
