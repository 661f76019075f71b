"""What a patch asks for, file by file, before any file has been looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sign = Literal[" ", "-", "+"]


@dataclass(frozen=True, slots=True)
class PatchError:
    """Why nothing of a patch was taken: `message` tells the model (or user) what was wrong and what to send instead."""

    message: str
    path: str | None = None


class Refusal(Exception):
    """Raised inside the patch modules only; their public functions turn it into a PatchError."""

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.error = PatchError(message, path)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines to find and to replace: context (" ") and removed ("-") lines must be there, "+" lines are new.

    `headers` are the texts after `@@`, outermost first. `at_end` says that the lines end the file. `line` is the
    1-based line that the patch claims for the first one. `where` names the chunk in messages. `final_newline` is what
    the patch says about the end of the file; None keeps what is there. Lines have no line ends.
    """

    lines: tuple[tuple[Sign, str], ...]
    where: str
    headers: tuple[str, ...] = ()
    at_end: bool = False
    line: int | None = None
    final_newline: bool | None = None

    @property
    def old(self) -> list[str]:
        """The lines that must be there."""
        return [text for sign, text in self.lines if sign != "+"]

    @property
    def new(self) -> list[str]:
        """The lines that will be there."""
        return [text for sign, text in self.lines if sign != "-"]


@dataclass(frozen=True, slots=True)
class Add:
    """Create a file that must not be there yet."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a file that must be there."""

    path: str


@dataclass(frozen=True, slots=True)
class Update:
    """Change a file's lines, and give it a new path when `move_to` is set."""

    path: str
    chunks: tuple[Chunk, ...]
    move_to: str | None = None


FileOp = Add | Delete | Update
