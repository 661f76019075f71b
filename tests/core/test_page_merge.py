"""New renderings go into a text that the user writes in: nothing typed is lost, nothing untouched stays old."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.hunks import Hunk
from signoff.core.page import Rendering, render
from signoff.core.page_merge import edits, merged
from signoff.core.page_read import read, steps
from signoff.core.plan import Plan, Step
from signoff.core.state import Said, State
from signoff.core.text import apply
from support.page_states import SESSION, line_of, states

PLAN = Plan(f"{SESSION}.p1", (Step("s1", "Read it"), Step("s2", "Change it"), Step("s3", "Test it")), "proposed")
HUNK = Hunk(f"{SESSION}.h1", 1, "r", "file:///w/a.py", "update", 0, "one\n", "1\n2\n")
STATE = State(
    SESSION, 1, "Do it", workspace="file:///w", plan=PLAN, hunks={HUNK.id: HUNK}, said=(Said("user", "Do it", 0),)
)


def rendered(state: State) -> Rendering:
    return render(state, line_of)


def said(state: State, words: str) -> State:
    return replace(state, said=(*state.said, Said("user", words, 1)))


@given(states(), states())
def test_an_untouched_text_becomes_the_new_rendering(old: State, new: State) -> None:
    text = rendered(old).text
    assert merged([rendered(old)], text, rendered(new)) == rendered(new).text
    assert merged([], rendered(new).text, rendered(new)) == rendered(new).text


@given(st.lists(states(), min_size=2, max_size=4), st.data())
def test_what_the_user_types_stays_whatever_is_rendered(sessions: list[State], data: st.DataObject) -> None:
    text, old, typed = rendered(sessions[0]).text, rendered(sessions[0]), list[str]()
    for number, state in enumerate(sessions[1:]):
        for n in range(data.draw(st.integers(0, 3))):
            token = f"qz{number}x{n}zq"
            around = data.draw(
                st.sampled_from(["{}", "{}\n", "\n{}\n", " {} ", "## {}\n", "\n- {}", "+{}\n", "\n## Reply\n{}"])
            )
            at = _place(text, data)
            text = text[:at] + around.format(token) + text[at:]
            typed.append(token)
        new = rendered(state)
        wanted = merged([old], text, new)
        assert apply(text, edits(text, wanted)) == wanted
        assert [token for token in typed if token not in wanted] == []
        assert merged([new, old], wanted, new) == wanted, "rendering the same again changes nothing"
        text, old = wanted, new


def _place(text: str, data: st.DataObject) -> int:
    """Anywhere but inside what was typed before: the user may take that apart, and then it is gone."""
    at = data.draw(st.integers(0, len(text)))
    inside = next((m for m in re.finditer(r"qz\d+x\d+zq", text) if m.start() < at < m.end()), None)
    return inside.end() if inside else at


@given(st.lists(states(), min_size=2, max_size=4), st.text("word \n#>-`", min_size=1).filter(str.strip))
def test_the_reply_is_never_touched(sessions: list[State], words: str) -> None:
    text = rendered(sessions[0]).text + words
    reply = read(text).parts[-1].text
    for old, new in pairwise(sessions):
        fresh = replace(new, said=old.said, hunks={})
        text = merged([rendered(replace(old, hunks={}))], text, rendered(fresh))
        assert read(text).parts[-1].text == reply


@pytest.mark.parametrize(
    ("written", "sent", "left"),
    [
        ("Use b.py.", "Use b.py.", ""),
        ("  Use b.py.\n\n", "Use b.py.", ""),
        ("Use b.py.\nAnd c.py", "Use b.py.", "And c.py"),
        ("Yes, but keep the tests", "Yes", "Yes, but keep the tests"),
        ("Yes but keep the tests", "Yes", "Yes but keep the tests"),
        ("Use b.pyx", "Use b.py", "Use b.pyx"),
        ("Something else", "Use b.py.", "Something else"),
    ],
)
def test_words_leave_the_reply_once_they_are_taken(written: str, sent: str, left: str) -> None:
    old = rendered(STATE)
    assert read(merged([old], old.text + written, rendered(said(STATE, sent)))).words == left


def test_words_that_were_said_before_are_not_taken_for_new_ones() -> None:
    old = rendered(said(STATE, "yes"))
    assert read(merged([old], old.text + "yes", rendered(said(old.state, "no")))).words == "yes"
    assert read(merged([old], old.text + "yes", rendered(said(old.state, "yes")))).words == ""


def test_words_to_a_rejected_hunk_are_taken() -> None:
    old = rendered(STATE)
    hunk = replace(HUNK, status="rejected", note="Use b.py.")
    assert read(merged([old], old.text + "Use b.py.", rendered(replace(STATE, hunks={HUNK.id: hunk})))).words == ""


def test_an_edited_plan_stays_while_it_waits() -> None:
    old = rendered(STATE)
    text = old.text.replace("2. [ ] Change it", "2. [-] Change it\n- Ask first")
    asked = replace(STATE, plan=replace(PLAN, approved=("s1",)), model="another")
    now = merged([old], text, rendered(asked))
    assert "2. [-] Change it\n- Ask first\n" in now and "approved" in now and "another" in now
    assert "## Kept" not in now


def test_a_plan_approved_as_edited_is_shown_as_it_is_now() -> None:
    old = rendered(STATE)
    text = old.text.replace("2. [ ] Change it", "2. [-] Change it\n- Ask first")
    approved = replace(PLAN, status="approved", steps=steps(read(text), PLAN))
    begun = replace(approved, steps=(replace(approved.steps[0], status="active"), *approved.steps[1:]))
    for plan in (approved, begun):
        new = rendered(replace(STATE, plan=plan))
        assert merged([old], text, new) == new.text


def test_lines_of_an_edited_plan_are_kept_when_another_plan_takes_its_place() -> None:
    old = rendered(STATE)
    text = old.text.replace("2. [ ] Change it", "2. [ ] Change it, but not b.py")
    other = Plan(f"{SESSION}.p2", (Step("s1", "Read it"), Step("s2", "Something else")), "proposed")
    now = merged([old], text, rendered(replace(STATE, plan=other)))
    kept = read(now).part("Kept")
    assert kept and kept.text.endswith("> 2. [ ] Change it, but not b.py\n\n")
    assert steps(read(now), other) == other.steps
    assert now.index("## Kept") < now.index("## Reply")
    again = merged([rendered(replace(STATE, plan=other))], now, rendered(replace(STATE, plan=None)))
    assert read(again).part("Kept") == replace(kept, start=kept.start - 7, end=kept.end - 7)


def test_an_edited_diff_stays_until_its_hunk_changes() -> None:
    old = rendered(STATE)
    text = old.text.replace("+2\n", "+two\n")
    assert "+two\n" in merged([old], text, rendered(replace(STATE, plan=None)))
    amended = rendered(replace(STATE, hunks={HUNK.id: replace(HUNK, rev=2, after="1\ntwo\n")}))
    assert merged([old], text, amended) == amended.text
    other = rendered(replace(STATE, hunks={HUNK.id: replace(HUNK, rev=2, after="1\n22\n")}))
    now = merged([old], text, other)
    assert "+22\n" in now and "> +two\n" in now


def test_a_text_of_unknown_origin_keeps_the_reply_and_an_edited_plan() -> None:
    old = rendered(replace(STATE, model="before the restart"))
    text = old.text.replace("Change it", "Change it all") + "My words"
    now = merged([], text, rendered(STATE))
    assert "2. [ ] Change it all\n" in now and "before the restart" not in now
    assert read(now).words == "My words"
    decided = merged([], text, rendered(replace(STATE, plan=replace(PLAN, status="approved"))))
    assert "Change it all" not in decided and read(decided).words == "My words"


def test_an_edit_that_came_late_is_not_taken_for_the_users() -> None:
    one, two, three = (rendered(replace(STATE, model=name)) for name in ("first", "second", "third"))
    assert merged([one, two], two.text + "hi", three) == three.text + "hi"


def test_line_ends_stay_those_of_the_document() -> None:
    old, new = rendered(STATE), rendered(replace(STATE, model="another"))
    text = (old.text + "hi\nthere").replace("\n", "\r\n")
    assert merged([old], text, new) == (new.text + "hi\nthere").replace("\n", "\r\n")


def test_a_reply_heading_that_is_gone_comes_back() -> None:
    old = rendered(STATE)
    text = old.text[: old.text.index("## Reply")]
    assert merged([old], text, rendered(said(STATE, "x"))) == rendered(said(STATE, "x")).text


def test_edits_are_small() -> None:
    old, new = rendered(STATE), rendered(replace(STATE, model="another"))
    assert [edit.text for edit in edits(old.text, merged([old], old.text, new))] == ["another"]


def test_a_diff_that_was_edited_before_a_restart_stays() -> None:
    """The earlier rendering is not known any more; the same revision of the hunk shows another diff."""
    edited = rendered(STATE).text.replace("+2\n", "+two\n")
    assert "+two\n" in merged([], edited, rendered(STATE))
    amended = replace(STATE, hunks={HUNK.id: replace(HUNK, rev=2, after="3\n")})
    assert "+two\n" not in merged([], edited, rendered(amended)).partition("## Kept")[0]
