"""The history of a workspace folder in the indexing process: read in a child process, kept as a file, followed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from signoff.context.history import History
from signoff.core.commits import Commit
from signoff.world.git_history import read_history
from signoff.world.git_refs import head_of
from signoff.world.gitdir import place

# How often HEAD is looked at, in seconds.
_LOOK_S = 2.0

Submit = Callable[[Any, Callable[[Any], None]], None]
"""Has a job done by a child process, and tells its reply in some thread; None when it could not be done."""


def history_job(root: str, trusted: bool, known: Sequence[str]) -> tuple[Any, ...] | None:
    """The child's side: the history behind HEAD, as plain values."""
    found = read_history(Path(root), trusted, frozenset(known))
    if found is None:
        return None
    commits = [(one.id, one.time, one.message, one.paths) for one in found.commits]
    return found.order, commits


class Past:
    """`history` may be asked by any thread that holds `lock`; the rest belongs to the builder's thread."""

    def __init__(self, root: Path, submit: Submit) -> None:
        self._root, self._submit = root, submit
        self._file: Path | None = None
        self._looked = 0.0
        self._read: tuple[str | None, bool] | None = None
        self._reply: tuple[Any] | None = None
        self.lock = threading.Lock()
        self.history = History()
        self.reading = False
        """Whether there is more to come."""

    def load(self, folder: Path | None) -> None:
        """Takes what was stored in the folder; what is read later is stored there."""
        self._file = folder / "history" if folder is not None else None
        if self._file is not None and not self.history.commits:
            with contextlib.suppress(OSError), self._file.open(encoding="utf-8", errors="replace") as lines:
                history = History.from_lines(lines)
                with self.lock:
                    self.history = history

    def settle(self, trusted: bool) -> None:
        """Takes in what was read, and has more read when HEAD moved; called often."""
        if self._reply is not None:
            (reply,), self._reply = self._reply, None
            if reply is not None:
                self._take(*reply)
            self.reading = False
        now = time.monotonic()
        if self.reading or now - self._looked < _LOOK_S:
            return
        self._looked = now
        where = place(str(self._root), trusted)
        # Trust can bring a repository that lies above the workspace.
        state = (head_of(where), where.top != str(self._root)) if where is not None else None
        if state is not None and state != self._read:
            self._read = state
            self.reading = True
            self._submit((str(self._root), trusted, sorted(self.history.ids)), self._arrived)

    def _arrived(self, reply: Any) -> None:
        self._reply = (reply,)

    def _take(self, order: Sequence[str], commits: Sequence[Any]) -> None:
        fresh = [Commit(name, when, message, tuple(paths)) for name, when, message, paths in commits]
        if self.history.commits:
            with self.lock:
                self.history.update(order, fresh)
        else:
            # Slow, and nobody has to wait for it.
            history = History()
            history.update(order, fresh)
            with self.lock:
                self.history = history
        self._save()

    def _save(self) -> None:
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        # Without it the history is read again.
        with contextlib.suppress(OSError):
            new.write_text("".join(line + "\n" for line in self.history.lines()), encoding="utf-8", errors="replace")
            new.replace(self._file)
