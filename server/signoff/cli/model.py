"""`signoff model pull|list|remove`: the embedded local model's file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from signoff.cli.connect import Failed
from signoff.cli.progress import Bar
from signoff.cli.visible import line

if TYPE_CHECKING:
    from argparse import Namespace

_LABEL = "small local model: docstrings and explicit one-line changes"


def add_arguments(subparsers: Any) -> None:
    """Adds `model` and its subcommands to the program's commands."""
    model = subparsers.add_parser("model", description="The embedded local model.", allow_abbrev=False)
    actions = model.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in (
        ("pull", "fetch the model (1.1 GB, once), verified by checksum; goes on where it was interrupted"),
        ("list", "whether the model is on this machine, and where"),
        ("remove", "delete the model and what an interrupted pull left"),
    ):
        action = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        action.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: Namespace) -> int:
    """Carries out `signoff model ...`; the exit code. Raises Failed, with what to do in its words."""
    from signoff import offline

    actions = {"pull": _pull, "list": _list, "remove": _remove}
    try:
        return actions[args.action](args.json)
    except offline.ModelTrouble as trouble:
        raise Failed(str(trouble)) from trouble


def _pull(as_json: bool) -> int:
    from signoff import offline

    bar = Bar(sys.stderr, "Fetching the model")
    try:
        path = offline.pull_local_model(bar.show)
    except KeyboardInterrupt:
        bar.done()
        print("signoff: stopped. What was fetched is kept: 'signoff model pull' goes on from there.", file=sys.stderr)
        return 130
    except offline.ModelTrouble:
        bar.done()
        raise
    bar.done()
    _print(as_json, {"path": str(path), **_row()}, f"The model is ready: {line(str(path))}")
    if not offline.local_model_runs():
        print("signoff: to run it, add one package: pip install 'signoff[local]'", file=sys.stderr)
    return 0


def _list(as_json: bool) -> int:
    row = _row()
    state = "ready" if row["installed"] else f"{row['fetched'] / 1e6:,.0f} of {row['size'] / 1e6:,.0f} MB fetched"
    hint = "" if row["installed"] else "\n  fetch it with: signoff model pull"
    text = f"{row['name']} ({_LABEL}): {state}\n  {line(row['path'])}{hint}"
    _print(as_json, {"models": [row]}, text)
    return 0


def _remove(as_json: bool) -> int:
    from signoff import offline

    freed = offline.remove_local_model()
    text = f"Removed; {freed / 1e6:,.0f} MB are free again." if freed else "The model is not on this machine."
    _print(as_json, {"freed": freed}, text)
    return 0


def _row() -> dict[str, Any]:
    from signoff import offline

    found = offline.local_model_info()
    return {
        "name": found.name,
        "path": str(found.path),
        "size": found.size,
        "fetched": found.fetched,
        "installed": found.installed,
        "runs": offline.local_model_runs(),
    }


def _print(as_json: bool, document: dict[str, Any], text: str) -> None:
    print(json.dumps(document) if as_json else text)
