"""Names that were taken away and are still used: what a child process finds in the changes, and what the index adds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from signoff.context.index import Index

Gone = tuple[dict[str, list[str]], dict[str, list[str]]]
# A name that more files use means something else as well.
_USED = 30


def removed_job(parts: Sequence[tuple[str, str, str, bool]]) -> Gone:
    """By path the names that these changes take away, and by path which of them the texts that are whole use."""
    from signoff.context.removed import removed_names, used_names

    gone = removed_names((path, old, new) for path, old, new, _ in parts)
    names = {name for several in gone.values() for name in several}
    used = {path: list(used_names(path, new, names)) for path, _, new, whole in parts if whole}
    return {path: list(several) for path, several in gone.items()}, used


def still_used(index: Index, found: Gone) -> dict[str, dict[str, list[str]]]:
    """By path and name, the files that use it; see `users_of`."""
    gone, used = found
    users = users_of(index, (name for several in gone.values() for name in several), used)
    told = {path: {name: users[name] for name in several if name in users} for path, several in gone.items()}
    return {path: several for path, several in told.items() if several}


def users_of(index: Index, names: Iterable[str], known: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Which files use each of these names that nothing defines any more.

    Absent are names that nobody uses, and those that so many use that they mean something else as well.
    `known`: files that define none of the names, with those that they use; the index may not have heard it yet.
    """
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if set(index.defines(name, len(known) + 1)) - known.keys():
            continue
        users = set(index.references(name)) - known.keys() | {one for one in known if name in known[one]}
        if 0 < len(users) <= _USED:
            found[name] = sorted(users)
    return found
