"""What one word of the user covers: files that ask each by itself, and what goes on by itself after a restart."""

from __future__ import annotations

from collections.abc import Iterable
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
    names = sorted({paths.shown(state.workspace, hunk.to_uri or hunk.uri) for hunk in hunks})
    if not names:
        return None
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    named = ", ".join(names[:NAMED]) + more
    return f"Not approved with the others: {named}. Such files decide what tools run; approve each hunk by itself."


def resumes_alone(policy: AutoResume, state: State) -> bool:
    """Whether a session that a restart stopped goes on without a word of the user. What the user stopped never does."""
    if state.parked != "restart" or not unfinished(state):
        return False
    waited = any(isinstance(effect, Wait) for effect in owed(replace(state, parked=None)))
    return policy == "always" or (policy == "waiting" and waited)
