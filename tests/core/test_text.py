"""The laws of edits: apply, minimise, rebase; and of differences by lines."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.diff import changed_blocks, changes, line_counts, unified
from signoff.core.text import Edit, apply, digest, minimise, rebase, split_lines

texts = st.text("ab\n\r\x0c\u2028é😀\ud800", max_size=24)
# Few different lines, so that equal ones turn up everywhere.
documents = st.lists(st.sampled_from(["", "a", "b", "c", "  a"]), max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> tuple[Edit, ...]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8).filter(lambda cuts: len(cuts) % 2 == 0)))
    return tuple(Edit(start, end, draw(texts)) for start, end in zip(cuts[::2], cuts[1::2], strict=True))


@st.composite
def text_and_edits(draw: st.DrawFn, sets: int) -> tuple[str, list[tuple[Edit, ...]]]:
    text = draw(texts)
    return text, [draw(edits_of(text)) for _ in range(sets)]


@pytest.mark.parametrize(
    "edits", [[Edit(2, 3, ""), Edit(1, 1, "")], [Edit(0, 2, ""), Edit(1, 3, "")], [Edit(3, 5, "x")], [Edit(2, 1, "x")]]
)
def test_edits_out_of_order_overlapping_or_outside_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"out of order, overlaps, or leaves 0\.\.4"):
        apply("text", edits)


def test_touching_edits_and_insertions_at_one_place_keep_their_order() -> None:
    assert apply("abcd", [Edit(1, 1, "1"), Edit(1, 1, "2"), Edit(1, 2, "3"), Edit(2, 4, "")]) == "a123"


@given(text_and_edits(1))
def test_minimise_keeps_the_meaning_and_never_grows(case: tuple[str, list[tuple[Edit, ...]]]) -> None:
    text, [edits] = case
    for edit in edits:
        small = minimise(text, edit)
        assert apply(text, [small]) == apply(text, [edit])
        assert edit.start <= small.start <= small.end <= edit.end
        old = text[small.start : small.end]
        assert not (old and small.text) or (old[0] != small.text[0] and old[-1] != small.text[-1])


def test_a_neighbour_reported_with_an_insertion_is_trimmed_away() -> None:
    assert minimise("one\ntwo\n", Edit(0, 4, "one\nnew\n")) == Edit(4, 4, "new\n")
    assert minimise("aaa", Edit(0, 3, "aa")) == Edit(2, 3, "")


@given(text_and_edits(2))
def test_the_rebase_diamond_commutes(case: tuple[str, list[tuple[Edit, ...]]]) -> None:
    text, [left, right] = case
    for a in left:
        for b in right:
            b_after_a, a_after_b = rebase(b, a), rebase(a, b)
            assert (b_after_a is None) == (a_after_b is None)
            if b_after_a and a_after_b:
                assert apply(apply(text, [a]), [b_after_a]) == apply(apply(text, [b]), [a_after_b])


@pytest.mark.parametrize(
    ("edit", "over", "expected"),
    [
        (Edit(5, 7, "x"), Edit(0, 2, "long"), Edit(7, 9, "x")),
        (Edit(0, 2, "x"), Edit(5, 7, "long"), Edit(0, 2, "x")),
        (Edit(2, 2, "x"), Edit(2, 4, "long"), Edit(2, 2, "x")),
        (Edit(4, 4, "x"), Edit(2, 4, "long"), Edit(6, 6, "x")),
        (Edit(2, 4, "x"), Edit(2, 2, "new"), Edit(5, 7, "x")),
        (Edit(2, 4, "x"), Edit(4, 4, "new"), Edit(2, 4, "x")),
        (Edit(2, 4, "x"), Edit(3, 3, "new"), None),
        (Edit(3, 3, "x"), Edit(2, 4, ""), None),
        (Edit(2, 4, "x"), Edit(2, 4, "x"), None),
        (Edit(2, 4, "x"), Edit(3, 5, "y"), None),
    ],
)
def test_rebase_moves_or_refuses(edit: Edit, over: Edit, expected: Edit | None) -> None:
    assert rebase(edit, over) == expected


def test_of_two_insertions_at_one_place_the_text_decides() -> None:
    a, b = Edit(3, 3, "a"), Edit(3, 3, "b")
    assert (rebase(a, b), rebase(b, a)) == (a, Edit(4, 4, "b"))


@given(texts)
def test_lines_end_at_cr_lf_and_crlf_only_and_join_back(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(line and not set(line.rstrip("\r\n")) & {"\r", "\n"} for line in lines)


def test_form_feeds_and_line_separators_stay_inside_a_line() -> None:
    assert split_lines("a\x0cb\u2028c\r\n\rd\n\n\x85") == ["a\x0cb\u2028c\r\n", "\r", "d\n", "\n", "\x85"]


def test_digest_is_of_utf_8_and_accepts_a_lone_surrogate() -> None:
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest("é") != digest("e\u0301")
    assert len(digest("\ud800")) == 64


@given(documents, documents)
def test_changes_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    edits = changes(before, after)
    assert apply(before, edits) == after
    assert all(one.end < two.start for one, two in pairwise(edits))


@given(documents, documents)
def test_line_counts_are_those_of_the_unified_diff(before: str, after: str) -> None:
    shown = unified(before, after, "f").splitlines()[2:]
    plus, minus = line_counts(before, after)
    assert plus == sum(line.startswith("+") for line in shown)
    assert minus == sum(line.startswith("-") for line in shown)
    assert (shown == []) == (before == after)


def test_a_hunk_is_a_maximal_run_of_changed_lines() -> None:
    assert changes("a\nb\nc\nd\ne", "a\nB\nC\nd\nE\n") == (Edit(2, 6, "B\nC\n"), Edit(8, 9, "E\n"))


def test_a_changed_line_ending_is_a_changed_line() -> None:
    assert changes("a\nb\r\n", "a\r\nb\r\n") == (Edit(0, 2, "a\r\n"),)


def test_common_lines_do_not_hide_small_changes_of_a_huge_text() -> None:
    old = [line for n in range(2_000) for line in (f"line {n}\n", "\n")]
    new = [*old[:10], "new\n", *old[10:3_000], *old[3_001:], "end\n"]
    new[0] = "first\n"
    edits = changes("".join(old), "".join(new))
    assert [edit.text for edit in edits] == ["first\n", "new\n", "", "end\n"]


def test_lines_that_moved_in_a_huge_text_do_not_cross() -> None:
    blank = ["\n"] * 700
    old = [*blank, "one\n", *blank, "two\n", "three\n", *blank]
    new = ["x\n", *blank, "two\n", *blank, "one\n", "three\n", *blank, "end\n"]
    assert apply("".join(old), changes("".join(old), "".join(new))) == "".join(new)


def test_a_huge_text_of_equal_lines_becomes_one_edit() -> None:
    old, new = ["x"] * 1_000, ["y", *["x"] * 999, "y", "z"] * 2
    assert list(changed_blocks([*old, "end"], [*new, "end"])) == [(0, 1_000, 0, 2_004)]


def test_unified_shows_context_ranges_and_the_missing_final_newline() -> None:
    before = "".join(f"{n}\n" for n in range(1, 21))
    after = before.replace("4\n", "four\n", 1).replace("18\n", "").removesuffix("\n")
    assert unified(before, after, "a.txt") == (
        "--- a/a.txt\n+++ b/a.txt\n"
        "@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n"
        "@@ -15,6 +15,5 @@\n 15\n 16\n 17\n-18\n 19\n-20\n+20\n\\ No newline at end of file\n"
    )


def test_unified_names_a_file_that_is_not_there_or_moves() -> None:
    assert unified(None, "a\n", "n") == "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n"
    assert unified("a\nb\n", None, "n") == "--- a/n\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
    assert unified("a\n", "a\n", "n", "m") == "--- a/n\n+++ b/m\n"
    assert unified("a\n", "a\n", "n", "n") == unified("a\n", "a\n", "n") == ""


def test_unified_shows_carriage_returns_only_where_the_two_sides_differ_in_them() -> None:
    assert unified("a\r\nb\r\n", "a\r\nc\r\n", "f", context=0).endswith("@@ -2 +2 @@\n-b\n+c\n")
    assert unified("a\r\n", "a\n", "f").endswith("-a␍\n+a\n")
