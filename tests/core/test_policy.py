"""What one word covers: files that ask each by itself, and sessions that go on by themselves after a restart."""

from __future__ import annotations

import pytest

from signoff.core import commands as c
from signoff.core.hunks import Hunk
from signoff.core.model import ModelFailure
from signoff.core.policy import asks_each_time, resumes_alone, why_held_back, why_left_out
from signoff.core.settings import AutoResume
from signoff.core.state import State
from support.session import Session, call

STATE = State("s", workspace="file:///home/me/.vscode/extension")
WORKSPACE = STATE.workspace


def hunk(path: str, to: str | None = None) -> Hunk:
    target = f"{WORKSPACE}/{to}" if to else None
    return Hunk("s.h1", 1, "p", f"{WORKSPACE}/{path}", "rename" if to else "update", 0, "a\n", "b\n", to_uri=target)


@pytest.mark.parametrize("path", [".vscode/tasks.json", "sub/.ENVRC", ".mcp.json", ".idea/x.xml", ".git/config"])
def test_files_that_decide_what_runs_ask_each_time(path: str) -> None:
    assert asks_each_time(STATE, hunk(path))
    assert asks_each_time(STATE, hunk("plain.txt", to=path))
    assert asks_each_time(STATE, hunk(path, to="plain.txt"))


@pytest.mark.parametrize("path", ["a.py", ".github/workflows/x.yml", "vscode/x", "docs/.envrc.md"])
def test_other_files_do_not_even_below_a_folder_of_settings(path: str) -> None:
    assert not asks_each_time(STATE, hunk(path))


def test_what_was_held_back_is_named_and_counted() -> None:
    assert why_held_back(STATE, []) is None
    few = why_held_back(STATE, [hunk(".envrc"), hunk(".envrc"), hunk("x", to=".mcp.json")])
    assert few and "Not approved with the others: .envrc, .mcp.json. " in few and "by itself" in few
    many = why_held_back(STATE, [hunk(f".vscode/{n}") for n in range(9)])
    assert many and ".vscode/0, .vscode/1, .vscode/2 and 6 more." in many


def test_what_changed_since_it_was_shown_is_named_and_counted() -> None:
    assert why_left_out(STATE, []) is None
    one = why_left_out(STATE, [hunk("a.py")])
    assert one == "Left out: 1 hunk that changed since you saw it, in a.py. Look at it again."
    many = why_left_out(STATE, [hunk("a.py"), hunk("a.py"), hunk("b.py")])
    assert many == "Left out: 3 hunks that changed since you saw them, in a.py, b.py. Look at them again."


def _session(waits: bool) -> Session:
    session = Session({"a.py": "x\n"}, plan_first=False)
    session.start()
    if waits:
        session.do(c.RecordFailure(0, 0, ModelFailure("rate_limit", "Later.", 100.0), session.now))
    return session


@pytest.mark.parametrize(
    ("policy", "waits", "goes_on"),
    [
        ("ask", False, False),
        ("ask", True, False),
        ("waiting", False, False),
        ("waiting", True, True),
        ("always", False, True),
        ("always", True, True),
    ],
)
def test_what_goes_on_after_a_restart(policy: AutoResume, waits: bool, goes_on: bool) -> None:
    session = _session(waits)
    assert not resumes_alone(policy, session.state), "it runs"
    session.do(c.Park())
    assert resumes_alone(policy, session.state) is goes_on


def test_what_the_user_stopped_stays_stopped() -> None:
    session = _session(waits=True)
    session.do(c.Interrupt())
    assert not resumes_alone("always", session.state)


def test_what_waits_for_the_user_does_not_go_on() -> None:
    session = _session(waits=False)
    session.model(call("ask_user", question="Which?"))
    session.ask(c.Park())
    assert not resumes_alone("always", session.state)
