"""What one word of the user covers: files that ask each by itself, and what goes on by itself after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from signoff.core import paths
from signoff.core.effects import Wait
from signoff.core.files import protected
from signoff.core.hunks import Hunk
from signoff.core.owed import owed, unfinished
from signoff.core.settings import AutoResume
from signoff.core.state import State

NAMED = 3
"""How many files a message names before it only counts them."""


def asks_each_time(state: State, hunk: Hunk) -> bool:
    """Whether the hunk needs a word of its own: its file tells editors, agents or shells what to run."""
    uris = (hunk.uri, hunk.to_uri) if hunk.to_uri else (hunk.uri,)
    return any(protected(paths.shown(state.workspace, uri)) for uri in uris)


def why_held_back(state: State, hunks: Iterable[Hunk]) -> str | None:
    """Why an approval of many left these hunks out, and what to do; None when there are none."""
    named = _files(state, hunks)
    if not named:
        return None
    return f"Not approved with the others: {named}. Such files decide what tools run; approve each hunk by itself."


def why_left_out(state: State, hunks: Sequence[Hunk]) -> str | None:
    """That a word about many left these hunks out, because they are not as they were shown; None when there are
    none."""
    if not hunks:
        return None
    what, it = ("1 hunk", "it") if len(hunks) == 1 else (f"{len(hunks)} hunks", "them")
    return f"Left out: {what} that changed since you saw {it}, in {_files(state, hunks)}. Look at {it} again."


def _files(state: State, hunks: Iterable[Hunk]) -> str:
    """The files of the hunks; "" when there are no hunks."""
    names = sorted({paths.shown(state.workspace, hunk.to_uri or hunk.uri) for hunk in hunks})
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def resumes_alone(policy: AutoResume, state: State) -> bool:
    """Whether a session that a restart stopped goes on without a word of the user. What the user stopped never does."""
    if state.parked != "restart" or not unfinished(state):
        return False
    waited = any(isinstance(effect, Wait) for effect in owed(replace(state, parked=None)))
    return policy == "always" or (policy == "waiting" and waited)
