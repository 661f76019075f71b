"""`signoff server`: the command line of the language server, and its start. Imports little before it has to."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import select
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from signoff.lsp.transport import claim_stdio

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

LEVELS = ("debug", "info", "warning", "error")

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `port` None means stdio; `state_dir` None means the platform's own folder."""

    port: int | None
    log_file: Path | None
    log_level: str
    state_dir: Path | None
    parent: int | None


Attach = Callable[["SignoffServer", Options], None]


def main(argv: Sequence[str], attach: Attach | None = None) -> int:
    """Run the server that `argv` (without "server") describes, and return the process's exit code.

    `attach` is called once `initialize` is answered: it imports the rest of Signoff and registers its features.
    Wrong usage exits with 2.
    """
    options = parse(argv)
    try:
        set_up_logging(options)
    except OSError as error:
        sys.stderr.write(f"signoff server: cannot write the log file {options.log_file}: {error.strerror}\n")
        return 2
    try:
        source, sink = claim_stdio() if options.port is None else accept(options.port)
    except OSError as error:
        sys.stderr.write(f"signoff server: cannot listen on port {options.port}: {error.strerror}\n")
        return 1
    # Importing lsprotocol makes so many classes that collecting garbage in between takes 5 to 10 % of the time.
    gc.disable()
    from signoff.lsp.lifecycle import serve
    from signoff.lsp.server import SignoffServer

    server = SignoffServer()
    gc.enable()
    gc.freeze()
    if attach is not None:
        server.on_ready(lambda: attach(server, options))
    return serve(server, source, sink, options.parent)


def parse(argv: Sequence[str]) -> Options:
    """The options in `argv`; exits with 2 and a message on stderr when they are wrong."""
    parser = argparse.ArgumentParser(prog="signoff server", description="The language server.", allow_abbrev=False)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="talk on stdin and stdout (the default)")
    way.add_argument("--tcp", type=_port, metavar="PORT", help="wait for one client on 127.0.0.1 (0: any free port)")
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append the log to FILE instead of stderr")
    parser.add_argument("--log-level", choices=LEVELS, default="warning", help="default: warning")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="where sessions are kept")
    parser.add_argument("--check-parent-process", action="store_true", help="end when the parent process ends")
    # vscode-languageclient adds this one by itself.
    parser.add_argument("--clientProcessId", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    parent = given.clientProcessId or (os.getppid() if given.check_parent_process else None)
    return Options(given.tcp, given.log_file, given.log_level, given.state_dir, parent)


def set_up_logging(options: Options) -> None:
    """Log to stderr or the file. Raises OSError when the file cannot be opened.

    pygls stays at `warning` or above whatever the user asks for: below that it logs whole messages, keys included.
    """
    handler: logging.Handler = _StderrHandler(sys.stderr)
    if options.log_file is not None:
        # The log may quote file names and questions; it is for this user alone.
        os.close(os.open(options.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        handler = logging.FileHandler(options.log_file, encoding="utf-8")
    level = logging.getLevelNamesMapping()[options.log_level.upper()]
    logging.basicConfig(level=level, format=_FORMAT, handlers=[handler])
    logging.getLogger("pygls").setLevel(max(level, logging.WARNING))


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Drops what a full pipe cannot take: a client that does not read stderr must not stop the event loop."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # not a stream that can be asked
            if not select.select([], [self.stream], [], 0)[1]:
                return
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        # A pipe that can be written to takes 4 KiB without waiting. The end of a traceback says most.
        text = super().format(record)
        return text if len(text) <= _LONGEST else f"{text[:800]} [...] {text[800 - _LONGEST :]}"


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def accept(port: int) -> tuple[BinaryIO, BinaryIO]:
    """Wait for one client on the loopback interface; says on stderr where. Raises OSError when the port is taken."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        sys.stderr.write(f"signoff server: listening on 127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stderr.flush()
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:  # the two files keep it open
        return connection.makefile("rb"), cast("BinaryIO", connection.makefile("wb", buffering=0))
