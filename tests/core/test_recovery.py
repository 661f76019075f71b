"""What is done about each kind of failure, row by row of capability S10."""

from typing import get_args

import pytest

from signoff.core.model import FailureReason, ModelFailure
from signoff.core.recovery import LONGEST_WAIT, MAX_REPAIRS, MAX_RETRIES, MAX_WAITS, Recovery, recover

NOW = 1_000.0
RETRIED = {
    "timeout": MAX_RETRIES,
    "server_error": MAX_RETRIES,
    "stream_cut": MAX_RETRIES,
    "failed_reply": MAX_RETRIES,
    "unreachable": MAX_RETRIES,
    "incomplete": MAX_REPAIRS,
    "bad_reply": MAX_REPAIRS,
    "empty_reply": MAX_REPAIRS,
    "rate_limit": MAX_WAITS,
}
ASKED = {
    "auth",
    "no_key",
    "permission",
    "quota",
    "budget",
    "bad_request",
    "context_overflow",
    "turn_limit",
    "repeating",
}
STOPPED = {"killed", "bug"}


def answer(reason: str, attempt: int = 0, retry_after: float | None = None, model: str = "big") -> Recovery:
    failure = ModelFailure(reason, "", retry_after)  # type: ignore[arg-type]
    return recover(failure, attempt, model, ("big", "small"), NOW)


def test_every_reason_has_its_row() -> None:
    assert {*RETRIED, *ASKED, *STOPPED, "model_unavailable"} == set(get_args(FailureReason))


@pytest.mark.parametrize(("reason", "most"), RETRIED.items())
def test_retried(reason: str, most: int) -> None:
    strategy = "wait" if reason == "rate_limit" else "retry"
    delays = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert [answer(reason, n) for n in range(most)] == [Recovery(strategy, NOW + delay) for delay in delays[:most]]
    assert answer(reason, most) == answer(reason, 10**6) == Recovery("ask")


@pytest.mark.parametrize("reason", sorted(ASKED))
def test_asked(reason: str) -> None:
    assert answer(reason) == Recovery("ask")


@pytest.mark.parametrize("reason", sorted(STOPPED))
def test_stopped(reason: str) -> None:
    assert answer(reason) == Recovery("stop")


@pytest.mark.parametrize(
    ("model", "then"),
    [("big", Recovery("switch_model", model="small")), ("small", Recovery("ask")), ("gone", Recovery("ask"))],
)
def test_the_next_model_of_the_list(model: str, then: Recovery) -> None:
    assert answer("model_unavailable", model=model) == then


@pytest.mark.parametrize(
    ("retry_after", "delay"),
    [
        pytest.param(20.0, 20.0, id="the service's own time wins"),
        pytest.param(0.0, 1.0, id="zero names no time"),
        pytest.param(-5.0, 1.0, id="a time in the past"),
        pytest.param(1e300, LONGEST_WAIT, id="never"),
        pytest.param(float("inf"), LONGEST_WAIT, id="infinity"),
        pytest.param(float("nan"), 1.0, id="not a number"),
    ],
)
def test_retry_after(retry_after: float, delay: float) -> None:
    assert answer("rate_limit", retry_after=retry_after).until == NOW + delay
