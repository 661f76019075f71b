"""Where words go: results to stdout, talk to stderr; with --json everything but the one document goes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from signoff.cli.visible import Paint, visible


class Left(Exception):
    """The user ended the input (Ctrl-D) where something was asked."""


class Screen:
    """The two streams of a command. Text given to it is shown as it is: who hands it in has made it visible."""

    def __init__(self, json: bool = False) -> None:
        _tolerate_any_text()
        self.asks = sys.stdin.isatty() and sys.stderr.isatty()
        # Where somebody is asked, what the question is about has to be seen, even if stdout goes into a file.
        self._out = sys.stderr if json or (self.asks and not sys.stdout.isatty()) else sys.stdout
        self.paint = Paint.of(self._out)
        self._middle = False  # of a line

    @property
    def width(self) -> int:
        """Columns of the terminal, 100 where there is none."""
        try:
            return max(40, os.get_terminal_size(sys.stderr.fileno()).columns)
        except OSError:
            return 100

    def show(self, lines: Iterable[str]) -> None:
        """Whole lines of content: a plan, a diff, a summary."""
        self._write("".join(f"{line}\n" for line in lines))

    def stream(self, text: str) -> None:
        """A piece of the model's text as it comes in; made visible here."""
        self._out.write(visible(text))
        self._out.flush()
        self._middle = not text.endswith("\n") if text else self._middle

    def say(self, text: str, style: str = "dim") -> None:
        """One line about what is going on, on stderr."""
        self._finish_line()
        sys.stdout.flush()
        print(Paint.of(sys.stderr)(style, text), file=sys.stderr, flush=True)

    def ask(self, prompt: str) -> str:
        """One line of the user's, stripped. Raises Left at the end of the input."""
        self._finish_line()
        sys.stdout.flush()
        sys.stderr.write(Paint.of(sys.stderr)("bold", prompt) + " ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise Left
        return line.strip()

    def _write(self, text: str) -> None:
        self._finish_line()
        self._out.write(text)
        self._out.flush()

    def _finish_line(self) -> None:
        if self._middle:
            self._out.write("\n")
            self._out.flush()
            self._middle = False


def _tolerate_any_text() -> None:
    """No character of a file may end the command with an encoding error."""
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def print_json(document: object) -> None:
    """The one JSON document of a command, on stdout."""
    import json

    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()
