"""Time and ids, from the machine."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time

# Crockford's base 32 in lower case: sorts as ASCII does, no look-alikes, safe in URLs and on any file system.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 9
_CHANCE = 1 << (5 * _LENGTH)
# A timer counts no suspended time: look at the wall clock at least this often, in seconds.
_LOOK = 5.0


class SystemClock:
    """Satisfies `runtime.ports.Clock`. Ids of one clock are in the order in which they were made."""

    def __init__(self) -> None:
        self._last = (0, 0)
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def new_id(self, kind: str) -> str:
        """`kind`, "_" and 18 of [0-9a-z]: nine of the time in milliseconds, nine of chance. Sorts by time."""
        with self._lock:
            moment, number = max((time.time_ns() // 1_000_000, secrets.randbelow(_CHANCE)), self._last)
            if (moment, number) == self._last:
                # The same millisecond, or the wall clock went back: count on from the last id.
                moment, number = divmod(moment * _CHANCE + number + 1, _CHANCE)
            self._last = (moment, number)
        return f"{kind}_{_base32(moment)}{_base32(number)}"

    async def sleep_until(self, at: float) -> None:
        """Returns at `at` (seconds since the epoch) or up to 5 s after a suspended machine has passed it."""
        while (rest := at - time.time()) > 0:  # noqa: ASYNC110 (time passes by itself: there is no event to wait for)
            await asyncio.sleep(min(rest, _LOOK))


def _base32(number: int) -> str:
    return "".join(_DIGITS[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
