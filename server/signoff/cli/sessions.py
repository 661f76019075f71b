"""`signoff sessions`: the journal, readable, and sessions that go on in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.cli import render, words
from signoff.cli.client import Client
from signoff.cli.connect import Failed, UsageError, add_session_options, connected, settings_of, workspace_folder
from signoff.cli.screen import Screen, print_json
from signoff.cli.visible import line, short
from signoff.core.paths import to_uri

if TYPE_CHECKING:
    from argparse import Namespace

    from signoff.cli.shapes import View
    from signoff.cli.spawn import Process

PHASES = ("planning", "waiting", "working", "checking", "done", "stopped", "failed", "archived")
_ID = "a session's id, its beginning, or: last"


def add_arguments(subparsers: Any) -> None:
    """Adds `sessions` and what can be done with them to the program's commands."""
    commands = subparsers.add_parser("sessions", allow_abbrev=False).add_subparsers(dest="action", required=True)
    listing = commands.add_parser("list", help="all sessions, newest first", allow_abbrev=False)
    listing.add_argument("--workspace", metavar="D", help="only those of this project")
    listing.add_argument("--state", choices=PHASES, help="only those in this state")
    listing.add_argument("--json", action="store_true", help="as one JSON document")
    resume = commands.add_parser("resume", help="go on in the terminal", allow_abbrev=False)
    resume.add_argument("session", metavar="ID|last", help=_ID)
    add_session_options(resume)
    for name, text in (("show", "all about one session"), ("archive", "put a session away")):
        command = commands.add_parser(name, help=text, allow_abbrev=False)
        command.add_argument("session", metavar="ID|last", help=_ID)
        command.add_argument("--json", action="store_true", help="as one JSON document")
    _add_offline(commands)


def _add_offline(commands: Any) -> None:
    export = commands.add_parser("export", help="write a session's journal into one JSON file", allow_abbrev=False)
    export.add_argument("session", metavar="ID|last", help=_ID)
    export.add_argument("--output", "-o", metavar="FILE", help="the file to write (default: stdout)")
    replay = commands.add_parser("replay", help="show the session in an exported file", allow_abbrev=False)
    replay.add_argument("file", metavar="FILE", help="what `signoff sessions export` wrote; - reads stdin")
    replay.add_argument("--json", action="store_true", help="as one JSON document")
    purge = commands.add_parser("purge", help="erase a session and its texts for ever", allow_abbrev=False)
    purge.add_argument("session", metavar="ID", help="a session's id")
    purge.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace, process: Process | None) -> int:
    """Carries out `signoff sessions ...`; the exit code. Raises UsageError, Failed, Refused, ServerGone."""
    if args.action in ("export", "replay", "purge"):
        from signoff.cli import journal

        return {"export": journal.export, "replay": journal.replay, "purge": journal.purge}[args.action](args)
    folder = workspace_folder(getattr(args, "workspace", None))
    settings = settings_of(args, to_uri(folder)) if args.action == "resume" else {}
    with connected(process, folder, settings) as client:
        return _ACTIONS[args.action](client, args, folder)


def _list(client: Client, args: Namespace, folder: str) -> int:
    wanted = {"workspace": to_uri(folder)} if args.workspace else {}
    views: list[View] = client.command("listSessions", {**wanted, **({"state": args.state} if args.state else {})})
    views = newest_first(views)
    if args.json:
        print_json(views)
        return 0
    screen = Screen()
    rows = [_row(view, screen.width) for view in views]
    screen.show(render.table([("SESSION", "STARTED", "STATE", "GOAL"), *rows]) if rows else [])
    if not rows:
        screen.say('No sessions yet. Start one: signoff run "what is to be done"')
    return 0


def _row(view: View, width: int) -> tuple[str, str, str, str]:
    goal = short(view["goal"], max(30, width - 60))
    return line(view["session"]), words.day(_started(view)), render.state_words(view), goal


def _started(view: View) -> str:
    return view["messages"][0]["at"] if view["messages"] else ""


def newest_first(views: list[View]) -> list[View]:
    """The sessions by the time of their first message, newest first."""
    return sorted(views, key=_started, reverse=True)


def _show(client: Client, args: Namespace, folder: str) -> int:
    view = found(client, args.session)
    if args.json:
        print_json(view)
    else:
        screen = Screen()
        screen.show(render.session_lines(view, screen.paint))
    return 0


def _archive(client: Client, args: Namespace, folder: str) -> int:
    view = found(client, args.session)
    client.command("archive", {"session": view["session"]})
    if args.json:
        print_json(client.command("showSession", {"session": view["session"]}))
    else:
        Screen().say(f"Archived {line(view['session'])}.")
    return 0


def _resume(client: Client, args: Namespace, folder: str) -> int:
    from signoff.cli.run import review

    where = to_uri(folder) if args.workspace or args.session == "last" else None
    view = found(client, args.session, where)
    if args.trust and view["workspace"] != to_uri(folder):
        settings = {"settings": {"signoff": settings_of(args, view["workspace"])}}
        client.notify("workspace/didChangeConfiguration", settings)
    screen = Screen(args.json)
    screen.say(f"Session {line(view['session'])}: {short(view['goal'], screen.width)}")
    if view["phase"] in ("stopped", "failed"):
        client.command("resume", {"session": view["session"]})
    return review(client, screen, args, view["session"], view)


def found(client: Client, name: str, workspace: str | None = None) -> View:
    """The session with that id, the only one whose id begins so, or the newest. Raises UsageError, Failed."""
    views: list[View] = client.command("listSessions", {"workspace": workspace} if workspace else {})
    if name == "last":
        if not views:
            raise Failed('There is no session yet. Start one: signoff run "what is to be done"')
        return newest_first(views)[0]
    fitting = [view for view in views if view["session"].startswith(name)] if name else []
    exact = [view for view in fitting if view["session"] == name]
    if len(exact or fitting) == 1:
        return client.command("showSession", {"session": (exact or fitting)[0]["session"]})
    if fitting:
        raise UsageError(f"{len(fitting)} sessions begin with {name}; give more of the id.")
    raise Failed(f"There is no session {name!r}. `signoff sessions list` shows all.")


_ACTIONS = {"list": _list, "show": _show, "archive": _archive, "resume": _resume}
