"""Builds an index from the workspace's files, and looks them over again.

First all words, so that search is ready at once; then names and chunks, for which every file has to be parsed. What was
stored before is used again where size and time, or else the digest, are the same.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

from signoff.context.index import Index
from signoff.context.index_parsed import Parsing
from signoff.context.index_read import Ids, row_of, searchable, split_path
from signoff.context.index_types import Content, Listed
from signoff.context.words import split_each
from signoff.core.indexed import FileRow

MOST_BYTES = 1_000_000_000
"""Text of a workspace that is read in one run of the process."""
_READ_AT_ONCE = 64
_COMMIT_EVERY = 40_000


class Builder:
    """For one thread. Every method raises what `Table` and `Store` raise: then the index is to be thrown away."""

    def __init__(
        self,
        index: Index,
        parsing: Parsing,
        ids: Ids,
        wait: Callable[[], None],
        tell: Callable[[], None],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`wait` is called between files: it returns when nobody is being answered. `tell`: words can be searched.

        After `most_bytes` of text the other files are known by their paths alone, and the index is `cut`.
        """
        self._index, self._parsing, self._ids, self._wait, self._tell = index, parsing, ids, wait, tell
        self._rows: list[FileRow] = []
        self._gone: list[int] = []
        self._bytes, self._most_bytes = 0, most_bytes

    def load(self) -> bool:
        """Takes what was stored; whether there was anything. It can be asked before it is looked over."""
        index = self._index
        rows = index.store.files()
        if not len(rows) <= len(index.files_table) <= 1.3 * len(rows) + 1_000:
            raise ValueError("the index and the list of its files belong to different times")
        if len(index.chunks_table) < index.store.count_chunks():
            raise ValueError("chunks are missing")
        index.shown.set_rows(rows)
        unparsed = [row for row in rows if not row.parsed]
        for table in (index.names_table, index.chunks_table):
            # Some of them may have got in before the process ended.
            table.remove(row.id for row in unparsed)
        if rows:
            index.ready = "lexical" if unparsed else "full"
            self._parsing.start(unparsed)
        return bool(rows)

    def scan(self) -> None:
        """Looks at all files: reads those that are new or changed, forgets those that are gone."""
        with _no_garbage():
            self._scan()

    def _scan(self) -> None:
        index = self._index
        seen: set[str] = set()
        changed: list[str] = []
        for listed in index.source.scan():
            seen.update(entry.path for entry in listed)
            changed += [entry.path for entry in listed if not self._same(entry)]
            while len(changed) >= _READ_AT_ONCE:
                self._add(changed[:_READ_AT_ONCE])
                del changed[:_READ_AT_ONCE]
        self._add(changed)
        for path in index.shown.rows().keys() - seen:
            self._forget(path)
        self._commit()
        index.files_table.rest()

    def look(self) -> None:
        """Looks at the files that are known: faster than `scan`, which finds new ones as well."""
        rows = self._index.shown.rows()
        found = self._index.source.stats(rows)
        changed = [path for path, now in found.items() if now is not None and now != rows[path][2:4]]
        gone = [path for path, now in found.items() if now is None]
        if changed or gone:
            self.update(changed, gone)

    def update(self, paths: Iterable[str], gone: Iterable[str]) -> None:
        """Reads these files again, and forgets those that are gone."""
        wanted = list(paths)
        for at in range(0, len(wanted), _READ_AT_ONCE):
            self._add(wanted[at : at + _READ_AT_ONCE])
        for path in gone:
            self._forget(path)
        self._commit()
        self._index.files_table.rest()

    def _same(self, entry: Listed) -> bool:
        row = self._index.shown.row(entry.path)
        return row is not None and row.size == entry.size and row.mtime_ns == entry.mtime_ns

    def _add(self, paths: Sequence[str]) -> None:
        """Reads the files and adds those that changed; they show after `_commit`."""
        self._wait()
        read = [(path, content) for path in paths if (content := self._index.source.read(path)) is not None]
        texts = [content.data if self._searched(path, content.data) else b"" for path, content in read]
        for (path, content), words in zip(read, split_each(texts), strict=True):
            self._take(path, content, words)
        if len(self._rows) >= _COMMIT_EVERY:
            self._commit()

    def _searched(self, path: str, data: bytes) -> bool:
        if self._index.cut or not searchable(path, data):
            return False
        self._bytes += len(data)
        self._index.cut = self._bytes > self._most_bytes
        return True

    def _take(self, path: str, content: Content, words: bytes) -> None:
        old = self._index.shown.row(path)
        if self._index.shown.is_laid(path):
            # The overlay is newer, and what is laid there is on its way into the index.
            return
        row = row_of(old.id if old else 0, path, content, old.parsed if old else False)
        if old is None or old.digest != row.digest:
            if old is not None:
                self._gone.append(old.id)
            row = FileRow(self._ids.next(), *row[1:5], not words)
            fields = {"path": split_path(path), "body": words.decode("utf-8", "replace")}
            self._index.files_table.add(row.id, row.id, fields)
        self._rows.append(row)

    def _forget(self, path: str) -> None:
        if (row := self._index.shown.row(path)) is not None:
            self._gone.append(row.id)
            self._index.shown.drop_row(path)

    def _commit(self) -> None:
        index = self._index
        rows, self._rows = self._rows, []
        gone, self._gone = self._gone, []
        for table in index.tables:
            table.remove(gone)
        index.files_table.commit()
        index.shown.set_rows(rows)
        unparsed = [row for row in rows if not row.parsed]
        if unparsed or not index.ready:
            index.ready = "lexical"
            self._tell()
        # Parsers take a moment to start; what they find is stored after this.
        self._parsing.start(unparsed)
        if rows or gone:
            index.store.save(rows, gone)


@contextmanager
def _no_garbage() -> Generator[None, None, None]:
    """What a scan makes stays, and there is much of it: looking through it for garbage takes a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
