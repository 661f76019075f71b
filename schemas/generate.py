"""Writes schemas/*.json and docs/configuration.md from the types of `core`, the outer contract's only source.

    generate.py [--check]

With --check nothing is written; stale files are named and the exit code is 1. pydantic is used here and nowhere else.
A new schema is a function below that returns one, and its entry in SCHEMAS. The client's types and its list of settings
follow from these files: `npm run generate`.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

HERE = Path(__file__).resolve().parent
CONFIGURATION = HERE.parent / "docs" / "configuration.md"
sys.path.insert(0, str(HERE.parent / "server"))

from pydantic import TypeAdapter  # noqa: E402
from pydantic.json_schema import GenerateJsonSchema  # noqa: E402

from signoff.core import envelope, fragments, messages, protocol, session_view, tools  # noqa: E402
from signoff.core.settings import MEANING, Meaning, Settings  # noqa: E402

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]
REF = "#/$defs/{model}"


def camel(name: str) -> str:
    """The name on the wire of a field: `waiting_for` is `waitingFor`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def definitions(types: Mapping[str, Any], mode: Mode, rename: Callable[[str], str]) -> tuple[dict[str, Schema], Schema]:
    """The schema of each named type, and what they refer to. Output ("serialization") always has every field."""
    inputs = [(name, mode, TypeAdapter(kind)) for name, kind in types.items()]
    found, shared = TypeAdapter.json_schemas(inputs, ref_template=REF)
    defs: Schema = shared.get("$defs", {})
    for schema in (*defs.values(), *found.values()):
        tidy(schema, mode, rename)
    return {name: found[name, mode] for name in types}, defs


def tidy(schema: Any, mode: Mode, rename: Callable[[str], str]) -> None:
    """Renames the fields, refuses unknown ones, and drops the titles that only repeat a field's name."""
    if isinstance(schema, list):
        for item in schema:
            tidy(item, mode, rename)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and "properties" in schema:
        fields: Schema = {rename(name): field for name, field in schema["properties"].items()}
        schema["properties"] = fields
        schema["required"] = sorted(fields if mode == "serialization" else map(rename, schema.get("required", [])))
        schema["additionalProperties"] = False
        for field in fields.values():
            field.pop("title", None)
    for value in schema.values():
        tidy(value, mode, rename)


def record(fields: Mapping[str, Schema]) -> Schema:
    """An object with exactly these fields."""
    return {"type": "object", "properties": dict(fields), "required": sorted(fields), "additionalProperties": False}


def commands() -> Schema:
    """The argument of every command, by the command's name, and the shapes of results."""
    arguments, defs = definitions(protocol.ARGUMENTS, "validation", camel)
    results = {kind.__name__: kind for kind in (protocol.Refusal, protocol.HunkResult, protocol.Started)}
    _, result_defs = definitions(results, "serialization", camel)
    return {
        **record(arguments),
        "title": "CommandArguments",
        "description": "The argument of each command. A refusal is answered with Refusal, whatever the command.",
        "$defs": defs | result_defs,
    }


def view() -> Schema:
    """The session's view: `signoff.showSession`, `signoff/sessionChanged`."""
    _, defs = definitions({"SessionView": session_view.SessionView}, "serialization", camel)
    return {**defs.pop("SessionView"), "$defs": defs}


def status() -> Schema:
    """The answer of `signoff.status`."""
    _, defs = definitions({"ServerStatus": messages.ServerStatus}, "serialization", camel)
    return {**defs.pop("ServerStatus"), "$defs": defs}


def between() -> Schema:
    """The parameters of every notification and request of our own, by method. SessionView stands in view.json."""
    own = {method: kind for method, kind in messages.TO_CLIENT.items() if kind is not session_view.SessionView}
    to_client, defs = definitions(own, "serialization", camel)
    to_server, more = definitions(messages.TO_SERVER, "validation", camel)
    return {
        **record(to_client | to_server),
        "title": "Messages",
        "description": "The parameters of each notification and request of our own, by method. Those of"
        " `signoff/sessionChanged` are a SessionView.",
        "$defs": defs | more,
    }


def context() -> Schema:
    """What the model would be told: the answer of `signoff.showContext`, and `signoff context --json`."""
    _, defs = definitions({"ContextView": fragments.ContextView}, "serialization", str)
    return {**defs.pop("ContextView"), "$defs": defs}


def tag_unions(schema: Any, defs: Mapping[str, Schema]) -> None:
    """Where one of several objects may stand, each names itself in a field `type`, as the codec writes it."""
    if isinstance(schema, list):
        for item in schema:
            tag_unions(item, defs)
    if not isinstance(schema, dict):
        return
    names = [choice["$ref"].rpartition("/")[2] for choice in schema.get("anyOf", []) if "$ref" in choice]
    if len(names) > 1:
        schema["oneOf"] = [tagged(name, defs[name]) for name in names]
        del schema["anyOf"]
    for value in schema.values():
        tag_unions(value, defs)


