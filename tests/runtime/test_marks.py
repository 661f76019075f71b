"""Hunks in a document that an editor changes: what each kind of change, reported in each way, makes of them."""

from __future__ import annotations

import pytest

from signoff.core import commands as c
from signoff.core.decide import decide
from signoff.core.envelope import Envelope
from signoff.core.evolve import evolve
from signoff.core.hunks import Base, FileChange, Hunk
from signoff.core.model import ModelReply, ToolCall, Usage
from signoff.core.session import Config
from signoff.core.state import State
from signoff.core.switches import with_ends
from signoff.core.text import Edit, apply, digest, minimise
from signoff.runtime.anchors import Anchors, Told
from support.review_scene import reported

URI = "file:///w/a.txt"
LINES = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
EXACT, SMALL, LINE_RANGE, WHOLE, PARTS, SMALL_PARTS = range(6)
STYLES = [SMALL, LINE_RANGE, WHOLE, PARTS, SMALL_PARTS]


class Desk:
    """A document, a session with one hunk for each run of lines in which `proposed` differs, and their marks."""

    def __init__(self, proposed: str, text: str = LINES) -> None:
        self.text = text
        self.anchors = Anchors()
        self.state = State("s")
        self.do(c.Start("Go.", "file:///w", Config(plan_first=False, models=("m",))))
        call = ToolCall("c", "edit_file", '{"path": "a.txt", "edits": []}')
        self.do(c.RecordReply(0, 0, self.state.inbox, ModelReply((call,), Usage(), "m"), 0.0))
        change = FileChange("a.txt", "update", text, proposed)
        self.do(c.RecordTool("c", "ok", True, (change,), (Base(URI, text),)))

    def do(self, command: c.Command) -> None:
        made = decide(self.state, command)
        assert not isinstance(made, c.Refused), made
        for event in made:
            self.state = evolve(self.state, Envelope("s", self.state.seq + 1, 0.0, "", event))
        self.hear(self.anchors.follow(self.state, lambda uri: self.text))

    def hear(self, told: list[Told]) -> None:
        for _, command in told:
            self.do(command)
            self.anchors.heard("s", command)
            self.hear(self.anchors.follow(self.state, lambda uri: self.text))

    def change(self, *edits: Edit) -> None:
        """One message of the editor."""
        before = self.text
        for edit in edits:
            self.text = apply(self.text, [edit])
        self.hear(self.anchors.observe(URI, before, edits))

    def becomes(self, text: str, style: int) -> None:
        self.change(*reported(self.text, text, [minimise(self.text, Edit(0, len(self.text), text))], style))

    def rests(self) -> None:
        self.hear(self.anchors.settle(URI, self.text))

    def hunk(self, number: int = 1) -> Hunk:
        return self.state.hunks[f"s.h{number}"]

    def edits(self, *numbers: int) -> list[Edit]:
        """The edits that put the hunks in, last first."""
        at = [(self.anchors.start("s", self.hunk(n)), self.hunk(n)) for n in numbers]
        return [Edit(s, s + len(h.before), h.after) for s, h in sorted(at, key=lambda one: -one[0])]

    def approve(self, *numbers: int) -> None:
        """Approved; the edit is asked for, and nothing shows yet."""
        self.do(c.ApproveHunks(tuple(c.Shown(self.hunk(n).id, self.hunk(n).rev) for n in numbers)))
        landing = next(iter(self.state.landings))
        self.do(c.StartLanding(landing, "buffer", digest(self.text), ""))
        self.anchors.wait_for(self.keys, True)

    @property
    def keys(self) -> list[tuple[str, str]]:
        return [("s", hunk) for landing in self.state.landings.values() for hunk in landing.hunks]

    def shown(self) -> bool:
        """Whether the edit that was asked for is in the text; then it has landed."""
        arrived = self.anchors.arrived(self.keys)
        self.over(None if arrived else "Not shown.")
        return arrived

    def over(self, refused: str | None) -> None:
        self.anchors.wait_for(self.keys, None)
        landing = next(iter(self.state.landings))
        starts = self.anchors.starts("s", URI)
        self.do(c.RefuseLanding(landing, refused) if refused else c.FinishLanding(landing, "", starts))

    def land(self, *numbers: int) -> None:
        self.approve(*numbers)
        self.change(*self.edits(*numbers))
        assert self.shown()

    @property
    def now(self) -> dict[int, tuple[str, int]]:
        """Status and place of each hunk."""
        hunks = self.state.hunks.values()
        return {int(h.id[3:]): (h.status, self.anchors.start("s", h)) for h in hunks}


