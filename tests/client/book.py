"""What the scripted agent does in one VS Code with many sessions: a list of turns for each goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from endpoint.script import dumps
from endpoint.server import Call, Request, Script, Text, Turn

MOST = 500
# Characters of JSON before the goal.
OPENING = 60


def plan(*steps: str) -> Turn:
    """A turn that proposes a plan."""
    return Turn(Call("update_plan", {"steps": [{"text": step} for step in steps]}))


def edit(path: str, *pairs: tuple[str, str]) -> Call:
    """A call of `edit_file`: each pair is what stands there and what is to."""
    return Call("edit_file", {"path": path, "edits": [{"old": old, "new": new} for old, new in pairs]})


def finish(summary: str = "Done.") -> Turn:
    """The turn that ends a task."""
    return Turn(Call("finish", {"summary": summary}))


def book(turns: Mapping[str, Sequence[Turn]], **more: Any) -> Script:
    """A script in which each request gets the next turn of the goal that it begins with; past the end it is finished.

    No goal may be part of another one.
    """
    served = dict.fromkeys(turns, 0)

    def route(request: Request) -> Turn:
        said = [dumps(item.get("content")) for item in request.items if item.get("role") == "user"]
        # A session is also told of the ones before it: its own goal begins what the user said.
        goal = next((goal for text in said for goal in turns if goal in text[: len(goal) + OPENING]), None)
        if goal is None:
            return Turn(Text("I know of no such task."))
        served[goal] += 1
        return turns[goal][served[goal] - 1] if served[goal] <= len(turns[goal]) else finish()

    return Script([route] * MOST, **more)
