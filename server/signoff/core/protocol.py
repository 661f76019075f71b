"""The outer contract: the arguments of every command and their immediate results, in the words of the wire.

Field names are snake_case here and camelCase on the wire. Clients, scripts and the terminal rely on these shapes; the
JSON Schemas in `schemas/` are generated from them. Positions are those of the Language Server Protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from signoff.core.fragments import ShowContext as ShowContext
from signoff.core.plan import StepStatus
from signoff.core.session import ApprovalPolicy, SandboxMode, TaskType
from signoff.core.state import Phase

HunkAnswer = Literal["applying", "rejected", "amended", "refused", "stale"]


@dataclass(frozen=True, slots=True)
class Position:
    """0-based line, and characters in the negotiated encoding."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class StepArgument:
    """A step of an edited plan."""

    text: str
    id: str | None = None
    status: StepStatus = "pending"
    files: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartSession:
    """`signoff.startSession`. `diagnostics` are LSP diagnostics of `uri`; `context` is text to add as it is.

    `show`: the session document is opened at once.
    """

    goal: str
    workspace: str | None = None
    uri: str | None = None
    range: Range | None = None
    diagnostics: tuple[dict[str, Any], ...] = ()
    task_type: TaskType | None = None
    risk: Literal["low", "medium", "high"] | None = None
    approval_policy: ApprovalPolicy | None = None
    sandbox_mode: SandboxMode | None = None
    model: str | None = None
    plan_first: bool | None = None
    context: str | None = None
    show: bool = False


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """`signoff.reply`; `question`, if given, is the open question that is answered."""

    session: str
    text: str
    question: str | None = None


@dataclass(frozen=True, slots=True)
class PlanArgument:
    """`signoff.approvePlan`; `steps`, if given, is the plan as edited."""

    session: str
    plan: str
    steps: tuple[StepArgument, ...] | None = None


@dataclass(frozen=True, slots=True)
class PlanFeedback:
    """`signoff.rejectPlan`."""

    session: str
    plan: str
    feedback: str


@dataclass(frozen=True, slots=True)
class PlanSteps:
    """`signoff.editPlan`."""

    session: str
    plan: str
    steps: tuple[StepArgument, ...]


@dataclass(frozen=True, slots=True)
class StepOf:
    """`signoff.approveStep`, `signoff.skipStep`."""

    session: str
    step: str


@dataclass(frozen=True, slots=True)
class HunkArgument:
    """`signoff.approveHunk`, `undoHunk`, `reproposeHunk`: the hunk as it was shown."""

    hunk: str
    rev: int


@dataclass(frozen=True, slots=True)
class HunkFeedback:
    """`signoff.rejectHunk`."""

    hunk: str
    rev: int
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class HunkText:
    """`signoff.amendHunk`: what the hunk is to put into the file."""

    hunk: str
    rev: int
    after: str


@dataclass(frozen=True, slots=True)
class FileOf:
    """`signoff.approveFile`, `rejectFile`; `hunks`, if given, are those that were shown: no other is touched."""

    session: str
    uri: str
    hunks: tuple[HunkArgument, ...] | None = None


@dataclass(frozen=True, slots=True)
class HunksOf:
    """`signoff.approveAll`, `rejectAll`, `undoAll`, of one document if `uri` is given; `hunks` as in `approveFile`."""

    session: str
    uri: str | None = None
    hunks: tuple[HunkArgument, ...] | None = None


@dataclass(frozen=True, slots=True)
class SessionOf:
    """`signoff.interrupt`, `resume`, `archive`, `showSession`, `openSession`."""

    session: str


@dataclass(frozen=True, slots=True)
class ListSessions:
    """`signoff.listSessions`."""

    workspace: str | None = None
    state: Phase | None = None


@dataclass(frozen=True, slots=True)
class TrustWorkspace:
    """`signoff.trustWorkspace`: the user's own action."""

    workspace: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class HunkFrom:
    """`signoff.nextHunk`, `previousHunk`: from a place in a document, or from the hunk that was shown last."""

    uri: str | None = None
    position: Position | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class DraftTask:
    """`signoff.draftTask`: a place where the task starts, and words to begin its goal with."""

    uri: str | None = None
    range: Range | None = None
    workspace: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DiffOf:
    """`signoff.showDiff`, of one document if `uri` is given."""

    session: str
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """The empty object: `signoff.status`, `signoff.doctor`, `signoff.hideHunks`, `signoff.showHunks`."""


ARGUMENTS: dict[str, type] = {
    "signoff.startSession": StartSession,
    "signoff.reply": ReplyTo,
    "signoff.approvePlan": PlanArgument,
    "signoff.rejectPlan": PlanFeedback,
    "signoff.editPlan": PlanSteps,
    "signoff.approveStep": StepOf,
    "signoff.skipStep": StepOf,
    "signoff.approveHunk": HunkArgument,
    "signoff.rejectHunk": HunkFeedback,
    "signoff.amendHunk": HunkText,
    "signoff.undoHunk": HunkArgument,
    "signoff.reproposeHunk": HunkArgument,
    "signoff.approveFile": FileOf,
    "signoff.rejectFile": FileOf,
    "signoff.approveAll": HunksOf,
    "signoff.rejectAll": HunksOf,
    "signoff.undoAll": HunksOf,
    "signoff.interrupt": SessionOf,
    "signoff.resume": SessionOf,
    "signoff.archive": SessionOf,
    "signoff.openSession": SessionOf,
    "signoff.draftTask": DraftTask,
    "signoff.showDiff": DiffOf,
    "signoff.nextHunk": HunkFrom,
    "signoff.previousHunk": HunkFrom,
    "signoff.hideHunks": Nothing,
    "signoff.showHunks": Nothing,
    "signoff.showContext": ShowContext,
    "signoff.listSessions": ListSessions,
    "signoff.showSession": SessionOf,
    "signoff.trustWorkspace": TrustWorkspace,
    "signoff.status": Nothing,
    "signoff.doctor": Nothing,
}
"""The argument type of every command that the server has."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The result of a command that was understood but is not possible."""

    reason: str
    status: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class HunkResult:
    """The immediate result of a hunk command; the outcome of an approval shows in the view."""

    status: HunkAnswer
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The result of `signoff.startSession`."""

    session: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of `signoff.openSession` and `draftTask`: the document that the user is shown."""

    uri: str


@dataclass(frozen=True, slots=True)
class DiffShown:
    """The result of `signoff.showDiff`: the document that the user is shown, and its text."""

    uri: str
    diff: str


@dataclass(frozen=True, slots=True)
class HunkPlace:
    """The result of `signoff.nextHunk` and `previousHunk`: the hunk that is shown, where it stands now."""

    uri: str
    range: Range
    hunk: str
    session: str
