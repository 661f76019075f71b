"""`signoff` as a user runs it: the real program, the real server over stdio, a scripted endpoint, real files."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Terminal, environment
from endpoint.server import Call, Endpoint, RateLimit, Request, Script, Text, Turn, running

pytestmark = pytest.mark.e2e

A = "def f():\n    return 1\n\n\ndef g():\n    return 2\n\n\ndef h():\n    return 3\n"
B = "x = 1\n"
PLAN = Call("update_plan", {"steps": [{"id": "s1", "text": "Change a.py"}, {"id": "s2", "text": "Change b.py"}]})
PATCH = """\
*** Begin Patch
*** Update File: a.py
@@
 def f():
-    return 1
+    return 10
@@
 def h():
-    return 3
+    return 30
*** Update File: b.py
@@
-x = 1
+x = 2
*** End Patch
"""
CHANGED = (A.replace("return 1\n", "return 10\n").replace("return 3", "return 30"), "x = 2\n")
FINISH = Call("finish", {"summary": "The numbers are changed."})
TURNS = [Turn(Text("I look first."), PLAN), Turn(Call("apply_patch", {"patch": PATCH})), Turn(FINISH)]
ASK_PLAN, ASK_HUNK = "Approve this plan?", "Apply this hunk?"


class Place:
    """A workspace, a state folder, and an endpoint."""

    def __init__(self, folder: Path, endpoint: Endpoint | None) -> None:
        self.folder = folder
        self.workspace = folder / "project"
        self.workspace.mkdir()
        (self.workspace / "a.py").write_text(A)
        (self.workspace / "b.py").write_text(B)
        url = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "a-key"} if endpoint else {}
        self.env = environment(SIGNOFF_STATE_DIR=str(folder / "state"), **url)

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "signoff", *arguments]

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        argv = self.argv(*arguments)
        everything = {**self.env, **env}
        none = subprocess.DEVNULL
        return subprocess.run(
            argv, env=everything, cwd=self.workspace, stdin=none, capture_output=True, text=True, check=False
        )

    def start(self, *arguments: str) -> Terminal:
        return Terminal(self.argv(*arguments), self.env, self.workspace)

    def view(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.run("sessions", "show", "last", "--json", *arguments).stdout)

    @property
    def texts(self) -> tuple[str, str]:
        return (self.workspace / "a.py").read_text(), (self.workspace / "b.py").read_text()


@pytest.fixture
def scripted(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """The endpoint with the test's own turns, or the usual ones."""
    with running(Script(getattr(request, "param", TURNS), select="state")) as endpoint:
        yield endpoint


@pytest.fixture
def place(tmp_path: Path, scripted: Endpoint) -> Place:
    return Place(tmp_path, scripted)


# -------------------------------------------------------------------------------------------------- without a terminal


def test_approve_all_goes_from_a_goal_to_changed_files(place: Place, scripted: Endpoint) -> None:
    done = place.run("run", "Change the numbers", "--approve", "all")
    assert (done.returncode, place.texts) == (0, CHANGED), done.stderr
    for words in ("I look first.", "1. [ ] Change a.py", "Hunk 3/3: b.py:1 (+1 -1)", "-    return 1\n+    return 10"):
        assert words in done.stdout
    assert done.stdout.count("I look first.") == 1
    assert "The numbers are changed.\nChanged: a.py (+2 -2)\nChanged: b.py (+1 -1)" in done.stdout
    assert "3 requests, $0." in done.stdout and "\x1b" not in done.stdout + done.stderr
    assert len(scripted.calls) == 3
    scripted.check_no_turn_asked_again()


def test_json_is_the_final_view(place: Place) -> None:
    done = place.run("run", "Change the numbers", "--approve", "all", "--json")
    view = json.loads(done.stdout)
    assert (view["phase"], {hunk["status"] for hunk in view["hunks"]}) == ("done", {"applied"})
    assert view["usage"]["requests"] == 3


def test_without_a_word_nothing_is_changed_and_resume_goes_on(place: Place, scripted: Endpoint) -> None:
    done = place.run("run", "Change the numbers")
    assert (done.returncode, place.texts) == (3, (A, B)), done.stderr
    assert "1. [ ] Change a.py" in done.stdout and "Left undecided: the plan." in done.stderr
    done = place.run("sessions", "resume", "last", "--approve", "plan")
    assert (done.returncode, place.texts) == (3, (A, B)), done.stderr
    assert "Hunk 3/3: b.py:1" in done.stdout
    done = place.run("sessions", "resume", "last", "--approve", "all")
    assert (done.returncode, place.texts) == (0, CHANGED), done.stderr
    scripted.check_no_turn_asked_again()


