"""Everything that can happen to a session. A session is the list of these facts, and nothing else.

Events are past tense, immutable, and load for ever: `envelope.py` says how, and lists them all as one union. Texts may
be long; the journal stores long ones once, by digest.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.fragments import Injected, Seen
from signoff.core.hunk_events import (
    FileRenamed as FileRenamed,
)
from signoff.core.hunk_events import (
    FileSaved as FileSaved,
)
from signoff.core.hunk_events import (
    HunkAmended as HunkAmended,
)
from signoff.core.hunk_events import (
    HunkEvent as HunkEvent,
)
from signoff.core.hunk_events import (
    HunkFitsAgain as HunkFitsAgain,
)
from signoff.core.hunk_events import (
    HunkRevised as HunkRevised,
)
from signoff.core.hunk_events import (
    HunksApproved as HunksApproved,
)
from signoff.core.hunk_events import (
    HunksLanded as HunksLanded,
)
from signoff.core.hunk_events import (
    HunksMoved as HunksMoved,
)
from signoff.core.hunk_events import (
    HunksProposed as HunksProposed,
)
from signoff.core.hunk_events import (
    HunksRejected as HunksRejected,
)
from signoff.core.hunk_events import (
    HunksSwitched as HunksSwitched,
)
from signoff.core.hunk_events import (
    HunksWithdrawn as HunksWithdrawn,
)
from signoff.core.hunk_events import (
    HunkWentStale as HunkWentStale,
)
from signoff.core.hunk_events import (
    LandingRefused as LandingRefused,
)
from signoff.core.hunk_events import (
    LandingStarted as LandingStarted,
)
from signoff.core.hunk_events import (
    ReproposalAsked as ReproposalAsked,
)
from signoff.core.model import FailureReason, ReplyItem, Usage
from signoff.core.plan import Plan, Step
from signoff.core.recovery import Strategy
from signoff.core.session import Config, Finding, Place

NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """`workspace` is a URI; `findings` came with the request that started the session."""

    goal: str
    workspace: str
    config: Config
    place: Place | None = None
    findings: tuple[Finding, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ContextGathered:
    """What the model gets to see of the workspace before its next turn.

    `head` stands before the words of the task and changes little from session to session, `text` after them. `sources`
    says where the parts came from, `fragments` which they are. `seen` are the documents that were looked at.
    """

    text: str
    sources: tuple[str, ...] = ()
    head: str = ""
    fragments: tuple[Injected, ...] = ()
    left_out: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class UserReplied:
    """The user said something that answers no open question."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelReplied:
    """A complete reply. `seen` inputs of the inbox were part of the request. Never asked for again."""

    turn: int
    attempt: int
    seen: int
    items: tuple[ReplyItem, ...]
    usage: Usage
    model: str
    first_token_ms: int = 0
    total_ms: int = 0


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """A request brought no usable reply, and what is done about it: `until` (epoch seconds) for a retry, `model` for a
    switch. `usage` is what it cost all the same."""

    turn: int
    attempt: int
    reason: FailureReason
    message: str
    strategy: Strategy
    until: float | None = None
    model: str | None = None
    usage: Usage = NOTHING_USED


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """The time that a retry waited for has come."""

    turn: int
    attempt: int


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """What the model will read as the result of its call; `ok` is False when the call could not be carried out."""

    call_id: str
    output: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class PlanProposed:
    """A plan waits for the user."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanApproved:
    """`steps` is the plan as approved, with the user's edits."""

    plan: str
    steps: tuple[Step, ...]
    edited: bool


@dataclass(frozen=True, slots=True)
class PlanRejected:
    """The user does not want this plan."""

    plan: str
    feedback: str


@dataclass(frozen=True, slots=True)
class PlanEdited:
    """The user changed a waiting plan; it goes on waiting."""

    plan: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PlanUpdated:
    """The model reported progress, or tracks a plan that needs no approval."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StepApproved:
    """The user signed off one step of a waiting plan."""

    step: str


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The user took a step out."""

    step: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """The model waits for an answer to its tool call."""

    question: str
    call_id: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """The user answered."""

    question: str
    text: str


@dataclass(frozen=True, slots=True)
class SessionParked:
    """Nothing runs until the user resumes: `restart` after the server had stopped, `interrupt` by the user."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """The user lets the session go on."""


@dataclass(frozen=True, slots=True)
class SessionFinished:
    """Nothing is owed and nothing waits."""

    summary: str


@dataclass(frozen=True, slots=True)
class SessionArchived:
    """The session is put away; it takes no more commands."""


@dataclass(frozen=True, slots=True)
class BugNoticed:
    """An exception of our own, recorded so that it can be reported; the session goes on."""

    where: str
    message: str
