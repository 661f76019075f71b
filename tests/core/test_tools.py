"""The tools' arguments: what passes, and the words that help a model to mend a call."""

import pytest

from signoff.core.model import ToolCall
from signoff.core.tools import BY_NAME, SPECS, BadArguments, arguments


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("read_file", '{"path": "a"}', {"path": "a"}),
        ("read_file", '{"path": "a", "end_line": null}', {"path": "a", "end_line": None}),
        ("list_files", "", {}),
        ("search", '{"query": "x", "regex": true}', {"query": "x", "regex": True}),
        ("edit_file", '{"path": "a", "edits": []}', {"path": "a", "edits": []}),
        ("update_plan", '{"steps": [{"text": "x", "status": "done"}]}', {"steps": [{"text": "x", "status": "done"}]}),
        ("ask_user", '{"question": "why?", "options": ["a"]}', {"question": "why?", "options": ["a"]}),
        ("finish", '{"summary": "ok"}', {"summary": "ok"}),
    ],
)
def test_accepted(name: str, raw: str, value: dict[str, object]) -> None:
    assert arguments(ToolCall("c", name, raw)) == value


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        (
            "run",
            "{}",
            "There is no tool 'run'. Tools: read_file, search, list_files, apply_patch, edit_file, update_plan, "
            "ask_user, finish.",
        ),
        ("read_file", "{}", "read_file: arguments lacks 'path'. Send the call again."),
        ("read_file", '{"path": null}', "read_file: arguments lacks 'path'. Send the call again."),
        ("read_file", "[]", "read_file: arguments must be of type object. Send the call again."),
        ("read_file", '{"path": 1}', "read_file: arguments.path must be of type string. Send the call again."),
        (
            "read_file",
            '{"path": "a", "line": 3}',
            "read_file: arguments has no 'line'; it takes path, start_line, end_line. Send the call again.",
        ),
        (
            "read_file",
            '{"path": "a", "start_line": true}',
            "read_file: arguments.start_line must be of type integer. Send the call again.",
        ),
        (
            "edit_file",
            '{"path": "a", "edits": {}}',
            "edit_file: arguments.edits must be of type array. Send the call again.",
        ),
        (
            "edit_file",
            '{"path": "a", "edits": [{"old": "x", "new": "y"}, {"old": "x"}]}',
            "edit_file: arguments.edits[1] lacks 'new'. Send the call again.",
        ),
        (
            "update_plan",
            '{"steps": [{"text": "x", "status": "skipped"}]}',
            "update_plan: arguments.steps[0].status must be one of pending, active, done, failed. Send the call again.",
        ),
    ],
)
def test_refused(name: str, raw: str, words: str) -> None:
    assert arguments(ToolCall("c", name, raw)) == BadArguments(words)


@pytest.mark.parametrize("raw", ["{", "[" * 100_000, '{"path": ' + "9" * 5_000 + "}"])
def test_broken_json(raw: str) -> None:
    found = arguments(ToolCall("c", "read_file", raw))
    assert isinstance(found, BadArguments)
    assert found.message.startswith("The arguments of read_file are not valid JSON (")
    assert found.message.endswith("). Send the call again.")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_free_text_call_is_a_patch_or_refused(name: str) -> None:
    found = arguments(ToolCall("c", name, "text", custom=True))
    takes_text = {
        "read_file": "path",
        "search": "query",
        "apply_patch": "patch",
        "ask_user": "question",
        "finish": "summary",
    }
    if name in takes_text:
        assert found == {takes_text[name]: "text"}
    else:
        assert found == BadArguments(f"{name} takes a JSON object. Send the call again.")


def test_every_schema_is_an_object_with_its_required_properties() -> None:
    for spec in SPECS:
        assert spec.parameters["type"] == "object"
        assert set(spec.parameters["required"]) <= set(spec.parameters["properties"])
