"""Nothing that a screen would obey or hide gets through unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.visible import fenced, line, said, short, visible


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("two\r\nlines", "two\nlines"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("a\u202eb\u200bc\U000e0041d", "a<U+202E>b<U+200B>c<U+E0041>d"),
        ("back\rover", "back<U+000D>over"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, wanted: str) -> None:
    assert visible(text) == wanted


def test_a_message_has_no_links() -> None:
    text = "[a](command:x) [b]\u200b(https://x.test) [[c]](file:///x) [d](command:y 'z')"
    assert "](" not in said(text) and "command:x" in said(text)


def test_a_line_stays_one_line() -> None:
    assert line("a\nb\tc") == "a<U+000A>b c"


def test_a_short_text_is_cut_and_says_so() -> None:
    assert short("one  two\nthree", 100) == "one two three"
    assert short("abcdefgh", 4) == "abc…"


@given(st.text())
def test_a_fence_is_longer_than_any_in_its_text(text: str) -> None:
    block = fenced(text, "diff")
    fence = block[: len(block) - len(block.lstrip("`"))]
    assert fence not in block.removeprefix(fence).removesuffix(fence)
    assert len(fence) >= 3
