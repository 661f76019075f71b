"""Whole files on their way: created, deleted, renamed, and the same taken back. Always on disk, always hash-checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from signoff.core.commands import Command, FinishLanding, RefuseLanding, StartLanding
from signoff.core.hunks import Hunk, Landing
from signoff.core.text import Edit, digest
from signoff.runtime.ports import FileProblem
from signoff.runtime.workspace import Workspace

Submit = Callable[[Command], Awaitable[object]]
ABSENT = ""
"""The digest of a file that is not there."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is to happen to a file: `before` at `source` becomes `after` at `target`; None stands for no file."""

    source: str
    target: str
    before: str | None
    after: str | None

    @property
    def digests(self) -> tuple[str, str]:
        return _digest(self.before), _digest(self.after)


def _digest(text: str | None) -> str:
    return ABSENT if text is None else digest(text)


def _move(workspace: Workspace, landing: Landing, hunk: Hunk) -> Move:
    path = workspace.path_of(hunk.uri) or ""
    target = (workspace.path_of(hunk.to_uri) or "") if hunk.to_uri else path
    before = None if hunk.kind == "create" else hunk.before
    after = None if hunk.kind == "delete" else hunk.after
    apply = landing.kind == "apply"
    return Move(path, target, before, after) if apply else Move(target, path, after, before)


async def land_whole(workspace: Workspace, landing: Landing, hunk: Hunk, submit: Submit) -> Command:
    """Carries out one whole-file hunk and returns what came of it."""
    move = _move(workspace, landing, hunk)
    reason = _obstacle(workspace, move)
    if reason:
        return RefuseLanding(landing.id, reason, (hunk.id,) if landing.kind == "apply" else ())
    await submit(StartLanding(landing.id, "disk", *move.digests))
    problem = _carry_out(workspace, move)
    if problem is not None:
        return RefuseLanding(landing.id, problem.message)
    return _finish(workspace, landing, hunk, move)


def _obstacle(workspace: Workspace, move: Move) -> str | None:
    """Why the files are not as the hunk expects them; None when they are."""
    if move.before is not None:
        now = workspace.document(workspace.uri_of(move.source))
        if isinstance(now, FileProblem):
            return now.message
        if now != move.before:
            return f"{move.source} changed since this was proposed."
    if (move.before is None or move.source != move.target) and workspace.files.exists(move.target):
        return f"{move.target} exists already."
    buffer = workspace.editor.text(workspace.uri_of(move.target)) if move.before is None else None
    return f"{move.target} is open with unsaved text." if buffer else None


def _carry_out(workspace: Workspace, move: Move) -> FileProblem | None:
    files = workspace.files
    if move.after is None:
        return files.delete(move.source, _digest(move.before))
    moved = move.source != move.target
    expected = None if move.before is None or moved else digest(move.before)
    problem = files.write(move.target, move.after, expected)
    # The new file is there before the old one goes: a kill in between leaves both, never neither.
    return files.delete(move.source, _digest(move.before)) if moved and problem is None else problem


def _finish(workspace: Workspace, landing: Landing, hunk: Hunk, move: Move) -> FinishLanding:
    session = landing.id.rsplit(".", 1)[0]
    if move.before is not None and move.after != move.before:
        uri = workspace.uri_of(move.source)
        workspace.changed(
            uri, move.before, [Edit(0, len(move.before), move.after or "")], frozenset({(session, hunk.id)})
        )
    return FinishLanding(landing.id, move.digests[1], ((hunk.id, 0),))


def probe_whole(workspace: Workspace, landing: Landing, hunk: Hunk) -> Command:
    """Whether a whole-file hunk had landed when the server was killed."""
    move = _move(workspace, landing, hunk)
    source, target = (_now(workspace, path) for path in (move.source, move.target))
    before, after = move.digests
    moved = move.source != move.target
    if target == after and (not moved or source == ABSENT):
        return _finish(workspace, landing, hunk, move)
    if source == before and (not moved or target == ABSENT):
        return RefuseLanding(landing.id, "The server stopped before the edit was made. Approve it again.")
    stale = (hunk.id,) if landing.kind == "apply" else ()
    return RefuseLanding(landing.id, f"The server stopped while {move.target} was written; look at it.", stale)


def _now(workspace: Workspace, path: str) -> str:
    text = workspace.text(workspace.uri_of(path))
    return ABSENT if text is None else digest(text)
