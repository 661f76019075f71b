"""What can be done in a document about its hunks, plans, questions and sessions: code actions. Pure.

Every action carries a fully built command, never an edit, and none is marked as preferred: keys that apply "the
preferred fix" must not be able to approve anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from signoff.core.hunks import Hunk
from signoff.core.state import State
from signoff.core.view import phase, waiting_for
from signoff.core.visible import short
from signoff.lsp.review import Mark, Sheet, logged_line, of_hunk, sheet, touches

QUICK_FIX = types.CodeActionKind.QuickFix
OPTION = 60
"""How wide an option of a question is shown."""


def no_words(session: str) -> str:
    """For a client without session documents."""
    return ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where actions are asked for.

    `hidden`: whether the user had hunks hidden. `lamp`: the editor asks by itself, to show that there is something to
    do. `words_of` gives what stands under Reply in a session's document, `line_of` where a session's task began.
    """

    uri: str
    range: types.Range
    hidden: bool = False
    lamp: bool = False
    words_of: Callable[[str], str] = no_words
    sheet_of: Callable[[State], Sheet] = sheet
    line_of: Callable[[State], int] = logged_line


def action(
    title: str, command: str, argument: dict[str, Any], diagnostics: list[types.Diagnostic] | None = None
) -> types.CodeAction:
    """A code action that runs one of our commands."""
    name = f"signoff.{command}"
    return types.CodeAction(
        title=f"Signoff: {title}",
        kind=QUICK_FIX,
        diagnostics=diagnostics,
        command=types.Command(title=title, command=name, arguments=[argument]),
    )


def as_json(action: types.CodeAction) -> dict[str, Any]:
    """The action as JSON, but for the protocol's types inside of its parts. The converter would copy the names of a
    thousand hunks one by one."""
    parts = {"title": action.title, "kind": action.kind, "diagnostics": action.diagnostics}
    made: dict[str, Any] = {name: part for name, part in parts.items() if part is not None}
    if command := action.command:
        made["command"] = {"title": command.title, "command": command.command, "arguments": command.arguments}
    return made


def wanted(only: Sequence[str] | None, kind: str = QUICK_FIX) -> bool:
    """Whether an editor that asks for these kinds wants `kind`: kinds are paths, and an upper one holds all below."""
    return not only or any(each in ("", kind) or kind.startswith(f"{each}.") for each in only)


def actions(states: Sequence[State], found: Sequence[Mark], place: Place) -> list[types.CodeAction]:
    """What can be done at the place: with its hunks first, then with their sessions. `found` are its hunks that wait
    or are applied; when the editor asks by itself, those that are applied do not count."""
    here = [mark for mark in found if touches(mark.range, place.range)]
    if place.lamp:
        here = [mark for mark in here if mark.hunk.status != "applied"]
    waiting = sum(mark.hunk.status != "applied" for mark in here)
    counts = (waiting, len(here) - waiting)
    made = [each for mark in here for each in _on_hunk(mark, counts[mark.hunk.status == "applied"] > 1, place)]
    sessions = {mark.state.session for mark in here}
    for state in states:
        start = _starts(state, place)
        if start or state.session in sessions:
            made += _on_session(state, place, start, [mark for mark in here if mark.state.session == state.session])
    return made


def _starts(state: State, place: Place) -> bool:
    """Whether the session's task started at the place, and there is something to do about it."""
    began = state.place
    if began is None or began.uri != place.uri or state.archived:
        return False
    at = types.Position(place.line_of(state), 0)
    if not touches(types.Range(at, at), place.range):
        return False
    return not place.lamp or bool(waiting_for(state)) or phase(state) in ("planning", "working", "checking", "failed")


