"""From spawning the server to its answer to `initialize`, against the smallest server that pygls can make.

Prints one JSON object: the medians in milliseconds of 20 rounds in which the two take turns, and their ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

SERVER = Path(__file__).resolve().parents[2] / "server"
OURS = [sys.executable, "-m", "signoff", "server"]
MINIMAL = [sys.executable, "-c", "from pygls.lsp.server import LanguageServer\nLanguageServer('m', '1').start_io()"]
ROUNDS = 20

# What a client of middling size declares; most send more.
CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor"]}}},
        "codeLens": {"dynamicRegistration": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "inlayHint": {"dynamicRegistration": True},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
        "synchronization": {"didSave": True, "dynamicRegistration": True},
    },
    "window": {"workDoneProgress": True},
    "workspace": {"applyEdit": True, "configuration": True, "workspaceEdit": {"documentChanges": True}},
}


def request() -> bytes:
    """The initialize request with its header."""
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": CAPABILITIES}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def spawn_to_answer(argv: list[str], message: bytes) -> float:
    """Milliseconds; the answer is checked."""
    environment = {**os.environ, "PYTHONPATH": str(SERVER)}
    start = perf_counter()
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(message)
        process.stdin.flush()
        length = 0
        while (line := process.stdout.readline().strip()) or not length:
            if line.startswith(b"Content-Length:"):
                length = int(line.split(b":")[1])
        answer = json.loads(process.stdout.read(length))
        elapsed = (perf_counter() - start) * 1000
        process.kill()
    assert "capabilities" in answer["result"]
    return elapsed


def main() -> None:
    """Print {ours_ms, minimal_ms, ratio}."""
    message = request()
    for argv in (OURS, MINIMAL):  # compiled files and warm caches, for both
        spawn_to_answer(argv, message)
    times = [(spawn_to_answer(OURS, message), spawn_to_answer(MINIMAL, message)) for _ in range(ROUNDS)]
    ours, minimal = (median(each) for each in zip(*times, strict=True))
    print(json.dumps({"ours_ms": round(ours), "minimal_ms": round(minimal), "ratio": round(ours / minimal, 3)}))


if __name__ == "__main__":
    main()