def tagged(name: str, schema: Schema) -> Schema:
    """The object's schema with its name in a required field `type`."""
    fields: dict[str, Schema] = {"type": {"const": name}, **schema["properties"]}
    return {**schema, **record(fields)}


def events() -> Schema:
    """One line of the journal, as `signoff sessions export` writes it; `at` is in seconds since 1970."""
    kinds = {kind.__name__: kind for kind in get_args(envelope.Event)}
    bodies, defs = definitions(kinds, "serialization", str)
    tag_unions(defs, defs)
    common: dict[str, Schema] = {
        "session": {"type": "string"},
        "seq": {"type": "integer", "minimum": 1},
        "at": {"type": "string", "format": "date-time"},
        "cause": {"type": "string"},
    }
    lines = [
        record(common | {"type": {"const": name}, "version": {"const": envelope.version_of(name)}, "event": body})
        for name, body in bodies.items()
    ]
    return {"title": "JournalLine", "oneOf": lines, "$defs": defs}


def tool_arguments() -> Schema:
    """The arguments of every tool that the model sees, by the tool's name."""
    return {**record({spec.name: dict(spec.parameters) for spec in tools.SPECS}), "title": "ToolArguments"}


def settings() -> Schema:
    """The `signoff` section of an editor's configuration, each field with its Meaning."""
    _, defs = definitions({"Settings": Settings}, "validation", camel)
    schema: Schema = defs.pop("Settings")
    schema["description"] = schema["description"].split("\n\n")[0]
    for each in dataclasses.fields(Settings):
        explain(schema["properties"][camel(each.name)], each.metadata[MEANING])
    return {**schema, "$defs": defs} if defs else schema


def explain(field: Schema, meaning: Meaning) -> None:
    """Adds the words and limits. `enumDescriptions` and `order`, which editors read, are no part of JSON Schema."""
    field["description"] = meaning.text
    limits = {"minimum": meaning.least, "maximum": meaning.most, "order": meaning.order}
    field |= {name: limit for name, limit in limits.items() if limit is not None}
    named: Schema = field.get("items", field)
    values = meaning.values or {}
    if list(values) != named.get("enum", []):
        raise ValueError(f"Meaning and type name other values: {list(values)}, {named.get('enum')}")
    if values:
        named["enumDescriptions"] = list(values.values())


def configuration(schema: Schema) -> str:
    """docs/configuration.md: every setting with its values, default and meaning, the most wanted first."""
    found = sorted(schema["properties"].items(), key=lambda item: (item[1].get("order", sys.maxsize), item[0]))
    return CONFIGURATION_HEAD + "".join(f"\n{section(name, field)}" for name, field in found)


def section(name: str, field: Schema) -> str:
    """One setting."""
    shape = "array of strings" if field["type"] == "array" else field["type"]
    default = json.dumps(field["default"], ensure_ascii=False)
    limits = (("minimum", "at least"), ("maximum", "at most"))
    facts = [
        shape.capitalize(),
        *(f"{words} {field[key]:,}" for key, words in limits if key in field),
        f"default `{default}`",
    ]
    head = f"## `signoff.{name}`\n\n{field['description']}\n\n"
    named: Schema = field.get("items", field)
    values = zip(named.get("enum", ()), named.get("enumDescriptions", ()), strict=True)
    rows = "".join(f"- `{value}`: {words}\n" for value, words in values)
    return f"{head}{', '.join(facts)}.\n" + (f"\n{rows}" if rows else "")


CONFIGURATION_HEAD = """\
# Settings

<!-- Written by schemas/generate.py from server/signoff/core/settings.py; edits are lost. -->

Editors send the section `signoff` of their configuration, as initialization options and when it changes. All settings
are the user's own: a workspace can't set them. The command line reads the environment: `OPENAI_API_KEY`,
`OPENAI_BASE_URL`, `OPENAI_PRIMARY_MODEL` (default `gpt-5`), and `SIGNOFF_STATE_DIR` for the folder of the journal.
"""

SCHEMAS: dict[str, Callable[[], Schema]] = {
    "commands": commands,
    "context": context,
    "events": events,
    "messages": between,
    "settings": settings,
    "status": status,
    "tools": tool_arguments,
    "view": view,
}


def render(schema: Schema) -> str:
    """The file's text, the same on every machine."""
    full = {"$schema": GenerateJsonSchema.schema_dialect, **schema}
    return json.dumps(full, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(check: bool) -> int:
    """Writes what is stale; with `check`, names it instead."""
    wanted = {HERE / f"{name}.json": render(build()) for name, build in SCHEMAS.items()}
    wanted[CONFIGURATION] = configuration(settings())
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = [path for path in HERE.glob("*.json") if path not in wanted]
    if check:
        if stale or left:
            names = ", ".join(sorted(path.name for path in stale + left))
            sys.stderr.write(f"stale: {names}. Run: .venv/bin/python schemas/generate.py\n")
        return 1 if stale or left else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    for path in left:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
