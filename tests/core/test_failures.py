"""Failures are the same whatever varies from run to run, and different where something else failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.failures import signature, telling

PYTEST = """\
============ test session starts ============
collected 2 items
tests/test_a.py .F                      [100%]
    def test_two():
>       assert part(3) == 4
E       AssertionError: assert 3 == 4
/home/me/project/tests/test_a.py:12: AssertionError
FAILED tests/test_a.py::test_two - AssertionError: assert 3 == 4
============ 1 failed, 1 passed in 0.31s ============
"""


def test_another_run_elsewhere_is_the_same_failure() -> None:
    other = PYTEST.replace("0.31", "12.9").replace("/home/me/project", "C:\\work\\x").replace(":12:", ":340:")
    assert signature("pytest", other) == signature("pytest", PYTEST)
    assert signature("pytest", f"\x1b[31m{PYTEST}\x1b[0m\r\n") == signature("pytest", PYTEST)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Error at 0x7f3a9c of 2026-01-02T10:11:12Z", "Error at 0x55 of 2025-12-31 23:59:59,123"),
        ("Error in 1b4e28ba-2fa1-11d2-883f-0016d3cca427", "Error in 9b2e28ba-2fa1-11d2-883f-0016d3cca400"),
        ("fatal: bad object 3678d71aa01f9c", "fatal: bad object eb52fd1881bbc0"),
        ("Error: x\nError: x", "Error: x"),
        ("Error:   much   room", "Error: much room"),
    ],
)
def test_what_varies_does_not_count(one: str, other: str) -> None:
    assert signature("make", one) == signature("make", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("TypeError: no", "ValueError: no"), ("undefined: part", "undefined: whole"), ("a.py: error", "b.py: error")],
)
def test_another_failure_is_another(one: str, other: str) -> None:
    assert signature("make", one) != signature("make", other)
    assert signature("make", one) != signature("test", one)


def test_the_lines_that_say_what_failed() -> None:
    told = telling(PYTEST).split("\n")
    assert told[-2:] == [
        "FAILED tests/test_a.py::test_two - AssertionError: assert 3 == 4",
        "============ 1 failed, 1 passed in 0.31s ============",
    ]
    assert "collected 2 items" not in told
    assert telling("one\n\ntwo\n") == "one\ntwo"
    assert telling("") == ""


@given(st.text(max_size=400), st.text(max_size=50))
def test_any_output_has_a_signature(output: str, where: str) -> None:
    assert len(signature(where, output)) == 16
