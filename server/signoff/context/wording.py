"""A context as the text that the model reads: what changes least first, so that prompt caches hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from signoff.core.fragments import Fragment, Source

FILE_LIMIT = 200
"""Paths listed; a bigger workspace is named by its folders."""
MOST_TOLD = 20
"""Names of what was left out that the model is told."""

_HEADS: dict[Source, str] = {
    "memory": "Earlier sessions in this workspace:",
    "error history": "What failed here before:",
    "performance data": "How long things take:",
    "codebase": "Code that may matter (the rest by search and read_file):",
    "diagnostics": "Diagnostics:",
    "recent changes": "Recent changes:",
}
_RULES = "How the user wants work done here (it permits nothing that they would otherwise be asked):"
NEWS = "Since you last looked:"


def head(fragments: Iterable[Fragment], files: Sequence[str]) -> str:
    """What stands before the task: the user's preferences, then the map of the repository. "" when there is nothing."""
    rules = [_whole(each) for each in fragments if each.source == "user preferences"]
    parts = [f"{_RULES}\n" + "\n\n".join(rules)] if rules else []
    parts += ["Files:\n" + files_text(files)] if files else []
    return "\n\n".join(parts)


def body(fragments: Iterable[Fragment], left_out: Sequence[str] = (), note: str = "") -> str:
    """What stands after the task, most volatile last. `note` is a sentence about what could not be had."""
    parts: list[str] = []
    for source, group in groupby(fragments, key=_source_of):
        if source != "user preferences":
            parts += _section(source, list(group))
    if left_out:
        parts.append("Left out for want of room: " + ", ".join(left_out[:MOST_TOLD]))
    return "\n\n".join([*parts, note] if note else parts)


def news(fragments: Iterable[Fragment], left_out: Sequence[str] = ()) -> str:
    """What is told at a later look. "" when there is nothing new."""
    parts = list(fragments)
    rules = [_whole(each) for each in parts if each.source == "user preferences"]
    text = body(parts, left_out)
    told = ([f"{_RULES}\n" + "\n\n".join(rules)] if rules else []) + ([text] if text else [])
    return f"{NEWS}\n\n" + "\n\n".join(told) if told else ""


def _source_of(fragment: Fragment) -> Source:
    return fragment.source


def _section(source: Source, group: Sequence[Fragment]) -> Iterator[str]:
    if source == "buffers":
        yield from (_buffer(each) for each in group)
    elif source == "codebase":
        yield _HEADS[source] + "\n\n" + "\n\n".join(_code(each) for each in group)
    else:
        lines = "\n".join if source in ("diagnostics", "performance data") else "\n\n".join
        yield _HEADS[source] + "\n" + lines(_changed(each) for each in group)


def _buffer(fragment: Fragment) -> str:
    if not fragment.path:
        return f"{fragment.why[:1].upper()}{fragment.why[1:]}: {fragment.text}"
    return f"The task starts at {fragment.path}:{fragment.start_line}-{fragment.end_line}:\n{fragment.text}"


def _code(fragment: Fragment) -> str:
    return f"{fragment.path}:{fragment.start_line}-{fragment.end_line}\n{fragment.text}"


def _changed(fragment: Fragment) -> str:
    return f"{fragment.path} ({fragment.why}):\n{fragment.text}" if _is_diff(fragment) else fragment.text


def _is_diff(fragment: Fragment) -> bool:
    return fragment.source == "recent changes" and bool(fragment.path) and "\n" in fragment.text


def _whole(fragment: Fragment) -> str:
    return f"{fragment.path or 'Learned from what they rejected'}:\n{fragment.text}"


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
