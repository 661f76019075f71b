"""Opens files below a folder, and only there: no `..`, no absolute path, no symbolic link on the way or at the end.

On Linux the kernel checks it in one step (openat2). Elsewhere, and where a container forbids openat2, every part of
the path is opened on its own without following links. Checking first and opening later is what loses the race.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
import sys
from collections.abc import Callable
from typing import BinaryIO

Opener = Callable[[int, str, int], int]

_OPENAT2 = 437
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
# O_NONBLOCK: opening a named pipe must not wait for its other end.
_ALWAYS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def parts_of(path: str) -> list[str]:
    """The parts of a relative POSIX path; OSError (EXDEV) for one that could lead elsewhere."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise OSError(errno.EXDEV, "not a path inside the folder", path)
    return parts


def open_beneath(root: int, path: str, flags: int = os.O_RDONLY) -> int:
    """A handle of what stands at `path` below the open folder `root` ("." is the folder itself). Makes nothing.

    OSError with EXDEV or ELOOP for a path that leaves the folder or has a link in it, else what the system says.
    """
    if path == ".":
        return os.open(".", flags | _ALWAYS, dir_fd=root)
    parts_of(path)
    return opener()(root, path, flags)


def open_file(root: int, path: str) -> BinaryIO:
    """The regular file at `path` below the open folder `root`, for reading bytes.

    OSError as `open_beneath`; EISDIR for a folder, EINVAL for pipes, sockets and devices.
    """
    handle = open_beneath(root, path)
    mode = os.fstat(handle).st_mode
    # Looked at first: open() would raise for a folder and leave the handle open.
    if stat.S_ISREG(mode):
        return open(handle, "rb")
    os.close(handle)
    raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "not a regular file", path)


@functools.cache
def opener() -> Opener:
    """The kernel's openat2 where it works, else `open_by_parts`."""
    if not sys.platform.startswith("linux"):
        return open_by_parts
    try:
        kernel = _openat2()
        handle = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.close(kernel(handle, ".", os.O_RDONLY | os.O_DIRECTORY))
        finally:
            os.close(handle)
    except (OSError, ImportError, AttributeError):
        return open_by_parts
    return kernel


def open_by_parts(root: int, path: str, flags: int) -> int:
    """As `open_beneath`, for systems without openat2: each part is opened in the one before, never through a link."""
    *folders, name = path.split("/")
    handle = os.dup(root)
    try:
        for folder in folders:
            inner = _open_one(handle, folder, os.O_RDONLY | os.O_DIRECTORY)
            os.close(handle)
            handle = inner
        return _open_one(handle, name, flags)
    finally:
        os.close(handle)


def _open_one(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags | _ALWAYS | os.O_NOFOLLOW, dir_fd=folder)
    except NotADirectoryError:
        # What systems say for a link where a folder is wanted.
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "a symbolic link", name) from None
        raise


def _openat2() -> Opener:
    # ctypes costs some milliseconds: imported when the first file is opened.
    import ctypes

    class How(ctypes.Structure):
        _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))

    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    size = ctypes.sizeof(How)

    def call(root: int, path: str, flags: int) -> int:
        how = How(flags | _ALWAYS, 0, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS)
        encoded = os.fsencode(path)
        while (
            handle := syscall(
                ctypes.c_long(_OPENAT2), ctypes.c_int(root), encoded, ctypes.byref(how), ctypes.c_size_t(size)
            )
        ) < 0:
            code = ctypes.get_errno()
            # EAGAIN: something on the way was renamed just then, and the kernel could not tell.
            if code not in {errno.EAGAIN, errno.EINTR}:
                raise OSError(code, os.strerror(code), path)
        return handle

    return call


def beginning(folder: str, name: str, limit: int) -> bytes:
    """The first `limit` bytes of a regular file in the folder, no link on the way; b"" for anything else."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        with open_file(handle, name) as file:
            return file.read(limit)
    except (OSError, ValueError):
        return b""
    finally:
        os.close(handle)
