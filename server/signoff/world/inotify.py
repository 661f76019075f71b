"""The kernel's own notices of changes in folders (Linux).

watchdog has them too, but watches folders that are ignored, and tells nobody when notices were lost.
"""

from __future__ import annotations

import functools
import os
import struct
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

MODIFY, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF = 0x400, 0x800
OVERFLOW, IGNORED, FOLDER = 0x4000, 0x8000, 0x40000000
GONE = MOVED_FROM | DELETE
CAME = MOVED_TO | CREATE
# Only folders, and no links to them.
_MASK = MODIFY | GONE | CAME | DELETE_SELF | MOVE_SELF | 0x01000000 | 0x02000000
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC if hasattr(os, "O_NONBLOCK") else 0
_HEAD = struct.Struct("iIII")
_ROOM = 256 * 1024
_LIMIT = "/proc/sys/fs/inotify/max_user_watches"


class Inotify:
    """One queue of notices. OSError where the system gives none."""

    def __init__(self) -> None:
        self._libc = _libc()
        self.handle = self._checked(self._libc.inotify_init1(_FLAGS), "inotify")

    def add(self, path: str) -> int:
        """Watches a folder, not those in it; the number by which notices name it. OSError: ENOSPC for one too many."""
        return self._checked(self._libc.inotify_add_watch(self.handle, os.fsencode(path), _MASK), path)

    def remove(self, watch: int) -> None:
        """Stops watching; notices that wait already still come."""
        self._libc.inotify_rm_watch(self.handle, watch)

    def read(self) -> Iterator[tuple[int, int, str]]:
        """What waits now: the number of the folder (-1: of the queue itself), what happened, and the name in it."""
        try:
            data = os.read(self.handle, _ROOM)
        except BlockingIOError:
            return
        at = 0
        while at + _HEAD.size <= len(data):
            watch, mask, _, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            yield watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length

    def close(self) -> None:
        """Ends all watching."""
        os.close(self.handle)

    def _checked(self, result: int, path: str) -> int:
        if result < 0:
            import ctypes

            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        return result


@functools.cache
def _libc() -> ctypes.CDLL:
    # ctypes costs some milliseconds: imported when the first folder is watched.
    import ctypes

    if not sys.platform.startswith("linux"):
        raise OSError("no inotify on this system")
    return ctypes.CDLL(None, use_errno=True)


def most_watches() -> int:
    """How many folders one user may watch, in all programs together."""
    try:
        with open(_LIMIT, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 8192
