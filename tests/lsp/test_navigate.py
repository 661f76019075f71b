"""Which hunk comes next, and where a plan's place is after typing."""

from __future__ import annotations

import pytest
from lsprotocol import types

from signoff.core.session import Place
from signoff.core.state import State
from signoff.lsp.beginnings import Beginnings
from signoff.lsp.documents import Document
from signoff.lsp.navigate import Spot, following

A1, A2, A2B, B1 = Spot("a", 10, "s.h2"), Spot("a", 50, "s.h1"), Spot("a", 50, "t.h1"), Spot("b", 0, "s.h3")
ALL = [B1, A2B, A2, A1]


@pytest.mark.parametrize(
    ("at", "after", "before"),
    [
        pytest.param(Spot("", -1), A1, B1, id="nowhere"),
        pytest.param(Spot("a", -1), A1, B1, id="a document's start"),
        pytest.param(Spot("a", 9), A1, B1, id="before the first"),
        pytest.param(Spot("a", 10), A2, B1, id="on the first, by position"),
        pytest.param(A1, A2, B1, id="on the first"),
        pytest.param(Spot("a", 30), A2, A1, id="between"),
        pytest.param(A2, A2B, A1, id="the first of two at one place"),
        pytest.param(A2B, B1, A2, id="the second of two at one place"),
        pytest.param(Spot("a", 50), B1, A1, id="two at one place, by position"),
        pytest.param(Spot("a", 99), B1, A2B, id="past the last of a document"),
        pytest.param(B1, A1, A2B, id="around the end"),
        pytest.param(Spot("ab", 5), B1, A2B, id="a document without hunks"),
        pytest.param(Spot("z", 5), A1, B1, id="past every document"),
    ],
)
def test_the_next_and_the_previous_one(at: Spot, after: Spot, before: Spot) -> None:
    assert following(ALL, at, forwards=True) == after
    assert following(ALL, at, forwards=False) == before


def test_one_hunk_is_its_own_neighbour_and_none_has_none() -> None:
    assert following([A1], A1, forwards=True) == following([A1], A1, forwards=False) == A1
    assert following([], A1, forwards=True) is following([], A1, forwards=False) is None


def test_every_hunk_is_reached_both_ways() -> None:
    for forwards in (True, False):
        at, seen = ALL[0], set[Spot]()
        for _ in ALL:
            found = following(ALL, at, forwards)
            assert found is not None
            at = found
            seen.add(at)
        assert seen == set(ALL)


URI = "file:///w/a.py"
STATE = State("s", seq=1, place=Place(URI, start_line=2))


def changed(text: str, *changes: tuple[int, int, int, int, str]) -> int:
    """The line of a place that began at line 2, after the changes."""
    document = Document(URI, "", 0, text)
    beginnings = Beginnings(lambda uri: uri, lambda: [STATE])
    assert beginnings.line(STATE) == 2
    beginnings.opened(document)
    for first, start, last, end, new in changes:
        span = types.Range(types.Position(first, start), types.Position(last, end))
        change = types.TextDocumentContentChangePartial(span, new)
        beginnings.changed(document, document.change([change]))
    return beginnings.line(STATE)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param([], 2, id="nothing"),
        pytest.param([(0, 0, 0, 0, "new\n")], 3, id="a line above"),
        pytest.param([(2, 0, 2, 0, "new\n")], 3, id="a line right above"),
        pytest.param([(3, 0, 3, 0, "new\n")], 2, id="a line below"),
        pytest.param([(0, 0, 1, 0, "")], 1, id="a line less above"),
        pytest.param([(1, 0, 4, 0, "")], 1, id="its own line gone"),
        pytest.param([(0, 0, 0, 0, "a\nb\n"), (1, 0, 2, 0, "")], 3, id="two changes"),
    ],
)
def test_a_tasks_place_follows_what_is_typed(changes: list[tuple[int, int, int, int, str]], line: int) -> None:
    assert changed("one\ntwo\nthree\nfour\nfive\n", *changes) == line


def test_a_place_past_the_end_of_a_document_is_its_last_line() -> None:
    assert Beginnings(lambda uri: uri, lambda: [STATE]).line(STATE) == 2
    assert changed("one\n") == 1


def test_a_closed_document_has_its_logged_place() -> None:
    document, beginnings = Document(URI, "", 0, "1\n2\n3\n"), Beginnings(lambda uri: uri, lambda: [STATE])
    beginnings.opened(document)
    beginnings.changed(document, document.change([types.TextDocumentContentChangeWholeDocument("x\n\n1\n2\n3\n")]))
    beginnings.closed(document)
    assert beginnings.line(STATE) == 2
