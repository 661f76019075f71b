"""From a patch to hunks: one per maximal run of changed lines, beside or merged with those that already wait.

The model patches what it sees: the document with its pending hunks applied (`projected`). What it changes outside of
them becomes new hunks. What it changes inside or next to one updates that hunk (same id, next rev) or withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from signoff.core import events as e
from signoff.core import paths
from signoff.core.diff import changes
from signoff.core.envelope import Event
from signoff.core.evolve import evolve_all
from signoff.core.hunks import Base, FileChange, Hunk, HunkKind, Proposal
from signoff.core.model import Message, ToolCall
from signoff.core.regions import Region, pairs, regions
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest, split_lines

CONTEXT_LINES = 3
CONTEXT_LIMIT = 2_000
"""Code points on each side of a hunk in which its context is looked for."""
RATIONALE_LIMIT = 500


def projected(text: str | None, hunks: Sequence[Hunk]) -> str | None:
    """The document as the model sees it: `text` with the pending hunks applied; None stands for no file.

    A hunk whose text is not at its place is left out: it is about to be told stale.
    """
    whole = next((h for h in hunks if h.kind != "update"), None)
    if whole is not None:
        return whole.after if whole.kind == "create" else None
    if text is None:
        return None
    edits: list[Edit] = []
    for edit, before in ((h.edit, h.before) for h in hunks):
        if edit.start >= (edits[-1].end if edits else 0) and text.startswith(before, edit.start):
            edits.append(edit)
    return apply(text, edits)


def pending(state: State, base: Base) -> tuple[Hunk, ...]:
    """The document's pending hunks at their live positions, in order."""
    starts = dict(base.starts)
    hunks = [replace(h, start=starts.get(h.id, h.start)) for h in state.hunks_of(base.uri) if h.status == "pending"]
    return tuple(sorted(hunks, key=lambda h: h.start))


def proposed(state: State, call: ToolCall, files: Sequence[FileChange], bases: Sequence[Base]) -> list[Event] | None:
    """The events by which one tool call's changes become hunks; None when the model saw something else meanwhile.

    `bases` has one entry for each file, in order: the document at its path. A file that waits to be renamed has its
    base under its old name, whichever of its two names the change uses.
    """
    if len(files) != len(bases):
        return None
    proposal = Proposal(f"{state.session}.c{len(state.proposals) + 1}", call.call_id, _rationale(state))
    made: list[Event] = []
    done: set[str] = set()
    for one, its_base in zip(files, bases, strict=True):
        for change, base in _split(state, one, its_base):
            maker = _Maker(state, proposal, _now(state, change, base) if base.uri in done else base, change)
            if not maker.fits():
                return None
            events = list(maker.events())
            state = evolve_all(state, events)
            made += events
            done.add(base.uri)
    return made


def _now(state: State, change: FileChange, base: Base) -> Base:
    """The base of a change that comes after another one of the same document: its hunks' positions are the state's.

    Where that first change gave a file its name back, the one that was to be renamed stands under its own new name.
    """
    at = paths.join(state.workspace, change.path)
    renamed = any(h.to_uri == at and h.status == "pending" for h in state.hunks_of(base.uri))
    return replace(base, starts=()) if renamed or at == base.uri else Base(at, None)


def _split(state: State, change: FileChange, base: Base) -> Iterator[tuple[FileChange, Base]]:
    """The change; a rename to a name that only pending hunks make free is a deletion and a change of that other file,
    because no hunk may need another one to be approved first."""
    to = paths.join(state.workspace, change.to) if change.to else None
    there = next((h for h in state.hunks_of(to) if h.status == "pending" and h.kind != "update"), None) if to else None
    if to is None or change.to is None or there is None or to == base.uri:
        yield change, base
    else:
        yield FileChange(change.path, "delete", change.before, None), base
        yield FileChange(change.to, "create", None, change.after), Base(to, there.before)


def _rationale(state: State) -> str:
    last = state.last
    spoken = [i.text for i in last.items if isinstance(i, Message) and i.text.strip()] if last else []
    return spoken[-1].strip()[:RATIONALE_LIMIT] if spoken else ""


