"""What HEAD points at, read as data."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from signoff.world.gitdir import Place
from signoff.world.safe_open import beginning, open_file

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHALLOW = re.compile(rb"^(?:[0-9a-f]{40}|[0-9a-f]{64})$", re.MULTILINE)
# Bytes; the largest known repositories have some 100,000 refs.
_LARGEST = 64_000_000
_LARGEST_SHALLOW = 8_000_000
_AT_ONCE = 1_000_000
# Of one ref: its name or its id.
_LONGEST = 5_000
_DEEPEST = 5


def head_of(place: Place) -> str | None:
    """The commit id of HEAD; None before the first commit, and where refs are not kept in files."""
    return commit_of(place, "HEAD")


def commit_of(place: Place, ref: str) -> str | None:
    """The id that a ref ("HEAD", "refs/heads/main") leads to; None when there is none."""
    for _ in range(_DEEPEST):
        text = (_read(place.gitdir, ref) or _read(place.commondir, ref)).decode("utf-8", "replace").strip()
        if not text:
            return _packed(place, ref)
        if not text.startswith("ref:"):
            return text if _ID.fullmatch(text) else None
        ref = text.removeprefix("ref:").strip()
    return None


def branch_of(place: Place) -> str | None:
    """The ref that HEAD names ("refs/heads/main"), whether it has a commit or not; None for a detached HEAD."""
    text = _read(place.gitdir, "HEAD").decode("utf-8", "replace").strip()
    return text.removeprefix("ref:").strip() if text.startswith("ref:") else None


def shallow(place: Place) -> frozenset[str]:
    """The commits at which a shallow clone ends."""
    found = _SHALLOW.findall(beginning(place.commondir, "shallow", _LARGEST_SHALLOW))
    return frozenset(name.decode() for name in found)


def _packed(place: Place, ref: str) -> str | None:
    name = re.escape(ref.encode("utf-8", "surrogateescape"))
    wanted = re.compile(rb"^([0-9a-f]{40}|[0-9a-f]{64}) " + name + rb"$", re.MULTILINE)
    try:
        for lines in _lines(place.commondir, "packed-refs"):
            if found := wanted.search(lines):
                return found[1].decode()
    except (OSError, ValueError):
        return None
    return None


def _lines(folder: str, name: str) -> Iterator[bytes]:
    """The file's lines, whole ones, some at a time: it is looked at often, and may be large."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with open_file(handle, name) as file:
            rest = b""
            for _ in range(_LARGEST // _AT_ONCE):
                piece = file.read(_AT_ONCE)
                whole, _, rest = (rest + piece).rpartition(b"\n") if piece else (rest, b"", b"")
                yield whole
                if not piece:
                    return
                # What is longer is no line of it.
                rest = rest[-_LONGEST:]
    finally:
        os.close(handle)


def _read(folder: str, name: str) -> bytes:
    return beginning(folder, name, _LONGEST)
