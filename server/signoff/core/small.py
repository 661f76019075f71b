"""How a small local model takes part in a session: what code answers for it, and the short prompts that it gets.

Code makes the one-step plan, assembles each edit and ends the turn; the model is asked for words only, in one short
prompt under a JSON schema. Pure: no inference happens here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from signoff.core import small_edits as edits
from signoff.core.model import Focus, Message, ModelRequest, ReplyItem, ToolCall
from signoff.core.small_jobs import LINES_SHOWN, Beyond, Docstring, Job, Line, classify, has
from signoff.core.small_prompts import PROMPT_TOKENS, Prompt, docstring_prompt, line_prompt, visible
from signoff.core.small_turn import OWN, Turn, read_turn
from signoff.core.text import split_lines

ATTEMPTS = 2
"""How often an edit is tried, whether the model's words or the tool call failed."""

SENTENCES = 2
"""The most sentences of a docstring: from the third one on a small model makes things up."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_ERRORS = re.compile(r"\brais|\berrors?\b|\bexceptions?\b|Error\b|^Examples?\b", re.IGNORECASE)

HELP = (
    "The small local model does two jobs: write the docstring of one Python function, or make one explicit one-line "
    "change, such as 'change the default of retries from 3 to 5', at a place that you give (select it, or "
    "--file PATH:FIRST-LAST). For anything else set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint."
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to ask of the model. `call_id` is for the tool call that the answer becomes."""

    job: Docstring | Line
    focus: Focus
    call_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer can't be used, as a sentence."""

    message: str


def next_step(request: ModelRequest) -> Ask | tuple[ReplyItem, ...]:
    """What comes next in the conversation: a whole reply made by code, or a question for the model."""
    turn = read_turn(request)
    if turn.edits and turn.outcome is None:
        return _finish(request, turn)
    if len(turn.edits) >= ATTEMPTS:
        return _say(f"The edit could not be proposed: {turn.outcome}\n{HELP}")
    job = Beyond("The plan was not approved.") if turn.plan_refused else classify(turn.goal, request.focus)
    focus = request.focus
    if isinstance(job, Beyond) or focus is None:
        return _say(f"{job.reason} {HELP}" if isinstance(job, Beyond) else HELP)
    if turn.plan is None and any(tool.name == "update_plan" for tool in request.tools):
        return (_call(request, "update_plan", {"steps": [_plan_step(job, focus, "pending")]}),)
    return _again(request, turn.edits, focus) or _ask(request, turn, job, focus)


def _say(text: str) -> tuple[ReplyItem, ...]:
    return (Message("assistant", text),)


def _id(request: ModelRequest, number: int = 0) -> str:
    # Items only ever grow, so their count makes an id that no other call of the session has.
    return f"{OWN}{len(request.items)}_{number}"


def _call(request: ModelRequest, name: str, arguments: Mapping[str, Any], number: int = 0) -> ToolCall:
    return ToolCall(_id(request, number), name, json.dumps(arguments, ensure_ascii=False))


def _plan_step(job: Job, focus: Focus, status: str) -> dict[str, Any]:
    return {"id": "s1", "text": _plan_text(job, focus), "status": status, "files": [focus.path]}


def _plan_text(job: Job, focus: Focus) -> str:
    if isinstance(job, Docstring):
        return f"Write the docstring of {job.function.name} in {focus.path}"
    return f"Change one line of {focus.path}, lines {focus.start_line} to {focus.end_line}"


def _finish(request: ModelRequest, turn: Turn) -> tuple[ReplyItem, ...]:
    path = json.loads(turn.edits[-1].arguments)["path"]
    summary = f"Proposed one edit of {path}. A small local model wrote it: read it before you approve it."
    calls: list[ReplyItem] = []
    if turn.plan:
        done = [{**step, "status": "done"} for step in turn.plan]
        calls.append(_call(request, "update_plan", {"steps": done}))
    return (*calls, _call(request, "finish", {"summary": summary}, len(calls)))


def _again(request: ModelRequest, made: tuple[ToolCall, ...], focus: Focus) -> tuple[ReplyItem, ...]:
    """The refused edit once more with all of the focus as its context; () if there is none, or the text changed."""
    pair = json.loads(made[-1].arguments)["edits"][0] if made else {"old": "", "new": ""}
    change = edits.Change(pair["old"], pair["new"])
    if not change.old or change.old == focus.text or focus.text.count(change.old) != 1:
        return ()
    return (_edit(_id(request), focus, edits.widened(focus.text, change)),)


