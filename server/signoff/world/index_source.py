"""A workspace's files for its index: all of them, those of some paths that count, and their bytes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from signoff.world.git_index import read_index
from signoff.world.gitdir import place
from signoff.world.gitignore import Patterns
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
    """A file's bytes (none of one over `LARGEST`), and what the system said of it when they were read."""

    data: bytes
    size: int
    mtime_ns: int


class DiskSource:
    """Never raises for trouble of the disk. Links are not followed, and nothing outside the folder is opened."""

    def __init__(self, root: Path, trusted: bool, limit: int = LIMIT) -> None:
        self.root, self.trusted, self._limit = root, trusted, limit
        self._open = opener()
        self._handle: int | None = None
        self._before: int | None = None
        self.cut = False
        self.words: tuple[str, ...] = ()

    def scan(self) -> Iterator[list[Entry]]:
        """All files, a folder at a time; then `cut` says whether there are more, and `words` what could not be read."""
        self._renew()
        scan = Scan(self.root, self.trusted, self._limit, large=True)
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
            data = _bytes(file, found.st_size + 1) if found.st_size <= LARGEST else b""
            return Content(data, found.st_size, found.st_mtime_ns)
        except OSError:
            return None
        finally:
            os.close(file)

    def stats(self, paths: Iterable[str]) -> dict[str, tuple[int, int] | None]:
        """Size and time (mtime_ns) of each path's file now; None where there is none. Nothing is opened."""
        handle = self._root()
        found: dict[str, tuple[int, int] | None] = {}
        for path in paths:
            try:
                now = os.stat(path, dir_fd=handle, follow_symlinks=False)
            except (OSError, ValueError):
                found[path] = None
                continue
            found[path] = (now.st_size, now.st_mtime_ns) if stat.S_ISREG(now.st_mode) else None
        return found

    def allowed(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths at which a file would be found if there was one: not secret, and not ignored."""
        handle = self._root()
        if handle is None:
            return []
        known: dict[str, tuple[Rules, Rules]] = {}
        named = [path for path in paths if _allowed_name(path)]
        hidden = {path: self._hidden(handle, path, known) for path in named}
        tracked = self._tracked() if 1 in hidden.values() else set[str]()
        return [path for path in named if hidden[path] == 0 or (hidden[path] == 1 and path in tracked)]

    def wanted(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths at which `scan` would find a file now."""
        handle = self._root()
        return [path for path in self.allowed(paths) if handle is not None and self._is_file(handle, path)]

    def close(self) -> None:
        """Lets go of the folder; nobody may be reading any more."""
        for handle in (self._handle, self._before):
            if handle is not None:
                os.close(handle)
        self._handle = self._before = None

    def _renew(self) -> None:
        """Opens the folder again: it may have been replaced. Who reads in the old one just now can end that."""
        before, self._before, self._handle = self._before, self._handle, None
        if before is not None:
            os.close(before)

    def _root(self) -> int | None:
        if self._handle is None:
            with contextlib.suppress(OSError, ValueError):
                self._handle = os.open(self.root, _FOLDER)
        return self._handle

    def _is_file(self, handle: int, path: str) -> bool:
        try:
            file = self._open(handle, path, os.O_RDONLY)
        except (OSError, ValueError):
            return False
        try:
            found = os.fstat(file)
        finally:
            os.close(file)
        return stat.S_ISREG(found.st_mode)

    def _hidden(self, root: int, path: str, known: dict[str, tuple[Rules, Rules]]) -> int:
        """0: no rule leaves the path out. 1: git's rules do, which say nothing of tracked files. 2: ours do."""
        parts = path.split("/")
        hidden = 0
        for at in range(1, len(parts) + 1):
            ours, rules = self._rules(root, "/".join(parts[: at - 1]), known)
            one = "/".join(parts[:at])
            if ignored(one, ours, at < len(parts)):
                return 2
            hidden = hidden or int(ignored(one, rules, at < len(parts)))
        return hidden

    def _rules(self, root: int, folder: str, known: dict[str, tuple[Rules, Rules]]) -> tuple[Rules, Rules]:
        """For what lies in the folder: the rules of .signoffignore files, and those of all ignore files.

        Nothing in another repository counts.
        """
        if folder in known:
            return known[folder]
        if folder:
            ours, rules = self._rules(root, folder.rpartition("/")[0], known)
        else:
            ours, rules = (), rules_from(root, "", [".git/info/exclude"], ())
        prefix = folder + "/" if folder else ""
        try:
            handle = open_beneath(root, folder or ".", _FOLDER)
        except OSError:
            known[folder] = ours, rules
            return known[folder]
        try:
            own = rules_from(handle, prefix, IGNORE_FILES[1:], ours)
            known[folder] = own, rules_from(handle, prefix, IGNORE_FILES, rules)
            if folder and _has(handle, ".git"):
                known[folder] = (("", Patterns(["*"])),), ()
        finally:
            os.close(handle)
        return known[folder]

    def _tracked(self) -> set[str]:
        where = place(str(self.root), self.trusted)
        if where is None:
            return set()
        cut = len(where.prefix)
        return {path[cut:] for path in read_index(where).entries if path.startswith(where.prefix)}


def _has(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _allowed_name(path: str) -> bool:
    *folders, name = path.split("/")
    try:
        parts_of(path)
    except OSError:
        return False
    return printable(path) and wanted_file(name) and all(map(wanted_folder, folders))


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
