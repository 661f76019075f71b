"""Looks at the documents of a workspace for a session: what others changed. Blocking: files are read, git is run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from signoff.context.changes import SHORT, WHOLE, Look, bare, mark, sections
from signoff.core.files import protected, secret_name
from signoff.core.state import State
from signoff.runtime.ports import Git
from signoff.runtime.workspace import Workspace

MOST_LOOKED = 600
"""Documents that are read in one look."""
DIFF_LIMIT = 60_000
"""Characters of what git says is not committed."""
MOST_COMMITS = 20
RECENT = 100
"""Commits in which those of related files are looked for, at the first look."""
KEPT_CHARACTERS = 8_000_000
LONGEST_KEPT = 500_000
OWN_DOCUMENTS = ".signoff/sessions/"
"""Documents that are views of ours, and tell the model nothing."""
HEAD = ""
"""The key of the commit that HEAD names, among the URIs of documents."""


class Texts:
    """Texts that sessions saw, by what they are known by: a change can be told as a diff. Bounded, not stored."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def get(self, known: str) -> str | None:
        """The text, if it is still kept."""
        return self._texts.get(known[:SHORT])

    def keep(self, text: str | None) -> None:
        """Keeps the text for later."""
        if text is None or len(text) > LONGEST_KEPT or (key := mark(text)) in self._texts:
            return
        self._texts[key] = text
        self._size += len(text)
        while self._size > KEPT_CHARACTERS:
            self._size -= len(self._texts.popitem(last=False)[1])


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: documents, the commit that HEAD names, and the paths with changes that are not committed."""

    looks: tuple[Look, ...] = ()
    head: str = ""
    uncommitted: tuple[str, ...] = ()


def look(state: State, workspace: Workspace, touched: Iterable[str] = (), more: Iterable[str] = ()) -> Seen:
    """The documents that may have changed for the session: known ones, open ones, `touched` ones, those that git
    names; and `more`, which the session is about to be told of."""
    git = workspace.git
    named = sections(git.working_diff(DIFF_LIMIT)) if git else {}
    head = (git.head() or "") if git else ""
    hit = frozenset(touched)
    hidden = workspace.files.hidden(named, tracked=True)
    named = {path: section for path, section in named.items() if path not in hidden and tellable(path)}
    uris = dict.fromkeys([*map(workspace.uri_of, named), *workspace.editor.open_uris(), *state.seen, *hit, *more])
    paths = {path: uri for uri in list(uris)[:MOST_LOOKED] if (path := _telling(workspace, uri))}
    hidden = workspace.files.hidden([path for path in paths if path not in named])
    looks = [
        one
        for path, uri in paths.items()
        if path not in hidden and (one := _at(state, workspace, uri, path, named.get(path, "")))
    ]
    marked = tuple(replace(one, touched=True) if one.uri in hit else one for one in looks)
    return Seen(marked, head, tuple(named))


def _telling(workspace: Workspace, uri: str) -> str | None:
    """The document's path, if a model may hear of it; None for keys of what is no document."""
    path = workspace.path_of(uri) if "#" not in uri and uri != HEAD else None
    return path if path and tellable(path) else None


def tellable(path: str) -> bool:
    """Whether a model may hear of the file: it holds no secrets by its name, and is none of git's or of ours."""
    return not path.startswith(OWN_DOCUMENTS) and not secret_name(path) and protected(path) != "git"


def _at(state: State, workspace: Workspace, uri: str, path: str, section: str) -> Look | None:
    """None for what is not text, and for a file that is only there because of the session's own approved hunks."""
    found = workspace.document(uri)
    text = found if isinstance(found, str) else None
    if not isinstance(found, str) and found.kind != "missing":
        return None
    starts = dict(workspace.anchors.starts(state.session, uri))
    own = [h for h in state.hunks.values() if (h.in_file or h.status == "applied") and uri in (h.uri, h.to_uri)]
    without = bare(text, [replace(hunk, start=starts.get(hunk.id, hunk.start)) for hunk in own])
    if text is not None and without is None:
        return None
    saved = workspace.files.read(path) if workspace.editor.text(uri) is not None else None
    saved = saved if isinstance(saved, str) and not own else None
    return Look(uri, path, without, None, saved, section, own=bool(own), text=text)


def remembering(looks: Iterable[Look], seen: Mapping[str, str], texts: Texts) -> Iterator[Look]:
    """The looks with the texts that were seen before, where those are still known."""
    for one in looks:
        known, whole = seen.get(one.uri), seen.get(one.uri + WHOLE) or seen.get(one.uri)
        was = texts.get(whole) if whole else None
        if was is None and one.own and (whole is None or whole[:SHORT] == mark(one.bare)):
            was = one.bare
        yield replace(one, before=texts.get(known) if known else None, was=was)


def commits(git: Git | None, state: State, seen: Seen, related: Iterable[str]) -> str:
    """The commits since the last look; at the first look those of `related` files, and what the branch changed."""
    if git is None or not seen.head:
        return ""
    known = state.seen.get(HEAD)
    if known == seen.head:
        return ""
    if known:
        made = git.commits(known, MOST_COMMITS)
        return _listed(made) or f"HEAD is another commit now: {seen.head[:10]}."
    wanted = set(related)
    made = [(line, names) for line, names in git.commits("", RECENT) if wanted.intersection(names)][:5]
    base, differing = git.branch()
    own = f"This branch differs from {base} in: {', '.join(differing)}" if differing else ""
    return "\n".join(filter(None, [own, _listed(made)]))


def _listed(made: Iterable[tuple[str, list[str]]]) -> str:
    return "\n".join(f"commit {line}: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}" for line, names in made)
