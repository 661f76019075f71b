"""Replaces a file in an open folder as one step that a crash cannot halve: temporary file, fsync, rename, fsync."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Generator

from signoff.world.ignore import TEMPORARY
from signoff.world.safe_open import open_beneath

# Where hard links are unknown, a new file is renamed into place instead.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}

Check = Callable[[], None]


def replace(folder: int, name: str, data: bytes, old: os.stat_result | None, check: Check) -> None:
    """Puts `data` at `name` in the open folder, with the mode and owner of `old`; None makes a new file.

    `check` is called right before the new file takes its place, and stops it by raising. After any exception the old
    file stands as it was and nothing is left behind. A new file never replaces one that appeared meanwhile
    (FileExistsError).
    """
    temporary = TEMPORARY + secrets.token_hex(8)
    handle = _create(folder, temporary, 0o666 if old is None else 0o600)
    try:
        try:
            _fill(handle, data, old)
        finally:
            os.close(handle)
        check()
        if old is None:
            _place_new(folder, temporary, name)
        else:
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    sync(folder)


def sync(folder: int) -> None:
    """Makes the folder's names durable, where the file system can."""
    with contextlib.suppress(OSError):
        os.fsync(folder)


def make_folders(root: int, path: str) -> list[str]:
    """Makes the missing folders of the relative path ("a/b"); those that were made, outermost first."""
    made: list[str] = []
    parts = path.split("/")
    try:
        for depth in range(1, len(parts) + 1):
            outer = open_beneath(root, "/".join(parts[: depth - 1]) or ".", os.O_RDONLY | os.O_DIRECTORY)
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(parts[depth - 1], dir_fd=outer)
                    made.append("/".join(parts[:depth]))
                    sync(outer)
            finally:
                os.close(outer)
    except OSError:
        remove_folders(root, made)
        raise
    return made


def remove_folders(root: int, made: list[str]) -> None:
    """Takes folders away again, as far as they are still empty."""
    for path in reversed(made):
        outer, _, name = path.rpartition("/")
        with contextlib.suppress(OSError), opened_folder(root, outer) as handle:
            os.rmdir(name, dir_fd=handle)


@contextlib.contextmanager
def opened_folder(root: int, path: str) -> Generator[int, None, None]:
    """The handle of a folder below the open folder `root` ("" is the folder itself)."""
    handle = open_beneath(root, path or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _create(folder: int, name: str, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, mode, dir_fd=folder)


def _fill(handle: int, data: bytes, old: os.stat_result | None) -> None:
    if old is not None:
        new = os.fstat(handle)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            # Only root can give a file away; for others the new file is their own.
            with contextlib.suppress(PermissionError):
                os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, stat.S_IMODE(old.st_mode))
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)


def _place_new(folder: int, temporary: str, name: str) -> None:
    # link refuses an existing name, which rename would replace.
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as trouble:
        if trouble.errno not in _NO_LINKS:
            raise
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(temporary, dir_fd=folder)
