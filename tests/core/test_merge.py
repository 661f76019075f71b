"""Three-way merges: what both sides changed apart from each other, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.merge import merge

documents = st.lists(st.sampled_from(["", "a b", "c", "x(y, z)", "  a"]), max_size=7).map("\n".join)


@given(documents, documents, documents)
def test_merging_is_symmetric_and_keeps_an_only_change(base: str, mine: str, theirs: str) -> None:
    assert merge(base, mine, base) == mine
    assert merge(base, base, theirs) == theirs
    assert merge(base, mine, mine) == mine
    assert merge(base, mine, theirs) == merge(base, theirs, mine)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        pytest.param("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", id="apart"),
        pytest.param("a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n", id="neighbouring lines"),
        pytest.param("a\nb\nc\n", "A\nb\nC\n", "A\nb\nc\n", "A\nb\nC\n", id="one change made by both"),
        pytest.param("f(a, b)\n", "f(a, b, c)\n", "f(x, b)\n", "f(x, b, c)\n", id="apart in one line"),
        pytest.param("a b\n", "A b\n", "a B\n", None, id="only a blank between"),
        pytest.param("n = 100\n", "n = 200\n", "n = 105\n", None, id="inside one word"),
        pytest.param("a\n", "b\n", "c\n", None, id="same line"),
        pytest.param("a\n", "x\na\n", "y\na\n", None, id="two insertions at one place"),
        pytest.param("a\n", "x\na\n", "x\na\n", "x\na\n", id="one insertion made by both"),
        pytest.param("a\nb\nc\n", "a\nc\n", "a\nB\nc\n", None, id="deleted here and changed there"),
        pytest.param("a\nb\nc\nd\n", "d\n", "a\nB\nc\nd\n", None, id="inside what was deleted"),
        pytest.param("a\nb\n", "a\nx\nb\n", "a\nB\n", None, id="insertion that touches a change"),
        pytest.param("a\r\nb", "a\r\nb\r\n", "A\r\nb", "A\r\nb\r\n", id="line endings are kept"),
        pytest.param("", "x", "y", None, id="empty base"),
    ],
)
def test_merge(base: str, mine: str, theirs: str, merged: str | None) -> None:
    assert merge(base, mine, theirs) == merged
    assert merge(base, theirs, mine) == merged
