"""What can be asked of a session: by the user (here) and by the tasks that carry out its effects (`records.py`).

Commands are imperatives. Times, and whatever was read from the outside, are inside them; `decide` reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.plan import Step
from signoff.core.records import (
    AdoptTyping as AdoptTyping,
)
from signoff.core.records import (
    EndWait as EndWait,
)
from signoff.core.records import (
    FinishLanding as FinishLanding,
)
from signoff.core.records import (
    MarkFitting as MarkFitting,
)
from signoff.core.records import (
    MarkStale as MarkStale,
)
from signoff.core.records import (
    MoveHunks as MoveHunks,
)
from signoff.core.records import (
    NoteBug as NoteBug,
)
from signoff.core.records import (
    NoteRenamed as NoteRenamed,
)
from signoff.core.records import (
    NoteSaved as NoteSaved,
)
from signoff.core.records import (
    NoteSwitched as NoteSwitched,
)
from signoff.core.records import (
    Park as Park,
)
from signoff.core.records import (
    Record as Record,
)
from signoff.core.records import (
    RecordContext as RecordContext,
)
from signoff.core.records import (
    RecordFailure as RecordFailure,
)
from signoff.core.records import (
    RecordReply as RecordReply,
)
from signoff.core.records import (
    RecordTool as RecordTool,
)
from signoff.core.records import (
    RefuseLanding as RefuseLanding,
)
from signoff.core.records import (
    StartLanding as StartLanding,
)
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
    """The user says something: an answer to the open question, feedback to a waiting plan, or the next request.

    `question`, if given, is the one that is meant: the words are nothing else.
    """

    text: str
    question: str | None = None


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
Command = UserCommand | Record


@dataclass(frozen=True, slots=True)
class Refused:
    """The user asked for something that is not possible; `reason` says why, in words."""

    reason: str
