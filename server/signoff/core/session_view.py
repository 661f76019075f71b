"""The session's view as clients get it: by `signoff.showSession` and `signoff/sessionChanged`, and in the terminal.

Field names are snake_case here and camelCase on the wire. Positions are those of the Language Server Protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signoff.core.hunks import HunkStatus
from signoff.core.plan import StepStatus
from signoff.core.protocol import Range
from signoff.core.session import ApprovalPolicy, SandboxMode, TaskType
from signoff.core.state import Phase

Waiting = Literal["plan", "hunk", "command", "question", "time"]


@dataclass(frozen=True, slots=True)
class ConfigView:
    """What the session runs under, and why."""

    model: str
    task_type: TaskType | None
    approval_policy: ApprovalPolicy
    sandbox_mode: SandboxMode
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the plan."""

    id: str
    text: str
    status: StepStatus
    files: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan."""

    id: str
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class HunkView:
    """One hunk; `range` is in the document as it is now. `kind` and `to` tell of whole files."""

    id: str
    rev: int
    uri: str
    """Spelled as the client spelled the document when it opened it, escapes and letter case included. While it is not
    open, or does not exist yet: the folder as the client spelled that, then the path below it, in UTF-8, in which every
    character is escaped (`%C3%A4`) but ASCII letters, digits and `/-._~!$&'()*+,;=@`. `to` likewise."""
    range: Range
    before: str
    after: str
    status: HunkStatus
    rationale: str
    findings: tuple[str, ...]
    kind: str
    to: str | None
    note: str


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command that the agent wants to run. None exists before the sandbox does."""

    id: str
    token: str
    argv: tuple[str, ...]
    cwd: str
    sandbox: str
    reason: str
    status: str
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the conversation; `at` is ISO 8601 in UTC."""

    role: Literal["user", "assistant"]
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question of the model that waits for an answer."""

    id: str
    text: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailureView:
    """A failed request and what was done about it."""

    reason: str
    attempt: int
    strategy: str
    until: str | None
    message: str


@dataclass(frozen=True, slots=True)
class UsageView:
    """Tokens and US dollars so far; `cost` is null when the price of the model is not known."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    requests: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class FragmentView:
    """A piece of the workspace that the model was told of; lines count from 1, 0 where it is no part of a file."""

    source: str
    path: str
    start_line: int
    end_line: int
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class ToldView:
    """What the model was told of the workspace before a turn (from 0), and the names of what had no room."""

    turn: int
    tokens: int
    fragments: tuple[FragmentView, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionView:
    """All that a client shows of a session."""

    session: str
    workspace: str
    goal: str
    phase: Phase
    waiting_for: tuple[Waiting, ...]
    config: ConfigView
    plan: PlanView | None
    hunks: tuple[HunkView, ...]
    commands: tuple[CommandView, ...]
    messages: tuple[MessageView, ...]
    questions: tuple[QuestionView, ...]
    failures: tuple[FailureView, ...]
    usage: UsageView
    parent: str | None
    children: tuple[str, ...]
    seq: int
    summary: str
    unsaved: tuple[str, ...]
    """The documents that the editor has not saved since a hunk went in or out."""
    context: tuple[ToldView, ...]
    elsewhere: bool = False
    """Another window has the session: this is how its journal was when it was read, and nothing is decided here before
    `signoff.resume` takes it over."""
