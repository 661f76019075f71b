"""Landings: announced, proved or refused, probed after a kill; every way out gives the hunk back or applies it."""

import pytest

from signoff.core import commands as c
from support.session import Session, names, patch


def approved(undo: bool = False) -> Session:
    """A session with one landing owed: of h1 (2 -> two), or its undo."""
    s = Session({"a.py": "1\n2\n3\n"}, plan_first=False)
    s.start()
    s.model(patch("a.py", " 1", "-2", "+two"))
    s.work()
    s.model("Done.")
    s.approve(land=undo)
    if undo:
        s.undo(land=False)
    return s


def test_refused_for_now() -> None:
    s = approved()
    assert names(s.do(c.RefuseLanding("s.l1", "Read-only."))) == ["LandingRefused"]
    assert (s.hunks, s.hunk("h1").note, s.owed) == ({"h1": ("pending", 1)}, "Read-only.", ())
    s.approve(land=False)
    assert (s.owed, s.hunk("h1").note) == (("land:s.l2",), "")


def test_refused_for_good() -> None:
    s = approved()
    s.do(c.RefuseLanding("s.l1", "Not there.", ("s.h1",)))
    assert (s.hunks, s.waiting_for) == ({"h1": ("stale", 1)}, ("hunk",))


def test_an_undo_that_is_refused_leaves_the_hunk_applied() -> None:
    s = approved(undo=True)
    s.do(c.RefuseLanding("s.l2", "The text changed.", ("s.h1",)))
    assert (s.hunks, s.hunk("h1").note, s.phase) == ({"h1": ("applied", 1)}, "The text changed.", "done")
    s.undo()
    assert s.files["a.py"] == "1\n2\n3\n"


def test_reports_about_a_landing_that_is_over_change_nothing() -> None:
    s = approved()
    s.land()
    for late in (
        c.StartLanding("s.l1", "buffer", "x", "y"),
        c.FinishLanding("s.l1", "y", ()),
        c.RefuseLanding("s.l1", "late"),
        c.FinishLanding("s.l9", "y", ()),
    ):
        assert s.do(late) == []
    assert s.hunks == {"h1": ("applied", 1)}


def test_a_landing_starts_once() -> None:
    s = approved()
    start = c.StartLanding("s.l1", "disk", "x", "y")
    assert names(s.do(start)) == ["LandingStarted"]
    landing = s.state.landings["s.l1"]
    assert (landing.stage, landing.channel, landing.before_digest, landing.after_digest) == (
        "started",
        "disk",
        "x",
        "y",
    )
    assert s.do(start) == []


@pytest.mark.parametrize(
    ("cut", "typed", "hunk", "text"),
    [
        pytest.param("", "", "applied", "1\ntwo\n3\n", id="not begun: it is carried out"),
        pytest.param("started", "", "pending", "1\n2\n3\n", id="announced but not made"),
        pytest.param("written", "", "applied", "1\ntwo\n3\n", id="made but not recorded"),
        pytest.param("started", "x\n", "stale", "x\n", id="the text is neither: the user has to look"),
    ],
)
def test_after_a_kill_the_document_tells(cut: str, typed: str, hunk: str, text: str) -> None:
    s = approved()
    if cut:
        s.landing(s.state.landings["s.l1"], until=lambda at: at == cut)
    if typed:
        s.files["a.py"] = typed
    assert names(s.restart()) == ["SessionParked"]
    assert s.owed == (("probe:s.l1",) if cut else ("land:s.l1",))
    s.probe()
    s.land()
    assert (s.hunk("h1").status, s.files["a.py"]) == (hunk, text)
    # Nothing but the landing was under way, so there is nothing to resume.
    assert (s.owed, s.phase) == ((), "done" if hunk == "applied" else "waiting")
    assert s.refusal(c.Resume()) == "This session is not stopped."


def test_an_edit_on_its_way_is_not_stopped() -> None:
    s = approved()
    assert s.refusal(c.Interrupt()) == "Nothing is running in this session."
    assert s.refusal(c.Archive()) == (
        "An approved edit is on its way into a file. Archive the session when it has landed."
    )
    s.reply("More.")
    assert s.owed == ("land:s.l1", "context:2")
    s.do(c.Interrupt())
    assert (s.owed, s.phase) == (("land:s.l1",), "working")
    s.land()
    assert s.phase == "stopped"
