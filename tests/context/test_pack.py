"""Packing: what is worth most for its tokens, within the budget, neighbours as one."""

from hypothesis import given
from hypothesis import strategies as st

from signoff.context.pack import CHARACTERS, pack
from signoff.core.fragments import Place


def places(path: str, *ends: int) -> list[Place]:
    starts = [1, *(end + 1 for end in ends)]
    return [Place(path, start, end) for start, end in zip(starts, ends, strict=False)]


def test_of_equal_worth_the_shorter_pieces_are_taken() -> None:
    pieces = [Place("a.py", 1, 10), Place("b.py", 1, 10), Place("c.py", 1, 10)]
    runs = pack(pieces, [3_000, 300, 300], [1.0, 1.0, 1.0], 300)
    assert [run.pieces for run in runs] == [(1,), (2,)]


def test_a_piece_that_does_not_fit_makes_room_for_a_smaller_one() -> None:
    pieces = [Place("a.py", 1, 10), Place("b.py", 1, 10)]
    runs = pack(pieces, [30_000, 100], [20.0, 1.0], 100)
    assert [run.pieces for run in runs] == [(1,)]


def test_neighbours_are_one_run_with_one_heading() -> None:
    pieces = places("src/a.py", 10, 20, 30)
    [run] = pack(pieces, [700, 700, 700], [1.0, 0.5, 1.0], 1_000)
    assert run.pieces == (0, 1, 2)
    assert 600 < run.tokens < 610


def test_pieces_that_do_not_touch_stay_apart() -> None:
    pieces = [Place("a.py", 1, 10), Place("a.py", 12, 20), Place("b.py", 21, 30)]
    runs = pack(pieces, [100, 100, 100], [3.0, 2.0, 1.0], 1_000)
    assert [run.pieces for run in runs] == [(0,), (1,), (2,)]


def test_nothing_fits_into_nothing() -> None:
    assert pack([], [], [], 8_000) == []
    assert pack([Place("a.py", 1, 1)], [10], [1.0], 0) == []


sizes = st.lists(st.tuples(st.integers(1, 3_000), st.floats(-20, 20)), max_size=40)


@given(sizes, st.integers(0, 3_000))
def test_a_budget_is_never_exceeded_headings_included(several: list[tuple[int, float]], budget: int) -> None:
    pieces = places("folder/file.py", *(10 * (at + 1) for at in range(len(several))))
    runs = pack(pieces, [size for size, _ in several], [value for _, value in several], budget)
    taken = [at for run in runs for at in run.pieces]
    assert len(taken) == len(set(taken))
    assert sum(run.tokens for run in runs) <= budget
    assert sum(several[at][0] for at in taken) / CHARACTERS <= budget
