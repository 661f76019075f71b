"""Which tasks a small local model may take: fixed rules over the user's words and the place that they are about.

Measured, it writes docstrings and makes explicit one-line changes; it does not find bugs. What the rules do not
recognise is beyond it: a refusal costs the user a sentence, a wrong guess costs a review.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from signoff.core.model import Focus
from signoff.core.small_edits import Function, functions
from signoff.core.text import split_lines

LINES_SHOWN = 24
"""The most lines of code that a prompt shows."""

_DOCSTRING = re.compile(r"\bdoc-?\s?strings?\b|\bdocument\s+(?:the|this|that)\b", re.IGNORECASE)
_REWRITE = re.compile(r"\b(?:rewrite|replace|improve|update|shorten|correct|change|better)\b", re.IGNORECASE)
_ASKS = re.compile(r"\s*(?:why|what|how|where|who|when|which|explain|is|are|does|do)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:all|every|each|everywhere|across|several|functions|methods|classes|files)\b", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\b(?:fix|bugs?|debug|refactor|implement|tests?|optimi[sz]e|faster|clean|improve|rewrite|migrate|support|handle"
    r"|feature|write|create|build|design|review)\b"
)
_VERB = re.compile(
    r"\s*(?:please\s+)?(?:change|replace|set|rename|use|make|return|raise|swap|turn|increase|decrease|lower|bump"
    r"|remove|delete|drop|add|invert|negate|reverse|let|start|call|log|print)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
_WORD = r"(`[^`]+`|\"[^\"]+\"|'[^']+'|[^\s,;]+)"
_OLD_NEW = tuple(
    re.compile(pattern.replace("W", _WORD), re.IGNORECASE)
    for pattern in (r"\bfrom\s+W\s+to\s+W", r"\b(?:replace|change|rename|swap|turn)\s+W\s+(?:with|by|to|into|for)\s+W")
)
_NEW_OLD = re.compile(rf"{_WORD}\s+instead\s+of\s+{_WORD}", re.IGNORECASE)
_NEW = re.compile(rf"(?:\b(?:to|with)|=)\s+{_WORD}", re.IGNORECASE)
_NAME_TO = re.compile(rf"\b(\w+)\s+(?:(?:equal|default)\s+)?to\s+{_WORD}", re.IGNORECASE)
_PARAMETER = re.compile(r"\bparameters?\b", re.IGNORECASE)
_HEADER = re.compile(r"\b(?:def|function|fn|func)\b")
_CODE = re.compile(r"[\d_()\[\]{}<>=+*/%!]|[a-z][A-Z]|\w\.\w|^(?:True|False|None)$")
_PROSE = frozenset(
    {"and", "are", "class", "def", "default", "for", "from", "function", "has", "import", "instead", "into", "its"}
    | {"line", "not", "parameter", "that", "the", "this", "value", "variable", "when", "with"}
)
"""Words that say nothing about which line is meant, though they may stand in code."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """Write the docstring of `function`, which lies in the focus."""

    function: Function


@dataclass(frozen=True, slots=True)
class Line:
    """Change one of the focus's 0-based lines `numbers`.

    `expected` must be in it afterwards. `swap` is what to replace by what if the goal names both. "" where it does not.
    """

    numbers: tuple[int, ...]
    expected: str
    swap: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Beyond:
    """The task is not one for this model; `reason` is a sentence for the user."""

    reason: str


Job = Docstring | Line | Beyond


def classify(goal: str, focus: Focus | None) -> Job:
    """Which of the two jobs the goal is."""
    plain = _QUOTED.sub(" ", goal)
    if _ASKS.match(plain):
        return Beyond("This is a question.")
    if _SEVERAL.search(plain):
        return Beyond("This is about more than one place.")
    if focus is None or not focus.text.strip():
        return Beyond("No place in a file was given.")
    if _DOCSTRING.search(plain):
        return _docstring(goal, focus)
    if _VAGUE.search(plain[:1].lower() + plain[1:]) or not _VERB.match(plain):
        return Beyond("This is not an explicit one-line change.")
    return _line(goal, focus)


def _docstring(goal: str, focus: Focus) -> Job:
    if focus.language != "python" and not focus.path.endswith((".py", ".pyi")):
        return Beyond("It writes docstrings for Python only.")
    found = functions(focus.text)
    if not found:
        return Beyond("The place that was given holds no function or class from its first line on.")
    named = [one for one in found if re.search(rf"\b{re.escape(one.name)}\b", goal)]
    function = (named or found)[0]
    if not named and any(other.start >= function.end for other in found):
        return Beyond(
            f"The place holds several functions ({', '.join(one.name for one in found[:5])}): name one of them."
        )
    if function.end == function.header_end and not function.inline:
        return Beyond(f"Only the header of {function.name} was given, and its body is needed.")
    if function.docstring and not _REWRITE.search(goal):
        return Beyond(f"{function.name} has a docstring already; say 'rewrite the docstring' to replace it.")
    return Docstring(function)


def _named(goal: str) -> tuple[str, str]:
    """What the goal names as there and as wanted, still quoted; "" for what it does not name."""
    for pattern in _OLD_NEW:
        if match := pattern.search(goal):
            return match[1], match[2]
    if match := _NEW_OLD.search(goal):
        return match[2], match[1]
    match = _NEW.search(goal)
    return "", match[1] if match else ""


def _code(word: str) -> str:
    """A quoted word without its quotes, or a bare one that looks like code; "" for other words: they prove nothing."""
    if quoted := _QUOTED.fullmatch(word):
        return next(group for group in quoted.groups() if group)
    word = word.rstrip(".:!")
    return word if _CODE.search(word) else ""


def _line(goal: str, focus: Focus) -> Job:
    old, new = _named(goal)
    quoted = [_code(match[0]) for match in _QUOTED.finditer(goal)]
    if not (old or quoted or any(_code(word) for word in goal.split())):
        return Beyond("It does not say which code to change into what.")
    lines = split_lines(focus.text)
    numbers = _narrowed(lines, goal, old)
    if len(numbers) > LINES_SHOWN:
        return Beyond(f"The place is too large for it: give at most {LINES_SHOWN} lines.")
    expected = _code(new) or (quoted[0] if len(quoted) == 1 and not old else "")
    return Line(numbers, expected, (_code(old), _code(new)) if _code(old) and _code(new) else ("", ""))


def _narrowed(lines: list[str], goal: str, old: str) -> tuple[int, ...]:
    """The lines that the goal can mean: each hint counts unless it would leave none."""
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    for hint in (_holding(lines, old), _headers(lines, goal), _assigned(lines, goal), _pointed_at(lines, goal)):
        numbers = [number for number in numbers if number in hint] or numbers
    return tuple(numbers)


def _holding(lines: list[str], old: str) -> set[int]:
    """The lines that hold the old code: as a string literal if it was quoted as one, else anywhere."""
    code = _code(old) or old.rstrip(".:!")
    forms = (f"'{code}'", f'"{code}"', code) if old[:1] in ("'", '"') else (code,)
    found = ({number for number, line in enumerate(lines) if form and has(line, form)} for form in forms)
    return next(filter(None, found), set[int]())


def _headers(lines: list[str], goal: str) -> set[int]:
    """The lines that begin a function, if the goal is about a parameter."""
    about = _PARAMETER.search(goal)
    return {number for number, line in enumerate(lines) if about and _HEADER.search(line)}


def _assigned(lines: list[str], goal: str) -> set[int]:
    """The lines that give a literal to the name that the goal wants to have another value."""
    match = _NAME_TO.search(goal)
    value = re.compile(rf"\b{match[1]}\b[^=]*=\s*[-\d'\"\[{{(TFN]") if match else None
    return {number for number, line in enumerate(lines) if value and value.search(line)}


def has(line: str, code: str) -> bool:
    """Whether the code stands in the line, names and numbers as whole words."""
    before = r"(?<!\w)" if re.match(r"\w", code) else ""
    after = r"(?!\w)" if re.search(r"\w$", code) else ""
    return re.search(before + re.escape(code) + after, line) is not None


def _pointed_at(lines: list[str], goal: str) -> set[int]:
    """The lines that hold a word of the goal which no other line holds."""
    found: set[int] = set()
    for word in set(re.findall(r"[A-Za-z_]\w{2,}", goal)) - _PROSE:
        holding = [number for number, line in enumerate(lines) if has(line, word)]
        found.update(holding if len(holding) == 1 else ())
    return found
