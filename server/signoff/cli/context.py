"""`signoff context`: what a session with that goal would be told of the workspace, and why."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from signoff.cli.client import Client
from signoff.cli.connect import UsageError, add_trust_option, connected, settings_of, workspace_folder
from signoff.cli.screen import Screen, print_json
from signoff.cli.visible import Paint, line, visible
from signoff.core.paths import to_uri

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from signoff.cli.spawn import Process

PATIENCE_S = 180.0
"""How long a first index of a very large project may take."""
POLL_S = 0.2
SAY_AFTER_S = 1.0
KEYS = ("fragments", "files", "left_out", "tokens", "budget")
MOST_FILES = 20
_LARGEST = 2_000_000


def add_arguments(subparsers: Any) -> None:
    """Adds `context` to the program's commands."""
    parser = subparsers.add_parser("context", allow_abbrev=False)
    parser.add_argument("goal", metavar="GOAL", help="what is to be done, in your words")
    parser.add_argument("--workspace", metavar="D", help="the project's folder (default: the current one)")
    parser.add_argument("--budget", metavar="TOKENS", type=_tokens, help="the size of it all (default: 8,000)")
    parser.add_argument(
        "--open", metavar="F", action="append", default=[], help="as if this file were open in an editor"
    )
    add_trust_option(parser)
    parser.add_argument("--json", action="store_true", help="as one JSON document")


def run(args: Namespace, process: Process | None) -> int:
    """Carries out `signoff context`; the exit code. Raises UsageError, Failed, Refused, ServerGone."""
    goal = args.goal.encode("utf-8", "replace").decode().strip()
    if not goal:
        raise UsageError("The goal is empty: say what is to be done.")
    folder = workspace_folder(args.workspace)
    files = [_file(name, folder) for name in args.open]
    with connected(process, folder, settings_of(args, to_uri(folder))) as client:
        for uri, text in files:
            item = {"uri": uri, "languageId": "", "version": 1, "text": text}
            client.notify("textDocument/didOpen", {"textDocument": item})
        asked: dict[str, Any] = {"goal": goal}
        asked |= {"budget": args.budget} if args.budget is not None else {}
        asked |= {"uri": files[0][0]} if files else {}
        found = _whole(client, asked)
    if args.json:
        print_json({key: found[key] for key in KEYS})
    else:
        screen = Screen()
        screen.show(lines(found, screen.paint))
    return 0


def _whole(client: Client, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer once the code is fully indexed; on a first run that takes a while, which is said."""
    began, said = time.monotonic(), False
    while True:
        found: dict[str, Any] = client.command("showContext", asked)
        waited = time.monotonic() - began
        if found["ready"] in ("full", None):
            return found
        if waited > PATIENCE_S:
            print("signoff: the code is not fully indexed yet; this is what is known so far.", file=sys.stderr)
            return found
        if waited > SAY_AFTER_S and not said:
            print("signoff: indexing the code (once; later runs are quick) ...", file=sys.stderr, flush=True)
            said = True
        time.sleep(POLL_S)


def _file(name: str, folder: str) -> tuple[str, str]:
    """The URI and text of a file of the workspace. Raises UsageError."""
    path = os.path.realpath(os.path.join(folder, name))
    if os.path.commonpath([path, os.path.realpath(folder)]) != os.path.realpath(folder):
        raise UsageError(f"{name} is outside of the workspace {folder}.")
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as trouble:
        raise UsageError(f"{name} can't be read: {trouble.strerror or trouble}.") from trouble
    if len(data) > _LARGEST or b"\0" in data:
        raise UsageError(f"{name} is {'too large' if len(data) > _LARGEST else 'no text'}; open another file.")
    return to_uri(path), data.decode("utf-8", "replace")


def lines(found: dict[str, Any], paint: Paint) -> list[str]:
    """What would be told, readable: where each fragment comes from and why, its text, the ranking, what is left out."""
    shown: list[str] = []
    for one in found["fragments"]:
        shown += [paint("bold", f"{_place(one)}  {one['tokens']:,} tokens"), paint("dim", f"  {line(one['why'])}")]
        shown += [f"  {visible(text)}" for text in one["text"].split("\n")]
        shown.append("")
    total = f"{found['tokens']:,} of {found['budget']:,} tokens in {len(found['fragments'])} fragments"
    shown.append(paint("bold", total))
    shown += list(_ranking(found, paint))
    if found["left_out"]:
        shown += ["", "Left out for want of room:", *(f"  {line(name)}" for name in found["left_out"])]
    return shown


def _ranking(found: dict[str, Any], paint: Paint) -> Iterator[str]:
    if found["files"]:
        yield "Files, the best first:"
    for one in found["files"][:MOST_FILES]:
        yield f"  {one['score']:7.3f}  {line(one['path'])}"


def _place(fragment: dict[str, Any]) -> str:
    """Where a fragment comes from: its path and lines, else its source."""
    if not fragment["path"]:
        return line(f"[{fragment['source']}]")
    span = f":{fragment['start_line']}-{fragment['end_line']}" if fragment["start_line"] else ""
    source = "" if fragment["source"] == "codebase" else f"  [{fragment['source']}]"
    return f"{line(fragment['path'])}{span}{source}"


def _tokens(text: str) -> int:
    return int(text.replace("_", "").replace(",", ""))


_tokens.__name__ = "number of tokens"
