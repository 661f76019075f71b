"""The index: what is found by which words, how edits show, and what is kept for the next start."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from support.indexing import Indexed, indexed, put

SHAPES = """\
class Circle:
    def area(self):
        return pi * self.radius ** 2


def parse_shape(text):
    kind, *numbers = text.split()
    return KINDS[kind](*map(float, numbers))
"""
FILES: dict[str, str | bytes] = {
    "geometry/shapes.py": SHAPES,
    "geometry/helpers.py": "from .shapes import parse_shape\n\n\ndef readShapes(lines):\n    map(parse_shape, lines)\n",
    "docs/guide.md": "# Guide\n\nShapes are read from lines.\n",
}


def test_files_are_found_by_words_of_text_path_and_symbols(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        assert made.index.ready == "full"
        assert made.found("radius") == {"geometry/shapes.py"}
        assert made.found("reading a shape") == set(FILES)
        scores = made.files("geometry circle", 10)
        assert scores["geometry/helpers.py"].path > 0 == scores["geometry/helpers.py"].body
        assert scores["geometry/shapes.py"].body > 0


def test_chunks_are_found_with_the_symbol_they_hold(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        [chunk] = made.chunks("radius")
        assert (chunk.path, chunk.start_line) == ("geometry/shapes.py", 1)
        chunks = made.index.chunks_of("geometry/shapes.py")
        lines = [line for chunk in chunks for line in range(chunk.start_line, chunk.end_line + 1)]
        assert lines == list(range(1, SHAPES.count("\n") + 1))
        assert (made.index.text("geometry/shapes.py") or "").split("\n")[5] == "def parse_shape(text):"


def test_names_lead_to_the_files_that_define_and_use_them(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        assert made.index.defines("parse_shape") == ["geometry/shapes.py"]
        assert made.index.references("parse_shape") == ["geometry/helpers.py"]
        assert [symbol.name for symbol in made.index.outline("geometry/shapes.py").symbols][:2] == ["Circle", "area"]


def test_nothing_is_found_for_no_words_or_in_no_files(tmp_path: Path) -> None:
    with indexed(tmp_path, {}) as made:
        assert made.index.ready == "full"
        assert made.files("anything", 10) == {}
        assert made.chunks("anything") == []
        assert made.index.text("gone.py") is None
        assert made.index.outline("gone.py").symbols == ()
    with indexed(tmp_path, FILES) as made:
        assert made.files("", 10) == made.files(" -> {}", 10) == {}
        assert made.files("\ud800 zebra", 10) == {}


@pytest.mark.parametrize("written", [False, True], ids=["laid over", "written"])
def test_an_edit_shows(tmp_path: Path, written: bool) -> None:
    with indexed(tmp_path, FILES) as made:
        made.change(
            {"geometry/shapes.py": SHAPES.replace("area", "perimeter"), "docs/guide.md": None, "new.py": "x = 1\n"}
        )
        if written:
            made.live.flush()
        assert made.found("area") == set()
        assert made.found("perimeter") == {"geometry/shapes.py"}
        assert made.index.defines("perimeter") == ["geometry/shapes.py"]
        assert made.index.defines("area") == []
        assert {path for path, _ in made.pieces("perimeter")} == {"geometry/shapes.py"}
        assert made.found("guide") == set()
        assert made.files("new", 10)["new.py"].path > 0
        assert "docs/guide.md" not in made.index.paths()


def test_an_unsaved_text_stands_before_the_file_until_it_is_let_go(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        made.live.buffer("geometry/shapes.py", "def square(side):\n    return side * side\n")
        assert made.found("radius") == set()
        assert made.found("square") == {"geometry/shapes.py"}
        assert made.index.defines("square") == ["geometry/shapes.py"]
        assert made.index.text("geometry/shapes.py") == "def square(side):\n    return side * side\n"
        # What happens on disk meanwhile does not show.
        made.change({"geometry/shapes.py": "def disk(): ...\n"})
        assert made.found("disk") == set()
        made.live.flush()
        assert made.found("square") == {"geometry/shapes.py"}
        made.live.buffer("geometry/shapes.py", None)
        assert made.found("square") == set()
        assert made.found("disk") == {"geometry/shapes.py"}


def test_a_buffer_of_a_file_that_is_nowhere_else_counts_while_it_is_open(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        made.live.buffer("draft.py", "def sketch(): ...\n")
        assert made.found("sketch") == {"draft.py"}
        made.live.buffer("draft.py", None)
        assert made.found("sketch") == set()
        assert not made.index.knows("draft.py")


def test_a_document_laid_over_the_index_scores_as_in_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"f{n}.py": f"alpha beta{n} " * (n + 1) + "\n" for n in range(40)}
    with indexed(tmp_path, files) as made:
        made.change({"f7.py": "alpha alpha gamma\n" + "word\n" * 5})
        before = made.files("alpha gamma", 100)
        made.live.flush()
        after = made.files("alpha gamma", 100)
    assert before.keys() == after.keys()
    for path, scores in before.items():
        # gamma was in no document of the index, and now it is in one of 41.
        assert scores.body == pytest.approx(after[path].body, rel=0.15)


def test_many_changes_at_once_are_written_as_one(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"d{n % 7}/f{n}.py": f"def old{n}(): ...\n" for n in range(200)}
    with indexed(tmp_path, files) as made:
        put(tmp_path, {path: f"def fresh{n}(): ...\n" for n, path in enumerate(files)})
        made.live.change(list(files))
        made.parsing.settle()
        assert made.index.shown.laid() == {}
        assert made.found("old3") == set()
        assert made.index.defines("fresh3") == ["d3/f3.py"]
        assert made.index.ready == "full"


def test_any_edits_leave_what_a_new_index_would_find(tmp_path: Path) -> None:
    chance = random.Random(4)
    words = ["alpha", "beta", "gamma", "delta", "epsilon"]
    paths = [f"p{n}.py" for n in range(8)]
    (tmp_path / "tree").mkdir()
    made = Indexed(tmp_path / "tree").build()
    for step in range(60):
        some = chance.sample(paths, chance.randint(1, 3))
        made.change({p: None if chance.random() < 0.2 else f"def {chance.choice(words)}(): pass\n" for p in some})
        if chance.random() < 0.2:
            made.live.flush()
        if chance.random() < 0.1:
            made.builder.scan()
            made.parsing.settle()
        if step % 10 == 9:
            fresh = Indexed(tmp_path / "tree").build()
            for word in words:
                assert made.found(word) == fresh.found(word)
                assert made.index.defines(word) == fresh.index.defines(word)
                assert made.pieces(word) == fresh.pieces(word)
            assert sorted(made.index.paths()) == sorted(fresh.index.paths())
            fresh.index.close()
    made.index.close()


def test_a_second_start_reads_no_file_that_stayed_as_it_was(tmp_path: Path) -> None:
    root, kept = tmp_path / "tree", tmp_path / "kept"
    put(root, FILES)
    for path in FILES:
        os.utime(root / path, (1_000_000, 1_000_000))
    first = Indexed(root, kept).build()
    first.index.close()
    put(root, {"geometry/shapes.py": "def triangle(): ...\n"})
    second = Indexed(root, kept)
    assert second.builder.load()
    assert second.index.ready == "full"
    assert second.found("radius") == {"geometry/shapes.py"}
    second.build()
    assert set(second.source.reads) == {"geometry/shapes.py"}
    assert second.found("radius") == set()
    assert second.found("triangle") == {"geometry/shapes.py"}
    assert second.index.defines("readShapes") == ["geometry/helpers.py"]
    second.index.close()


def test_a_file_that_was_only_touched_keeps_its_document(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        number = made.index.shown.id("docs/guide.md")
        os.utime(tmp_path / "docs/guide.md", (2_000_000, 2_000_000))
        made.live.change(["docs/guide.md"])
        made.builder.scan()
        assert made.index.shown.id("docs/guide.md") == number
        row = made.index.shown.row("docs/guide.md")
        assert row is not None and row.mtime_ns == 2_000_000 * 10**9


def test_an_end_before_all_was_parsed_leaves_nothing_twice(tmp_path: Path) -> None:
    root, kept = tmp_path / "tree", tmp_path / "kept"
    put(root, FILES)
    first = Indexed(root, kept, parsing=False).build()
    assert first.index.ready == "lexical"
    assert first.found("radius") == {"geometry/shapes.py"}
    assert first.chunks("radius") == []
    first.index.close()
    second = Indexed(root, kept).build()
    assert second.index.ready == "full"
    assert len(second.chunks("radius")) == 1
    assert second.index.defines("Circle") == ["geometry/shapes.py"]
    second.index.close()


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    Indexed(tmp_path / "tree", tmp_path / "kept").index.close()
    with pytest.raises(OSError, match="version"):
        Indexed(tmp_path / "tree", tmp_path / "kept", version="2")


ODD: dict[str, bytes] = {
    "binary.py": b"radius = 1\n\x00\x01",
    "minified.js": b"var radius=1;" * 5_000,
    "yarn.lock": b"radius\n",
    "empty.py": b"",
    "large.py": b"radius = 1\n" * 100_000,
}


@pytest.mark.parametrize("path", ODD)
def test_text_that_nobody_wrote_is_known_by_its_path_alone(tmp_path: Path, path: str) -> None:
    with indexed(tmp_path, {path: ODD[path]}) as made:
        assert made.found("radius") == set()
        assert made.files(path, 10)[path].path > 0
        assert made.index.ready == "full"


def test_a_file_that_grows_too_large_and_shrinks_again(tmp_path: Path) -> None:
    with indexed(tmp_path, {"a.py": "radius = 1\n"}) as made:
        made.change({"a.py": "radius = 1\n" * 100_000})
        made.live.flush()
        assert (made.found("radius"), set(made.files("a.py", 10))) == (set(), {"a.py"})
        assert made.index.chunks_of("a.py") == []
        made.change({"a.py": "radius = 2\n"})
        assert made.found("radius") == {"a.py"}


def test_lines_of_a_text_may_end_as_on_old_computers(tmp_path: Path) -> None:
    text = "".join(f"def name{n}():\r    return {n}\r\r" for n in range(30)) + "def fooBar():\r\n    return 1\r"
    with indexed(tmp_path, {"a.py": text}) as made:
        [piece] = made.chunks("name17")
        assert piece.start_line <= 17 * 3 + 1 <= piece.end_line
        [piece] = made.chunks("foo")
        assert piece.start_line <= 91 <= piece.end_line
        assert made.index.chunks_of("a.py")[-1].end_line == 92


def test_text_in_another_encoding_is_searched_as_well_as_it_goes(tmp_path: Path) -> None:
    latin = "# Größe des Kreises\nradius = 1\n".encode("latin-1") + b"\xfe\xff fooBar\n"
    with indexed(tmp_path, {"latin.py": latin, "other.py": b"fooBar\n"}) as made:
        assert made.found("radius") == {"latin.py"}
        assert made.found("foo") == {"latin.py", "other.py"}
        assert {path for path, _ in made.pieces("radius")} == {"latin.py"}


def test_a_file_that_changes_between_the_scan_and_the_parsing_is_read_again(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": "def first(): ...\n"})
    made = Indexed(tmp_path)
    waiting: list[Callable[[], None]] = []
    made.parse_later(waiting)
    made.build()
    made.write("a.py", "def second(): ...\n")
    waiting.pop()()
    made.parsing.settle()
    assert made.parsing.changed == ["a.py"]
    assert made.index.defines("first") == []
    made.index.close()


def test_a_text_that_several_files_have_is_parsed_once(tmp_path: Path) -> None:
    put(tmp_path, dict.fromkeys(("a.py", "b.py", "c/d.py", "e.js"), "def same(): ...\n"))
    made = Indexed(tmp_path)
    waiting: list[Callable[[], None]] = []
    made.parse_later(waiting)
    made.build()
    assert len(waiting) == 2
    while waiting:
        waiting.pop()()
    made.parsing.settle()
    assert made.index.defines("same") == ["a.py", "b.py", "c/d.py"]
    assert {path for path, _ in made.pieces("same")} == {"a.py", "b.py", "c/d.py", "e.js"}
    made.index.close()


def test_when_the_one_that_was_parsed_had_changed_the_others_are_parsed_too(tmp_path: Path) -> None:
    root, kept = tmp_path / "tree", tmp_path / "kept"
    put(root, dict.fromkeys(("a.py", "b.py", "c.py"), "def same(): ...\n"))
    made = Indexed(root, kept)
    waiting: list[Callable[[], None]] = []
    made.parse_later(waiting)
    made.build()
    (root / "a.py").unlink()
    made.write("b.py", "def other(): ...\n")
    while waiting:
        waiting.pop()()
    made.parsing.settle()
    assert made.index.defines("same") == ["c.py"]
    changed, made.parsing.changed = made.parsing.changed, []
    made.live.change(changed)
    while waiting:
        waiting.pop()()
    made.live.flush()
    assert made.index.defines("other") == ["b.py"]
    made.index.close()
    again = Indexed(root, kept)
    assert again.builder.load()
    assert (again.index.defines("same"), again.index.defines("other")) == (["c.py"], ["b.py"])
    again.index.close()


def test_a_file_that_is_replaced_while_it_is_stored_leaves_an_index_that_can_be_loaded(tmp_path: Path) -> None:
    root, kept = tmp_path / "tree", tmp_path / "kept"
    put(root, {"a.py": "def first(): ...\n", "b.py": "def same(): ...\n"})
    made = Indexed(root, kept)
    waiting: list[Callable[[], None]] = []
    made.parse_later(waiting)
    made.build()
    for parse in waiting:
        parse()
    made.write("a.py", "def second(): ...\n")
    made.builder.update(["a.py"], [])
    made.parsing.settle()
    assert made.index.defines("first") == []
    made.index.close()
    again = Indexed(root, kept)
    assert again.builder.load()
    again.build()
    assert again.index.defines("second") == ["a.py"]
    assert again.index.defines("same") == ["b.py"]
    again.index.close()


def test_lines_of_a_file_that_changed_unheard_are_not_given_for_others(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        made.write("geometry/shapes.py", "# moved\n" + SHAPES)
        assert made.index.text("geometry/shapes.py") is None
        made.live.change(["geometry/shapes.py"])
        assert made.index.text("geometry/shapes.py") == "# moved\n" + SHAPES


def test_while_somebody_types_one_text_at_a_time_is_parsed(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        waiting: list[Callable[[], None]] = []
        made.parse_later(waiting)
        for count in range(50):
            made.live.buffer("geometry/shapes.py", f"def square{count}(): ...\n")
            assert made.found(f"square{count}") == {"geometry/shapes.py"}
        assert len(waiting) == 1
        waiting.pop()()
        # The first of the texts was parsed, and it is not the text any more.
        assert made.index.defines("square0") == []
        assert made.live.unparsed
        made.live.ask_again()
        waiting.pop()()
        assert made.index.defines("square49") == ["geometry/shapes.py"]
        assert not made.live.unparsed


def test_beyond_the_text_that_is_searched_paths_are_known(tmp_path: Path) -> None:
    put(tmp_path, {f"f{n}.py": f"def name{n}(): ...\n" for n in range(100)})
    made = Indexed(tmp_path, most_bytes=500).build()
    assert made.index.cut
    assert len(made.index.paths()) == 100
    found = [n for n in range(100) if made.found(f"name{n}")]
    assert 10 < len(found) < 90
    made.index.close()
