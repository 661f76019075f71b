"""schemas/*.json are fresh, valid JSON Schemas, and refuse what the outer contract refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from signoff.core.envelope import Envelope, Event
from signoff.runtime.codec import encode_envelope

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "schemas").glob("*.json"))


def schema(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_files_are_what_the_types_say() -> None:
    argv = [sys.executable, str(ROOT / "schemas" / "generate.py"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_a_valid_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_every_setting_says_what_it_means_in_words_of_its_own() -> None:
    words = [field.get("description", "") for field in schema("settings")["properties"].values()]
    assert len(set(words)) == len(words) and all(each.endswith(".") for each in words)


def test_every_value_of_a_setting_is_told_of() -> None:
    fields = [field.get("items", field) for field in schema("settings")["properties"].values()]
    assert [field for field in fields if len(field.get("enum", ())) != len(field.get("enumDescriptions", ()))] == []


def test_every_number_has_a_least_value_which_its_default_reaches() -> None:
    fields = schema("settings")["properties"]
    numbers = {name: field for name, field in fields.items() if field["type"] in ("integer", "number")}
    assert numbers and all(field["default"] >= field["minimum"] for field in numbers.values())


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


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_is_written_as_its_schema_says(kind: type[Any]) -> None:
    # One branch of the schema only, so that a failure names the field and not all event types.
    whole = schema("events")
    line = next(one for one in whole["oneOf"] if one["properties"]["type"]["const"] == kind.__name__)
    validator = Draft202012Validator({**line, "$defs": whole["$defs"]})

    @settings(max_examples=25)
    @given(st.from_type(kind))
    def check_event(event: Any) -> None:
        fact = Envelope("session", 1, 0.0, "cause", event)
        validator.validate(json.loads(json.dumps(encode_envelope(fact))))

    check_event()
