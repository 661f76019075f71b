"""The workspace's text-like files with what a reader needs to know whether one changed: size, time, and git's digest.

Reads `.git/index` as data and walks the folders; no process is started, so an untrusted workspace is listed as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from signoff.world.git_index import Index, read_index
from signoff.world.gitdir import Place, place
from signoff.world.ignore import IGNORE_FILES, MOST_RULES, Rules, rules_from
from signoff.world.walk import Walk

LIMIT = 100_000
# Of ignore files that are too long so many are named.
_NAMED = 5


class Entry(NamedTuple):
    """One file: its path from the workspace, bytes, time, and the id of the blob that it is.

    `digest` is None for an untracked file and for one that may differ from what git knows. Line ends and filters can
    make a file differ from its blob: take the digest together with `size`.
    """

    path: str
    size: int
    mtime_ns: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries, by path. `cut`: there are more. `words`: what could not be read, for the log."""

    entries: tuple[Entry, ...]
    cut: bool = False
    words: tuple[str, ...] = ()


class Scan:
    """Iterates over the workspace's folders: each time the entries of one. Never raises for trouble of the disk.

    `large`: files that are too large to be looked into are listed as well.
    Once it has ended, `cut` and `words` are as in `Listing`.
    """

    def __init__(self, root: Path, trusted: bool = False, limit: int = LIMIT, large: bool = False) -> None:
        self._root, self._trusted, self._limit, self._large = root, trusted, limit, large
        self.cut = False
        self.words: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[list[Entry]]:
        try:
            handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            # It is told where it matters that the whole folder is gone: there is just nothing to list.
            return
        except (OSError, ValueError) as trouble:
            self.words = (f"{self._root} can't be listed: {getattr(trouble, 'strerror', trouble)}.",)
            return
        try:
            yield from self._folders(handle)
        finally:
            os.close(handle)

    def _folders(self, handle: int) -> Iterator[list[Entry]]:
        where = place(str(self._root), self._trusted)
        where = None if where is not None and where.bare else where
        index = read_index(where) if where is not None else Index({})
        base = where.prefix if where is not None else ""
        walk = Walk(handle, base, rules_above(where), index.entries, large=self._large)
        left, cut, digest = self._limit, len(base), index.digest
        for files in walk:
            known = [
                Entry(path[cut:], found.st_size, found.st_mtime_ns, digest(path, found)) for path, found in files[:left]
            ]
            if len(files) > left:
                self.cut = True
            left -= len(known)
            if known:
                yield known
            if self.cut:
                break
        self.cut = self.cut or walk.cut
        unread = f"Folders that can't be read, so that their files are not known: {walk.unread}."
        long = f"Only the first {MOST_RULES:,} bytes count of: {', '.join(path[cut:] for path in walk.long[:_NAMED])}."
        self.words = tuple(filter(None, (index.words, unread if walk.unread else "", long if walk.long else "")))


def listing(root: Path, trusted: bool = False, limit: int = LIMIT) -> Listing:
    """The files below `root`, at most `limit` of them. Only with trust is anything outside `root` read (git's own)."""
    scan = Scan(root, trusted, limit)
    entries = sorted(entry for folder in scan for entry in folder)
    return Listing(tuple(entries), scan.cut, scan.words)


def rules_above(where: Place | None) -> Rules:
    """What the repository says for this clone alone, and what its folders above the workspace say."""
    if where is None:
        return ()
    rules: Rules = ()
    for folder, prefix, names in _above(where):
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            rules = rules_from(handle, prefix, names, rules)
        finally:
            os.close(handle)
    return rules


def _above(where: Place) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Folders with rules: the real folder, where it stands in the repository, and the names of the files."""
    yield where.commondir, "", ("info/exclude",)
    folder, prefix = where.top, ""
    for part in where.prefix.split("/")[:-1]:
        yield folder, prefix, IGNORE_FILES
        folder, prefix = os.path.join(folder, part), f"{prefix}{part}/"
