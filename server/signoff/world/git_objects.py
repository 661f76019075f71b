"""Reads commits and trees out of a repository's object store as data: packs and loose objects, deltas put together.

No process, no configuration, nothing outside of the one `objects` folder: alternates and links are not followed. Every
object has a largest size and every chain of deltas a largest length, whatever the files say of themselves.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import zlib
from binascii import unhexlify
from collections import OrderedDict
from dataclasses import dataclass

from signoff.world.safe_open import open_beneath, open_file

# Bytes of one commit or tree; the largest tree of a folder with 100,000 files has 5 million.
LARGEST = 8_000_000
MOST_PACKS = 1_000
# git itself writes at most 4,095, and 50 unless told otherwise.
_LONGEST_CHAIN = 4_096
# Bytes that one object may cost in all, from the first delta of its chain to the last.
_MOST_WORK = 256_000_000
_CACHE = 16_000_000
_KINDS = {1: b"commit", 2: b"tree"}
_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_PACK = re.compile(r"pack-[0-9a-f]+\.idx")

Object = tuple[bytes, bytes]


class Damaged(Exception):
    """What stands there is no object that git would have written, or one larger than is read."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack and its index, both mapped into memory."""

    index: mmap.mmap
    data: mmap.mmap
    count: int
    width: int

    def find(self, name: bytes) -> int | None:
        """The offset of the object in the pack; None when it isn't in it."""
        index, width = self.index, self.width
        low = 0 if name[0] == 0 else _number(index, 8 + 4 * (name[0] - 1))
        high = _number(index, 8 + 4 * name[0])
        if not low <= high <= self.count:
            raise Damaged("the index of a pack")
        names = 8 + 1024
        while low < high:
            middle = (low + high) // 2
            at = names + middle * width
            here = index[at : at + width]
            if here == name:
                return self._offset(middle)
            if here < name:
                low = middle + 1
            else:
                high = middle
        return None

    def _offset(self, place: int) -> int:
        offsets = 8 + 1024 + self.count * (self.width + 4)
        offset = _number(self.index, offsets + 4 * place)
        if offset & 0x80000000:
            at = offsets + 4 * self.count + 8 * (offset & 0x7FFFFFFF)
            offset = int.from_bytes(self.index[at : at + 8], "big")
        return offset

    def close(self) -> None:
        """Gives the memory back."""
        self.index.close()
        self.data.close()