def test_approve_none_leaves_all_pending(place: Place, scripted: Endpoint) -> None:
    done = place.run("run", "Change the numbers", "--approve", "none", "--json")
    assert (done.returncode, place.texts) == (3, (A, B))
    assert json.loads(done.stdout)["waitingFor"] == ["plan"]
    assert len(scripted.calls) == 1


def test_no_key_is_told_with_what_to_do(tmp_path: Path) -> None:
    done = Place(tmp_path, None).run("run", "Change the numbers", "--approve", "all")
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stderr and "--base-url" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("scripted", [[TURNS[0], *TURNS[1:]]], indirect=True)
def test_a_cap_stops_the_session_before_the_first_request(place: Place, scripted: Endpoint) -> None:
    done = place.run("run", "Change the numbers", "--approve", "all", "--max-tokens", "10")
    assert (done.returncode, place.texts, len(scripted.calls)) == (1, (A, B), 0), done.stderr
    assert "--max-tokens" in done.stderr


LIMITED = [Turn(*TURNS[0].parts, faults=[RateLimit(1)]), *TURNS[1:]]


@pytest.mark.parametrize("scripted", [LIMITED], indirect=True)
def test_a_rate_limit_is_waited_for_and_told(place: Place) -> None:
    done = place.run("run", "Change the numbers", "--approve", "all")
    assert (done.returncode, place.texts) == (0, CHANGED), done.stderr
    assert "Waiting, and trying again at" in done.stderr


QUESTION = Call("ask_user", {"question": "Which numbers?", "options": ["all", "some"]})


@pytest.mark.parametrize("scripted", [[Turn(QUESTION), *TURNS]], indirect=True)
def test_a_question_without_a_terminal_is_left(place: Place) -> None:
    done = place.run("run", "Change the numbers", "--approve", "all")
    assert (done.returncode, place.texts) == (3, (A, B)), done.stderr
    assert "The agent asks: Which numbers?\n  1. all\n  2. some" in done.stdout


def test_lines_of_a_file_reach_the_model(place: Place, scripted: Endpoint) -> None:
    place.run("run", "Change it", "--file", "a.py:5-6", "--approve", "none")
    prompt = json.dumps(scripted.calls[0].items)
    assert "a.py" in prompt and "def g():" in prompt


# ------------------------------------------------------------------------------------------------------ on a terminal


def test_plan_and_hunks_on_a_terminal(place: Place, scripted: Endpoint) -> None:
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        for number in (1, 2, 3):
            terminal.expect(f"Hunk {number}/3")
            terminal.expect(ASK_HUNK)
            assert place.texts == (A, B) or number > 1
            terminal.type("y")
        assert terminal.end() == 0, terminal.shown
    assert place.texts == CHANGED
    assert "\x1b[31m-    return 1\x1b[0m" in terminal.shown
    scripted.check_no_turn_asked_again()


REVISED = Call("edit_file", {"path": "b.py", "edits": [{"old": "x = 1", "new": "x = 7"}]})
FIRST = Call("edit_file", {"path": "b.py", "edits": [{"old": "x = 1", "new": "x = 2"}]})


@pytest.mark.parametrize(
    "scripted", [[Turn(PLAN), Turn(FIRST), Turn(FINISH), Turn(REVISED), Turn(FINISH)]], indirect=True
)
def test_a_rejected_hunk_is_revised(place: Place, scripted: Endpoint) -> None:
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        terminal.expect("+x = 2")
        terminal.expect(ASK_HUNK)
        terminal.type("n make it seven")
        terminal.expect("+x = 7")
        terminal.expect(ASK_HUNK)
        terminal.type("y")
        assert terminal.end() == 0, terminal.shown
    assert place.texts == (A, "x = 7\n")
    assert "make it seven" in json.dumps(scripted.calls[-1].items)


NEW_PLAN = Call("update_plan", {"steps": [{"id": "s1", "text": "Only b.py"}]})


@pytest.mark.parametrize("scripted", [[Turn(PLAN), Turn(NEW_PLAN), Turn(FIRST), Turn(FINISH)]], indirect=True)
def test_a_rejected_plan_is_revised_and_a_hunk_amended(place: Place, scripted: Endpoint, tmp_path: Path) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text("import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('x = 99\\n')")
    place.env.update(EDITOR=shlex.join([sys.executable, str(editor)]), VISUAL="")
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("n leave a.py alone")
        terminal.expect("Only b.py")
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        terminal.expect("+x = 2")
        terminal.expect(ASK_HUNK)
        terminal.type("e")
        terminal.expect("+x = 99")
        terminal.expect(ASK_HUNK)
        terminal.type("y")
        assert terminal.end() == 0, terminal.shown
    assert place.texts == (A, "x = 99\n")
    assert "leave a.py alone" in json.dumps(scripted.calls[1].items)


