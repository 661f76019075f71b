"""What the world still owes a session. The loop keeps one running task per key and cancels what is no longer owed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatherContext:
    """Collect what the model gets to see before turn `turn`."""

    turn: int
    cancellable = True

    @property
    def key(self) -> str:
        return f"context:{self.turn}"


@dataclass(frozen=True, slots=True)
class AskModel:
    """Ask for turn `turn`; the attempt is part of the key, so that a failure never starts the same request again."""

    turn: int
    attempt: int
    cancellable = True

    @property
    def key(self) -> str:
        return f"ask:{self.turn}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass until `until` (epoch seconds) before the next attempt."""

    turn: int
    attempt: int
    until: float
    cancellable = True

    @property
    def key(self) -> str:
        return f"wait:{self.turn}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class RunTool:
    """Carry out one tool call of turn `turn`; some services number their calls anew in every reply."""

    call_id: str
    turn: int = 0
    cancellable = True

    @property
    def key(self) -> str:
        return f"tool:{self.turn}:{self.call_id}"


@dataclass(frozen=True, slots=True)
class LandHunks:
    """Bring approved hunks into their document. An edit in flight is not cancelled: it stays owed until its outcome."""

    landing: str
    cancellable = False

    @property
    def key(self) -> str:
        return f"land:{self.landing}"


@dataclass(frozen=True, slots=True)
class ProbeLanding:
    """Find out by digests whether an edit landed that was in flight when the server was killed."""

    landing: str
    cancellable = False

    @property
    def key(self) -> str:
        return f"probe:{self.landing}"


Effect = GatherContext | AskModel | Wait | RunTool | LandHunks | ProbeLanding
