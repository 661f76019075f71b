"""What others say stays words: to a Markdown parser nothing of it is a link, an image, HTML or a heading."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from signoff.core.page_text import RETURN, one, plain, quoted, words
from signoff.core.visible import visible

PARSER = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
LIVE = {"link_open", "image", "html_inline", "html_block", "heading_open", "hr", "table_open", "s_open"}
PIECES = st.sampled_from(
    [
        *"\\`*_{}[]()#+-.!|<>~&=:;/@^\"' \t\n1ax",
        *("```", "~~~", "http://a.b", "www.a.b", "](x)", "[a]: x", "<b>", "&amp;", "&#0;", "|-|", "\u202e", "\r"),
        *("\n## Reply\n", "\n    ", "\n> ", "\n- ", "\n1. ", "\n===\n", "\n---\n"),
    ]
)
HOSTILE = st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join)


def tokens(markdown: str) -> list[Token]:
    """All tokens, the inline ones too."""
    found = PARSER.parse(markdown)
    return found + [child for token in found for child in token.children or ()]


@given(HOSTILE)
@example("a\n===")
@example("- a\n  ---")
@example("` <b>\n`<b>`")
@example("`\\`<b>`")
@example("[a][b]\n\n[b]: http://x")
@example("``` x\n<b>\n```\n<b>")
@example("a|b\n-|-")
def test_nothing_that_others_say_is_more_than_text(text: str) -> None:
    for markdown in (quoted(text), words(text), f"# {one(text)}\n\nx", f"1. [ ] {one(text)}\n"):
        live = [token.type for token in tokens(markdown) if token.type in LIVE]
        assert live == (["heading_open"] if markdown.startswith("# ") and markdown.endswith("\nx") else [])


@given(HOSTILE)
def test_a_quote_leaves_the_first_column_to_the_document(text: str) -> None:
    assert all(line.startswith(">") for line in quoted(text).split("\n"))
    assert "\n" not in one(text)


@given(HOSTILE)
def test_a_line_can_be_read_back(text: str) -> None:
    shown = visible(text).strip().replace("\t", " ")
    assert plain(one(text)) == shown.replace("\n", RETURN).replace(RETURN, "\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Use `List<int>` and foo_bar[0] in utils.py (fast-path).", None),
        ("**Bold**, a *word*, a < b && c; 3 # 4; C# too", "**Bold**, a *word*, a < b && c; 3 \\# 4; C# too"),
        ("see http://x.y and [this](http://z)", "see http\\://x.y and [this\\](http\\://z)"),
        ("<img src=x>&lt;", "\\<img src=x>\\&lt;"),
        ("a ` b", "a \\` b"),
        ("C:\\dir\\new \\d+ \\[", "C:\\dir\\new \\d+ \\\\["),
        ("\u202eabc", "\\<U+202E>abc"),
    ],
)
def test_ordinary_words_stay_readable(text: str, wanted: str | None) -> None:
    assert words(text) == (text if wanted is None else wanted)


def test_fenced_code_in_a_message_stays_code() -> None:
    text = "Look:\n```py\n# a comment\nx = a[0](1)\n```\n# no heading"
    assert quoted(text) == "> Look:\n> ```py\n> # a comment\n> x = a[0](1)\n> ```\n> \\# no heading"
