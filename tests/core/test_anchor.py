"""A pending hunk is found again in a changed document, or not at all: never in a wrong place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from signoff.core.anchor import How, Place, locate
from signoff.core.text import split_lines

ABOVE = "def first(items):\n    total = count(items)\n    log.debug('first')\n"
BEFORE = "    for item in items:\n        total += item.price\n"
BELOW = "    return total\n\n\n"
OTHER = "class Shelf:\n    size = 12\n\n    def clear(self):\n        self.books = []\n\n\n"


def found(text: str, place: Place | None) -> tuple[How, str] | None:
    return place and (place.how, text[place.start : place.end])


def find(text: str, before: str = BEFORE, hint: int = len(ABOVE)) -> tuple[How, str] | None:
    return found(text, locate(text, before, ABOVE, BELOW, hint))


def test_found_where_expected() -> None:
    assert find(ABOVE + BEFORE + BELOW) == ("exact", BEFORE)
    assert find("?" * len(ABOVE) + BEFORE) == ("exact", BEFORE)


@pytest.mark.parametrize("hint", [0, -5, 10_000])
def test_found_where_it_moved(hint: int) -> None:
    assert find(OTHER + ABOVE + BEFORE + BELOW, hint=hint) == ("exact", BEFORE)


def test_one_side_of_the_surroundings_is_enough() -> None:
    assert find(OTHER + ABOVE + BEFORE + "    print(total)\n", hint=0) == ("exact", BEFORE)
    assert find(OTHER + ABOVE + BEFORE, hint=0) == ("exact", BEFORE)


def test_the_same_lines_elsewhere_are_another_place() -> None:
    elsewhere = (
        "async def stock(shop):\n    await shop.open()\n" + BEFORE + "    shop.close(total, 'stock')\n    raise Done\n"
    )
    assert find(OTHER + elsewhere, hint=0) is None
    assert find(elsewhere + ABOVE + BEFORE + BELOW, hint=len(elsewhere)) == ("exact", BEFORE)
    assert find(elsewhere + ABOVE + BEFORE + BELOW, hint=0) is None


def test_two_places_that_fit_alike_are_not_chosen_between() -> None:
    twice = ABOVE + BEFORE + BELOW
    assert find(OTHER + twice + twice, hint=0) is None


def test_the_nearest_of_two_wins_only_when_it_also_fits_better() -> None:
    whole, other = ABOVE + BEFORE + BELOW, ABOVE.replace("first", "thirst") + BEFORE + BELOW
    at = len(OTHER + ABOVE) - 1
    assert locate(OTHER + whole + other, BEFORE, ABOVE, BELOW, at) == Place(at + 1, at + 1 + len(BEFORE), "exact")
    assert locate(OTHER + other + whole, BEFORE, ABOVE, BELOW, at) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("xx" + BEFORE, id="starts inside a line"),
        pytest.param(BEFORE.removesuffix("\n") + "s\n", id="ends inside a line"),
    ],
)
def test_part_of_a_line_is_at_best_a_similar_line(text: str) -> None:
    drift = locate(text, BEFORE.removesuffix("\n"), "", "", len(text))
    assert drift == Place(0, len(text), "drift")


def test_a_hunk_that_was_the_whole_file_is_found_in_a_longer_one() -> None:
    assert found("# new\nx = 1", locate("# new\nx = 1", "x = 1", "", "", 0)) == ("exact", "x = 1")
    assert found("\ufeffx = 1\n", locate("\ufeffx = 1\n", "x = 1\n", "", "", 0)) == ("exact", "x = 1\n")


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        pytest.param(
            (ABOVE + BEFORE + BELOW).replace("    ", "\t"), BEFORE, BEFORE.replace("    ", "\t"), id="tabs for spaces"
        ),
        pytest.param((ABOVE + BEFORE + BELOW).replace("\n", "\r\n"), BEFORE, BEFORE.replace("\n", "\r\n"), id="crlf"),
        pytest.param(
            ABOVE + "  f(a,\n    b)\n" + BELOW, "    f( a, b )\n", "  f(a,\n    b)\n", id="wrapped by a formatter"
        ),
        pytest.param(ABOVE + "\n  x\n\n\n" + BELOW, "\n x\n\n", "\n  x\n\n", id="blank lines around"),
        pytest.param(ABOVE + "  x  \n  \n" + BELOW, "\n\nx\n", "  x  \n", id="fewer blank lines above"),
        pytest.param(ABOVE + "x  ", "  x\n", "x  ", id="no final newline any more"),
        pytest.param(ABOVE + "x  \n", "  x", "x  ", id="no final newline before"),
        pytest.param("\ufeff  x\n" + BELOW, "x\n", "  x\n", id="after a byte order mark"),
        pytest.param("\r\n  x\r\n" + BELOW, "\nx\n", "\r\n  x\r\n", id="a blank first line in CRLF"),
    ],
)
def test_found_after_a_formatter_ran(text: str, before: str, expected: str) -> None:
    above = ABOVE if "first" in text else ""
    below = BELOW if "return" in text else ""
    assert found(text, locate(text, before, above, below, 1)) == ("spacing", expected)


def test_without_white_space_but_inside_a_line_is_no_place() -> None:
    assert locate("result = x + y\n", "x+y\n", "", "", 0) is None
    assert locate("x + y  # why not z\n", "x+y\n", "", "", 0) is None
    assert locate("a\n", " \n", "", "", 0) is None


def test_changed_lines_between_unchanged_surroundings_are_the_place() -> None:
    changed = "    for item in items:\n        # VAT included\n        total += item.gross\n"
    assert find(OTHER + ABOVE + changed + BELOW, hint=0) == ("drift", changed)
    assert found(changed, locate(changed, BEFORE, "", "", 5)) == ("drift", changed)


def test_replaced_lines_between_unchanged_surroundings_are_no_place() -> None:
    assert find(OTHER + ABOVE + "    yield 7\n" + BELOW, hint=0) is None
    assert find(OTHER + ABOVE + BELOW, hint=0) is None


def test_changed_lines_with_changed_surroundings_are_found_by_likeness() -> None:
    text = OTHER + (ABOVE + BEFORE).replace("items", "wares").replace("price", "cost") + "\n" + BELOW + OTHER
    assert find(text, hint=0) == ("drift", "    for item in wares:\n        total += item.cost\n")


def test_two_similar_places_are_not_chosen_between() -> None:
    once = (ABOVE + BEFORE).replace("items", "wares") + "\n" + BELOW
    assert find(OTHER + once + once, hint=0) is None


def test_a_long_hunk_is_found_by_the_lines_that_stayed() -> None:
    before = "".join(f"    step_{n}(shelf, {n})\n" for n in range(12)) + "}\n"
    changed = before.replace("step_4(shelf, 4)", "step_four(shelf)").replace("step_9", "step_nine")
    text = OTHER * 3 + ABOVE.replace("total", "sums") + changed + BELOW.replace("total", "sums")
    assert found(text, locate(text, before, ABOVE, BELOW, 0)) == ("drift", changed)
    far = "".join(f"{line} # {n}\n" for n, line in enumerate(before.split("\n")))
    assert locate(OTHER + far, before, ABOVE, BELOW, 0) is None


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        pytest.param(ABOVE + BELOW, len(ABOVE), Place(len(ABOVE), len(ABOVE), "exact"), id="where expected"),
        pytest.param(OTHER + ABOVE + BELOW, 0, Place(len(OTHER + ABOVE), len(OTHER + ABOVE), "exact"), id="moved"),
        pytest.param((ABOVE + BELOW) * 2, 5, None, id="two places"),
        pytest.param(
            (ABOVE + BELOW) * 2,
            len(ABOVE + BELOW + ABOVE),
            Place(len(ABOVE + BELOW + ABOVE), len(ABOVE + BELOW + ABOVE), "exact"),
            id="two places, one expected",
        ),
        pytest.param(OTHER + ABOVE + OTHER, 0, Place(len(OTHER + ABOVE), len(OTHER + ABOVE), "drift"), id="one side"),
        pytest.param(OTHER, 0, None, id="gone"),
    ],
)
def test_a_pure_insertion_is_found_by_its_surroundings(text: str, hint: int, expected: Place | None) -> None:
    assert locate(text, "", ABOVE, BELOW, hint) == expected


def test_an_insertion_at_the_start_the_end_or_into_nothing() -> None:
    assert locate("a\nb\n", "", "", "a\nb\n", 3) == Place(0, 0, "exact")
    assert locate("a\nb\n", "", "a\nb\n", "", 0) == Place(4, 4, "exact")
    assert locate("", "", "", "", 0) == Place(0, 0, "exact")
    assert locate("a\n", "", "", "", 0) is None


lines = st.lists(st.sampled_from(["\n", "a\n", "  a\n", "b c\n", "bc\n", "total = 1\n", "\ttotal = 2\n"]), max_size=12)


@given(lines, lines, st.integers(0, 12), st.integers(0, 4), st.integers(-2, 60))
def test_a_place_holds_whole_lines_as_like_as_it_promises(
    was: list[str], now: list[str], start: int, size: int, hint: int
) -> None:
    text, before = "".join(now), "".join(was[start : start + size])
    above, below = "".join(was[max(0, start - 3) : start]), "".join(was[start + size : start + size + 3])
    place = locate(text, before, above, below, hint)
    if place is None:
        return
    here = text[place.start : place.end]
    assert 0 <= place.start <= place.end <= len(text)
    if place.how == "exact":
        assert here == before
    elif place.how == "spacing":
        assert here.split() == before.split() or "".join(here.split()) == "".join(before.split())
    else:
        assert here == before == "" or fuzz.ratio(before, here) >= 50
    if place.start != hint:
        assert "".join(split_lines(text[: place.start])[-1:]).endswith("\n") or place.start == 0


@given(lines, st.integers(0, 12), st.integers(1, 4))
def test_an_unchanged_document_keeps_every_hunk_where_it_is(was: list[str], start: int, size: int) -> None:
    start = min(start, len(was))
    text, before, hint = "".join(was), "".join(was[start : start + size]), len("".join(was[:start]))
    above, below = "".join(was[max(0, start - 3) : start]), "".join(was[start + size : start + size + 3])
    assert locate(text, before, above, below, hint) == Place(hint, hint + len(before), "exact")
