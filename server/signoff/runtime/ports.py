"""What the runtime needs from the outside, as Protocols. `world` and `lsp` satisfy them structurally; `app` wires them.

No method here raises for trouble of the outside unless it says so: trouble is returned as data, in words for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol

from signoff.core.files import FileProblem as FileProblem
from signoff.core.files import FileTrouble as FileTrouble
from signoff.core.fragments import Found as Found
from signoff.core.fragments import Query as Query
from signoff.core.fragments import Replaced as Replaced
from signoff.core.journal import Row as Row
from signoff.core.journal import SessionRow as SessionRow
from signoff.core.journal import StoreError as StoreError
from signoff.core.model import ModelFailure, ModelReply, ModelRequest
from signoff.core.notes import FailureNote, TimingNote
from signoff.core.text import Edit


class Model(Protocol):
    """A model endpoint or a local model."""

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply, or why there is none. `on_text` gets streamed text pieces. Cancelling stops the stream."""
        ...

    async def close(self) -> None:
        """Lets go of connections and child processes."""
        ...


class Store(Protocol):
    """The journal: append-only rows per session, and texts by digest. Every method may raise `StoreError`."""

    async def claim(self, session: str, workspace: str, at: str) -> bool:
        """Makes this process the session's only writer (creating the session); False when another live process is."""
        ...

    async def release(self, session: str) -> None:
        """Gives the session up for other processes."""
        ...

    async def append(self, session: str, expected: int, rows: Sequence[Row], texts: Mapping[str, str]) -> None:
        """All of rows and texts, durable when it returns, or nothing. `expected` is the last stored seq."""
        ...

    async def read(self, session: str, after: int = 0) -> list[Row]:
        """The session's rows with seq > after, in order; [] for a session that is not known."""
        ...

    async def texts(self, digests: Sequence[str]) -> dict[str, str]:
        """The stored texts of those digests; erased or unknown ones are absent."""
        ...

    async def sessions(self, workspace: str | None = None) -> list[SessionRow]:
        """All known sessions (of one workspace URI), newest first."""
        ...

    async def purge(self, session: str) -> None:
        """Removes the session's rows, and texts that no other session uses."""
        ...

    async def close(self) -> None:
        """Waits for what is queued, then lets go of the database and of every claimed session."""
        ...


class Files(Protocol):
    """The workspace's files on disk. Paths are POSIX, relative to the workspace; nothing outside it is ever touched."""

    def problem(self) -> FileProblem | None:
        """Why the workspace's folder itself can't be used; None when it can."""
        ...

    def read(self, path: str) -> str | FileProblem:
        """The file's text with its BOM (as U+FEFF) and line ends untouched."""
        ...

    def write(self, path: str, text: str, expected: str | None) -> FileProblem | None:
        """Replaces the file atomically if its text still has the digest `expected` (None: it must not exist)."""
        ...

    def delete(self, path: str, expected: str) -> FileProblem | None:
        """Removes the file if its text still has the digest `expected`."""
        ...

    def list(self, limit: int = 50_000) -> list[str]:
        """Paths of the workspace's text-like files, ignore rules applied, sorted."""
        ...

    def inside(self, folder: str, limit: int = 1_000) -> list[str]:
        """The paths of what lies right in the folder, ignore rules applied, sorted; [] when there is no such folder."""
        ...

    def hidden(self, paths: Iterable[str], tracked: bool = False) -> frozenset[str]:
        """Those of `paths` that ignore files leave out; in `tracked` ones only .signoffignore has a say."""
        ...

    def exists(self, path: str) -> bool:
        """Whether something stands at the path."""
        ...


class Git(Protocol):
    """What git knows about the workspace. Blocking; call it off the event loop, and only in a trusted workspace."""

    def head(self) -> str | None:
        """The commit id of HEAD; None outside a repository or without a commit."""
        ...

    def working_diff(self, limit: int = 20_000) -> str:
        """The uncommitted changes as a unified diff, at most `limit` characters; empty when there are none."""
        ...

    def files(self) -> list[str] | None:
        """Tracked and untracked-but-not-ignored paths; None outside a repository."""
        ...

    def commits(self, since: str = "", limit: int = 10) -> list[tuple[str, list[str]]]:
        """The latest commits, newest first: a line of id and subject, and the paths that it changed.

        With `since` only those that HEAD has and that commit has not; [] when there is no such commit any more.
        """
        ...

    def changed_since(self, commit: str, limit: int = 20_000) -> str:
        """How HEAD differs from the commit, as a unified diff that ends after `limit` characters; "" when unknown."""
        ...

    def branch(self, limit: int = 50) -> tuple[str, list[str]]:
        """The branch that this one came from, and the paths that differ from there; ("", []) on that branch itself."""
        ...


class Editor(Protocol):
    """The editor's open documents, and the only way to change them."""

    def text(self, uri: str) -> str | None:
        """The open document's text as it is now (unsaved text included); None when it is not open."""
        ...

    def open_uris(self) -> tuple[str, ...]:
        """The open documents, most recently used first."""
        ...

    def named(self, uri: str) -> str:
        """The one name of a document that has several: behind links, or in capitals where those do not count.

        Unlike the rest, it may be asked in any thread.
        """
        ...

    def version(self, uri: str) -> int | None:
        """The open document's version as the client counts it. Opaque: never do arithmetic on it."""
        ...

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[Any, Any, str | None]:
        """Asks the client for the edits in one step; a reason when it refused. None proves nothing: see the text."""
        ...


class Clock(Protocol):
    """Time and ids; a test hands in its own."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def new_id(self, kind: str) -> str:
        """A globally unique id that starts with `kind`."""
        ...

    async def sleep_until(self, at: float) -> None:
        """Returns at `at` (seconds since the epoch) or soon after, also across a suspended machine."""
        ...


class ContextEngine(Protocol):
    """Finds what of a workspace's code matters for a goal. Its index lives in a process of its own."""

    async def find(self, workspace: str, query: Query) -> Found | str:
        """The best files and fragments of the workspace (a URI); words for the user when the engine is not there.

        Answers with what is indexed so far, and says how far that is. Cancelling gives the question up.
        """
        ...

    async def still_used(self, workspace: str, parts: Sequence[Replaced]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Names that these changes took away and that files still use: by the path that defined it and by name the
        files that use it. Empty as well when nobody knows."""
        ...


class Notes(Protocol):
    """What is kept of one workspace between sessions. Blocking; trouble of the disk is logged and changes nothing."""

    @property
    def lessons_at(self) -> str:
        """The file that holds the lessons, for the user to edit."""
        ...

    def lessons(self) -> list[str]:
        """What the user's rejections taught, oldest first, as the file says it now."""
        ...

    def learn(self, words: str) -> None:
        """Adds a lesson, unless it is there already."""
        ...

    def failures(self) -> list[FailureNote]:
        """What failed, each once, the latest last."""
        ...

    def failed(self, where: str, output: str, at: float) -> None:
        """The command or test `where` failed (again), and printed `output`."""
        ...

    def passed(self, where: str, by: str, at: float) -> None:
        """What failed passes again; `by` says what was changed."""
        ...

    def timings(self) -> list[TimingNote]:
        """How long commands and tests took, the latest last."""
        ...

    def timed(self, name: str, seconds: float, at: float) -> None:
        """A command or test took so long."""
        ...
