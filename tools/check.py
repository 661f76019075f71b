"""Runs every check of `./dev check`: two lanes side by side (Python tools, node tools), one line for each check.

The output of a check is printed only when it failed. The exit code is 0 when all passed and 1 otherwise, so one run
names everything there is to mend.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable, "-m"]
NODE_BIN = ROOT / "node_modules" / ".bin"

Check = tuple[str, list[str]]

PYTHON_LANE: list[Check] = [
    ("ruff format", [*PYTHON, "ruff", "format", "--check", "--quiet", "."]),
    ("ruff check", [*PYTHON, "ruff", "check", "--quiet", "."]),
    ("import rules", [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]),
    ("schemas", [sys.executable, "schemas/generate.py", "--check"]),
    ("house rules", [*PYTHON, "pytest", "-q", "--noconftest", "tests/house/test_rules.py"]),
    ("core tests", [*PYTHON, "pytest", "-q", "tests/core", "--cov", "--cov-report=term-missing:skip-covered"]),
]
NODE_LANE: list[Check] = [
    ("tsc", ["npm", "--silent", "run", "types", "--workspace", "client-vscode"]),
    ("eslint", ["npm", "--silent", "run", "lint", "--workspace", "client-vscode"]),
    ("generated types", ["npm", "--silent", "run", "generate", "--workspace", "client-vscode", "--", "--check"]),
    ("pyright", [str(NODE_BIN / "pyright"), "--project", "pyproject.toml"]),
]


def run_lane(lane: list[Check], failed: list[str], interrupted: threading.Event) -> None:
    """Runs the checks of one lane in order until `interrupted`; adds the names of those that failed to `failed`."""
    for name, argv in lane:
        if interrupted.is_set():
            return
        began = time.monotonic()
        # One write per check keeps the lines of the two lanes apart.
        done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        seconds = time.monotonic() - began
        if done.returncode == 0:
            sys.stderr.write(f"  ok      {name}: {seconds:.1f} s\n")
        else:
            failed.append(name)
            sys.stderr.write(f"  FAILED  {name}: {seconds:.1f} s (exit {done.returncode})\n{done.stdout.rstrip()}\n")


def main() -> int:
    """Runs both lanes; 0 when every check passed."""
    began = time.monotonic()
    os.environ.setdefault("NO_COLOR", "1")
    os.environ.setdefault("HYPOTHESIS_PROFILE", "quick")
    failed: list[str] = []
    interrupted = threading.Event()
    lanes = [threading.Thread(target=run_lane, args=(lane, failed, interrupted)) for lane in (PYTHON_LANE, NODE_LANE)]
    for lane in lanes:
        lane.start()
    try:
        for lane in lanes:
            lane.join()
    except KeyboardInterrupt:
        # The terminal has sent the signal to the running checks too; the lanes only have to start no more of them.
        interrupted.set()
        sys.stderr.write("dev: interrupted\n")
        return 130
    verdict = f"failed: {', '.join(failed)}" if failed else "all checks passed"
    sys.stderr.write(f"dev: {verdict} ({time.monotonic() - began:.0f} s)\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
