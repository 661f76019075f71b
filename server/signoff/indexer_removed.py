"""Names that were taken away and are still used: what a child process finds in the changes, and what the index adds."""

from __future__ import annotations

from collections.abc import Sequence

from signoff.context.graph import Graph
from signoff.context.index import Index

Gone = tuple[dict[str, list[str]], dict[str, list[str]]]


def removed_job(parts: Sequence[tuple[str, str, str, bool]]) -> Gone:
    """By path the names that these changes take away, and by path which of them the texts that are whole use."""
    from signoff.context.removed import removed_names, used_names

    gone = removed_names((path, old, new) for path, old, new, _ in parts)
    names = {name for several in gone.values() for name in several}
    used = {path: list(used_names(path, new, names)) for path, _, new, whole in parts if whole}
    return {path: list(several) for path, several in gone.items()}, used


def still_used(index: Index, found: Gone) -> dict[str, dict[str, list[str]]]:
    """By path and name, the files that use it; see `Graph.still_used`."""
    gone, used = found
    users = Graph(index).still_used([name for several in gone.values() for name in several], used)
    told = {path: {name: users[name] for name in several if name in users} for path, several in gone.items()}
    return {path: several for path, several in told.items() if several}
