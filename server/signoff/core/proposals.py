"""From a patch to hunks: one per maximal run of changed lines, beside or merged with those that already wait.

The model patches what it sees: the document with its pending hunks applied (`projected`). What it changes outside of
them becomes new hunks. What it changes inside or next to one updates that hunk (same id, next rev) or withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from signoff.core import events as e
from signoff.core import paths
from signoff.core.diff import changes
from signoff.core.envelope import Event
from signoff.core.hunks import Base, FileChange, Hunk, Proposal
from signoff.core.model import Message, ToolCall
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest, split_lines

CONTEXT_LINES = 3
RATIONALE_LIMIT = 500
PENDING = ("pending",)


@dataclass(frozen=True, slots=True)
class Region:
    """Pending hunks and a stretch of the base that belong together: base[start:end] is to become `after`."""

    start: int
    end: int
    after: str
    touched: tuple[Hunk, ...]


def projected(text: str | None, hunks: Sequence[Hunk]) -> str | None:
    """The document as the model sees it: `text` with the pending hunks applied; None stands for no file."""
    whole = next((h for h in hunks if h.kind != "update"), None)
    if whole is not None:
        return whole.after if whole.kind == "create" else None
    return None if text is None else apply(text, [h.edit for h in hunks])


def pending(state: State, base: Base) -> tuple[Hunk, ...]:
    """The document's pending hunks at their live positions, in order."""
    starts = dict(base.starts)
    hunks = [replace(h, start=starts.get(h.id, h.start)) for h in state.hunks_of(base.uri) if h.status in PENDING]
    return tuple(sorted(hunks, key=lambda h: h.start))


def proposed(state: State, call: ToolCall, files: Sequence[FileChange], bases: Sequence[Base]) -> list[Event]:
    """The events by which one tool call's changes become hunks. `bases` has one entry for each file, in order."""
    proposal = Proposal(f"{state.session}.c{len(state.proposals) + 1}", call.call_id, _rationale(state))
    maker = _Maker(state, proposal, state.hunks_made)
    return [event for change, base in zip(files, bases, strict=True) for event in maker.events(change, base)]


def _rationale(state: State) -> str:
    last = state.last
    spoken = [i.text for i in last.items if isinstance(i, Message) and i.text.strip()] if last else []
    return spoken[-1].strip()[:RATIONALE_LIMIT] if spoken else ""


class _Maker:
    """Numbers new hunks within one proposal."""

    def __init__(self, state: State, proposal: Proposal, made: int) -> None:
        self.state, self.proposal, self.made = state, proposal, made

    def events(self, change: FileChange, base: Base) -> Iterator[Event]:
        waiting = pending(self.state, base)
        if change.kind == "update" and all(h.kind == "update" for h in waiting) and base.text is not None:
            yield from self._lines(change, base, base.text, waiting)
        else:
            yield from self._whole(change, base, waiting)

    def _lines(self, change: FileChange, base: Base, text: str, waiting: Sequence[Hunk]) -> Iterator[Event]:
        fresh: list[Hunk] = []
        for region in regions(text, waiting, changes(change.before or "", change.after or "")):
            spare = list(region.touched)
            for part in changes(text[region.start : region.end], region.after):
                start = region.start + part.start
                before = text[start : region.start + part.end]
                if spare:
                    yield from _revised(spare.pop(0), start, before, part.text, text)
                else:
                    fresh.append(self._new(base.uri, "update", start, before, part.text, text))
            if spare:
                yield e.HunksWithdrawn(tuple(h.id for h in spare))
        if fresh:
            starts = tuple((h.id, h.start) for h in waiting)
            yield e.HunksProposed(self.proposal, base.uri, digest(text), tuple(fresh), starts)

    def _whole(self, change: FileChange, base: Base, waiting: Sequence[Hunk]) -> Iterator[Event]:
        """A file created, deleted or renamed, or changed again while such a hunk waits: one hunk at most."""
        old = next((h for h in waiting if h.kind != "update"), None)
        wanted = _whole_hunk(change, base, old)
        others = tuple(h.id for h in waiting if h is not old or wanted is None)
        if others:
            yield e.HunksWithdrawn(others)
        if wanted is None:
            return
        kind, before, after, to = wanted
        to_uri = paths.join(self.state.workspace, to) if to else None
        if old is not None:
            yield e.HunkRevised(replace(old, rev=old.rev + 1, kind=kind, before=before, after=after, to_uri=to_uri))
            return
        hunk = replace(self._new(base.uri, kind, 0, before, after, before), to_uri=to_uri)
        yield e.HunksProposed(self.proposal, base.uri, digest(before), (hunk,))

    def _new(self, uri: str, kind: str, start: int, before: str, after: str, text: str) -> Hunk:
        self.made += 1
        hunk = Hunk(f"{self.state.session}.h{self.made}", 1, self.proposal.id, uri, "update", start, before, after)
        return replace(around(hunk, text), kind=kind)


