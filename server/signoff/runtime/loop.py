"""The heart of a running session: decide, store, fold, publish, and make the running tasks equal to what is owed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import get_args

from signoff.core.commands import Command, NoteBug, Refused, UserCommand
from signoff.core.decide import decide
from signoff.core.effects import Effect
from signoff.core.envelope import Envelope, Event
from signoff.core.evolve import evolve
from signoff.core.owed import owed
from signoff.core.state import State
from signoff.runtime.journal import Journal
from signoff.runtime.ports import Clock, StoreError

log = logging.getLogger(__name__)

Submit = Callable[[Command], Awaitable[list[Event] | Refused]]
Perform = Callable[["SessionLoop", Effect], Awaitable[Command | None]]
Publish = Callable[[State], None]

_BY_USER = get_args(UserCommand)
STORE_RETRY_SECONDS = 5.0


class SessionLoop:
    """One session in this process: the only writer of its log. `trouble` says why the log can't be written now."""

    def __init__(self, state: State, journal: Journal, clock: Clock, perform: Perform, publish: Publish) -> None:
        self.state = state
        self.trouble: str | None = None
        self._journal, self._clock, self._perform, self._publish = journal, clock, perform, publish
        self._lock = asyncio.Lock()
        self._tasks: dict[str, tuple[Effect, asyncio.Task[None]]] = {}
        self._spent: set[str] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing is recorded any more."""
        return self._closed

    async def submit(self, command: Command) -> list[Event] | Refused:
        """The events that the command led to, durable and folded; or why it is refused. Raises StoreError.

        Cancelling the caller does not tear a step apart: what was decided is stored and folded all the same.
        """
        return await asyncio.shield(self._submit(command))

    async def _submit(self, command: Command) -> list[Event] | Refused:
        async with self._lock:
            made = await self._step(command)
        if isinstance(command, _BY_USER):
            # A user's word may make an effect worth another try that came to nothing before.
            self._spent.clear()
        self._reconcile()
        return made

    async def _step(self, command: Command) -> list[Event] | Refused:
        decision = decide(self.state, command)
        if isinstance(decision, Refused) or not decision:
            return decision
        cause, at = self._clock.new_id("c"), self._clock.now()
        facts = [
            Envelope(self.state.session, self.state.seq + number, at, cause, event)
            for number, event in enumerate(decision, start=1)
        ]
        await self._journal.append(facts)
        self.trouble = None
        for fact in facts:
            self.state = evolve(self.state, fact)
        self._publish(self.state)
        return decision

    def _reconcile(self) -> None:
        """Starts what is owed and not running, cancels what runs and is no longer owed."""
        if self._closed:
            return
        due = {effect.key: effect for effect in owed(self.state)}
        for key, (effect, task) in self._tasks.items():
            if key not in due and effect.cancellable and task is not asyncio.current_task():
                task.cancel()
        for key, effect in due.items():
            if key not in self._tasks and key not in self._spent:
                task = asyncio.create_task(self._run(effect), name=key)
                self._tasks[key] = (effect, task)
                # Not a `finally` in the task: one that is cancelled before its first step runs no code at all.
                task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        self._reconcile()

    async def _run(self, effect: Effect) -> None:
        try:
            command = await self._perform(self, effect)
            self._spent.add(effect.key)
            if command is not None:
                await self.record(command)
        except StoreError as error:
            # An intent could not be stored, so nothing was done yet: the effect is owed still and starts again.
            self._troubled(error)
            await asyncio.sleep(STORE_RETRY_SECONDS)
        except Exception as error:
            log.exception("effect %s failed", effect.key)
            self._spent.add(effect.key)
            await self.record(NoteBug(effect.key, f"{type(error).__name__}: {error}"))

    async def record(self, command: Command) -> None:
        """Stores an outcome. A full disk must not lose a reply that was paid for: it is kept and tried again."""
        while not self._closed:
            try:
                await self.submit(command)
                return
            except StoreError as error:
                self._troubled(error)
                await asyncio.sleep(STORE_RETRY_SECONDS)

    def _troubled(self, error: StoreError) -> None:
        self.trouble = str(error)
        log.error("session %s: %s", self.state.session, error)
        self._publish(self.state)

    async def close(self) -> None:
        """Cancels what runs without recording anything: the log says what is owed at the next start."""
        self._closed = True
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
