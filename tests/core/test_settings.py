"""From settings and a command to a session's configuration, with the reason for each choice."""

import pytest

from signoff.core.protocol import StartSession
from signoff.core.settings import Settings, configure


def test_nothing_said() -> None:
    config = configure(Settings(), StartSession("x"), "gpt-5")
    assert (config.models, config.plan_first, config.effort) == (("gpt-5",), True, None)
    assert (config.max_tokens, config.max_cost) == (None, None)
    assert dict(config.reasons) == dict.fromkeys(["model", "plan", "approvalPolicy", "sandboxMode"], "default")


def test_the_users_settings() -> None:
    settings = Settings(
        model="big",
        fallback_models=("big", "small"),
        plan="never",
        approval_policy="never",
        sandbox_mode="read-only",
        effort="low",
        max_tokens=5,
        max_cost=1.5,
        turn_limit=7,
    )
    config = configure(settings, StartSession("x"), "gpt-5")
    assert (config.models, config.plan_first, config.effort) == (("big", "small"), False, "low")
    assert (config.approval_policy, config.sandbox_mode) == ("never", "read-only")
    assert (config.max_tokens, config.max_cost, config.turn_limit) == (5, 1.5, 7)
    assert dict(config.reasons) == dict.fromkeys(["model", "plan", "approvalPolicy", "sandboxMode"], "your settings")


def test_the_command_wins() -> None:
    asked = StartSession(
        "x", model="other", plan_first=True, approval_policy="untrusted", sandbox_mode="read-only", task_type="research"
    )
    config = configure(Settings(model="big", plan="never", approval_policy="never"), asked, "gpt-5")
    assert (config.models, config.plan_first, config.task_type) == (("other",), True, "research")
    assert (config.approval_policy, config.sandbox_mode) == ("untrusted", "read-only")
    assert dict(config.reasons) == dict.fromkeys(["model", "plan", "approvalPolicy", "sandboxMode"], "this command")


@pytest.mark.parametrize(("plan", "first"), [("never", False), ("complex", True), ("always", True)])
def test_plans(plan: str, first: bool) -> None:
    assert configure(Settings(plan=plan), StartSession("x"), "m").plan_first is first  # type: ignore[arg-type]
