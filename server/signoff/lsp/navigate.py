"""From hunk to hunk: which one comes next after a place, by path and then by position, around the end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from signoff.core import protocol as p
from signoff.core.hunks import OPEN, Hunk
from signoff.core.state import State
from signoff.lsp.windows import show_document

if TYPE_CHECKING:
    from signoff.lsp.desk import Desk

NONE = "No hunk waits."


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a hunk stands: the document, the offset in code points; hunks at the same place are told apart by id."""

    uri: str
    start: int
    hunk: str = ""


def following(spots: Sequence[Spot], at: Spot, forwards: bool) -> Spot | None:
    """The spot after (before) `at` in the order of spots, around the end; None when there is none at all.

    A spot at the same place is passed over, unless `at` names one of several hunks there.
    """
    ordered = sorted(spots)
    if not ordered:
        return None
    if forwards:
        last = at if at.hunk else Spot(at.uri, at.start, chr(0x10FFFF))
        return ordered[bisect_right(ordered, last) % len(ordered)]
    return ordered[bisect_left(ordered, at) - 1]


class Navigator:
    """Takes the user from hunk to hunk, and remembers where they were taken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._last: str | None = None
        """The hunk that was shown last."""

    def go(self, asked: p.HunkFrom, forwards: bool) -> p.HunkPlace | p.Refusal:
        """Shows the next (previous) hunk that waits, after the place that is named, else after the one shown last."""
        found = {hunk.id: (state, hunk) for state, hunk in self._waiting(asked.session)}
        spots = {id: self._spot(state, hunk) for id, (state, hunk) in found.items()}
        spot = following(list(spots.values()), self._from(asked, spots), forwards)
        if spot is None:
            return p.Refusal(NONE)
        self._last = spot.hunk
        return self._shown(*found[spot.hunk])

    def _waiting(self, session: str | None) -> list[tuple[State, Hunk]]:
        states = [state for state in self._desk.manager.live() if not state.archived]
        asked = [state for state in states if session in (None, state.session)]
        return [(state, hunk) for state in asked for hunk in state.hunks.values() if hunk.status in OPEN]

    def _spot(self, state: State, hunk: Hunk) -> Spot:
        start = self._desk.manager.start_of(state, hunk) if hunk.kind == "update" else 0
        return Spot(hunk.uri, start, hunk.id)

    def _from(self, asked: p.HunkFrom, spots: dict[str, Spot]) -> Spot:
        """Where to go on from: the hunk shown last when the user still stands there, else the place that is named."""
        last = spots.get(self._last or "")
        if asked.uri is None:
            return last or Spot("", -1)
        uri = self._desk.normal(asked.uri)
        if asked.position is None:
            return Spot(uri, -1)
        document = self._desk.places.document(uri)
        at = Spot(uri, document.offset_at(asked.position) if document else 0)
        return last if last and (last.uri, last.start) == (at.uri, at.start) else at

    def _shown(self, state: State, hunk: Hunk) -> p.HunkPlace:
        """The cursor goes to the hunk's start. Nothing is selected, so no key can replace what stands there."""
        where = self._desk.places.ranges()(state, hunk)
        at = types.Position(where.start.line, where.start.character)
        uri = self._desk.spelled(hunk.uri)
        show_document(self._desk.server, uri, types.Range(at, at))
        return p.HunkPlace(uri, where, hunk.id, state.session)
