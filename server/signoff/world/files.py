"""The workspace's files on disk. Satisfies `runtime.ports.Files`.

Every access starts at an open handle of the workspace's folder and goes through `safe_open`: nothing outside it can
be reached, whatever is renamed or linked meanwhile.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from signoff.core.files import FileProblem, FileTrouble, protected
from signoff.world.gitdir import git_folders
from signoff.world.hidden import hidden
from signoff.world.ignore import printable, wanted_file
from signoff.world.replace import make_folders, opened_folder, remove_folders, replace, sync
from signoff.world.safe_open import open_file, parts_of
from signoff.world.walk import listed

T = TypeVar("T")

# Bytes. What is larger is no text that anybody edits, and would not fit into a request.
LIMIT = 10_000_000

_KINDS: dict[int, tuple[FileTrouble, str]] = {
    errno.ENOENT: ("missing", "does not exist"),
    errno.ENOTDIR: ("missing", "does not exist: a file stands where a folder is named"),
    errno.EACCES: ("permission", "permission denied"),
    errno.EPERM: ("permission", "permission denied"),
    errno.EROFS: ("permission", "the file system is read-only"),
    errno.ELOOP: ("outside", "is a symbolic link, or lies behind one; links are not followed"),
    errno.EXDEV: ("outside", "is not a path inside the workspace"),
    errno.EEXIST: ("exists", "exists already"),
    errno.ENOSPC: ("disk_full", "the disk is full; nothing was changed"),
    errno.EDQUOT: ("disk_full", "the disk quota is used up; nothing was changed"),
    errno.EFBIG: ("disk_full", "the file would be larger than allowed here; nothing was changed"),
    errno.EISDIR: ("io", "is a folder"),
    errno.EINVAL: ("io", "is not a regular file"),
    errno.ENAMETOOLONG: ("io", "the name is too long"),
}


class _Problem(Exception):
    """A FileProblem on its way up."""

    def __init__(self, kind: FileTrouble, message: str) -> None:
        self.problem = FileProblem(kind, message)
        super().__init__(message)


class WorkspaceFiles:
    """The files below `root`; `limit` is the largest text in bytes. Nothing stays open; to be used in any thread."""

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        self._root = root
        self._limit = limit

    def problem(self) -> FileProblem | None:
        """Why the folder itself can't be used; None when it can."""

        def look() -> None:
            with self._opened():
                pass

        return self._guard(str(self._root), look)

    def read(self, path: str) -> str | FileProblem:
        """The file's text with its BOM (as U+FEFF) and line ends untouched."""
        return self._guard(path, lambda: _decoded(path, self._bytes(path)[0]))

    def write(self, path: str, text: str, expected: str | None) -> FileProblem | None:
        """Replaces the file atomically if its text still has the digest `expected` (None: it must not exist).

        A new file gets its missing folders. Whatever fails, the old file stands as it was and nothing is left behind.
        """
        return self._guard(path, lambda: self._write(path, _encoded(path, text), expected))

    def delete(self, path: str, expected: str) -> FileProblem | None:
        """Removes the file if its text still has the digest `expected`."""
        return self._guard(path, lambda: self._delete(path, expected))

    def list(self, limit: int = 50_000) -> list[str]:
        """Paths of the workspace's text-like files, ignore rules applied, sorted; [] when it cannot be read."""
        try:
            with self._opened() as root:
                return listed(root, limit)
        except OSError:
            return []

    def inside(self, folder: str, limit: int = 1_000) -> list[str]:
        """The paths of what lies right in the folder, ignore rules applied, sorted; [] when it can't be read."""
        try:
            parts_of(folder)
            with self._opened() as root, opened_folder(root, folder) as handle, os.scandir(handle) as entries:
                names = [entry.name for entry in islice(entries, limit)]
        except (OSError, ValueError):
            return []
        found = [f"{folder}/{name}" for name in names if printable(name) and wanted_file(name)]
        hidden = self.hidden(found)
        return sorted(path for path in found if path not in hidden)

    def hidden(self, paths: Iterable[str], tracked: bool = False) -> frozenset[str]:
        """Those of `paths` that ignore files leave out; in `tracked` ones only .signoffignore has a say."""
        return hidden(paths, self.read, tracked)

    def exists(self, path: str) -> bool:
        """Whether something stands at the path, be it a folder or a link that leads nowhere."""
        folder, _, name = path.rpartition("/")
        try:
            parts_of(path)
            with self._opened() as root, opened_folder(root, folder) as handle:
                os.stat(name, dir_fd=handle, follow_symlinks=False)
        except (OSError, ValueError):
            return False
        return True

    @contextmanager
    def _opened(self) -> Generator[int, None, None]:
        """A handle of the folder that stands at `root` right now; another one may stand there the next time."""
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)

    def _guard(self, path: str, action: Callable[[], T]) -> T | FileProblem:
        try:
            return action()
        except _Problem as found:
            return found.problem
        except OSError as trouble:
            words = trouble.strerror or str(trouble)
            kind, words = _KINDS.get(trouble.errno or 0, ("io", words[:1].lower() + words[1:]))
            return FileProblem(kind, f"{path}: {words}.")
        except UnicodeEncodeError:
            return FileProblem("outside", f"{path!r} is no file name here.")

    def _bytes(self, path: str) -> tuple[bytes, os.stat_result]:
        """The file's content and what the system knows of it, both of the same open file."""
        with self._opened() as root, open_file(root, path) as file:
            found = os.fstat(file.fileno())
            # One byte more than allowed: a file that grows meanwhile is noticed too.
            data = file.read(self._limit + 1) if found.st_size <= self._limit else b""
            if found.st_size > self._limit or len(data) > self._limit:
                size = max(found.st_size, len(data))
                raise _Problem("too_large", f"{path}: {size:,} bytes; at most {self._limit:,} are read.")
            return data, found

    def _unchanged(self, path: str, expected: str) -> os.stat_result:
        """What the system knows of the file, after a look that its text still has the digest."""
        data, found = self._bytes(path)
        # The digest of a text is that of its UTF-8 form, and so of the bytes of a UTF-8 file.
        if hashlib.sha256(data).hexdigest() != expected:
            raise _Problem("changed", f"{path}: was changed on disk meanwhile; nothing was written.")
        return found

    def _write(self, path: str, data: bytes, expected: str | None) -> None:
        self._refuse_protected(path)
        if expected is None:
            self._create(path, data)
        else:
            self._replace(path, data, expected)

    def _replace(self, path: str, data: bytes, expected: str) -> None:
        folder, _, name = path.rpartition("/")
        old = self._unchanged(path, expected)
        with self._opened() as root, opened_folder(root, folder) as handle:
            _refuse_read_only(handle, path, name, old)
            replace(handle, name, data, old, lambda: _one_name(path, self._unchanged(path, expected)))

    def _create(self, path: str, data: bytes) -> None:
        folder, _, name = path.rpartition("/")
        if self.exists(path):
            raise _Problem("exists", f"{path}: exists already.")
        with self._opened() as root:
            made = make_folders(root, folder) if folder else []
            try:
                with opened_folder(root, folder) as handle:
                    replace(handle, name, data, None, lambda: None)
            except BaseException:
                remove_folders(root, made)
                raise

    def _delete(self, path: str, expected: str) -> None:
        self._refuse_protected(path)
        folder, _, name = path.rpartition("/")
        self._unchanged(path, expected)
        with self._opened() as root, opened_folder(root, folder) as handle:
            os.unlink(name, dir_fd=handle)
            sync(handle)

    def _refuse_protected(self, path: str) -> None:
        parts_of(path)
        with self._opened() as root:
            folders = git_folders(root, os.path.realpath(self._root))
        folded = path.casefold() + "/"
        if protected(path) == "git" or any(folded.startswith(folder.casefold() + "/") for folder in folders):
            raise _Problem("permission", f"{path}: belongs to git's own files, which Signoff never writes.")


