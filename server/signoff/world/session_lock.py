"""Locks between processes: a file that the kernel unlocks when its holder ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, wait: bool) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int, wait: bool) -> None:
        # flock and not lockf: two stores in one process must exclude each other too.
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def take(path: Path, wait: bool = False) -> int | None:
    """The open lock, or None while another holds it (never None with `wait`). Close the handle to unlock.

    OSError when the file cannot be made, or its file system knows no locks.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(handle, wait)
        except OSError as trouble:
            os.close(handle)
            if trouble.errno in _HELD and not wait:
                return None
            raise
        if _still_at(path, handle):
            return handle
        # The holder before us removed the file: a lock on a nameless file excludes nobody.
        os.close(handle)


@contextmanager
def held(path: Path) -> Generator[None, None, None]:
    """Waits for the lock, and holds it inside the block."""
    handle = take(path, wait=True)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _still_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False
