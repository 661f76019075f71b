"""Everything that can happen to a session. A session is the list of these facts, and nothing else.

Events are past tense, immutable, and load for ever: `envelope.py` says how, and lists them all as one union. Texts may
be long; the journal stores long ones once, by digest.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.hunks import Channel, Hunk, LandingKind, Proposal
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
    """What the model gets to see of the workspace before its next turn; `sources` says where its parts came from."""

    text: str
    sources: tuple[str, ...] = ()


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
class HunksProposed:
    """New hunks of one document. Positions are in the text with `digest`; `starts` has those of its other hunks."""

    proposal: Proposal
    uri: str
    digest: str
    hunks: tuple[Hunk, ...]
    starts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class HunkRevised:
    """A later patch changed a pending hunk: same id, next rev."""

    hunk: Hunk


@dataclass(frozen=True, slots=True)
class HunksWithdrawn:
    """A later patch made these hunks pointless."""

    hunks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HunkAmended:
    """The user changed what a pending hunk does."""

    hunk: str
    rev: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HunksRejected:
    """The user does not want these hunks; the feedback goes to the model."""

    hunks: tuple[str, ...]
    feedback: str


@dataclass(frozen=True, slots=True)
class HunksApproved:
    """The user signed these hunks of one document off, or wants them undone: the landing is owed now."""

    landing: str
    uri: str
    hunks: tuple[str, ...]
    kind: LandingKind


@dataclass(frozen=True, slots=True)
class LandingStarted:
    """The intent: a text with `before_digest` is about to become one with `after_digest`."""

    landing: str
    channel: Channel
    before_digest: str
    after_digest: str


@dataclass(frozen=True, slots=True)
class HunksLanded:
    """The outcome, proved by the document's text; `starts` are the positions in the text with `digest`."""

    landing: str
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LandingRefused:
    """The edit did not land. `stale` hunks can't be applied as they are; the others are pending again."""

    landing: str
    reason: str
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HunksMoved:
    """Where hunks stand in the text with `digest`, written when typing rests."""

    uri: str
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class HunkWentStale:
    """The text under a pending hunk changed so that it can't be applied any more."""

    hunk: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReproposalAsked:
    """The user wants a stale hunk made again for the text as it is now."""

    hunk: str


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
