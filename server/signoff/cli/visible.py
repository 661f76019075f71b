"""Colours for the terminal, and text of others made safe for it (see `core.visible`)."""

from __future__ import annotations

import os
from typing import TextIO

from signoff.core.visible import line as line
from signoff.core.visible import short as short
from signoff.core.visible import visible as visible

_STYLES = {"add": "32", "del": "31", "head": "36", "bold": "1", "dim": "2", "warn": "33", "bad": "31;1", "good": "32;1"}


class Paint:
    """Colours for one stream, or none: not a terminal, NO_COLOR is set, or the terminal is dumb."""

    def __init__(self, on: bool) -> None:
        self.on = on

    @staticmethod
    def of(stream: TextIO) -> Paint:
        """The colours that fit the stream and the environment."""
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return Paint(wanted and stream.isatty())

    def __call__(self, style: str, text: str) -> str:
        """The text in a style: add, del, head, bold, dim, warn, bad or good."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.on and text else text