TWO_AND_FIVE = "one\n2\nthree\nfour\n5\nsix\nseven\n"


@pytest.mark.parametrize("style", STYLES)
def test_undo_and_redo_are_seen_however_they_are_reported(style: int) -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1, 2)
    landed = desk.text
    for _ in range(2):
        desk.becomes(LINES, style)
        assert desk.now == {1: ("pending", 4), 2: ("pending", 19)}
        desk.becomes(landed, style)
        assert desk.now == {1: ("applied", 4), 2: ("applied", 17)}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("proposed", "text"),
    [
        pytest.param("x\nx\nx\ny\n", "x\nx\ny\n", id="an insertion among equal lines"),
        pytest.param("x\ny\n", "x\nx\nx\ny\n", id="a deletion among equal lines"),
        pytest.param("a\n", "", id="into an empty document"),
        pytest.param("", "a\n", id="all that there is"),
        pytest.param("a\r\nB\r\nc", "a\r\nb\r\nc", id="other line ends"),
        pytest.param("a\nb", "a", id="no line end"),
        pytest.param("α\n😀\n", "α\nβ\n", id="other letters"),
        pytest.param("export foo\n", "foo\n", id="a line that ends as it did"),
        pytest.param("a\nfoo\nbar\nb\n", "a\nfoo\nb\n", id="a line below its copy"),
    ],
)
def test_whatever_a_hunk_is_its_undo_and_redo_are_seen(proposed: str, text: str, style: int) -> None:
    desk = Desk(proposed, text)
    desk.land(1)
    assert desk.text == proposed
    desk.becomes(text, style)
    assert desk.hunk().status == "pending"
    desk.becomes(proposed, style)
    assert desk.hunk().status == "applied"


EMPTIED = [
    pytest.param(TWO_AND_FIVE, LINES, id="two replacements"),
    pytest.param("one\ntwo\nnew\nthree\n", "one\ntwo\nthree\n", id="an insertion"),
    pytest.param("def\n\nnew\n\ndef\n\n", "def\n\ndef\n\n", id="an insertion among equal lines"),
    pytest.param("one\nthree\n", "one\ntwo\nthree\n", id="a deletion"),
    pytest.param("", "a\n", id="all that there is"),
]


@pytest.mark.parametrize(("proposed", "text"), EMPTIED)
def test_an_undo_that_empties_the_document_and_then_fills_it_is_seen(proposed: str, text: str) -> None:
    desk = Desk(proposed, text)
    every = tuple(desk.now)
    desk.approve(*every)
    for filled, status in ((proposed, ""), (text, "pending"), (proposed, "applied"), (text, "pending")):
        desk.becomes("", WHOLE)
        desk.becomes(filled, WHOLE)
        assert status or desk.shown()
        assert {kind for kind, _ in desk.now.values()} == {status or "applied"}
    desk.land(*every)
    assert desk.text == proposed


@pytest.mark.parametrize(("proposed", "text"), EMPTIED[:-1])
def test_a_document_that_stays_empty_has_no_hunks_until_it_is_filled(proposed: str, text: str) -> None:
    desk = Desk(proposed, text)
    desk.becomes("", SMALL)
    desk.rests()
    assert desk.hunk().status == "stale"
    desk.becomes(text, SMALL)
    desk.rests()
    assert desk.hunk().status == "pending"
    desk.land(1)


def test_a_redo_in_pieces_is_one_redo() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    desk.becomes(LINES, SMALL)
    for piece in (Edit(4, 6, ""), Edit(4, 5, ""), Edit(4, 4, "2")):
        desk.change(piece)
    desk.rests()
    assert (desk.hunk().status, desk.hunk().rev) == ("applied", 1)


