"""Changes of a text explained by hunks that went out of it or came into it."""

from __future__ import annotations

import pytest

from signoff.core.switches import Side, by_lines, in_lines, reach, switched
from signoff.core.text import Edit, apply, minimise

TEXT = "one\nTWO\nthree\nFOUR\nfive\n"
TWO, FOUR = Side(4, 8, "two\n"), Side(14, 19, "four\n")
NEW = Side(4, 4, "new\n")


@pytest.mark.parametrize(
    ("edit", "sides", "expected"),
    [
        pytest.param(TWO.edit, [TWO, FOUR], [TWO], id="exactly"),
        pytest.param(Edit(0, 24, "one\ntwo\nthree\nFOUR\nfive\n"), [TWO, FOUR], [TWO], id="the whole document"),
        pytest.param(Edit(4, 19, "two\nthree\nfour\n"), [TWO, FOUR], [TWO, FOUR], id="two at once, with lines between"),
        pytest.param(Edit(4, 19, "two\nthree!\nfour\n"), [TWO, FOUR], None, id="and something typed between"),
        pytest.param(Edit(4, 4, "new\n"), [NEW], [NEW], id="an insertion"),
        pytest.param(Edit(4, 4, "new\nnew\n"), [NEW], None, id="an insertion, twice"),
        pytest.param(Edit(0, 0, "x"), [], None, id="no hunk is near"),
        pytest.param(Edit(4, 8, "TWO\n"), [TWO], None, id="nothing changed"),
    ],
)
def test_a_change_is_explained_only_when_the_texts_are_equal(
    edit: Edit, sides: list[Side], expected: list[Side] | None
) -> None:
    assert switched(TEXT, edit, sides) == expected


def test_hunks_that_border_on_one_another_turn_each_by_itself() -> None:
    text = "AB"
    a, b = Side(0, 1, "a"), Side(1, 2, "b")
    assert switched(text, Edit(0, 2, "aB"), [a, b]) == [a]
    assert switched(text, Edit(0, 2, "Ab"), [a, b]) == [b]
    assert switched(text, Edit(0, 2, "ab"), [a, b]) == [a, b]


def test_an_insertion_among_equal_lines_may_have_been_made_at_any_of_them() -> None:
    text = "a\nx\nx\nx\nb\n"
    assert reach(text, Edit(4, 4, "x\n")) == (1, 8)
    assert reach(text, Edit(4, 6, "")) == (1, 8)
    assert reach(text, Edit(4, 6, "y\n")) == (4, 6)
    side = Side(8, 8, "x\n")
    assert switched(text, Edit(2, 2, "x\n"), [side]) == [side]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_edit_that_spans_two_changes_is_two_edits(end: str) -> None:
    before = f"a{end}b{end}c{end}d{end}"
    after = f"A{end}b{end}c{end}D{end}"
    edit = minimise(before, Edit(0, len(before), after))
    parts = by_lines(before, edit)
    assert [part.text for part in parts] == ["D", "A"]
    text = before
    for part in parts:
        text = apply(text, [part])
    assert text == after


def test_a_line_feed_belongs_to_the_carriage_return_before_it() -> None:
    assert in_lines("a\r\nb\r\n", Edit(2, 3, "\n\n")) == Edit(0, 6, "a\r\n\nb\r\n")
    assert in_lines("a\nb", Edit(3, 3, "c")) == Edit(2, 3, "bc")
