"""`signoff`, or `python -m signoff`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.lsp.launch import Options
    from signoff.lsp.server import SignoffServer


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return the exit code.

    The server has a way in of its own: editors wait for it, so it must not load the rest of the command line first.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["server"]:
        from signoff.lsp import launch

        return launch.main(arguments[1:], _attach)
    from signoff.cli.main import main as command_line

    return command_line(arguments)


def _attach(server: SignoffServer, options: Options) -> None:
    from signoff.app import attach

    attach(server, options)


if __name__ == "__main__":
    sys.exit(main())
