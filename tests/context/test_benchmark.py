"""The benchmark of contexts, run as it is run by hand: on a small repository whose commits are the cases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.git_repository import git, put, repository

RUN = Path(__file__).parents[1] / "benchmarks/run.py"
SHAPES = "class {name}:\n    def area(self):\n        return self.{side} ** 2\n"


def run(*arguments: str) -> Any:
    """What it prints, as a value."""
    argv = [sys.executable, str(RUN), "context", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["context"]


def test_without_cases_it_says_what_to_give() -> None:
    assert run() == {"not_run": "give --cases FILE and --clones DIR"}


def test_ours_and_the_baselines_are_measured_on_the_same_cases(tmp_path: Path) -> None:
    names = {"Circle": "radius", "Square": "side", "Hexagon": "edge"}
    texts = {f"shapes/{name.lower()}.py": SHAPES.format(name=name, side=side) for name, side in names.items()}
    root = repository(tmp_path / "tiny", {**texts, "long.md": "Nothing of any shape here.\n" * 3_000})
    cases: list[dict[str, Any]] = []
    for number, path in enumerate(texts):
        parent, word = git(root, "rev-parse", "HEAD").strip(), path[7:-3]
        put(root, {path: texts[path].replace("2", f"{number + 3}")})
        git(root, "commit", "-qam", f"Mend the area of the {word}")
        gold = {"gold": [path], "hunks": {path: [[3, 3]]}}
        cases.append({"id": f"tiny-{number}", "repo": "tiny", "parent": parent, "query": f"area of the {word}", **gold})
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    places = ("--cases", str(tmp_path / "cases.jsonl"), "--clones", str(tmp_path))
    found = run(*places, "--indexes", str(tmp_path / "kept"), "--aider", str(tmp_path / "no/python"))
    assert found["cases"] == 3 and "has no Aider" in found["aider"]["not_run"]
    assert set(found["systems"]) == {"signoff", "bm25", "chunks", "whole_files"}
    for name, system in found["systems"].items():
        assert system["hunk_r"] == [1.0, 1.0, 1.0] and system["r5"][0] == 1.0, name
    assert found["more_than"]["chunks"]["hunk_r"] == [0.0, 0.0, 0.0]
    for base in tmp_path.glob("kept/*/files.sqlite"):
        base.write_bytes(b"of another version")
    assert found == {
        **run(*places, "--indexes", str(tmp_path / "kept"), "--aider-cases", "0"),
        "find_ms": found["find_ms"],
        "aider": found["aider"],
    }
