"""Hunks in the session document: a heading, the model's reason and a diff; and the diff read back as it was edited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from signoff.core import paths
from signoff.core.diff import changed_blocks, line_counts, unified
from signoff.core.hunks import OPEN, Hunk
from signoff.core.page_text import one, quoted
from signoff.core.state import State
from signoff.core.text import split_lines
from signoff.core.visible import visible

LONGEST_DIFF = 200
"""Lines of one hunk's diff; a longer one is cut and can't be edited here."""
LONGEST_LINE = 1_000
BARE_END = "\\ No newline at end of file"
WHOLE = {"create": "create ", "delete": "delete ", "rename": "rename "}

_NAME = re.compile(r"\{#([\w-]+)\.(\d+)\}\s*$")
_ALL = 1_000_000_000
_HIDDEN = re.compile(r"<U\+[0-9A-F]{4,6}>")
_FENCE = re.compile(r"(`{3,})diff\s*$")

# A shown line, and whether a line end follows it.
Line = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Shown:
    """The diff of one hunk as the document has it; `whole` unless something was cut."""

    text: str
    whole: bool
    rest: int


@dataclass(frozen=True, slots=True)
class Number:
    """The hunk is the `n`th of `total`, as in 2/7."""

    n: int
    total: int

    def __str__(self) -> str:
        return f"{self.n}/{self.total}"


def numbered(state: State) -> dict[str, Number]:
    """The number of each hunk that waits, in their order, then of each that is applied; nothing for the others."""
    waiting = [hunk.id for hunk in state.hunks.values() if hunk.status in OPEN]
    applied = [hunk.id for hunk in state.hunks.values() if hunk.status == "applied"]
    return {hunk: Number(n, len(group)) for group in (waiting, applied) for n, hunk in enumerate(group, start=1)}


def heading(state: State, hunk: Hunk, line: int, number: Number | None) -> str:
    """`2/7 src/a.py:12 (+4 -1) pending {#h2.1}`: the name at the end says which hunk, at which rev."""
    plus, minus = _counts(hunk.before, hunk.after)
    path = _path(state.workspace, hunk.uri)
    to = f" to {_path(state.workspace, hunk.to_uri)}" if hunk.to_uri else ""
    place = f"{WHOLE[hunk.kind]}{path}{to}" if hunk.kind != "update" else f"{path}:{line + 1}"
    status = "being applied" if hunk.status == "applying" else hunk.status
    return f"{number or ''} {place} (+{plus} -{minus}) {status} {{#{name(state, hunk)}.{hunk.rev}}}".lstrip()


def name(state: State, hunk: Hunk) -> str:
    """The hunk's id without the session's."""
    return hunk.id.removeprefix(state.session + ".")


def named(line: str) -> tuple[str, int] | None:
    """The hunk's short id and rev that a heading ends with."""
    found = _NAME.search(line)
    return (found[1], int(found[2])) if found else None


@lru_cache(maxsize=1_000)
def _path(workspace: str, uri: str) -> str:
    return one(paths.shown(workspace, uri))


@lru_cache(maxsize=1_000)
def _counts(before: str, after: str) -> tuple[int, int]:
    return line_counts(before, after)


def block(state: State, hunk: Hunk, title: str) -> str:
    """The hunk with everything that there is to know about it."""
    proposal = state.proposals.get(hunk.proposal)
    parts = [f"### {title}"]
    parts += [quoted(text) for text in (proposal.rationale if proposal else "", hunk.note) if text.strip()]
    diff = shown(hunk)
    if diff.text:
        ticks = max((len(run) for run in re.findall("`+", diff.text)), default=0)
        fence = "`" * max(3, ticks + 1)
        parts.append(f"{fence}diff\n{diff.text}\n{fence}")
    if not diff.whole:
        left = f"{diff.rest:,} more lines" if diff.rest else "Long lines"
        parts.append(f"_{left} are not shown here; run the code action “Signoff: Show whole diff”._")
    return "\n\n".join(parts) + "\n\n"