@pytest.mark.parametrize("style", STYLES)
def test_an_undo_together_with_typing_elsewhere_is_seen(style: int) -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1, 2)
    desk.becomes("one\ntwo\nthree\nfour!\n5\nsix\nseven\n", style)
    assert desk.now == {1: ("pending", 4), 2: ("applied", 20)}


def test_typing_in_an_applied_hunk_leaves_it_applied_and_both_undone_it_waits() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    desk.change(Edit(5, 5, "typed"))
    assert desk.hunk().status == "applied"
    desk.becomes(LINES, SMALL)
    assert desk.now[1] == ("pending", 4)


def test_text_beside_an_applied_hunk_stays_outside() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    desk.change(Edit(4, 4, "above\n"))
    desk.change(Edit(12, 12, "below\n"))
    desk.rests()
    assert desk.now[1] == ("applied", 10)
    desk.change(Edit(10, 12, "two\n"))
    assert desk.now[1] == ("pending", 10)


def test_a_pending_hunk_that_is_typed_over_fits_again_when_the_typing_is_undone() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.change(Edit(2, 10, "XYZ"))
    assert desk.hunk().status == "stale"
    desk.change(Edit(0, 0, "above\n"))
    desk.change(Edit(8, 11, LINES[2:10]))
    assert desk.now == {1: ("pending", 10), 2: ("pending", 25)}
    desk.land(1)
    assert desk.text == "above\none\n2\nthree\nfour\nfive\nsix\nseven\n"


def test_typing_inside_a_pending_hunk_amends_it_and_its_undo_takes_that_back() -> None:
    desk = Desk("one\n2 words\nthree\n", "one\ntwo words\nthree\n")
    desk.change(Edit(13, 13, "!"))
    assert (desk.hunk().rev, desk.hunk().before, desk.hunk().after) == (2, "two words!\n", "2 words!\n")
    desk.change(Edit(13, 14, ""))
    assert (desk.hunk().rev, desk.hunk().before, desk.hunk().after) == (3, "two words\n", "2 words\n")


def test_an_insertion_keeps_its_side_of_text_that_goes_and_comes_back() -> None:
    desk = Desk("one\ntwo\nnew\nthree\nfour\nfive\nsix\nseven\n")
    for gone in (Edit(4, 8, ""), Edit(8, 14, "")):
        text = desk.text
        desk.change(gone)
        desk.change(Edit(gone.start, gone.start, text[gone.start : gone.end]))
        assert desk.now[1] == ("pending", 8)


def test_an_insertion_stays_between_lines_when_a_line_end_is_deleted() -> None:
    desk = Desk("one\ntwo\nnew\n", "one\ntwo\n")
    desk.change(Edit(8, 8, "\n"))
    desk.becomes("one\ntwo\n", SMALL)
    assert desk.now[1] == ("pending", 8)


@pytest.mark.parametrize("style", STYLES)
def test_a_landing_is_proved_with_typing_in_the_same_message(style: int) -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.approve(1, 2)
    desk.becomes("one\n2\nthree!\nfour\n5\nsix\nseven\n", style)
    assert desk.shown() and desk.now == {1: ("applied", 4), 2: ("applied", 18)}


def test_a_landing_in_two_changes_is_proved_by_the_second() -> None:
    desk = Desk("one\nab\ntwo\nthree\nfour\nfive\nsix\nseven\n")
    desk.approve(1)
    desk.change(Edit(4, 4, "a"))
    assert not desk.anchors.arrived(desk.keys)
    desk.change(Edit(5, 5, "b\n"))
    assert desk.shown() and desk.now[1] == ("applied", 4)


def test_typing_at_the_place_of_a_landing_is_no_proof_of_it() -> None:
    desk = Desk("}\n}\n", "}\n")
    desk.approve(1)
    desk.change(Edit(0, 0, "w"))
    assert not desk.shown() and desk.hunk().status == "pending"


def test_half_a_landing_is_half_applied() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.approve(1, 2)
    desk.change(Edit(4, 8, "2\n"))
    assert not desk.shown()
    assert desk.now == {1: ("applied", 4), 2: ("pending", 17)}


