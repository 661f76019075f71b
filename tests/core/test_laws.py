"""Laws of the session: whatever happens in whatever order, folding never fails, decisions are repeatable, nothing is
asked for twice, and a log that was cut anywhere goes on to the same end."""

import string
from dataclasses import replace
from random import Random
from typing import Any, get_args, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.core import commands as c
from signoff.core.commands import Command, Record, UserCommand
from signoff.core.decide import decide, settle
from signoff.core.effects import AskModel, GatherContext, LandHunks, ProbeLanding, RunTool, Wait
from signoff.core.envelope import Envelope, Event
from signoff.core.evolve import evolve, fold
from signoff.core.model import ModelFailure, ToolCall
from signoff.core.owed import owed
from signoff.core.session import Config
from signoff.core.state import State
from signoff.core.text import split_lines
from signoff.core.turn import conversation
from signoff.core.view import view
from support.session import NO_RANGE, WORKSPACE, Session, call, steps

TEXT = "1\n2\n3\n4\n5\n"
REASONS = ["timeout", "rate_limit", "empty_reply", "model_unavailable", "quota", "bug"]


# A random session that obeys the rules: what a user, a model and a world may do, in any order


class Walk:
    """Plays a random session: `chance` decides what user, model and world do next."""

    def __init__(self, chance: Random, **config: Any) -> None:
        self.chance = chance
        self.s = Session({"a": TEXT, "b": "b\n"}, **config)
        self.completed: set[int] = set()
        self.s.start("Go.")

    def step(self) -> None:
        s, due = self.s, owed(self.s.state)
        if due and self.chance.random() < 0.7:
            self.effect(self.chance.choice(due))
        else:
            for command in self.chance.choices(user_commands(s, self.chance), k=6):
                if not isinstance(s.ask(command), c.Refused):
                    break

    def effect(self, effect: object) -> None:
        s = self.s
        match effect:
            case GatherContext():
                s.gather(self.chance.choice(["", "diff"]))
            case Wait():
                s.wait()
            case RunTool():
                s.do(s.carried_out(effect.call_id))
            case AskModel() if self.chance.random() < 0.1:
                s.fail(self.chance.choice(REASONS))
            case AskModel():
                assert s.state.turn not in self.completed, "a completed turn was asked for again"
                s.model(*(reply(s, self.chance) for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3]))))
                self.completed |= set(range(s.state.turn))
            case ProbeLanding():
                s.probe()
            case LandHunks() if self.chance.random() < 0.2:
                stale = s.state.landings[effect.landing].hunks[:1] if self.chance.random() < 0.5 else ()
                s.do(c.RefuseLanding(effect.landing, "Not now.", stale))
            case LandHunks():
                cut = self.chance.choice(["", "", "", "started", "written"])
                s.landing(s.state.landings[effect.landing], until=lambda at: at == cut)
                if cut:
                    s.restart()
            case _:
                raise AssertionError(effect)

    def end(self) -> None:
        """Everybody does what is to be done, until nothing is left."""
        for _ in range(200):
            s = self.s
            if s.state.parked or s.state.failure:
                s.do(c.Resume())
            elif s.state.landings:
                s.probe()
                s.land()
            elif effects := owed(s.state):
                if isinstance(effects[0], AskModel):
                    s.model("Done.")
                else:
                    self.effect(effects[0])
            elif s.state.plan_waits and s.state.plan:
                s.approve_plan(*(replace(step, status="pending") for step in s.state.plan.steps))
            elif s.state.questions:
                s.reply("Yes.")
            elif stale := s.shown(status="stale"):
                s.do(c.RejectHunks(stale))
            elif s.shown():
                s.approve()
            else:
                break


