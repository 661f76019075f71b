"""A plan as a task list in the user's editor: what was written, read again; and the lines around a hunk."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.cli import editing
from signoff.cli.around import around
from signoff.core.paths import to_uri


def step(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "text": text, "status": "pending", "files": [], "after": [], **more}


PLAN: Any = {
    "id": "p",
    "steps": [
        step("s1", "First\nof all", files=["a.py", "b.py"]),
        step("s2", "Second", after=["s1"], status="skipped"),
    ],
}


def test_what_is_not_touched_comes_back_as_it_was() -> None:
    assert editing.steps_of(editing.task_list(PLAN), PLAN) == [
        {"id": "s1", "text": "First\nof all", "status": "pending", "files": ["a.py", "b.py"]},
        {"id": "s2", "text": "Second", "status": "skipped", "after": ["s1"]},
    ]


@given(st.lists(st.text(min_size=1), max_size=5))
def test_any_words_survive_the_list(texts: list[str]) -> None:
    plan: Any = {"id": "p", "steps": [step(f"s{n}", text) for n, text in enumerate(texts) if text.split()]}
    assert [s["text"] for s in editing.steps_of(editing.task_list(plan), plan)] == [s["text"] for s in plan["steps"]]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("# nothing\n\n", []),
        ("- [ ] (s2) Second\n  after: s1\n", [{"id": "s2", "text": "Second", "status": "pending", "after": []}]),
        ("- [-] (s1) First of all", [{"id": "s1", "text": "First\nof all", "status": "skipped"}]),
        ("* [ ] New one\n  files: x, y,\n", [{"text": "New one", "status": "pending", "files": ["x", "y"]}]),
        ("- [ ] (maybe) do it", [{"text": "(maybe) do it", "status": "pending"}]),
    ],
)
def test_changes_of_the_list(text: str, steps: list[dict[str, Any]]) -> None:
    assert editing.steps_of(text, PLAN) == steps


def test_a_line_that_is_no_step_is_named() -> None:
    with pytest.raises(editing.EditorTrouble, match="Line 2 is no step: 'hello'"):
        editing.steps_of("- [ ] One\nhello\n", PLAN)


@pytest.mark.parametrize(
    ("uri", "suffix"), [("file:///a/b.py", ".py"), ("file:///x", ".txt"), ("file:///x.%20;a", ".txt")]
)
def test_the_editor_learns_the_language_from_the_name(uri: str, suffix: str) -> None:
    assert editing.suffix_of(uri) == suffix


@pytest.mark.parametrize(
    ("before", "line", "kind", "expected"),
    [
        ("d\n", 3, "update", (["a\n", "b\n", "c\n"], ["e\n", "f"])),
        ("f", 5, "update", (["c\n", "d\n", "e\n"], [])),
        ("", 1, "update", (["a\n"], ["b\n", "c\n", "d\n"])),
        ("other\n", 3, "update", ([], [])),
        ("", 0, "create", ([], [])),
    ],
)
def test_lines_around_a_hunk(tmp_path: Path, before: str, line: int, kind: str, expected: Any) -> None:
    path = tmp_path / "ä b.txt"
    path.write_text("a\nb\nc\nd\ne\nf")
    end = {"line": line + before.count("\n"), "character": len(before) if before == "f" else 0}
    span = {"start": {"line": line, "character": 0}, "end": end}
    hunk: Any = {"uri": to_uri(str(path)), "kind": kind, "status": "pending", "before": before, "range": span}
    assert around(hunk) == expected
    assert around({**hunk, "uri": to_uri(str(tmp_path))}) == ([], [])
    assert around({**hunk, "uri": "untitled:x"}) == ([], [])
