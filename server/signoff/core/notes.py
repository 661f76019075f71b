"""What is kept of a workspace from session to session: failures and what mended them, timings, earlier sessions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureNote:
    """Something that failed, `count` times up to `at` (epoch seconds).

    `signature` is the same for the same failure whatever the numbers, paths and times in its `text`. `where` is the
    command or test that failed, `fixed` what was changed before it passed again; "" while that is not known.
    """

    signature: str
    where: str
    text: str
    at: float
    count: int = 1
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class TimingNote:
    """How long a command or test took: the latest runs in seconds, oldest first."""

    name: str
    seconds: tuple[float, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """A finished session: what it was for and what came of it. `files` are the paths that it changed."""

    session: str
    at: float
    goal: str
    summary: str = ""
    plan: str = ""
    files: tuple[str, ...] = ()
