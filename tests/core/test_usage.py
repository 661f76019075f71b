"""Tokens and money: sums, prices, and caps that are checked before anything is spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.model import Usage
from signoff.core.usage import add, cost, over_budget
from support.session import Session

counts = st.integers(0, 10**7)
usages = st.builds(lambda cached, fresh, output: Usage(cached + fresh, cached, output), counts, counts, counts)


@given(st.lists(usages.filter(lambda u: u != Usage()), min_size=1, max_size=5))
def test_a_session_counts_the_sum_of_its_replies(spent: list[Usage]) -> None:
    s = Session(plan_first=False, models=("gpt-5",))
    s.start()
    total, price = Usage(), 0.0
    for n, usage in enumerate(spent):
        s.model("Done.", usage=usage)
        s.reply(f"More: {n}.")
        total, price = add(total, usage), price + (cost("gpt-5", usage) or 0)
    assert (s.state.usage, s.state.requests, s.state.cost) == (total, len(spent), price)
    assert s.view.usage.input_tokens == sum(u.input for u in spent)


def test_what_an_unusable_reply_cost_is_counted_too() -> None:
    s = Session(models=("gpt-5",))
    s.start()
    s.model("", usage=Usage(1_000_000, 0, 0))
    assert (s.state.usage.input, s.state.cost, s.state.failures[0].reason) == (1_000_000, 1.25, "empty_reply")


def test_one_reply_without_a_known_price_makes_the_sum_unknown() -> None:
    s = Session(models=("mystery",))
    s.start()
    s.model("Hello.", usage=Usage(1, 0, 1))
    assert s.state.cost is None
    s.reply("Again.")
    s.model("Hello.", usage=Usage(1, 0, 1), model="gpt-5")
    assert s.state.cost is None


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("gpt-5", Usage(1_000_000, 0, 0), 1.25),
        ("gpt-5", Usage(1_000_000, 1_000_000, 1_000_000), 10.125),
        ("gpt-5-2025-08-07", Usage(0, 0, 1_000_000), 10.0),
        ("gpt-5-mini-2025-08-07", Usage(0, 0, 1_000_000), 2.0),
        ("local/qwen", Usage(5, 0, 5), 0.0),
        ("mystery", Usage(1, 0, 0), None),
        ("mystery", Usage(), 0.0),
        ("2025", Usage(1, 0, 0), None),
    ],
)
def test_cost(model: str, usage: Usage, dollars: float | None) -> None:
    assert cost(model, usage) == dollars


@pytest.mark.parametrize(
    ("max_tokens", "max_cost", "spent_cost", "coming_cost", "words"),
    [
        (None, None, None, None, None),
        (200, None, None, None, None),
        (199, None, None, None, "the next request would bring the session to about 200 tokens; its cap is 199"),
        (None, 1.0, 0.5, 0.5, None),
        (None, 1.0, 0.5, 0.6, "the next request would bring the session to about $1.10; its cap is $1.00"),
        (
            None,
            1.0,
            None,
            0.5,
            "the session has a cap in money, but the price of this model is not known; set a cap in tokens instead",
        ),
        (
            None,
            1.0,
            0.5,
            None,
            "the session has a cap in money, but the price of this model is not known; set a cap in tokens instead",
        ),
    ],
)
def test_over_budget(
    max_tokens: int | None, max_cost: float | None, spent_cost: float | None, coming_cost: float | None, words: str
) -> None:
    spent, coming = Usage(100, 50, 20), Usage(60, 0, 20)
    assert over_budget(spent, spent_cost, coming, coming_cost, max_tokens, max_cost) == words
