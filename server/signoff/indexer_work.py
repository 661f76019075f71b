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
        self._closing: list[str] = []

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

    def close(self, workspace: str, task: Task) -> None:
        """The workspace needs no building any more; it is not built anew before the task is done."""

        def closed() -> None:
            task()
            with self._changed:
                self._closing.remove(workspace)

        with self._changed:
            self._builds.pop(workspace, None)
            self._asked.pop(workspace, None)
            self._closing.append(workspace)
            self._tasks.append(closed)
            self._changed.notify()

    def next(self, building: bool, seconds: float) -> Task | None:
        """The next task; None when there is none for so long. `building`: whether a folder is being built."""
        with self._changed:
            if not self._tasks and not self._asked and (building or not self._builds):
                self._changed.wait(seconds)
            if (asked := self._first(self._asked)) is not None:
                return asked
            if self._tasks:
                return self._tasks.popleft()
            return None if building else self._first(self._builds)

    def next_asked(self) -> Task | None:
        """The build that somebody waits for."""
        with self._changed:
            return self._first(self._asked)

    def _first(self, several: dict[str, Task]) -> Task | None:
        for workspace in several:
            if workspace not in self._closing:
                return several.pop(workspace)
        return None