def reply(s: Session, chance: Random) -> str | ToolCall:
    """Something that a model may say."""
    match chance.choice(["text", "read", "edit", "edit", "edit", "create", "plan", "plan", "ask", "finish", "bad"]):
        case "text":
            return chance.choice(["", "Words."])
        case "read":
            return call("read_file", path=chance.choice(["a", "b", "c"]))
        case "edit":
            old = chance.choice(split_lines(s.seen("a") or "") or ["\n"])
            new = chance.choice(["", old, "new\n", *(f"{letter}\n" for letter in string.ascii_lowercase)])
            return call("edit_file", path="a", edits=[{"old": old, "new": new}])
        case "create":
            return call("edit_file", path="c", edits=[{"old": "", "new": chance.choice(["c\n", "d\n"])}])
        case "plan":
            return call("update_plan", steps=steps(*chance.sample("xyz", chance.choice([0, 1, 2]))))
        case "ask":
            return call("ask_user", question="Which?")
        case "finish":
            return call("finish", summary="Done.")
        case _:
            return ToolCall(f"b{chance.random()}", chance.choice(["finish", "rm", "apply_patch"]), "{")


def user_commands(s: Session, chance: Random) -> list[Command]:
    """Words of the user (and news of the editor) about anything that is there, or isn't."""
    hunk = chance.choice([*(c.Shown(h.id, h.rev) for h in s.state.hunks.values()), c.Shown("s.h9", 1)])
    plan = s.state.plan.id if s.state.plan else "s.p9"
    words = chance.choice(["", "No.", "More."])
    return [
        c.Reply(words),
        c.ApprovePlan(plan),
        c.RejectPlan(plan, words),
        c.EditPlan(plan, s.state.plan.steps[:1] if s.state.plan else ()),
        c.ApproveStep("s1"),
        c.SkipStep("s1"),
        c.ApproveHunks((hunk,)),
        c.ApproveHunks(s.shown()),
        c.RejectHunks((hunk,), words),
        c.AmendHunk(hunk, chance.choice(["", "2\n", "mine\n"])),
        c.UndoHunks((hunk,)),
        c.ReproposeHunk(hunk),
        c.Interrupt(),
        c.Resume(),
        c.Park(),
        c.MarkStale(hunk.hunk, "Changed."),
        c.NoteBug("x", "y"),
    ]


def walked(data: st.DataObject, most: int = 60) -> Walk:
    """A random session of up to `most` steps. Its seed is drawn, so that one step more changes nothing before it."""
    walk = Walk(Random(data.draw(st.integers(0, 2**32))), plan_first=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(0, most))):
        walk.step()
    return walk


def look(state: State) -> None:
    """All pure readings of a state; none may raise."""
    owed(state)
    view(state, lambda _: NO_RANGE)
    conversation(state)
    settle(state)


@given(st.data())
def test_any_log_folds_in_any_order_and_with_any_hole(data: st.DataObject) -> None:
    log = walked(data).s.log
    state = State("s")
    for fact in log:
        state = evolve(state, fact)
        look(state)
    order = data.draw(st.permutations(log))
    some = order[: data.draw(st.integers(0, len(order)))]
    look(fold("s", some))
    for command in some_commands(data):
        decide(fold("s", some), command)


@given(st.data())
def test_every_session_comes_to_an_end_and_nothing_is_stuck(data: st.DataObject) -> None:
    """However it went: once all that waits is decided and all that is owed is done, the session is done."""
    walk = walked(data)
    if walk.s.state.archived:
        return
    walk.end()
    s = walk.s
    assert (s.phase, s.owed, s.waiting_for) == ("done", (), ())
    assert {status for status, _ in s.hunks.values()} <= {"applied", "rejected", "withdrawn", "undone"}


@given(st.data())
def test_waiting_means_that_nothing_runs_and_somebody_is_next(data: st.DataObject) -> None:
    s = walked(data).s
    busy = [effect for effect in owed(s.state) if not isinstance(effect, Wait)]
    match s.phase:
        case "planning" | "working":
            assert busy
        case "waiting":
            assert s.waiting_for
            assert not busy
        case "stopped":
            assert s.state.parked
            assert not busy
            assert isinstance(decide(s.state, c.Resume()), list)
        case "failed":
            assert s.state.failure
            assert isinstance(decide(s.state, c.Resume()), list)
        case _:
            assert s.phase == "done"
            assert not s.waiting_for


