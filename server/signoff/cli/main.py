"""The terminal's door: which command runs, and how it ends. The server of a session is started before all else."""

from __future__ import annotations

import sys

from signoff.cli.spawn import Process, abandon, spawn

TYPE_CHECKING = False  # typing itself would be loaded before the server runs
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from typing import Any

FAILED, USAGE, INTERRUPTED = 1, 2, 130
_ASK_SERVER = (["list"], ["show"], ["resume"], ["archive"])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code: 0 done, 1 failed, 2 usage, 3 refused or rejected, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    process = spawn() if needs_server(words) else None
    try:
        return _ended(words, process)
    finally:
        if process and process.poll() is None:
            abandon(process)
        _flush()


def needs_server(words: Sequence[str]) -> bool:
    """Whether the command line is one that talks to a server, as far as a glance can tell."""
    if "-h" in words or "--help" in words:
        return False
    return words[:1] in (["run"], ["context"], ["doctor"]) or (words[:1] == ["sessions"] and words[1:2] in _ASK_SERVER)


def _ended(words: Sequence[str], process: Process | None) -> int:
    """The command's exit code; whatever stops it is said in words on stderr."""
    from signoff.cli.client import CommandFailed, Refused, ServerGone
    from signoff.cli.connect import Failed, UsageError

    try:
        return _run(words, process)
    except UsageError as trouble:
        return _say(str(trouble), USAGE)
    except (CommandFailed, Refused, ServerGone, Failed) as trouble:
        return _say(str(trouble), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return FAILED  # whoever read the output has gone
    except SystemExit as exit:  # argparse: usage, help and version
        return exit.code if isinstance(exit.code, int) else FAILED


def _run(words: Sequence[str], process: Process | None) -> int:
    args = parser(words[0] if words else "").parse_args(words)
    match args.command:
        case "run":
            from signoff.cli.run import run

            return run(args, process)
        case "demo":
            from signoff.cli.demo import run as demo

            return demo(args)
        case "context":
            from signoff.cli.context import run as context

            return context(args, process)
        case "sessions":
            from signoff.cli.sessions import run as sessions

            return sessions(args, process)
        case "doctor":
            from signoff.cli.doctor import run as doctor

            return doctor(args, process)
        case _:
            from signoff.cli.model import run as model

            return model(args)


def parser(chosen: str = "") -> ArgumentParser:
    """The whole command line; the arguments of a command are spelled out only if it is the chosen one."""
    import argparse

    from signoff import __version__

    top = argparse.ArgumentParser(prog="signoff", description="A coding agent whose edits you sign off.")
    top.add_argument("--version", action="version", version=f"signoff {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    server = commands.add_parser("server", help="the language server, for editors", add_help=False)
    server.add_argument("arguments", nargs=argparse.REMAINDER)
    for name, (module, text) in _COMMANDS.items():
        if name == chosen:
            _load(module).add_arguments(commands)
        else:
            commands.add_parser(name, help=text)
    return top


_COMMANDS = {
    "run": ("signoff.cli.run", "work on a goal: plan, hunks, signed-off edits"),
    "demo": ("signoff.cli.demo", "one real task on a sample project"),
    "context": ("signoff.cli.context", "what a session with that goal would be told of the workspace"),
    "sessions": ("signoff.cli.sessions", "list, show, resume, export, replay, archive and purge sessions"),
    "doctor": ("signoff.cli.doctor", "what works on this machine, and how to mend the rest"),
    "model": ("signoff.cli.model", "the embedded local model: pull, list, remove"),
}


def _load(module: str) -> Any:
    import importlib

    return importlib.import_module(module)


def _say(words: str, code: int) -> int:
    from signoff.cli.visible import visible

    if not isinstance(sys.stderr.encoding, str) or sys.stderr.encoding.lower() != "utf-8":
        words = words.encode("ascii", "backslashreplace").decode()
    print(f"signoff: {visible(words)}", file=sys.stderr)
    return code


def _flush() -> None:
    """Writes what is left; a reader that has gone away is no error of ours, and nothing for the interpreter to say."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
