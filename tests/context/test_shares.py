"""The budget of a context: shares, what is cut, what is left out by name, and that no line is told twice."""

from hypothesis import given
from hypothesis import strategies as st

from signoff.context.shares import SHARES, name, once, packed, room_for_code, tokens
from signoff.core.fragments import SOURCES, Fragment, Source


def code(path: str, start: int, end: int, source: Source = "codebase") -> Fragment:
    text = "\n".join(f"line {n} of {path}" for n in range(start, end + 1))
    return Fragment(source, path, start, end, tokens(text), 1.0, "words of the goal", text)


def words(source: Source, size: int, why: str = "why") -> Fragment:
    return Fragment(source, "", 0, 0, size, 1.0, why, "x" * int(size * 3.5))


def test_every_source_has_a_share_and_together_they_are_all() -> None:
    assert set(SHARES) == set(SOURCES)
    assert abs(sum(SHARES.values()) - 1) < 1e-9


def test_what_a_source_does_not_need_goes_to_the_others() -> None:
    assert room_for_code([], 8_000) == 8_000
    assert room_for_code([words("memory", 100)], 8_000) == 7_900
    assert room_for_code([words("recent changes", 9_000)], 8_000) == int(8_000 * 0.50 / 0.62)


def test_all_that_fits_is_told_in_a_stable_order() -> None:
    offered = [words("recent changes", 50), words("diagnostics", 50), code("a.py", 1, 5), words("user preferences", 9)]
    made = packed(offered, 8_000)
    assert [one.source for one in made.fragments] == ["user preferences", "codebase", "diagnostics", "recent changes"]
    assert made.left_out == () and made.tokens == sum(one.tokens for one in made.fragments)


def test_code_of_one_file_stands_together_in_its_order_and_the_best_file_comes_first() -> None:
    made = packed([code("b.py", 40, 50), code("a.py", 1, 5), code("b.py", 1, 9)], 8_000)
    places = [(one.path, one.start_line) for one in made.fragments]
    assert places == [("b.py", 1), ("b.py", 40), ("a.py", 1)]


def test_what_does_not_fit_is_named_and_long_text_is_cut_at_a_line() -> None:
    many = [code(f"f{n}.py", 1, 30) for n in range(10)]
    rule = Fragment("user preferences", "AGENTS.md", 1, 200, 1_000, 1, "rules", "do this\n" * 199 + "and that")
    made = packed([*many, rule], 1_000, left_out=("z.py:1-2",))
    kept = [one for one in made.fragments if one.source == "user preferences"]
    assert made.tokens <= 1_000
    assert kept[0].text.endswith("do this\n[cut]") and kept[0].end_line == kept[0].text.count("\n")
    assert "z.py:1-2" in made.left_out and "f9.py:1-30" in made.left_out


def test_a_selection_that_the_codebase_offers_too_is_told_once() -> None:
    here = code("a.py", 10, 20, "buffers")
    made = once([here, code("a.py", 5, 25), code("a.py", 12, 18), code("b.py", 10, 20)])
    spans = [(one.source, one.path, one.start_line, one.end_line) for one in made]
    assert spans == [
        ("buffers", "a.py", 10, 20),
        ("codebase", "a.py", 5, 9),
        ("codebase", "a.py", 21, 25),
        ("codebase", "b.py", 10, 20),
    ]
    assert made[1].text == "\n".join(f"line {n} of a.py" for n in range(5, 10))


def test_a_name_says_where_a_fragment_is_from() -> None:
    assert name(code("a.py", 1, 2)) == "a.py:1-2"
    assert name(words("memory", 5, "session s_1")) == "memory: session s_1"
    assert name(Fragment("recent changes", "a.py", 0, 0, 1, 1, "w", "t")) == "recent changes: a.py"


SIZES = st.integers(1, 3_000)
SPANS = st.tuples(
    st.sampled_from("ab"), st.integers(1, 40), st.integers(0, 30), st.sampled_from(["codebase", "buffers"])
)


@given(
    st.lists(st.tuples(st.sampled_from(SOURCES), SIZES), max_size=12),
    st.lists(SPANS, max_size=8),
    st.integers(0, 9_000),
)
def test_never_more_than_the_budget_and_never_a_line_twice(
    plain: list[tuple[Source, int]], spans: list[tuple[str, int, int, Source]], budget: int
) -> None:
    offered = [words(source, size, f"w{n}") for n, (source, size) in enumerate(plain)]
    offered += [code(path, start, start + more, source) for path, start, more, source in spans]
    made = packed(offered, budget)
    assert made.tokens == sum(one.tokens for one in made.fragments) <= max(budget, 0)
    lines = [(one.path, n) for one in made.fragments if one.path for n in range(one.start_line, one.end_line + 1)]
    assert len(set(lines)) == len(lines)
    kept = {one.why for one in made.fragments}
    assert {f"w{n}" for n in range(len(plain))} - kept <= {one.rpartition(": ")[2] for one in made.left_out}
