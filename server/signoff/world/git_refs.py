"""What HEAD points at, read as data."""

from __future__ import annotations

import re

from signoff.world.gitdir import Place
from signoff.world.safe_open import beginning

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Bytes; the largest known repositories have some 100,000 refs.
_LARGEST = 64_000_000
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
    return frozenset(_ID.findall(_read(place.commondir, "shallow").decode("ascii", "replace")))


def _packed(place: Place, ref: str) -> str | None:
    found = re.search(
        rb"^([0-9a-f]{40}|[0-9a-f]{64}) " + re.escape(ref.encode("utf-8", "surrogateescape")) + rb"$",
        _read(place.commondir, "packed-refs"),
        re.MULTILINE,
    )
    return found[1].decode() if found else None


def _read(folder: str, name: str) -> bytes:
    return beginning(folder, name, _LARGEST)
