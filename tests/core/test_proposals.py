"""From patches to hunks: what is updated, what is withdrawn, what is new, and that nothing is ever lost or doubled."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core import commands as c
from signoff.core.hunks import Base, FileChange, Hunk
from signoff.core.model import ToolCall
from signoff.core.proposals import CONTEXT_LIMIT, around, pending, projected, proposed
from signoff.core.text import apply, split_lines
from support.session import Session, call, names

LINES = ["a\n", "b\n", "c\n", "d\r\n", "\n", "e\r"]
documents = st.lists(st.sampled_from(LINES), max_size=9).map("".join)


@st.composite
def patched(draw: st.DrawFn, text: str) -> str:
    """The text after a few edits of whole lines, as a patch would leave it."""
    lines = split_lines(text)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(lines)))
        end = draw(st.integers(start, min(len(lines), start + 3)))
        lines[start:end] = draw(st.lists(st.sampled_from([*LINES, "new\n"]), max_size=3))
    last = draw(st.sampled_from(["", "", "end"]))
    return "".join(lines) + last


def session(files: dict[str, str]) -> Session:
    s = Session(files, plan_first=False)
    s.start()
    return s


def propose(s: Session, *changes: FileChange) -> list[str]:
    """One tool call that wants those changes; the names of the events that it led to."""
    s.model(call("apply_patch", patch=str(len(s.state.turns))))
    made = s.do(s.proposal(s.state.open_calls[0].call_id, changes))
    return names(made)


def update(s: Session, path: str, after: str) -> list[str]:
    return propose(s, FileChange(path, "update", s.seen(path), after))


def waiting(s: Session, path: str) -> tuple[Hunk, ...]:
    return pending(s.state, s.base(path))


def check_hunks(s: Session, path: str) -> None:
    """Pending hunks stand where they say, apart from each other, and change something in their first and last line."""
    text = s.files[path]
    hunks = waiting(s, path)
    for hunk in hunks:
        assert text.startswith(hunk.before, hunk.start)
        assert hunk.before != hunk.after
        old, new = split_lines(hunk.before), split_lines(hunk.after)
        assert not old or not new or (old[0] != new[0] and old[-1] != new[-1])
    for one, other in pairwise(hunks):
        assert one.start + len(one.before) < other.start, "two hunks touch, so they are not maximal"


@given(st.data())
def test_hunks_add_up_to_what_the_model_made_of_the_text(data: st.DataObject) -> None:
    s = session({"f": data.draw(documents)})
    for _ in range(data.draw(st.integers(1, 5))):
        before = {h.id: h for h in s.state.hunks.values()}
        wanted = data.draw(patched(s.seen("f") or ""))
        update(s, "f", wanted)
        assert s.seen("f") == wanted
        assert apply(s.files["f"], [h.edit for h in waiting(s, "f")]) == wanted
        check_hunks(s, "f")
        for hunk_id, old in before.items():
            new = s.state.hunks[hunk_id]
            same = (new.before, new.after, new.start) == (old.before, old.after, old.start)
            assert new.rev == old.rev + (not same)
            assert new.status == old.status or (new.status == "withdrawn" and same)
        decide_some(s, data)
        check_hunks(s, "f")
    if s.shown():
        wanted = s.seen("f")
        s.approve()
        assert s.files["f"] == wanted


def decide_some(s: Session, data: st.DataObject) -> None:
    """The user decides about some hunks, or types somewhere between them."""
    hunks = waiting(s, "f")
    text = s.files["f"]
    word = data.draw(st.sampled_from(["nothing", "approve", "reject", "type"]))
    if word == "type" and "".join(split_lines(text)[:1]) and not any(h.start == 0 for h in hunks):
        s.files["f"] = "typed\n" + text
        moved = tuple((h.id, h.start + 6) for h in s.state.hunks_of(s.uri("f")))
        s.do(c.MoveHunks(s.uri("f"), "other", moved))
    elif hunks and word in ("approve", "reject"):
        name = data.draw(st.sampled_from(hunks)).id.removeprefix("s.")
        s.approve(name) if word == "approve" else s.reject(name)


@given(st.data())
def test_untouched_hunks_are_not_disturbed(data: st.DataObject) -> None:
    """A patch far from a hunk leaves its id, rev and words alone."""
    head, tail = data.draw(documents), data.draw(documents)
    fence = "".join(f"{number}\n" for number in range(40))
    s = session({"f": head + fence + tail})
    changed = fence.replace("20\n", "twenty\n")
    update(s, "f", head + changed + tail)
    kept = s.hunk("h1")
    update(s, "f", data.draw(documents) + changed + data.draw(documents))
    now = s.hunk("h1")
    assert (now.rev, now.status, now.before, now.after) == (1, "pending", kept.before, kept.after)


PATHS = ["a", "b", "c"]


def tree_of(s: Session) -> dict[str, str]:
    """All files as the model sees them."""
    return {path: text for path in PATHS if (text := s.seen(path)) is not None}


@given(st.data())
def test_whole_files_end_as_the_model_left_them(data: st.DataObject) -> None:
    """Files created, changed, renamed and deleted in any order: what the model sees is what it made, and so are the
    files once all is approved."""
    names_of = data.draw(st.sets(st.sampled_from(PATHS)))
    s = session({path: data.draw(documents) + f"{path}\n" for path in sorted(names_of)})
    for _ in range(data.draw(st.integers(1, 6))):
        tree = tree_of(s)
        changes = tuple(data.draw(some_changes(tree)))
        propose(s, *changes)
        assert tree_of(s) == tree
        for path in s.files:
            kinds = [h.kind for h in waiting(s, path)]
            assert kinds.count("update") in (0, len(kinds)) and len(kinds) - kinds.count("update") <= 1
            if set(kinds) == {"update"}:
                check_hunks(s, path)
        if s.shown() and data.draw(st.booleans()):
            hunk = data.draw(st.sampled_from([seen.hunk for seen in s.shown()]))
            decide = s.approve if data.draw(st.booleans()) else s.reject
            decide(hunk.removeprefix("s."))
    tree = tree_of(s)
    if s.shown():
        s.approve()
    assert s.files == tree


@st.composite
def some_changes(draw: st.DrawFn, tree: dict[str, str]) -> list[FileChange]:
    """One or two changes that are possible in `tree`, which is brought up to date."""
    made: list[FileChange] = []
    named: set[str] = set()
    for _ in range(draw(st.integers(1, 2))):
        # One patch names a file once, be it under its old or its new name.
        path = draw(st.sampled_from([path for path in PATHS if path not in named]))
        named.add(path)
        text = tree.get(path)
        if text is None:
            tree[path] = draw(documents)
            made.append(FileChange(path, "create", None, tree[path]))
            continue
        kind = draw(st.sampled_from(["update", "delete", "rename"]))
        free = [other for other in PATHS if other not in tree and other not in named]
        if kind == "update" or (kind == "rename" and not free):
            tree[path] = draw(patched(text))
            made.append(FileChange(path, "update", text, tree[path]))
            continue
        del tree[path]
        if kind == "delete":
            made.append(FileChange(path, "delete", text, None))
        else:
            to = draw(st.sampled_from(free))
            named.add(to)
            tree[to] = draw(st.just(text) | patched(text))
            made.append(FileChange(path, "rename", text, tree[to], to))
    return made


# Cases with names


FIVE = "1\n2\n3\n4\n5\n"


@pytest.mark.parametrize(
    ("first", "then", "hunks"),
    [
        pytest.param(
            "1\n2\n3\n4\n5\nsix\n", "1\n2\n3\n4\n5\nsix!\n", {"h1": ("pending", 2)}, id="changes its own insertion"
        ),
        pytest.param("1\nX\n3\n4\n5\n", "1\nX\nY\n4\n5\n", {"h1": ("pending", 2)}, id="goes on right below"),
        pytest.param("1\nX\n3\n4\n5\n", "Y\nX\n3\n4\n5\n", {"h1": ("pending", 2)}, id="goes on right above"),
        pytest.param("1\nX\n3\n4\n5\n", FIVE, {"h1": ("withdrawn", 1)}, id="takes it back"),
        pytest.param("1\n3\n4\n5\n", "1\nX\n3\n4\n5\n", {"h1": ("pending", 2)}, id="inserts where it deleted"),
        pytest.param("1\n3\n4\n5\n", "1\n4\n5\n", {"h1": ("pending", 2)}, id="deletes further"),
        pytest.param("X\n2\n3\n4\nY\n", "Z\n", {"h1": ("pending", 2), "h2": ("withdrawn", 1)}, id="swallows two"),
        pytest.param(
            "1\n2\n3\n4\nX\n", "Y\n2\n3\n4\nX\n", {"h1": ("pending", 1), "h2": ("pending", 1)}, id="leaves it alone"
        ),
        pytest.param("1\nX\n3\n4\n5\n", "1\nX\n3\n4\n5\n", {"h1": ("pending", 1)}, id="changes nothing"),
        pytest.param(
            "1\nA\nB\nC\n5\n", "1\nA\n3\nC\n5\n", {"h1": ("pending", 2), "h2": ("pending", 1)}, id="cuts it in two"
        ),
    ],
)
def test_a_second_patch_meets_a_pending_hunk(first: str, then: str, hunks: dict[str, tuple[str, int]]) -> None:
    s = session({"f": FIVE})
    update(s, "f", first)
    update(s, "f", then)
    assert s.hunks == hunks
    assert s.seen("f") == then


def test_a_run_that_is_a_hunk_already_keeps_it() -> None:
    s = session({"f": "a\nb\nc\n"})
    update(s, "f", "b\na\nb\n")
    assert s.hunks == {"h1": ("pending", 1), "h2": ("pending", 1)}
    deletion = s.hunk("h2")
    update(s, "f", "b\n")
    assert s.hunks == {"h1": ("pending", 2), "h2": ("pending", 1)}
    assert s.hunk("h2") == deletion


def test_one_patch_gives_a_name_back_and_drops_what_was_to_be_renamed() -> None:
    s = session({"f": FIVE})
    propose(s, FileChange("f", "rename", FIVE, FIVE, "g"))
    propose(s, FileChange("f", "create", None, "1\n"), FileChange("g", "delete", FIVE, None))
    assert (s.seen("f"), s.seen("g")) == ("1\n", None)
    assert whole(s) == {"h1": ("create", "withdrawn", None), "h2": ("update", "pending", None)}


def test_positions_follow_the_text_of_the_moment() -> None:
    """A patch that comes after typing logs where all hunks of the document stand in that text."""
    s = session({"f": FIVE})
    update(s, "f", "1\n2\n3\nX\n5\n")
    s.files["f"] = "new\n" + FIVE
    live = ((s.hunk("h1").id, s.hunk("h1").start + 4),)
    s.model(call("apply_patch", patch="later"))
    change = FileChange("f", "update", "new\n1\n2\n3\nX\n5\n", "new\n1\n2\n3\nY\n5\n")
    record = c.RecordTool(s.state.open_calls[0].call_id, "ok", True, (change,), (Base(s.uri("f"), s.files["f"], live),))
    assert names(s.do(record)) == ["HunkRevised", "HunksMoved", "ToolReturned"]
    assert (s.hunk("h1").start, s.hunk("h1").after, s.seen("f")) == (10, "Y\n", "new\n1\n2\n3\nY\n5\n")


def test_what_the_model_saw_must_still_be_so() -> None:
    """A patch made of a text with a hunk that the user decided on meanwhile proposes nothing, and says so."""
    s = session({"f": FIVE})
    update(s, "f", "1\n2\n3\nX\n5\n")
    s.model(call("apply_patch", patch="slow"))
    late = s.proposal(s.state.open_calls[0].call_id, [FileChange("f", "update", s.seen("f"), "1\n2\n3\nX\n5\n6\n")])
    s.reject("h1")
    assert names(s.do(late)) == ["ToolReturned"]
    assert s.said[-2].startswith("The user decided on hunks of this file just now")
    assert s.hunks == {"h1": ("rejected", 1)}


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda files, bases: (files, ()), id="a base is missing"),
        pytest.param(lambda files, bases: (files, (Base("file:///w/f", "other\n"),)), id="another text"),
        pytest.param(lambda files, bases: (files, (Base("file:///w/f", None),)), id="no file"),
        pytest.param(lambda files, bases: (files, (Base("file:///w/f", FIVE, (("s.h1", 99),)),)), id="a lost position"),
        pytest.param(lambda files, bases: (files, (Base("file:///w/f", FIVE, (("s.h1", 0),)),)), id="a wrong position"),
    ],
)
def test_a_base_that_does_not_fit_proposes_nothing(spoilt) -> None:  # type: ignore[no-untyped-def]
    s = session({"f": FIVE})
    update(s, "f", "1\n2\n3\nX\n5\n")
    change = (FileChange("f", "update", s.seen("f"), "1\n"),)
    files, bases = spoilt(change, (s.base("f"),))
    assert proposed(s.state, ToolCall("x", "apply_patch", ""), files, bases) is None


def whole(s: Session) -> dict[str, tuple[str, str, str | None]]:
    """Kind, status and new path of every hunk."""
    return {h.id[2:]: (h.kind, h.status, h.to_uri and s.path(h.to_uri)) for h in s.state.hunks.values()}


@pytest.mark.parametrize(
    ("changes", "hunks"),
    [
        pytest.param([("create", "n", "x\n")], {"h1": ("create", "pending", None)}, id="create"),
        pytest.param(
            [("create", "n", "x\n"), ("update", "n", "y\n")], {"h1": ("create", "pending", None)}, id="create, update"
        ),
        pytest.param(
            [("create", "n", "x\n"), ("delete", "n", None)], {"h1": ("create", "withdrawn", None)}, id="create, delete"
        ),
        pytest.param(
            [("create", "n", "x\n"), ("rename", "n", "x\n", "m")],
            {"h1": ("create", "pending", None)},
            id="create, rename",
        ),
        pytest.param([("delete", "f", None)], {"h1": ("delete", "pending", None)}, id="delete"),
        pytest.param(
            [("delete", "f", None), ("create", "f", "1\nX\n3\n4\nY\n")],
            {"h1": ("update", "pending", None), "h2": ("update", "pending", None)},
            id="delete, create another",
        ),
        pytest.param(
            [("delete", "f", None), ("create", "f", FIVE)],
            {"h1": ("delete", "withdrawn", None)},
            id="delete, create the same",
        ),
        pytest.param(
            [("update", "f", "1\n"), ("delete", "f", None)],
            {"h1": ("update", "withdrawn", None), "h2": ("delete", "pending", None)},
            id="update, delete",
        ),
        pytest.param([("rename", "f", FIVE, "g")], {"h1": ("rename", "pending", "g")}, id="rename"),
        pytest.param(
            [("rename", "f", FIVE, "g"), ("update", "g", "1\n")],
            {"h1": ("rename", "pending", "g")},
            id="rename, update",
        ),
        pytest.param(
            [("rename", "f", FIVE, "g"), ("rename", "g", FIVE, "h")],
            {"h1": ("rename", "pending", "h")},
            id="rename twice",
        ),
        pytest.param(
            [("rename", "f", FIVE, "g"), ("rename", "g", FIVE, "f")],
            {"h1": ("rename", "withdrawn", "g")},
            id="rename back",
        ),
        pytest.param(
            [("rename", "f", FIVE, "g"), ("delete", "g", None)],
            {"h1": ("delete", "pending", None)},
            id="rename, delete",
        ),
        pytest.param(
            [("rename", "f", FIVE, "g"), ("create", "f", "1\n")],
            {"h1": ("create", "pending", None), "h2": ("update", "pending", None)},
            id="rename, create under the old name",
        ),
        pytest.param(
            [("delete", "e", None), ("rename", "f", FIVE, "e")],
            {"h1": ("update", "pending", None), "h2": ("delete", "pending", None)},
            id="rename to a name that a pending deletion frees",
        ),
    ],
)
def test_whole_files(changes: list[tuple[str, ...]], hunks: dict[str, tuple[str, str, str | None]]) -> None:
    s = session({"f": FIVE, "e": "e\n"})
    for kind, path, after, *to in changes:
        propose(s, FileChange(path, kind, s.seen(path), after, *to))  # type: ignore[arg-type]
    assert whole(s) == hunks


def test_a_created_file_that_is_not_changed_keeps_its_rev() -> None:
    s = session({})
    propose(s, FileChange("n", "create", None, "x\n"))
    propose(s, FileChange("n", "update", "x\n", "x\n"))
    assert s.hunks == {"h1": ("pending", 1)}


def test_deleting_a_renamed_file_that_is_gone_withdraws_the_rename() -> None:
    s = session({"f": FIVE})
    propose(s, FileChange("f", "rename", FIVE, FIVE, "g"))
    del s.files["f"]
    propose(s, FileChange("g", "delete", FIVE, None))
    assert s.hunks == {"h1": ("withdrawn", 1)}


def test_a_deletion_of_nothing_is_no_hunk() -> None:
    s = session({})
    assert propose(s, FileChange("n", "delete", None, None)) == ["ToolReturned"]


def test_the_rationale_is_what_the_model_said_with_the_call() -> None:
    s = session({"f": FIVE})
    s.model("Shorter is better.", call("edit_file", path="f", edits=[{"old": "5\n", "new": ""}]))
    s.work()
    assert s.view.hunks[0].rationale == "Shorter is better."


def test_a_call_without_a_turn_has_no_rationale() -> None:
    s = Session({"f": FIVE})
    made = proposed(s.state, ToolCall("x", "apply_patch", ""), [FileChange("f", "update", FIVE, "1\n")], [s.base("f")])
    assert names(made or []) == ["HunksProposed"]


def test_context_is_three_lines_and_bounded() -> None:
    text = "1\n2\n3\n4\n" + "x" * 3 * CONTEXT_LIMIT + "\nhere\n" + "y" * 3 * CONTEXT_LIMIT
    start = text.index("here")
    hunk = around(Hunk("h", 1, "c", "u", "update", start, "here\n", "there\n"), text)
    assert len(hunk.context_before) == len(hunk.context_after) == CONTEXT_LIMIT
    hunk = around(Hunk("h", 1, "c", "u", "update", 6, "4\n", "four\n"), text)
    assert hunk.context_before == "1\n2\n3\n"


def test_projected() -> None:
    hunk = Hunk("h", 1, "c", "u", "update", 0, "a", "b")
    assert projected("a", [hunk]) == "b"
    assert projected(None, [hunk]) is None
    assert projected("a", [Hunk("h", 1, "c", "u", "update", 5, "a", "b")]) == "a"
    assert projected("a", [hunk, hunk]) == "b"
