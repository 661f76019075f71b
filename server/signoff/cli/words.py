"""What happened, in words for the terminal: failures with what to do, waits, steps and hunks that changed. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from signoff.cli.render import name_of
from signoff.cli.visible import line, short, visible

if TYPE_CHECKING:
    from signoff.cli.shapes import Failure, View

# The server says what is wrong and what helps everywhere; these are the words that only the terminal can add.
_NEXT = {
    "no_key": "For an endpoint of your own: --base-url URL. Without any: signoff model pull, then"
    " --model local/qwen2.5-coder-1.5b (small: docstrings and one-line edits).",
    "budget": "The cap belongs to the session: start another one with a higher --max-tokens or --max-cost.",
    "model_unavailable": "Or start another session with --model NAME.",
    "permission": "Or use another endpoint: --base-url URL.",
    "quota": "Or use another endpoint: --base-url URL.",
}


def next_words(reason: str) -> str:
    """What the user can do about a failure; "" if there is nothing but trying again."""
    return _NEXT.get(reason, "")


def failure_words(failure: Failure) -> str:
    """What failed and what is done about it, as one line or two."""
    what = visible(failure["message"].strip()) or f"The request failed ({line(failure['reason'])})."
    until = f" at {clock(failure['until'])}" if failure["until"] else ""
    match failure["strategy"]:
        case "retry":
            return f"{what} Trying again{until} (attempt {failure['attempt'] + 2})."
        case "wait":
            return f"{what} Waiting, and trying again{until}. Ctrl-C stops."
        case "switch_model":
            return f"{what} Trying the next model."
        case _:
            return f"{what}\n{next_words(failure['reason'])}".rstrip()


def clock(iso: str) -> str:
    """A moment in UTC as the wall clock shows it here."""
    try:
        return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return line(iso)


def day(iso: str) -> str:
    """A moment in UTC as date and time of here."""
    try:
        return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return line(iso)


def news(old: View | None, new: View) -> list[str]:
    """What changed between two views that a reader wants to know, apart from messages and what is asked anyway."""
    said = [failure_words(failure) for failure in new["failures"][len(old["failures"]) if old else 0 :]]
    return [*_phase(old, new), *said, *_steps(old, new), *_hunks(old, new)]


def _phase(old: View | None, new: View) -> list[str]:
    words = {"planning": "Planning ...", "working": "Working ...", "checking": "Checking ..."}
    # After a wait for the service it was said already that it tries again.
    same = old is not None and (old["phase"] == new["phase"] or "time" in old["waitingFor"])
    # An approved edit on its way is work too, but over before it could be read.
    landing = any(hunk["status"] == "applying" for hunk in new["hunks"])
    return [] if same or landing or new["phase"] not in words else [words[new["phase"]]]


def _steps(old: View | None, new: View) -> list[str]:
    if old is None or old["plan"] is None or new["plan"] is None:
        return []
    before = {step["id"]: step["status"] for step in old["plan"]["steps"]}
    moved = [step for step in new["plan"]["steps"] if before.get(step["id"], step["status"]) != step["status"]]
    return [f"Step {step['status']}: {short(step['text'], 90)}" for step in moved]


def _hunks(old: View | None, new: View) -> list[str]:
    before = {hunk["id"]: hunk["status"] for hunk in old["hunks"]} if old else {}
    words = {
        "applied": "Applied",
        "stale": "Can't be applied as it is (the text under it changed)",
        "withdrawn": "Withdrawn by the agent",
        "undone": "Undone",
    }
    said: list[str] = []
    for hunk in new["hunks"]:
        was, now = before.get(hunk["id"]), hunk["status"]
        place = f"{name_of(new, hunk['uri'])}:{hunk['range']['start']['line'] + 1}"
        if was is not None and was != now and now in words:
            said.append(f"{words[now]}: {place}")
        elif was == "applying" and now == "pending":
            said.append(f"Not applied: {place}. {visible(hunk['note'])}".rstrip())
    return said
