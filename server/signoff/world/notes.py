"""What is kept of a workspace between sessions, in plain files of the state folder. Satisfies `runtime.ports.Notes`.

Lessons are a Markdown list that the user may edit. Failures and timings are appended as one JSON object a line, so that
several processes can write at once; they are counted when they are read, and shortened when the file has grown.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from signoff.core.failures import signature, telling
from signoff.core.notes import FailureNote, TimingNote
from signoff.world.folders import private_folder

log = logging.getLogger(__name__)

FOLDER = "workspaces"
LARGEST = 512_000
"""Bytes of one file; of a longer one the older half is dropped."""
MOST_LESSONS = 100
LONGEST_LESSON = 300
MOST_RUNS = 20
LONGEST_TEXT = 2_000
"""Characters of a failure's text, or of what fixed it."""

Line = dict[str, Any]


class WorkspaceNotes:
    """The notes of the workspace `uri`, below the state folder."""

    def __init__(self, state: Path, uri: str) -> None:
        self._state, self._uri = state, uri
        self._folder = state / FOLDER / hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._lessons = self._folder / "preferences.md"
        self._failures = self._folder / "failures.jsonl"
        self._timings = self._folder / "timings.jsonl"

    @property
    def lessons_at(self) -> str:
        """The file that holds the lessons."""
        return str(self._lessons)

    def lessons(self) -> list[str]:
        """What the user's rejections taught, oldest first: the lines that begin with "- "."""
        text = _text(self._lessons)
        found = [line[2:].strip() for line in text.splitlines() if line.startswith("- ")]
        return [line[:LONGEST_LESSON] for line in found if line][-MOST_LESSONS:]

    def learn(self, words: str) -> None:
        """Adds a lesson, unless it is there already."""
        lesson = " ".join(words.split())[:LONGEST_LESSON]
        if not lesson or lesson.casefold() in {known.casefold() for known in self.lessons()}:
            return
        title = f"# What you told Signoff when you rejected its changes in {self._uri}\n\n"
        title += "Lines that begin with `- ` are told to the model. Change or delete what does not hold.\n\n"
        before = "" if self._lessons.exists() else title
        # Whoever edited the file may have left its last line open.
        ended = not before and not _text(self._lessons).endswith("\n")
        self._append(self._lessons, f"{before}{chr(10) if ended else ''}- {lesson}\n")

    def failures(self) -> list[FailureNote]:
        """What failed, each once, the latest last."""
        found: dict[str, FailureNote] = {}
        for line in self._lines(self._failures):
            where, name = str(line.get("where", "")), str(line.get("signature", ""))
            if "fixed" in line:
                now = [one for one in found.values() if one.where == where and not one.fixed]
                found |= {one.signature: replace(one, fixed=str(line["fixed"])) for one in now}
            else:
                known = found.pop(name, None)
                count = known.count + 1 if known else 1
                # It failed again: what mended it then is worth knowing until something else does.
                fixed = known.fixed if known else ""
                found[name] = FailureNote(name, where, str(line.get("text", "")), _number(line.get("at")), count, fixed)
        return list(found.values())

    def failed(self, where: str, output: str, at: float) -> None:
        """The command or test `where` failed (again), and printed `output`."""
        where, text = where[:LONGEST_LESSON], telling(output)[:LONGEST_TEXT]
        self._add(self._failures, {"signature": signature(where, output), "where": where, "text": text, "at": at})

    def passed(self, where: str, by: str, at: float) -> None:
        """What failed passes again; `by` says what was changed."""
        self._add(self._failures, {"where": where[:LONGEST_LESSON], "fixed": by[:LONGEST_TEXT], "at": at})

    def timings(self) -> list[TimingNote]:
        """How long commands and tests took, the latest last."""
        found: dict[str, TimingNote] = {}
        for line in self._lines(self._timings):
            name = str(line.get("name", ""))
            known = found.pop(name, None)
            seconds = (*(known.seconds if known else ()), _number(line.get("seconds")))
            found[name] = TimingNote(name, seconds[-MOST_RUNS:], _number(line.get("at")))
        return list(found.values())

    def timed(self, name: str, seconds: float, at: float) -> None:
        """A command or test took so long."""
        self._add(self._timings, {"name": name[:LONGEST_LESSON], "seconds": round(seconds, 3), "at": at})

    def _add(self, path: Path, line: Line) -> None:
        self._append(path, json.dumps(line, ensure_ascii=False) + "\n")
        with _logged(path):
            if path.stat().st_size > LARGEST:
                self._shorten(path)

    def _shorten(self, path: Path) -> None:
        kept = path.read_bytes()[-LARGEST // 2 :].partition(b"\n")[2]
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_bytes(kept)
        scratch.chmod(0o600)
        scratch.replace(path)

    def _append(self, path: Path, text: str) -> None:
        with _logged(path):
            private_folder(self._state)
            private_folder(self._folder)
            # One write to a file opened for appending: other processes' lines stay whole.
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, text.encode("utf-8", "replace"))
            finally:
                os.close(handle)

    def _lines(self, path: Path) -> Iterator[Line]:
        """The objects in the file; a line that is none was cut off or edited, and says nothing."""
        for line in _text(path).splitlines():
            try:
                value: object = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield cast("Line", value)


def notes_in(state: Path) -> Callable[[str], WorkspaceNotes]:
    """The notes of any workspace of this user."""
    return lambda uri: WorkspaceNotes(state, uri)


@contextmanager
def _logged(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        log.warning("%s can't be written: %s", path, error)


def _text(path: Path) -> str:
    """The end of the file, at most what one may hold; "" when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LARGEST))
            data = file.read(LARGEST)
    except FileNotFoundError:
        return ""
    except OSError as error:
        log.warning("%s can't be read: %s", path, error)
        return ""
    return (data if size <= LARGEST else data.partition(b"\n")[2]).decode("utf-8", "replace")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
