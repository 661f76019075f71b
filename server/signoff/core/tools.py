"""The tools that the model sees, and the check of their arguments. Every request pays for their descriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from signoff.core.model import ToolCall, ToolSpec

Schema = Mapping[str, Any]


def _object(required: str, **properties: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": required.split()}


_TEXT: Schema = {"type": "string"}
_LINE: Schema = {"type": "integer"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_STATUS: Schema = {"type": "string", "enum": ["pending", "active", "done", "failed"]}

SPECS: tuple[ToolSpec, ...] = (
    ToolSpec("read_file", "", _object("path", path=_TEXT, start_line=_LINE, end_line=_LINE)),
    ToolSpec("search", "", _object("query", query=_TEXT, regex={"type": "boolean"}, glob=_TEXT)),
    ToolSpec("list_files", "", _object("", glob=_TEXT)),
    ToolSpec("apply_patch", "V4A: *** Begin Patch ... *** End Patch", _object("patch", patch=_TEXT)),
    ToolSpec(
        "edit_file",
        "Replace unique text; empty old creates the file",
        _object("path edits", path=_TEXT, edits={"type": "array", "items": _object("old new", old=_TEXT, new=_TEXT)}),
    ),
    ToolSpec(
        "update_plan",
        "",
        _object(
            "steps",
            explanation=_TEXT,
            steps={
                "type": "array",
                "items": _object("text", id=_TEXT, text=_TEXT, status=_STATUS, files=_TEXTS, after=_TEXTS),
            },
        ),
    ),
    ToolSpec("ask_user", "", _object("question", question=_TEXT, options=_TEXTS)),
    ToolSpec("finish", "Call when done", _object("summary", summary=_TEXT)),
)
BY_NAME: dict[str, ToolSpec] = {spec.name: spec for spec in SPECS}
CHANGING = frozenset({"apply_patch", "edit_file"})
"""Tools that propose changes of files: they run one at a time, in the order of their calls."""
DIRECT = frozenset({"update_plan", "ask_user", "finish"})
"""Tools that need nothing of the world: `decide` answers them at once."""


@dataclass(frozen=True, slots=True)
class BadArguments:
    """Why a call can't be carried out, as the text that the model gets."""

    message: str


def arguments(call: ToolCall) -> dict[str, Any] | BadArguments:
    """The call's arguments, checked against the tool's schema."""
    spec = BY_NAME.get(call.name)
    if spec is None:
        return BadArguments(f"There is no tool {call.name!r}. Tools: {', '.join(BY_NAME)}.")
    if call.custom:
        return _free_text(call, spec)
    try:
        value = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError) as error:
        return BadArguments(f"The arguments of {call.name} are not valid JSON ({error}). Send the call again.")
    found = _problem(value, spec.parameters, "arguments")
    return BadArguments(f"{call.name}: {found}. Send the call again.") if found else cast("dict[str, Any]", value)


def _free_text(call: ToolCall, spec: ToolSpec) -> dict[str, Any] | BadArguments:
    """A call that came as plain text: right for a tool with one required text, such as a patch."""
    required: list[str] = spec.parameters["required"]
    if len(required) == 1 and spec.parameters["properties"][required[0]] is _TEXT:
        return {required[0]: call.arguments}
    return BadArguments(f"{call.name} takes a JSON object. Send the call again.")


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}


def _problem(value: Any, schema: Schema, where: str) -> str | None:
    """The first thing that is wrong with `value`, naming where it stands; None when it fits."""
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return f"{where} must be of type {kind}"
    if kind == "object":
        return _object_problem(value, schema, where)
    if kind == "array":
        found = (_problem(item, schema["items"], f"{where}[{i}]") for i, item in enumerate(cast("list[Any]", value)))
        return next((f for f in found if f), None)
    if value not in schema.get("enum", (value,)):
        return f"{where} must be one of {', '.join(schema['enum'])}"
    return None


def _object_problem(value: dict[str, Any], schema: Schema, where: str) -> str | None:
    missing = [name for name in schema["required"] if value.get(name) is None]
    if missing:
        return f"{where} lacks {missing[0]!r}"
    known = schema["properties"]
    for name, item in value.items():
        if name not in known:
            return f"{where} has no {name!r}; it takes {', '.join(known)}"
        # A null for something optional is how many models leave it out.
        found = None if item is None else _problem(item, known[name], f"{where}.{name}")
        if found:
            return found
    return None
