"""The session's view as it comes over the wire, for the type checker only: nothing imports this module at run time.

The promise is in `signoff.core.session_view`; here are its names in camelCase, and as the plain dictionaries of JSON.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from signoff.core.hunks import HunkStatus
from signoff.core.plan import StepStatus
from signoff.core.state import Phase

Waiting = Literal["plan", "hunk", "command", "question", "time"]
Json = dict[str, Any]


class Position(TypedDict):
    """0-based; `character` counts code points, because the terminal asks for utf-32."""

    line: int
    character: int


class Range(TypedDict):
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


class Step(TypedDict):
    """One step of the plan."""

    id: str
    text: str
    status: StepStatus
    files: list[str]
    after: list[str]


class Plan(TypedDict):
    """The plan."""

    id: str
    steps: list[Step]


class Hunk(TypedDict):
    """One hunk; `kind` is update, create, delete or rename."""

    id: str
    rev: int
    uri: str
    range: Range
    before: str
    after: str
    status: HunkStatus
    rationale: str
    findings: list[str]
    kind: str
    to: str | None
    note: str


class Message(TypedDict):
    """One message of the conversation; `at` is ISO 8601 in UTC."""

    role: Literal["user", "assistant"]
    text: str
    at: str


class Question(TypedDict):
    """A question that waits for an answer."""

    id: str
    text: str
    options: list[str]


class Failure(TypedDict):
    """A failed request and what was done about it."""

    reason: str
    attempt: int
    strategy: str
    until: str | None
    message: str


class Usage(TypedDict):
    """Tokens and US dollars so far; `cost` is None when the price is not known."""

    inputTokens: int
    cachedTokens: int
    outputTokens: int
    requests: int
    cost: float | None


class Config(TypedDict):
    """What the session runs under."""

    model: str
    taskType: str | None
    approvalPolicy: str
    sandboxMode: str
    reasons: dict[str, str]


class Fragment(TypedDict):
    """A piece of the workspace that the model was told of; lines 0 where it is no part of a file."""

    source: str
    path: str
    startLine: int
    endLine: int
    tokens: int
    why: str


class Told(TypedDict):
    """What the model was told before a turn (from 0)."""

    turn: int
    tokens: int
    fragments: list[Fragment]
    leftOut: list[str]


class View(TypedDict):
    """All that a client shows of a session."""

    session: str
    workspace: str
    goal: str
    phase: Phase
    waitingFor: list[Waiting]
    config: Config
    plan: Plan | None
    hunks: list[Hunk]
    commands: list[Json]
    messages: list[Message]
    questions: list[Question]
    failures: list[Failure]
    usage: Usage
    parent: str | None
    children: list[str]
    seq: int
    summary: str
    context: list[Told]


class Check(TypedDict):
    """One line of the doctor's report; `ok` is None where there is nothing to judge."""

    name: str
    ok: bool | None
    detail: str
    fix: str