def test_a_late_landing_is_recognised_once() -> None:
    desk = Desk("one\ntwo\ntwo\nthree\n", "one\ntwo\nthree\n")
    desk.approve(1)
    assert not desk.shown() and desk.hunk().status == "pending"
    desk.change(Edit(4, 4, "two\n"))
    assert desk.hunk().status == "applied"
    desk.change(Edit(4, 4, "two\n"))
    assert desk.hunk().status == "applied" and desk.text.count("two\n") == 3


def test_what_was_approved_while_it_was_typed_in_is_amended_when_the_edit_comes_back() -> None:
    desk = Desk("one\n2 words\nthree\n", "one\ntwo words\nthree\n")
    before = desk.text
    desk.text = "one\ntwo words!\nthree\n"
    told = desk.anchors.observe(URI, before, [Edit(13, 13, "!")])
    desk.do(c.ApproveHunks((c.Shown("s.h1", 1),)))
    desk.hear(told)
    desk.do(c.RefuseLanding("s.l1", "Another text."))
    assert (desk.hunk().status, desk.hunk().before) == ("pending", "two words!\n")


def test_a_buffer_that_is_thrown_away_puts_hunks_back_where_they_were_in_its_file() -> None:
    desk = Desk("x\ny\n", "x\nx\ny\n")
    desk.anchors.filed(URI, desk.text)
    desk.land(1)
    desk.change(Edit(0, 0, "x\nx\n"))
    desk.text = "x\nx\ny\n"
    desk.hear(desk.anchors.sync(URI, desk.text))
    assert desk.now[1][0] == "pending"
    desk.land(1)
    assert desk.text == "x\ny\n"


def test_an_unsaved_hunk_of_which_there_is_no_trace_after_a_restart_is_not_applied() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    assert URI in desk.state.unsaved
    desk.anchors, desk.text = Anchors(), "quite\nanother\ntext\n"
    desk.hear(desk.anchors.follow(desk.state, lambda uri: desk.text))
    assert desk.hunk().status == "stale"


def test_a_hunk_that_was_lost_is_not_put_where_nothing_stands() -> None:
    desk = Desk("one\nnew\ntwo\nthree\nfour\nfive\nsix\nseven\n")
    desk.change(Edit(2, 10, ""))
    assert desk.hunk().status == "stale"
    desk.anchors = Anchors()
    desk.hear(desk.anchors.follow(desk.state, lambda uri: desk.text))
    assert desk.hunk().status == "stale"


def test_a_redo_of_what_was_undone_by_command_is_applied_again() -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    landed = desk.text
    desk.do(c.UndoHunks((c.Shown("s.h1", 1),)))
    desk.do(c.StartLanding("s.l2", "buffer", "", ""))
    desk.anchors.wait_for(desk.keys, False)
    desk.becomes(LINES, SMALL)
    desk.over(None)
    assert desk.hunk().status == "undone"
    desk.becomes(landed, SMALL)
    assert desk.hunk().status == "applied"


MISPLACED = {
    "an insertion": "one\ntwo\nthree\nfour\nnew A\nnew B\nfive\nsix\nseven\neight\n",
    "an insertion of one line": "one\ntwo\nthree\nfour\nnew\nfive\nsix\nseven\neight\n",
    "a deletion": "one\ntwo\nthree\nsix\nseven\neight\n",
    "a replacement": "one\ntwo\nthree\n4\nfive\nsix\nseven\neight\n",
    "a longer replacement": "one\ntwo\nthree\n4\n4a\nfive\nsix\nseven\neight\n",
}


def misplaced(desk: Desk, edit: Edit, off: int) -> str:
    """The text with the edit made `off` lines below its place, in a line more or less."""
    lines = desk.text.splitlines(keepends=True)
    first = desk.text[: edit.start].count("\n") + off
    gone = desk.text[edit.start : edit.end].count("\n")
    return "".join([*lines[:first], edit.text, *lines[first + gone :]])


