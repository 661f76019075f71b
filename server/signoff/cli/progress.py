"""A progress bar on stderr: one line that is written again on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

_WIDTH = 30
_AGAIN_S = 0.2
_LINE_S = 15.0


class Bar:
    """Shows bytes done of bytes in total, the speed and the time that is left."""

    def __init__(self, stream: TextIO, title: str) -> None:
        self._stream = stream
        self._title = title
        self._terminal = stream.isatty()
        self._began: tuple[float, int] | None = None
        self._last = 0.0
        self._shown = False

    def show(self, done: int, total: int) -> None:
        """Takes the newest figures; draws at most a few times a second."""
        now = time.monotonic()
        self._began = self._began or (now, done)
        if now - self._last < (_AGAIN_S if self._terminal else _LINE_S) and done < total:
            return
        self._last = now
        text = text_of(self._title, done, total, now - self._began[0], done - self._began[1])
        self._stream.write(f"\r{text}\x1b[K" if self._terminal else f"{text}\n")
        self._stream.flush()
        self._shown = True

    def done(self) -> None:
        """Ends the line."""
        if self._shown and self._terminal:
            self._stream.write("\n")
            self._stream.flush()


def text_of(title: str, done: int, total: int, seconds: float, fetched: int) -> str:
    """The line: share, megabytes, and the speed of what was `fetched` in `seconds` once there is one."""
    share = done / total if total else 0.0
    bar = "#" * round(share * _WIDTH)
    figures = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
    if seconds < 1 or fetched <= 0:
        return f"{title} [{bar:<{_WIDTH}}] {share:4.0%}  {figures}"
    speed = fetched / seconds
    left = (total - done) / speed
    return f"{title} [{bar:<{_WIDTH}}] {share:4.0%}  {figures}, {speed / 1e6:.1f} MB/s, {left:.0f} s left"
