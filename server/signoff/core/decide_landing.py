"""Judgements about landings: an approved edit is announced, then proved by the document's text or refused."""

from __future__ import annotations

from typing import assert_never

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.envelope import Event
from signoff.core.state import State

LandingCommand = c.StartLanding | c.FinishLanding | c.RefuseLanding


def decide_landing(state: State, command: LandingCommand) -> list[Event]:
    """What a report about a landing leads to; one about a landing that is over changes nothing."""
    landing = state.landings.get(command.landing)
    if landing is None:
        return []
    match command:
        case c.StartLanding():
            started = e.LandingStarted(landing.id, command.channel, command.before_digest, command.after_digest)
            return [started] if landing.stage == "approved" else []
        case c.FinishLanding():
            return [e.HunksLanded(landing.id, command.digest, command.starts)]
        case c.RefuseLanding():
            return [e.LandingRefused(landing.id, command.reason, command.stale)]
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(command)
