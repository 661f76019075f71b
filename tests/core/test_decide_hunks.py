"""Hunks: what the user may do with one in each status, what the model hears of it, and what moving text does."""

import pytest

from signoff.core import commands as c
from signoff.core.hunks import FileChange, HunkStatus
from signoff.core.session import Place
from signoff.core.text import digest
from support.session import Session, call, names, patch

TEXT = "1\n2\n3\n4\n5\n"


def proposing(place: Place | None = None) -> Session:
    """A session with h1 (2 -> two) and h2 (4 -> four) pending in a.py, h3 creating b.py, and the agent at rest."""
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start(place=place)
    s.model(
        patch("a.py", " 1", "-2", "+two", " 3", "-4", "+four"),
        call("edit_file", path="b.py", edits=[{"old": "", "new": "b\n"}]),
    )
    s.work()
    s.model("Proposed.")
    assert (s.phase, s.waiting_for) == ("waiting", ("hunk",))
    return s


def in_status(status: HunkStatus) -> Session:
    """A session whose h1 has the status."""
    s = proposing()
    match status:
        case "pending":
            pass
        case "applying":
            s.approve("h1", land=False)
        case "applied":
            s.approve("h1")
        case "rejected":
            s.reject("h1")
        case "stale":
            s.do(c.MarkStale("s.h1", "Gone."))
        case "withdrawn":
            s.do(c.ReproposeHunk(s.shown("h1")[0]))
        case "undone":
            s.approve("h1")
            s.undo("h1")
    assert s.hunk("h1").status == status
    return s


NOT_YET = "The hunk is not applied yet."
NOW = "The hunk is being applied right now."
APPLIED = "The hunk is applied already; undo it to take it back."
REJECTED = "The hunk was rejected already."
STALE = "Gone."
WITHDRAWN = "The agent withdrew this hunk."
UNDONE = "The hunk was undone already."
MATRIX: dict[HunkStatus, dict[str, str | None]] = {
    "pending": {"approve": None, "reject": None, "amend": None, "undo": NOT_YET, "repropose": None},
    "applying": dict.fromkeys(["approve", "reject", "amend", "undo", "repropose"], NOW),
    "applied": {"approve": APPLIED, "reject": APPLIED, "amend": APPLIED, "undo": None, "repropose": APPLIED},
    "rejected": dict.fromkeys(["approve", "reject", "amend", "undo", "repropose"], REJECTED),
    "stale": {"approve": STALE, "reject": None, "amend": STALE, "undo": STALE, "repropose": None},
    "withdrawn": dict.fromkeys(["approve", "reject", "amend", "undo", "repropose"], WITHDRAWN),
    "undone": dict.fromkeys(["approve", "reject", "amend", "undo", "repropose"], UNDONE),
}  # fmt: skip


def command(word: str, shown: c.Shown) -> c.Command:
    match word:
        case "approve":
            return c.ApproveHunks((shown,))
        case "reject":
            return c.RejectHunks((shown,), "No.")
        case "amend":
            return c.AmendHunk(shown, "TWO\n")
        case "undo":
            return c.UndoHunks((shown,))
        case _:
            return c.ReproposeHunk(shown)


@pytest.mark.parametrize(
    ("status", "word", "reason"),
    [(status, word, reason) for status, row in MATRIX.items() for word, reason in row.items()],
)
def test_every_word_in_every_status(status: HunkStatus, word: str, reason: str | None) -> None:
    s = in_status(status)
    made = s.ask(command(word, s.shown("h1")[0]))
    assert made == c.Refused(reason) if reason else isinstance(made, list) and made


@pytest.mark.parametrize("word", ["approve", "reject", "amend", "undo", "repropose"])
def test_another_rev_or_an_unknown_hunk_is_refused(word: str) -> None:
    s = in_status("applied" if word == "undo" else "pending")
    changed = "The hunk changed since you saw it. Look at it again first."
    assert s.refusal(command(word, c.Shown("s.h1", 2))) == changed
    assert s.refusal(command(word, c.Shown("s.h9", 1))) == "There is no such hunk in this session."


def test_nothing_to_decide() -> None:
    s = proposing()
    for one in (c.ApproveHunks(()), c.RejectHunks(()), c.UndoHunks(())):
        assert s.refusal(one) == "There is no hunk to decide."


