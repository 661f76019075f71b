"""Text through the user's own editor: a plan as a task list, a hunk's new text as it is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signoff.cli.shapes import Plan, Step

HELP = """\
# Change the words, the order, or delete a step's lines. "- [-]" skips a step, "- [ ] words" adds one.
# Lines that start with # are left out. Save and close to go on; an empty list changes nothing.
"""
_TASK = re.compile(r"\s*[-*] \[(.)\]\s+(?:\(([^()\s]+)\)\s+)?(.*\S)\s*$")
_DETAIL = re.compile(r"\s+(files|after):\s*(.*?)\s*$")


class EditorTrouble(Exception):
    """No editor could be run; str() says what to do. Nothing was changed."""


def edit(text: str, suffix: str = ".txt") -> str:
    """The text after the user's editor; it blocks until the editor ends. Raises EditorTrouble.

    Line ends stay as they are. A final newline that the text did not have, and that editors add, is taken off.
    """
    argv = editor()
    with tempfile.TemporaryDirectory(prefix="signoff-") as folder:
        path = Path(folder, "edit" + suffix)
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            code = subprocess.call([*argv, str(path)])
        except OSError as trouble:
            raise EditorTrouble(f"{argv[0]} could not be started: {trouble.strerror}. Set EDITOR.") from trouble
        if code:
            raise EditorTrouble(f"{argv[0]} ended with exit code {code}; nothing was changed.")
        try:
            edited = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as trouble:
            raise EditorTrouble(f"What the editor left can't be read: {trouble}. Nothing was changed.") from trouble
    return edited if text.endswith("\n") or not edited.endswith("\n") else edited.removesuffix("\n").removesuffix("\r")


def editor() -> list[str]:
    """The command of VISUAL or EDITOR, else the first usual editor that is there. Raises EditorTrouble."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if chosen:
        try:
            return shlex.split(chosen) or [chosen]
        except ValueError as trouble:
            raise EditorTrouble(f"EDITOR can't be read ({trouble}): {chosen}") from trouble
    for name in ("sensible-editor", "nano", "vim", "vi"):
        if found := shutil.which(name):
            return [found]
    raise EditorTrouble("No editor was found. Set EDITOR to the command of yours.")


def suffix_of(uri: str) -> str:
    """The file name's ending, so that the editor knows the language; ".txt" if there is none that is safe."""
    ending = PurePosixPath(uri).suffix
    return ending if re.fullmatch(r"\.\w{1,12}", ending) else ".txt"


def task_list(plan: Plan) -> str:
    """The plan as the user edits it."""
    return HELP + "".join(_task(step) for step in plan["steps"])


def _task(step: Step) -> str:
    mark = {"skipped": "-", "done": "x"}.get(step["status"], " ")
    text = f"- [{mark}] ({step['id']}) {_flat(step['text'])}\n"
    text += f"  files: {', '.join(step['files'])}\n" if step["files"] else ""
    return text + (f"  after: {', '.join(step['after'])}\n" if step["after"] else "")


def _flat(text: str) -> str:
    return " ".join(text.split())


def steps_of(text: str, plan: Plan) -> list[dict[str, Any]]:
    """The edited list as `signoff.editPlan` takes it. Raises EditorTrouble that names a line which can't be read."""
    known = {step["id"]: step for step in plan["steps"]}
    steps: list[dict[str, Any]] = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        if task := _TASK.match(row):
            steps.append(_step(task, known))
        elif (detail := _DETAIL.match(row)) and steps:
            steps[-1][detail[1]] = [word.strip() for word in detail[2].split(",") if word.strip()]
        else:
            raise EditorTrouble(f"Line {number} is no step: {row.strip()[:80]!r}. Write: - [ ] what to do")
    return _without_lost(steps)


def _step(task: re.Match[str], known: dict[str, Step]) -> dict[str, Any]:
    mark, name, text = task[1], task[2], task[3]
    old = known.get(name) if name else None
    if old is None:
        # Words in brackets that are no step's id belong to the text.
        return {"text": f"({name}) {text}" if name else text, "status": _status(mark, "pending")}
    kept = old["text"] if _flat(old["text"]) == text else text
    return {"id": old["id"], "text": kept, "status": _status(mark, old["status"])}


def _status(mark: str, old: str) -> str:
    if mark == "-":
        return "skipped"
    return "pending" if old == "skipped" else old


def _without_lost(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with no one waiting for a step that was deleted."""
    ids = {step.get("id") for step in steps}
    return [{**s, "after": [one for one in s["after"] if one in ids]} if "after" in s else dict(s) for s in steps]
