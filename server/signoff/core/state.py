"""What a session is now: the fold of its events. Frozen; `evolve` makes the next one.

Properties here are small readings of the state that several rooms need; whatever decides something is in `decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from signoff.core.fragments import Gathered
from signoff.core.hunks import OPEN, Hunk, Landing, Proposal
from signoff.core.model import Message, ReplyItem, ToolCall, ToolResult, Usage
from signoff.core.plan import Plan
from signoff.core.recovery import Strategy
from signoff.core.session import Config, Finding, Place

Phase = Literal["planning", "waiting", "working", "checking", "done", "stopped", "failed", "archived"]


DEFAULTS = Config()
NOTHING_USED = Usage()


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Input:
    """Something that the model has to be told. `starts` begins a turn by itself; others ride along with the next."""

    text: str
    starts: bool
    about: str = ""
    """The hunk that it is about, when a later word on the same hunk takes its place."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request and its reply: what the model was newly told, what it said, what its calls came to (by call id).

    `failed` are the calls that could not be carried out, `decided` those that the user answered: the model must read
    those results before it can be through.
    """

    inputs: tuple[Input, ...]
    items: tuple[ReplyItem, ...]
    results: Mapping[str, ToolResult] = field(default_factory=_nothing)
    failed: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the reply, in order."""
        return tuple(item for item in self.items if isinstance(item, ToolCall))

    @property
    def open_calls(self) -> tuple[ToolCall, ...]:
        """The calls that have no result yet, in order."""
        return tuple(call for call in self.calls if call.call_id not in self.results)

    @property
    def ends(self) -> bool:
        """Whether the model is through: it called no tool, or finished and has no failure or answer still to read."""
        finished = any(c.name == "finish" and c.call_id in self.results for c in self.calls)
        return not self.calls or (finished and not self.failed and not self.decided)

    @property
    def text(self) -> str:
        """What the model said in words."""
        return "\n\n".join(item.text for item in self.items if isinstance(item, Message) and item.text)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the model that waits for the user."""

    id: str
    call_id: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request and what was done about it. `until` is epoch seconds."""

    reason: str
    attempt: int
    strategy: Strategy
    message: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation as people read it; `at` is epoch seconds."""

    role: Literal["user", "assistant"]
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class State:
    """One session. Mappings are keyed by id, `bases` by URI: the digest of the text that hunk positions refer to.

    `unsaved` are the documents that the editor has not saved since a hunk went in or out. `seen` are the documents that
    the model was told of, as they were then: see `core/fragments.py`.
    """

    session: str
    seq: int = 0
    goal: str = ""
    workspace: str = ""
    config: Config = DEFAULTS
    place: Place | None = None
    findings: tuple[Finding, ...] = ()
    parent: str | None = None
    model: str = ""
    turns: tuple[Turn, ...] = ()
    inbox: tuple[Input, ...] = ()
    context_due: bool = False
    seen: Mapping[str, str] = field(default_factory=_nothing)
    gathered: tuple[Gathered, ...] = ()
    attempt: int = 0
    wait_until: float | None = None
    failure: Failure | None = None
    failures: tuple[Failure, ...] = ()
    plan: Plan | None = None
    plans: int = 0
    questions: Mapping[str, Question] = field(default_factory=_nothing)
    asked: int = 0
    hunks: Mapping[str, Hunk] = field(default_factory=_nothing)
    hunks_made: int = 0
    proposals: Mapping[str, Proposal] = field(default_factory=_nothing)
    landings: Mapping[str, Landing] = field(default_factory=_nothing)
    landings_made: int = 0
    bases: Mapping[str, str] = field(default_factory=_nothing)
    unsaved: frozenset[str] = frozenset()
    said: tuple[Said, ...] = ()
    usage: Usage = NOTHING_USED
    requests: int = 0
    cost: float | None = 0.0
    parked: str | None = None
    finished: bool = False
    summary: str = ""
    archived: bool = False

    @property
    def turn(self) -> int:
        """The number of the next request, from 0."""
        return len(self.turns)

    @property
    def last(self) -> Turn | None:
        """The latest reply with what came of it."""
        return self.turns[-1] if self.turns else None

    @property
    def open_calls(self) -> tuple[ToolCall, ...]:
        """Tool calls of the latest reply without a result."""
        return self.turns[-1].open_calls if self.turns else ()

    @property
    def plan_waits(self) -> bool:
        """Whether a plan waits for the user."""
        return self.plan is not None and self.plan.status == "proposed"

    @property
    def may_change_files(self) -> bool:
        """Whether tools that change anything may run: no plan is needed, or one was approved."""
        return not self.config.plan_first or (self.plan is not None and self.plan.status == "approved")

    @property
    def withheld(self) -> frozenset[str]:
        """Call ids whose answer is the user's: the waiting plan's and the open questions'."""
        ids = {question.call_id for question in self.questions.values()}
        return frozenset(ids | ({self.plan.call_id} if self.plan and self.plan_waits else set()))

    def hunks_of(self, uri: str) -> tuple[Hunk, ...]:
        """The document's hunks that stand somewhere in it (waiting, applied or taken back), by position."""
        return tuple(sorted((h for h in self.hunks.values() if h.uri == uri and stands(h)), key=lambda h: h.start))

    @property
    def open_hunks(self) -> tuple[Hunk, ...]:
        """Hunks that wait for the user or for their landing."""
        return tuple(h for h in self.hunks.values() if h.status in OPEN)


def stands(hunk: Hunk) -> bool:
    """Whether the hunk has a place in its document that must be kept up to date.

    So does one that was given up after an editor was asked for it: the edit may still show.
    """
    late = hunk.status in ("rejected", "withdrawn") and hunk.tried == "apply"
    return late or hunk.status in OPEN or hunk.status in ("applied", "undone")


def answered(state: State, call_id: str, output: str, ok: bool = True) -> State:
    """The state with a tool call of the latest reply answered; an answer to an unknown call changes nothing."""
    last = state.last
    call = next((c for c in last.calls if c.call_id == call_id), None) if last else None
    if last is None or call is None:
        return state
    results = {**last.results, call_id: ToolResult(call_id, output, call.custom)}
    turn = replace(last, results=results, failed=last.failed if ok else last.failed | {call_id})
    return replace(state, turns=(*state.turns[:-1], turn))


def decided(state: State, call_id: str) -> State:
    """The state with a tool call of the latest reply marked as answered by the user."""
    if state.last is None or call_id not in {call.call_id for call in state.last.calls}:
        return state
    turn = replace(state.last, decided=state.last.decided | {call_id})
    return replace(state, turns=(*state.turns[:-1], turn))


def wants_turn(state: State) -> bool:
    """Whether the model is next: it has results to read, or the user said something that starts a turn."""
    last = state.last
    return any(item.starts for item in state.inbox) or (last is not None and not last.ends)
