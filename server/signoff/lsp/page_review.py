"""What an editor offers and shows in a session document: pure projections of the session and of the text as it stands.

Only what the user sees can be decided here: a hunk at the rev that its block names, with the diff that it has; a plan
with the steps of the text. All else is left to the place in the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from signoff.core.hunks import OPEN, Hunk
from signoff.core.page_draft import Draft
from signoff.core.page_hunks import after_of, name, named, numbered, unedited
from signoff.core.page_read import Page, Part, known, step_lines, steps
from signoff.core.plan import Plan, Step
from signoff.core.state import State
from signoff.core.view import phase
from signoff.core.visible import short
from signoff.lsp.decisions import OPTION, action
from signoff.lsp.review import MOST, SOURCE, Mark, of_hunk

Actions = Iterator[types.CodeAction]


@dataclass(frozen=True, slots=True)
class Seen:
    """A session and its document as the user has it.

    `plan` is the id of the plan that the text shows for certain. `live` unless another process has the session.
    """

    state: State
    page: Page
    plan: str | None
    live: bool = True

    def plan_shown(self) -> Plan | None:
        """The session's plan, if the text shows that one."""
        plan = self.state.plan
        return plan if plan and plan.status != "rejected" and plan.id == self.plan else None

    def hunk_shown(self, line: str) -> Hunk | None:
        """The hunk that a line names, if it is still at that rev."""
        found = named(line)
        hunk = self.state.hunks.get(f"{self.state.session}.{found[0]}") if found else None
        return hunk if hunk and found and hunk.rev == found[1] else None


def actions(seen: Seen, asked: types.Range, lamp: bool = False) -> list[types.CodeAction]:
    """What can be done at the lines that are asked for; without what can be done anywhere, for a `lamp`."""
    if seen.state.archived:
        shown = bool(seen.state.hunks) and not lamp
        return [action("Show whole diff", "showDiff", {"session": seen.state.session})] if shown else []
    first, last = asked.start.line, max(asked.start.line, asked.end.line)
    here = seen.page.at(first, last)
    keys = {part.key for part in here}
    made: list[types.CodeAction] = []
    for part in here:
        made += _on_hunks(seen, part, first, last) if part.key.startswith("#") or part.key == "rest" else ()
    if keys & {"", "Plan"}:
        made += _on_steps(seen, first, last)
        made += _on_plan(seen)
    if keys & {"", "Questions"}:
        made += _on_question(seen)
    if not lamp or "Reply" in keys:
        made += _on_words(seen)
    return made if lamp else [*made, *_many(seen), *_on_session(seen)]


# --------------------------------------------------------------------------------------------------------------- hunks


def _on_hunks(seen: Seen, part: Part, first: int, last: int) -> Actions:
    lines = part.text.split("\n")
    chosen = lines[:1] if part.key != "rest" else lines[max(0, first - part.start) : last - part.start + 1]
    for line in chosen:
        hunk = seen.hunk_shown(line)
        if hunk is not None:
            yield from _on_hunk(seen, hunk, part.text if part.key != "rest" else None)


def _on_hunk(seen: Seen, hunk: Hunk, block: str | None) -> Actions:
    shown = {"hunk": hunk.id, "rev": hunk.rev}
    found = numbered(seen.state).get(hunk.id)
    number = f" {found}" if found and found.total > 1 else ""
    edited = None if block is None else after_of(block, hunk)
    as_it_is = block is None or unedited(block, hunk)
    if hunk.status == "pending" and as_it_is:
        yield action(f"Approve hunk{number}", "approveHunk", shown)
    elif hunk.status == "pending" and edited is not None:
        yield action(f"Amend hunk{number} as edited here", "amendHunk", {**shown, "after": edited})
    if hunk.status == "stale":
        yield action(f"Propose again{number}", "reproposeHunk", shown)
    if hunk.status in ("pending", "stale"):
        yield action(f"Reject hunk{number}", "rejectHunk", shown)
        if words := seen.page.words:
            yield action(f"Reject hunk{number} with the words under Reply", "rejectHunk", {**shown, "feedback": words})
    if hunk.status == "applied" and as_it_is:
        yield action(f"Undo hunk{number}", "undoHunk", shown)


def _many(seen: Seen) -> Actions:
    session = {"session": seen.state.session}
    hunks = seen.state.hunks.values()
    pending = [hunk for hunk in hunks if hunk.status == "pending"]
    applied = [hunk for hunk in hunks if hunk.status == "applied"]
    edited = any(_edited(seen, part) for part in seen.page.parts)
    if len(pending) > 1 and not edited:
        yield action(f"Approve all {len(pending)} hunks", "approveAll", {**session, "hunks": _named(pending)})
    if len(pending) > 1:
        yield action(f"Reject all {len(pending)} hunks", "rejectAll", {**session, "hunks": _named(pending)})
    if len(applied) > 1:
        yield action(f"Undo all {len(applied)} hunks", "undoAll", {**session, "hunks": _named(applied)})


def _edited(seen: Seen, part: Part) -> bool:
    """Whether the part is the block of a pending hunk with another diff: approving would not do what it says."""
    hunk = seen.hunk_shown(part.text.partition("\n")[0]) if part.key.startswith("#") else None
    return hunk is not None and hunk.status == "pending" and not unedited(part.text, hunk)


def _named(hunks: Sequence[Hunk]) -> list[dict[str, Any]]:
    return [{"hunk": hunk.id, "rev": hunk.rev} for hunk in hunks]


# ---------------------------------------------------------------------------------------------------------------- plan


