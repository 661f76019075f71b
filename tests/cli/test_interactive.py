"""The program on a real terminal with a scripted server: what is asked, what the answers become, how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Terminal, environment, fake

HUNKS = [["a.py", "one\n", "ONE\n"], ["b.py", "two\n", "TWO\n"], ["c.py", "three\n", "THREE\n"]]
PLAN = "Approve this plan?"
HUNK = "Apply this hunk?"


class Play:
    """One run of the program with one script."""

    def __init__(self, folder: Path, **script: Any) -> None:
        self.folder = folder
        self.workspace = folder / "project"
        self.workspace.mkdir()
        (self.workspace / "a.py").write_text("one\n")
        self.script = folder / "script.json"
        self.script.write_text(json.dumps({"plan": ["First", "Second"], "hunks": HUNKS, **script}))

    def start(self, *arguments: str, **env: str) -> Terminal:
        goal = arguments or ("run", "the goal", "--workspace", str(self.workspace))
        return Terminal(fake(self.script, *goal), environment(**env))

    def editor(self, code: str) -> str:
        """EDITOR: a small Python program that gets the file as `path`."""
        program = self.folder / "editor.py"
        program.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n{code}\n")
        return f"python3 {program}"

    @property
    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        log = Path(f"{self.script}.log").read_text().splitlines()
        silent = {"initialize", "showSession", "applyEdit answered"}
        return [(name, value) for name, value in map(json.loads, log) if name not in silent]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


def test_plan_and_hunks_are_approved_one_by_one(tmp_path: Path) -> None:
    play = Play(tmp_path, rationale="Because it is better.")
    with play.start() as terminal:
        assert "1. [ ] First" in terminal.expect(PLAN)
        terminal.type("y")
        for number in (1, 2, 3):
            terminal.expect(f"Hunk {number}/3")
            terminal.expect(HUNK)
            terminal.type("y")
        assert terminal.end() == 0
    assert play.names == ["startSession", "approvePlan", "approveHunk", "approveHunk", "approveHunk"]
    assert "Because it is better." in terminal.plain
    assert "Changed: a.py (+1 -1)" in terminal.plain
    assert "1,200 tokens in (1,000 cached), 34 out, 2 requests, $0.0123" in terminal.plain
    assert "\x1b[32m+ONE\x1b[0m" in terminal.shown and "\x1b[31m-one\x1b[0m" in terminal.shown


def test_a_rejection_with_a_reason_is_sent_and_the_next_proposal_is_asked_about(tmp_path: Path) -> None:
    play = Play(tmp_path, hunks=HUNKS[:1], revise=["a.py", "one\n", "1\n"])
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.type("yes")
        terminal.expect(HUNK)
        terminal.type("n use a digit")
        terminal.expect("+1")
        terminal.expect(HUNK)
        terminal.type("n")
        terminal.expect("Why?")
        terminal.type("")
        assert terminal.end() == 3
    assert [value.get("feedback") for _, value in play.sent[-2:]] == ["use a digit", ""]
    assert "Everything that was proposed was rejected; no file was changed." in terminal.plain


def test_all_the_rest_is_one_command(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("n")
        terminal.expect("Why?")
        terminal.type("no need")
        terminal.expect(HUNK)
        terminal.type("a")
        assert terminal.end() == 0
    assert play.names[-2:] == ["rejectHunk", "approveAll"]
    assert "Hunks not applied: 1 rejected." in terminal.plain


def test_a_hunk_is_amended_in_the_editor(tmp_path: Path) -> None:
    play = Play(tmp_path, hunks=[["a.py", "one", "ONE"]])
    editor = play.editor("assert path.suffix == '.py'; path.write_text(path.read_text() + '!\\n')")
    with play.start(EDITOR=editor, VISUAL="") as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("e")
        terminal.expect("+ONE!")
        terminal.expect(HUNK)
        terminal.type("y")
        assert terminal.end() == 0
    assert play.sent[-2:] == [
        ("amendHunk", {"hunk": "s-1234.h1", "rev": 1, "after": "ONE!"}),
        ("approveHunk", {"hunk": "s-1234.h1", "rev": 2}),
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit(3)", "ended with exit code 3; nothing was changed"),
        ("pass", "The hunk was not changed."),
        ("path.write_bytes(b'\\xff')", "can't be read"),
    ],
)
def test_an_editor_that_fails_changes_nothing_and_asks_again(tmp_path: Path, code: str, words: str) -> None:
    play = Play(tmp_path)
    with play.start(EDITOR=play.editor(code), VISUAL="") as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("e")
        terminal.expect(words)
        terminal.expect(HUNK)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.names == ["startSession", "approvePlan"]


def test_an_editor_that_is_not_there_is_named(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start(EDITOR="no-such-editor --wait", VISUAL="") as terminal:
        terminal.expect(PLAN)
        terminal.type("e")
        terminal.expect("no-such-editor could not be started")
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3


def test_the_plan_is_edited_as_a_task_list(tmp_path: Path) -> None:
    play = Play(tmp_path)
    editor = play.editor(
        "path.write_text(path.read_text().replace('(s1) First', '(s1) First of all') + '- [ ] Third\\n')"
    )
    with play.start(EDITOR=editor, VISUAL="") as terminal:
        terminal.expect(PLAN)
        terminal.type("e")
        terminal.expect("First of all")
        terminal.expect("Third")
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("q")
        assert terminal.end() == 3
    steps = [
        {"id": "s1", "text": "First of all", "status": "pending"},
        {"id": "s2", "text": "Second", "status": "pending"},
    ]
    edited = {"session": "s-1234", "plan": "p1", "steps": [*steps, {"text": "Third", "status": "pending"}]}
    assert play.sent[1] == ("editPlan", edited)


def test_a_plan_is_sent_back_and_a_step_skipped(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.type("s 7")
        terminal.expect("There is no step '7'")
        terminal.expect(PLAN)
        terminal.type("s 2")
        terminal.expect("[-] Second")
        terminal.expect(PLAN)
        terminal.type("n")
        terminal.expect("What should be different?")
        terminal.type("smaller")
        terminal.expect("Another plan")
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.sent[1:] == [
        ("skipStep", {"session": "s-1234", "step": "s2"}),
        ("rejectPlan", {"session": "s-1234", "plan": "p1", "feedback": "smaller"}),
    ]
    assert "Left undecided: the plan. Decide with: signoff sessions resume s-1234" in terminal.plain


@pytest.mark.parametrize(("typed", "answer"), [("2", "blue"), ("9", "9"), ("  green  ", "green")])
def test_a_question_is_answered_by_number_or_in_words(tmp_path: Path, typed: str, answer: str) -> None:
    play = Play(tmp_path, question={"id": "q1", "text": "Which colour?", "options": ["red", "blue"]})
    with play.start() as terminal:
        assert "2. blue" in terminal.expect("Your answer")
        terminal.type(typed)
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.sent[1] == ("reply", {"session": "s-1234", "text": answer})


def test_a_failure_is_told_with_what_to_do_and_can_be_tried_again(tmp_path: Path) -> None:
    failure = {"reason": "no_key", "attempt": 0, "strategy": "ask", "until": None, "message": "No key is set."}
    play = Play(tmp_path, failure=failure)
    with play.start() as terminal:
        terminal.expect("No key is set.")
        terminal.expect("--base-url URL")
        terminal.expect("[r]etry, [w]rite to the agent, [q]uit:")
        terminal.type("r")
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.names == ["startSession", "resume"]


def test_after_a_failure_words_to_the_agent_go_on(tmp_path: Path) -> None:
    failure = {"reason": "turn_limit", "attempt": 0, "strategy": "ask", "until": None, "message": "100 requests."}
    play = Play(tmp_path, failure=failure)
    with play.start() as terminal:
        terminal.expect("[q]uit:")
        terminal.type("w go on, please")
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.sent[1] == ("reply", {"session": "s-1234", "text": "go on, please"})


def test_leaving_at_a_failure_is_a_failure(tmp_path: Path) -> None:
    failure = {"reason": "quota", "attempt": 0, "strategy": "ask", "until": None, "message": "No credit."}
    play = Play(tmp_path, failure=failure)
    with play.start() as terminal:
        terminal.expect("[q]uit:")
        terminal.type("q")
        assert terminal.end() == 1
    assert "Everything is kept; try again with: signoff sessions resume s-1234" in terminal.plain


def test_control_c_stops_the_session_and_tells_how_to_go_on(tmp_path: Path) -> None:
    play = Play(tmp_path, slow=True, say=["Thinking"])
    with play.start() as terminal:
        terminal.expect("Thinking")
        terminal.press(b"\x03")
        terminal.expect("Stopping")
        assert terminal.end() == 130
    assert play.names == ["startSession", "interrupt"]
    assert "Interrupted. Everything is kept; go on with: signoff sessions resume s-1234" in terminal.plain


def test_control_c_at_a_question_leaves(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert play.names == ["startSession"]


def test_control_d_is_quit(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.press(b"\x04")
        assert terminal.end() == 3


def test_a_hunk_that_moved_meanwhile_is_shown_again(tmp_path: Path) -> None:
    play = Play(tmp_path, hunks=HUNKS[:1], moves=True)
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("y")
        terminal.expect("The hunk changed since you saw it.")
        terminal.expect("+moved under you")
        terminal.expect(HUNK)
        terminal.type("y")
        assert terminal.end() == 0
    assert [value["rev"] for name, value in play.sent if name == "approveHunk"] == [1, 2]


def test_nonsense_is_asked_again_and_a_bare_enter_decides_nothing(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start() as terminal:
        for typed in ("", "yeah", "x", "  "):
            terminal.expect(PLAN)
            terminal.type(typed)
        terminal.expect(PLAN)
        terminal.type("q")
        assert terminal.end() == 3
    assert play.names == ["startSession"]


def test_hostile_text_is_spelled_out(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\u202e\x9b31m\u200b"
    play = Play(
        tmp_path,
        plan=[f"Step {evil}"],
        say=[f"I say {evil}"],
        rationale=f"Since {evil}",
        hunks=[[f"x%1B%5B2J{evil}.py", f"a {evil}\n", f"b {evil}\r c\n"]],
    )
    with play.start(NO_COLOR="1") as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("a")
        assert terminal.end() == 0
    for character in "\x1b\x07\u202e\x9b\u200b":
        assert character not in terminal.shown
    spelled = "<U+001B>]0;owned<U+0007><U+202E><U+009B>31m<U+200B>"
    for words in (f"I say {spelled}", f"Step {spelled}", f"Since {spelled}", f"+b {spelled}␍\n+ c"):
        assert words in terminal.plain
    assert "x<U+001B>[2J" in terminal.plain


def test_no_color_means_no_escape_sequence_at_all(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start(NO_COLOR="1") as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        terminal.expect(HUNK)
        terminal.type("a")
        assert terminal.end() == 0
    assert "\x1b" not in terminal.shown


def test_the_server_dying_is_told_with_its_last_words(tmp_path: Path) -> None:
    play = Play(tmp_path, crash="approvePlan")
    with play.start() as terminal:
        terminal.expect(PLAN)
        terminal.type("y")
        assert terminal.end() == 1
    assert "The server stopped. Its exit code was 7." in terminal.plain
    assert "the last words of the server" in terminal.plain


def test_approve_plan_asks_for_hunks_only(tmp_path: Path) -> None:
    play = Play(tmp_path)
    with play.start("run", "goal", "--workspace", str(play.workspace), "--approve", "plan") as terminal:
        assert PLAN not in terminal.expect(HUNK)
        terminal.type("a")
        assert terminal.end() == 0


def test_approve_none_asks_nothing_and_shows_what_waits(tmp_path: Path) -> None:
    play = Play(tmp_path, plan=[])
    with play.start("run", "goal", "--workspace", str(play.workspace), "--approve", "none") as terminal:
        assert terminal.end() == 3
    assert HUNK not in terminal.plain and "Hunk 3/3: c.py:1 (+1 -1)" in terminal.plain
    assert play.names == ["startSession"]
