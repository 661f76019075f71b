"""An index of a folder in this process, parsed at once: what the indexing process does, without the processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from signoff.context.index import Index
from signoff.context.index_build import MOST_BYTES, Builder
from signoff.context.index_live import Live
from signoff.context.index_outline import parse
from signoff.context.index_parsed import Job, Parsing
from signoff.context.index_read import Ids
from signoff.context.index_types import FieldScores, FileChunk, Parsed
from signoff.context.terms import evenly
from signoff.world.index_source import Content, DiskSource
from signoff.world.index_store import Store


class CountedSource(DiskSource):
    """Counts the files that were read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, trusted=False)
        self.reads: list[str] = []

    def read(self, path: str) -> Content | None:
        self.reads.append(path)
        return super().read(path)


class Indexed:
    """`parsing` False: nothing is ever parsed, as in a process that ends before."""

    def __init__(
        self,
        root: Path,
        kept: Path | None = None,
        parsing: bool = True,
        version: str = "1",
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.root = root
        self.source = CountedSource(root)
        if kept is not None:
            kept.mkdir(exist_ok=True)
        self.index = Index(self.source, kept, Store(str(kept / "files.sqlite") if kept else None, version))
        self._parses = parsing
        self._later: list[Callable[[], None]] | None = None
        ids = Ids(self.index.store)
        self.parsing = Parsing(self.index, self._parse, lambda: None)
        self.builder = Builder(self.index, self.parsing, ids, lambda: None, lambda: None, most_bytes)
        self.live = Live(self.index, self.builder, ids, self._parse, again_seconds=0.0)

    def _parse(self, jobs: Sequence[Job], done: Sequence[Callable[[Parsed | None], None]], urgent: bool) -> None:
        for (path, text, known), take in zip(jobs, done, strict=True):
            parsed = partial(self._tell, take, path, text, known)
            if self._later is not None:
                self._later.append(parsed)
            elif self._parses:
                parsed()

    def _tell(self, take: Callable[[Parsed | None], None], path: str, text: bytes | None, known: bytes | None) -> None:
        content = self.source.read(path) if text is None else None
        take(parse(path, (content.data if content is not None else text) or b"", known))

    def parse_later(self, waiting: list[Callable[[], None]]) -> None:
        """From now on what is to be parsed is put there, to be called."""
        self._later = waiting

    def build(self) -> Indexed:
        """Loads what was kept, looks at all files, and takes in what was parsed."""
        self.builder.load()
        self.builder.scan()
        self.parsing.settle()
        return self

    def write(self, path: str, text: str | bytes) -> None:
        """Makes or replaces a file on disk; nobody is told."""
        put(self.root, {path: text})

    def change(self, files: dict[str, str | None]) -> None:
        """Writes files (None removes one) and tells."""
        for path, text in files.items():
            if text is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                self.write(path, text)
        self.live.change(list(files))
        self.parsing.settle()

    def found(self, words: str) -> set[str]:
        """The files with any of the words in their text."""
        return {path for path, scores in self.files(words).items() if scores.body}

    def files(self, words: str, limit: int = 100) -> dict[str, FieldScores]:
        """How well files fit the words."""
        return self.index.files(evenly(words), limit)

    def chunks(self, words: str) -> list[FileChunk]:
        """The chunks with any of the words in their text."""
        wanted = evenly(words)
        found = self.index.pieces(wanted, list(self.index.chunks(wanted, 100)))
        return [self.index.chunks_of(path)[at] for path, at in sorted(found)]

    def pieces(self, words: str) -> set[tuple[str, str]]:
        """The files and symbols of these."""
        return {(chunk.path, chunk.symbol) for chunk in self.chunks(words)}


def put(root: Path, files: dict[str, str | bytes]) -> None:
    """Writes files below the folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())


@contextmanager
def indexed(root: Path, files: dict[str, str | bytes], kept: Path | None = None) -> Generator[Indexed, None, None]:
    """A built index of the files."""
    put(root, files)
    made = Indexed(root, kept).build()
    try:
        yield made
    finally:
        made.index.close()
