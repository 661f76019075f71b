"""The program without a terminal: usage, JSON, what is left undecided, servers that die, settings that are sent."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import environment, fake

HUNKS = [["a.py", "one\n", "ONE\n"], ["b.py", "two\n", "TWO\n"]]


class Done:
    """How a run of the program ended."""

    def __init__(self, script: Path, process: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr
        self._log = Path(f"{script}.log")

    @property
    def log(self) -> list[tuple[str, Any]]:
        return [tuple(json.loads(row)) for row in self._log.read_text().splitlines()] if self._log.exists() else []

    def sent(self, name: str) -> list[Any]:
        return [value for what, value in self.log if what == name]


def play(folder: Path, *arguments: str, env: dict[str, str] | None = None, stdin: str = "", **script: Any) -> Done:
    """Runs the program with a scripted server; the goal's workspace is folder/project."""
    workspace = folder / "project"
    workspace.mkdir(exist_ok=True)
    (workspace / "a.py").write_text("one\nsecond\nlast")
    path = folder / "script.json"
    path.write_text(json.dumps({"plan": ["First"], "hunks": HUNKS, **script}))
    argv = fake(path, *arguments)
    done = subprocess.run(
        argv, cwd=workspace, env=environment(**(env or {})), input=stdin, capture_output=True, text=True, check=False
    )
    return Done(path, done)


