"""What a watcher of folders tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """All that happened within a moment, below one folder.

    `paths` are files and folders (POSIX, from that folder, sorted) that came, went or changed; `made` are those of them
    that came. `git`: HEAD, the index or a branch moved. `rescan`: more happened than is told; look at everything.
    """

    paths: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    git: bool = False
    rescan: bool = False
