"""The session document of a session with 1,000 pending hunks in 100 files and 100 messages; prints one JSON object.

Milliseconds, medians of 50 rounds: rendering it (`cold_ms`: the first time), bringing it into a buffer in which the
user writes, what an editor asks about it, and the whole diff.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[2] / "server"), str(Path(__file__).parents[1])]

from lsprotocol import types

from signoff.core.hunks import Hunk, Proposal
from signoff.core.page import Rendering, render
from signoff.core.page_diff import whole_diff
from signoff.core.page_merge import edits, merged
from signoff.core.page_read import read
from signoff.core.state import Said, State
from signoff.lsp.page_review import Seen, actions, diagnostics

HUNKS = 1_000
FILES = 100
ROUNDS = 50
BEFORE, AFTER = "old line\nsecond line\n" * 5, "new line\nsecond line\nthird line\n" * 6
BETWEEN = "".join(f"unchanged line {n}\n" for n in range(20))


def session() -> State:
    """The session as it waits for its user."""
    per_file = range(HUNKS // FILES)
    made = [
        Hunk(f"s_1.h{n}", 1, "s_1.r1", f"file:///w/dir/file{n // len(per_file)}.py", "update", start, BEFORE, AFTER)
        for n in range(HUNKS)
        for start in [len(BETWEEN) + (n % len(per_file)) * len(BETWEEN + BEFORE)]
    ]
    said = tuple(Said("user", f"message {n} with `code` and [brackets](x)\n" * 20, 0.0) for n in range(100))
    proposals = {"s_1.r1": Proposal("s_1.r1", "call", "The reason.")}
    hunks = {hunk.id: hunk for hunk in made}
    return State("s_1", 1, "A goal", workspace="file:///w", model="m", hunks=hunks, proposals=proposals, said=said)


def shown(state: State) -> Rendering:
    """The document."""
    return render(state, lambda hunk: hunk.start)


def timed(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of the rounds, in milliseconds."""
    found: list[float] = []
    for _ in range(rounds):
        start = perf_counter()
        call()
        found.append((perf_counter() - start) * 1000)
    return median(found)


def main() -> None:
    """Measures and prints."""
    state = session()
    cold = timed(lambda: shown(state), rounds=1)
    first = next(iter(state.hunks.values()))
    old, new = shown(state), shown(replace(state, hunks={**state.hunks, first.id: replace(first, status="applied")}))
    text = old.text + "words under Reply"
    wanted = merged([old], text, new)
    seen = Seen(state, read(text), None)
    at = types.Range(types.Position(30, 0), types.Position(30, 0))
    file = (BETWEEN + BEFORE) * (HUNKS // FILES)
    result = {
        "characters": len(text),
        "cold_ms": cold,
        "render_ms": timed(lambda: shown(state)),
        "merge_ms": timed(lambda: merged([old], text, new)),
        "edits_ms": timed(lambda: edits(text, wanted)),
        "actions_ms": timed(lambda: actions(seen, at)),
        "diagnostics_ms": timed(lambda: diagnostics(seen)),
        "whole_diff_ms": timed(lambda: whole_diff(state, lambda uri: file, lambda hunk: hunk.start), rounds=5),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