class _Maker:
    """Turns the change of one file into events."""

    def __init__(self, state: State, proposal: Proposal, base: Base, change: FileChange) -> None:
        self.state, self.proposal, self.base, self.change = state, proposal, base, change
        self.waiting = pending(state, base)
        self.old = next((h for h in self.waiting if h.kind != "update"), None)
        self.made = state.hunks_made
        at = paths.join(state.workspace, change.path)
        moved = self.old.to_uri if self.old and self.old.kind == "rename" else None
        self.under_new_name = moved is not None and at == moved

    def fits(self) -> bool:
        """Whether the change was made of what the model would see now."""
        if self.under_new_name and self.old:
            return self.change.before == self.old.after
        lines = [h for h in self.waiting if h.kind == "update"]
        stands = all((self.base.text or "").startswith(h.before, h.start) for h in lines)
        apart = all(one.edit.end <= other.start for one, other in pairwise(lines))
        return stands and apart and projected(self.base.text, self.waiting) == self.change.before

    def events(self) -> Iterator[Event]:
        text, after = self.base.text, self.change.after
        if self.change.kind == "update" and self.old is None and text is not None:
            found = regions(text, self.waiting, changes(self.change.before or "", after or ""))
            return self._lines(text, found)
        return self._whole(text, after)

    def _lines(self, text: str, found: Iterator[Region]) -> Iterator[Event]:
        """Events for the regions of the base `text` that are to change."""
        uri, moved, fresh = self.base.uri, dict[str, int](), list[Hunk]()
        gone: list[str] = []
        for region in found:
            for part, hunk in pairs(text, region):
                before = text[part.start : part.end] if part else ""
                if part is None:
                    gone += [hunk.id] if hunk else []
                elif hunk is None:
                    fresh.append(self._new(uri, "update", part.start, before, part.text, text))
                elif (hunk.kind, hunk.start, hunk.before, hunk.after) != ("update", part.start, before, part.text):
                    moved[hunk.id] = part.start
                    yield _revised(hunk, "update", before, part.text, start=part.start, text=text)
        if gone:
            yield e.HunksWithdrawn(tuple(gone))
        live = {**{h.id: h.start for h in self.state.hunks_of(uri)}, **dict(self.base.starts), **moved}
        starts = tuple((i, start) for i, start in live.items() if i in self.state.hunks and i not in gone)
        if fresh:
            yield e.HunksProposed(self.proposal, uri, digest(text), tuple(fresh), starts)
        elif self.state.bases.get(uri) != digest(text):
            yield e.HunksMoved(uri, digest(text), starts)

    def _whole(self, text: str | None, after: str | None) -> Iterator[Event]:
        """A file created, deleted or renamed, or changed again while such a hunk waits."""
        old, uri = self.old, self.base.uri
        to = paths.join(self.state.workspace, self.change.to) if self.change.to else None
        if self.under_new_name and old:
            to = to or old.to_uri
        elif old is not None and old.kind == "rename" and after is not None:
            # Its name is free again and taken by another file: what was to be renamed is now a file of its own.
            yield _revised(old, "create", "", old.after, uri=old.to_uri)
            old = None
        others = tuple(h.id for h in self.waiting if h.kind == "update")
        if others:
            yield e.HunksWithdrawn(others)
        if text is None:
            yield from self._one(old, to or uri, "create", "", after)
        elif after is None:
            yield from self._one(old, uri, "delete", text, "")
        elif to and to != uri:
            yield from self._one(old, uri, "rename", text, after, to)
        else:
            yield from self._lines(text, iter([Region(0, len(text), after, (old,) if old else ())]))

    def _one(
        self, old: Hunk | None, uri: str, kind: HunkKind, before: str, after: str | None, to: str | None = None
    ) -> Iterator[Event]:
        """One whole-file hunk, which takes the place of `old`; none where a file was to come and does not."""
        if after is None:
            if old:
                yield e.HunksWithdrawn((old.id,))
        elif old is None:
            hunk = replace(self._new(uri, kind, 0, before, after, before), to_uri=to)
            yield e.HunksProposed(self.proposal, uri, digest(before), (hunk,))
        elif (old.uri, old.kind, old.before, old.after, old.to_uri) != (uri, kind, before, after, to):
            yield _revised(old, kind, before, after, uri=uri, to=to)

    def _new(self, uri: str, kind: HunkKind, start: int, before: str, after: str, text: str) -> Hunk:
        self.made += 1
        hunk = Hunk(f"{self.state.session}.h{self.made}", 1, self.proposal.id, uri, kind, start, before, after)
        return around(hunk, text)


def _revised(
    old: Hunk,
    kind: HunkKind,
    before: str,
    after: str,
    *,
    start: int = 0,
    uri: str | None = None,
    to: str | None = None,
    text: str = "",
) -> Event:
    new = replace(
        old, rev=old.rev + 1, uri=uri or old.uri, kind=kind, start=start, before=before, after=after, to_uri=to
    )
    new = replace(new, tried=None)
    return e.HunkRevised(around(new, text))


def around(hunk: Hunk, text: str) -> Hunk:
    """The hunk with the three lines before and after it, as they stand in `text`; very long lines are cut."""
    end = hunk.start + len(hunk.before)
    above = split_lines(text[max(0, hunk.start - CONTEXT_LIMIT) : hunk.start])[-CONTEXT_LINES:]
    below = split_lines(text[end : end + CONTEXT_LIMIT])[:CONTEXT_LINES]
    return replace(hunk, context_before="".join(above), context_after="".join(below))
