"""What a model is told when the lines that it quotes are not in the file, or are there more than once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NUMBERED = re.compile(r"\s*\d+\s*[|:\t→]")
# A message is paid for with every later request of the session: few lines, and no endless ones.
_MOST_LINES = 8
_WIDTH = 160


def ambiguous(path: str, where: str, found: Sequence[int]) -> str:
    """The words for lines that stand at several places (0-based indices)."""
    return (
        f"{path}, {where}: these lines stand at {len(found)} places, {line_list(found)}. Nothing was changed. "
        "Add more unchanged lines around them, so that only one place fits (in a patch, an `@@` line with the "
        "enclosing class or function helps too)."
    )


def not_found(path: str, where: str, lines: Sequence[str], wanted: Sequence[str]) -> str:
    """The words for lines that stand nowhere, with the most similar ones that do."""
    hint = ""
    if all(_NUMBERED.match(line) for line in wanted if line.strip()):
        hint = " They seem to carry line numbers: leave those out."
    quoted = "".join(f"\n{line[:_WIDTH]}" for line in wanted[:_MOST_LINES])
    more = f"\n... ({len(wanted) - _MOST_LINES} more)" if len(wanted) > _MOST_LINES else ""
    near = nearest(lines, wanted) or f"\nNothing similar is in the file ({len(lines)} lines)."
    return (
        f"{path}, {where}: these lines are not in the file.{hint}{quoted}{more}{near}\n"
        "Nothing was changed. Read the file again and copy its lines as they are."
    )


def nearest(lines: Sequence[str], wanted: Sequence[str]) -> str:
    """The part of the file most similar to the wanted lines, numbered; "" when nothing is at all similar."""
    from rapidfuzz import fuzz, process  # imported here: it costs 40 ms, and most patches fit

    stripped = [line.strip() for line in lines]
    votes: Counter[int] = Counter()
    for n, line in enumerate(wanted[:_MOST_LINES]):
        if line.strip():
            hits = process.extract(line.strip(), stripped, scorer=fuzz.ratio, score_cutoff=60, limit=5)
            votes.update({index - n: round(score) for _, score, index in hits})
    if not votes:
        return ""
    start = max(0, votes.most_common(1)[0][0])
    shown = lines[start : start + min(_MOST_LINES, len(wanted) + 1)]
    numbered = "".join(f"\n{n:>5} | {line[:_WIDTH]}" for n, line in enumerate(shown, start + 1))
    return f"\nThe most similar lines in the file are:{numbered}"


def line_list(found: Sequence[int]) -> str:
    """0-based indices as "line 3" or "lines 3, 9 and 12"."""
    numbers = [str(n + 1) for n in found]
    if len(numbers) > _MOST_LINES:
        numbers = [*numbers[:_MOST_LINES], "more"]
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"