def test_hunks_of_one_document_land_as_one_edit_and_whole_files_by_themselves() -> None:
    s = proposing()
    made = s.do(c.ApproveHunks((*s.shown("h3", "h2", "h1"), *s.shown("h1"))))
    assert names(made) == ["HunksApproved", "HunksApproved"]
    assert {landing.hunks for landing in s.state.landings.values()} == {("s.h1", "s.h2"), ("s.h3",)}
    assert (s.owed, s.phase) == (("land:s.l1", "land:s.l2"), "working")
    assert names(s.land())[-1] == "SessionFinished"
    assert s.files == {"a.py": "1\ntwo\n3\nfour\n5\n", "b.py": "b\n"}


def test_one_bad_hunk_refuses_all() -> None:
    s = proposing()
    s.reject("h2")
    assert s.refusal(c.ApproveHunks(s.shown("h1", "h2"))) == REJECTED
    assert s.hunk("h1").status == "pending"


def test_rejecting_without_words_ends_the_session_and_is_told_later() -> None:
    s = proposing()
    s.reject("h1")
    assert s.owed == ()
    assert names(s.reject("h2", "h3")) == ["HunksRejected", "SessionFinished"]
    s.reply("Now do 5.")
    told = "The user rejected these changes; the file does not have them."
    assert s.said[-3] == f"{told}\na.py:\n-2\n+two\nThe user gave no reason."
    assert s.said[-2] == f"{told}\na.py:\n-4\n+four\nb.py:\n+b\nThe user gave no reason."


def test_words_with_a_rejection_start_a_turn() -> None:
    s = proposing()
    assert names(s.reject("h1", feedback=" Shorter. ")) == ["HunksRejected"]
    assert s.said[-1].endswith("\na.py:\n-2\n+two\nThe user says: Shorter.")
    assert (s.owed, s.phase, s.waiting_for, s.hunk("h1").note) == (("context:2",), "working", ("hunk",), "Shorter.")


def test_words_with_a_rejection_let_a_stopped_session_go_on() -> None:
    s = proposing()
    s.reply("More.")
    s.do(c.Interrupt())
    s.reject("h2")
    assert s.phase == "stopped"
    assert names(s.reject("h1", feedback="No.")) == ["HunksRejected", "SessionResumed"]
    assert s.owed == ("context:2",)


def test_a_rejected_deletion_and_rename_are_named_not_quoted() -> None:
    s = Session({"a.py": TEXT, "c.py": "c\n"}, plan_first=False)
    s.start()
    s.model(call("apply_patch", patch="-"))
    changes = [FileChange("a.py", "delete", TEXT, None), FileChange("c.py", "rename", "c\n", "c\n", "d.py")]
    s.do(s.proposal("c1", changes))
    s.reject(feedback="No.")
    assert "\na.py: delete the file\nc.py: rename it to d.py\n" in s.said[-1]


def test_long_hunks_are_not_repeated_in_full() -> None:
    s = Session({}, plan_first=False)
    s.start()
    s.model(call("edit_file", path="b.py", edits=[{"old": "", "new": "x\n" * 100}]))
    s.work()
    s.reject(feedback="No.")
    assert s.said[-1].count("+x") == 40
    assert "\n[60 more lines]\n" in s.said[-1]


def test_amending_changes_the_rev_and_is_told() -> None:
    s = proposing()
    assert names(s.amend("h1", "TWO\n")) == ["HunkAmended"]
    assert (s.hunks["h1"], s.hunk("h1").after) == (("pending", 2), "TWO\n")
    assert s.said[-1] == "The user changed your proposal to:\na.py:\n-2\n+TWO"
    assert s.amend("h1", "TWO\n") == []
    s.approve()
    assert s.files["a.py"] == "1\nTWO\n3\nfour\n5\n"


@pytest.mark.parametrize(
    ("change", "after", "reason"),
    [
        (
            FileChange("a.py", "update", TEXT, "0\n" + TEXT[2:]),
            "1\n",
            "That is the text that the file has already. Reject the hunk instead.",
        ),
        (
            FileChange("a.py", "delete", TEXT, None),
            "x",
            "A deletion can't be amended. Reject it, and say what you want.",
        ),
    ],
)
def test_amending_refused(change: FileChange, after: str, reason: str) -> None:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(call("apply_patch", patch="-"))
    s.do(s.proposal("c1", [change]))
    assert s.refusal(c.AmendHunk(s.shown("h1")[0], after)) == reason


