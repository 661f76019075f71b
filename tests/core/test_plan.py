"""Plans as values: what makes one, what is ready, and when two ask for the same work."""

import pytest

from signoff.core.plan import Step, outline, problems, ready, same_work, with_statuses

A, B, C = Step("a", "first"), Step("b", "second", after=("a",)), Step("c", "third", after=("a", "b"))


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((A, B, C), []),
        ((), ["a plan needs at least one step"]),
        ((A, A), ["two steps have the id 'a'"]),
        ((Step("a", " "),), ["step 'a' has no text"]),
        ((B,), ["step 'b' comes after 'a', which is not a step"]),
        ((Step("a", "x", after=("a",)),), ["steps wait for each other: a -> a"]),
    ],
)
def test_problems(steps: tuple[Step, ...], found: list[str]) -> None:
    assert problems(steps) == found


def test_a_longer_cycle_is_named() -> None:
    [words] = problems((Step("a", "x", after=("b",)), Step("b", "y", after=("a",))))
    assert words.startswith("steps wait for each other: ")
    assert set(words.removeprefix("steps wait for each other: ").split(" -> ")) == {"a", "b"}


@pytest.mark.parametrize(
    ("statuses", "ids"),
    [
        (("pending", "pending", "pending"), "a"),
        (("done", "pending", "pending"), "b"),
        (("skipped", "pending", "pending"), "b"),
        (("done", "done", "pending"), "c"),
        (("failed", "pending", "pending"), ""),
        (("active", "pending", "pending"), ""),
    ],
)
def test_ready(statuses: tuple[str, ...], ids: str) -> None:
    steps = with_statuses((A, B, C), [Step(s.id, "", status) for s, status in zip((A, B, C), statuses, strict=True)])  # type: ignore[arg-type]
    if statuses[0] == "skipped":
        assert "skipped" in {step.status for step in steps}
    assert "".join(step.id for step in ready(steps)) == ids


@pytest.mark.parametrize(
    ("new", "same"),
    [
        ((A, B), True),
        ((Step("a", "first", "done"), B), True),
        ((A,), False),
        ((A, B, C), False),
        ((B, A), False),
        ((Step("a", "other"), B), False),
        ((A, Step("b", "second")), False),
    ],
)
def test_same_work(new: tuple[Step, ...], same: bool) -> None:
    assert same_work((A, B), new) is same


def test_a_skipped_step_may_be_left_out_or_kept() -> None:
    skipped = Step("a", "first", "skipped")
    assert same_work((skipped, A), (A,)) is False
    assert same_work((skipped, Step("b", "second")), (Step("b", "second"),)) is True
    assert same_work((skipped, Step("b", "second")), (A, Step("b", "second"))) is True


def test_with_statuses_keeps_what_the_user_skipped() -> None:
    old = (Step("a", "first", "skipped"), Step("b", "second"), Step("c", "third"))
    new = (Step("a", "first", "done"), Step("b", "other words", "active"))
    assert [(s.status, s.text) for s in with_statuses(old, new)] == [
        ("skipped", "first"),
        ("active", "second"),
        ("pending", "third"),
    ]


def test_outline() -> None:
    assert outline((A, Step("b", "second", "done"))) == "a [pending] first\nb [done] second"
