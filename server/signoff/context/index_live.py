"""Keeps an index up to date while somebody works: single files that changed, and texts that editors hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from signoff.context.index import Index
from signoff.context.index_build import Builder
from signoff.context.index_outline import digest, pack, parse
from signoff.context.index_overlay import Laid, lay
from signoff.context.index_parsed import Parse, add, chunk_rows
from signoff.context.index_read import Ids, row_of, searchable, split_path
from signoff.context.index_types import LARGEST, Parsed
from signoff.context.languages import language_of
from signoff.context.outline_types import Outline
from signoff.core.indexed import FileRow

# More changes than this at once are written to the index; fewer are laid over it.
MOST_LAID = 64
# Files in the overlay before it is written to the index.
_FULL = 200
AGAIN_SECONDS = 0.3
"""How often a text that somebody types in is parsed at most; a long one less often."""
_QUICK = 100_000
_UNPARSED = pack(Outline((), (), ()))


class Live:
    """`buffer` may be called in any thread, the rest belongs to the builder's. Raises as `Table` and `Store`."""

    def __init__(
        self, index: Index, builder: Builder, ids: Ids, parse_elsewhere: Parse, again_seconds: float = AGAIN_SECONDS
    ) -> None:
        self._index, self._builder, self._ids, self._parse = index, builder, ids, parse_elsewhere
        self._again_seconds = again_seconds
        self._to_save: dict[str, FileRow] = {}
        self._gone: list[int] = []
        self._asking = threading.Lock()
        self._asked: set[str] = set()
        self._asked_at: dict[str, float] = {}

    def change(self, paths: Sequence[str]) -> None:
        """These files were changed, made or removed."""
        wanted = self._index.source.wanted(paths)
        gone = set(paths) - set(wanted)
        if len(paths) > MOST_LAID:
            self.flush()
            self._builder.update(wanted, gone)
            return
        for path in wanted:
            self._read(path)
        for path in gone:
            if (row := self._index.shown.row(path)) is not None:
                self._gone.append(row.id)
                self._to_save.pop(path, None)
                self._index.shown.drop_row(path)
        if len(self._to_save) + len(self._gone) > _FULL:
            self.flush()

    def _read(self, path: str) -> None:
        content = self._index.source.read(path)
        if content is None:
            return
        old = self._index.shown.row(path)
        row = row_of(old.id if old else 0, path, content, True)
        if old is None or old.digest != row.digest:
            if old is not None:
                self._gone.append(old.id)
            row = row._replace(id=self._ids.next())
            text = content.data if searchable(path, content.data) else b""
            self._index.shown.lay_row(row, self._lines_of(path, text))
            self._ask(row.id, path, text)
        else:
            row = row._replace(parsed=old.parsed)
            self._index.shown.set_rows([row])
        self._to_save[path] = row

    def buffer(self, path: str, text: str | None) -> None:
        """An editor holds this text of the file; None: it let go of it."""
        shown = self._index.shown
        data = b"" if text is None else text.encode("utf-8", "replace")
        row = shown.row(path)
        if text is None or len(data) > LARGEST or (row is not None and row.digest == digest(data)):
            shown.drop_buffer(path)
            return
        # Somebody may open what nobody else is to see.
        if not self._index.knows(path) and not self._index.source.allowed([path]):
            return
        number = self._ids.next()
        data = data if searchable(path, data) else b""
        shown.set_buffer(path, number, self._lines_of(path, data))
        self._ask(number, path, data)

    def _lines_of(self, path: str, text: bytes) -> Laid:
        """The file with chunks by its lines alone, which takes no parser."""
        before = self._index.shown.laid_over(path)
        return lay(path, text, parse(path, text, _UNPARSED), complete=not text, before=before)

    def _ask(self, number: int, path: str, text: bytes) -> None:
        """Has the text parsed, and lays that over the index instead.

        While somebody types, one text of a file is parsed at a time, and the next one not at once: `ask_again` does.
        """
        with self._asking:
            now = time.monotonic()
            # A megabyte takes half a second: others want the processor too.
            seconds = self._again_seconds * max(1.0, len(text) / _QUICK)
            if not text or path in self._asked or now - self._asked_at.get(path, -seconds) < seconds:
                return
            self._asked.add(path)
            self._asked_at[path] = now

        def take(parsed: Parsed | None) -> None:
            found = parsed or parse(path, text, _UNPARSED)
            with self._asking:
                self._asked.discard(path)
            self._index.shown.lay(number, lay(path, text, found, complete=True))

        self._parse([(path, text, None)], [take], True)

    def ask_again(self) -> None:
        """Has those texts parsed that came too soon after others; called often while `unparsed`."""
        for number, laid in self._index.shown.laid().items():
            if not laid.complete:
                self._ask(number, laid.path, laid.text)

    @property
    def unparsed(self) -> bool:
        """Whether something in the overlay has not been parsed yet."""
        return any(not laid.complete for laid in self._index.shown.laid().values())

    # ------------------------------------------------------------------------------------------------------- at rest

    @property
    def waiting(self) -> bool:
        """Whether there is something that `flush` would write."""
        return bool(self._to_save or self._gone)

    def flush(self) -> None:
        """Writes to the index what changed on disk; what is still being parsed stays for the next time."""
        index = self._index
        laid = index.shown.laid()
        waiting = {path: row for path, row in self._to_save.items() if row.id in laid and not laid[row.id].complete}
        ready = {path: row for path, row in self._to_save.items() if path not in waiting and self._is_current(row)}
        gone, self._gone = self._gone, []
        fresh = [laid[row.id] for row in ready.values() if row.id in laid]
        for table in index.tables:
            table.remove(gone)
        for row in ready.values():
            if row.id in laid:
                self._write(row.id, laid[row.id])
        if fresh:
            index.store.save_parsed(
                [each for row in ready.values() if row.id in laid for each in chunk_rows(row.id, laid[row.id].parsed)],
                [(one.parsed.digest, language_of(one.path), one.parsed.packed) for one in fresh],
            )
        for table in index.tables:
            table.commit()
        index.store.save(ready.values(), gone)
        index.shown.lift([row.id for row in ready.values()])
        self._to_save = waiting

    def _is_current(self, row: FileRow) -> bool:
        known = self._index.shown.row(row.path)
        return known is not None and known.id == row.id

    def _write(self, number: int, laid: Laid) -> None:
        fields = {"path": split_path(laid.path), "body": "\n".join(piece.body for piece, _ in laid.pieces)}
        self._index.files_table.add(number, number, fields)
        add(self._index, number, laid.parsed)
