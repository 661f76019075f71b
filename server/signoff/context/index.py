"""The searchable workspace: files and chunks by their words, definitions and references by name.

Answers at any time with what is there: words as soon as the files are read (`ready` is "lexical"), symbols and chunks
when all have been parsed ("full"). Built and kept up to date by `index_build.py`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from signoff.context.index_outline import digest, unpack
from signoff.context.index_overlay import Laid, Weights, Words
from signoff.context.index_shown import Shown
from signoff.context.index_table import Table
from signoff.context.index_types import ChunkHit, FieldScores, Source, Store
from signoff.context.languages import language_of
from signoff.context.outline_types import Outline
from signoff.context.terms import terms
from signoff.core.indexed import CHUNK_BITS, ChunkRow

__all__ = ["ChunkHit", "FieldScores", "Index"]

T = TypeVar("T")
_EMPTY = Outline((), (), ())
_MOST_ROWS = 50_000
"""Places of chunks that are held in memory; the others are looked up."""
_SLACK = 50
_PIECES = 5_000
"""Hits asked for beyond the limit: some may be of documents that are shown no more."""


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
        self.names_table = Table(["symbols"], ["defines", "references", "imports"], _inside(folder, "names"))
        self.chunks_table = Table(["body", "symbols"], folder=_inside(folder, "chunks"))
        self._rows: dict[int, ChunkRow] = {}
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

    def files(self, query: str, limit: int) -> dict[str, FieldScores]:
        """The files that fit best, up to `limit` for each field: unsorted, with all fields' scores that were found."""
        wanted = terms(query)
        body = self._file_scores(self.files_table, "body", wanted, limit, lambda laid: laid.words)
        path = self._file_scores(self.files_table, "path", wanted, limit, lambda laid: laid.names)
        symbols = self._file_scores(self.names_table, "symbols", wanted, limit, lambda laid: laid.symbols)
        return {
            each: FieldScores(body.get(each, 0.0), path.get(each, 0.0), symbols.get(each, 0.0))
            for each in {**body, **path, **symbols}
        }

    def chunks(self, query: str, limit: int) -> list[ChunkHit]:
        """The chunks that fit best, up to `limit` for each field, unsorted. [] before the first files were parsed."""
        wanted = terms(query)
        body = self._chunk_scores("body", wanted, limit)
        symbols = self._chunk_scores("symbols", wanted, limit)
        numbers = list(dict.fromkeys([*body, *symbols]))
        shown = self.shown.paths
        return [
            ChunkHit(path, first, last, symbol, kind, body.get(number, 0.0), symbols.get(number, 0.0))
            for number, first, last, symbol, kind in self._chunk_rows(numbers)
            if (path := shown.get(number >> CHUNK_BITS)) is not None
        ]

    def pieces(self, query: str, paths: Sequence[str]) -> dict[tuple[str, int], FieldScores]:
        """How well each piece of these files fits, by path and first line; those that fit not at all may be absent."""
        wanted = terms(query)
        files = [number for path in paths if (number := self.shown.id(path)) is not None]
        if not files:
            return {}
        body = self._chunk_scores("body", wanted, _PIECES, files)
        symbols = self._chunk_scores("symbols", wanted, _PIECES, files)
        shown = self.shown.paths
        return {
            (path, row.start_line): FieldScores(body.get(row.number, 0.0), 0.0, symbols.get(row.number, 0.0))
            for row in self._chunk_rows([number for number, score in {**symbols, **body}.items() if score > 0.0])
            if (path := shown.get(row.number >> CHUNK_BITS)) is not None
        }

    def _file_scores(
        self, table: Table, field: str, wanted: Sequence[str], limit: int, words: Callable[[Laid], Words]
    ) -> dict[str, float]:
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

    def _chunk_scores(
        self, field: str, wanted: Sequence[str], limit: int, files: Sequence[int] = ()
    ) -> dict[int, float]:
        table = self.chunks_table
        known = table.rarest(field, wanted)
        laid = self.shown.laid()
        shown = self.shown.paths
        found = {
            number: score
            for number, score in table.scores(field, known, limit + _SLACK, files).items()
            if (file := number >> CHUNK_BITS) in shown and file not in laid
        }
        weights = Weights(table, field, wanted) if laid else None
        for file, document in laid.items():
            if files and file not in files:
                continue
            for at, (_, body, symbols) in enumerate(document.pieces):
                if weights and (score := weights.score(body if field == "body" else symbols)):
                    found[(file << CHUNK_BITS) + at] = score
        return _best(found, limit)

    def _chunk_rows(self, numbers: Sequence[int]) -> list[ChunkRow]:
        laid = self.shown.laid()
        rows: list[ChunkRow] = []
        for number in numbers if laid else ():
            document, place = laid.get(number >> CHUNK_BITS), number & ((1 << CHUNK_BITS) - 1)
            if document is not None and place < len(document.pieces):
                rows.append(ChunkRow(number, *document.pieces[place][0][:4]))
        stored = [number for number in numbers if number >> CHUNK_BITS not in laid]
        return rows + self._stored_rows(stored)

    def _stored_rows(self, numbers: Sequence[int]) -> list[ChunkRow]:
        known = self._rows
        if len(known) > _MOST_ROWS:
            known = self._rows = {}
        if missing := [number for number in numbers if number not in known]:
            # A number belongs to one chunk of one text for ever. What is wrong with the store shows in writing.
            with contextlib.suppress(OSError):
                known.update((row.number, row) for row in self.store.chunks(missing))
        return [known[number] for number in numbers if number in known]

    # ------------------------------------------------------------------------------------------------ what a file has

    def paths(self) -> list[str]:
        """All files that are known."""
        with self.shown.lock:
            return list(self.shown.ids)

    def knows(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.shown.id(path) is not None

    def named(self, name: str) -> list[str]:
        """The files that imports may call by this name."""
        return self.shown.named(name)

    def chunks_of(self, path: str) -> list[ChunkHit]:
        """The file's chunks in their order, without scores; [] before it was parsed."""
        laid, number = self.shown.laid_over(path), self.shown.id(path)
        if laid is not None:
            return [ChunkHit(path, *piece[:4]) for piece, _, _ in laid.pieces]
        try:
            return [ChunkHit(path, *row[1:]) for row in self.store.chunks_of(number)] if number is not None else []
        except OSError:
            return []

    def text(self, path: str, first: int, last: int) -> str | None:
        """The lines from `first` to `last` as they are now, the first one being 1; None when there is no such file.

        None as well when the file is another one than was indexed: its lines may have moved.
        """
        laid = self.shown.laid_over(path)
        data = laid.text if laid is not None else self._current(path)
        if data is None:
            return None
        return "\n".join(data.decode("utf-8", "replace").split("\n")[max(first - 1, 0) : last])

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

    def imports(self, part: str, limit: int = 400) -> list[str]:
        """Files that import something with this name in it: a module's or a folder's, see `import_parts`."""
        return self._having("imports", part, limit, lambda laid: laid.parsed.imports)

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
