"""What is owed: the keys by which the loop starts and cancels, state by state."""

import pytest

from signoff.core import commands as c
from signoff.core.effects import AskModel, Effect, GatherContext, LandHunks, ProbeLanding, RunTool, Wait
from signoff.core.owed import idle, owed, unfinished
from signoff.core.state import State
from support.session import Session, call, patch


@pytest.mark.parametrize(
    ("effect", "key", "cancellable"),
    [
        (GatherContext(2), "context:2", True),
        (AskModel(2, 1), "ask:2:1", True),
        (Wait(2, 1, 5.0), "wait:2:1", True),
        (RunTool("c", 3), "tool:3:c", True),
        (LandHunks("l"), "land:l", False),
        (ProbeLanding("l"), "probe:l", False),
    ],
)
def test_keys(effect: Effect, key: str, cancellable: bool) -> None:
    assert (effect.key, effect.cancellable) == (key, cancellable)


def test_nothing_is_owed_before_the_start() -> None:
    assert owed(State("s")) == ()
    assert idle(State("s"))


def test_from_the_start_to_the_end() -> None:
    s = Session({"a.py": "x\n"}, plan_first=False)
    s.do(c.Start("Do it.", "file:///w", s.config))
    assert s.owed == ("context:0",)
    s.gather("All.")
    assert s.owed == ("ask:0:0",)
    s.model(call("list_files"), patch("a.py", "-x", "+y"))
    assert s.owed == ("tool:1:c1",)
    s.work()
    assert s.owed == ("ask:1:0",)
    s.approve(land=False)
    assert s.owed == ("land:s.l1", "ask:1:0")
    assert unfinished(s.state)
    s.model("Done.")
    assert s.owed == ("land:s.l1",)
    assert not unfinished(s.state)
    s.land()
    assert s.owed == ()


def test_the_same_call_id_in_another_turn_is_another_effect() -> None:
    s = Session(plan_first=False)
    s.start()
    s.model(call("list_files", "call_1"))
    assert s.owed == ("tool:1:call_1",)
    s.tool()
    s.model(call("search", "call_1", query="x"))
    assert s.owed == ("tool:2:call_1",)
