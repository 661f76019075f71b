"""Random review sessions: whatever a user, an editor, two sessions, a disk and a restart do, hunks are where they are
said to be, and the document is the user's typing plus exactly the approved hunks.

The runs have fixed numbers. More of them: `REVIEW_RUNS=50000 pytest tests/runtime/test_random_review.py -n 2`; other
numbers: `REVIEW_FIRST=1000000`. A failure prints the shortest script that fails in the same way, as what happened.
"""

from __future__ import annotations

import os

import pytest

from support.random_review import Outcome, play, report, script

RUNS = int(os.environ.get("REVIEW_RUNS", "2000"))
FIRST = int(os.environ.get("REVIEW_FIRST", "0"))
BLOCKS = 8
DOUBTS = 0.02
"""The part of all runs in which a hunk may be left in doubt: stale, or applied and edited, where the oracle knows more.
An editor that reports several undone steps as one change leaves no more to be known."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_text_is_the_users_edits_plus_the_approved_hunks(block: int) -> None:
    outcomes: list[Outcome] = []
    for number in range(FIRST + block, FIRST + RUNS, BLOCKS):
        outcome = play(script(number))
        assert outcome.why is None, report(script(number))
        outcomes.append(outcome)
    assert sum(outcome.landed for outcome in outcomes) > len(outcomes)
    assert sum(outcome.doubts > 0 for outcome in outcomes) <= DOUBTS * len(outcomes)


@pytest.mark.parametrize("number", [2448, 1986, 103448, 110345])
def test_runs_that_failed_once(number: int) -> None:
    assert play(script(number)).why is None, report(script(number))
