"""What is stored of an index beside its words."""

from __future__ import annotations

from typing import NamedTuple

CHUNK_BITS = 16
"""A chunk's number is its file's, shifted by so many bits, plus its place in the file."""


class FileRow(NamedTuple):
    """A file as it was when it was read. `parsed`: whether its chunks are in the index."""

    id: int
    path: str
    size: int
    mtime_ns: int
    digest: str
    parsed: bool


class ChunkRow(NamedTuple):
    """A chunk of a file: its lines count from 1, both included."""

    number: int
    start_line: int
    end_line: int
    symbol: str
    kind: str
