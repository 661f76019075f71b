"""`signoff run`: one goal, from the plan to the signed-off edit, in the terminal."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from signoff.cli import decide as d
from signoff.cli import render
from signoff.cli.around import around
from signoff.cli.client import Client
from signoff.cli.connect import (
    UsageError,
    add_session_options,
    add_start_options,
    connected,
    settings_of,
    workspace_folder,
)
from signoff.cli.review import Review
from signoff.cli.screen import Screen, print_json
from signoff.cli.visible import line
from signoff.core.paths import to_uri

if TYPE_CHECKING:
    from argparse import Namespace

    from signoff.cli.shapes import View
    from signoff.cli.spawn import Process

TASK_TYPES = ("quick_fix", "complex_analysis", "code_generation", "research", "bulk_operation")
_PLACE = re.compile(r"(.+?):(\d+)(?:-(\d+))?")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def add_arguments(subparsers: Any) -> None:
    """Adds `run` to the program's commands."""
    parser = subparsers.add_parser("run", allow_abbrev=False)
    parser.add_argument("goal", metavar="GOAL", help="what is to be done, in your words")
    parser.add_argument("--file", metavar="F[:L[-L]]", help="the file, and lines of it, that the goal is about")
    parser.add_argument("--task-type", choices=TASK_TYPES, help="the kind of task")
    add_start_options(parser)
    add_session_options(parser)


def run(args: Namespace, process: Process | None) -> int:
    """Carries out `signoff run`; the exit code. Raises UsageError, ServerGone."""
    goal = args.goal.encode("utf-8", "replace").decode().strip()
    if not goal:
        raise UsageError("The goal is empty: say what is to be done.")
    folder = workspace_folder(args.workspace)
    start: dict[str, Any] = {"goal": goal, "workspace": to_uri(folder)}
    if args.file:
        start.update(place(args.file, folder))
    if args.task_type:
        start["taskType"] = args.task_type
    if args.approve == "all":
        # A plan that is approved unread would only cost a request more.
        start["planFirst"] = False
    screen = Screen(args.json)
    with connected(process, folder, settings_of(args, to_uri(folder))) as client:
        session = client.command("startSession", start)["session"]
        return review(client, screen, args, session)


def review(client: Client, screen: Screen, args: Namespace, session: str, known: View | None = None) -> int:
    """The interactive part of `run` and `sessions resume`, and the closing words; the exit code."""
    if args.approve in (None, "ask") and not screen.asks:
        screen.say("No terminal to ask at: this shows what is proposed and changes nothing.")
    loop = Review(client, screen, args.approve or "ask")
    code, view = loop.run(session, known)
    if args.json:
        print_json(view)
    if code == d.REFUSED and (not screen.asks or args.approve == "none"):
        screen.show(proposed(view, screen))
    close(screen, code, view)
    return code


def close(screen: Screen, code: int, view: View, resumes: bool = True) -> None:
    """Shows what changed, what it cost, and (if the session stays) how to go on."""
    screen.show(["", *render.summary_lines(view, screen.paint)])
    for words in ending(code, view) if resumes else []:
        screen.say(words, "warn")


def proposed(view: View, screen: Screen) -> list[str]:
    """What waits for the user, in full."""
    lines = render.plan_lines(view["plan"], screen.paint) if "plan" in view["waitingFor"] and view["plan"] else []
    for question in view["questions"]:
        lines += render.question_lines(question, screen.paint)
    waiting = d.open_hunks(view)
    for number, hunk in enumerate(waiting, 1):
        lines += render.hunk_lines(view, hunk, f"Hunk {number}/{len(waiting)}", screen.paint, around(hunk))
    return lines


def ending(code: int, view: View) -> list[str]:
    """Why the command ended before the session did, and what continues it; nothing for a session that is done."""
    if view["phase"] in ("done", "archived"):
        rejected = code == d.REFUSED
        return ["Everything that was proposed was rejected; no file was changed."] if rejected else []
    resume = f"signoff sessions resume {line(view['session'])}"
    waits = {"plan": "the plan", "hunk": "hunks", "question": "a question", "time": "the service"}
    waiting = [waits[one] for one in view["waitingFor"] if one in waits]
    if code == d.INTERRUPTED:
        return [f"Interrupted. Everything is kept; go on with: {resume}"]
    if code == d.FAILED:
        return [f"The session {view['phase']}. Everything is kept; try again with: {resume}"]
    return [f"Left undecided: {', '.join(waiting) or 'nothing'}. Decide with: {resume}  (--approve all approves)"]


def place(given: str, folder: str) -> dict[str, Any]:
    """`uri`, and `range` where lines were named (1-based, both included). Raises UsageError."""
    path, first, last = _parsed(given, folder)
    real = os.path.realpath(path)
    root = os.path.realpath(folder)
    if os.path.commonpath([real, root]) != root:
        raise UsageError(f"{given} is outside of the workspace {folder}.")
    uri = to_uri(os.path.join(folder, os.path.relpath(real, root)))
    return {"uri": uri, "range": _range(given, real, first, last)} if first is not None else {"uri": uri}


def _parsed(given: str, folder: str) -> tuple[str, int | None, int]:
    """The file's path and its first and last line, None for none. A name is looked up here, then in the workspace."""
    if found := _existing(given, folder):
        return found, None, 0
    match = _PLACE.fullmatch(given)
    found = _existing(match[1], folder) if match else None
    if match is None or found is None:
        raise UsageError(f"There is no file {match[1] if match else given}, neither here nor in {folder}.")
    first = int(match[2])
    return found, first, int(match[3] or first)


def _existing(name: str, folder: str) -> str | None:
    for path in (os.path.abspath(name), os.path.join(folder, name)):
        if os.path.isfile(path):
            return path
    return None


def _range(given: str, path: str, first: int, last: int) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            lines = _LINE_END.split(file.read())
    except OSError as trouble:
        raise UsageError(f"{given} can't be read: {trouble.strerror}.") from trouble
    count = len(lines) - (not lines[-1])
    if not 1 <= first <= last <= max(count, 1):
        raise UsageError(f"{given}: the file has {count} lines, and lines count from 1.")
    end = {"line": last, "character": 0}
    if last == len(lines):
        end = {"line": last - 1, "character": len(lines[-1].decode("utf-8", "replace"))}
    return {"start": {"line": first - 1, "character": 0}, "end": end}
