"""What an editor is shown: diagnostics, actions, hovers, lenses and hints as projections of sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lsprotocol import types

from signoff.core.hunks import OPEN, Hunk
from signoff.core.session import Config, Place
from signoff.core.state import State
from signoff.lsp import decisions, review
from support.session import Session, call

URI = "file:///w/a.py"


def span(state: State, hunk: Hunk) -> types.Range:
    """Tests say where hunks stand by their start: line number times ten."""
    line = hunk.start // 10
    return types.Range(types.Position(line, 0), types.Position(line + 1, 0))


def state_with(*hunks: Hunk, **fields: object) -> State:
    state = State("s", seq=1, goal="g", workspace="file:///w", config=Config(plan_first=False), model="m")
    return replace(state, hunks={hunk.id: hunk for hunk in hunks}, **fields)


def hunk(number: int, **fields: object) -> Hunk:
    made = Hunk(f"s.h{number}", 1, "s.c1", URI, "update", number * 100, f"old {number}\n", f"new {number}\nmore\n")
    return replace(made, **fields)


def shown(state: State, uri: str = URI) -> list[review.Mark]:
    return review.marks([state], uri, span)


def all_marks(state: State) -> list[review.Mark]:
    return review.marks([state], URI, span, OPEN | review.DONE)


def titles(state: State, line: int) -> list[str]:
    at = types.Range(types.Position(line, 0), types.Position(line, 3))
    return [a.title for a in decisions.actions([state], all_marks(state), decisions.Place(URI, at))]


def test_a_hunk_is_one_information_diagnostic_with_its_size() -> None:
    (found,) = review.diagnostics([state_with(hunk(1))], URI, shown(state_with(hunk(1))))
    assert found.message == "1/1 new 1 (+2 -1)"
    assert (found.source, found.code, found.severity) == ("signoff", "hunk", types.DiagnosticSeverity.Information)
    assert found.data == {"session": "s", "id": "s.h1", "rev": 1}


def test_a_stale_hunk_says_why_and_decided_hunks_are_not_shown() -> None:
    state = state_with(
        hunk(1, status="stale", note="It moved away."), hunk(2, status="applied"), hunk(3, status="rejected")
    )
    (found,) = review.diagnostics([state], URI, shown(state))
    assert found.code == "stale" and found.message.endswith("It moved away.")


def test_at_most_200_hunks_of_a_file_are_shown_and_the_rest_is_counted() -> None:
    state = state_with(*(hunk(n) for n in range(1, 260)))
    found = review.diagnostics([state], URI, shown(state))
    assert len(found) == 201
    assert found[-1].message.startswith("59 more hunks")


def test_actions_are_commands_never_edits_and_never_preferred() -> None:
    state = state_with(hunk(1), hunk(2))
    at = types.Range(types.Position(10, 2), types.Position(10, 2))
    made = decisions.actions([state], all_marks(state), decisions.Place(URI, at))
    assert [a.title for a in made] == [
        "Signoff: Approve hunk",
        "Signoff: Reject hunk",
        "Signoff: Approve all 2 hunks of this file",
        "Signoff: Reject all 2 hunks",
        "Signoff: Open session",
        "Signoff: Show whole diff",
        "Signoff: Hide hunks",
    ]
    for one in made:
        assert one.edit is None and one.is_preferred is None and one.command is not None
    assert made[0].command is not None and made[0].command.arguments == [{"hunk": "s.h1", "rev": 1}]


def test_actions_are_offered_where_the_hunk_is() -> None:
    state = state_with(hunk(1), hunk(2))
    assert titles(state, 50) == []
    assert "Signoff: Approve hunk" in titles(state, 20)


def test_a_stale_hunk_is_proposed_again_or_rejected() -> None:
    assert titles(state_with(hunk(1, status="stale")), 10)[:2] == ["Signoff: Propose again", "Signoff: Reject hunk"]


def test_a_waiting_plan_is_decided_where_the_task_started() -> None:
    session = Session(plan_first=True)
    session.start("goal", place=Place(URI, start_line=4))
    session.model(call("update_plan", steps=[{"text": "First"}, {"text": "Then"}]))
    (found,) = review.diagnostics([session.state], URI, [])
    assert found.code == "plan" and found.message == "A plan waits for you:\n1. First\n2. Then"
    assert found.range.start.line == 4
    assert [t.removeprefix("Signoff: ") for t in titles(session.state, 4)] == [
        "Approve plan",
        "Reject plan",
        "Open session",
    ]


def test_a_hover_shows_the_diff_and_lets_no_markdown_of_the_model_through() -> None:
    evil = hunk(1, after="```\n![x](http://evil/x.png)\u202e\n", note="[click](command:evil) <img src=x>")
    text = review.hover(shown(state_with(evil)), types.Position(10, 0))
    assert text is not None and isinstance(text.contents, types.MarkupContent)
    value = text.contents.value
    assert value.count("````") == 2, "the fence is longer than any in the text"
    assert "<U+202E>" in value and "\u202e" not in value
    assert r"[click\](command:evil)" in value and r"\<img" in value
    assert review.hover(shown(state_with(evil)), types.Position(50, 0)) is None


def test_a_hover_names_the_lines_of_the_document_as_it_is_now() -> None:
    changed = replace(hunk(1), before="same\nold\n", after="same\nnew\nmore\n")
    inserted, made = replace(hunk(2), before=""), replace(hunk(3), kind="create", start=0)
    for one, line, header in (
        (changed, 10, "@@ -11,2 +11,3 @@"),
        (inserted, 20, "@@ -20,0 +21,2 @@"),
        (made, 0, "@@ -0,0 +1,2 @@"),
    ):
        found = review.hover(shown(state_with(one)), types.Position(line, 0))
        assert found is not None and isinstance(found.contents, types.MarkupContent)
        assert f"\n{header}\n" in found.contents.value


def test_lenses_and_hints_stand_at_the_hunk() -> None:
    state = state_with(hunk(1), hunk(2, status="stale"))
    assert [lens.command.title for lens in review.lenses(shown(state)) if lens.command] == [
        "Approve",
        "Reject",
        "Diff",
        "Propose again",
        "Diff",
    ]
    hints = review.hints(shown(state), lambda line: 40)
    assert [hint.label for hint in hints] == ["+2 -1", "+2 -1"]
    assert {hint.position.character for hint in hints} == {40}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((1, 0, 2, 0), (1, 3, 1, 3), True),
        ((1, 0, 2, 0), (2, 0, 2, 0), False),
        ((3, 0, 3, 0), (3, 5, 3, 9), True),
        ((1, 0, 4, 2), (4, 0, 4, 0), True),
        ((1, 0, 1, 5), (0, 0, 1, 0), False),
    ],
)
def test_ranges_touch_when_they_share_a_line(one: tuple[int, ...], other: tuple[int, ...], wanted: bool) -> None:
    first, second = (types.Range(types.Position(*r[:2]), types.Position(*r[2:])) for r in (one, other))
    assert review.touches(first, second) is wanted


def offered(state: State, line: int, **place: object) -> list[str]:
    at = types.Range(types.Position(line, 0), types.Position(line, 0))
    made = decisions.actions([state], all_marks(state), replace(decisions.Place(URI, at), **place))
    return [action.title.removeprefix("Signoff: ") for action in made]


def test_applied_hunks_are_undone_one_or_all() -> None:
    state = state_with(hunk(1, status="applied"), hunk(2, status="applied"), finished=True)
    assert offered(state, 10) == ["Undo hunk", "Undo all 2 hunks", "Open session", "Show whole diff"]
    assert offered(state, 10, lamp=True) == [], "what the agent once wrote is no news"
    assert offered(state, 15) == []


def test_hunks_that_wait_and_applied_ones_are_numbered_apart() -> None:
    state = state_with(hunk(1), hunk(2, start=100), hunk(3, start=100, status="applied"))
    assert offered(state, 10)[:5] == [
        "Approve hunk 1/2",
        "Reject hunk 1/2",
        "Approve hunk 2/2",
        "Reject hunk 2/2",
        "Undo hunk",
    ]


def test_words_under_reply_can_go_with_a_rejection() -> None:
    titles = offered(state_with(hunk(1)), 10, words_of=lambda session: f"words for {session}")
    assert titles[:3] == ["Approve hunk", "Reject hunk", "Reject hunk with the words under Reply"]
    at = types.Range(types.Position(10, 0), types.Position(10, 0))
    place = decisions.Place(URI, at, words_of=lambda session: f"words for {session}")
    action = decisions.actions([state_with(hunk(1))], all_marks(state_with(hunk(1))), place)[2]
    assert action.command and action.command.arguments == [{"hunk": "s.h1", "rev": 1, "feedback": "words for s"}]


def test_hunks_are_hidden_and_brought_back_and_can_be_acted_on_meanwhile() -> None:
    assert "Hide hunks" in offered(state_with(hunk(1)), 10)
    hidden = offered(state_with(hunk(1)), 10, hidden=True)
    assert "Show hunks" in hidden and "Hide hunks" not in hidden and "Approve hunk" in hidden


def test_a_hunks_action_is_grouped_with_its_diagnostic() -> None:
    state = state_with(hunk(1))
    at = types.Range(types.Position(10, 0), types.Position(10, 0))
    made = decisions.actions([state], all_marks(state), decisions.Place(URI, at))
    assert made[0].diagnostics == review.diagnostics([state], URI, shown(state))


def test_a_question_is_answered_where_the_task_started_and_the_oldest_first() -> None:
    session = Session(plan_first=False)
    session.start("goal", place=Place(URI, start_line=4))
    session.model(
        call("ask_user", question="Which?", options=["this", "that " * 30]), call("ask_user", question="And?")
    )
    session.work()
    titles = offered(session.state, 4, lamp=True)
    assert titles[0] == "Answer: this" and titles[1].startswith("Answer: that that") and len(titles[1]) < 80
    assert titles[2] == "Open session"
    assert "Answer with the words under Reply" in offered(session.state, 4, words_of=lambda session: "neither")


def test_a_session_that_ended_is_put_away_where_it_started_and_lights_no_lamp() -> None:
    state = state_with(hunk(1, status="rejected"), finished=True, place=Place(URI, start_line=4))
    assert offered(state, 4) == ["Open session", "Show whole diff", "Archive session"]
    assert offered(state, 4, lamp=True) == []
    assert offered(replace(state, archived=True), 4) == []


def test_archived_sessions_show_nothing() -> None:
    state = state_with(hunk(1), hunk(2, status="applied"), archived=True)
    assert all_marks(state) == [] and review.diagnostics([state], URI, shown(state)) == []


def test_a_plan_stands_where_its_place_is_by_now() -> None:
    session = Session(plan_first=True)
    session.start("goal", place=Place(URI, start_line=4))
    session.model(call("update_plan", steps=[{"text": "First"}]))
    (found,) = review.diagnostics([session.state], URI, [], lambda state: 7)
    assert found.range.start.line == 7
    assert offered(session.state, 7, line_of=lambda state: 7)[0] == "Approve plan"
    assert offered(session.state, 4, line_of=lambda state: 7) == []


def test_lenses_in_one_line_are_told_apart() -> None:
    lenses = review.lenses(shown(state_with(hunk(1), hunk(2, start=100))))
    assert [lens.command.title for lens in lenses if lens.command] == [
        "Approve 1/2",
        "Reject 1/2",
        "Diff",
        "Approve 2/2",
        "Reject 2/2",
        "Diff",
    ]
    assert lenses[2].command and lenses[2].command.arguments == [{"session": "s", "uri": URI}]


def test_a_long_diff_is_cut_in_a_hover() -> None:
    long = hunk(1, before="", after="line\n" * 5_000)
    found = review.hover(shown(state_with(long)), types.Position(10, 0))
    assert found is not None and isinstance(found.contents, types.MarkupContent)
    assert found.contents.value.count("\n+line") <= review.MOST_LINES and "more lines" in found.contents.value


def test_a_sheet_is_made_once_for_the_same_hunks() -> None:
    sheets, state = review.Sheets(), state_with(hunk(1))
    assert sheets(state) is sheets(replace(state, seq=9))
    assert sheets(replace(state, hunks={**state.hunks})) is not sheets(state)
    assert sheets(replace(state, archived=True)).waiting == ()
    known = sheets(state)
    sheets.forget(state.session)
    assert sheets(state) is not known
