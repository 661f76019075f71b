"""What an index is made from and what it answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

LARGEST = 1_000_000
"""Bytes of a file whose text is looked into; of a larger one only its path is known."""


class Listed(Protocol):
    """A file as a listing knows it, see `world/listing.py`."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...
    @property
    def digest(self) -> str | None: ...


class Content(Protocol):
    """A file's bytes, and what the system said of it when they were read."""

    @property
    def data(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...


class Source(Protocol):
    """The workspace's files. Never raises for trouble of the disk."""

    def scan(self) -> Iterable[Sequence[Listed]]:
        """All files, some at a time."""
        ...

    def wanted(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths that a scan would find now."""
        ...

    def allowed(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths at which a file would be found if there was one: not secret, and not ignored."""
        ...

    def stats(self, paths: Iterable[str]) -> Mapping[str, tuple[int, int] | None]:
        """Size and time (mtime_ns) of each path's file now; None where there is none."""
        ...

    def read(self, path: str) -> Content | None:
        """The file's text now, at most `LARGEST` + 1 bytes of it; None where there is none to read."""
        ...


@dataclass(frozen=True, slots=True)
class FieldScores:
    """How well a file's fields fit the words asked for: BM25, 0 where a field fits not at all."""

    body: float = 0.0
    path: float = 0.0
    symbols: float = 0.0


@dataclass(frozen=True, slots=True)
class ChunkHit:
    """A piece of a file and how well it fits: BM25 over pieces. `symbol` is the name of what it holds, "" for none."""

    path: str
    start_line: int
    end_line: int
    symbol: str = ""
    kind: str = ""
    body: float = 0.0
    symbols: float = 0.0


class Piece(NamedTuple):
    """A chunk with what is indexed of it. `body` and `symbols` went through `split_words`."""

    start_line: int
    end_line: int
    symbol: str
    kind: str
    body: str
    symbols: str


class Parsed(NamedTuple):
    """What a file's text was found to hold. `packed` is its outline as `index_outline` keeps it.

    `symbols` are the words of the names it defines; `defines`, `references` and `imports` are whole names, with one
    space between them.
    """

    digest: str
    packed: bytes
    symbols: str
    defines: str
    references: str
    imports: str
    pieces: tuple[Piece, ...]
