"""What the scripted agent does in one VS Code with many sessions: a list of turns for each goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from endpoint.server import Call, Request, Script, Text, Turn

MOST = 500


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
    """A script in which each request gets the next turn of the goal that it holds; past the end it is finished.

    No goal may be part of another one.
    """
    served = dict.fromkeys(turns, 0)

    def route(request: Request) -> Turn:
        text = request.raw.decode("utf-8", "replace")
        goal = next((goal for goal in turns if goal in text), None)
        if goal is None:
            return Turn(Text("I know of no such task."))
        served[goal] += 1
        return turns[goal][served[goal] - 1] if served[goal] <= len(turns[goal]) else finish()

    return Script([route] * MOST, **more)