def test_without_a_terminal_the_plan_is_shown_and_nothing_is_changed(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal")
    assert done.code == 3
    assert "1. [ ] First" in done.out
    assert "No terminal to ask at" in done.err and "Left undecided: the plan." in done.err
    assert [name for name, _ in done.log if name.startswith(("approve", "reject"))] == []


def test_ask_without_a_terminal_asks_nobody(tmp_path: Path) -> None:
    assert play(tmp_path, "run", "goal", "--approve", "ask", stdin="y\ny\ny\n").code == 3


def test_approve_plan_leaves_the_hunks(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "plan")
    assert done.code == 3
    assert "Hunk 2/2: b.py:1 (+1 -1)" in done.out and "Left undecided: hunks." in done.err
    assert len(done.sent("approvePlan")) == 1 and not done.sent("approveAll")


def test_approve_all_approves_and_says_so(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "all")
    assert done.code == 0
    assert "@@ -1 +1 @@\n-two\n+TWO\n" in done.out and "Changed: b.py (+1 -1)" in done.out
    assert "Plan approved without asking." in done.err and "\x1b" not in done.out + done.err


def test_the_lines_around_a_hunk_come_from_the_file(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "all", hunks=[["a.py", "one\n", "ONE\n"]])
    assert "@@ -1,3 +1,3 @@\n-one\n+ONE\n second\n last\n\\ No newline at end of file\n" in done.out


def test_json_is_one_document_on_stdout_and_the_talk_is_on_stderr(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "all", "--json", say=["I am ", "thinking"])
    view = json.loads(done.out)
    assert (done.code, view["phase"], view["session"]) == (0, "done", "s-1234")
    assert done.err.count("I am thinking") == 1 and "+ONE" in done.err


def test_streamed_text_is_shown_once(tmp_path: Path) -> None:
    assert play(tmp_path, "run", "goal", "--approve", "all", say=["I am ", "thinking"]).out.count("I am thinking") == 1


def test_a_question_without_a_terminal_is_shown_and_left(tmp_path: Path) -> None:
    question = {"id": "q1", "text": "Which?", "options": ["this", "that"]}
    done = play(tmp_path, "run", "goal", "--approve", "all", question=question)
    assert done.code == 3
    assert "The agent asks: Which?" in done.out and "2. that" in done.out


def test_a_failure_is_exit_code_1_with_what_to_do(tmp_path: Path) -> None:
    failure = {"reason": "no_key", "attempt": 0, "strategy": "ask", "until": None, "message": "No key is set."}
    done = play(tmp_path, "run", "goal", "--approve", "all", failure=failure)
    assert done.code == 1
    assert "No key is set.\nFor an endpoint of your own: --base-url URL." in done.err
    assert "try again with: signoff sessions resume" in done.err


def test_a_refused_start_is_a_failure(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", refuse=["startSession"])
    assert (done.code, done.err) == (1, "signoff: Not now.\n")


def test_a_plan_that_cannot_be_approved_ends_the_command(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "all", refuse=["approvePlan"])
    assert (done.code, len(done.sent("approvePlan"))) == (1, 1)
    assert done.err.endswith("signoff: Not now.\n")


def test_hunks_that_do_not_land_end_the_command(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", "--approve", "all", refuse=["approveAll"])
    assert done.code == 3
    assert "Not now." in done.err and "Left undecided: hunks." in done.err


# ------------------------------------------------------------------------------------------------- what the server gets


def test_settings_and_capabilities_of_the_command_line_reach_the_server(tmp_path: Path) -> None:
    options = ["--model", "m", "--base-url", "http://u", "--max-tokens", "5_000", "--max-cost", "1.5", "--trust"]
    done = play(tmp_path, "run", "goal", "--task-type", "quick_fix", *options)
    (started,) = done.sent("initialize")
    uri = f"file://{tmp_path}/project"
    assert started["initializationOptions"] == {
        "model": "m",
        "baseUrl": "http://u",
        "maxTokens": 5000,
        "maxCost": 1.5,
        "trustedWorkspaces": [uri],
    }
    assert started["capabilities"]["experimental"] == {"signoff": {"version": 1}}
    assert started["capabilities"]["general"]["positionEncodings"] == ["utf-32"]
    assert started["workspaceFolders"] == [{"uri": uri, "name": "project"}]
    assert done.sent("startSession") == [{"goal": "goal", "workspace": uri, "taskType": "quick_fix"}]
    answers = done.sent("applyEdit answered")
    assert answers == [{"applied": False, "failureReason": "The terminal holds no open documents."}]


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ("a.py", None),
        ("a.py:2", ((1, 0), (2, 0))),
        ("a.py:1-2", ((0, 0), (2, 0))),
        ("a.py:2-3", ((1, 0), (2, 4))),
    ],
)
def test_a_file_and_lines_of_it(tmp_path: Path, given: str, span: tuple[tuple[int, int], ...] | None) -> None:
    (start,) = play(tmp_path, "run", "goal", "--file", given).sent("startSession")
    assert start["uri"] == f"file://{tmp_path}/project/a.py"
    found = start.get("range")
    assert (found and tuple((found[end]["line"], found[end]["character"]) for end in ("start", "end"))) == span


def test_a_file_is_found_from_another_folder_through_the_workspace(tmp_path: Path) -> None:
    argv = ["run", "goal", "--workspace", str(tmp_path / "project"), "--file", "a.py:1"]
    assert play(tmp_path, *argv).sent("startSession")[0]["uri"].endswith("/project/a.py")


# ---------------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "GOAL"),
        (["run", "   "], "The goal is empty"),
        (["run", "g", "--workspace", "nowhere"], "There is no folder nowhere"),
        (["run", "g", "--workspace", "a.py"], "a.py is no folder"),
        (["run", "g", "--file", "zzz.py"], "There is no file zzz.py, neither here nor in"),
        (["run", "g", "--file", "zzz.py:3"], "There is no file zzz.py, neither here nor in"),
        (["run", "g", "--file", "a.py:4"], "the file has 3 lines, and lines count from 1"),
        (["run", "g", "--file", "a.py:0"], "the file has 3 lines, and lines count from 1"),
        (["run", "g", "--file", "a.py:3-2"], "the file has 3 lines, and lines count from 1"),
        (["run", "g", "--file", "../script.json"], "is outside of the workspace"),
        (["run", "g", "--approve", "some"], "invalid choice"),
        (["run", "g", "--max-tokens", "-4"], "invalid number of tokens"),
        (["run", "g", "--max-cost", "nan"], "invalid amount in US dollars"),
        (["run", "g", "--task-type", "poem"], "invalid choice"),
        (["run", "g", "--mod", "x"], "unrecognized arguments"),
        (["nonsense"], "invalid choice"),
        ([], "COMMAND"),
        (["sessions"], "required"),
        (["sessions", "show"], "ID"),
        (["context", "g", "--budget", "many"], "invalid number of tokens"),
    ],
)
def test_wrong_usage_is_exit_code_2_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = play(tmp_path, *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err and "Traceback" not in done.err
    assert not done.sent("startSession")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["sessions", "resume", "-h"], ["--version"]])
def test_help_and_version_need_no_server(tmp_path: Path, arguments: list[str]) -> None:
    done = play(tmp_path, *arguments)
    assert (done.code, done.err, done.log) == (0, "", [])
    assert "signoff" in done.out


# ------------------------------------------------------------------------------------------------------------- sessions


