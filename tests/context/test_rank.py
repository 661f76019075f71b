"""Ranking: what goals and paths say, which files and pieces come first, and why."""

import json
import math
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.context.engine import Engine
from signoff.context.features_goal import read_goal
from signoff.context.features_path import foreign, kind, name_fit, named_in, scope_fit, shares
from signoff.context.history import History
from signoff.context.rank import learned
from signoff.core.commits import Commit
from signoff.core.fragments import Place, Query
from support.indexing import indexed

FILES: dict[str, str | bytes] = {
    "src/parser.py": "def parse_header(line):\n    return line.split(':')\n",
    "src/writer.py": "def write_header(name, value):\n    return f'{name}: {value}'\n",
    "src/cache.py": "class Cache:\n    def lookup(self, key):\n        return self.rows[key]\n",
    "tests/test_parser.py": "from src.parser import parse_header\n\ndef test_it():\n    assert parse_header('a: b')\n",
    "docs/header.md": "# Header\n\nA header has a name and a value. Headers are parsed.\n",
}


@pytest.mark.parametrize(
    ("goal", "scopes"),
    [
        ("fix(reactivity): track iteration", ("reactivity",)),
        ("go/analysis/passes: skip generated files", ("go/analysis/passes",)),
        ("cmd/gopls, internal/lsp: fix typos", ("cmd/gopls", "internal/lsp")),
        ("Do what I say: now", ()),
        ("no scope at all", ()),
    ],
)
def test_a_goal_may_begin_with_its_part_of_the_code(goal: str, scopes: tuple[str, ...]) -> None:
    assert read_goal(goal).scopes == scopes


def test_names_of_code_are_told_from_words() -> None:
    goal = read_goal("Make `feed` and parse_line() faster than readAll in the loop")
    assert goal.code == {"feed", "parse_line", "readAll"}


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_goal(text: str) -> None:
    goal = read_goal(text)
    for path in ("src/a_b.py", "x", "", "a/b/index.ts"):
        assert all(0.0 <= value <= 1.0 for value in (scope_fit(path, goal), name_fit(path, goal)))


def test_paths_fit_goals() -> None:
    goal = read_goal("code action: rename file\n\nIn the server.")
    assert name_fit("src/code_action.go", goal) == name_fit("src/rename.go", goal) == 1.0
    assert name_fit("src/server.go", goal) == 0.6
    assert name_fit("src/rename/index.ts", goal) == 0.5
    assert name_fit("src/other.go", goal) == 0.0
    assert scope_fit("packages/reactivity/src/effect.ts", read_goal("fix(reactivity): x")) == 1.0


def test_files_in_rare_languages_are_foreign() -> None:
    known = shares([("a.py", 900), ("b.py", 700), ("c.ts", 400), ("d.md", 9_000)])
    assert foreign("x.py", known) == 0.0
    assert 0.0 < foreign("x.ts", known) < foreign("x.go", known) < foreign("x.md", known) == 1.0
    assert kind("pkg/__init__.py").for_folder and not kind("pkg/a.py").for_folder


def test_a_goal_names_files() -> None:
    assert named_in("src/parser.py", "look at parser.py, please")
    assert named_in("src/parser.py", "src/parser.py:10 fails")
    assert not named_in("src/parser.py", "the parser fails; see myparser.py")


def test_the_best_file_holds_what_the_goal_is_about(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index).find(Query("parse_header fails for an empty line"))
        assert found.files[0].path == "src/parser.py"
        assert "defines `parse_header`" in found.fragments[0].why


def test_what_the_user_points_at_comes_first(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        engine = Engine(made.index)
        vague = engine.find(Query("header"))
        assert vague.files[0].path != "src/cache.py"
        for query in (
            Query("header", selected=Place("src/cache.py", 1, 3)),
            Query("header", failing=(Place("src/cache.py", 2, 2),), open=("src/cache.py",)),
            Query("header in src/cache.py", open=("src/cache.py",)),
        ):
            assert engine.find(query).files[0].path == "src/cache.py"


def test_commits_like_the_goal_lead_to_their_files_wherever_they_are_now(tmp_path: Path) -> None:
    history = History()
    history.add([Commit("1" * 40, 1, "Rows expire after an hour", ("old/src/cache.py",))])
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index, lambda: history).find(Query("rows should expire"))
        assert found.files[0].path == "src/cache.py"
        assert any("1 commit like this goal" in one.why for one in found.fragments if one.path == "src/cache.py")


def test_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        assert Engine(made.index).find(Query("header")) == Engine(made.index).find(Query("header"))


def test_the_weights_say_where_they_come_from() -> None:
    value = json.loads((files("signoff.context") / "weights.json").read_text("utf-8"))
    assert value["made"] and "learn_context.py" in value["command"] and 0 < value["scores"]["hunk_r"] <= 1
    for weights in (learned().files, learned().pieces):
        assert weights and all(math.isfinite(weight) for weight in weights.values())
