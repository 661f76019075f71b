"""Events as the journal holds them: all kinds as one union, numbered, and readable for ever.

A change of an event's shape raises its version in `VERSIONS` and adds a step to `upcast`, which old logs go through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from signoff.core import events as e

Event = (
    e.SessionStarted
    | e.ContextGathered
    | e.UserReplied
    | e.ModelReplied
    | e.TurnFailed
    | e.WaitEnded
    | e.ToolReturned
    | e.PlanProposed
    | e.PlanApproved
    | e.PlanRejected
    | e.PlanEdited
    | e.PlanUpdated
    | e.StepApproved
    | e.StepSkipped
    | e.QuestionAsked
    | e.QuestionAnswered
    | e.HunksProposed
    | e.HunkRevised
    | e.HunksWithdrawn
    | e.HunkAmended
    | e.HunksRejected
    | e.HunksApproved
    | e.LandingStarted
    | e.HunksLanded
    | e.LandingRefused
    | e.HunksMoved
    | e.HunkWentStale
    | e.HunkFitsAgain
    | e.HunksSwitched
    | e.FileSaved
    | e.FileRenamed
    | e.ReproposalAsked
    | e.SessionParked
    | e.SessionResumed
    | e.SessionFinished
    | e.SessionArchived
    | e.BugNoticed
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as the journal holds it: `seq` counts from 1, `at` is epoch seconds, `cause` the command's id."""

    session: str
    seq: int
    at: float
    cause: str
    event: Event


VERSIONS: dict[str, int] = {}
"""The current version of each event type whose shape ever changed; all others are at 1."""


def version_of(name: str) -> int:
    """The version in which events of that type are written today."""
    return VERSIONS.get(name, 1)


def upcast(name: str, version: int, body: dict[str, Any]) -> dict[str, Any]:
    """The body of an event written at `version`, in today's shape. Raises ValueError for a version of the future."""
    if version > version_of(name):
        raise ValueError(
            f"{name} version {version} was written by a newer Signoff; update Signoff to read this session"
        )
    return body
