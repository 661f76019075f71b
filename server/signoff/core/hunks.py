"""Proposed changes of files, hunk by hunk, and how one of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signoff.core.text import Edit

HunkKind = Literal["update", "create", "delete", "rename"]
HunkStatus = Literal["pending", "applying", "applied", "rejected", "stale", "withdrawn", "undone"]
LandingKind = Literal["apply", "undo"]
LandingStage = Literal["approved", "started", "unsure"]
Channel = Literal["buffer", "disk"]

OPEN: frozenset[HunkStatus] = frozenset({"pending", "applying", "stale"})
"""The statuses in which a hunk still waits for something."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One maximal run of changed lines, or one whole file created, deleted or renamed.

    `start` is in code points of the document whose digest the session has for `uri`. While the hunk is not applied,
    `before` stands there; once applied, `after` does. `rev` changes only when before or after change, not on movement.
    `context_before` / `context_after` are up to three lines around it, to find it again in a changed document.
    A rename holds the whole old and new text and `to_uri`. `note` says why it is stale, rejected or moot. `in_file`
    tells that `after` is in the document: of two that are `applying`, it is true for the one that is being undone.
    `tried` is the latest landing that an editor was asked for: its outcome may show late, and the editor's own undo and
    redo may take it back and bring it again.
    """

    id: str
    rev: int
    proposal: str
    uri: str
    kind: HunkKind
    start: int
    before: str
    after: str
    status: HunkStatus = "pending"
    context_before: str = ""
    context_after: str = ""
    to_uri: str | None = None
    note: str = ""
    in_file: bool = False
    tried: LandingKind | None = None

    @property
    def present(self) -> str:
        """The text that stands at `start` now."""
        landed = self.status == "applied" or (self.status == "applying" and self.in_file)
        return self.after if landed else self.before

    @property
    def edit(self) -> Edit:
        """The edit that applies the hunk."""
        return Edit(self.start, self.start + len(self.before), self.after)

    @property
    def inverse(self) -> Edit:
        """The edit that takes an applied hunk back."""
        return Edit(self.start, self.start + len(self.after), self.before)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one tool call proposed; `rationale` is the model's own words for it."""

    id: str
    call_id: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Landing:
    """Approved hunks of one document on their way into it: one edit, one undo step.

    `before_digest` and `after_digest` are of the whole document and are empty until the landing has started; after a
    restart they answer "did it land?". `unsure` means that it had started when the server was killed.
    """

    id: str
    uri: str
    hunks: tuple[str, ...]
    kind: LandingKind
    stage: LandingStage = "approved"
    channel: Channel = "buffer"
    before_digest: str = ""
    after_digest: str = ""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a tool call wants to become of one file, against the text that the model saw (None: no file)."""

    path: str
    kind: HunkKind
    before: str | None
    after: str | None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """A document as it stands now, without pending hunks: its text (None: no file) and its hunks' live positions."""

    uri: str
    text: str | None
    starts: tuple[tuple[str, int], ...] = ()
