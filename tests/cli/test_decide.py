"""What the terminal does next, as a table: view, approve mode and memory in, action out."""

from typing import Any

import pytest

from signoff.cli import decide as d

PLAN: Any = {"id": "p1", "steps": []}
QUESTION: Any = {"id": "q1", "text": "?", "options": []}
FAILURE: Any = {"reason": "quota", "attempt": 0, "strategy": "ask", "until": None, "message": ""}


def hunk(number: int, status: str = "pending", rev: int = 1, uri: str = "file:///w/a", line: int = 0) -> Any:
    span = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
    return {"id": f"h{number}", "rev": rev, "uri": uri, "status": status, "note": "", "range": span}


def view(phase: str, *waiting: str, **more: Any) -> Any:
    base: dict[str, Any] = {"phase": phase, "waitingFor": list(waiting), "plan": None, "questions": [], "failures": []}
    return {**base, "hunks": [], **more}


NONE = d.Memory()
H1, H2, STALE = hunk(1), hunk(2), hunk(3, "stale")
PLANNED = view("waiting", "plan", plan=PLAN)
ASKING = view("waiting", "question", questions=[QUESTION])
HUNKS = view("waiting", "hunk", hunks=[H1, H2])
BUSY_HUNKS = view("working", "hunk", hunks=[H1, H2])
TIMED = view("waiting", "hunk", "time", hunks=[H1])
FAILED = view("failed", "hunk", failures=[FAILURE], hunks=[H1])
SOME = view("done", hunks=[hunk(1, "applied"), hunk(2, "rejected")])
AGAIN = d.Memory(again=frozenset({"h3"}))
TAKEN = d.Memory(taken=frozenset({("h1", 1), ("h2", 1)}))

