"""Collects what is known of a workspace for a session, the codebase aside. Blocking: reads files, runs git."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from signoff.context import changes
from signoff.context.sources import Material, Text
from signoff.core.fragments import Seen as Known
from signoff.core.session import Finding
from signoff.core.state import State
from signoff.runtime.agent_tools import focus
from signoff.runtime.looking import HEAD, Seen, commits, tellable
from signoff.runtime.ports import Notes
from signoff.runtime.signals import Signals
from signoff.runtime.workspace import Workspace

INSTRUCTIONS = "AGENTS.md"
RULES = ".signoff/rules/"
MOST_RULES = 30
LONGEST_RULE = 20_000
"""Characters."""
_RULE_KEY = "#instructions"
_FINDINGS_KEY = "#diagnostics"
REMOVED_KEY = "#removed"
"""What is added to a document's URI for other things that are told of it."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known besides documents. `trusted`: whether the workspace's own instructions may be read."""

    notes: Notes
    signals: Signals
    trusted: Callable[[], bool]


def whole(state: State, workspace: Workspace, around: Around, seen: Seen, uri: str | None = None) -> Material:
    """All there is to tell to a session that has not been told anything, or to one that begins at `uri`."""
    here = focus(state, workspace)
    opened = _paths(workspace, [*([uri] if uri else []), *workspace.editor.open_uris()])
    at = ([here.path] if here else []) + opened
    notes = around.notes
    return Material(
        goal=state.goal,
        open=opened,
        viewed=_paths(workspace, around.signals.views),
        selected=here,
        findings=_findings(workspace, (*state.findings, *around.signals.findings)),
        changes=_telling(changes.first(seen.looks)),
        commits=commits(workspace.git, state, seen, at),
        rules=rules(workspace, at) if around.trusted() else (),
        lessons=notes.lessons(),
        lessons_at=notes.lessons_at,
        failures=notes.failures(),
        timings=notes.timings(),
    )


def news(state: State, workspace: Workspace, around: Around, seen: Seen) -> Material:
    """What is not as the session was told; `seen` has the texts that it saw before, where they are known."""
    told = state.seen
    texts = rules(workspace, [one.path for one in seen.looks]) if around.trusted() else ()
    findings = _findings(workspace, around.signals.findings)
    marks = _by_path(workspace, findings)
    rest = Seen(tuple(one for one in seen.looks if not _is_rule(one.path)), seen.head, seen.uncommitted)
    return Material(
        goal=state.goal,
        findings=[pair for pair in findings if told.get(_key(workspace, pair[0], _FINDINGS_KEY)) != marks[pair[0]]],
        changes=_telling(changes.since(rest.looks, told)),
        commits=commits(workspace.git, state, seen, ()),
        rules=[one for one in texts if told.get(_key(workspace, one.path, _RULE_KEY)) != changes.mark(one.text)],
    )


def marks(state: State, workspace: Workspace, around: Around, seen: Seen, known: Material) -> tuple[Known, ...]:
    """What the session knows once it was told of `known`, as far as that is not on record."""
    made = dict(changes.looked(seen.looks, state.seen))
    made |= {HEAD: seen.head} if seen.head else {}
    made |= {_key(workspace, one.path, _RULE_KEY): changes.mark(one.text) for one in known.rules}
    said = _by_path(workspace, _findings(workspace, around.signals.findings))
    made |= {_key(workspace, one.path, REMOVED_KEY): changes.mark(one.text) for one in known.removed}
    made |= {_key(workspace, path, _FINDINGS_KEY): digest for path, digest in said.items()}
    return tuple(Known(uri, digest) for uri, digest in made.items() if state.seen.get(uri) != digest)


def rules(workspace: Workspace, at: Iterable[str]) -> tuple[Text, ...]:
    """The user's instructions in the workspace: its rules, then AGENTS.md from the root down to the places `at`."""
    folders = {""} | {folder for path in at for folder in _above(path)}
    named = [path for path in workspace.files.inside(RULES[:-1]) if path.endswith(".md")]
    named += sorted(posixpath.join(folder, INSTRUCTIONS) for folder in folders)
    found = ((path, workspace.text(workspace.uri_of(path))) for path in named)
    return tuple(Text(path, text[:LONGEST_RULE]) for path, text in found if text and text.strip())[:MOST_RULES]


def _is_rule(path: str) -> bool:
    return path.startswith(RULES) or posixpath.basename(path) == INSTRUCTIONS


def _above(path: str) -> list[str]:
    """The folders that the file lies in, but for the root."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _paths(workspace: Workspace, uris: Iterable[str]) -> list[str]:
    named = (workspace.path_of(uri) for uri in dict.fromkeys(uris))
    told = [path for path in named if path and tellable(path)]
    hidden = workspace.files.hidden(told)
    return [path for path in told if path not in hidden]


def _findings(workspace: Workspace, found: Iterable[Finding]) -> list[tuple[str, Finding]]:
    """Each finding once, with the path of its file; those of files elsewhere are none of ours."""
    once: dict[tuple[str, int, str], tuple[str, Finding]] = {}
    for one in found:
        path = (workspace.path_of(one.place.uri) or "") if one.place else ""
        if path or one.place is None:
            once.setdefault((path, one.place.start_line if one.place else 0, one.message), (path, one))
    return list(once.values())


def _by_path(workspace: Workspace, findings: Sequence[tuple[str, Finding]]) -> Mapping[str, str]:
    """What the findings of each file are known by."""
    said: dict[str, list[str]] = {}
    for path, one in findings:
        line = one.place.start_line if one.place else 0
        said.setdefault(path, []).append(f"{line}:{one.severity}:{one.message}")
    return {path: changes.mark("\n".join(sorted(lines))) for path, lines in said.items()}


def _key(workspace: Workspace, path: str, what: str) -> str:
    return workspace.uri_of(path) + what


def _telling(found: Iterable[changes.Change]) -> list[changes.Change]:
    """The changes that say something."""
    return [one for one in found if one.text.strip()]
