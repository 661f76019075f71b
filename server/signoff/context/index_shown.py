"""Which document stands for which file: the one on disk, or what an editor holds of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from posixpath import basename

from signoff.context.index_overlay import Laid
from signoff.core.indexed import FileRow

MOST_NAMED = 200
"""Files with one name among which some can still be meant."""


class Shown:
    """A document's id belongs to one text of one file and to no other ever. Any thread may read; writing has a lock.

    A path is shown by at most one id; hits of ids that are not shown don't count.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._ids: dict[str, int] = {}
        self._paths: dict[int, str] = {}
        self._rows: dict[str, FileRow] = {}
        self._laid: dict[int, Laid] = {}
        self._buffers: dict[str, int] = {}
        self._named: dict[str, set[str]] | None = None
        self.version = 0
        """Goes up whenever a file comes or goes."""

    def path(self, number: int) -> str | None:
        """The file that the id stands for, if it is shown."""
        return self._paths.get(number)

    def id(self, path: str) -> int | None:
        """The id that the path is shown by."""
        return self._ids.get(path)

    def row(self, path: str) -> FileRow | None:
        """The file on disk, as it was read."""
        return self._rows.get(path)

    def laid_over(self, path: str) -> Laid | None:
        """The path's document in the overlay, if it is shown by one."""
        number = self._ids.get(path)
        return None if number is None else self._laid.get(number)

    def is_laid(self, path: str) -> bool:
        """Whether the file on disk is in the overlay, and not in the index yet."""
        row = self._rows.get(path)
        return row is not None and row.id in self._laid

    @property
    def paths(self) -> Mapping[int, str]:
        """The files by the ids that they are shown by. For looking up only."""
        return self._paths

    @property
    def ids(self) -> Mapping[str, int]:
        """All files that are shown. Copy it under the lock before going through it."""
        return self._ids

    def rows(self) -> dict[str, FileRow]:
        """All files on disk, copied."""
        with self.lock:
            return dict(self._rows)

    def laid(self) -> dict[int, Laid]:
        """The overlay, copied: documents by id."""
        with self.lock:
            return dict(self._laid)

    def is_buffer(self, path: str) -> bool:
        """Whether an editor's text is shown."""
        return path in self._buffers

    def named(self, name: str) -> list[str]:
        """The files of this name in any folder, sorted.

        [] for a name that more than `MOST_NAMED` files have: it tells nothing.
        """
        with self.lock:
            if self._named is None:
                self._named = {}
                for path in self._ids:
                    self._name(path)
            found = self._named.get(name, ())
            return sorted(found) if len(found) <= MOST_NAMED else []

    def _name(self, path: str) -> None:
        if self._named is not None:
            self._named.setdefault(basename(path), set()).add(path)

    # ------------------------------------------------------------------------------------------------------- writing

    def set_rows(self, rows: Iterable[FileRow]) -> None:
        """The files on disk are now these, and the index has them."""
        with self.lock:
            for row in rows:
                old = self._rows.get(row.path)
                self._rows[row.path] = row
                if old is not None and old.id == row.id:
                    continue
                if old is not None:
                    self._laid.pop(old.id, None)
                if row.path not in self._buffers:
                    self._show(row.path, row.id)

    def lay_row(self, row: FileRow, laid: Laid) -> None:
        """The file on disk is now this one, and the index does not have it yet."""
        with self.lock:
            self._laid[row.id] = laid
            self.set_rows([row])

    def drop_row(self, path: str) -> None:
        """There is no such file on disk any more."""
        with self.lock:
            old = self._rows.pop(path, None)
            if old is not None:
                self._laid.pop(old.id, None)
            if path not in self._buffers:
                self._show(path, None)

    def lay(self, number: int, laid: Laid) -> bool:
        """Replaces the overlay's document of an id; False when that id is in it no more, or with another text."""
        with self.lock:
            known = self._laid.get(number)
            if known is None or known.text is not laid.text:
                return False
            self._laid[number] = laid
            return True

    def lift(self, numbers: list[int]) -> None:
        """Takes documents out of the overlay that are in the index by now."""
        with self.lock:
            for number in numbers:
                self._laid.pop(number, None)

    def set_buffer(self, path: str, number: int, laid: Laid) -> None:
        """An editor holds another text than the disk."""
        with self.lock:
            self._laid.pop(self._buffers.get(path, -1), None)
            self._buffers[path] = number
            self._laid[number] = laid
            self._show(path, number)

    def drop_buffer(self, path: str) -> None:
        """The editor's text is the disk's again, or the editor let go of it."""
        with self.lock:
            number = self._buffers.pop(path, None)
            if number is not None:
                self._laid.pop(number, None)
                row = self._rows.get(path)
                self._show(path, row.id if row else None)

    def _show(self, path: str, number: int | None) -> None:
        old = self._ids.get(path)
        if old == number:
            return
        if old is not None:
            self._paths.pop(old, None)
        if number is None:
            del self._ids[path]
            if self._named is not None:
                self._named[basename(path)].discard(path)
        else:
            self._ids[path] = number
            self._paths[number] = path
            if old is None:
                self._name(path)
        self.version += old is None or number is None
