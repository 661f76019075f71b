"""Sessions as files: export, replay and purge. No server is started; the journal is read directly."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from signoff import offline
from signoff.cli import render
from signoff.cli.connect import Failed, UsageError
from signoff.cli.screen import Left, Screen, print_json
from signoff.cli.visible import line

if TYPE_CHECKING:
    from argparse import Namespace


def export(args: Namespace) -> int:
    """Writes one session's journal to stdout or a file; the exit code."""
    try:
        document = offline.export_session(_session(args.session))
    except offline.StoreError as trouble:
        raise Failed(str(trouble)) from trouble
    text = json.dumps(document, indent=1, ensure_ascii=True) + "\n"
    if not args.output:
        sys.stdout.write(text)
        return 0
    try:
        # Goals, code and replies are nobody else's business.
        handle = os.open(args.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as trouble:
        raise Failed(f"{args.output} could not be written: {trouble.strerror}.") from trouble
    Screen().say(f"Wrote {len(document['events'])} events to {line(args.output)}.")
    return 0


def replay(args: Namespace) -> int:
    """Shows the session in an exported file; the exit code."""
    try:
        view: Any = offline.replay(_read(args.file))
    except ValueError as trouble:
        raise Failed(f"{args.file}: {trouble}.") from trouble
    if args.json:
        print_json(view)
    else:
        screen = Screen()
        screen.show(render.session_lines(view, screen.paint))
    return 0


def _read(name: str) -> object:
    """The JSON in the file. Raises UsageError for a file that can't be read, ValueError for one that is no JSON."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                data = file.read()
    except OSError as trouble:
        raise UsageError(f"{name} can't be read: {trouble.strerror}.") from trouble
    try:
        return json.loads(data)
    except json.JSONDecodeError as trouble:
        raise ValueError(f"line {trouble.lineno}: no JSON ({trouble.msg})") from trouble
    except (UnicodeDecodeError, RecursionError) as trouble:
        raise ValueError(f"no JSON ({trouble})") from trouble


def purge(args: Namespace) -> int:
    """Erases one session after a question; the exit code."""
    try:
        session = _session(args.session)
        if not _sure(args, session):
            Screen().say("Nothing was erased.")
            return 3
        offline.purge_session(session)
    except offline.StoreError as trouble:
        raise Failed(str(trouble)) from trouble
    Screen().say(f"Erased session {line(session)}.")
    return 0


def _sure(args: Namespace, session: str) -> bool:
    screen = Screen()
    if args.yes:
        return True
    if not screen.asks:
        raise UsageError("Erasing can't be undone: add --yes where there is no terminal to ask at.")
    try:
        return screen.ask(f"Erase session {line(session)} for ever? [y/n]").lower() in ("y", "yes")
    except Left:
        return False


def _session(name: str) -> str:
    """The id that the name stands for: itself, its beginning, or `last`. Raises Failed, UsageError, StoreError."""
    ids = offline.session_ids()
    if name == "last" and ids:
        return ids[0]
    fitting = [one for one in ids if name and one.startswith(name)]
    if name in fitting or len(fitting) == 1:
        return name if name in fitting else fitting[0]
    if fitting:
        raise UsageError(f"{len(fitting)} sessions begin with {name}; give more of the id.")
    raise Failed(f"There is no session {name!r}. `signoff sessions list` shows all.")
