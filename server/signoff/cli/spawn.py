"""Starts the server's process. Imported before all else: the server loads while the rest of the command does."""

from __future__ import annotations

import subprocess
import sys

# -P: the folder that the command runs in, maybe an untrusted workspace, is no place to import from.
SERVER = [sys.executable, "-P", "-m", "signoff", "server", "--stdio"]

LEAVE_S = 10.0

Process = subprocess.Popen[bytes]


def spawn(*options: str) -> Process:
    """Starts the server; it waits for `Client.initialize`. It gets no Ctrl-C of its own and no terminal."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*SERVER, *options], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
    )


def abandon(process: Process) -> None:
    """Ends a server that is not needed after all."""
    process.terminate()
    try:
        process.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
