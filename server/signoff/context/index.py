"""The searchable workspace: files and chunks by their words, definitions and references by name.

Answers at any time with what is there: words as soon as the files are read (`ready` is "lexical"), symbols and chunks
when all have been parsed ("full"). Built and kept up to date by `index_build.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from signoff.context.index_outline import digest, unpack
from signoff.context.index_overlay import Laid, Weights, Words
from signoff.context.index_shown import Shown
from signoff.context.index_table import Table
from signoff.context.index_types import FieldScores, FileChunk, Source, Store
from signoff.context.languages import language_of
from signoff.context.outline_types import Outline
from signoff.context.words import unix_lines
from signoff.core.indexed import CHUNK_BITS, ChunkRow

__all__ = ["FieldScores", "FileChunk", "Index", "Wanted"]

T = TypeVar("T")
_EMPTY = Outline((), (), ())
# Files whose chunks are held in memory; those of others are looked up.
_MOST_CHUNKED = 1_000
# Hits asked for beyond the limit: some may be of documents that are shown no more.
_SLACK = 50
_PIECES = 5_000

Wanted = Mapping[str, float]
"""Terms (see `terms.py`) and how much each one counts: the BM25 of each is multiplied by it."""


class Index:
    """All methods may be called in any thread, also while it is being built. None raises for what a file holds."""

    def __init__(self, source: Source, folder: Path | None, store: Store) -> None:
        """`folder` exists, or is None to keep the words in memory. Raises OSError and ValueError, see `Table`."""
        self.source = source
        self.shown = Shown()
        self.ready: Literal["", "lexical", "full"] = ""
        self.cut = False
        """Whether there was more text than is searched."""
        self.store = store
        self.files_table = Table(["path", "body"], folder=_inside(folder, "files"))
        self.names_table = Table([], ["defines", "references"], _inside(folder, "names"))
        self.chunks_table = Table(["body"], folder=_inside(folder, "chunks"))
        self._rows = functools.lru_cache(_MOST_CHUNKED)(self._stored_rows)
        self._outlines = functools.lru_cache(2_000)(self._stored_outline)

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        """The tables of files, of names and of chunks."""
        return self.files_table, self.names_table, self.chunks_table

    def close(self) -> None:
        """Lets go of the folder."""
        for table in self.tables:
            table.close()
        self.store.close()

    # ----------------------------------------------------------------------------------------------- search by words

    def files(self, wanted: Wanted, limit: int) -> dict[str, FieldScores]:
        """The files that fit best, up to `limit` for each field: unsorted, with all fields' scores that were found."""
        body = self._file_scores("body", wanted, limit, lambda laid: laid.words)
        path = self._file_scores("path", wanted, limit, lambda laid: laid.names)
        return {each: FieldScores(body.get(each, 0.0), path.get(each, 0.0)) for each in {**body, **path}}

    def chunks(self, wanted: Wanted, limit: int) -> dict[str, list[float]]:
        """How well the `limit` best chunks fit, by their files, best first. {} before the first files were parsed."""
        found: dict[str, list[float]] = {}
        shown = self.shown.paths
        for number, score in self._chunk_scores(wanted, limit).items():
            if (path := shown.get(number >> CHUNK_BITS)) is not None:
                found.setdefault(path, []).append(score)
        return found

    def pieces(self, wanted: Wanted, paths: Sequence[str]) -> dict[tuple[str, int], float]:
        """How well the pieces of these files fit, by path and number in `chunks_of`; others fit not at all."""
        files = {number: path for path in paths if (number := self.shown.id(path)) is not None}
        found = self._chunk_scores(wanted, _PIECES, list(files)) if files else {}
        return {
            (files[number >> CHUNK_BITS], number & ((1 << CHUNK_BITS) - 1)): score
            for number, score in found.items()
            if score > 0.0
        }

    def _file_scores(self, field: str, wanted: Wanted, limit: int, words: Callable[[Laid], Words]) -> dict[str, float]:
        table = self.files_table
        known = table.rarest(field, wanted)
        laid = self.shown.laid()
        found: dict[str, float] = {}
        shown = self.shown.paths
        for number, score in table.scores(field, known, limit + len(laid) + _SLACK).items():
            path = shown.get(number)
            if path is not None and number not in laid:
                found[path] = score
        weights = Weights(table, field, wanted) if laid else None
        for number, document in laid.items():
            if weights and self.shown.path(number) is not None and (score := weights.score(words(document))):
                found[document.path] = score
        return _best(found, limit)

    def _chunk_scores(self, wanted: Wanted, limit: int, files: Sequence[int] = ()) -> dict[int, float]:
        table = self.chunks_table
        known = table.rarest("body", wanted)
        laid = self.shown.laid()
        shown = self.shown.paths
        found = {
            number: score
            for number, score in table.scores("body", known, limit + _SLACK, files).items()
            if (file := number >> CHUNK_BITS) in shown and file not in laid
        }
        weights = Weights(table, "body", wanted) if laid else None
        for file, document in laid.items():
            if files and file not in files:
                continue
            for at, (_, body) in enumerate(document.pieces):
                if weights and (score := weights.score(body)):
                    found[(file << CHUNK_BITS) + at] = score
        return _best(found, limit)

    # ------------------------------------------------------------------------------------------------ what a file has

    def paths(self) -> list[str]:
        """All files that are known."""
        with self.shown.lock:
            return list(self.shown.ids)

    def knows(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.shown.id(path) is not None

    def named(self, name: str) -> list[str]:
        """The files whose name without folders this is."""
        return self.shown.named(name)

    def chunks_of(self, path: str) -> list[FileChunk]:
        """The file's chunks in their order; [] before it was parsed."""
        laid, row = self.shown.laid_over(path), self.shown.row(path)
        if laid is not None:
            return [FileChunk(path, *piece[:4]) for piece, _ in laid.pieces]
        return [FileChunk(path, *each[1:]) for each in self._rows(row.id)] if row and row.parsed else []

    def _stored_rows(self, file: int) -> Sequence[ChunkRow]:
        """A number belongs to one text of one file for ever. What is wrong with the store shows in writing."""
        try:
            return self.store.chunks_of(file)
        except OSError:
            return []

    def text(self, path: str) -> str | None:
        """The file as it is now, its lines ending as `unix_lines` has them; None when there is no such file.

        None as well when the file is another one than was indexed: its lines may have moved.
        """
        laid = self.shown.laid_over(path)
        data = laid.text if laid is not None else self._current(path)
        return None if data is None else unix_lines(data.decode("utf-8", "replace"))

    def _current(self, path: str) -> bytes | None:
        row, content = self.shown.row(path), self.source.read(path)
        if row is None or content is None:
            return None
        same = (row.size, row.mtime_ns) == (content.size, content.mtime_ns)
        return content.data if same or digest(content.data) == row.digest else None

    def outline(self, path: str) -> Outline:
        """What the file defines, imports and uses; empty before it was parsed."""
        laid = self.shown.laid_over(path)
        if laid is not None:
            return unpack(laid.parsed.packed)
        row = self.shown.row(path)
        return self._outlines(row.digest, language_of(path)) if row is not None and row.parsed else _EMPTY

    def _stored_outline(self, blob: str, language: str) -> Outline:
        try:
            packed = self.store.outline(blob, language)
        except OSError:
            packed = None
        return unpack(packed) if packed else _EMPTY

    # ------------------------------------------------------------------------------------------------ search by names

    def defines(self, name: str, limit: int = 50) -> list[str]:
        """Files that define the name."""
        return self._having("defines", name, limit, lambda laid: laid.parsed.defines)

    def references(self, name: str, limit: int = 200) -> list[str]:
        """Files that use the name."""
        return self._having("references", name, limit, lambda laid: laid.parsed.references)

    def how_many(self, kind: Literal["defines", "references"], name: str) -> int:
        """About how many files define or use the name."""
        return self.names_table.frequency(kind, name)

    def _having(self, field: str, name: str, limit: int, names: Callable[[Laid], str]) -> list[str]:
        laid = self.shown.laid()
        found = [
            path
            for number in self.names_table.having(field, name, limit + len(laid))
            if number not in laid and (path := self.shown.path(number)) is not None
        ]
        found += [
            document.path
            for number, document in laid.items()
            if self.shown.path(number) is not None and f" {name} " in f" {names(document)} "
        ]
        return sorted(found)[:limit]


def _inside(folder: Path | None, name: str) -> str | None:
    if folder is None:
        return None
    (folder / name).mkdir(exist_ok=True)
    return str(folder / name)


def _best(found: dict[T, float], limit: int) -> dict[T, float]:
    if len(found) <= limit:
        return found
    return dict(sorted(found.items(), key=lambda item: -item[1])[:limit])
