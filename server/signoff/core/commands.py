"""What can be asked of a session: by the user (first part) and by the tasks that carry out its effects (second).

Commands are imperatives. Times, and whatever was read from the outside, are inside them; `decide` reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.hunks import Base, Channel, FileChange, LandingKind
from signoff.core.model import ModelFailure, ModelReply
from signoff.core.plan import Step
from signoff.core.session import Config, Finding, Place


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the session. `workspace` is a URI."""

    goal: str
    workspace: str
    config: Config
    place: Place | None = None
    findings: tuple[Finding, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The user says something: an answer to the open question, feedback to a waiting plan, or the next request."""

    text: str


@dataclass(frozen=True, slots=True)
class ApprovePlan:
    """Sign the waiting plan off; `steps`, if given, is the plan as the user edited it."""

    plan: str
    steps: tuple[Step, ...] | None = None


@dataclass(frozen=True, slots=True)
class RejectPlan:
    """Send the waiting plan back, with words."""

    plan: str
    feedback: str


@dataclass(frozen=True, slots=True)
class EditPlan:
    """Change the waiting plan; it goes on waiting."""

    plan: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ApproveStep:
    """Sign one step of the waiting plan off."""

    step: str


@dataclass(frozen=True, slots=True)
class SkipStep:
    """Take a step out of the plan."""

    step: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A hunk as the user saw it: a command about another rev is refused."""

    hunk: str
    rev: int


@dataclass(frozen=True, slots=True)
class ApproveHunks:
    """Sign hunks off."""

    hunks: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class RejectHunks:
    """Send hunks back; words start a new turn of the model."""

    hunks: tuple[Shown, ...]
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class AmendHunk:
    """Change what a pending hunk puts into the file."""

    shown: Shown
    after: str


@dataclass(frozen=True, slots=True)
class UndoHunks:
    """Take applied hunks back."""

    hunks: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class ReproposeHunk:
    """Have a stale hunk made again."""

    shown: Shown


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop what runs."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a stop, a restart or a failure."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Put the session away."""


@dataclass(frozen=True, slots=True)
class Park:
    """The server has just started and found the session in the middle of something."""


@dataclass(frozen=True, slots=True)
class RecordContext:
    """Context was gathered for turn `turn`."""

    turn: int
    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordReply:
    """The model replied; `seen` inputs of the inbox were in the request. `at` is epoch seconds."""

    turn: int
    attempt: int
    seen: int
    reply: ModelReply
    at: float


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """A request failed at `at` (epoch seconds)."""

    turn: int
    attempt: int
    failure: ModelFailure
    at: float


@dataclass(frozen=True, slots=True)
class EndWait:
    """The time has come."""

    turn: int
    attempt: int


@dataclass(frozen=True, slots=True)
class RecordTool:
    """A tool call came to `output`. `changes` are proposed changes of files, `bases` those files as they stand now."""

    call_id: str
    output: str
    ok: bool = True
    changes: tuple[FileChange, ...] = ()
    bases: tuple[Base, ...] = ()


@dataclass(frozen=True, slots=True)
class StartLanding:
    """Approved hunks are about to be edited in."""

    landing: str
    channel: Channel
    before_digest: str
    after_digest: str


@dataclass(frozen=True, slots=True)
class FinishLanding:
    """The document's text proves the landing; `starts` are hunk positions in the text with `digest`."""

    landing: str
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RefuseLanding:
    """The landing did not happen; `stale` names hunks that can't be applied as they are."""

    landing: str
    reason: str
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdoptLanding:
    """An edit that had been given up shows in the document after all; `starts` as in FinishLanding."""

    uri: str
    hunks: tuple[str, ...]
    kind: LandingKind
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MoveHunks:
    """Where the hunks stand in the text with `digest`."""

    uri: str
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AdoptTyping:
    """The user typed inside a pending hunk: it now replaces `before` by `after`."""

    hunk: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MarkStale:
    """The text under a hunk changed so that it can't be applied."""

    hunk: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteBug:
    """An exception of our own was caught."""

    where: str
    message: str


UserCommand = (
    Start
    | Reply
    | ApprovePlan
    | RejectPlan
    | EditPlan
    | ApproveStep
    | SkipStep
    | ApproveHunks
    | RejectHunks
    | AmendHunk
    | UndoHunks
    | ReproposeHunk
    | Interrupt
    | Resume
    | Archive
)
Record = (
    Park
    | RecordContext
    | RecordReply
    | RecordFailure
    | EndWait
    | RecordTool
    | StartLanding
    | FinishLanding
    | RefuseLanding
    | AdoptLanding
    | MoveHunks
    | AdoptTyping
    | MarkStale
    | NoteBug
)
Command = UserCommand | Record


@dataclass(frozen=True, slots=True)
class Refused:
    """The user asked for something that is not possible; `reason` says why, in words."""

    reason: str
