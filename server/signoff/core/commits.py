"""A commit as far as it tells which files belong to which words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """`time` in seconds since the epoch; `paths` (POSIX, from the workspace, in git's order) are what it changed."""

    id: str
    time: int
    message: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The history behind `head`: the ids of all commits but merges, newest first, and what was asked for.

    `cut`: there are older ones, or some that could not be read. `words`: why, if that is odd.
    """

    head: str
    order: tuple[str, ...]
    commits: tuple[Commit, ...]
    cut: bool = False
    words: str = ""
