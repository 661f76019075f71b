"""What the builder's thread has to do next, where many folders are open: changes, then folders that are to be built.

One folder is built at a time. One that was asked about does not wait for the others.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Task = Callable[[], None]


class Work:
    """Tasks may be added in any thread; the builder's takes them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._builds: dict[str, Task] = {}
        self._asked: dict[str, Task] = {}

    def put(self, task: Task) -> None:
        """To be done soon, in the order of all that was put."""
        with self._changed:
            self._tasks.append(task)
            self._changed.notify()

    def build(self, workspace: str, task: Task) -> None:
        """To be done when nothing else is being built."""
        with self._changed:
            self._builds[workspace] = task
            self._changed.notify()

    def asked(self, workspace: str) -> None:
        """Somebody waits for that workspace's build, if it has not begun."""
        with self._changed:
            if (task := self._builds.pop(workspace, None)) is not None:
                self._asked[workspace] = task
                self._changed.notify()

    def drop(self, workspace: str) -> None:
        """The workspace needs no building any more."""
        with self._changed:
            self._builds.pop(workspace, None)
            self._asked.pop(workspace, None)

    def next(self, building: bool, seconds: float) -> Task | None:
        """The next task; None when there is none for so long. `building`: whether a folder is being built."""
        with self._changed:
            if not self._some(building):
                self._changed.wait(seconds)
            if self._tasks and not self._asked:
                return self._tasks.popleft()
            return self._first_build(building) or (self._tasks.popleft() if self._tasks else None)

    def next_asked(self) -> Task | None:
        """The build that somebody waits for."""
        with self._changed:
            return self._first_build(building=True)

    def _some(self, building: bool) -> bool:
        return bool(self._tasks or self._asked or (self._builds and not building))

    def _first_build(self, building: bool) -> Task | None:
        several = self._asked or ({} if building else self._builds)
        return several.pop(next(iter(several))) if several else None
