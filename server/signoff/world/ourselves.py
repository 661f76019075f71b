"""How a user runs this very Signoff in a terminal, where it need not be on PATH: an editor may have installed it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def in_terminal(words: str) -> str:
    """The command line for `signoff WORDS`."""
    return f"signoff {words}" if shutil.which("signoff") else f"{_python()} -m signoff {words}"


def adding(extra: str) -> str:
    """The command line that adds an extra's packages to the environment of this process."""
    return f'{_python()} -m pip install "signoff[{extra}]"'


def _python() -> str:
    return subprocess.list2cmdline([sys.executable]) if os.name == "nt" else shlex.quote(sys.executable)
