"""The whole diff of a session, and drafts of tasks."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.hunks import Hunk
from signoff.core.page_diff import whole_diff
from signoff.core.page_draft import Draft, read, render, spent
from signoff.core.state import State
from support.page_states import FILE_TEXT, SESSION, TEXT, states

LINES = [f"line {n}\n" for n in range(1, 31)]
NOW = "".join(LINES).replace("line 10\n", "ten\nand more\n")


def hunk(number: int, before: str, after: str, **rest: object) -> Hunk:
    made = Hunk(f"{SESSION}.h{number}", 1, "r", "file:///w/a.txt", "update", 0, before, after)
    return replace(made, **rest)  # pyright: ignore[reportArgumentType]


HUNKS = [
    hunk(1, "line 10\n", "ten\nand more\n", status="applied", in_file=True),
    hunk(2, "line 20\n", ""),
    hunk(3, "", "new\n", kind="create", uri="file:///w/dir/new.txt"),
    hunk(4, "gone\n", "", kind="delete", uri="file:///w/gone.txt"),
    hunk(5, "same\n", "same\n", kind="rename", uri="file:///w/old.txt", to_uri="file:///w/b.txt"),
    hunk(6, "line 3\n", "three\n", status="rejected"),
]
STATE = State(SESSION, 1, "Do it", workspace="file:///w", hunks={each.id: each for each in HUNKS})
STARTS = {1: NOW.index("ten"), 2: NOW.index("line 20"), 7: 0}


def start_of(each: Hunk) -> int:
    return STARTS.get(int(each.id[-1]), 0)


def test_the_whole_diff_turns_the_files_without_the_session_into_those_with_it(tmp_path: Path) -> None:
    diff = whole_diff(STATE, lambda uri: NOW if uri.endswith("a.txt") else None, start_of)
    assert "@@ -7,7 +7,8 @@ 1/1 applied\n" in diff and "@@ -17,7 +18,6 @@ 1/4 pending\n" in diff
    (tmp_path / "a.txt").write_text("".join(LINES))
    (tmp_path / "gone.txt").write_text("gone\n")
    (tmp_path / "old.txt").write_text("same\n")
    (tmp_path / "it.diff").write_text(diff)
    subprocess.run(["git", "apply", "it.diff"], cwd=tmp_path, check=True)
    assert (tmp_path / "a.txt").read_text() == NOW.replace("line 20\n", "")
    assert (tmp_path / "dir/new.txt").read_text() == "new\n"
    assert (tmp_path / "b.txt").read_text() == "same\n"
    assert not (tmp_path / "gone.txt").exists() and not (tmp_path / "old.txt").exists()


def test_only_one_document_when_asked() -> None:
    diff = whole_diff(STATE, lambda uri: NOW, start_of, "file:///w/gone.txt")
    assert "a/gone.txt" in diff and "a.txt" not in diff


def test_a_hunk_without_a_place_is_shown_all_the_same() -> None:
    lost = hunk(7, "not there\n", "x\n", status="stale")
    diff = whole_diff(replace(STATE, hunks={lost.id: lost}), lambda uri: NOW, start_of)
    assert "# 1/1 stale, its place is not certain\n" in diff and "# -not there\n# +x\n" in diff
    assert "\ndiff --git" not in diff


@given(states(), FILE_TEXT | st.none())
def test_a_diff_can_be_made_of_anything(state: State, text: str | None) -> None:
    diff = whole_diff(state, lambda uri: text, lambda each: each.start)
    assert not any(character in diff for character in "\u202e\u200b\r\u2028\0")


@given(
    TEXT, st.none() | st.lists(TEXT.map(lambda t: t.replace("/", "").strip()).filter(bool), min_size=1).map("/".join)
)
def test_a_draft_is_read_back(goal: str, path: str | None) -> None:
    draft = Draft(goal.strip(), path, 3 if path else None, 9 if path else None)
    found = read(render(draft))
    if not goal.strip():
        assert isinstance(found, str)
    elif isinstance(found, Draft):
        assert found.goal == "\n".join(goal.replace("\r\n", "\n").strip().split("\n"))
        assert (found.first, found.last) == (draft.first, draft.last)


def test_a_draft_names_a_place() -> None:
    draft = Draft("Fix it", "src/a b.py", 12, 20)
    assert "Place: src/a b.py:12-20\n" in render(draft)
    assert read(render(draft) + "\n## Goal\nPlace: x") == replace(draft, goal="Fix it\n## Goal\nPlace: x")
    assert read("Place: a.py\n## Goal\nx") == Draft("x", "a.py")
    assert read("# x\r\n## Goal\r\nx\r\ny\r\n") == Draft("x\ny")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a//b", ".", "C:/x", "..\\x", "a/.."])
def test_a_draft_that_points_out_of_the_workspace_is_refused(path: str) -> None:
    assert isinstance(read(f"Place: {path}:1-2\n\n## Goal\n\nx"), str)


@pytest.mark.parametrize("place", [(), ("a b.py",), ("a_b/*c*.py", 3), ("x.py", 3, 7)], ids=str)
def test_a_draft_is_spent_when_nothing_in_it_is_lost(place: tuple[Any, ...]) -> None:
    empty, used = render(Draft("", *place)), {"", "Do it."}
    for text in ("", empty, empty.rstrip(), empty + "Do it.\n\n", (empty + "Do it.").replace("\n", "\r\n")):
        assert spent(text, used)
    for text in (
        "words",
        empty + "Do that.",
        f"words\n{empty}",
        empty.replace("## Goal", "## Words"),
        empty + "Do it. Now",
    ):
        assert not spent(text, used)
    for line in filter(lambda line: line.startswith(("#", "_")), empty.split("\n")):
        assert not spent(empty.replace(line, f"{line} words", 1), used)