def _on_hunk(mark: Mark, several: bool, place: Place) -> Iterator[types.CodeAction]:
    name = f" {mark.number}" if several else ""
    shown = None if place.hidden else [of_hunk(mark)]
    if mark.hunk.status == "pending":
        yield action(f"Approve hunk{name}", "approveHunk", mark.named, shown)
    if mark.hunk.status == "stale":
        yield action(f"Propose again{name}", "reproposeHunk", mark.named, shown)
    if mark.hunk.status in ("pending", "stale"):
        yield action(f"Reject hunk{name}", "rejectHunk", mark.named, shown)
        if words := place.words_of(mark.state.session):
            feedback = {**mark.named, "feedback": words}
            yield action(f"Reject hunk{name} with the words under Reply", "rejectHunk", feedback, shown)
    if mark.hunk.status == "applied":
        yield action(f"Undo hunk{name}", "undoHunk", mark.named)


def _on_session(state: State, place: Place, start: bool, here: Sequence[Mark]) -> Iterator[types.CodeAction]:
    session = {"session": state.session}
    if start:
        yield from _on_plan(state, place.words_of(state.session))
        yield from _on_question(state, place.words_of(state.session))
    yield from _many(state, place.uri, place.sheet_of(state), here)
    yield action("Open session", "openSession", session)
    if state.hunks:
        yield action("Show whole diff", "showDiff", session)
    if any(mark.hunk.status != "applied" for mark in here):
        yield action("Show hunks", "showHunks", {}) if place.hidden else action("Hide hunks", "hideHunks", {})
    now = phase(state)
    if now in ("planning", "working", "checking"):
        yield action("Stop the agent", "interrupt", session)
    if now in ("stopped", "failed"):
        yield action("Resume the agent", "resume", session)
    if start and now in ("done", "stopped", "failed"):
        yield action("Archive session", "archive", session)


def _on_plan(state: State, words: str) -> Iterator[types.CodeAction]:
    if state.plan and state.plan_waits:
        plan = {"session": state.session, "plan": state.plan.id}
        yield action("Approve plan", "approvePlan", plan)
        yield action("Reject plan", "rejectPlan", {**plan, "feedback": ""})
        if words:
            yield action("Reject plan with the words under Reply", "rejectPlan", {**plan, "feedback": words})


def _on_question(state: State, words: str) -> Iterator[types.CodeAction]:
    """A reply answers the oldest question that is open, so only its options are offered."""
    question = next(iter(state.questions.values()), None)
    if question is not None:
        for option in question.options:
            answer = {"session": state.session, "text": option, "question": question.id}
            yield action(f"Answer: {short(option, OPTION)}", "reply", answer)
        if words:
            reply = {"session": state.session, "text": words, "question": question.id}
            yield action("Answer with the words under Reply", "reply", reply)


def _many(state: State, uri: str, own: Sheet, here: Sequence[Mark]) -> Iterator[types.CodeAction]:
    """Decisions about many hunks at once. Those that wait are named as they are shown now: what the agent adds or
    changes until the click is not covered by it."""
    session = {"session": state.session}
    pending = [hunk for hunk in own.waiting if hunk.status == "pending"]
    in_file = [hunk for hunk in pending if hunk.uri == uri]
    named = _named(pending) if len(pending) > 1 else []
    if len(in_file) > 1:
        shown = {**session, "uri": uri, "hunks": _named(in_file)}
        yield action(f"Approve all {len(in_file)} hunks of this file", "approveFile", shown)
    if len(pending) > max(len(in_file), 1):
        yield action(f"Approve all {len(pending)} hunks", "approveAll", {**session, "hunks": named})
    if any(mark.hunk.status != "applied" for mark in here) and len(pending) > 1:
        yield action(f"Reject all {len(pending)} hunks", "rejectAll", {**session, "hunks": named})
    if any(mark.hunk.status == "applied" for mark in here) and len(own.applied) > 1:
        yield action(f"Undo all {len(own.applied)} hunks", "undoAll", {**session, "hunks": _named(own.applied)})


def _named(hunks: Sequence[Hunk]) -> list[dict[str, Any]]:
    return [{"hunk": hunk.id, "rev": hunk.rev} for hunk in hunks]
