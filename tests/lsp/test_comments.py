"""Comments that ask for work, in the syntax of many languages, and what only looks like one."""

from __future__ import annotations

import pytest

from signoff.lsp.comments import Comment, instruction

DO = "rename x to y"


def at(text: str, number: int = 0) -> Comment | None:
    lines = text.splitlines(keepends=True)
    return instruction(lambda n: lines[n] if 0 <= n < len(lines) else None, number)


def words(text: str, number: int = 0) -> str | None:
    found = at(text, number)
    return found.words if found else None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"# signoff: {DO}\n", id="Python"),
        pytest.param(f"    # TODO(signoff): {DO}\n", id="Ruby"),
        pytest.param(f"## signoff: {DO}\n", id="R"),
        pytest.param(f"// signoff: {DO}\n", id="C++"),
        pytest.param(f"/// signoff: {DO}\n", id="Rust doc"),
        pytest.param(f"//! Signoff: {DO}\n", id="Rust crate doc"),
        pytest.param(f"/* signoff: {DO} */\n", id="C"),
        pytest.param(f"/** signoff: {DO} */\n", id="Java"),
        pytest.param(f"-- signoff: {DO}\n", id="SQL"),
        pytest.param(f"--- signoff: {DO}\n", id="Lua doc"),
        pytest.param(f"--[[ signoff: {DO} ]]\n", id="Lua block"),
        pytest.param(f"--[==[ signoff: {DO} ]==]\n", id="Lua long block"),
        pytest.param(f"; signoff: {DO}\n", id="assembler"),
        pytest.param(f";; signoff: {DO}\n", id="Emacs Lisp"),
        pytest.param(f"#| signoff: {DO} |#\n", id="Common Lisp block"),
        pytest.param(f"% signoff: {DO}\n", id="LaTeX"),
        pytest.param(f"%% signoff: {DO}\n", id="Erlang"),
        pytest.param(f'" signoff: {DO}\n', id="Vim script"),
        pytest.param(f"' signoff: {DO}\n", id="Visual Basic"),
        pytest.param(f"REM signoff: {DO}\n", id="BASIC"),
        pytest.param(f"@rem TODO(signoff): {DO}\n", id="batch"),
        pytest.param(f":: signoff: {DO}\n", id="batch label"),
        pytest.param(f"<!-- signoff: {DO} -->\n", id="HTML"),
        pytest.param(f"<%-- signoff: {DO} --%>\n", id="JSP"),
        pytest.param(f"{{- signoff: {DO} -}}\n", id="Haskell"),
        pytest.param(f"(* signoff: {DO} *)\n", id="OCaml"),
        pytest.param(f"{{# signoff: {DO} #}}\n", id="Jinja"),
        pytest.param(f"! signoff: {DO}\n", id="Fortran"),
        pytest.param(f"dnl signoff: {DO}\n", id="m4"),
        pytest.param(f".. signoff: {DO}\n", id="reStructuredText"),
        pytest.param(f"x = 1  # signoff: {DO}\n", id="end of a line of Python"),
        pytest.param(f"let x = 1; // signoff: {DO}\r\n", id="end of a line of JavaScript, CRLF"),
        pytest.param(f'char *s = "a // b"; /* signoff: {DO} */\n', id="after a string"),
        pytest.param(f"impl<'a> X<'a> {{ // signoff: {DO}\n", id="after a lifetime"),
        pytest.param(f"#signoff:{DO}\n", id="without spaces"),
        pytest.param(f"# SIGNOFF : {DO}", id="capitals, no line end"),
    ],
)
def test_a_comment_of_one_line(text: str) -> None:
    assert at(text) == Comment(DO, 0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        'print("# signoff: no")\n',
        'print("text # signoff: no")\n',
        "x = 'see // signoff: no'\n",
        '"signoff: no"\n',
        'if "signoff: no" in text:\n',
        "x = ['signoff: no', 2]\n",
        '"""signoff: no"""\n',
        "`signoff: no`\n",
        '{"signoff: no": 1}\n',
        "signoff: no\n",
        "key: signoff: no\n",
        "x = y * signoff: no\n",
        "* signoff: no\n",
        "# the signoff: no\n",
        "# resignoff: no\n",
        "# signoff\n",
        "# signoff:\n",
        "# TODO(other): no\n",
        "http://signoff: no\n",
        "",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert at(text) is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\n# signoff: one\n# two\nb\n", (1, 2), id="#"),
        pytest.param("a\n// signoff: one\n  // two\n\n// other\n", (1, 2), id="//"),
        pytest.param("a\n/* signoff: one\n * two\n */\nint b;\n", (1, 3), id="stars"),
        pytest.param("/**\n * signoff: one\n * two */\n", (0, 2), id="star first"),
        pytest.param("/*\n   signoff: one\n   two\n*/\n", (0, 3), id="bare lines"),
        pytest.param("<!-- signoff: one\n     two -->\n", (0, 1), id="HTML"),
        pytest.param("=begin\nsignoff: one\ntwo\n=end\n", (0, 3), id="Ruby"),
        pytest.param("--[[\nTODO(signoff): one\ntwo\n]]\nx = 1\n", (0, 3), id="Lua"),
        pytest.param("x = 1  # signoff: one\n       # two\n# not this\n", (0, 1), id="at the end of a line"),
        pytest.param("-- signoff: one\n-- two\n--- other\n", (0, 1), id="another leader ends it"),
        pytest.param("REM signoff: one\nrem two\n", (0, 1), id="capitals do not matter"),
    ],
)
def test_lines_that_go_on_belong_to_it_and_it_is_found_from_each(text: str, lines: tuple[int, int]) -> None:
    count = len(text.splitlines())
    found = [number for number in range(count) if words(text, number) == "one\ntwo"]
    assert found == list(range(lines[0], lines[1] + 1))


def test_each_of_two_requests_in_one_block_is_its_own() -> None:
    text = "# Some words.\n# signoff: first\n# more\n# signoff: second\n"
    assert words(text, 1) == words(text, 2) == "first\nmore"
    assert words(text, 3) == "second"
    assert words(text, 0) == "first\nmore"


def test_a_block_without_an_end_is_its_first_line() -> None:
    assert words("/* signoff: one\n" + "code();\n" * 100) == "one"
    assert words("/* signoff: one\n", 1) is None


def test_an_open_block_far_away_or_a_closed_one_does_not_count() -> None:
    assert words("/* closed */\nsignoff: no\n", 1) is None
    assert words("/* opened\nand closed */\n* signoff: no\n", 2) is None


def test_a_line_past_the_end_has_no_comment() -> None:
    assert at("# signoff: one\n", 5) is None
    assert at("# signoff: one\n", 2**31 - 1) is None
