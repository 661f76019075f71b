"""The two prompts of the small local model: short, and with a JSON schema for the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.core.model import Focus
from signoff.core.small_edits import source
from signoff.core.small_jobs import LINES_SHOWN, Docstring, Line
from signoff.core.text import split_lines

PROMPT_TOKENS = 400
"""The most that a prompt may hold: one core reads 34 tokens a second."""

_TEMPLATE = 24  # tokens of the chat template around the two messages
_WORDS = 240  # characters of the user's goal and of their feedback
_COLUMNS = 160  # characters shown of a line
_PIECE = re.compile(r"[A-Za-z]+|[ \t]+|[\r\n]+|.", re.DOTALL)
_VALUE = re.compile(r'"(?:docstring|new)"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)')

DOCSTRING_SYSTEM = (
    "You write docstrings for Python code. Answer with JSON. The docstring is one short sentence, at most two: what "
    "the code does and what it returns. Begin with a verb: Return, Compute, Check, ... Say only what the code shows: "
    "no examples, no advice, no guesses about errors."
)
LINE_SYSTEM = (
    "You change one line of code. Answer with JSON: `old` is the line to change, copied exactly; `new` is that line "
    "after the change. Change only what the task says and keep the rest of the line."
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Two messages, the schema of the answer, and the most tokens that it may take."""

    system: str
    user: str
    schema: Mapping[str, Any]
    max_tokens: int

    @property
    def tokens_at_most(self) -> int:
        """An upper bound of the prompt's own tokens, the chat template included."""
        return tokens_at_most(self.system) + tokens_at_most(self.user) + _TEMPLATE

    @property
    def fits(self) -> bool:
        """Whether the prompt surely stays within PROMPT_TOKENS."""
        return self.tokens_at_most <= PROMPT_TOKENS


def docstring_prompt(goal: str, feedback: str, focus: Focus, job: Docstring) -> Prompt:
    """Asks for `{"docstring": ...}`; as much of the function is shown as fits."""
    schema = _schema(docstring={"type": "string"})
    of = job.function.name
    of = f"the class {of} as a whole: say what it represents" if job.function.is_class else of
    task = f"{goal[:_WORDS]} (the docstring of {of})"
    sources = (source(focus.text, job.function, lines) for lines in (LINES_SHOWN, 16, 10, 6, 3))
    prompts = [Prompt(DOCSTRING_SYSTEM, _user(task, feedback, shown), schema, 70) for shown in sources]
    return next((prompt for prompt in prompts if prompt.fits), prompts[-1])


def line_prompt(goal: str, feedback: str, focus: Focus, job: Line) -> Prompt:
    """Asks for `{"old": one of the lines, "new": ...}`."""
    lines = [line.rstrip("\r\n") for line in split_lines(focus.text)]
    choices = list(dict.fromkeys(lines[number].strip() for number in job.numbers))
    shown = "\n".join(lines if len(lines) <= LINES_SHOWN else [lines[number] for number in job.numbers])
    longest = max(tokens_at_most(choice) for choice in choices)
    return Prompt(
        LINE_SYSTEM,
        _user(goal[:_WORDS], feedback, shown),
        _schema(old={"type": "string", "enum": choices}, new={"type": "string"}),
        2 * longest + 60,
    )


def tokens_at_most(text: str) -> int:
    """An upper bound for the tokens of ordinary code and prose in the model's vocabulary.

    Digits and punctuation count one each, one space joins the word that follows, long words are split.
    """
    return sum(1 + len(piece) // 8 for piece in _PIECE.findall(text) if piece != " ")


def visible(answer: str) -> str:
    """The words in a JSON answer that may still be growing."""
    found = _VALUE.search(answer)
    # Half of a surrogate pair waits for its other half.
    return json.loads(f'"{found[1]}"').encode("utf-8", "ignore").decode() if found else ""


def _user(task: str, feedback: str, code: str) -> str:
    said = f"\nThe last try was rejected: {feedback[:_WORDS]}" if feedback else ""
    shown = "\n".join(line[:_COLUMNS] for line in code.split("\n"))
    return f"Task: {task}{said}\n\n{shown}"


def _schema(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
