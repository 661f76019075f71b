"""Which folders of a workspace the kernel watches (Linux): those that a listing goes through, and git's own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from signoff.core.watched import Changes as Changes
from signoff.world.git_index import Index, read_index
from signoff.world.gitdir import Place, place
from signoff.world.ignore import IGNORE_FILES, ignored, wanted_file, wanted_folder
from signoff.world.inotify import CAME, DELETE_SELF, FOLDER, GONE, IGNORED, MOVE_SELF, OVERFLOW, Inotify
from signoff.world.listing import rules_above
from signoff.world.moments import Moment
from signoff.world.walk import Folder, Walk

# What happened so shortly before the start is told as well: nobody else may have seen it.
_BEFORE_S = 3.0
_MOST_BRANCH_FOLDERS = 500
_LOCK = "index.lock"
_GIT_FILES = frozenset({"HEAD", "index", "packed-refs"})


class TooMany(OSError):
    """More folders than this watcher may watch."""


class Tree:
    """The watched folders below `root`, and what a notice about one of them means. For one thread."""

    def __init__(self, inotify: Inotify, root: str, trusted: bool, most: int) -> None:
        self._inotify, self._root, self._trusted, self._most = inotify, root, trusted, most
        self._folders: dict[int, Folder] = {}
        self._git: dict[int, str] = {}
        self._place: Place | None = None
        self._index = Index({})
        self._base = ""
        self.outdated = False
        """Whether other folders are wanted now, so that it has to begin anew."""

    def begin(self, moment: Moment) -> None:
        """Watches everything anew. OSError where that can't be, `TooMany` where it would be too much."""
        before = {*self._folders, *self._git}
        self._folders, self._git = {}, {}
        self.outdated = False
        self._place = place(self._root, self._trusted)
        if self._place is not None and not self._place.bare:
            self._base = self._place.prefix
            self.know_tracked()
            self._watch_git(self._place)
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            walk = Walk(handle, self._base, rules_above(self._place), self._index.entries, enter=self._watch)
            self._note_recent(walk, moment)
        finally:
            os.close(handle)
        # A folder that is watched again keeps its number.
        for watch in before - self._folders.keys() - self._git.keys():
            self._inotify.remove(watch)

    def know_tracked(self) -> None:
        """Looks which files are tracked: for those the rules of .gitignore do not count."""
        if self._place is not None:
            self._index = read_index(self._place)

    def hear(self, moment: Moment) -> bool:
        """Takes the notices that wait; whether the workspace is still there."""
        now = time.monotonic()
        for watch, mask, name in self._inotify.read():
            if mask & OVERFLOW:
                moment.note_loss(now)
                self.begin(moment)
                return True
            if watch in self._git:
                self._hear_git(self._git[watch], mask, name, moment)
            elif watch in self._folders and not self._hear_folder(watch, mask, name, moment):
                return False
        return True

    # The workspace's own folders.

    def _hear_folder(self, watch: int, mask: int, name: str, moment: Moment) -> bool:
        folder, now = self._folders[watch], time.monotonic()
        if not name:
            if mask & IGNORED:
                del self._folders[watch]
            return folder.above is not None or not mask & (IGNORED | DELETE_SELF | MOVE_SELF)
        path = folder.path + name
        if mask & FOLDER:
            if not self._wanted_folder(folder, name):
                return True
            if mask & GONE:
                self._forget(path + "/")
            moment.note(now, path[len(self._base) :], made=bool(mask & CAME))
            if mask & CAME:
                self._add(folder, name, moment)
        elif self._wanted_file(folder, name):
            moment.note(now, path[len(self._base) :], made=bool(mask & CAME))
            if name in IGNORE_FILES:
                self.outdated = True
        return True

    def _wanted_file(self, folder: Folder, name: str) -> bool:
        path = folder.path + name
        if not wanted_file(name):
            return False
        if path in self._index.entries:
            return not ignored(path, folder.own)
        return not folder.hides() and not ignored(path, folder.rules)

    def _wanted_folder(self, folder: Folder, name: str) -> bool:
        if not wanted_folder(name):
            return False
        return not folder.hides() and not ignored(folder.path + name, folder.rules, folder=True)

    def _add(self, above: Folder, name: str, moment: Moment) -> None:
        """Watches a folder that came, and notes the files in it: they may have come before anybody looked."""
        full = os.path.join(self._root, above.path[len(self._base) :], name)
        try:
            handle = os.open(full, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if os.path.lexists(os.path.join(full, ".git")):
                return
            base = f"{above.path}{name}/"
            walk = Walk(handle, base, above.rules, self._index.entries, enter=lambda inner: self._watch(inner, above))
            for files in walk:
                for path, _ in files:
                    moment.note(time.monotonic(), path[len(self._base) :], made=True)
        finally:
            os.close(handle)

    def _watch(self, folder: Folder, above: Folder | None = None) -> None:
        if len(self._folders) >= self._most:
            raise TooMany
        if folder.above is None and above is not None:
            folder.above, folder.own = above, above.own
        try:
            watch = self._inotify.add(os.path.join(self._root, folder.path[len(self._base) :]))
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            # Gone meanwhile, or not ours to read: then nothing in it is known either.
            return
        self._folders[watch] = folder

    def _forget(self, prefix: str) -> None:
        """Stops watching a folder that was moved away, which takes its watches with it."""
        for watch in [watch for watch, folder in self._folders.items() if folder.path.startswith(prefix)]:
            del self._folders[watch]
            self._inotify.remove(watch)

    def _note_recent(self, walk: Walk, moment: Moment) -> None:
        since = time.time_ns() - int(_BEFORE_S * 1e9)
        for files in walk:
            for path, found in files:
                if found.st_mtime_ns > since:
                    moment.note(time.monotonic(), path[len(self._base) :])

    # git's own files.

    def _watch_git(self, where: Place) -> None:
        for folder in dict.fromkeys((where.gitdir, where.commondir)):
            self._git[self._inotify.add(folder)] = ""
        for folder in _branches(os.path.join(where.commondir, "refs", "heads")):
            self._git[self._inotify.add(folder)] = "refs"

    def _hear_git(self, kind: str, mask: int, name: str, moment: Moment) -> None:
        now = time.monotonic()
        if name == _LOCK and not kind:
            if mask & (CAME | GONE):
                moment.lock(now, bool(mask & CAME))
        elif kind and mask & FOLDER and mask & CAME and self._place is not None:
            for folder in _branches(os.path.join(self._place.commondir, "refs", "heads")):
                self._git[self._inotify.add(folder)] = "refs"
        if (name in _GIT_FILES and not kind) or (kind and not name.endswith(".lock")):
            moment.note_git(now)


def _branches(heads: str) -> Iterator[str]:
    """The folder of branches, and those in it; a branch "a/b" lies in a folder "a"."""
    for number, (folder, _, _) in enumerate(os.walk(heads)):
        if number >= _MOST_BRANCH_FOLDERS:
            return
        yield folder
