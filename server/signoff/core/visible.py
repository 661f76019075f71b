"""Text of others before people: no control or invisible character gets through unseen.

What a model, a path or a file says is shown as `<U+202E>` where a screen would obey it or show nothing.
"""

from __future__ import annotations

import re

# C0 and C1 controls, soft hyphen, Arabic letter mark, Hangul fillers, zero-width, bidi and invisible operators, line
# and paragraph separators, variation selectors beyond the emoji one, tags, lone surrogates. Tab and newline stay.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """The text with everything that a screen would obey or hide spelled out; line ends become plain newlines."""
    return _HIDDEN.sub(_spelled, text.replace("\r\n", "\n"))


def said(text: str) -> str:
    """Like `visible`, for a message of an editor: no links, which in VS Code may run any command when clicked."""
    return visible(text).replace("](", "] (")


def line(text: str) -> str:
    """Like `visible`, and on one line: for paths, goals and names."""
    return visible(text).replace("\n", _code("\n")).replace("\t", " ")


def short(text: str, width: int) -> str:
    """The text in one line of at most `width` characters, white space collapsed."""
    one = visible(" ".join(text.split()))
    return one if len(one) <= width else one[: max(1, width - 1)] + "…"


def fenced(text: str, language: str) -> str:
    """A Markdown code block that the text can't end."""
    shown = visible(text)
    ticks = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{language}\n{shown.rstrip()}\n{fence}"


def _spelled(match: re.Match[str]) -> str:
    return _code(match[0])


def _code(character: str) -> str:
    return f"<U+{ord(character):04X}>"
