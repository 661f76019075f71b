"""What the terminal does next: a pure function of the session's view, the approve mode and what was done before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signoff.cli.shapes import Hunk, Plan, Question, View

Mode = Literal["ask", "plan", "all", "none"]
DONE, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True, slots=True)
class Memory:
    """What was done before. `listed`: hunks of the review under way; `taken`: (hunk, rev) approved without asking;
    `again`: stale hunks that were proposed again once.
    """

    listed: frozenset[str] = frozenset()
    taken: frozenset[tuple[str, int]] = frozenset()
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to decide: wait for news."""


@dataclass(frozen=True, slots=True)
class AskPlan:
    """Show the plan and ask."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class TakePlan:
    """Approve the plan as the user told in advance."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """Show the model's question and read an answer."""

    question: Question


@dataclass(frozen=True, slots=True)
class AskHunk:
    """Show the hunk, number `number` of `total` (from 1), and ask."""

    hunk: Hunk
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class TakeHunks:
    """Approve all pending hunks as the user told in advance."""

    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class ProposeAgain:
    """Have a stale hunk proposed again."""

    hunk: Hunk


@dataclass(frozen=True, slots=True)
class AskFailure:
    """Ask whether to try again; `hunks` wait for the user meanwhile."""

    hunks: int


@dataclass(frozen=True, slots=True)
class Leave:
    """End the command with an exit code."""

    code: int


Action = Wait | AskPlan | TakePlan | AskQuestion | AskHunk | TakeHunks | ProposeAgain | AskFailure | Leave


def decide(view: View, mode: Mode, asks: bool, memory: Memory) -> Action:
    """The next action. `asks`: somebody sits at the terminal; without, nothing is asked and what waits is left."""
    ask = asks and mode != "none"
    if view["phase"] == "archived":
        return Leave(DONE)
    if view["phase"] == "done":
        return _done(view)
    if "plan" in view["waitingFor"] and view["plan"]:
        return _plan(view["plan"], mode, ask)
    if view["questions"]:
        return AskQuestion(view["questions"][0]) if ask else Leave(REFUSED)
    if view["phase"] == "stopped":
        return Leave(FAILED)
    return _hunks_or_failure(view, mode, ask, memory)


def _done(view: View) -> Leave:
    statuses = {hunk["status"] for hunk in view["hunks"]}
    return Leave(REFUSED) if "rejected" in statuses and "applied" not in statuses else Leave(DONE)


def _plan(plan: Plan, mode: Mode, ask: bool) -> Action:
    if mode in ("plan", "all"):
        return TakePlan(plan)
    return AskPlan(plan) if ask else Leave(REFUSED)


def _hunks_or_failure(view: View, mode: Mode, ask: bool, memory: Memory) -> Action:
    waiting = open_hunks(view)
    listed = [hunk for hunk in waiting if hunk["id"] in memory.listed]
    if view["phase"] == "failed" and not listed:
        return AskFailure(len(waiting)) if ask else Leave(FAILED)
    if mode in ("ask", "plan") and ask:
        reviewed = waiting if view["phase"] == "waiting" else listed
        total = sum(hunk["status"] != "withdrawn" for hunk in view["hunks"])
        return AskHunk(reviewed[0], total - len(waiting) + 1, total) if reviewed else Wait()
    if view["phase"] != "waiting" or "time" in view["waitingFor"] or not waiting:
        return Wait()
    return _all(waiting, memory) if mode == "all" else Leave(REFUSED)


def _all(waiting: Sequence[Hunk], memory: Memory) -> Action:
    pending = tuple(hunk for hunk in waiting if hunk["status"] == "pending")
    if any((hunk["id"], hunk["rev"]) not in memory.taken for hunk in pending):
        return TakeHunks(pending)
    stale = [hunk for hunk in waiting if hunk["status"] == "stale" and hunk["id"] not in memory.again]
    return ProposeAgain(stale[0]) if stale else Leave(REFUSED)


def shows(view: View, action: Action) -> bool:
    """Whether the view shows what a command about the action's subject changes: only then is there more to decide."""
    match action:
        case AskPlan(plan=plan) | TakePlan(plan=plan):
            return "plan" not in view["waitingFor"] or view["plan"] != plan
        case AskQuestion(question=question):
            return all(other["id"] != question["id"] for other in view["questions"])
        case AskHunk(hunk=hunk) | ProposeAgain(hunk=hunk):
            return _moved_on(view, (hunk,))
        case TakeHunks(hunks=hunks):
            return _moved_on(view, hunks)
        case AskFailure():
            return view["phase"] != "failed"
        case Wait() | Leave():
            return True


def _moved_on(view: View, hunks: Sequence[Hunk]) -> bool:
    now = {hunk["id"]: (hunk["rev"], hunk["status"], hunk["note"]) for hunk in view["hunks"]}
    return all(now.get(hunk["id"]) != (hunk["rev"], hunk["status"], hunk["note"]) for hunk in hunks)


def open_hunks(view: View) -> list[Hunk]:
    """The hunks that wait for the user, as a reader of the files meets them."""
    waiting = [hunk for hunk in view["hunks"] if hunk["status"] in ("pending", "stale")]
    return sorted(waiting, key=lambda hunk: (hunk["uri"], hunk["range"]["start"]["line"]))


def stage(view: View) -> Literal["plan", "hunks", "landing"]:
    """What the session is busy with, for the seconds per phase: up to the plan, up to the hunks, landing them."""
    if any(hunk["status"] == "applying" for hunk in view["hunks"]):
        return "landing"
    return "plan" if view["phase"] == "planning" else "hunks"
