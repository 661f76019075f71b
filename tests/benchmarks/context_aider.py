"""Aider's repository map on the same cases: ranked files, and the lines of the code that it shows.

It needs files on disk: the parent commit is written into a temporary folder, without its history, for each case.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

from context_cases import Case, Clone, Scores, scores

from signoff.core.fragments import BUDGET, Fragment

HOW = "make a virtual environment outside of the repository, install aider-chat there, give --aider ITS/bin/python"
_PROBE = "import aider.repomap"


@dataclass(frozen=True, slots=True)
class Answered:
    """`scores` None: it did not answer in time, or failed with the words in `why`."""

    scores: Scores | None
    seconds: float = 0.0
    version: str = ""
    why: str = ""


def python_with_aider(given: str | None) -> str | None:
    """The Python that can import Aider: the given one, this one, or that of the `aider` on PATH; None for none."""
    found = which("aider")
    candidates = [given] if given else [sys.executable, *([_interpreter(Path(found))] if found else [])]
    for one in filter(None, candidates):
        if _imports(one):
            return one
    return None


def _imports(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", _PROBE], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _interpreter(script: Path) -> str | None:
    """What runs a script that pip or a tool like it installed."""
    first = script.read_bytes()[:500].split(b"\n")[0]
    return first[2:].decode("utf-8", "replace").strip() if first.startswith(b"#!") else None


def spread(count: int, among: int) -> set[int]:
    """`count` numbers below `among`, evenly; all of them when there are not more."""
    return {at * among // min(count, among) for at in range(min(count, among))}


def aider(python: str, clone: Clone, case: Case, limit: float) -> Answered:
    """Its map of BUDGET tokens for the case's query, at most `limit` seconds."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "tree"
        files = checkout(clone, case.parent, root)
        asked = {"root": str(root), "files": files, "query": case.query, "tokens": BUDGET}
        argv = [python, str(Path(__file__).with_name("context_aider_map.py"))]
        # A home of its own, and no PYTHONPATH of ours: it shall import its own packages and leave nothing behind.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HOME": folder}
        try:
            done = subprocess.run(
                argv, input=json.dumps(asked), capture_output=True, text=True, timeout=limit, env=env, check=False
            )
        except subprocess.TimeoutExpired:
            return Answered(None, why=f"no answer in {limit:.0f} s")
    if done.returncode != 0:
        return Answered(None, why=(done.stderr.strip().splitlines() or ["it failed"])[-1][:200])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    shown = [
        Fragment("codebase", path, line, line, 0, 0.0, "", "")
        for path, lines in found["lines"].items()
        for line in lines
    ]
    return Answered(scores(case, found["ranked"], shown), found["seconds"], found["version"])


def checkout(clone: Clone, commit: str, root: Path) -> list[str]:
    """Writes a commit's files into a folder; which ones, without links and submodules."""
    tree = clone.tree(commit)
    for path, listed in tree.items():
        assert listed.digest
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(clone.blob(listed.digest))
    return list(tree)