def _revised(old: Hunk, start: int, before: str, after: str, text: str) -> Iterator[Event]:
    if (start, before, after) != (old.start, old.before, old.after):
        new = replace(old, rev=old.rev + 1, start=start, before=before, after=after)
        yield e.HunkRevised(around(new, text))


def _whole_hunk(change: FileChange, base: Base, old: Hunk | None) -> tuple[str, str, str, str | None] | None:
    """(kind, before, after, new path) of the one hunk that takes the base to what is wanted; None for no hunk."""
    before, after = base.text, change.after
    to = change.to
    if old is not None and old.kind == "rename" and change.kind == "update" and old.to_uri:
        return "rename", old.before, after or "", change.path
    if before is None:
        return ("create", "", after, None) if after is not None else None
    if change.kind == "delete" or after is None:
        return "delete", before, "", None
    if to:
        return "rename", before, after, to
    return ("update", before, after, None) if before != after else None


def around(hunk: Hunk, text: str) -> Hunk:
    """The hunk with the three lines before and after it, as they stand in `text`."""
    above = split_lines(text[: hunk.start])[-CONTEXT_LINES:]
    below = split_lines(text[hunk.start + len(hunk.before) :])[:CONTEXT_LINES]
    return replace(hunk, context_before="".join(above), context_after="".join(below))


def regions(text: str, waiting: Sequence[Hunk], edits: Sequence[Edit]) -> Iterator[Region]:
    """A patch's edits (of the projected text) with the pending hunks that they touch, in the base's terms."""
    spans = _project(waiting)
    for hunks, parts in _grouped(spans, edits):
        yield _region(text, spans, hunks, parts)


@dataclass(frozen=True, slots=True)
class _Span:
    """A pending hunk at its place in the projected text; `shift` is what hunks up to its end add to positions."""

    hunk: Hunk
    start: int
    end: int
    shift: int


def _project(waiting: Sequence[Hunk]) -> list[_Span]:
    spans: list[_Span] = []
    shift = 0
    for hunk in waiting:
        start = hunk.start + shift
        shift += len(hunk.after) - len(hunk.before)
        spans.append(_Span(hunk, start, start + len(hunk.after), shift))
    return spans


def _grouped(spans: Sequence[_Span], edits: Sequence[Edit]) -> Iterator[tuple[list[_Span], list[Edit]]]:
    """Edits with the spans that they overlap or border on; spans that no edit touches are left out."""
    items: list[_Span | Edit] = sorted([*spans, *edits], key=lambda i: (i.start, i.end))
    hunks: list[_Span] = []
    parts: list[Edit] = []
    reach = -1
    for item in items:
        if item.start > reach and (hunks or parts):
            if parts:
                yield hunks, parts
            hunks, parts = [], []
        (parts if isinstance(item, Edit) else hunks).append(item)  # type: ignore[arg-type]
        reach = max(reach, item.end) if len(hunks) + len(parts) > 1 else item.end
    if parts:
        yield hunks, parts


def _region(text: str, spans: Sequence[_Span], hunks: Sequence[_Span], parts: Sequence[Edit]) -> Region:
    low = min([*(h.start for h in hunks), *(p.start for p in parts)])
    high = max([*(h.end for h in hunks), *(p.end for p in parts)])
    # Whatever borders on the group is in it, so the spans before it end before `low`.
    shift = next((s.shift for s in reversed(spans) if s.end <= low and s not in hunks), 0)
    start, end = low - shift, high - (hunks[-1].shift if hunks else shift)
    local = [Edit(s.hunk.start - start, s.hunk.start - start + len(s.hunk.before), s.hunk.after) for s in hunks]
    shown = apply(text[start:end], local)
    after = apply(shown, [Edit(p.start - low, p.end - low, p.text) for p in parts])
    return Region(start, end, after, tuple(h.hunk for h in hunks))