def test_a_rename_may_be_amended_to_change_nothing_else() -> None:
    s = Session({"a.py": TEXT}, plan_first=False)
    s.start()
    s.model(call("apply_patch", patch="-"))
    s.do(s.proposal("c1", [FileChange("a.py", "rename", TEXT, "x\n", "b.py")]))
    assert names(s.amend("h1", TEXT)) == ["HunkAmended"]
    s.approve()
    assert s.files == {"b.py": TEXT}


def test_undo_takes_the_hunk_back_and_is_told() -> None:
    s = proposing()
    s.approve()
    assert (s.phase, s.hunk("h1").present) == ("done", "two\n")
    s.undo("h1", land=False)
    # Until the inverse edit has landed, the text is still there.
    assert (s.hunk("h1").status, s.hunk("h1").present) == ("applying", "two\n")
    s.land()
    assert (s.files["a.py"], s.hunk("h1").present) == ("1\n2\n3\nfour\n5\n", "2\n")
    assert s.said[-1] == "The user took your change of a.py back; read it again before you change it."
    s.undo()
    assert s.files == {"a.py": TEXT}
    assert (s.phase, {status for status, _ in s.hunks.values()}) == ("done", {"undone"})


def test_a_stale_hunk_is_proposed_again() -> None:
    s = in_status("stale")
    assert (s.waiting_for, s.hunk("h1").note) == (("hunk",), "Gone.")
    assert names(s.do(c.ReproposeHunk(s.shown("h1")[0]))) == ["ReproposalAsked"]
    assert s.said[-1] == (
        "The file changed, so this no longer fits:\na.py:\n-2\n+two\n"
        "Read the file again and propose it for the text as it is now."
    )
    assert s.owed == ("ask:2:0",)


def test_a_pending_hunk_is_proposed_again_at_the_users_wish() -> None:
    s = in_status("withdrawn")
    assert s.said[-1].startswith("The user wants this proposed anew:\na.py:\n-2\n+two\n")


def test_moving_is_logged_once_and_keeps_the_rev() -> None:
    s = proposing()
    text = "0\n" + TEXT
    moved = tuple((h.id, h.start + 2) for h in s.state.hunks_of(s.uri("a.py")))
    command = c.MoveHunks(s.uri("a.py"), digest(text), (*moved, ("s.h9", 7)))
    assert names(s.do(command)) == ["HunksMoved"]
    assert (s.hunk("h1").start, s.hunks["h1"], s.state.bases[s.uri("a.py")]) == (4, ("pending", 1), digest(text))
    assert s.do(command) == []
    assert names(s.do(c.MoveHunks(s.uri("a.py"), digest(TEXT), moved))) == ["HunksMoved"]


def test_typing_inside_a_hunk_amends_it() -> None:
    s = proposing()
    typed = c.AdoptTyping("s.h1", 1, "2 # mine\n", "two # mine\n")
    assert names(s.do(typed)) == ["HunkAmended"]
    assert (s.hunk("h1").before, s.hunk("h1").rev) == ("2 # mine\n", 2)
    assert s.do(typed) == []
    assert s.do(c.AdoptTyping("s.h9", 1, "a", "b")) == []


def test_a_hunk_takes_the_documents_line_ends_without_a_word_to_the_model() -> None:
    s = proposing()
    hunk, told = s.hunk("h1"), s.state.inbox
    ends = [text.replace("\n", "\r\n") for text in (hunk.before, hunk.after)]
    assert names(s.do(c.AdoptTyping("s.h1", 1, ends[0], ends[1]))) == ["HunkAmended"]
    assert [s.hunk("h1").before, s.hunk("h1").after] == ends and s.state.inbox == told


def test_typing_just_what_was_proposed_leaves_nothing_to_do() -> None:
    s = proposing()
    assert names(s.do(c.AdoptTyping("s.h1", 1, "two\n", "two\n"))) == ["HunksWithdrawn"]


@pytest.mark.parametrize("status", ["applying", "applied", "rejected", "stale", "withdrawn", "undone"])
def test_only_pending_hunks_follow_typing(status: HunkStatus) -> None:
    s = in_status(status)
    assert s.do(c.AdoptTyping("s.h1", 1, "x", "y")) == []
    assert s.do(c.MarkStale("s.h1", "x")) == []
    assert s.do(c.MarkStale("s.h9", "x")) == []
    assert s.do(c.MarkFitting("s.h9")) == []
    assert s.hunk("h1").status == status


