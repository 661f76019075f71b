"""What each source says for a goal, and how the model reads it."""

from dataclasses import replace

import pytest

from signoff.context import wording
from signoff.context.changes import Change
from signoff.context.shares import packed
from signoff.context.sources import MOST_FINDINGS, Material, Text, offers, words
from signoff.core.fragments import SOURCES, Fragment, Source
from signoff.core.model import Focus
from signoff.core.notes import FailureNote, Remembered, TimingNote
from signoff.core.session import Finding, Place

FULL = Material(
    goal="Make the RetryTimer wait longer",
    open=("src/timer.py", "README.md"),
    viewed=("src/clock.py", "README.md"),
    selected=Focus("src/timer.py", 3, 4, "def wait():\n    pass\n"),
    findings=(
        ("src/a.py", Finding("maybe unused", "hint", "ruff", "F401", Place("file:///w/src/a.py", 4))),
        ("src/timer.py", Finding("not defined", "error", "", "", Place("file:///w/src/timer.py", 9))),
    ),
    changes=(Change("big.py", "diff\n" * 40, "not committed"), Change("src/timer.py", "--- a\n+++ b\n", "not saved")),
    commits="commit abc Wait: src/timer.py",
    rules=(Text("AGENTS.md", "Use tabs.\n"), Text("src/AGENTS.md", "Use spaces.\n")),
    lessons=("No abbreviations.",),
    lessons_at="/state/preferences.md",
    failures=(
        FailureNote("s1", "pytest tests/test_timer.py", "AssertionError: wait", 0.0, 3, "longer timeout"),
        FailureNote("s2", "npm test", "TypeError: undefined", 0.0),
    ),
    timings=(TimingNote("pytest", (9.0, 11.0, 10.0), 5.0), TimingNote("empty", (), 6.0)),
    remembered=(
        Remembered("s_1", 86_400.0, "Make the timer wait", "Done.", "2 of 2 steps done", ("src/timer.py",)),
        Remembered("s_2", 0.0, "Translate menus", "Translated."),
        Remembered("s_3", 172_800.0, "Paint it blue"),
    ),
)


def of(source: Source, known: Material = FULL) -> list[Fragment]:
    return [one for one in offers(known) if one.source == source]


def test_seven_sources_speak_and_the_eighth_is_the_engines() -> None:
    assert {one.source for one in offers(FULL)} == set(SOURCES) - {"codebase"}


@pytest.mark.parametrize("source", [one for one in SOURCES if one != "codebase"])
def test_any_source_can_be_switched_off(source: Source) -> None:
    left = offers(FULL, [one for one in SOURCES if one != source])
    assert {one.source for one in left} == set(SOURCES) - {"codebase", source}


def test_nothing_known_is_nothing_told() -> None:
    assert offers(Material(goal="x")) == []
    assert wording.body([]) == wording.news([]) == wording.head([], []) == ""


def test_the_users_instructions_come_with_their_files_and_lessons_say_where_to_change_them() -> None:
    rules = of("user preferences")
    assert [(one.path, one.start_line, one.end_line) for one in rules] == [
        ("AGENTS.md", 1, 1),
        ("src/AGENTS.md", 1, 1),
        ("", 0, 0),
    ]
    assert rules[2].text == "- No abbreviations." and "/state/preferences.md" in rules[2].why


def test_earlier_sessions_about_something_alike_and_the_latest_one() -> None:
    told = of("memory")
    assert [one.why for one in told] == ["session s_1, about something alike", "session s_3, the latest"]
    assert told[0].text.splitlines() == [
        "1970-01-02: Make the timer wait",
        "Plan: 2 of 2 steps done",
        "Changed: src/timer.py",
        "Outcome: Done.",
    ]


def test_failures_that_have_to_do_with_the_goal() -> None:
    (told,) = of("error history")
    assert told.text == "pytest tests/test_timer.py: AssertionError: wait\nFixed by: longer timeout"
    assert told.why.startswith("pytest tests/test_timer.py failed 3 times")


def test_timings_are_medians() -> None:
    (told,) = of("performance data")
    assert told.text == "pytest: 10.0 s (median of 3), latest 10.0 s"


def test_the_place_of_the_task_and_what_is_open() -> None:
    here, opened, viewed = of("buffers")
    assert (here.path, here.start_line, here.end_line, here.text) == ("src/timer.py", 3, 4, "def wait():\n    pass")
    assert (opened.text, viewed.text) == ("src/timer.py, README.md", "src/clock.py")


def test_diagnostics_are_attributed_and_the_gravest_come_first() -> None:
    told = of("diagnostics")
    assert [(one.path, one.start_line) for one in told] == [("src/timer.py", 10), ("src/a.py", 5)]
    assert told[1].text == "src/a.py:5: hint: maybe unused [ruff F401]"
    many = replace(FULL, findings=[("a", Finding(str(n))) for n in range(500)])
    assert len(of("diagnostics", many)) == MOST_FINDINGS


def test_changes_of_files_at_hand_come_first() -> None:
    assert [one.path for one in of("recent changes")] == ["src/timer.py", "big.py", ""]


def test_words_are_those_in_names_too() -> None:
    assert words("Fix the HTTPServer's read_timeout, and it") == {"fix", "http", "server", "read", "timeout"}


def test_the_model_reads_what_changes_least_first() -> None:
    pack = packed(offers(FULL), 8_000)
    head = wording.head(pack.fragments, ["a.py", "b.py"])
    body = wording.body(pack.fragments, ["c.py:1-9"], "No index.")
    assert (
        head.index("Use tabs.")
        < head.index("Use spaces.")
        < head.index("No abbreviations.")
        < head.index("Files:\na.py")
    )
    order = [
        "Earlier sessions",
        "What failed",
        "How long",
        "The task starts at src/timer.py:3-4:",
        "Open in the editor:",
    ]
    order += ["Diagnostics:", "Recent changes:", "Left out for want of room: c.py:1-9", "No index."]
    assert [body.index(one) for one in order] == sorted(body.index(one) for one in order)
    assert "Use tabs." not in body and wording.news(pack.fragments).startswith("Since you last looked:")


def test_a_big_workspace_is_named_by_its_folders() -> None:
    files = [f"src/part{n % 3}/f{n}.py" for n in range(500)]
    assert wording.files_text(files).splitlines()[0] == "src/part0/ (167 files)"
