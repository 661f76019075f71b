"""The document store against its reference, and its speed; prints one JSON object.

`single_ms`: 1,000 messages of one single-character change in a 1.2 MB file; `batch_ms`: one message with 1,000
changes. Both are the total of the slowest of three kinds of place (one line, all over the file, line ends) and the
median of five rounds. `differences` counts the random edits after which the store and the reference disagreed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[2] / "server"), str(Path(__file__).parents[1])]

from lsp.document_fuzz import fuzz
from lsp.reference_document import At, Between, Part
from signoff.lsp.documents import Document

EDITS = 100_000
CHANGES = 1_000
ROUNDS = 5


def sample() -> str:
    """1.2 MB of source text, one line in ten not ASCII."""
    lines = [f"    value_{number} = compute({number}, 'text')\n" for number in range(9)] + ["    # größe: 日本 😀\n"]
    text = "".join(lines)
    return text * (1_200_000 // len(text.encode()) + 1)


def places(kind: str, count: int) -> list[Part]:
    """Single-character insertions: `typing` on one line, `scattered` over the file, or `returns` (line ends)."""
    random = Random(5)
    changes: list[Part] = []
    for index in range(CHANGES):
        line = count // 2 if kind == "typing" else random.randrange(count)
        at = At(line, index if kind == "typing" else random.randint(0, 30))
        changes.append(Part(Between(at, at), "\n" if kind == "returns" else "x"))
    return changes


def timed(text: str, kind: str, batch: bool) -> float:
    """Milliseconds in total for 1,000 changes."""
    document = Document("file:///large.py", "python", 1, text)
    changes = places(kind, document.line_count)
    start = perf_counter()
    if batch:
        document.change(changes)
    else:
        for change in changes:
            document.change([change])
    return (perf_counter() - start) * 1000


def slowest(text: str, batch: bool) -> float:
    """The slowest kind of place, as the median of the rounds."""
    kinds = ("typing", "scattered", "returns")
    return round(max(median(timed(text, kind, batch) for _ in range(ROUNDS)) for kind in kinds), 1)


def main() -> None:
    """Print {edits, differences, single_ms, batch_ms}."""
    text = sample()
    timings = {"single_ms": slowest(text, batch=False), "batch_ms": slowest(text, batch=True)}
    print(json.dumps({"edits": EDITS, "differences": fuzz(EDITS, seed=1), **timings}))


if __name__ == "__main__":
    main()
