"""Goes through a workspace's folders and finds its text-like files: ignore rules applied, links never followed.

Each folder is opened in the one above it, so that nothing outside can be reached whatever is renamed meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from operator import attrgetter

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

# Each level of folders holds a handle, of which a process has some 1,000.
DEEPEST = 128
MOST_FOLDERS = 200_000
OWN = IGNORE_FILES[1]
_NAME = attrgetter("name")
_RULES = frozenset(IGNORE_FILES)
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

File = tuple[str, os.stat_result]


def listed(root: int, limit: int) -> list[str]:
    """Sorted paths below the open folder `root`; when there are more than `limit`, some `limit` of them.

    The nearest ignore file decides, the last matching pattern in it, as git does; .signoffignore comes after
    .gitignore. Names that are not UTF-8 are left out: no protocol message can hold them.
    """
    found: list[str] = []
    for files in Walk(root, rules=rules_from(root, "", [".git/info/exclude"], ()), nested=True):
        found += [path for path, _ in files]
        if len(found) >= limit:
            break
    return sorted(found[:limit])


class Folder:
    """A folder on the way down. `ignored` is None where nobody had to know yet: tracked files stay in any case."""

    __slots__ = ("above", "handle", "ignored", "inner", "own", "path", "rules")

    def __init__(self, path: str, handle: int, above: Folder | None, rules: Rules, own: Rules) -> None:
        self.path, self.handle, self.above = path, handle, above
        self.rules, self.own = rules, own
        self.ignored: bool | None = None
        self.inner: list[tuple[str, bool]] = []

    def hides(self) -> bool:
        """Whether untracked files in it are ignored, by a rule for the folder itself or for one above."""
        if self.ignored is None:
            above = self.above
            self.ignored = above is not None and (above.hides() or ignored(self.path[:-1], above.rules, folder=True))
        return self.ignored


class Walk:
    """Iterates over the folders, parents first and by name: each time the files of one, with what the system says.

    Paths begin with `base`, which is where `root` stands in its repository. `tracked` are git's files by path: only
    .signoffignore has a say in those. `nested`: whether to go into other repositories; `large`: whether files over
    `LARGEST` count. `enter` is called with each folder before it is read. Afterwards `unread` counts the folders that
    could not be read, `cut` says whether there were too many, and `long` names the ignore files that were not read to
    their end.
    """

    def __init__(
        self,
        root: int,
        base: str = "",
        rules: Rules = (),
        tracked: Mapping[str, object] | None = None,
        nested: bool = False,
        large: bool = False,
        enter: Callable[[Folder], None] = lambda folder: None,
    ) -> None:
        self._root, self._base, self._rules = root, base, rules
        self._nested, self._large, self._enter = nested, large, enter
        self._tracked: Mapping[str, object] = tracked or {}
        self._holding = _folders_of(self._tracked)
        self._files: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}
        self.unread = 0
        self.cut = False
        self.long: list[str] = []

    def __iter__(self) -> Iterator[list[File]]:
        handle = self._open(".", self._root)
        if handle is None:
            return
        way = [Folder(self._base, handle, None, self._rules, ())]
        seen = 0
        try:
            yield self._look(way[0])
            while way:
                folder = way[-1]
                if not folder.inner:
                    os.close(way.pop().handle)
                    continue
                name, decided = folder.inner.pop()
                seen += 1
                if seen > MOST_FOLDERS or len(way) >= DEEPEST:
                    self.cut = True
                    continue
                if (handle := self._open(name, folder.handle)) is None:
                    continue
                inner = Folder(f"{folder.path}{name}/", handle, folder, folder.rules, folder.own)
                inner.ignored = False if decided else None
                way.append(inner)
                yield self._look(inner)
        finally:
            for folder in way:
                os.close(folder.handle)

    def _open(self, name: str, above: int) -> int | None:
        try:
            return os.open(name, _OPEN, dir_fd=above)
        except FileNotFoundError:
            return None
        except OSError:
            self.unread += 1
            return None

    def _look(self, folder: Folder) -> list[File]:
        """The folder's files; notes the folders in it that are to be walked."""
        self._enter(folder)
        try:
            with os.scandir(folder.handle) as entries:
                here = sorted(islice(entries, MOST_FOLDERS), key=_NAME)
        except OSError:
            self.unread += 1
            return []
        self.cut = self.cut or len(here) == MOST_FOLDERS
        names = [entry.name for entry in here]
        if not self._nested and folder.above is not None and ".git" in names:
            return []
        if not _RULES.isdisjoint(names):
            self._read_rules(folder, names)
        files: list[File] = []
        for entry in here:
            name = entry.name
            path = folder.path + name
            try:
                if entry.is_dir(follow_symlinks=False):
                    self._note(folder, name, path)
                elif self._wanted(folder, name, path) and entry.is_file(follow_symlinks=False):
                    found = entry.stat(follow_symlinks=False)
                    if self._large or found.st_size <= LARGEST:
                        files.append((path, found))
            except OSError:
                # Gone meanwhile.
                continue
        folder.inner.reverse()
        return files

    def _read_rules(self, folder: Folder, names: list[str]) -> None:
        present = [name for name in IGNORE_FILES if name in names]
        folder.rules = rules_from(folder.handle, folder.path, present, folder.rules, self.long.append)
        if OWN in present:
            folder.own = rules_from(folder.handle, folder.path, [OWN], folder.own)

    def _note(self, folder: Folder, name: str, path: str) -> None:
        """Notes the folder when it is to be walked."""
        wanted = self._folders.get(name)
        if wanted is None:
            wanted = self._folders[name] = wanted_folder(name)
        if not wanted or not (path.isascii() or printable(path)):
            return
        if path in self._holding:
            if not (folder.own and ignored(path, folder.own, folder=True)):
                folder.inner.append((name, False))
        elif not folder.hides() and not ignored(path, folder.rules, folder=True):
            folder.inner.append((name, True))

    def _wanted(self, folder: Folder, name: str, path: str) -> bool:
        """Whether the file's names and the rules let it in."""
        wanted = self._files.get(name)
        if wanted is None:
            wanted = self._files[name] = wanted_file(name)
        if not wanted or not (path.isascii() or printable(path)):
            return False
        if path in self._tracked:
            return not folder.own or not ignored(path, folder.own)
        return not folder.hides() and not ignored(path, folder.rules)


def _folders_of(paths: Mapping[str, object]) -> set[str]:
    """All folders that the files lie in."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