def _on_plan(seen: Seen) -> Actions:
    plan = seen.plan_shown()
    if plan is None or not seen.state.plan_waits:
        return
    named_plan = {"session": seen.state.session, "plan": plan.id}
    edited = steps(seen.page, plan)
    if edited == plan.steps:
        yield action("Approve plan", "approvePlan", named_plan)
    elif edited:
        yield action("Approve plan as edited", "approvePlan", {**named_plan, "steps": [_argument(s) for s in edited]})
    yield action("Reject plan", "rejectPlan", {**named_plan, "feedback": ""})


def _argument(step: Step) -> dict[str, Any]:
    found = {"id": step.id, "text": step.text, "status": step.status}
    return {**found, "files": list(step.files), "after": list(step.after)}


def _on_steps(seen: Seen, first: int, last: int) -> Actions:
    """Words about single steps, for those that stand in the text as they are in the plan."""
    plan, part = seen.plan_shown(), seen.page.part("Plan")
    if plan is None or part is None:
        return
    lines, edited = step_lines(part), steps(seen.page, plan)
    for line, step in zip(lines, known(lines, plan), strict=True):
        if step and line.start <= last and first < line.end and step in edited:
            yield from _on_step(seen.state, plan, step)


def _on_step(state: State, plan: Plan, step: Step) -> Actions:
    number = plan.steps.index(step) + 1
    named_step = {"session": state.session, "step": step.id}
    if state.plan_waits and step.id not in plan.approved and step.status != "skipped":
        yield action(f"Approve step {number}", "approveStep", named_step)
    if step.status in ("pending", "active"):
        yield action(f"Skip step {number}", "skipStep", named_step)


# -------------------------------------------------------------------------------------------- questions, reply, session


def _on_question(seen: Seen) -> Actions:
    """A reply answers the question that was asked first, so only that one's options are offered."""
    question = next(iter(seen.state.questions.values()), None)
    if question is None:
        return
    for option in question.options:
        answer = {"session": seen.state.session, "text": option, "question": question.id}
        yield action(f"Answer: {short(option, OPTION)}", "reply", answer)


def _on_words(seen: Seen) -> Actions:
    """What the words under Reply can be sent as, which is what a reply would count as now."""
    words, plan = seen.page.words, seen.plan_shown()
    reply = {"session": seen.state.session, "text": words}
    if not words:
        return
    if question := next(iter(seen.state.questions.values()), None):
        yield action("Answer with the words under Reply", "reply", {**reply, "question": question.id})
    elif seen.state.plan_waits and plan:
        rejected = {"session": seen.state.session, "plan": plan.id, "feedback": words}
        yield action("Reject plan with the words under Reply", "rejectPlan", rejected)
    elif not seen.state.plan_waits:
        yield action("Send reply", "reply", reply)


def _on_session(seen: Seen) -> Actions:
    session = {"session": seen.state.session}
    if seen.state.hunks:
        yield action("Show whole diff", "showDiff", session)
    now = phase(seen.state)
    if now in ("planning", "working", "checking"):
        yield action("Stop the agent", "interrupt", session)
    if now in ("stopped", "failed"):
        yield action("Resume the agent", "resume", session)
    yield action("Archive session", "archive", session)


def on_draft(draft: Draft, workspace: str, uri: str | None) -> list[types.CodeAction]:
    """What can be done in a draft; `uri` is that of the place it names."""
    argument: dict[str, Any] = {"goal": draft.goal, "workspace": workspace, "show": True}
    if uri is not None:
        argument["uri"] = uri
    if uri is not None and draft.first is not None:
        start, end = {"line": draft.first - 1, "character": 0}, {"line": (draft.last or draft.first), "character": 0}
        argument["range"] = {"start": start, "end": end}
    return [action("Start this task", "startSession", argument)]


# --------------------------------------------------------------------------------------------------------- diagnostics


def diagnostics(seen: Seen) -> list[types.Diagnostic]:
    """What the document shows at its own headings: what waits, and what failed."""
    state = seen.state
    if state.archived:
        return []
    made = [*_of_session(seen)]
    parts = {part.key: part for part in seen.page.parts}
    for hunk_id, number in numbered(state).items():
        hunk = state.hunks[hunk_id]
        part = parts.get(f"#{name(state, hunk)}")
        if part and hunk.status in OPEN and seen.hunk_shown(part.text.partition("\n")[0]) and len(made) < MOST:
            made.append(of_hunk(Mark(state, hunk, _heading(part), number)))
    return made


def _of_session(seen: Seen) -> Iterator[types.Diagnostic]:
    state = seen.state
    title, plan, asked = (seen.page.part(key) for key in ("", "Plan", "Questions"))
    if plan and state.plan and state.plan_waits:
        yield _diagnostic(plan, "This plan waits for you.", "plan", state, state.plan.id)
    for question in state.questions.values():
        if asked:
            yield _diagnostic(asked, f"The agent asks: {short(question.text, 500)}", "plan", state, question.id)
    if title and state.failure and phase(state) == "failed":
        yield _diagnostic(title, short(state.failure.message, 500), "failure", state, state.session)


def _diagnostic(part: Part, message: str, code: str, state: State, about: str) -> types.Diagnostic:
    serious = types.DiagnosticSeverity.Warning if code == "failure" else types.DiagnosticSeverity.Information
    data = {"session": state.session, "id": about, "rev": 0}
    return types.Diagnostic(_heading(part), message, serious, code, source=SOURCE, data=data)


def _heading(part: Part) -> types.Range:
    """The part's first line."""
    end = types.Position(part.start, len(part.text.partition("\n")[0]))
    return types.Range(types.Position(part.start, 0), end)