def test_typing_into_a_revision_that_is_gone_is_ignored() -> None:
    s = proposing()
    s.amend("h1", "II\n")
    assert s.do(c.AdoptTyping("s.h1", 1, "2!\n", "two!\n")) == []
    assert s.do(c.AdoptTyping("s.h1", 2, "2\n", "II\n")) == [], "it says so already"


def test_a_stale_hunk_fits_again_when_its_text_is_back() -> None:
    s = in_status("stale")
    assert names(s.do(c.MarkFitting("s.h1"))) == ["HunkFitsAgain"]
    assert (s.hunks["h1"], s.hunk("h1").note) == (("pending", 1), "")
    assert s.do(c.MarkFitting("s.h1")) == []


def switched(s: Session, in_file: bool, *hunks: str) -> c.NoteSwitched:
    uri = s.uri("a.py")
    starts = tuple((h.id, h.start) for h in s.state.hunks_of(uri))
    return c.NoteSwitched(uri, hunks or ("s.h1",), in_file, "digest", starts)


def test_the_editors_undo_makes_an_applied_hunk_wait_again_and_its_redo_applies_it() -> None:
    s = proposing()
    s.approve()
    assert s.phase == "done" and s.uri("a.py") in s.state.unsaved
    assert names(s.do(c.NoteSaved(s.uri("a.py")))) == ["FileSaved"] and s.uri("a.py") not in s.state.unsaved
    assert s.do(c.NoteSaved(s.uri("a.py"))) == []
    assert names(s.do(switched(s, False))) == ["HunksSwitched"]
    assert (s.hunks["h1"], s.phase, s.hunk("h1").in_file) == (("pending", 1), "waiting", False)
    assert s.uri("a.py") in s.state.unsaved and "does not have your change" in s.state.inbox[-1].text
    assert s.do(switched(s, False)) == []
    assert names(s.do(switched(s, True))) == ["HunksSwitched", "SessionFinished"]
    assert (s.hunks["h1"], s.phase, s.state.inbox) == (("applied", 1), "done", ())


def test_a_switch_that_the_model_has_heard_of_is_told_back() -> None:
    s = proposing()
    s.approve()
    s.do(switched(s, False))
    s.reply("Look at it.")
    s.model("I see.")
    s.do(switched(s, True))
    assert "has your change again" in s.state.inbox[-1].text


def test_an_undo_that_shows_late_is_an_undo() -> None:
    s = proposing()
    s.approve("h1")
    s.undo("h1", land=False)
    s.do(c.StartLanding(next(iter(s.state.landings)), "buffer", "a", "b"))
    s.do(c.RefuseLanding(next(iter(s.state.landings)), "It did not show."))
    assert s.hunks["h1"] == ("applied", 1)
    s.do(switched(s, False))
    assert s.hunks["h1"] == ("undone", 1)
    s.do(switched(s, True))
    assert s.hunks["h1"] == ("applied", 1)


def test_hunks_on_their_way_do_not_switch() -> None:
    s = in_status("applying")
    assert s.do(switched(s, True)) == [] and s.do(switched(s, False)) == []
    assert s.do(switched(s, True, "s.h9")) == []


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_an_edit_that_shows_after_its_hunk_was_decided_is_not_hidden(status: HunkStatus) -> None:
    s = in_status(status)
    assert s.do(switched(s, False)) == []
    assert names(s.do(switched(s, True)))[0] == "HunksSwitched" and s.hunks["h1"] == ("applied", 1)


def test_hunks_go_with_a_renamed_file() -> None:
    s = proposing(place=Place("file:///w/a.py", 1))
    s.approve("h1", land=False)
    assert s.do(c.NoteRenamed(s.uri("nope.py"), s.uri("b.py"))) == []
    assert names(s.do(c.NoteRenamed(s.uri("a.py"), s.uri("b.py")))) == ["FileRenamed"]
    assert {h.uri for h in s.state.hunks.values()} == {s.uri("b.py")} == {x.uri for x in s.state.landings.values()}
    assert s.state.place and s.state.place.uri == s.uri("b.py") and set(s.state.bases) == {s.uri("b.py")}
    assert names(s.do(c.NoteRenamed(s.uri("b.py"), s.uri("c.py")))) == ["FileRenamed"]
