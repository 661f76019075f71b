"""The tools that look at the workspace or propose changes of it. Each returns the command that records its outcome.

Output is capped; what was left out is said, with the way to get it.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from signoff.core import paths
from signoff.core.commands import RecordTool
from signoff.core.diff import line_counts
from signoff.core.files import protected, secret_name
from signoff.core.hunks import FileChange
from signoff.core.model import Focus, ToolCall
from signoff.core.patch import PatchError, resolve_edits, resolve_patch
from signoff.core.small_edits import enclosing
from signoff.core.state import State
from signoff.core.text import split_lines
from signoff.core.tools import BadArguments, arguments
from signoff.runtime.ports import FileProblem
from signoff.runtime.workspace import Workspace

READ_LIMIT = 60_000
"""Characters of one read."""
MATCH_LIMIT = 100
LINE_LIMIT = 300
LIST_LIMIT = 500


def run_tool(state: State, call: ToolCall, workspace: Workspace) -> RecordTool:
    """The outcome of a call. Never raises for what a model can ask; blocking (files are read)."""
    checked = arguments(call)
    if isinstance(checked, BadArguments):
        return RecordTool(call.call_id, checked.message, ok=False)
    try:
        return _run(state, call, checked, workspace)
    except _Unreadable as problem:
        return RecordTool(call.call_id, str(problem), ok=False)


def _run(state: State, call: ToolCall, checked: dict[str, Any], workspace: Workspace) -> RecordTool:
    if "path" in checked:
        checked = {**checked, "path": workspace.named(checked["path"])}
    match call.name:
        case "read_file":
            return _read(state, call, checked, workspace)
        case "search":
            return _search(state, call, checked, workspace)
        case "list_files":
            return RecordTool(call.call_id, listing(_matching(workspace, checked.get("glob"))))
        case "apply_patch":
            read = _reader(state, workspace)
            return _proposed(state, call, resolve_patch(checked["patch"], read), workspace)
        case "edit_file":
            pairs = [(edit["old"], edit["new"]) for edit in checked["edits"]]
            found = resolve_edits(checked["path"], pairs, _reader(state, workspace))
            return _proposed(state, call, found, workspace)
        case _:
            return RecordTool(call.call_id, f"{call.name} is not available here.", ok=False)


def _withheld(path: str, workspace: Workspace) -> str | None:
    """Why the file is not shown to a model, judged by its name and the user's rules; None when it may be."""
    name = posixpath.normpath(path)
    if protected(name) == "git":
        return f"{path} belongs to git's own files, which are neither shown nor changed."
    if secret_name(name):
        return f"{path} holds keys or passwords by its name, so it is not shown or changed."
    return f"{path} is in .signoffignore, so it is not shown or changed." if _hidden(name, workspace) else None


def _hidden(path: str, workspace: Workspace) -> bool:
    return not path.startswith(("/", "../")) and bool(workspace.files.hidden([path], tracked=True))


def _reader(state: State, workspace: Workspace) -> Callable[[str], str | None]:
    def read(named: str) -> str | None:
        path = workspace.named(named)
        if why := _withheld(path, workspace):
            raise _Unreadable(why)
        found = workspace.seen(state, path)
        if isinstance(found, FileProblem) and found.kind != "missing":
            raise _Unreadable(found.message)
        return found if isinstance(found, str) else None

    return read


class _Unreadable(Exception):
    """A file that a patch names can't be read; str() says why."""


def _read(state: State, call: ToolCall, asked: dict[str, Any], workspace: Workspace) -> RecordTool:
    if why := _withheld(asked["path"], workspace):
        return RecordTool(call.call_id, why, ok=False)
    found = workspace.seen(state, asked["path"])
    if not isinstance(found, str):
        message = found.message if found else f"{asked['path']} is not there: you proposed to delete or rename it."
        return RecordTool(call.call_id, message, ok=False)
    lines = split_lines(found)
    first, last = asked.get("start_line") or 1, asked.get("end_line") or len(lines)
    if first < 1 or (first > len(lines) and lines) or last < first:
        return RecordTool(call.call_id, f"{asked['path']} has {len(lines)} lines.", ok=first == 1)
    return RecordTool(call.call_id, _capped(lines, first, min(last, len(lines))) or "(empty file)")


