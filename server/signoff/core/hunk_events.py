"""What can happen to proposed changes: proposed, revised, decided, landed in a document, moved with its text.

Part of `events.py`, in a file of its own for its length.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.hunks import Channel, Hunk, LandingKind, Proposal


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
    """These hunks are pointless: a later patch made them so (`reason` is empty), or the `reason` says why."""

    hunks: tuple[str, ...]
    reason: str = ""


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
class HunkFitsAgain:
    """The text under a stale hunk is again the one that it was made for."""

    hunk: str


@dataclass(frozen=True, slots=True)
class HunksSwitched:
    """Without a landing, the document has these hunks' edits now (`in_file`), or has them no more: the editor's own
    undo and redo, a buffer that was thrown away, an edit that shows late."""

    uri: str
    hunks: tuple[str, ...]
    in_file: bool
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FileSaved:
    """The file on disk is as the document is: the editor saved it, or closed it."""

    uri: str


@dataclass(frozen=True, slots=True)
class FileRenamed:
    """The user gave a file with hunks another name."""

    uri: str
    to: str


@dataclass(frozen=True, slots=True)
class ReproposalAsked:
    """The user wants a stale hunk made again for the text as it is now."""

    hunk: str


HunkEvent = (
    HunksProposed
    | HunkRevised
    | HunksWithdrawn
    | HunkAmended
    | HunksRejected
    | HunksApproved
    | LandingStarted
    | HunksLanded
    | LandingRefused
    | HunksMoved
    | HunkWentStale
    | HunkFitsAgain
    | HunksSwitched
    | FileSaved
    | FileRenamed
    | ReproposalAsked
)
