"""Old logs load for ever. Each file of `corpus/` is one session as it was once written, with the digest of its view.

`UPDATE_CORPUS=1` writes the logs that are not there yet and the digests of all. A log that is there is never rewritten:
when an event changes its shape, it stays as it is and `upcast` has to read it. A digest that changes means that people
will see an old session differently; say in the commit why.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from signoff.core import commands as c
from signoff.core.envelope import Envelope
from signoff.core.evolve import fold
from signoff.core.hunks import FileChange
from signoff.core.model import Reasoning, ToolCall
from signoff.core.plan import Step
from signoff.core.session import Finding, Place
from signoff.core.turn import conversation
from signoff.core.view import view
from signoff.runtime.codec import decode_envelope, encode_envelope
from support.session import NO_RANGE, Session, call, patch, steps

CORPUS = Path(__file__).parent / "corpus"
TEXT = "one\ntwo\nthree\nfour\n"


def plan_and_hunks() -> Session:
    s = Session({"a.py": TEXT}, models=("gpt-5",), reasons=(("model", "default"),), max_tokens=50_000)
    place = Place("file:///w/a.py", 1, 0, 2, 0)
    s.start("Number them.", place=place, findings=(Finding("unused", "warning", "ruff", "F401", place),), parent="s0")
    s.model(Reasoning("r1"), "A plan.", call("update_plan", steps=steps("read", "write", "test")))
    s.do(c.ApproveStep("s1"))
    s.do(c.EditPlan("s.p1", (Step("s1", "read"), Step("s2", "write", files=("a.py",), after=("s1",)), Step("s3", "x"))))
    s.do(c.SkipStep("s3"))
    s.approve_plan()
    s.model(call("read_file", path="a.py"), patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.model(patch("a.py", "-3", "+III"), call("finish", summary="Numbered."))
    s.work()
    s.approve()
    return s


def rejected_with_feedback() -> Session:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.model("Proposed.")
    s.reject("h1", feedback="Keep one.")
    s.model(call("update_plan", steps=steps("keep")), patch("a.py", "-3", "+three"))
    s.work()
    s.model("Withdrawn.")
    return s


def questions() -> Session:
    s = Session()
    s.start()
    s.model(call("ask_user", question="Which?", options=["a", "b"]))
    s.reply("a")
    s.model(call("update_plan", steps=steps("a")))
    s.reject_plan("No.")
    s.model(call("update_plan", steps=steps("b")), call("ask_user", question="Sure?"))
    return s


def failures() -> Session:
    s = Session(plan_first=False)
    s.start()
    s.fail("rate_limit", "Slow down.", 30)
    s.wait()
    s.model("")
    s.wait()
    s.fail("model_unavailable", "Gone.")
    s.fail("auth", "No.")
    s.do(c.Resume())
    s.do(c.NoteBug("loop", "KeyError: 1"))
    s.model("Hello.")
    return s


def undone() -> Session:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.amend("h1", "I\n")
    s.model("Done.")
    s.approve("h1", land=False)
    s.do(c.RefuseLanding("s.l1", "The editor refused."))
    s.approve()
    s.undo("h1")
    s.reply("Again.")
    s.model("No.")
    return s


def stale() -> Session:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.type("a.py", "two\n", "two\n2.5\n")
    s.type("a.py", "one", "ONE")
    s.do(c.AdoptTyping("s.h2", 1, "three!\n", "3!\n"))
    s.do(c.ReproposeHunk(s.shown("h1")[0]))
    return s


def switched() -> Session:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.model("Done.")
    s.approve()
    s.do(c.NoteSaved(s.uri("a.py")))
    starts = tuple((h.id, h.start) for h in s.state.hunks_of(s.uri("a.py")))
    s.do(c.NoteSwitched(s.uri("a.py"), ("s.h1", "s.h2"), False, "digest", starts))
    s.do(c.NoteSwitched(s.uri("a.py"), ("s.h1",), True, "digest", starts))
    s.do(c.MarkStale("s.h2", "Typed over."))
    s.do(c.MarkFitting("s.h2"))
    s.do(c.NoteRenamed(s.uri("a.py"), s.uri("b.py")))
    return s


def whole_files() -> Session:
    s = Session({"a.py": TEXT, "b.py": "b\n", "c.py": "c\n"}, plan_first=False)
    s.start()
    s.model(ToolCall("c1", "apply_patch", "-", custom=True))
    changes = [
        FileChange("a.py", "rename", TEXT, TEXT + "five\n", "z.py"),
        FileChange("b.py", "delete", "b\n", None),
        FileChange("d.py", "create", None, "d\n"),
    ]
    s.do(s.proposal("c1", changes))
    s.approve("h1", "h3")
    s.model(call("edit_file", path="b.py", edits=[{"old": "", "new": "b2\n"}]))
    s.work()
    return s


def interrupted() -> Session:
    s = Session({"a.py": TEXT})
    s.start(context="Two files.")
    s.model(call("list_files"), call("update_plan", steps=steps("x")))
    s.do(c.Interrupt())
    s.approve_plan()
    s.work()
    s.do(c.Interrupt())
    s.do(c.Resume())
    s.do(c.Interrupt())
    return s


def restarted_with_a_landing() -> Session:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(patch("a.py", "-one", "+1", " two", "-three", "+3"))
    s.work()
    s.approve("h1", land=False)
    s.landing(s.state.landings["s.l1"], until=lambda at: at == "written")
    s.restart()
    s.probe()
    s.do(c.Resume())
    s.approve("h2", land=False)
    s.landing(s.state.landings["s.l2"], until=lambda at: at == "started")
    s.restart()
    return s


def archived() -> Session:
    s = Session(plan_first=False, models=("local/qwen",))
    s.start()
    s.model(call("finish", summary="Nothing to do."))
    s.do(c.Archive())
    return s


MADE: list[Callable[[], Session]] = [
    plan_and_hunks,
    rejected_with_feedback,
    questions,
    failures,
    undone,
    stale,
    whole_files,
    switched,
    interrupted,
    restarted_with_a_landing,
    archived,
]


def seen(log: list[Envelope]) -> str:
    """The digest of all that people and the model see of the session."""
    state = fold("s", log)
    viewed = asdict(view(state, lambda _: NO_RANGE))
    # What no log tells, but the process that reads it.
    del viewed["elsewhere"]
    shown: dict[str, Any] = {
        "view": viewed,
        "items": [*map(repr, conversation(state))],
    }
    return sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_old_logs_read_as_they_did(make: Callable[[], Session]) -> None:
    path = CORPUS / f"{make.__name__}.json"
    if os.environ.get("UPDATE_CORPUS"):
        update(path, make)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert seen([decode_envelope(fact) for fact in stored["log"]]) == stored["seen"]


def update(path: Path, make: Callable[[], Session]) -> None:
    if path.exists():
        log = json.loads(path.read_text(encoding="utf-8"))["log"]
    else:
        log = [encode_envelope(fact) for fact in make().log]
    stored = {"seen": seen([decode_envelope(fact) for fact in log]), "log": log}
    path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def test_the_corpus_has_every_kind_of_event() -> None:
    from signoff.runtime.codec import EVENTS

    stored = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CORPUS.glob("*.json"))]
    assert {fact["type"] for log in stored for fact in log["log"]} == set(EVENTS)


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_a_log_written_today_reads_back_as_it_was(make: Callable[[], Session]) -> None:
    log = make().log
    written = json.loads(json.dumps([encode_envelope(fact) for fact in log]))
    assert [decode_envelope(fact) for fact in written] == log
