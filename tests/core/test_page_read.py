"""The session document says what the session is, whatever others wrote into it, and can be read back as edited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.test_page_text import LIVE, tokens
from signoff.core.hunks import Hunk
from signoff.core.page import SECTIONS, render
from signoff.core.page_hunks import after_of, diff_of, shown, unedited
from signoff.core.page_read import read, step_lines, steps
from signoff.core.plan import Plan, Step
from signoff.core.state import State
from support.page_states import FILE_TEXT, SESSION, hunks, line_of, plans, states


@given(states())
def test_a_page_is_read_back_as_it_was_rendered(state: State) -> None:
    text = render(state, line_of).text
    page = read(text)
    assert "".join(part.text for part in page.parts) == text
    assert page.words == ""
    if state.plan:
        assert steps(page, state.plan) == state.plan.steps
    keys = [part.key for part in page.parts]
    assert keys[0] == "" and keys[-2:] == ["Conversation", "Reply"]
    assert [key for key in keys if key in SECTIONS] == [key for key in SECTIONS if key in keys]
    assert {key[1:] for key in keys if key.startswith("#")} <= {i.removeprefix(f"{SESSION}.") for i in state.hunks}


@given(states())
def test_nothing_of_others_is_a_heading_a_link_or_html(state: State) -> None:
    text = render(state, line_of).text
    found = tokens(text)
    headings = [token for token in found if token.type == "heading_open"]
    assert len(headings) == sum(line.startswith(("# ", "## ", "### ")) for line in text.split("\n"))
    assert not {token.type for token in found} & (LIVE - {"heading_open"})
    assert not any(character in text for character in "\u202e\u200b\r\u2028\0\x0b")


@given(states(), st.text("abc \n#", min_size=1).filter(str.strip))
def test_writing_under_reply_changes_nothing_else(state: State, words: str) -> None:
    text = render(state, line_of).text
    page, after = read(text), read(text + words)
    assert after.parts[:-1] == page.parts[:-1]
    assert after.words == words.strip()


@given(states(), st.text("## Plan\nReply\n## Hunks\n- [] {#h1.1}`"), st.data())
def test_any_text_can_be_read(state: State, typed: str, data: st.DataObject) -> None:
    text = render(state, line_of).text
    at = data.draw(st.integers(0, len(text)))
    page = read(text[:at] + typed + text[at:])
    assert "".join(part.text for part in page.parts) == text[:at] + typed + text[at:]
    if state.plan:
        ids = [step.id for step in steps(page, state.plan)]
        assert len(ids) == len(set(ids))


# ---------------------------------------------------------------------------------------------------------------- plan

PLAN = Plan(
    f"{SESSION}.p1",
    (
        Step("s1", "Read `a.py`", files=("a.py",)),
        Step("s2", "Change it", after=("s1",)),
        Step("s9", "Test it\nwith care", after=("s1", "s2")),
    ),
    "proposed",
)


def edited(*replacements: tuple[str, str]) -> list[Step]:
    """The plan's steps after the user replaced pieces of the text."""
    text = render(State(SESSION, 1, "g", plan=PLAN), line_of).text
    for old, new in replacements:
        assert old in text, text
        text = text.replace(old, new)
    return list(steps(read(text), PLAN))


def test_a_step_is_reworded_and_keeps_its_id() -> None:
    assert edited(("Change it", r"Change *all* of \[it\](x)")) == [
        PLAN.steps[0],
        replace(PLAN.steps[1], text="Change *all* of [it](x)"),
        PLAN.steps[2],
    ]


@pytest.mark.parametrize("change", [("2. [ ] Change it", "2. [-] Change it"), ("Change it", "~~Change it~~")])
def test_a_step_is_skipped(change: tuple[str, str]) -> None:
    assert edited(change)[1] == replace(PLAN.steps[1], status="skipped")


def test_steps_are_moved_with_their_numbers_or_numbered_anew() -> None:
    lines = "1. [ ] Read `a.py`\n   - files: a.py\n2. [ ] Change it\n   - after: 1\n"
    moved = "2. [ ] Change it\n   - after: 1\n1. [ ] Read `a.py`\n   - files: a.py\n"
    wanted = [PLAN.steps[1], PLAN.steps[0], PLAN.steps[2]]
    assert edited((lines, moved)) == wanted
    anew = "1. [ ] Change it\n   - after: 1\n2. [ ] Read `a.py`\n   - files: a.py\n"
    assert edited((lines, anew)) == wanted


