"""Collects what happens in folders into moments: a whole branch switch is one."""

from __future__ import annotations

from signoff.core.watched import Changes

# Seconds of silence that end a moment: of a few files, and of many.
QUIET = 0.03
QUIET_AFTER_MANY = 0.3
MANY = 50
# Seconds after which a moment ends even when it goes on; and when git says that it is at work.
LONGEST = 2.0
LONGEST_OF_GIT = 30.0
# With more paths than that, telling them costs more than looking at everything.
MOST_PATHS = 20_000


class Moment:
    """What happened since the last moment. Times are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._paths: dict[str, bool] = {}
        self._git = self._rescan = self.locked = False
        self._began: float | None = None
        self._last = 0.0

    def note(self, now: float, path: str, made: bool = False) -> None:
        """A file or folder came (`made`), went or changed."""
        if len(self._paths) < MOST_PATHS or path in self._paths:
            self._paths[path] = made or self._paths.get(path, False)
        else:
            self._rescan = True
        self._happened(now)

    def note_git(self, now: float) -> None:
        """HEAD, the index or a branch moved."""
        self._git = True
        self._happened(now)

    def note_loss(self, now: float) -> None:
        """Something happened that nobody can tell."""
        self._rescan = True
        self._happened(now)

    def lock(self, now: float, locked: bool) -> None:
        """git began to write the index, or ended it: what it does in between belongs together."""
        self.locked = locked
        if self._began is not None or locked:
            self._happened(now)

    def due(self) -> float | None:
        """When the moment will be over if nothing more happens; None when there is none."""
        if self._began is None:
            return None
        if self.locked:
            return self._began + LONGEST_OF_GIT
        quiet = QUIET_AFTER_MANY if len(self._paths) > MANY else QUIET
        return min(self._last + quiet, self._began + (LONGEST_OF_GIT if self._git else LONGEST))

    def take(self) -> Changes:
        """All of it; the next moment begins."""
        paths, rescan, git = self._paths, self._rescan, self._git
        self._paths, self._rescan, self._git = {}, False, False
        self._began = None
        self.locked = False
        if rescan:
            return Changes(git=git, rescan=True)
        made = tuple(sorted(path for path, came in paths.items() if came))
        return Changes(tuple(sorted(paths)), made, git)

    def _happened(self, now: float) -> None:
        if self._began is None:
            self._began = now
        self._last = now
