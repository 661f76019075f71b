"""schemas/*.json are fresh, valid JSON Schemas, and refuse what the outer contract refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "schemas").glob("*.json"))


def schema(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


def check(value: Any, name: str) -> None:
    Draft202012Validator(schema(name)).validate(value)


def test_the_files_are_what_the_types_say() -> None:
    argv = [sys.executable, str(ROOT / "schemas" / "generate.py"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_a_valid_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


START = "signoff.startSession"


def argument(command: str, value: Any) -> None:
    whole = schema("commands")
    Draft202012Validator({**whole["properties"][command], "$defs": whole["$defs"]}).validate(value)


@pytest.mark.parametrize(
    "value",
    [
        {"goal": "Fix it"},
        {"goal": "Fix it", "planFirst": False, "taskType": "quick_fix", "workspace": "file:///w"},
        {"goal": "x", "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}},
    ],
)
def test_an_argument_in_the_words_of_the_wire_fits(value: Any) -> None:
    argument(START, value)


@pytest.mark.parametrize(
    "value", [{}, {"goal": 1}, {"goal": "x", "plan_first": True}, {"goal": "x", "nope": 1}, [], "x"]
)
def test_a_wrong_shape_does_not(value: Any) -> None:
    with pytest.raises(ValidationError):
        argument(START, value)
