"""How a command gets its server: workspace and settings from the command line, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from signoff.cli.client import Client
from signoff.cli.spawn import Process, spawn
from signoff.core.paths import to_uri

if TYPE_CHECKING:
    from argparse import Namespace


class UsageError(Exception):
    """The command line names something impossible; str() says what. Ends the command with exit code 2."""


class Failed(Exception):
    """The command could not do its work; str() says why and what to do next. Ends the command with exit code 1."""


@contextmanager
def connected(process: Process | None, folder: str, settings: dict[str, Any]) -> Generator[Client]:
    """A client that has shaken hands, for the workspace `folder` (a path); its server ends with the block."""
    client = Client(process or spawn(), settings)
    try:
        client.initialize(to_uri(folder))
        yield client
    finally:
        client.close()


def workspace_folder(given: str | None) -> str:
    """The workspace's absolute path; the current folder if none was given. Raises UsageError."""
    try:
        folder = os.path.abspath(given or os.getcwd())
        os.scandir(folder).close()
    except FileNotFoundError:
        raise UsageError(f"There is no folder {given or 'here any more'}. Name one with --workspace.") from None
    except NotADirectoryError:
        raise UsageError(f"{given} is no folder. Name the workspace's folder.") from None
    except (OSError, ValueError) as trouble:
        raise UsageError(f"The workspace {given!r} can't be read: {trouble}.") from trouble
    return folder


def settings_of(args: Namespace, workspace: str) -> dict[str, Any]:
    """The settings that the command line names, as initializationOptions: the user's own word, for this run."""
    names = {"model": "model", "base_url": "baseUrl", "max_tokens": "maxTokens", "max_cost": "maxCost"}
    given = {wire: getattr(args, name, None) for name, wire in names.items()}
    settings = {name: value for name, value in given.items() if value is not None}
    return {**settings, "trustedWorkspaces": [workspace]} if args.trust else settings


def add_trust_option(parser: Any) -> None:
    """The option `--trust`."""
    parser.add_argument("--trust", action="store_true", help="trust the workspace: read its instructions, run its git")


def add_session_options(parser: Any) -> None:
    """The options that `run` and `sessions resume` share."""
    parser.add_argument("--workspace", metavar="D", help="the project's folder (default: the current one)")
    parser.add_argument("--approve", choices=("ask", "plan", "all", "none"), help="what to approve without asking")
    parser.add_argument("--base-url", metavar="U", help="an OpenAI-compatible endpoint (default: OPENAI_BASE_URL)")
    add_trust_option(parser)
    parser.add_argument("--json", action="store_true", help="print the session as one JSON document at the end")


def add_start_options(parser: Any) -> None:
    """The options that belong to a session from its start on."""
    parser.add_argument("--model", metavar="M", help="the model (default: OPENAI_PRIMARY_MODEL, or gpt-5)")
    parser.add_argument("--max-tokens", metavar="N", type=_tokens, help="stop the session at this many tokens")
    parser.add_argument("--max-cost", metavar="USD", type=_money, help="stop the session at this many US dollars")


def _tokens(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number <= 0:
        raise ValueError
    return number


def _money(text: str) -> float:
    amount = float(text.removeprefix("$"))
    if not 0 < amount < 1e9:
        raise ValueError
    return amount


_tokens.__name__ = "number of tokens"
_money.__name__ = "amount in US dollars"
