"""Runs tests/benchmarks/bench_NAME.py scripts: one JSON document with all results, and a table for people on stderr.

    run.py [NAME ...] [--json FILE] [ARGUMENT ...]

A benchmark is a script whose last line on stdout is one JSON object; everything before it is passed on to stderr.
Without names all of them run, one after the other, so that none disturbs another. Exit code 1 when one failed, and its
place in the JSON says why. Arguments that are not known here go to the benchmark, when one is named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVER = HERE.parents[1] / "server"


def available() -> dict[str, Path]:
    """The benchmarks by name, sorted."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


def run(name: str, path: Path, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """What one benchmark printed as its last line; `{"error": ...}` when it failed or printed no JSON object."""
    began = time.monotonic()
    sys.stderr.write(f"bench: {name} ...\n")
    folders = [str(SERVER), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run(
        [sys.executable, str(path), *arguments], stdout=subprocess.PIPE, text=True, env=env, check=False
    )
    *before, last = done.stdout.rstrip("\n").split("\n")
    sys.stderr.writelines(f"  {line}\n" for line in before)
    sys.stderr.write(f"bench: {name}: {time.monotonic() - began:.1f} s\n")
    if done.returncode != 0:
        return {"error": f"exit code {done.returncode}; last line: {last}"}
    try:
        result: Any = json.loads(last)
    except ValueError:
        result = None
    return result if isinstance(result, dict) else {"error": f"the last line is no JSON object: {last[:200]}"}


def rows(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A nested result as (dotted key, text) rows; lists of numbers or objects in one row each."""
    if isinstance(value, dict):
        return [row for key, item in value.items() for row in rows(item, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(value, float):
        return [(prefix, f"{value:.6g}")]
    return [(prefix, value if isinstance(value, str) else json.dumps(value))]


def table(results: dict[str, Any]) -> str:
    """All results as aligned lines, one block for each benchmark."""
    flat = {name: rows(result) for name, result in results.items()}
    width = max((len(key) for lines in flat.values() for key, _ in lines), default=0)
    blocks = [
        "\n".join([name, *(f"  {key:<{width}}  {text}" for key, text in lines)]) for name, lines in sorted(flat.items())
    ]
    return "\n".join(blocks) + "\n"


def main() -> int:
    """Runs what was asked for."""
    known = available()
    parser = argparse.ArgumentParser(prog="./dev bench", description=f"Benchmarks: {', '.join(known)}")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; all when left out")
    parser.add_argument("--json", metavar="FILE", help="write the JSON there instead of on stdout")
    asked, further = parser.parse_known_args()
    if further and len(asked.names) != 1:
        parser.error(f"{further[0]} is for one benchmark: name it")
    if unknown := sorted(set(asked.names) - set(known)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
    results = {name: run(name, known[name], further) for name in asked.names or known}
    text = json.dumps(results, indent=2, sort_keys=True) + "\n"
    if asked.json:
        Path(asked.json).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    sys.stderr.write(table(results))
    return 1 if any("error" in result for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
