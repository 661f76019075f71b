"""What an index is made from and what it answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from signoff.core.indexed import ChunkRow, FileRow

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
        """The file's text now, none or little of one over `LARGEST`; None where there is none to read."""
        ...


class FieldScores(NamedTuple):
    """How well a file's fields fit the words asked for: BM25, 0 where a field fits not at all."""

    body: float = 0.0
    path: float = 0.0


class FileChunk(NamedTuple):
    """Lines of a file, from 1, both included. `symbol` is the name of what they hold, "" for none."""

    path: str
    start_line: int
    end_line: int
    symbol: str = ""
    kind: str = ""


class Piece(NamedTuple):
    """A chunk with what is indexed of it: `body` went through `split_words`."""

    start_line: int
    end_line: int
    symbol: str
    kind: str
    body: str


class Parsed(NamedTuple):
    """What a file's text was found to hold. `packed` is its outline as `index_outline` keeps it.

    `defines` and `references` are whole names, with one space between them.
    """

    digest: str
    packed: bytes
    defines: str
    references: str
    pieces: tuple[Piece, ...]


class Store(Protocol):
    """What an index keeps beside its words. Every method but `close` may raise OSError; see `world/index_store.py`."""

    def files(self) -> list[FileRow]:
        """All files."""
        ...

    def reserve(self, count: int) -> int:
        """The first of `count` ids that no file ever had, nor will have."""
        ...

    def save(self, files: Iterable[FileRow], gone: Iterable[int] = ()) -> None:
        """Adds and replaces files by id; forgets those that are gone, and their chunks."""
        ...

    def save_parsed(
        self, chunks: Iterable[ChunkRow], outlines: Iterable[tuple[str, str, bytes]], files: Iterable[FileRow] = ()
    ) -> None:
        """Adds chunks, outlines as (digest, language, packed), and files by id: all of it or nothing."""
        ...

    def chunks_of(self, file: int) -> list[ChunkRow]:
        """The file's chunks in their order."""
        ...

    def count_chunks(self) -> int:
        """How many chunks all files have."""
        ...

    def outline(self, digest: str, language: str) -> bytes | None:
        """The packed outline of a blob."""
        ...

    def has_outlines(self) -> bool:
        """Whether any outline is stored."""
        ...

    def clean(self) -> None:
        """Drops the oldest outlines that no file needs, when there are too many."""
        ...

    def close(self) -> None:
        """Lets go of what holds it."""
        ...
