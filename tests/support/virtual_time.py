"""An event loop whose time jumps: waiting ten seconds takes none, and a test can wait until nothing is left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable

ENDLESS = 5_000
"""Turns of the loop without rest that are taken for an endless loop."""


class _Jumping(selectors.SelectSelector):
    """Reads no sockets: where a loop would sleep, its time jumps."""

    idle: Callable[[float | None], None]
    busy = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.busy += 1
        if timeout is None or timeout > 0:
            self.busy = 0
            self.idle(timeout)
        elif self.busy > ENDLESS:
            self.busy = 0
            raise RuntimeError("something goes round in circles")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when everybody waits for it. Threads, sockets and child processes can't be waited for."""

    def __init__(self) -> None:
        selector = _Jumping()
        super().__init__(selector)
        selector.idle = self._idle
        self._at = 0.0
        self._resting: list[asyncio.Future[None]] = []

    def time(self) -> float:
        return self._at

    async def rest(self) -> None:
        """Returns when nothing more happens unless time passes."""
        resting = self.create_future()
        self._resting.append(resting)
        await resting

    def abandon(self) -> None:
        """Cancels whatever still waits, and closes the loop."""
        while left := asyncio.all_tasks(self):
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.wait(left))
        self.close()

    def _idle(self, timeout: float | None) -> None:
        if self._resting:
            self._resting.pop().set_result(None)
        elif timeout is None:
            raise RuntimeError("everybody waits for something that will never happen")
        else:
            self._at += timeout
