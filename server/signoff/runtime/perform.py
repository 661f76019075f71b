"""One function per effect: carries it out through the ports and returns the command that records its outcome.

Nothing here raises for trouble of the outside; an exception is our bug and is recorded as one by the loop's caller.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from signoff.context.instructions import instructions
from signoff.core import commands as c
from signoff.core import effects as fx
from signoff.core.model import (
    ModelFailure,
    ModelReply,
    ModelRequest,
)
from signoff.core.state import State
from signoff.core.tools import CHANGING, SPECS
from signoff.core.turn import conversation
from signoff.runtime.agent_tools import focus, run_tool
from signoff.runtime.context import Gatherer
from signoff.runtime.land import Landings
from signoff.runtime.limits import Meter, refusal
from signoff.runtime.loop import SessionLoop
from signoff.runtime.ports import Clock, Model, StoreError
from signoff.runtime.workspace import Workspace

log = logging.getLogger(__name__)

OnText = Callable[[str, str], None]
"""Called with (session, piece of streamed text)."""


@dataclass(slots=True)
class Performer:
    """Carries out the effects of one workspace's sessions."""

    workspace: Workspace
    landings: Landings
    gatherer: Gatherer
    model: Model
    clock: Clock
    meter: Meter
    on_text: OnText

    async def __call__(self, loop: SessionLoop, effect: fx.Effect) -> c.Command | None:
        """The command that records what came of the effect."""
        try:
            return await self._perform(loop, effect)
        except StoreError:
            # Not ours, and it passes: the loop tries again.
            raise
        except Exception as error:
            log.exception("effect %s failed", effect.key)
            await loop.submit(c.NoteBug(effect.key, f"{type(error).__name__}: {error}"))
            return self._given_up(effect, f"Signoff made an error ({type(error).__name__}); the log has the details.")

    async def _perform(self, loop: SessionLoop, effect: fx.Effect) -> c.Command | None:
        match effect:
            case fx.GatherContext():
                return await self.gatherer.gather(loop.state)
            case fx.AskModel():
                return await self._ask(loop.state, effect)
            case fx.Wait():
                await self.clock.sleep_until(effect.until)
                return c.EndWait(effect.turn, effect.attempt)
            case fx.RunTool():
                return await self._tool(loop.state, effect)
            case fx.LandHunks():
                return await self.landings.land(lambda: loop.state, loop.state.landings[effect.landing], loop.submit)
            case fx.ProbeLanding():
                return await self.landings.probe(loop.state, loop.state.landings[effect.landing])
            case _:  # pragma: no cover - the type checker proves that nothing is left
                assert_never(effect)

    def _given_up(self, effect: fx.Effect, words: str) -> c.Command | None:
        """The outcome of an effect that failed by our own fault, so that it is not owed for ever."""
        match effect:
            case fx.GatherContext():
                return c.RecordContext(effect.turn, "")
            case fx.AskModel():
                return c.RecordFailure(effect.turn, effect.attempt, ModelFailure("bug", words), self.clock.now())
            case fx.Wait():
                return c.EndWait(effect.turn, effect.attempt)
            case fx.RunTool():
                return c.RecordTool(effect.call_id, words, ok=False)
            case fx.LandHunks() | fx.ProbeLanding():
                return c.RefuseLanding(effect.landing, words)

    async def _ask(self, state: State, effect: fx.AskModel) -> c.Command:
        request = self._request(state)
        refused = await refusal(state, request, self.meter)
        answer = refused or await self.model.respond(request, lambda piece: self.on_text(state.session, piece))
        if isinstance(answer, ModelReply):
            return c.RecordReply(effect.turn, effect.attempt, state.inbox, answer, self.clock.now())
        return c.RecordFailure(effect.turn, effect.attempt, answer, self.clock.now())

    def _request(self, state: State) -> ModelRequest:
        return ModelRequest(
            model=state.model,
            instructions=instructions(state.config),
            tools=SPECS,
            items=conversation(state),
            effort=state.config.effort,
            cache_key=state.session,
            focus=focus(state, self.workspace, widen=True),
            goal=state.goal,
        )

    async def _tool(self, state: State, effect: fx.RunTool) -> c.Command | None:
        call = next((call for call in state.open_calls if call.call_id == effect.call_id), None)
        if call is None:
            return None
        # A patch is resolved on the loop: nothing may change a buffer between reading it and proposing hunks of it.
        if call.name in CHANGING or call.name == "read_file":
            return run_tool(state, call, self.workspace)
        return await asyncio.to_thread(run_tool, state, call, self.workspace.frozen())