@pytest.mark.parametrize("line", ["- new", "4. [ ] new", "2. new", "new", "* [ ] new"])
def test_a_new_line_is_a_new_step(line: str) -> None:
    made = edited(("2. [ ] Change it", f"{line}\n2. [ ] Change it"))
    assert made == [PLAN.steps[0], Step("s3", "new"), *PLAN.steps[1:]]


def test_a_step_that_is_removed_is_nobodys_predecessor() -> None:
    made = edited(("1. [ ] Read `a.py`\n   - files: a.py\n", ""))
    assert made == [replace(PLAN.steps[1], after=()), replace(PLAN.steps[2], after=("s2",))]


def test_files_and_order_are_edited_below_a_step() -> None:
    made = edited(
        ("files: a.py", "files: b.py, `c d.py`"), ("after: 1, 2", "after: 2"), ("it\n   - after: 1\n", "it\n")
    )
    assert made == [
        replace(PLAN.steps[0], files=("b.py", "c d.py")),
        replace(PLAN.steps[1], after=()),
        replace(PLAN.steps[2], after=("s2",)),
    ]


def test_words_below_a_step_belong_to_it() -> None:
    assert edited(("   - after: 1\n", "   - after: 1\n   but not b.py\n"))[1].text == "Change it\nbut not b.py"


@given(plans(), st.data())
def test_moved_lines_are_the_same_steps(plan: Plan, data: st.DataObject) -> None:
    page = read(render(State(SESSION, 1, "g", plan=plan), line_of).text)
    part = page.part("Plan")
    assert part is not None
    lines = part.text.split("\n")
    found = step_lines(part)
    order = data.draw(st.permutations(range(len(found))))
    body = [line for n in order for line in lines[found[n].start - part.start : found[n].end - part.start]]
    moved = read("# x\n## Plan\n" + "\n".join(body) + "\n")
    assert sorted(steps(moved, plan), key=lambda s: s.id) == sorted(plan.steps, key=lambda s: s.id)


# --------------------------------------------------------------------------------------------------------------- hunks


def block_of(hunk: Hunk) -> str:
    page = read(render(State(SESSION, 1, "g", hunks={hunk.id: hunk}), line_of).text)
    part = page.part("#h1")
    return part.text if part else ""


@given(hunks(1))
def test_a_diff_is_read_back_as_the_hunk(hunk: Hunk) -> None:
    hunk = replace(hunk, status="pending", note="")
    assert unedited(block_of(hunk), hunk)
    assert after_of(block_of(hunk), hunk) == (hunk.after if shown(hunk).whole else None)


HUNK = Hunk(f"{SESSION}.h1", 1, "r", "file:///w/a.py", "update", 0, "one\r\ntwo  \r\n", "1\r\n\u200b2\r\n3")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("+1\n", "+uno\n+due\n", "uno\r\ndue\r\n\u200b2\r\n3"),
        ("+1\n", "", "\u200b2\r\n3"),
        ("+3\n\\ No newline at end of file\n", "+3\n+4\n", "1\r\n\u200b2\r\n3\r\n4\r\n"),
        ("+3\n", "+drei\n", "1\r\n\u200b2\r\ndrei"),
        ("-two  ", "-two", "1\r\n\u200b2\r\n3"),
        ("+<U+200B>2", "+<U+200B>2!", None),
        ("-one", "-other", None),
        ("-one\n", "", None),
        ("+1\n", "!1\n", None),
    ],
)
def test_the_diff_can_be_edited(old: str, new: str, wanted: str | None) -> None:
    block = block_of(HUNK)
    assert old in block
    assert after_of(block.replace(old, new), HUNK) == wanted
    assert unedited(block.replace(old, new), HUNK) == (wanted == HUNK.after)


def test_a_long_diff_is_cut_and_says_so() -> None:
    hunk = replace(HUNK, after="x\n" * 1_000)
    assert "802 more lines" in block_of(hunk)
    assert after_of(block_of(hunk), hunk) is None and unedited(block_of(hunk), hunk)


@given(FILE_TEXT)
def test_fences_in_a_diff_do_not_end_it(text: str) -> None:
    hunk = replace(HUNK, after="```\n````diff\n" + text)
    assert diff_of(block_of(hunk)) == shown(hunk).text.split("\n")
