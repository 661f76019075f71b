"""Real commits as questions: the state and history before a commit, its message as the goal, its hunks as the answer.

Nothing of the commit itself, or of what came after it, can be seen: files come out of the parent's tree, the history
is that behind the parent. Clones may be bare.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from signoff.context.history import Commit, History
from signoff.context.index import Index
from signoff.context.index_build import Builder
from signoff.context.index_outline import parse
from signoff.context.index_parsed import Job, Parsing
from signoff.context.index_read import Ids
from signoff.context.index_types import LARGEST, Parsed
from signoff.core.fragments import Fragment
from signoff.world.index_store import Store

_GITHUB = {
    "pytest": "pytest-dev/pytest",
    "sympy": "sympy/sympy",
    "flask": "pallets/flask",
    "vue": "vuejs/core",
    "gotools": "golang/tools",
    "ripgrep": "BurntSushi/ripgrep",
}
MOST_COMMITS = 4_000
"""Of the history: as many as the product reads."""


@dataclass(frozen=True, slots=True)
class Case:
    """`hunks` are lines of the parent's files (from 1, both included) that the commit changed."""

    id: str
    repo: str
    parent: str
    query: str
    gold: tuple[str, ...]
    hunks: tuple[tuple[str, int, int], ...]


def load(path: Path) -> list[Case]:
    """The cases of a JSONL file, in its order."""
    return [_case(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _case(value: dict[str, Any]) -> Case:
    hunks = tuple((path, first, last) for path, several in value["hunks"].items() for first, last in several)
    return Case(value["id"], value["repo"], value["parent"], value["query"], tuple(value["gold"]), hunks)


def clone_of(folder: Path, repo: str) -> Path:
    """The clone of the repository in the folder, by any of the usual names. Raises FileNotFoundError."""
    owner, _, name = _GITHUB.get(repo, repo).rpartition("/")
    stems = [repo, name, f"{owner}+{name}", f"{owner}__{name}", f"{owner}/{name}"]
    for stem in stems:
        for path in (folder / stem / "repo", folder / stem / ".git", folder / f"{stem}.git", folder / stem):
            if (path / "HEAD").is_file():
                return path
    raise FileNotFoundError(f"{folder} holds no clone of {owner}/{name}; looked for {', '.join(stems)}.")


@dataclass(frozen=True, slots=True)
class _Listed:
    path: str
    size: int
    mtime_ns: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class _Content:
    data: bytes
    size: int
    mtime_ns: int


@dataclass
class Clone:
    """One clone, read as data; `close` it."""

    path: Path
    _reader: subprocess.Popen[bytes] | None = None
    parsed: dict[tuple[str, str], Parsed] = field(default_factory=dict[tuple[str, str], Parsed])
    """What parsing found, by path and blob: states have most of their files in common."""

    def git(self, *arguments: str) -> str:
        """What git prints. Raises CalledProcessError."""
        done = subprocess.run(["git", "-C", str(self.path), *arguments], check=True, stdout=subprocess.PIPE)
        return done.stdout.decode("utf-8", "replace")

    def tree(self, commit: str) -> dict[str, _Listed]:
        """The files of a commit, without links and submodules."""
        found: dict[str, _Listed] = {}
        for entry in self.git("ls-tree", "-r", "-l", "-z", commit).split("\0")[:-1]:
            (mode, _, blob, size), path = entry.partition("\t")[0].split(), entry.partition("\t")[2]
            if mode.startswith("100"):
                found[path] = _Listed(path, int(size), 1, blob)
        return found

    def blob(self, name: str) -> bytes:
        """A blob's bytes."""
        if self._reader is None:
            argv = ["git", "-C", str(self.path), "cat-file", "--batch"]
            self._reader = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._reader.stdin and self._reader.stdout
        self._reader.stdin.write(name.encode() + b"\n")
        self._reader.stdin.flush()
        size = int(self._reader.stdout.readline().split()[2])
        data = self._reader.stdout.read(size)
        self._reader.stdout.read(1)
        return data

    def history(self, commit: str) -> History:
        """The history behind the commit, which it belongs to."""
        text = self.git(
            *("log", "--no-merges", "-z", "--name-only", "--no-renames", f"-n{MOST_COMMITS}"),
            *("--format=%x00%x01%H %ct%x00%B%x00", commit, "--"),
        )
        made = History()
        commits = list(_commits(text.split("\0")))
        made.update([each.id for each in commits], commits)
        return made

    def close(self) -> None:
        """Ends the process that reads blobs."""
        if self._reader is not None:
            self._reader.communicate()


def _commits(fields: list[str]) -> Iterator[Commit]:
    starts = [at for at, one in enumerate(fields) if one.startswith("\x01")]
    for start, end in zip(starts, [*starts[1:], len(fields)], strict=True):
        name, _, when = fields[start][1:].partition(" ")
        paths = [one.strip("\n") for one in fields[start + 2 : end] if one.strip("\n")]
        yield Commit(name, int(when), fields[start + 1], tuple(paths))


@dataclass
class State:
    """A commit's files as the source of an index."""

    clone: Clone
    commit: str

    @cached_property
    def files(self) -> dict[str, _Listed]:
        return self.clone.tree(self.commit)

    def scan(self) -> Iterable[Sequence[_Listed]]:
        """All files at once."""
        return [list(self.files.values())]

    def wanted(self, paths: Sequence[str]) -> list[str]:
        """Those that the commit has."""
        return [path for path in paths if path in self.files]

    def allowed(self, paths: Sequence[str]) -> list[str]:
        """All of them."""
        return list(paths)

    def stats(self, paths: Iterable[str]) -> dict[str, tuple[int, int] | None]:
        """Their sizes; all have the same time."""
        found = {path: self.files.get(path) for path in paths}
        return {path: (one.size, one.mtime_ns) if one else None for path, one in found.items()}

    def read(self, path: str) -> _Content | None:
        """The file in the commit."""
        listed = self.files.get(path)
        if listed is None or listed.digest is None:
            return None
        return _Content(self.clone.blob(listed.digest)[: LARGEST + 1], listed.size, listed.mtime_ns)

    def index(self, folder: Path | None = None) -> Index:
        """The whole index of the commit, in memory or in a folder.

        One that is in the folder already is used again; that of another version makes room.
        """
        try:
            return self._index(folder)
        except (OSError, ValueError):
            if folder is None:
                raise
            shutil.rmtree(folder)
            folder.mkdir()
            return self._index(folder)

    def _index(self, folder: Path | None) -> Index:
        made = Index(self, folder, Store(str(folder / "files.sqlite") if folder else None, "cases"))
        parsing = Parsing(made, self._parse, lambda: None)
        builder = Builder(made, parsing, Ids(made.store), lambda: None, lambda: None)
        if not (folder and builder.load()):
            builder.scan()
        while parsing.busy:
            parsing.settle()
        return made

    def _parse(self, jobs: Sequence[Job], done: Sequence[Any], urgent: bool) -> None:
        for (path, _, _), take in zip(jobs, done, strict=True):
            blob = self.files[path].digest or ""
            known = self.clone.parsed.get((path, blob))
            if known is None:
                known = self.clone.parsed[path, blob] = parse(path, self.clone.blob(blob))
            take(known)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one case; each between 0 and 1."""

    r1: float
    r5: float
    r10: float
    mrr: float
    file_r: float
    hunk_r: float


def scores(case: Case, files: Sequence[str], fragments: Iterable[Fragment]) -> Scores:
    """How well ranked files and a context meet a case. Gold that is not found at all counts 0."""
    places = {path: at for at, path in enumerate(files)}
    at = [places.get(path, len(files)) for path in case.gold]
    r1, r5, r10 = (sum(one < k for one in at) / len(at) for k in (1, 5, 10))
    shown: dict[str, list[tuple[int, int]]] = {}
    for one in fragments:
        shown.setdefault(one.path, []).append((one.start_line, one.end_line))
    met = sum(any(a <= last and first <= b for a, b in shown.get(path, ())) for path, first, last in case.hunks)
    first_at = min(at)
    mrr = 1 / (1 + first_at) if first_at < len(files) else 0.0
    touched = {path for path, _, _ in case.hunks}
    return Scores(r1, r5, r10, mrr, len(touched & shown.keys()) / len(touched), met / len(case.hunks))
