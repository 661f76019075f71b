"""What a model gets to see of a workspace: pieces of text with where each comes from and why it is there.

Lines count from 1 and both ends belong to a fragment; what belongs to no file has an empty path and lines 0. Paths are
relative to the workspace. Everything here is data, whoever wrote it, and gives nobody any authority.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Source = Literal[
    "codebase",
    "recent changes",
    "buffers",
    "diagnostics",
    "error history",
    "performance data",
    "user preferences",
    "memory",
]
"""Where a fragment comes from."""
Ready = Literal["lexical", "full"]
"""What the codebase was searched with: names and words alone, or symbols and history as well."""

SOURCES: tuple[Source, ...] = get_args(Source)
BUDGET = 8_000
"""Tokens of a context, unless someone says otherwise."""
SMALLEST_BUDGET, LARGEST_BUDGET = 200, 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One piece of text. `score` orders the fragments of one source: the higher the better. `why` is a few words."""

    source: Source
    path: str
    start_line: int
    end_line: int
    tokens: int
    score: float
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Injected:
    """A fragment that a session was told, without its text."""

    source: Source
    path: str
    start_line: int
    end_line: int
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as a session last saw it: the digest of its text without the session's own applied hunks.

    `digest` is "" for a document that is not there. With an empty `uri` it is the commit that HEAD named.
    """

    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a session was told before turn `turn`, and what was left out for want of room."""

    turn: int
    fragments: tuple[Injected, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file of the workspace and how likely it is that the task needs it: the higher the score the better."""

    path: str
    score: float


@dataclass(frozen=True, slots=True)
class Query:
    """What the codebase is asked for: a goal in words, a budget in tokens, and what is known besides.

    `open` and `viewed` are paths, the most recent first; `failing` the places that diagnostics or failures name;
    `changed` the paths with uncommitted changes.
    """

    goal: str
    budget: int = BUDGET
    open: tuple[str, ...] = ()
    viewed: tuple[str, ...] = ()
    selected: Place | None = None
    failing: tuple[Place, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text of a file and what stands in its place: both `whole` ("" where there is none), or a part of each."""

    path: str
    old: str
    new: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The codebase's answer: files best first, fragments best first within the budget, and what did not fit."""

    files: tuple[RankedFile, ...]
    fragments: tuple[Fragment, ...]
    left_out: tuple[str, ...]
    ready: Ready


@dataclass(frozen=True, slots=True)
class ContextView:
    """What the model would be told: fragments in the order in which it reads them, files best first.

    `tokens` is the size of all fragments, at most `budget`; `left_out` names what did not fit. `ready` is what the
    codebase was searched with; None when it was not searched.
    """

    fragments: tuple[Fragment, ...]
    files: tuple[RankedFile, ...]
    left_out: tuple[str, ...]
    tokens: int
    budget: int
    ready: Ready | None = None


@dataclass(frozen=True, slots=True)
class ShowContext:
    """`signoff.showContext`: what a session with this goal, begun at the document `uri`, would be told first.

    `budget` is in tokens; the setting `contextTokens` when it is not given.
    """

    goal: str
    budget: int | None = None
    uri: str | None = None


def as_json(view: ContextView) -> dict[str, Any]:
    """The view in the words of the outer contract."""
    return asdict(view)
