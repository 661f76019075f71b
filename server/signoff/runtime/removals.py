"""Names that changes took away while other files still use them: what the index is asked, and what a session is told.

Blocking: files are read, git is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from signoff.context.changes import Change, mark, replaced
from signoff.context.removed import mentions, parts_of, sentences
from signoff.core.fragments import Replaced
from signoff.core.state import State
from signoff.runtime.looking import HEAD, Seen, tellable
from signoff.runtime.material import REMOVED_KEY
from signoff.runtime.workspace import Workspace

MOST_CHARACTERS = 400_000
"""Of changed texts that the index is asked about, the shortest first."""
DIFF_LIMIT = 200_000


def parts(state: State, workspace: Workspace, seen: Seen) -> tuple[Replaced, ...]:
    """What changed since the session looked last, by whomever; `seen` has the texts of then, where they are known."""
    found = [*_looked(state, seen), *_made(state, workspace)]
    known = {one.path for one in found}
    found += [one for one in _committed(state, workspace, seen) if one.path not in known]
    room, chosen = MOST_CHARACTERS, list[Replaced]()
    for one in sorted(found, key=lambda one: len(one.old) + len(one.new)):
        room -= len(one.old) + len(one.new)
        chosen += [one] if room >= 0 else []
    return tuple(chosen) if any(one.old for one in chosen) else ()


def _looked(state: State, seen: Seen) -> Iterator[Replaced]:
    for look, known in replaced(seen.looks, state.seen):
        if known == "text":
            yield Replaced(look.path, look.was or "", look.text or "", whole=True)
        else:
            yield from (Replaced(*part, whole=False) for part in parts_of(look.section) if part[0] == look.path)


def _made(state: State, workspace: Workspace) -> Iterator[Replaced]:
    """Files that are there because of the session's own hunks: what moved there is not gone."""
    for hunk in state.hunks.values():
        uri = hunk.uri if hunk.kind == "create" else hunk.to_uri if hunk.kind == "rename" else None
        path = workspace.path_of(uri) if uri else None
        if uri and path and (hunk.in_file or hunk.status == "applied") and (text := workspace.text(uri)) is not None:
            yield Replaced(path, "", text, whole=True)


def _committed(state: State, workspace: Workspace, seen: Seen) -> Iterator[Replaced]:
    git, known = workspace.git, state.seen.get(HEAD)
    if git is None or not known or known == seen.head:
        return
    made = [part for part in parts_of(git.changed_since(known, DIFF_LIMIT)) if tellable(part[0])]
    hidden = workspace.files.hidden({part[0] for part in made}, tracked=True)
    yield from (Replaced(*part, whole=False) for part in made if part[0] not in hidden)


def broken(state: State, workspace: Workspace, used: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[Change, ...]:
    """What there is to tell of the index's answer, as far as the session was not told the same.

    Files count as the session's model sees them: what its own pending hunks mend is no news.
    """
    found: list[Change] = []
    for path, names in used.items():
        users = {
            name: [one for one in several if _uses(state, workspace, one, name, path)]
            for name, several in names.items()
        }
        left = {name: several for name, several in users.items() if several}
        text = sentences(path, left) if left else ""
        if text and state.seen.get(workspace.uri_of(path) + REMOVED_KEY) != mark(text):
            found.append(Change(path, text, "removed and still used"))
    return tuple(found)


def _uses(state: State, workspace: Workspace, path: str, name: str, home: str) -> bool:
    text = workspace.seen(state, path) if tellable(path) else None
    return isinstance(text, str) and mentions(text, path, name, home)
