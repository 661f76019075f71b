"""Plans: a graph of steps that the model proposes and the user signs off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal

StepStatus = Literal["pending", "active", "done", "skipped", "failed"]
PlanStatus = Literal["proposed", "approved", "rejected", "tracked"]


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work. `after` names the steps that come first; `files` are workspace-relative paths."""

    id: str
    text: str
    status: StepStatus = "pending"
    files: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The session's plan. `tracked` plans never waited for approval; `call_id` is the tool call that waits for it.

    `approved` holds the steps that the user approved one by one while the plan as a whole still waits; `edited` tells
    that the user changed it meanwhile.
    """

    id: str
    steps: tuple[Step, ...]
    status: PlanStatus
    call_id: str = ""
    approved: tuple[str, ...] = ()
    edited: bool = False


def problems(steps: Sequence[Step]) -> list[str]:
    """What is wrong with the steps, in words; empty when they make a plan."""
    if not steps:
        return ["a plan needs at least one step"]
    ids = [step.id for step in steps]
    found = [f"two steps have the id {i!r}" for i in sorted({i for i in ids if ids.count(i) > 1})]
    found += [f"step {step.id!r} has no text" for step in steps if not step.text.strip()]
    for step in steps:
        found += [
            f"step {step.id!r} comes after {other!r}, which is not a step" for other in step.after if other not in ids
        ]
    return found or _cycles(steps)


def _cycles(steps: Sequence[Step]) -> list[str]:
    try:
        TopologicalSorter({step.id: step.after for step in steps}).prepare()
    except CycleError as error:
        return ["steps wait for each other: " + " -> ".join(error.args[1])]
    return []


def ready(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The pending steps whose predecessors are done or skipped, in plan order."""
    over = {step.id for step in steps if step.status in ("done", "skipped")}
    return tuple(step for step in steps if step.status == "pending" and over.issuperset(step.after))


def same_work(old: Sequence[Step], new: Sequence[Step]) -> bool:
    """Whether two step lists ask for the same work, whatever their statuses; skipped steps may be left out of `new`."""
    kept = {step.id for step in new}
    return [_work(step) for step in old if step.status != "skipped" or step.id in kept] == [_work(step) for step in new]


def _work(step: Step) -> tuple[str, str, tuple[str, ...]]:
    return step.id, step.text, step.after


def with_statuses(old: Sequence[Step], new: Sequence[Step]) -> tuple[Step, ...]:
    """`old` with the statuses that `new` reports; a step that the user skipped stays skipped."""
    reported = {step.id: step.status for step in new}
    return tuple(
        step if step.status == "skipped" else replace(step, status=reported.get(step.id, step.status)) for step in old
    )


def outline(steps: Sequence[Step]) -> str:
    """The steps as the model reads them, one a line: `s1 [pending] text`."""
    return "\n".join(f"{step.id} [{step.status}] {step.text}" for step in steps)