def _number(data: mmap.mmap, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


class Objects:
    """The objects below `commondir`; `width` is the bytes of an id. To be closed."""

    def __init__(self, commondir: str, width: int) -> None:
        self.width = width
        self._handle = os.open(commondir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._packs = self._opened()
        self._cache: OrderedDict[tuple[int, int], Object] = OrderedDict()
        self._cached = 0

    def read(self, name: str, kind: bytes) -> bytes | None:
        """The content of the commit or tree of this id (hex); None when it isn't here. Damaged for anything else."""
        try:
            found = self._packed(unhexlify(name)) or self._loose(name)
        except (IndexError, ValueError, zlib.error, OSError) as trouble:
            raise Damaged(name) from trouble
        if found is not None and found[0] != kind:
            raise Damaged(name)
        return found[1] if found else None

    def close(self) -> None:
        """Lets go of all files."""
        for pack in self._packs:
            pack.close()
        self._packs = []
        os.close(self._handle)

    def _opened(self) -> list[Pack]:
        packs: list[Pack] = []
        with contextlib.suppress(OSError):
            folder = open_beneath(self._handle, "objects/pack", os.O_RDONLY | os.O_DIRECTORY)
            try:
                with os.scandir(folder) as entries:
                    names = sorted(entry.name for entry in entries if _PACK.fullmatch(entry.name))
                for name in names[:MOST_PACKS]:
                    with contextlib.suppress(OSError, ValueError, Damaged):
                        packs.append(_pack(folder, name, self.width))
            finally:
                os.close(folder)
        return packs

    def _packed(self, name: bytes) -> Object | None:
        for place, pack in enumerate(self._packs):
            offset = pack.find(name)
            if offset is not None:
                # The newest objects are together in one pack: it is asked first from now on.
                found = self._at(pack, offset)
                if place:
                    self._packs.insert(0, self._packs.pop(place))
                return found
        return None

    def _loose(self, name: str) -> Object | None:
        try:
            with open_file(self._handle, f"objects/{name[:2]}/{name[2:]}") as file:
                data = file.read(LARGEST)
        except FileNotFoundError:
            return None
        whole = zlib.decompressobj().decompress(data, LARGEST + 100)
        head, _, content = whole.partition(b"\0")
        kind, _, size = head.partition(b" ")
        if int(size) != len(content):
            raise Damaged(name)
        return kind, content

    def _at(self, pack: Pack, offset: int) -> Object:
        """The object at an offset, its deltas applied."""
        deltas: list[tuple[int, bytes]] = []
        work = 0
        while (found := self._cache.get((id(pack), offset))) is None:
            kind, content, base = self._entry(pack, offset)
            if base is None:
                found = (_KINDS[kind], content) if kind in _KINDS else (b"", b"")
                self._keep(pack, offset, found)
                break
            deltas.append((offset, content))
            work += len(content)
            if len(deltas) > _LONGEST_CHAIN or work > LARGEST:
                raise Damaged("a chain of deltas without an end")
            offset = base
        kind, content = found
        for at, delta in reversed(deltas):
            content = _applied(content, delta)
            work += len(content)
            if work > _MOST_WORK:
                raise Damaged("a chain of deltas without an end")
            self._keep(pack, at, (kind, content))
        return kind, content

    def _entry(self, pack: Pack, offset: int) -> tuple[int, bytes, int | None]:
        """Kind, content, and for a delta the offset of its base."""
        data = pack.data
        at = offset
        byte = data[at]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            at += 1
            byte = data[at]
            size |= (byte & 0x7F) << shift
            shift += 7
        at += 1
        base = None
        if kind == _OFFSET_DELTA:
            back, at = _back(data, at)
            base = offset - back
            if base < 12:
                raise Damaged("the base of a delta")
        elif kind == _NAMED_DELTA:
            base = pack.find(data[at : at + pack.width])
            at += pack.width
            if base is None:
                raise Damaged("the base of a delta")
        elif kind not in _KINDS:
            # A file's content or a tag: not asked for, whatever its size.
            return kind, b"", None
        return kind, _inflated(data, at, size), base

    def _keep(self, pack: Pack, offset: int, found: Object) -> None:
        if (key := (id(pack), offset)) not in self._cache:
            self._cache[key] = found
            self._cached += len(found[1]) + 200
        while self._cached > _CACHE:
            _, (_, oldest) = self._cache.popitem(last=False)
            self._cached -= len(oldest) + 200


def _pack(folder: int, name: str, width: int) -> Pack:
    index = _mapped(folder, name)
    data = _mapped(folder, name.removesuffix(".idx") + ".pack")
    if index[:8] != b"\xfftOc\0\0\0\2" or data[:4] != b"PACK":
        raise Damaged(name)
    count = _number(index, 8 + 4 * 255)
    # Names, checksums and offsets of all objects, and two checksums at the end.
    if 8 + 1024 + count * (width + 8) + 2 * width > len(index):
        raise Damaged(name)
    return Pack(index, data, count, width)


def _mapped(folder: int, name: str) -> mmap.mmap:
    with open_file(folder, name) as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _back(data: mmap.mmap, at: int) -> tuple[int, int]:
    """How far before a delta its base stands, and where the delta's content begins."""
    byte = data[at]
    back = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        back = ((back + 1) << 7) | (byte & 0x7F)
        if back > len(data):
            raise Damaged("the base of a delta")
    return back, at + 1


def _inflated(data: mmap.mmap, at: int, size: int) -> bytes:
    if size > LARGEST:
        raise Damaged("an object that is too large")
    # Deflated, nothing grows by more than this: what zlib does not need would be copied.
    unpacked = zlib.decompressobj().decompress(data[at : at + size + size // 1000 + 64], size + 1)
    if len(unpacked) != size:
        raise Damaged("an object of another size than it says")
    return unpacked


def _applied(base: bytes, delta: bytes) -> bytes:
    """The object that a delta makes out of its base."""
    expected, at = _size(delta, 0)
    size, at = _size(delta, at)
    if expected != len(base) or size > LARGEST:
        raise Damaged("a delta")
    parts: list[bytes] = []
    made, end = 0, len(delta)
    while at < end and made <= size:
        command = delta[at]
        at += 1
        if command & 0x80:
            start = length = 0
            for bit in range(4):
                if command & 1 << bit:
                    start |= delta[at] << 8 * bit
                    at += 1
            for bit in range(3):
                if command & 16 << bit:
                    length |= delta[at] << 8 * bit
                    at += 1
            part = base[start : start + (length or 0x10000)]
        else:
            part = delta[at : at + command]
            at += command
        if not part:
            raise Damaged("a delta")
        parts.append(part)
        made += len(part)
    if made != size:
        raise Damaged("a delta")
    return b"".join(parts)


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte = delta[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, at
        if shift > 63:
            raise Damaged("a delta")
