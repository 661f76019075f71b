"""Files are cut into chunks that cover each line once, whatever their text is."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.context.chunks import Chunk, chunks
from signoff.context.outline import Outline, Symbol, outline
from signoff.core.text import split_lines

PATHS = "a.py a.js a.ts a.tsx a.go a.rs a.java a.c a.cpp a.rb a.php a.cs a.sh a.html a.css a.json a.toml a.yaml a.md"
PATHS += " a.rst a.vue a.kt a.txt a"
PIECES = [
    *(
        "def f():\n",
        "    return 1\n",
        "class A {\n",
        "}\n",
        "\n",
        "\n\n\n",
        "\r",
        "\r\n",
        "# Title\n",
        "/* a */\n",
        "x" * 200,
    ),
    *(
        "function f() {",
        "func (a *A) F() {\n",
        "<script>\n",
        "</script>\n",
        "key: value\n",
        "[table]\n",
        "(",
        ")",
        "\0",
    ),
    *("\ufffd", "\udc80", "\u2028", "\f", "@decorated\n", "    # note\n", "'", '"""', "`"),
    *("    pass\n" * 70, "a = 1\n" * 40),
]


def cut(path: str, text: str) -> tuple[Chunk, ...]:
    return chunks(path, text, outline(path, text))


def check(text: str, found: tuple[Chunk, ...]) -> None:
    lines = split_lines(text)
    assert [line for c in found for line in range(c.start_line, c.end_line + 1)] == list(range(1, len(lines) + 1))
    for chunk in found:
        inside = lines[chunk.start_line - 1 : chunk.end_line]
        assert len(inside) <= 32
        assert len(inside) == 1 or sum(map(len, inside)) <= 3_000 + len(inside)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PATHS.split()), st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=60))
def test_chunks_cover_each_line_once(path: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    check(text, cut(path, text))


symbol = st.builds(Symbol, st.just("a"), st.sampled_from(["function", "key"]), st.integers(1, 300), st.integers(1, 300))


@settings(max_examples=200, deadline=None)
@given(st.lists(symbol, max_size=20), st.integers(0, 250))
def test_an_outline_that_does_not_fit_the_text_does_no_harm(symbols: list[Symbol], lines: int) -> None:
    text = "line of a text\n" * lines
    check(text, chunks("a.py", text, Outline(tuple(symbols))))


def test_functions_are_chunks_with_the_comments_above_them() -> None:
    body = "    work()\n" * 20
    text = f"import os\n\n# The first.\n@cache\ndef one():\n{body}\n\n\ndef two():\n{body}"
    assert cut("a.py", text) == (Chunk(1, 28, "one", "function"), Chunk(29, 49, "two", "function"))


def test_a_long_class_is_cut_at_its_methods() -> None:
    methods = "".join(f"    def m{n}(self):\n" + "        work()\n" * 24 + "\n" for n in range(4))
    found = cut("a.py", "class A:\n" + methods)
    assert [c.symbol for c in found] == ["A.m0", "A.m1", "A.m2", "A.m3"]


def test_small_neighbours_are_one_chunk() -> None:
    text = "".join(f"def f{n}():\n    return {n}\n\n" for n in range(6))
    assert [(c.start_line, c.end_line) for c in cut("a.py", text)] == [(1, 18)]


def test_a_long_function_is_cut_where_it_is_indented_least() -> None:
    text = "def f():\n" + "".join("    a()\n" + "        b()\n" * 9 + "\n" for _ in range(12))
    lines = text.split("\n")
    for chunk in cut("a.py", text)[1:]:
        assert lines[chunk.start_line - 1] == "    a()"
        assert chunk.symbol == "f"


def test_texts_without_a_grammar_are_cut_at_blank_lines() -> None:
    text = "".join("word " * 8 + "\n" + "more\n" * 9 + "\n" for _ in range(20))
    lines = text.split("\n")
    assert all(lines[c.start_line - 1].startswith("word") for c in cut("a.txt", text))


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a", 1), ("a\n", 1), ("\n", 1), ("\n\n\n", 1), ("x" * 900_000, 1), ("x" * 900_000 + "\ny\n", 2)],
)
def test_few_lines(text: str, count: int) -> None:
    found = cut("a.js", text)
    assert len(found) == count
    check(text, found)


@pytest.mark.parametrize(
    "text",
    ["x\n" * 1_000_000, "some words on a line\n" * 100_000 + "end", "x" * 2_000_000, "\r" * 1_200_000, "\n" * 500_000],
)
def test_huge_texts_are_cut_too(text: str) -> None:
    check(text, cut("a.py", text))


def test_random_bytes_are_cut_too() -> None:
    text = random.Random(4).randbytes(200_000).decode("utf-8", "replace")
    for path in ("a.py", "a.ts", "a.txt"):
        check(text, cut(path, text))
