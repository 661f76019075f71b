"""Reports of the tasks that carry out a session's effects, and of what follows documents: part of its commands.

Times, and whatever was read from the outside, are inside them; `decide` reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.core.fragments import Injected, Seen
from signoff.core.hunks import Base, Channel, FileChange
from signoff.core.model import ModelFailure, ModelReply
from signoff.core.state import Input


@dataclass(frozen=True, slots=True)
class Park:
    """The server has just started and found the session in the middle of something."""


@dataclass(frozen=True, slots=True)
class RecordContext:
    """Context was gathered for turn `turn`; the rest is as in the event."""

    turn: int
    text: str
    sources: tuple[str, ...] = ()
    head: str = ""
    fragments: tuple[Injected, ...] = ()
    left_out: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordReply:
    """The model replied to a request that held the inbox `told`. `at` is epoch seconds."""

    turn: int
    attempt: int
    told: tuple[Input, ...]
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
class MoveHunks:
    """Where the hunks stand in the text with `digest`."""

    uri: str
    digest: str
    starts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AdoptTyping:
    """The user typed inside a pending hunk of revision `rev`: it now replaces `before` by `after`."""

    hunk: str
    rev: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MarkStale:
    """The text under a hunk changed so that it can't be applied."""

    hunk: str
    reason: str


@dataclass(frozen=True, slots=True)
class MarkFitting:
    """The text under a stale hunk is what it was."""

    hunk: str


@dataclass(frozen=True, slots=True)
class NoteSwitched:
    """The text shows that hunks are in the document, or not any more; `starts` as in FinishLanding.

    `revs`, one for each hunk, are those that the text shows; a hunk that was revised since is another text. Without
    them, any.
    """

    uri: str
    hunks: tuple[str, ...]
    in_file: bool
    digest: str
    starts: tuple[tuple[str, int], ...]
    revs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteSaved:
    """The file on disk is as the document is."""

    uri: str


@dataclass(frozen=True, slots=True)
class NoteRenamed:
    """The file `uri` is called `to` now."""

    uri: str
    to: str


@dataclass(frozen=True, slots=True)
class NoteBug:
    """An exception of our own was caught."""

    where: str
    message: str


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
    | MoveHunks
    | AdoptTyping
    | MarkStale
    | MarkFitting
    | NoteSwitched
    | NoteSaved
    | NoteRenamed
    | NoteBug
)
