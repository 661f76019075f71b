"""How files hang together: what imports what, who uses what others define. Asked of an index, nothing is kept.

A name counts only where it is rare: `run` or `get` connects everything with everything.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping

from signoff.context.imports import meant, names_of
from signoff.context.index import Index

# A name is rare when at most so many files define it, and so many use it.
_DEFINED, _USED = 2, 30
_SHORTEST = 4
# Of a file with more names the first ones.
_MOST_NAMES = 200
_MOST_IMPORTERS = 100
_NONE: Mapping[str, Collection[str]] = {}


class Graph:
    """Answers for the files as they are now; empty for those that were not parsed yet. May be used in any thread."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._meant = functools.lru_cache(4_000)(self._files_meant)

    def imports(self, path: str) -> list[str]:
        """The files of the workspace that the file imports, in the order of its imports."""
        return list(self._imports(path))

    def imported_by(self, path: str) -> list[str]:
        """Files that import the file."""
        candidates: dict[str, None] = {}
        for name in names_of(path):
            candidates.update(dict.fromkeys(self._index.imports(name, _MOST_IMPORTERS)))
        return [other for other in list(candidates)[:_MOST_IMPORTERS] if path in self._imports(other)]

    def uses(self, path: str) -> dict[str, list[str]]:
        """The rare names that the file uses and others define, with the files that define them."""
        found: dict[str, list[str]] = {}
        for name in self._rare(self._index.outline(path).references):
            if others := [other for other in self._index.defines(name, _DEFINED) if other != path]:
                found[name] = others
        return found

    def used_by(self, path: str) -> dict[str, list[str]]:
        """The rare names that the file defines and others use, with the files that use them."""
        found: dict[str, list[str]] = {}
        for name in self._rare(symbol.name for symbol in self._index.outline(path).symbols):
            if others := [other for other in self._index.references(name, _USED) if other != path]:
                found[name] = others
        return found

    def still_used(self, names: Iterable[str], known: Mapping[str, Collection[str]] = _NONE) -> dict[str, list[str]]:
        """Which files use each of these names that nothing defines any more.

        Absent are names that nobody uses, and those that so many use that they mean something else as well.
        `known`: files that define none of the names, with those that they use; the index may not have heard it yet.
        """
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            if set(self._index.defines(name, len(known) + 1)) - known.keys():
                continue
            users = set(self._index.references(name)) - known.keys() | {one for one in known if name in known[one]}
            if 0 < len(users) <= _USED:
                found[name] = sorted(users)
        return found

    def _imports(self, path: str) -> tuple[str, ...]:
        outline = self._index.outline(path)
        return self._meant(path, outline.imports, self._index.shown.version)

    def _files_meant(self, path: str, written: tuple[str, ...], version: int) -> tuple[str, ...]:
        """The files that the imports mean. `version`: that of the set of all paths, for which the answer holds."""
        return tuple(dict.fromkeys(one for each in written for one in meant(path, each, self._index)))

    def _rare(self, names: Iterable[str]) -> list[str]:
        several = [name for name in dict.fromkeys(names) if len(name) >= _SHORTEST][:_MOST_NAMES]
        index = self._index
        defined = (name for name in several if 0 < index.how_many("defines", name) <= _DEFINED)
        return [name for name in defined if 0 < index.how_many("references", name) <= _USED]
