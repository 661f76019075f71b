"""A program on a pseudo-terminal: what it shows, what is typed, and how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = Path(__file__).with_name("launch.py")
PATIENCE = 60.0  # seconds; only a hanging program takes them


def environment(**more: str) -> dict[str, str]:
    """The environment of a program under test: this checkout's code, no endpoint, no user's own state or colours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "SIGNOFF_")) and k != "NO_COLOR"}
    return {**kept, "PYTHONPATH": str(ROOT / "server"), "TERM": "xterm", "LC_ALL": "C.UTF-8", **more}


def fake(script: Path, *arguments: str) -> list[str]:
    """The command line of the program with the scripted server of `fake_server.py`."""
    return [sys.executable, str(LAUNCH), str(script), *arguments]


class Terminal:
    """Use it as a context manager; leaving it kills the program if it still runs."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        self.shown = ""
        self._seen = 0
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)

    def expect(self, text: str) -> str:
        """Waits until the text is shown after what was expected last; everything in between."""
        until = time.monotonic() + PATIENCE
        while (at := self.shown.find(text, self._seen)) < 0:
            if not self._read(until):
                raise AssertionError(f"not shown: {text!r} in {self.shown[self._seen :]!r}")
        between = self.shown[self._seen : at]
        self._seen = at + len(text)
        return between

    def type(self, text: str) -> None:
        """Types a line."""
        os.write(self._master, text.encode() + b"\n")

    def press(self, key: bytes) -> None:
        """Presses a key, such as Ctrl-C as b"\\x03"."""
        os.write(self._master, key)

    def end(self) -> int:
        """Waits for the program's end; its exit code."""
        while self._read(time.monotonic() + PATIENCE):
            pass
        return self.process.wait(PATIENCE)

    @property
    def plain(self) -> str:
        """What was shown, without our own colours and with plain line ends."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.shown).replace("\r\n", "\n")

    def _read(self, until: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, until - time.monotonic()))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # the program closed its side
            data = b""
        self.shown += data.decode("utf-8", "replace")
        return bool(data)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