@pytest.mark.parametrize("style", [EXACT, *STYLES])
@pytest.mark.parametrize("off", [-2, -1, 1, 2])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", MISPLACED)
def test_an_edit_at_another_place_is_not_believed(kind: str, late: bool, off: int, style: int) -> None:
    desk = Desk(MISPLACED[kind], f"{LINES}eight\n")
    desk.approve(1)
    if late:
        assert not desk.shown()
    before, (edit,) = desk.text, desk.edits(1)
    desk.becomes(misplaced(desk, edit, off), style)
    assert late or not desk.shown()
    desk.rests()
    assert desk.hunk().status in ("pending", "stale") and (desk.hunk().note or late)
    desk.becomes(before, style)
    desk.rests()
    assert desk.now[1] == ("pending", edit.start)


@pytest.mark.parametrize("style", [EXACT, *STYLES])
@pytest.mark.parametrize("off", [-2, -1, 1, 2])
@pytest.mark.parametrize("kind", MISPLACED)
def test_an_undo_at_another_place_is_not_believed(kind: str, off: int, style: int) -> None:
    desk = Desk(MISPLACED[kind], f"{LINES}eight\n")
    desk.land(1)
    before, start = desk.text, desk.now[1][1]
    desk.do(c.UndoHunks((c.Shown("s.h1", 1),)))
    desk.do(c.StartLanding("s.l2", "buffer", "", ""))
    desk.anchors.wait_for(desk.keys, False)
    hunk = desk.hunk()
    desk.becomes(misplaced(desk, Edit(start, start + len(hunk.after), hunk.before), off), style)
    assert not desk.shown()
    desk.rests()
    assert desk.hunk().status == "applied"
    desk.becomes(before, style)
    desk.rests()
    assert desk.now[1] == ("applied", start)


@pytest.mark.parametrize("style", [EXACT, *STYLES])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", MISPLACED)
def test_an_edit_with_line_ends_of_the_editors_own_has_landed(kind: str, end: str, style: int) -> None:
    other = "\r\n" if end == "\n" else "\n"
    text, proposed = f"{LINES}eight\n".replace("\n", other), MISPLACED[kind].replace("\n", other)
    desk = Desk(proposed, text)
    told = desk.state.inbox
    desk.approve(1)
    (edit,) = desk.edits(1)
    landed = with_ends(edit.text, end)
    desk.becomes(apply(text, [Edit(edit.start, edit.end, landed)]), style)
    assert desk.shown() and desk.now[1] == ("applied", edit.start) and desk.hunk().after == landed
    assert desk.state.inbox == told, "the model has nothing to hear of it"
    desk.do(c.UndoHunks((c.Shown("s.h1", desk.hunk().rev),)))
    desk.do(c.StartLanding("s.l2", "buffer", "", ""))
    desk.anchors.wait_for(desk.keys, False)
    back = with_ends(desk.hunk().before, end)
    desk.becomes(apply(desk.text, [Edit(edit.start, edit.start + len(landed), back)]), style)
    assert desk.shown() and desk.now[1] == ("undone", edit.start) and desk.hunk().before == back
    desk.becomes(apply(text, [Edit(edit.start, edit.end, landed)]), style)
    assert desk.hunk().status == "applied"


@pytest.mark.parametrize("after", ["2!\n", "quite another\n"])
def test_a_redo_of_a_hunk_that_was_revised_meanwhile_does_not_apply_the_revision(after: str) -> None:
    desk = Desk(TWO_AND_FIVE)
    desk.land(1)
    landed = desk.text
    desk.becomes(LINES, SMALL)
    before, desk.text = desk.text, landed
    told = desk.anchors.observe(URI, before, [Edit(4, 8, "2\n")])
    desk.do(c.AmendHunk(c.Shown("s.h1", 1), after))
    desk.hear(told)
    desk.rests()
    hunk = desk.hunk()
    assert hunk.status in ("pending", "stale") and hunk.after != "2\n"
    assert hunk.status == "stale" or landed.startswith(hunk.before, desk.now[1][1])
    desk.becomes(LINES, SMALL)
    desk.rests()
    assert desk.now[1] == ("pending", 4)
