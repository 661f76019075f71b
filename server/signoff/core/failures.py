"""One name for the same failure, whatever the numbers, paths, times and colours in what a command printed."""

from __future__ import annotations

import re

from signoff.core.text import digest

_LENGTH = 16
_MOST_LINES = 12
"""The lines that tell failures apart: those that say so, else the last ones."""
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_TELLING = re.compile(r"error|exception|fail|assert|panic|fatal|undefined|expected|traceback", re.IGNORECASE)
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"(?:[A-Za-z]:)?[\w.~+-]*[/\\](?:[\w.~+@-]+[/\\])*(?=[\w.+@-]+)"), ""),
    (re.compile(r"\d+(?:[.,]\d+)*"), "0"),
    (re.compile(r"[^\S\n]+"), " "),
)


def telling(output: str) -> str:
    """The lines of a command's output that say what failed, without colours, at most a dozen."""
    lines = [line.rstrip() for line in _COLOUR.sub("", output).replace("\r", "\n").split("\n") if line.strip()]
    said = [line for line in lines if _TELLING.search(line)]
    return "\n".join((said or lines)[-_MOST_LINES:])


def signature(where: str, output: str) -> str:
    """The same for two runs of the command or test `where` that failed in the same way."""
    text = telling(output)
    for pattern, stands in _VARYING:
        text = pattern.sub(stands, text)
    # A failure that is printed twice is the same failure.
    return digest("\n".join([where, *dict.fromkeys(text.strip().split("\n"))]))[:_LENGTH]
