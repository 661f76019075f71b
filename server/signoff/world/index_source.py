"""A workspace's files for its index: all of them, those of some paths that count, and their bytes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from signoff.world.git_index import read_index
from signoff.world.gitdir import place
from signoff.world.ignore import (
    IGNORE_FILES,
    LARGEST,
    Rules,
    ignored,
    printable,
    rules_from,
    wanted_file,
    wanted_folder,
)
from signoff.world.listing import Entry, Scan
from signoff.world.safe_open import open_beneath, opener, parts_of

LIMIT = 200_000
"""Files of a workspace; what is beyond them is not indexed."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Content(NamedTuple):
    """A file's bytes (at most `LARGEST` + 1), and what the system said of it when they were read."""

    data: bytes
    size: int
    mtime_ns: int


class DiskSource:
    """Never raises for trouble of the disk. Links are not followed, and nothing outside the folder is opened."""

    def __init__(self, root: Path, trusted: bool, limit: int = LIMIT) -> None:
        self.root, self.trusted, self._limit = root, trusted, limit
        self._open = opener()
        self._handle: int | None = None
        self.cut = False
        self.words: tuple[str, ...] = ()

    def scan(self) -> Iterator[list[Entry]]:
        """All files, a folder at a time; then `cut` says whether there are more, and `words` what could not be read."""
        # The folder itself may have been replaced since it was opened.
        self.close()
        scan = Scan(self.root, self.trusted, self._limit)
        yield from scan
        self.cut, self.words = scan.cut, scan.words

    def read(self, path: str) -> Content | None:
        """The file as it is now; None for what is no regular file, or not ours to read."""
        handle = self._root()
        if handle is None:
            return None
        try:
            parts_of(path)
            file = self._open(handle, path, os.O_RDONLY)
        except (OSError, ValueError):
            return None
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                return None
            return Content(_bytes(file, min(found.st_size, LARGEST) + 1), found.st_size, found.st_mtime_ns)
        except OSError:
            return None
        finally:
            os.close(file)

    def wanted(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths at which `scan` would find a file now."""
        handle = self._root()
        if handle is None:
            return []
        known: dict[str, tuple[Rules, bool]] = {}
        tracked: set[str] | None = None
        found: list[str] = []
        for path in paths:
            if not self._is_file(handle, path):
                continue
            rules, hidden = self._rules(handle, path.rpartition("/")[0], known)
            if hidden or ignored(path, rules):
                if tracked is None:
                    tracked = self._tracked()
                if path not in tracked:
                    continue
            found.append(path)
        return found

    def close(self) -> None:
        """Lets go of the folder."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _root(self) -> int | None:
        if self._handle is None:
            with contextlib.suppress(OSError, ValueError):
                self._handle = os.open(self.root, _FOLDER)
        return self._handle

    def _is_file(self, handle: int, path: str) -> bool:
        *folders, name = path.split("/")
        if not printable(path) or not wanted_file(name) or not all(map(wanted_folder, folders)):
            return False
        try:
            parts_of(path)
            file = self._open(handle, path, os.O_RDONLY)
        except (OSError, ValueError):
            return False
        try:
            found = os.fstat(file)
        finally:
            os.close(file)
        return stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST

    def _rules(self, root: int, folder: str, known: dict[str, tuple[Rules, bool]]) -> tuple[Rules, bool]:
        """The rules for files in the folder, and whether it is left out itself, or one above it."""
        if folder in known:
            return known[folder]
        if folder:
            above, hidden = self._rules(root, folder.rpartition("/")[0], known)
            hidden = hidden or ignored(folder, above, folder=True)
        else:
            above, hidden = rules_from(root, "", [".git/info/exclude"], ()), False
        try:
            handle = open_beneath(root, folder or ".", _FOLDER)
        except OSError:
            known[folder] = above, hidden
            return known[folder]
        try:
            known[folder] = rules_from(handle, folder + "/" if folder else "", IGNORE_FILES, above), hidden
        finally:
            os.close(handle)
        return known[folder]

    def _tracked(self) -> set[str]:
        where = place(str(self.root), self.trusted)
        if where is None:
            return set()
        cut = len(where.prefix)
        return {path[cut:] for path in read_index(where).entries if path.startswith(where.prefix)}


def _bytes(file: int, most: int) -> bytes:
    """The file's first bytes; a read may bring fewer than there are."""
    data = os.read(file, most)
    if len(data) in (0, most) or len(data) == most - 1:
        return data
    parts = [data]
    left = most - len(data)
    while left > 0 and (part := os.read(file, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
