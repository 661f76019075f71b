"""The context of a turn: what the model is told of the workspace before it answers. Pure; the parts are handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signoff.core.model import Focus
from signoff.core.session import Finding

FILE_LIMIT = 200
"""Paths listed; a bigger workspace is named by its folders."""
DIFF_LIMIT = 8_000
"""Characters of the working-tree diff."""
PLACE_LIMIT = 6_000
"""Characters of the selected lines."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the workspace right now. `fresh` is False when the session was told before."""

    files: Sequence[str] = ()
    open_paths: Sequence[str] = ()
    selected: Focus | None = None
    findings: Sequence[Finding] = ()
    diff: str = ""
    extra: str = ""


def opening(around: Surroundings) -> tuple[str, tuple[str, ...]]:
    """The text for the model and the names of its sources; ("", ()) when there is nothing to tell."""
    parts = list(_parts(around))
    return "\n\n".join(text for _, text in parts), tuple(source for source, _ in parts)


def _parts(around: Surroundings) -> Iterator[tuple[str, str]]:
    if around.files:
        yield "codebase", "Files:\n" + files_text(around.files)
    if around.open_paths:
        yield "buffers", "Open in the editor: " + ", ".join(around.open_paths)
    if around.selected:
        here = around.selected
        yield (
            "selection",
            f"The task starts at {here.path}:{here.start_line}-{here.end_line}:\n{here.text[:PLACE_LIMIT]}",
        )
    if around.findings:
        yield "diagnostics", "Diagnostics:\n" + "\n".join(_finding(finding) for finding in around.findings)
    if around.diff:
        yield "recent changes", "Uncommitted changes:\n" + cut(around.diff, DIFF_LIMIT)
    if around.extra:
        yield "user", around.extra


def files_text(files: Sequence[str]) -> str:
    """The paths, or where there are too many of them the folders with how many files each holds."""
    if len(files) <= FILE_LIMIT:
        return "\n".join(files)
    counts: dict[str, int] = {}
    for path in files:
        folder = "/".join(path.split("/")[:-1][:2])
        counts[folder] = counts.get(folder, 0) + 1
    shown = sorted(counts.items(), key=lambda item: -item[1])[:FILE_LIMIT]
    return "\n".join(f"{folder or '.'}/ ({count} files)" for folder, count in shown)


def _finding(finding: Finding) -> str:
    line = f" line {finding.place.start_line + 1}" if finding.place else ""
    source = f" [{finding.source} {finding.code}]".replace(" ]", "]") if finding.source or finding.code else ""
    return f"- {finding.severity}{line}: {finding.message}{source}"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, whole lines, saying so when something is missing."""
    if len(text) <= limit:
        return text
    return text[:limit].rsplit("\n", 1)[0] + "\n[cut]"