def _ask(request: ModelRequest, turn: Turn, job: Docstring | Line, focus: Focus) -> Ask | tuple[ReplyItem, ...]:
    if isinstance(job, Docstring):
        prompt = docstring_prompt(turn.goal, turn.feedback, focus, job)
    else:
        prompt = line_prompt(turn.goal, turn.feedback, focus, job)
    if not prompt.fits:
        return _say(f"The place is too large for its prompt of {PROMPT_TOKENS} tokens: give fewer lines. {HELP}")
    return Ask(job, focus, _id(request), prompt)


def ask_again(ask: Ask, problem: Problem) -> Ask:
    """The same question, with what was wrong with the last answer."""
    user = f"{ask.prompt.user}\nYour last answer was wrong: {problem.message}"
    return replace(ask, prompt=replace(ask.prompt, user=user))


def asks_next(reply: tuple[ReplyItem, ...]) -> bool:
    """Whether the model will be asked once the user has approved what the code replied: it is a plan alone."""
    return len(reply) == 1 and isinstance(reply[0], ToolCall) and reply[0].name == "update_plan"


def give_up(problem: Problem) -> tuple[ReplyItem, ...]:
    """The reply after the model's last unusable answer."""
    return _say(f"The small local model did not manage this edit: {problem.message} Nothing was changed. {HELP}")


def read(ask: Ask, text: str) -> tuple[ReplyItem, ...] | Problem:
    """The edit that the model's answer makes, as a tool call; a Problem if the answer is unusable."""
    change = _docstring(ask.focus, ask.job, text) if isinstance(ask.job, Docstring) else _line(ask.focus, ask.job, text)
    if isinstance(change, Problem):
        return change
    before = ask.focus.text
    if _is_python(ask.focus) and edits.parses(before) and not edits.parses(before.replace(change.old, change.new, 1)):
        return Problem("the result is not valid Python.")
    return (_edit(ask.call_id, ask.focus, change),)


def _is_python(focus: Focus) -> bool:
    return focus.language == "python" or focus.path.endswith((".py", ".pyi"))


def _docstring(focus: Focus, job: Docstring, text: str) -> edits.Change | Problem:
    words = visible(text).strip()
    sentences = _SENTENCE.split(words)
    if not text.rstrip().endswith("}"):  # the answer was cut at its most tokens: only whole sentences count
        sentences = sentences[:-1]
    raises = "raise" in edits.source(focus.text, job.function, LINES_SHOWN)
    kept = [sentence for sentence in sentences if raises or not _ERRORS.search(sentence)][:SENTENCES]
    if len(" ".join(kept).split()) < 2:
        return Problem("the docstring was empty, or too long.")
    return edits.with_docstring(focus.text, job.function, " ".join(kept))


def _line(focus: Focus, job: Line, text: str) -> edits.Change | Problem:
    try:
        answer = cast("dict[str, str]", json.loads(text))
    except ValueError:
        return Problem("it was too long.")
    old, new = answer["old"], answer["new"]
    lines = split_lines(focus.text)
    number = next((number for number in job.numbers if lines[number].strip() == old), None)
    if number is None:
        return Problem("`old` is not one of the lines.")
    new = _swapped(old, job.swap) or new
    if not new.strip() or "\n" in new.strip() or "\r" in new.strip():
        return Problem("`new` must be exactly one line.")
    if new.strip() == old:
        return Problem("`new` is the same as `old`.")
    if job.expected not in new:
        return Problem(f"`new` must contain {job.expected}.")
    return edits.with_line(focus.text, number, new)


def _swapped(line: str, swap: tuple[str, str]) -> str:
    """The line with the named code replaced, if it holds it once: then the model only had to choose the line."""
    before, after = swap
    return line.replace(before, after) if before and line.count(before) == 1 and has(line, before) else ""


def _edit(call_id: str, focus: Focus, change: edits.Change) -> ToolCall:
    arguments = {"path": focus.path, "edits": [{"old": change.old, "new": change.new}]}
    return ToolCall(call_id, "edit_file", json.dumps(arguments, ensure_ascii=False))
