"""The arms of `evolve` for hunks and their landings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from signoff.core import events as e
from signoff.core import paths
from signoff.core.hunk_events import HunkEvent
from signoff.core.hunks import Hunk, Landing
from signoff.core.state import Input, State
from signoff.core.switches import same_lines
from signoff.core.text import split_lines

SHOWN_LINES = 40


def fold_hunks(state: State, event: HunkEvent) -> State:
    """The state after one more fact about its hunks."""
    match event:
        case e.HunksProposed():
            return _proposed(state, event)
        case e.HunkRevised():
            return replace(state, hunks={**state.hunks, event.hunk.id: event.hunk})
        case e.HunksWithdrawn():
            return _each(state, event.hunks, lambda h: replace(h, status="withdrawn", note=event.reason or h.note))
        case e.HunkAmended():
            return _amended(state, event)
        case e.HunksRejected():
            return _rejected(state, event)
        case e.HunksMoved():
            return replace(_moved(state, event.starts), bases={**state.bases, event.uri: event.digest})
        case e.HunkWentStale():
            return _each(state, (event.hunk,), lambda h: replace(h, status="stale", note=event.reason or h.note))
        case e.HunkFitsAgain():
            return _each(state, (event.hunk,), lambda h: replace(h, status="pending", note=""))
        case e.HunksSwitched():
            return _switched(state, event)
        case e.FileSaved():
            return replace(state, unsaved=state.unsaved - {event.uri})
        case e.FileRenamed():
            return _renamed(state, event)
        case e.ReproposalAsked():
            return _reproposed(state, event.hunk)
        case _:
            return _fold_landing(state, event)


def _fold_landing(state: State, event: e.HunksApproved | e.LandingStarted | e.HunksLanded | e.LandingRefused) -> State:
    match event:
        case e.HunksApproved():
            landing = Landing(event.landing, event.uri, event.hunks, event.kind)
            state = replace(state, landings_made=state.landings_made + 1)
            state = _each(state, event.hunks, lambda h: replace(h, status="applying", note=""))
            return replace(state, landings={**state.landings, event.landing: landing})
        case e.LandingStarted():
            return _landing_started(state, event)
        case e.HunksLanded():
            return _landed(state, event)
        case e.LandingRefused():
            return _refused(state, event)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(event)


def _proposed(state: State, event: e.HunksProposed) -> State:
    state = _moved(state, event.starts)
    return replace(
        state,
        hunks={**state.hunks, **{h.id: h for h in event.hunks}},
        hunks_made=state.hunks_made + len(event.hunks),
        proposals={**state.proposals, event.proposal.id: event.proposal},
        bases={**state.bases, event.uri: event.digest},
    )


def _amended(state: State, event: e.HunkAmended) -> State:
    hunk = state.hunks.get(event.hunk)
    if hunk is None:
        return state
    if same_lines(hunk.before, event.before) and same_lines(hunk.after, event.after):
        return _each(state, (hunk.id,), lambda h: replace(h, rev=event.rev, before=event.before, after=event.after))
    # What an editor may still show of an earlier landing is not this text any more.
    amended = replace(hunk, rev=event.rev, before=event.before, after=event.after, tried=None)
    told = Input(f"The user changed your proposal to:\n{_shown(state, amended)}", False, hunk.id)
    # Each key pressed inside a hunk amends it; the model needs to hear of the last one only.
    again = bool(state.inbox) and state.inbox[-1].about == hunk.id
    inbox = state.inbox[:-1] if again else state.inbox
    return replace(state, hunks={**state.hunks, hunk.id: amended}, inbox=(*inbox, told))


def _rejected(state: State, event: e.HunksRejected) -> State:
    known = [state.hunks[i] for i in event.hunks if i in state.hunks]
    state = _each(state, event.hunks, lambda h: replace(h, status="rejected", note=event.feedback))
    shown = "\n".join(_shown(state, hunk) for hunk in known)
    words = f"The user says: {event.feedback}" if event.feedback else "The user gave no reason."
    told = Input(
        f"The user rejected these changes; the file does not have them.\n{shown}\n{words}", bool(event.feedback)
    )
    return replace(state, inbox=(*state.inbox, told), finished=state.finished and not event.feedback)


def _reproposed(state: State, hunk_id: str) -> State:
    hunk = state.hunks.get(hunk_id)
    if hunk is None:
        return state
    state = _each(state, (hunk_id,), lambda h: replace(h, status="withdrawn"))
    why = "The file changed, so this no longer fits" if hunk.status == "stale" else "The user wants this proposed anew"
    words = f"{why}:\n{_shown(state, hunk)}\nRead the file again and propose it for the text as it is now."
    told = Input(words, True)
    return replace(state, inbox=(*state.inbox, told), finished=False)


def _landing_started(state: State, event: e.LandingStarted) -> State:
    landing = state.landings.get(event.landing)
    if landing is None:
        return state
    started = replace(
        landing,
        stage="started",
        channel=event.channel,
        before_digest=event.before_digest,
        after_digest=event.after_digest,
    )
    state = _each(state, landing.hunks, lambda h: replace(h, tried=landing.kind))
    return replace(state, landings={**state.landings, landing.id: started})


def _landed(state: State, event: e.HunksLanded) -> State:
    landing = state.landings.get(event.landing)
    if landing is None:
        return state
    there = landing.kind == "apply"
    status = "applied" if there else "undone"
    state = _each(
        _moved(state, event.starts), landing.hunks, lambda h: replace(h, status=status, in_file=there, note="")
    )
    if not there:
        name = paths.shown(state.workspace, landing.uri)
        told = Input(f"The user took your change of {name} back; read it again before you change it.", False)
        state = replace(state, inbox=(*state.inbox, told))
    unsaved = state.unsaved | {landing.uri} if landing.channel == "buffer" else state.unsaved
    return replace(_without(state, landing), bases={**state.bases, landing.uri: event.digest}, unsaved=unsaved)


def _switched(state: State, event: e.HunksSwitched) -> State:
    def switched(hunk: Hunk) -> Hunk:
        if event.in_file:
            return replace(hunk, status="applied", in_file=True, note="")
        # What comes late after the user's own word to undo is what the user wanted; else the hunk waits again.
        return replace(hunk, status="undone" if hunk.tried == "undo" else "pending", in_file=False, note="")

    state = _each(_moved(state, event.starts), event.hunks, switched)
    waits = any(state.hunks[i].status == "pending" for i in event.hunks if i in state.hunks)
    return replace(
        state,
        bases={**state.bases, event.uri: event.digest},
        unsaved=state.unsaved | {event.uri},
        inbox=_told_of_switch(state, event),
        finished=state.finished and not waits,
    )


def _told_of_switch(state: State, event: e.HunksSwitched) -> tuple[Input, ...]:
    """What the model has to hear; an undo and its redo, both unheard, are nothing."""
    about = f"{event.uri}#{','.join(event.hunks)}"
    if state.inbox and state.inbox[-1].about == about:
        return state.inbox[:-1]
    what = "has your change again" if event.in_file else "does not have your change any more: the user undid it"
    words = f"{paths.shown(state.workspace, event.uri)} {what}. Read it again before you change it."
    return (*state.inbox, Input(words, False, about))


def _renamed(state: State, event: e.FileRenamed) -> State:
    def at(uri: str) -> str:
        return event.to if uri == event.uri else uri

    place = replace(state.place, uri=at(state.place.uri)) if state.place else None
    return replace(
        state,
        place=place,
        hunks={i: replace(h, uri=at(h.uri)) if h.uri == event.uri else h for i, h in state.hunks.items()},
        landings={i: replace(landing, uri=at(landing.uri)) for i, landing in state.landings.items()},
        bases={at(uri): digest for uri, digest in state.bases.items()},
        unsaved=frozenset(at(uri) for uri in state.unsaved),
    )


def _refused(state: State, event: e.LandingRefused) -> State:
    landing = state.landings.get(event.landing)
    if landing is None:
        return state

    def put_back(hunk: Hunk) -> Hunk:
        # What can't be undone is in the file still, whatever became of the text around it.
        unapplied = "stale" if hunk.id in event.stale else "pending"
        return replace(hunk, status=unapplied if landing.kind == "apply" else "applied", note=event.reason)

    return _without(_each(state, landing.hunks, put_back), landing)


def _shown(state: State, hunk: Hunk) -> str:
    """The hunk as the model is reminded of it: the file, and the lines that go and come, as far as they are short."""
    name = paths.shown(state.workspace, hunk.uri)
    if hunk.kind == "delete":
        return f"{name}: delete the file"
    if hunk.kind == "rename":
        return f"{name}: rename it to {paths.shown(state.workspace, hunk.to_uri or '')}"
    lines = [f"-{line.rstrip()}" for line in split_lines(hunk.before)]
    lines += [f"+{line.rstrip()}" for line in split_lines(hunk.after)]
    more = [f"[{len(lines) - SHOWN_LINES} more lines]"] if len(lines) > SHOWN_LINES else []
    return "\n".join([f"{name}:", *lines[:SHOWN_LINES], *more])


def _without(state: State, landing: Landing) -> State:
    return replace(state, landings={k: v for k, v in state.landings.items() if k != landing.id})


def _moved(state: State, starts: Iterable[tuple[str, int]]) -> State:
    moved = {i: replace(state.hunks[i], start=start) for i, start in starts if i in state.hunks}
    return replace(state, hunks={**state.hunks, **moved}) if moved else state


def _each(state: State, ids: Iterable[str], change: Callable[[Hunk], Hunk]) -> State:
    changed = {i: change(state.hunks[i]) for i in ids if i in state.hunks}
    return replace(state, hunks={**state.hunks, **changed})