def shown(hunk: Hunk) -> Shown:
    """The lines of the hunk's diff, without headers: the heading says where it stands."""
    return _shown(hunk.kind, hunk.before, hunk.after)


@lru_cache(maxsize=1_000)
def _shown(kind: str, before: str, after: str) -> Shown:
    context = 3 if kind == "rename" else _ALL
    lines = visible(unified(before, after, "x", context=context)).split("\n")[2:-1]
    lines = lines if kind == "rename" else lines[1:]
    short = [line[:LONGEST_LINE] for line in lines[:LONGEST_DIFF]]
    whole = kind in ("update", "create") and short == lines
    return Shown("\n".join(short), whole, max(0, len(lines) - LONGEST_DIFF))


def diff_of(text: str) -> list[str] | None:
    """The lines between the fences of a hunk's block; None when there are no fences."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        if opening := _FENCE.match(line):
            ticks = opening[1]
            ends = (n for n in range(start + 1, len(lines)) if lines[n].startswith(ticks) and not lines[n].strip("` "))
            end = next(ends, None)
            return None if end is None else lines[start + 1 : end]
    return None


def after_of(text: str, hunk: Hunk) -> str | None:
    """What the hunk is to put into the file according to the diff in its block, which the user may have edited.

    None when it is no diff of the text that the hunk changes, or when the block does not hold the whole diff.
    """
    whole = shown(hunk)
    diff = diff_of(text)
    if not whole.text and diff is None:
        diff = []
    if diff is None or not whole.whole:
        return None
    edited, known = _sides(diff), _sides(whole.text.split("\n") if whole.text else [])
    if edited is None or known is None or _bare(edited[0]) != _bare(known[0]):
        return None
    return _written(hunk, known[1], edited[1])


def unedited(text: str, hunk: Hunk) -> bool:
    """Whether the diff in the hunk's block says what the hunk does."""
    lines, known = diff_of(text) or [], shown(hunk).text.split("\n")
    same = [line.rstrip() for line in lines] == [line.rstrip() for line in known if known != [""]]
    return same or after_of(text, hunk) == hunk.after


def _bare(lines: list[Line]) -> list[Line]:
    """Some editors cut the white space at line ends away when they save."""
    return [(line.rstrip(), ended) for line, ended in lines]


def _as_text(lines: list[Line]) -> list[str]:
    return [line + "\n" * ended for line, ended in _bare(lines)]


def _sides(diff: list[str]) -> tuple[list[Line], list[Line]] | None:
    old: list[Line] = []
    new: list[Line] = []
    last = " "
    for line in diff:
        sign = line[:1] or " "
        if sign not in " +-" and line.rstrip() != BARE_END:
            return None
        if sign == "\\":
            for side in (s for s, signs in ((old, " -"), (new, " +")) if last in signs and s):
                side[-1] = (side[-1][0], False)
            continue
        old += [(line[1:], True)] if sign in " -" else []
        new += [(line[1:], True)] if sign in " +" else []
        last = sign
    return old, new


def _written(hunk: Hunk, known: list[Line], edited: list[Line]) -> str | None:
    """The edited lines as text: those that are as they were with their own characters and line ends."""
    raw = split_lines(hunk.after)
    made: list[str] = []
    at = 0
    for i, j, k, m in changed_blocks(_as_text(known), _as_text(edited)):
        made += raw[at:i]
        for line, ended in edited[k:m]:
            if _HIDDEN.search(line):
                # Whether the user means these characters or the one that they stand for can't be told.
                return None
            text = line.removesuffix("␍")
            made.append(text + ("" if not ended else "\r\n" if text != line else _line_end(hunk)))
        at = j
    made += raw[at:]
    end = _line_end(hunk)
    return "".join(line if line.endswith(("\n", "\r")) else line + end for line in made[:-1]) + "".join(made[-1:])


def _line_end(hunk: Hunk) -> str:
    for line in (*split_lines(hunk.after), *split_lines(hunk.before)):
        if line.endswith(("\n", "\r")):
            return line[len(line.rstrip("\r\n")) :]
    return "\n"