def test_a_plan_is_edited_and_the_model_gets_the_new_one(place: Place, scripted: Endpoint, tmp_path: Path) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys; p = pathlib.Path(sys.argv[1]); t = p.read_text()\n"
        "p.write_text(t.replace('(s2) Change b.py', '(s2) Change b.py with care') + '- [ ] Say thanks\\n')"
    )
    place.env.update(EDITOR=shlex.join([sys.executable, str(editor)]), VISUAL="")
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("e")
        terminal.expect("Change b.py with care")
        terminal.expect("Say thanks")
        terminal.expect(ASK_PLAN)
        terminal.type("s 1")
        terminal.expect("[-] Change a.py")
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        terminal.expect(ASK_HUNK)
        terminal.type("q")
        assert terminal.end() == 3, terminal.shown
    sent = json.dumps(scripted.calls[1].items)
    assert "Change b.py with care" in sent and "Say thanks" in sent and "[skipped] Change a.py" in sent


SLOW = [Turn(Text("word " * 400), PLAN, chunk_delay=0.05), *TURNS[1:]]


@pytest.mark.parametrize("scripted", [SLOW], indirect=True)
def test_control_c_in_mid_stream_stops_and_resume_goes_on(place: Place) -> None:
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect("word word")
        terminal.press(b"\x03")
        assert terminal.end() == 130, terminal.shown
    assert "Everything is kept; go on with: signoff sessions resume" in terminal.plain
    assert place.view()["phase"] == "stopped"
    done = place.run("sessions", "resume", "last", "--approve", "all")
    assert (done.returncode, place.texts) == (0, CHANGED), done.stderr


# ------------------------------------------------------------------------------------------------------ kill -9, others


def child_of(process: int) -> int:
    """The process's only child."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
        )
        if found.stdout.split():
            return int(found.stdout.split()[0])
    raise TimeoutError("no child")


@pytest.mark.parametrize("who", ["server", "program"])
def test_kill_at_the_second_hunk_and_resume(place: Place, scripted: Endpoint, who: str) -> None:
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        terminal.expect("Hunk 1/3")
        terminal.expect(ASK_HUNK)
        terminal.type("y")
        terminal.expect("Hunk 2/3")
        terminal.expect(ASK_HUNK)
        os.kill(child_of(terminal.process.pid) if who == "server" else terminal.process.pid, signal.SIGKILL)
        if who == "server":
            terminal.type("y")
            assert terminal.end() == 1
            assert "The server stopped." in terminal.plain
    assert place.texts == (A.replace("return 1\n", "return 10\n"), B)
    with place.start("sessions", "resume", "last") as terminal:
        for number in (2, 3):
            terminal.expect(f"Hunk {number}/3")
            terminal.expect(ASK_HUNK)
            terminal.type("y")
        assert terminal.end() == 0, terminal.shown
    assert place.texts == CHANGED
    scripted.check_no_turn_asked_again()


def test_two_servers_on_one_state_folder(place: Place, scripted: Endpoint) -> None:
    with place.start("run", "Change the numbers") as terminal:
        terminal.expect(ASK_PLAN)
        assert place.view()["waitingFor"] == ["plan"]
        other = place.run("sessions", "resume", "last", "--approve", "all")
        assert other.returncode != 0 and "Traceback" not in other.stderr
        assert "another" in other.stderr.lower(), other.stderr
        terminal.type("y")
        terminal.expect(ASK_HUNK)
        terminal.type("a")
        assert terminal.end() == 0, terminal.shown
    assert place.texts == CHANGED
    scripted.check_no_turn_asked_again()


# ------------------------------------------------------------------------------------------------------------- sessions


def test_a_session_is_exported_replayed_and_purged(place: Place, tmp_path: Path) -> None:
    place.run("run", "Change the numbers", "--approve", "all")
    view = place.view()
    file = tmp_path / "session.json"
    assert place.run("sessions", "export", "last", "-o", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    replayed = json.loads(place.run("sessions", "replay", str(file), "--json").stdout)
    for hunk in (*view["hunks"], *replayed["hunks"]):
        del hunk["range"]  # there are no files to find a place in
    assert replayed == view
    shown = place.run("sessions", "replay", str(file)).stdout
    assert "Goal: Change the numbers" in shown and "+x = 2" in shown
    assert "Change the numbers" in place.run("sessions", "list").stdout

    unsure = place.run("sessions", "purge", view["session"])
    assert unsure.returncode == 2 and "--yes" in unsure.stderr
    assert place.run("sessions", "purge", view["session"], "--yes").returncode == 0
    assert place.run("sessions", "show", view["session"]).returncode == 1
    stored = b"".join(path.read_bytes() for path in (place.folder / "state").rglob("*") if path.is_file())
    assert b"return 30" not in stored and b"Change the numbers" not in stored


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-40], "no JSON"),
        (lambda text: "[]", "no session that `signoff sessions export` wrote"),
        (lambda text: text.replace('"version": 1,\n "signoff"', '"version": 9,\n "signoff"'), "version 9"),
        (lambda text: text.replace('"seq": 3', '"seq": 4'), "event 3 has the number 4"),
        (lambda text: text.replace('"type": "PlanProposed"', '"type": "Party"'), "there is no event type 'Party'"),
        (lambda text: text.replace('"goal":', '"gaol":'), "event 1: the SessionStarted event is damaged"),
    ],
)
def test_a_bad_export_is_named_with_place_and_reason(exported: str, tmp_path: Path, change: Any, words: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(change(exported))
    argv = [sys.executable, "-m", "signoff", "sessions", "replay", str(file)]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert str(file) in done.stderr and words in done.stderr


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A session's export."""
    with running(Script(TURNS, select="state")) as endpoint:
        place = Place(tmp_path_factory.mktemp("exported"), endpoint)
        place.run("run", "Change the numbers", "--approve", "none")
        return place.run("sessions", "export", "last").stdout


