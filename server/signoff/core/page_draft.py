"""A draft: the document in which the user writes the goal of a new task. What it says is checked like any file's."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from signoff.core.page_text import one, plain

HINT = "_Write under Goal what is to be done; then run the code action “Signoff: Start this task” here._"
_GOAL = "## Goal"
_PLACE = re.compile(r"Place: (?P<path>.+?)(?::(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?)?\s*")
_LEADS_OUT = re.compile(r"(^|/)\.{0,2}(/|$)|^[A-Za-z]:|[\0\\]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A goal and where it starts: a path in the workspace, and lines from 1, both included; None: nowhere special."""

    goal: str
    path: str | None = None
    first: int | None = None
    last: int | None = None


def render(draft: Draft) -> str:
    """The document of the draft; `read` gives the draft back, white space around the goal aside."""
    lines = "" if draft.first is None else f":{draft.first}-{draft.last or draft.first}"
    place = f"Place: {one(draft.path)}{lines}\n\n" if draft.path else ""
    return f"# New task\n\n{HINT}\n\n{place}{_GOAL}\n\n{draft.goal}"


def spent(text: str, used: Collection[str]) -> bool:
    """Whether the text is a draft as we wrote it with one of the goals in `used` (without white space around them):
    nothing in it is lost when it goes."""
    if not text.strip():
        return True
    lines = text.replace("\r\n", "\n").split("\n")
    above = lines[: lines.index(_GOAL)] if _GOAL in lines else []
    goal = "\n".join(lines[len(above) + 1 :]).strip()
    found = read("\n".join([*above, _GOAL, "goal"]))
    if goal not in used or isinstance(found, str):
        return False
    return render(replace(found, goal=goal)).strip() == "\n".join(lines).strip()


def read(text: str) -> Draft | str:
    """The draft as it stands in the text, or what keeps it from being started. A path never leads out of a folder."""
    lines = text.replace("\r\n", "\n").split("\n")
    at = next((n for n, line in enumerate(lines) if line.rstrip() == _GOAL), None)
    if at is None:
        return f"Write what is to be done under a line `{_GOAL}`."
    goal = "\n".join(lines[at + 1 :]).strip()
    if not goal:
        return "Write what is to be done under Goal."
    place = next((match for line in lines[:at] if (match := _PLACE.fullmatch(line))), None)
    if place is None:
        return Draft(goal)
    path = plain(place["path"])
    if _LEADS_OUT.search(path):
        return f"{one(path)} is no path inside the workspace."
    first = int(place["first"]) if place["first"] else None
    return Draft(goal, path, first, max(first, int(place["last"])) if first and place["last"] else first)
