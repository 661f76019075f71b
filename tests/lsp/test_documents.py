"""The document store: examples that name a rule of the protocol, laws, and a short run of the fuzz."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp import reference_document as reference
from lsp.document_fuzz import ENCODINGS, fuzz
from lsp.reference_document import ALPHABET, At, Between, Part, Whole
from signoff.core.text import apply
from signoff.lsp.documents import Document, Documents, Encoding

texts = st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join)
encodings = st.sampled_from(ENCODINGS)
numbers = st.integers(-1, 60) | st.just(2**31 - 1)
positions = st.builds(At, numbers, numbers)
parts = st.builds(Part, st.builds(Between, positions, positions), texts)
changes = st.lists(parts | st.builds(Whole, texts), max_size=8)


def opened(text: str, encoding: Encoding = "utf-16") -> Document:
    return Document("file:///a.py", "python", 1, text, encoding)


def replace(line: int, character: int, end_line: int, end_character: int, text: str) -> Part:
    return Part(Between(At(line, character), At(end_line, end_character)), text)


@given(texts, changes, encodings)
def test_the_edits_turn_the_old_text_into_the_new(text: str, made: list[Part | Whole], encoding: Encoding) -> None:
    document = opened(text, encoding)
    for edit in document.change(made):
        text = apply(text, [edit])
    assert document.text == text
    assert document.line_count == len(reference.lines_of(text))


@given(texts, changes, encodings)
def test_one_message_equals_many(text: str, made: list[Part | Whole], encoding: Encoding) -> None:
    together, apart = opened(text, encoding), opened(text, encoding)
    assert together.change(made) == [edit for one in made for edit in apart.change([one])]
    assert together.text == apart.text


@given(texts, st.integers(0, 200), encodings)
def test_a_position_leads_back_to_its_offset(text: str, offset: int, encoding: Encoding) -> None:
    document = opened(text, encoding)
    offset = min(offset, len(text))
    line, character = document.position_at(offset)
    inside_line_end = text[offset - 1 : offset + 1] == "\r\n"
    assert document.offset_at(At(line, character)) == offset - (1 if offset and inside_line_end else 0)


@given(texts, positions, encodings)
def test_positions_agree_with_the_reference(text: str, position: At, encoding: Encoding) -> None:
    assert opened(text, encoding).offset_at(position) == reference.offset_at(text, position, encoding)


def test_a_short_run_of_the_fuzz() -> None:
    assert fuzz(4_000, seed=20) == 0


@pytest.mark.parametrize(("text", "lines"), [("", 1), ("a", 1), ("a\n", 2), ("a\rb\r\nc\nd", 4), ("\r\n\n\r", 4)])
def test_three_line_ends(text: str, lines: int) -> None:
    assert opened(text).line_count == lines


@pytest.mark.parametrize("other", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_no_other_character_ends_a_line(other: str) -> None:
    document = opened(f"a{other}b\nc")
    assert document.line_count == 2
    assert document.position_at(4) == (1, 0)


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
def test_characters_count_in_the_negotiated_encoding(encoding: Encoding, character: int) -> None:
    document = opened("a\N{GRINNING FACE}bc", encoding)
    assert document.position_at(3) == (0, character)
    assert document.offset_at(At(0, character)) == 3


@pytest.mark.parametrize(("encoding", "characters"), [("utf-8", (2, 3, 4)), ("utf-16", (2,))])
def test_a_position_inside_a_character_is_its_start(encoding: Encoding, characters: tuple[int, ...]) -> None:
    document = opened("a\N{GRINNING FACE}b", encoding)
    assert {document.offset_at(At(0, character)) for character in characters} == {1}


def test_past_the_end_of_a_line_is_before_its_line_end() -> None:
    document = opened("ab\r\ncd\nef")
    assert [document.offset_at(At(line, 99)) for line in range(4)] == [2, 6, 9, 9]


def test_a_line_feed_joins_the_carriage_return_before_it() -> None:
    document = opened("a\rxb\nc")
    document.change([replace(1, 0, 1, 1, "\n"), replace(1, 0, 1, 0, "z")])
    assert (document.text, document.line_count) == ("a\r\nzb\nc", 3)
    assert opened("a\r\nb").change([replace(0, 1, 1, 0, "")])[0].end == 3


def test_an_inverted_range_is_read_the_other_way_round() -> None:
    document = opened("one\ntwo\n")
    document.change([replace(1, 1, 0, 1, "-")])
    assert document.text == "o-wo\n"


def test_a_change_without_range_replaces_everything() -> None:
    document = opened("one\ntwo")
    edits = document.change([Whole("new\n"), replace(1, 0, 1, 0, "x")], version=7)
    assert (document.text, document.version) == ("new\nx", 7)
    assert [(edit.start, edit.end) for edit in edits] == [(0, 7), (4, 4)]


def test_many_lines_in_and_out_again() -> None:
    document = opened("first\nlast")
    block = "".join(f"line {number}\n" for number in range(50_000))
    document.change([replace(1, 0, 1, 0, block)])
    assert document.offset_at(At(50_001, 4)) == 6 + len(block) + 4
    document.change([replace(1, 0, 50_001, 0, "")])
    assert document.text == "first\nlast"


def test_the_open_documents() -> None:
    documents = Documents("utf-8")
    first = documents.open("file:///a", "python", 1, "é")
    assert documents.get("file:///a") is first
    assert first.encoding == "utf-8"
    assert documents.open("file:///a", "python", 4, "new") is documents.get("file:///a")
    documents.open("file:///b", "python", 1, "")
    assert [document.uri for document in documents] == ["file:///a", "file:///b"]
    assert documents.close("file:///a") is not None
    assert documents.close("file:///a") is None
    assert documents.get("file:///a") is None
    assert len(documents) == 1