TABLE: list[tuple[str, Any, d.Mode, bool, d.Memory, Any]] = [
    ("archived", view("archived"), "ask", True, NONE, d.Leave(0)),
    ("done", view("done"), "ask", True, NONE, d.Leave(0)),
    ("done, some rejected", SOME, "ask", True, NONE, d.Leave(0)),
    ("done, all rejected", view("done", hunks=[hunk(1, "rejected")]), "ask", True, NONE, d.Leave(3)),
    ("busy", view("planning"), "ask", True, NONE, d.Wait()),
    ("stopped", view("stopped"), "all", True, NONE, d.Leave(1)),
    ("plan, ask", PLANNED, "ask", True, NONE, d.AskPlan(PLAN)),
    ("plan, ask, nobody there", PLANNED, "ask", False, NONE, d.Leave(3)),
    ("plan, plan", PLANNED, "plan", False, NONE, d.TakePlan(PLAN)),
    ("plan, all", PLANNED, "all", True, NONE, d.TakePlan(PLAN)),
    ("plan, none", PLANNED, "none", True, NONE, d.Leave(3)),
    ("question, ask", ASKING, "ask", True, NONE, d.AskQuestion(QUESTION)),
    ("question, all", ASKING, "all", True, NONE, d.AskQuestion(QUESTION)),
    ("question, all, nobody there", ASKING, "all", False, NONE, d.Leave(3)),
    ("question, none", ASKING, "none", True, NONE, d.Leave(3)),
    ("hunks, ask", HUNKS, "ask", True, NONE, d.AskHunk(H1, 1, 2)),
    ("hunks, plan", HUNKS, "plan", True, NONE, d.AskHunk(H1, 1, 2)),
    ("hunks, plan, nobody there", HUNKS, "plan", False, NONE, d.Leave(3)),
    ("hunks, none", HUNKS, "none", True, NONE, d.Leave(3)),
    ("hunks, all", HUNKS, "all", False, NONE, d.TakeHunks((H1, H2))),
    ("hunks, all, did not land", HUNKS, "all", False, TAKEN, d.Leave(3)),
    ("hunks while it works are not asked about", BUSY_HUNKS, "ask", True, NONE, d.Wait()),
    ("unless their review is under way", BUSY_HUNKS, "ask", True, d.Memory(frozenset({"h2"})), d.AskHunk(H2, 1, 2)),
    ("hunks while it works, all", BUSY_HUNKS, "all", True, NONE, d.Wait()),
    ("hunks while it waits for the service, ask", TIMED, "ask", True, NONE, d.AskHunk(H1, 1, 1)),
    ("hunks while it waits for the service, all", TIMED, "all", True, NONE, d.Wait()),
    ("hunks while it waits for the service, none", TIMED, "none", True, NONE, d.Wait()),
    ("waits for the service", view("waiting", "time"), "none", False, NONE, d.Wait()),
    ("an edit on its way", view("working", hunks=[hunk(1, "applying")]), "all", False, NONE, d.Wait()),
    ("failed, ask", FAILED, "ask", True, NONE, d.AskFailure(1)),
    ("failed, hunks chosen", FAILED, "ask", True, d.Memory(frozenset({"h1"})), d.AskHunk(H1, 1, 1)),
    ("failed, all, nobody there", FAILED, "all", False, NONE, d.Leave(1)),
    ("failed without a word", view("failed"), "ask", True, NONE, d.AskFailure(0)),
    ("stale, ask", view("waiting", "hunk", hunks=[STALE]), "ask", True, NONE, d.AskHunk(STALE, 1, 1)),
    ("stale, all", view("waiting", "hunk", hunks=[STALE]), "all", False, NONE, d.ProposeAgain(STALE)),
    ("stale again, all", view("waiting", "hunk", hunks=[STALE]), "all", False, AGAIN, d.Leave(3)),
    ("at rest with nothing to decide yet", view("waiting"), "all", False, NONE, d.Wait()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "mode", "asks", "memory", "action"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_next_action(given: Any, mode: d.Mode, asks: bool, memory: d.Memory, action: d.Action) -> None:
    assert d.decide(given, mode, asks, memory) == action


def test_hunks_are_asked_about_in_the_order_of_the_files() -> None:
    scattered = [hunk(1, uri="file:///w/b"), hunk(2, line=9), hunk(3, line=2), hunk(4, "applied")]
    assert [one["id"] for one in d.open_hunks(view("waiting", hunks=scattered))] == ["h3", "h2", "h1"]


def test_numbers_count_what_was_decided_and_leave_out_what_was_withdrawn() -> None:
    hunks = [hunk(1, "applied"), hunk(2, "withdrawn"), hunk(3), hunk(4)]
    action = d.decide(view("waiting", "hunk", hunks=hunks), "ask", True, NONE)
    assert isinstance(action, d.AskHunk) and (action.number, action.total) == (2, 3)


@pytest.mark.parametrize(
    ("before", "after", "shows"),
    [
        (PLANNED, PLANNED, False),
        (PLANNED, view("working", plan=PLAN), True),
        (PLANNED, view("waiting", "plan", plan={**PLAN, "steps": [1]}), True),
        (ASKING, ASKING, False),
        (ASKING, view("working"), True),
        (HUNKS, HUNKS, False),
        (HUNKS, view("working", "hunk", hunks=[hunk(1, "applying"), H2]), True),
        (HUNKS, view("waiting", "hunk", hunks=[hunk(1, rev=2), H2]), True),
        (HUNKS, view("waiting", "hunk", hunks=[{**H1, "note": "did not land"}, H2]), True),
        (FAILED, FAILED, False),
        (FAILED, view("working"), True),
        (view("working"), view("working"), True),
    ],
)
def test_a_command_has_to_show_before_anything_else_is_decided(before: Any, after: Any, shows: bool) -> None:
    assert d.shows(after, d.decide(before, "ask", True, NONE)) is shows


def test_all_hunks_have_to_show_that_they_were_taken() -> None:
    action = d.decide(HUNKS, "all", False, NONE)
    assert not d.shows(view("working", hunks=[hunk(1, "applying"), H2]), action)
    assert d.shows(view("working", hunks=[hunk(1, "applying"), hunk(2, "applied")]), action)


def test_seconds_are_booked_by_what_the_session_is_busy_with() -> None:
    stages = [d.stage(v) for v in (view("planning"), view("working"), view("working", hunks=[hunk(1, "applying")]))]
    assert stages == ["plan", "hunks", "landing"]