@given(st.data())
def test_a_kill_at_any_moment_loses_nothing(data: st.DataObject) -> None:
    """Cut the log anywhere, fold, park, resume: what is owed then is what was owed, and no turn is asked for twice."""
    log = walked(data).s.log
    state = fold("s", log[: data.draw(st.integers(1, len(log)))])
    parked = decide(state, c.Park())
    assert isinstance(parked, list)
    after = state
    for event in parked:
        after = evolve(after, Envelope("s", after.seq + 1, 0.0, "", event))
    assert not any(effect.cancellable for effect in owed(after))
    if after.parked:
        for event in decide(after, c.Resume()):  # type: ignore[union-attr]
            after = evolve(after, Envelope("s", after.seq + 1, 0.0, "", event))
    before = {effect.key for effect in owed(state) if effect.cancellable}
    if not state.parked and not parked[1:]:
        assert {effect.key for effect in owed(after) if effect.cancellable} == before


IDEMPOTENT = (c.Interrupt, c.Resume, c.Archive, c.ApprovePlan, c.RejectPlan, c.SkipStep, c.ApproveHunks, c.UndoHunks)


@given(st.data())
def test_a_decision_is_repeatable_and_the_same_word_twice_is_refused(data: st.DataObject) -> None:
    walk = walked(data)
    s = walk.s
    command = walk.chance.choice(user_commands(s, walk.chance))
    made = s.ask(command)
    if isinstance(made, c.Refused) or not made or not isinstance(command, IDEMPOTENT):
        return
    assert isinstance(decide(s.state, command), c.Refused), (command, made)


# Commands that nobody sends, of every type


def some_commands(data: st.DataObject) -> list[Command]:
    """One random command of every type: strange ids, numbers and texts."""
    return [data.draw(COMMANDS[kind]) for kind in get_args(UserCommand) + get_args(Record)]


ids = st.sampled_from(["s.h1", "s.h2", "s.l1", "s.p1", "s1", "c1", "c2", "", WORKSPACE + "/a", "file://["])
texts = st.sampled_from(["", "x", TEXT, "2\n", "{", "\ud800"])
numbers = st.integers(-1, 6)
st.register_type_strategy(
    ModelFailure, st.builds(ModelFailure, st.sampled_from(REASONS), texts, st.floats() | st.none())
)
st.register_type_strategy(
    ToolCall,
    st.builds(
        ToolCall, ids, st.sampled_from(["finish", "list_files", "edit_file", "update_plan", "x"]), texts, st.booleans()
    ),
)
st.register_type_strategy(Config, st.builds(Config, models=st.lists(texts, max_size=2).map(tuple)))
COMMANDS: dict[type, st.SearchStrategy[Any]] = {}


def strategy(kind: type) -> st.SearchStrategy[Any]:
    """Random instances with short texts and small numbers."""
    with_fields = {str: st.one_of(ids, texts), int: numbers, float: st.floats(0, 1e9)}
    return st.deferred(lambda: st.builds(kind, **_fields(kind, with_fields)))


def _fields(kind: type, plain: dict[type, Any]) -> dict[str, st.SearchStrategy[Any]]:
    hints = get_type_hints(kind)
    return {name: plain[hint] if hint in plain else st.from_type(hint) for name, hint in hints.items()}


COMMANDS.update({kind: strategy(kind) for kind in get_args(UserCommand) + get_args(Record)})


@given(st.data())
def test_no_command_in_no_state_is_an_error(data: st.DataObject) -> None:
    state = walked(data, 12).s.state
    for command in some_commands(data):
        made = decide(state, command)
        assert made == decide(state, command) or has_nan(made)
        if isinstance(made, list):
            after = state
            for event in made:
                after = evolve(after, Envelope("s", after.seq + 1, 0.0, "", event))
            look(after)
        else:
            assert made.reason.endswith(".")
            assert not isinstance(command, Record)


def has_nan(made: object) -> bool:
    return "nan" in repr(made)


@settings(max_examples=25)
@given(st.data())
def test_no_event_in_no_state_is_an_error(data: st.DataObject) -> None:
    state = walked(data, 6).s.state
    for _ in range(5):
        event = data.draw(strategy(data.draw(st.sampled_from(get_args(Event)))))
        state = evolve(state, Envelope("s", state.seq + 1, 0.0, "", event))
        look(state)