def test_sessions_are_listed_and_shown(tmp_path: Path) -> None:
    said = {"role": "user", "text": "x", "at": "2026-01-02T03:04:05.000Z"}
    known = {"goal": "do\nit \x1b[31m", "workspace": "file:///w", "phase": "waiting", "messages": [said]}
    done = play(tmp_path, "sessions", "list", list=known)
    assert done.code == 0
    assert "s-1234" in done.out and "do it <U+001B>[31m" in done.out
    assert json.loads(play(tmp_path, "sessions", "list", "--json", list=known).out)[0]["session"] == "s-1234"
    for name in ("s-1234", "s-1", "last"):
        assert "Goal: do\nit" in play(tmp_path, "sessions", "show", name, list=known).out
    assert json.loads(play(tmp_path, "sessions", "show", "last", "--json", list=known).out)["goal"] == "do\nit \x1b[31m"
    assert play(tmp_path, "sessions", "archive", "s-1234", list=known).sent("archive") == [{"session": "s-1234"}]


def test_a_session_that_is_not_there(tmp_path: Path) -> None:
    done = play(tmp_path, "sessions", "show", "zz")
    assert (done.code, done.err) == (1, "signoff: There is no session 'zz'. `signoff sessions list` shows all.\n")
    assert play(tmp_path, "sessions", "resume", "last").code == 1
    empty = play(tmp_path, "sessions", "list")
    assert (empty.code, empty.out) == (0, "") and "No sessions yet" in empty.err


def test_only_a_session_that_stopped_is_resumed(tmp_path: Path) -> None:
    known = {"goal": "go", "workspace": "file:///w", "phase": "stopped"}
    done = play(tmp_path, "sessions", "resume", "s-1234", "--approve", "all", list=known)
    assert (done.code, len(done.sent("resume"))) == (0, 1)
    plan = {"id": "p1", "steps": [{"id": "s1", "text": "One", "status": "pending", "files": [], "after": []}]}
    waiting = {**known, "phase": "waiting", "waitingFor": ["plan"], "plan": plan}
    Path(tmp_path / "script.json.log").unlink()
    done = play(tmp_path, "sessions", "resume", "last", list=waiting)
    assert (done.code, len(done.sent("resume"))) == (3, 0)
    assert done.sent("listSessions") == [{"workspace": f"file://{tmp_path}/project"}]


# --------------------------------------------------------------------------------------------------- servers in trouble


def test_a_server_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    done = play(tmp_path, "run", "goal", crash="initialize")
    assert (done.code, done.out) == (1, "")
    assert "The server stopped." in done.err and "Traceback: no module named nothing" in done.err


def test_the_doctor_lists_checks_with_fixes_and_speaks_json(tmp_path: Path) -> None:
    done = play(tmp_path, "doctor")
    assert done.code == 1
    assert "no <U+001B>[31mroom" in done.out and "Free some." in done.out
    checks = json.loads(play(tmp_path, "doctor", "--json").out)
    assert [check["name"] for check in checks][:2] == ["server", "state"]
    assert all(set(check) == {"name", "ok", "detail", "fix"} for check in checks)


def test_the_doctor_works_without_a_server(tmp_path: Path) -> None:
    done = play(tmp_path, "doctor", crash="initialize")
    assert done.code == 1 and "bad  server" in done.out


def test_the_doctor_finds_editors_and_their_versions(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in (("nvim", "echo NVIM v0.11"), ("hx", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    done = play(tmp_path, "doctor", "--json", env={"PATH": f"{tools}:/bin:/usr/bin"})
    found = {check["name"]: check for check in json.loads(done.out)}
    assert (found["Neovim"]["ok"], found["Neovim"]["detail"]) == (True, f"{tools}/nvim (NVIM v0.11)")
    assert found["Helix"]["ok"] is None


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    play(tmp_path, "--version")
    argv = fake(tmp_path / "script.json", "run", "goal", "--approve", "all")
    script = (
        "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE); p.stdout.close(); p.wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *argv],
        cwd=tmp_path / "project",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


# ----------------------------------------------------------------------------------------------------- small and early


def test_the_client_loads_only_light_modules_before_the_server_runs() -> None:
    script = (
        "import sys; from signoff.cli import main\n"
        "main.spawn = lambda *a: print(*sorted(sys.modules)) or sys.exit()\n"
        "main.main(['run', 'goal'])"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    heavy = {
        "json",
        "typing",
        "argparse",
        "asyncio",
        "dataclasses",
        "inspect",
        "logging",
        "pathlib",
        "signoff.core",
        "tempfile",
        "urllib",
    }
    assert heavy & set(done.stdout.split()) == set()


def test_a_whole_run_loads_nothing_heavy() -> None:
    script = "import sys, signoff.cli.run; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    heavy = {"asyncio", "attrs", "cattrs", "lsprotocol", "openai", "pygls", "sqlite3", "logging", "difflib", "socket"}
    assert heavy & set(done.stdout.split()) == set()