def test_a_file_that_is_not_there_and_a_session_that_is_not_there(place: Place) -> None:
    assert place.run("sessions", "replay", "nowhere.json").returncode == 2
    assert place.run("sessions", "export", "last").returncode == 1


def test_the_doctor_of_the_real_server(place: Place) -> None:
    done = place.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert checks["server"]["ok"] and checks["state"]["ok"] and checks["endpoint"]["ok"]


# ----------------------------------------------------------------------------------------------------------------- demo


def demo_turns(request: Request) -> Turn:
    """The docstring and the one-line bug of the sample project."""
    said = sum(item.get("type") == "function_call" for item in request.items)
    plan = Call("update_plan", {"steps": [{"text": "Docstring"}, {"text": "Divide by the number of words"}]})
    doc = {"old": "limit: int = 10) -> list[tuple[str, int]]:\n", "new": "limit: int = 10) -> list[tuple[str, int]]:\n"}
    doc["new"] += '    """The most frequent words with their counts."""\n'
    bug = {"old": "(len(found) + 1)", "new": "len(found)"}
    edits = [
        Call("edit_file", {"path": f"textstats/{p}.py", "edits": [e]}) for p, e in (("counts", doc), ("report", bug))
    ]
    return [Turn(plan), Turn(edits[0], edits[1]), Turn(FINISH)][min(2, said)]


@pytest.mark.parametrize("scripted", [[demo_turns] * 4], indirect=True)
def test_the_demo_with_an_endpoint(place: Place) -> None:
    done = place.run("demo", "--yes")
    assert done.returncode == 0, done.stderr
    assert "+++ b/textstats/counts.py" in done.stdout and "-    return sum" in done.stdout
    assert "Changed: textstats/report.py (+1 -1)" in done.stdout and "tokens in" in done.stdout
    assert "Seconds: server start" in done.stdout and "approved without asking (--yes)" in done.stderr
    assert "sessions" in place.run("sessions", "list").stderr.lower(), "the demo leaves nothing in the user's journal"


@pytest.mark.parametrize("scripted", [[demo_turns] * 4], indirect=True)
def test_the_demo_on_a_terminal_asks_and_keeps_the_project(place: Place) -> None:
    with place.start("demo", "--keep") as terminal:
        terminal.expect(ASK_PLAN)
        terminal.type("y")
        terminal.expect(ASK_HUNK)
        terminal.type("n")
        terminal.expect("Why?")
        terminal.type("")
        terminal.expect(ASK_HUNK)
        terminal.type("y")
        assert terminal.end() == 0, terminal.shown
    project = Path(terminal.plain.split("The project stays in ")[1].strip())
    try:
        assert "/ len(found)" in (project / "textstats" / "report.py").read_text()
        assert '"""The most' not in (project / "textstats" / "counts.py").read_text()
    finally:
        subprocess.run(["rm", "-r", str(project.parent)], check=True)
