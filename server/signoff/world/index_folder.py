"""The folder in which a workspace's index is kept, held by one process at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path

from signoff.world import session_lock
from signoff.world.folders import private_folder

# Indexes of workspaces that nobody opened for so long are removed; and of more than so many, the oldest.
_UNUSED_S = 45 * 24 * 3600
_MOST = 30
_LOCK = "lock"


class IndexFolder:
    """A folder of our own. `path` is None when it can't be had: another process holds it, or nothing can be written."""

    def __init__(self, cache: Path, root: Path) -> None:
        self.path: Path | None = None
        self._lock: int | None = None
        name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:24]
        try:
            folder = private_folder(cache)
            self._home = folder / name
            self._home.mkdir(mode=0o700, exist_ok=True)
            self._lock = session_lock.take(self._home / _LOCK)
            if self._lock is not None:
                os.utime(self._home)
                self.path = self._home / "tables"
                self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            self.close()

    def wipe(self) -> None:
        """Throws away what is in the folder; afterwards it is empty, or not ours any more."""
        if self.path is None:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            if any(self.path.iterdir()):
                raise OSError("what is in it can't be removed")
        except OSError:
            self.close()

    def close(self) -> None:
        """Lets another process have it."""
        self.path = None
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def remove_old(cache: Path) -> None:
    """Removes the indexes of workspaces that were not opened for long. Never raises."""
    with contextlib.suppress(OSError):
        homes = sorted(((home.stat().st_mtime, home) for home in cache.iterdir()), reverse=True)
        for place, (used, home) in enumerate(homes):
            if place >= _MOST or time.time() - used > _UNUSED_S:
                _remove(home)


def _remove(home: Path) -> None:
    with contextlib.suppress(OSError):
        lock = session_lock.take(home / _LOCK)
        if lock is not None:
            shutil.rmtree(home, ignore_errors=True)
            os.close(lock)
