"""Reads the index of a repository as data: which files are tracked, with the blob and the times git last saw them with.

No git is started and nothing is changed. Versions 2, 3 and 4, both object formats, sparse checkouts. A split index is
refused: its second half would have to be put together from a bitmap, and the walk of the folders serves as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import struct
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

from signoff.world.gitdir import Place
from signoff.world.safe_open import open_file

# Bytes, and files: of these a listing takes half at most, and each needs some 400 bytes of memory.
LARGEST = 64_000_000
MOST = 400_000
# Paths, as everywhere: longer ones cannot be opened.
_LONGEST = 4096

_SECOND = 1_000_000_000
_STAGE, _EXTENDED, _LENGTH = 0x3000, 0x4000, 0x0FFF
_INTENT_TO_ADD = 0x2000
_REGULAR = (0o100644, 0o100755)


class Tracked(NamedTuple):
    """A tracked regular file as git last saw it (a tuple: there are some 100,000 of them).

    `digest` is the blob's id in hex; "" when the index names none (a conflict, or only meant to be added).
    """

    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class Index:
    """The tracked files by path from the work tree's top, in git's order. `words`: why there are none, if that is odd.

    `written_ns`: when the index was written. What changed at that time or later may differ without a trace.
    """

    entries: dict[str, Tracked]
    written_ns: int = 0
    words: str = ""

    def digest(self, path: str, found: os.stat_result) -> str | None:
        """The blob that the file's text is, by its times and size alone; None when that isn't sure."""
        tracked = self.entries.get(path)
        if tracked is None or tracked.mtime_ns >= self.written_ns or found.st_size & 0xFFFFFFFF != tracked.size:
            return None
        modified, changed = found.st_mtime_ns, found.st_ctime_ns
        if (tracked.mtime_ns != modified or tracked.ctime_ns != changed) and not (
            # Some writers of an index know whole seconds only.
            tracked.mtime_ns == modified - modified % _SECOND and tracked.ctime_ns == changed - changed % _SECOND
        ):
            return None
        return tracked.digest or None


def read_index(place: Place) -> Index:
    """The index of the repository. Never raises: one that is absent, damaged or too large is empty, with words."""
    try:
        with _opened(place.gitdir) as folder, open_file(folder, "index") as file:
            found = os.fstat(file.fileno())
            data = file.read(LARGEST + 1) if found.st_size <= LARGEST else b""
    except FileNotFoundError:
        return Index({})
    except OSError as trouble:
        return Index({}, words=f"The index of git can't be read: {trouble.strerror or trouble}.")
    if found.st_size > LARGEST or len(data) > LARGEST:
        return Index({}, words=f"The index of git is larger than {LARGEST:,} bytes.")
    try:
        return Index(_parsed(data, 32 if place.sha256 else 20), found.st_mtime_ns)
    except (struct.error, IndexError):
        return Index({}, words="The index of git can't be read: it is cut short.")
    except ValueError as trouble:
        return Index({}, words=f"The index of git can't be read: {trouble}.")


@contextlib.contextmanager
def _opened(folder: str) -> Generator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _parsed(data: bytes, width: int) -> dict[str, Tracked]:
    """The entries; ValueError, struct.error or IndexError for what is no whole index with digests of `width` bytes."""
    magic, version, count = struct.unpack_from(">4sII", data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("it is of an unknown version")
    _check(data, width)
    # An entry has more than 40 bytes: a count that could not be is not believed.
    if count * (42 + width) > len(data):
        raise ValueError("it is cut short")
    if count > MOST:
        raise ValueError(f"it names more than {MOST:,} files")
    entries: dict[str, Tracked] = {}
    end = _entries(data, width, count, version == 4, entries)
    # In a split index the names that the other file knows are empty.
    _refuse_extensions(data[end : len(data) - width])
    if "" in entries:
        raise ValueError("a name in it is damaged")
    return entries


def _check(data: bytes, width: int) -> None:
    whole, trailer = memoryview(data)[:-width], data[-width:]
    # Zeros: git was told to save the time (index.skipHash).
    if any(trailer):
        digest = hashlib.sha256(whole) if width == 32 else hashlib.sha1(whole, usedforsecurity=False)
        if digest.digest() != trailer:
            raise ValueError("it is damaged")


def _entries(data: bytes, width: int, count: int, packed: bool, into: dict[str, Tracked]) -> int:
    """Reads `count` entries into the dictionary; where they end. `packed`: version 4, names by common beginnings."""
    # ctime, mtime, (device, inode), mode, (owner, group), size, digest, flags
    fixed = struct.Struct(f">IIII8xI8xI{width}sH")
    at, name = 12, b""
    for _ in range(count):
        csec, cnano, sec, nano, mode, size, digest, flags = fixed.unpack_from(data, at)
        start = at + fixed.size
        more = 0
        if flags & _EXTENDED:
            (more,) = struct.unpack_from(">H", data, start)
            start += 2
        if packed:
            kept, start = _kept(data, start, len(name))
            end = _end(data, start)
            name = name[:kept] + data[start:end]
            at = end + 1
        else:
            length = flags & _LENGTH
            end = start + length if length < _LENGTH else _end(data, start)
            name = data[start:end]
            at += (end - at + 8) & ~7
        if len(name) > _LONGEST or data[end]:
            raise ValueError("a name in it is damaged")
        if mode in _REGULAR:
            known = "" if flags & _STAGE or more & _INTENT_TO_ADD else digest.hex()
            into[name.decode("utf-8", "surrogateescape")] = Tracked(
                mode, size, sec * _SECOND + nano, csec * 1_000_000_000 + cnano, known
            )
    return at


def _end(data: bytes, start: int) -> int:
    """Where the name that begins there ends; ValueError when that is further than any name is long."""
    end = data.find(0, start, start + _LONGEST + 1)
    if end < 0:
        raise ValueError("a name in it is damaged")
    return end


def _kept(data: bytes, at: int, length: int) -> tuple[int, int]:
    """How many bytes of the name before are kept, and where the rest of the new name begins."""
    byte = data[at]
    dropped = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        dropped = ((dropped + 1) << 7) | (byte & 0x7F)
        if dropped > _LONGEST:
            break
    if dropped > length:
        raise ValueError("a name in it is damaged")
    return length - dropped, at + 1


def _refuse_extensions(rest: bytes) -> None:
    """ValueError for an extension without which the entries are not the whole truth; git names those in small letters.

    "sdir" only says that there are entries for whole folders outside of a sparse checkout, which have no files here.
    """
    at = 0
    while at + 8 <= len(rest):
        name, size = struct.unpack_from(">4sI", rest, at)
        if name == b"link":
            raise ValueError("it is split into two files")
        if name != b"sdir" and not re.match(rb"[A-Z]", name):
            raise ValueError("it uses something unknown")
        at += 8 + size