def _refuse_read_only(handle: int, path: str, name: str, old: os.stat_result) -> None:
    """The rename needs no permission on the file itself: without this look it would replace read-only files."""
    _one_name(path, old)
    effective = os.access in os.supports_effective_ids
    if not os.access(name, os.W_OK, dir_fd=handle, effective_ids=effective):
        raise _Problem("permission", f"{path}: is read-only for you.")


def _one_name(path: str, found: os.stat_result) -> None:
    if found.st_nlink > 1:
        raise _Problem(
            "permission",
            f"{path}: has {found.st_nlink - 1} other hard link(s), which may lie outside the workspace. "
            "Make it a file of its own first: copy it, and rename the copy over it.",
        )


def _encoded(path: str, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as trouble:
        raise _Problem(
            "encoding", f"{path}: the new text cannot be UTF-8: half a character at position {trouble.start}."
        ) from None


def _decoded(path: str, data: bytes) -> str:
    if (at := data.find(b"\0")) >= 0:
        utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        raise _Problem("binary", f"{path}: {'is UTF-16, not UTF-8' if utf16 else f'is binary (NUL at byte {at})'}.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as trouble:
        raise _Problem(
            "encoding", f"{path}: is not UTF-8: byte 0x{data[trouble.start]:02x} at offset {trouble.start}."
        ) from None
