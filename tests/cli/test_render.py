"""Lines of text from views: hunks as diffs, plans, summaries, words for failures, and no character unseen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.cli import render, words
from signoff.cli.progress import text_of
from signoff.cli.visible import Paint, line, short, visible
from signoff.core.diff import unified

PLAIN = Paint(False)


def hunk(before: str, after: str, **more: Any) -> Any:
    span = {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 0}}
    base = {"id": "h", "rev": 1, "uri": "file:///w/src/a.py", "range": span, "before": before, "after": after}
    rest = {"status": "pending", "rationale": "", "findings": [], "kind": "update", "to": None, "note": ""}
    return {**base, **rest, **more}


def view(*hunks: Any, **more: Any) -> Any:
    usage = {"inputTokens": 1, "cachedTokens": 0, "outputTokens": 2, "requests": 1, "cost": None}
    base = {"session": "s", "workspace": "file:///w", "goal": "", "phase": "waiting", "waitingFor": [], "plan": None}
    rest = {
        "hunks": list(hunks),
        "failures": [],
        "messages": [],
        "questions": [],
        "usage": usage,
        "summary": "",
        "context": [],
        "config": {"model": "m"},
    }
    return {**base, **rest, **more}


def diff(one: Any, around: tuple[list[str], list[str]] = ([], [])) -> list[str]:
    return render.diff_lines(view(), one, PLAIN, around)


def test_a_changed_line_with_what_stands_around_it() -> None:
    assert diff(hunk("old\n", "new\nmore\n"), (["a\n", "b\n"], ["c"])) == [
        "--- a/src/a.py",
        "+++ b/src/a.py",
        "@@ -3,4 +3,5 @@",
        " a",
        " b",
        "-old",
        "+new",
        "+more",
        " c\n\\ No newline at end of file",
    ]


@pytest.mark.parametrize(
    ("one", "lines"),
    [
        (hunk("", "x\n"), ["--- a/src/a.py", "+++ b/src/a.py", "@@ -4,0 +5 @@", "+x"]),
        (hunk("x\n", ""), ["--- a/src/a.py", "+++ b/src/a.py", "@@ -5 +4,0 @@", "-x"]),
        (hunk("", "x\n", kind="create"), ["--- /dev/null", "+++ b/src/a.py", "@@ -4,0 +5 @@", "+x"]),
        (hunk("x\n", "", kind="delete"), ["--- a/src/a.py", "+++ /dev/null", "@@ -5 +4,0 @@", "-x"]),
        (hunk("x\r\n", "x\n"), ["--- a/src/a.py", "+++ b/src/a.py", "@@ -5 +5 @@", "-x␍", "+x"]),
        (hunk("x\r\n", "y\r\n"), ["--- a/src/a.py", "+++ b/src/a.py", "@@ -5 +5 @@", "-x", "+y"]),
        (
            hunk("a\nb\n", "a\nc\n", kind="rename", to="file:///w/b.py"),
            ["--- a/src/a.py", "+++ b/b.py", "@@ -1,2 +1,2 @@", " a", "-b", "+c"],
        ),
        (hunk("a\n", "a\n", kind="rename", to="file:///w/b.py"), ["--- a/src/a.py", "+++ b/b.py"]),
    ],
)
def test_every_kind_of_hunk(one: Any, lines: list[str]) -> None:
    assert diff(one) == lines


@given(st.lists(st.sampled_from(["a\n", "b\n", "\t c\n", "\u2028x\n"]), max_size=4), st.text("ab\n", max_size=6))
def test_a_hunk_at_the_start_of_a_file_is_the_diff_that_everybody_knows(before: list[str], after: str) -> None:
    old = "".join(before)
    one = hunk(old, after)
    one["range"]["start"]["line"] = 0
    signs = {"-": old, "+": after}
    shown = "\n".join(diff(one)).split("\n")[3:]
    for sign, text in signs.items():
        whole = "".join(row[1:] + "\n" for row in shown if row.startswith(sign))
        cut = whole.removesuffix("\n") if text and not text.endswith("\n") else whole
        assert cut == visible(text)
    assert (old == after) or unified(old, after, "src/a.py").split("\n")[:2] == diff(one)[:2]


def test_titles_say_what_happens_to_the_file() -> None:
    said = [
        render.hunk_lines(view(), one, "Hunk 1/1", PLAIN)[1]
        for one in (
            hunk("a\n", "b\nc\n"),
            hunk("", "b\n", kind="create"),
            hunk("b\n", "", kind="delete"),
            hunk("b\n", "b\n", kind="rename", to="file:///w/c"),
            hunk("b\n", "b\n", uri="untitled:x"),
        )
    ]
    assert said == [
        "Hunk 1/1: src/a.py:5 (+2 -1)",
        "Hunk 1/1: create src/a.py (+1 -0)",
        "Hunk 1/1: delete src/a.py (+0 -1)",
        "Hunk 1/1: rename src/a.py to c",
        "Hunk 1/1: untitled:x:5 (+1 -1)",
    ]


def test_rationale_findings_and_notes_stand_above_the_diff() -> None:
    one = hunk("a\n", "b\n", status="stale", rationale="So.\n", findings=["bidi \u202e"], note="moved")
    assert render.hunk_lines(view(), one, "H", PLAIN)[2:6] == [
        "So.",
        "Finding: bidi <U+202E>",
        "The text under this hunk changed since it was proposed.",
        "moved",
    ]


def test_a_plan_names_files_and_order() -> None:
    steps = [
        {"id": "x", "text": "One", "status": "done", "files": ["a.py", "b\n.py"], "after": []},
        {"id": "y", "text": "Two\nlines", "status": "pending", "files": [], "after": ["x", "gone"]},
    ]
    assert render.plan_lines({"id": "p", "steps": steps}, PLAIN) == [
        "Plan",
        "   1. [x] One  (a.py, b<U+000A>.py)",
        "   2. [ ] Two\n       lines  after 1",
    ]


def test_the_summary_counts_what_changed_and_what_did_not() -> None:
    hunks = [
        hunk("a\n", "b\nc\n", status="applied"),
        hunk("", "x\n", status="applied"),
        hunk("", "x\n", status="applied", kind="rename", to="file:///w/n"),
        hunk("", "x\n"),
        hunk("", "x\n", status="rejected"),
    ]
    assert render.summary_lines(view(*hunks, summary="Done.\x07"), PLAIN) == [
        "Done.<U+0007>",
        "Changed: src/a.py (+3 -1)",
        "Changed: n (+1 -0)",
        "Hunks not applied: 1 pending, 1 rejected.",
        "1 tokens in (0 cached), 2 out, 1 request, cost unknown (no price for m)",
    ]
    assert render.file_lines(view(), PLAIN) == ["No file was changed."]


@pytest.mark.parametrize(
    ("strategy", "until", "said"),
    [
        ("retry", None, "Cut. Trying again (attempt 2)."),
        ("switch_model", None, "Cut. Trying the next model."),
        ("wait", "nonsense", "Cut. Waiting, and trying again at nonsense. Ctrl-C stops."),
        ("ask", None, "Cut.\nOr use another endpoint: --base-url URL."),
    ],
)
def test_a_failure_says_what_is_done_about_it(strategy: str, until: str | None, said: str) -> None:
    failure: Any = {"reason": "quota", "attempt": 0, "strategy": strategy, "until": until, "message": "Cut. "}
    assert words.failure_words(failure) == said


def test_news_are_what_changed() -> None:
    step = {"id": "s1", "text": "One", "status": "pending", "files": [], "after": []}
    old = view(hunk("a", "b"), hunk("a", "b", id="h2", status="applying"), plan={"id": "p", "steps": [step]})
    new = view(
        hunk("a", "b", status="applied"),
        hunk("a", "b", id="h2", note="The file is locked."),
        plan={"id": "p", "steps": [{**step, "status": "active"}]},
        phase="working",
    )
    assert words.news(old, new) == [
        "Working ...",
        "Step active: One",
        "Applied: src/a.py:5",
        "Not applied: src/a.py:5. The file is locked.",
    ]
    assert words.news(new, new) == []


# ------------------------------------------------------------------------------------------------------ what is visible


@given(st.text())
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    bad = set("\x1b\x07\x08\r\x7f\x9b\u202e\u2066\u200b\ufeff\u2028") | {chr(c) for c in range(0x20)} - {"\n", "\t"}
    assert not bad & set(visible(text))
    assert "\n" not in line(text) and "\t" not in line(text)
    assert len(short(text, 20)) <= 20


@pytest.mark.parametrize("text", ["plain", "tab\tand\nnewline", "äöü ß 漢字 🙂 ❤️", "a\u0301", "<U+202E>"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_line_ends_and_carriage_returns() -> None:
    assert visible("a\r\nb\rc") == "a\nb<U+000D>c"


def test_a_bar_shows_share_speed_and_what_is_left() -> None:
    assert text_of("Get", 50_000_000, 100_000_000, 5.0, 40_000_000) == (
        "Get [###############               ]  50%  50 of 100 MB, 8.0 MB/s, 6 s left"
    )
    assert text_of("Get", 0, 0, 0, 0) == "Get [                              ]   0%  0 of 0 MB"
