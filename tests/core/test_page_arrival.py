"""An edit is recognised however the editor brings it, and only when it is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signoff.core.page_arrival import Arrival
from signoff.core.page_merge import edits
from signoff.core.text import Edit, apply

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d"]), max_size=8).map("".join)


@given(LINES, LINES)
def test_an_edit_is_seen_part_by_part_from_the_end_and_as_one_change(old: str, new: str) -> None:
    parts = edits(old, new)
    whole, by_parts = Arrival(parts), Arrival(parts)
    if parts:
        assert not whole.whole and whole.seen(old, [Edit(0, len(old), new)])
        assert by_parts.seen(old, parts[::-1])
    assert whole.whole and by_parts.whole


@given(LINES, LINES, st.text("xyz", min_size=1), st.data())
def test_an_edit_is_seen_after_typing_that_came_first(old: str, new: str, typed: str, data: st.DataObject) -> None:
    parts, at = edits(old, new), data.draw(st.integers(0, len(old)))
    arrival = Arrival(parts)
    if not parts:
        return
    assert not arrival.seen(old, [Edit(at, at, typed)]) and not arrival.whole
    if not arrival.lost:
        text = apply(old, [Edit(at, at, typed)])
        assert typed in apply(text, arrival.left)
        assert arrival.seen(text, arrival.left[::-1]) and arrival.whole


def test_typing_over_a_part_loses_it() -> None:
    arrival = Arrival([Edit(2, 4, "new")])
    assert not arrival.seen("abcdef", [Edit(1, 5, "")]) and arrival.lost and not arrival.whole
    assert not arrival.seen("af", [Edit(0, 0, "new")])