def _capped(lines: list[str], first: int, last: int) -> str:
    size = 0
    for number in range(first, last + 1):
        size += len(lines[number - 1])
        if size > READ_LIMIT and number > first:
            shown = "".join(lines[first - 1 : number - 1])
            return f"{shown}[cut: lines {number}-{last} are left; read them with start_line {number}]"
    return "".join(lines[first - 1 : last])


def _matching(workspace: Workspace, glob: str | None) -> list[str]:
    files = workspace.files.list()
    return [path for path in files if _fits(path, glob)] if glob else files


def _fits(path: str, glob: str) -> bool:
    """Whether the glob names the path: with a slash it is matched from the root (`**` spans folders), else by name."""
    if "/" not in glob:
        return fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], glob)
    return fnmatch.fnmatchcase(path, glob) or fnmatch.fnmatchcase("/" + path, glob.replace("**/", "*"))


def listing(files: list[str]) -> str:
    """The paths, one a line, as many as fit."""
    if not files:
        return "No files."
    more = f"\n[{len(files) - LIST_LIMIT} more; narrow it with glob]" if len(files) > LIST_LIMIT else ""
    return "\n".join(files[:LIST_LIMIT]) + more


def _search(state: State, call: ToolCall, asked: dict[str, Any], workspace: Workspace) -> RecordTool:
    query = asked["query"]
    try:
        pattern = re.compile(query if asked.get("regex") else re.escape(query))
    except re.error as error:
        return RecordTool(call.call_id, f"{query!r} is not a regular expression: {error}.", ok=False)
    if not query:
        return RecordTool(call.call_id, "The query is empty.", ok=False)
    found: list[str] = []
    for line in _matches(state, pattern, asked.get("glob"), workspace):
        if len(found) == MATCH_LIMIT:
            found.append(f"[more than {MATCH_LIMIT} matches; narrow the query or the glob]")
            break
        found.append(line)
    return RecordTool(call.call_id, "\n".join(found) or "No match.")


def _matches(state: State, pattern: re.Pattern[str], glob: str | None, workspace: Workspace) -> Iterator[str]:
    for path in _matching(workspace, glob):
        text = workspace.seen(state, path)
        # One look at the whole text is cheap; most files hold no match and are not split into lines.
        if not isinstance(text, str) or not pattern.search(text):
            continue
        for number, line in enumerate(split_lines(text), start=1):
            if pattern.search(line):
                yield f"{path}:{number}: {line.rstrip()[:LINE_LIMIT]}"


def _proposed(
    state: State, call: ToolCall, found: tuple[FileChange, ...] | PatchError, workspace: Workspace
) -> RecordTool:
    if isinstance(found, PatchError):
        return RecordTool(call.call_id, found.message, ok=False)
    found = tuple(replace(change, path=workspace.named(change.path)) for change in found)
    bases = tuple(workspace.base(state, _target(state, workspace, change)) for change in found)
    return RecordTool(call.call_id, "\n".join(_told(change) for change in found), changes=found, bases=bases)


def _target(state: State, workspace: Workspace, change: FileChange) -> str:
    """The document whose hunk the change belongs to: a file that waits to be renamed is changed under its old name."""
    uri = workspace.uri_of(change.path)
    renamed = workspace.renamed_to(state, uri)
    return renamed.uri if renamed else uri


def _told(change: FileChange) -> str:
    plus, minus = line_counts(change.before or "", change.after or "")
    to = f" -> {change.to}" if change.to else ""
    return f"Proposed: {change.kind} {change.path}{to} (+{plus} -{minus}). Not approved yet; reads show it."


def focus(state: State, workspace: Workspace, widen: bool = False) -> Focus | None:
    """The place where the task started, as it is now; with `widen` the whole function or class around it."""
    place = state.place
    path = paths.relative(workspace.uri, place.uri) if place else None
    text = workspace.text(place.uri) if place else None
    if place is None or path is None or text is None:
        return None
    lines = split_lines(text)
    first = min(place.start_line, max(len(lines) - 1, 0))
    # A selection that ends at the start of a line does not include that line.
    end = place.end_line if place.end_column or place.end_line == place.start_line else place.end_line - 1
    last = min(max(end, first), max(len(lines) - 1, 0))
    if widen:
        first, last = enclosing(text, first, last)
    return Focus(path, first + 1, last + 1, "".join(lines[first : last + 1]))
