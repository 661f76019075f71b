"""A cold `signoff run`: from spawn to its first model request, against importing pygls and openai, in turns.

Both are whole processes on this machine. Prints one JSON object; milliseconds, medians, and their ratio.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "server")]

from endpoint.server import Call, Script, Turn, running

ROUNDS = 10


def imports(env: dict[str, str]) -> float:
    """How long a process takes that imports both libraries and ends."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import pygls.lsp.server, openai"], env=env, check=True)
    return (time.monotonic() - began) * 1000


def first_request(env: dict[str, str], folder: Path) -> float:
    """From spawning `signoff run` to its first request's arrival."""
    script = Script([Turn(Call("finish", {"summary": "Done."}))])
    (folder / "workspace").mkdir()
    with running(script) as endpoint:
        began = time.monotonic()
        command = [sys.executable, "-m", "signoff", "run", "Do it", "--workspace", str(folder / "workspace")]
        own = {**env, "SIGNOFF_STATE_DIR": str(folder / "state")}
        subprocess.run(
            [*command, "--base-url", endpoint.base_url, "--approve", "all"], env=own, check=True, capture_output=True
        )
        return (endpoint.requests[0].at - began) * 1000


def main() -> None:
    """Prints the figures."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    pairs: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append((first_request(env, Path(folder)), imports(env)))
    ours, theirs = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    print(json.dumps({"first_request_ms": round(ours), "imports_ms": round(theirs), "ratio": round(ours / theirs, 2)}))


if __name__ == "__main__":
    main()
