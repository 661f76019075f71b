"""Judgements about hunks: what the user may do with one, and what moving text does to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.decide_plan import going_on
from signoff.core.envelope import Event
from signoff.core.hunks import Hunk, HunkStatus, LandingKind
from signoff.core.state import State, stands
from signoff.core.switches import same_lines

HunkCommand = (
    c.ApproveHunks
    | c.RejectHunks
    | c.AmendHunk
    | c.UndoHunks
    | c.ReproposeHunk
    | c.MoveHunks
    | c.AdoptTyping
    | c.MarkStale
    | c.MarkFitting
    | c.NoteSwitched
    | c.NoteSaved
    | c.NoteRenamed
)
Followed = c.MoveHunks | c.AdoptTyping | c.MarkStale | c.MarkFitting | c.NoteSwitched | c.NoteSaved | c.NoteRenamed

CHANGED = "The hunk changed since you saw it. Look at it again first."
THERE_ALREADY = "The document already had this text: there was nothing left to apply."
WHY_NOT: dict[HunkStatus, str] = {
    "pending": "The hunk is not applied yet.",
    "applying": "The hunk is being applied right now.",
    "applied": "The hunk is applied already; undo it to take it back.",
    "rejected": "The hunk was rejected already.",
    "stale": "The text under the hunk changed, so it can't be applied as it is. Have it proposed again.",
    "withdrawn": "The agent withdrew this hunk.",
    "undone": "The hunk was undone already.",
}


def decide_hunks(state: State, command: HunkCommand) -> list[Event] | c.Refused:
    """What a word about hunks leads to."""
    match command:
        case c.ApproveHunks():
            return _land(state, command.hunks, "apply", {"pending"})
        case c.UndoHunks():
            return _land(state, command.hunks, "undo", {"applied"})
        case c.RejectHunks():
            hunks = chosen(state, command.hunks, {"pending", "stale"})
            if isinstance(hunks, c.Refused):
                return hunks
            feedback = command.feedback.strip()
            made: list[Event] = [e.HunksRejected(tuple(h.id for h in hunks), feedback)]
            return going_on(state, made) if feedback else made
        case c.AmendHunk():
            return _amend(state, command)
        case c.ReproposeHunk():
            hunks = chosen(state, (command.shown,), {"stale", "pending"})
            return hunks if isinstance(hunks, c.Refused) else going_on(state, [e.ReproposalAsked(hunks[0].id)])
        case _:
            return _followed(state, command)


def chosen(state: State, shown: Sequence[c.Shown], allowed: set[HunkStatus]) -> list[Hunk] | c.Refused:
    """The hunks as the user saw them; refused when one is unknown, was changed since, or is in another status."""
    if not shown:
        return c.Refused("There is no hunk to decide.")
    hunks: list[Hunk] = []
    for seen in dict.fromkeys(shown):
        hunk = state.hunks.get(seen.hunk)
        if hunk is None:
            return c.Refused("There is no such hunk in this session.")
        if hunk.status not in allowed:
            # What became of it says more than its status.
            noted = hunk.status == "stale" or hunk.note == THERE_ALREADY
            return c.Refused((hunk.note if noted else "") or WHY_NOT[hunk.status])
        if hunk.rev != seen.rev:
            return c.Refused(CHANGED)
        hunks.append(hunk)
    return hunks


def _land(
    state: State, shown: Sequence[c.Shown], kind: LandingKind, allowed: set[HunkStatus]
) -> list[Event] | c.Refused:
    hunks = chosen(state, shown, allowed)
    if isinstance(hunks, c.Refused):
        return hunks
    groups: dict[tuple[str, str], list[str]] = {}
    for hunk in sorted(hunks, key=lambda h: h.start):
        # Line changes of one document land together, as one undo step; a whole file lands by itself.
        whole = "" if hunk.kind == "update" else hunk.id
        groups.setdefault((hunk.uri, whole), []).append(hunk.id)
    numbered = enumerate(groups.items(), start=state.landings_made + 1)
    return [e.HunksApproved(f"{state.session}.l{n}", uri, tuple(ids), kind) for n, ((uri, _), ids) in numbered]


def _amend(state: State, command: c.AmendHunk) -> list[Event] | c.Refused:
    hunks = chosen(state, (command.shown,), {"pending"})
    if isinstance(hunks, c.Refused):
        return hunks
    hunk = hunks[0]
    if hunk.kind == "delete":
        return c.Refused("A deletion can't be amended. Reject it, and say what you want.")
    if hunk.kind == "update" and command.after == hunk.before:
        return c.Refused("That is the text that the file has already. Reject the hunk instead.")
    same = command.after == hunk.after
    return [] if same else [e.HunkAmended(hunk.id, hunk.rev + 1, hunk.before, command.after)]


def _followed(state: State, command: Followed) -> list[Event]:
    match command:
        case c.MoveHunks():
            known = {h.id: h.start for h in state.hunks.values() if stands(h)}
            starts = tuple((i, start) for i, start in command.starts if i in known)
            unmoved = all(known[i] == start for i, start in starts) and state.bases.get(command.uri) == command.digest
            return [] if unmoved else [e.HunksMoved(command.uri, command.digest, starts)]
        case c.AdoptTyping():
            return _adopted(state, command)
        case c.MarkStale():
            hunk = state.hunks.get(command.hunk)
            return [e.HunkWentStale(hunk.id, command.reason)] if hunk and hunk.status == "pending" else []
        case c.MarkFitting():
            hunk = state.hunks.get(command.hunk)
            return [e.HunkFitsAgain(hunk.id)] if hunk and hunk.status == "stale" else []
        case c.NoteSwitched():
            return _switched(state, command)
        case c.NoteSaved():
            return [e.FileSaved(command.uri)] if command.uri in state.unsaved else []
        case c.NoteRenamed():
            named = any(h.uri == command.uri for h in state.hunks.values())
            at_place = state.place is not None and state.place.uri == command.uri
            return [e.FileRenamed(command.uri, command.to)] if named or at_place else []
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(command)


def _adopted(state: State, command: c.AdoptTyping) -> list[Event]:
    hunk = state.hunks.get(command.hunk)
    if hunk is None or hunk.rev != command.rev:
        return []
    # An editor may have given an edit that it made its own line ends; anything else is typed in what waits only.
    ends_only = same_lines(hunk.before, command.before) and same_lines(hunk.after, command.after)
    if hunk.status != "pending" and not ends_only:
        return []
    if (hunk.before, hunk.after) == (command.before, command.after):
        return []
    if command.before == command.after:
        # The user typed just what was proposed, or another session's hunk put it there.
        return [e.HunksWithdrawn((hunk.id,), THERE_ALREADY)]
    return [e.HunkAmended(hunk.id, hunk.rev + 1, command.before, command.after)]


def _switched(state: State, command: c.NoteSwitched) -> list[Event]:
    """Only hunks that were at the other side count; those on their way are their landing's to report."""
    out: set[HunkStatus] = {"pending", "stale", "undone", "rejected", "withdrawn"}
    from_these: set[HunkStatus] = out if command.in_file else {"applied"}
    known = [state.hunks[i] for i in command.hunks if i in state.hunks]
    shown = dict(zip(command.hunks, command.revs, strict=False))
    hunks = tuple(h.id for h in known if h.status in from_these and shown.get(h.id, h.rev) == h.rev)
    return [e.HunksSwitched(command.uri, hunks, command.in_file, command.digest, command.starts)] if hunks else []
