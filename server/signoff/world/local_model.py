"""The embedded model: Qwen2.5-Coder-1.5B-Instruct in a child process, for docstrings and explicit one-line changes.

What it is asked, and what code answers in its stead, is decided in `core/small.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signoff.core import small
from signoff.core.model import ModelFailure, ModelReply, ModelRequest, Usage
from signoff.core.small_prompts import visible
from signoff.world.model_file import installed
from signoff.world.ourselves import adding, in_terminal
from signoff.world.worker import Worker, WorkerFailed

IDLE_SECONDS = 600.0
TIMEOUT_S = 240.0
MEMORY = "1.9 GB"
TEMPERATURES = (0.0, 0.7)
"""Of the first and the second try at one edit."""

NOTHING_USED = Usage()


def no_library() -> str:
    """What to say when the package of the extra is missing."""
    return f"The local model needs the package xllamacpp. In a terminal: {adding('local')}"


def no_file() -> str:
    """What to say when the model itself is missing."""
    return f"The local model is not on this machine. In a terminal (1.1 GB): {in_terminal('model pull')}"


def lacking(find: Callable[[], Path | None] = installed) -> str | None:
    """What the local model lacks on this machine, as a sentence that says how to get it; None if it can run."""
    if importlib.util.find_spec("xllamacpp") is None:
        return no_library()
    return None if find() else no_file()


def threads() -> int:
    """One core is left to the editor: two busy threads on two cores collapse when a third one wants to run."""
    affinity = getattr(os, "sched_getaffinity", None)
    return max(1, (len(affinity(0)) if affinity else os.cpu_count() or 1) - 1)


@dataclass(slots=True)
class _Answer:
    """One generation: its text so far, what it used, and when its first word came (monotonic seconds)."""

    text: str = ""
    usage: Usage = NOTHING_USED
    first: float | None = None


class LocalModel:
    """A Model port. The child process starts with the first generation and is unloaded after `idle_seconds`."""

    def __init__(
        self,
        find: Callable[[], Path | None] = installed,
        idle_seconds: float = IDLE_SECONDS,
        timeout: float = TIMEOUT_S,
    ) -> None:
        self._find = find
        self._idle_seconds = idle_seconds
        self._timeout = timeout
        self._worker: Worker | None = None
        self._loading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The child process's id while the model is loaded."""
        return self._worker.pid if self._worker else None

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply. Cancelling stops the generation; trouble comes back as a ModelFailure."""
        began = time.monotonic()
        step = small.next_step(request)
        if isinstance(step, tuple):
            if small.asks_next(step):
                self._load()
            return ModelReply(step, NOTHING_USED, request.model)
        usage, first, problem = NOTHING_USED, None, small.Problem("it gave no answer.")
        for temperature in TEMPERATURES:
            answer = await self._generate(step, temperature, on_text)
            if isinstance(answer, ModelFailure):
                return answer
            usage = _sum(usage, answer.usage)
            first = first or answer.first
            items = small.read(step, answer.text)
            if not isinstance(items, small.Problem):
                return _reply(request.model, items, usage, began, first)
            problem = items
            step = small.ask_again(step, problem)
        return _reply(request.model, small.give_up(problem), usage, began, first)

    async def close(self) -> None:
        """Ends the child process."""
        worker, self._worker = self._worker, None
        if self._loading:
            self._loading.cancel()
            await asyncio.wait([self._loading])
        if worker:
            await worker.close()

    def _load(self) -> None:
        """Starts loading while the user reads the plan; trouble shows when the model is asked."""
        path = self._find()
        if path is None or lacking(self._find) or (self._loading and not self._loading.done()):
            return
        worker = self._started(path)

        async def load() -> None:
            with contextlib.suppress(WorkerFailed):
                await worker.ask({"load": True}, lambda part: None)

        self._loading = asyncio.create_task(load())

    def _started(self, path: Path) -> Worker:
        self._worker = self._worker or Worker(
            "signoff.world.local_worker", (str(path), str(threads())), self._idle_seconds
        )
        return self._worker

    async def _generate(
        self, ask: small.Ask, temperature: float, on_text: Callable[[str], None]
    ) -> _Answer | ModelFailure:
        missing = lacking(self._find)
        path = self._find()
        if missing or path is None:
            return ModelFailure("model_unavailable", missing or no_file())
        worker = self._started(path)
        answer = _Answer()
        try:
            async with asyncio.timeout(self._timeout):
                end = await worker.ask(_body(ask, temperature), lambda part: _grow(answer, part, on_text))
        except TimeoutError:
            return ModelFailure("timeout", f"The local model did not finish within {self._timeout:.0f} s.")
        except WorkerFailed as trouble:
            return ModelFailure("killed", f"The local model's process ended ({trouble}). It needs {MEMORY} of memory.")
        return _ended(answer, end)


def _body(ask: small.Ask, temperature: float) -> dict[str, Any]:
    prompt = ask.prompt
    return {
        "system": prompt.system,
        "user": prompt.user,
        "schema": prompt.schema,
        "max_tokens": prompt.max_tokens,
        "temperature": temperature,
        "seed": 1,
    }


def _grow(answer: _Answer, part: dict[str, Any], on_text: Callable[[str], None]) -> None:
    answer.first = answer.first or time.monotonic()
    before = len(visible(answer.text))
    answer.text += part["text"]
    if new := visible(answer.text)[before:]:
        on_text(new)


def _ended(answer: _Answer, end: dict[str, Any]) -> _Answer | ModelFailure:
    if "load" in end:
        return ModelFailure("model_unavailable", f"The local model could not be loaded: {end['error']}.")
    if "error" in end:
        return ModelFailure("failed_reply", f"The local model failed: {end['error']}.")
    answer.usage = Usage(**end["usage"])
    return answer


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(one.input + other.input, one.cached + other.cached, one.output + other.output)


def _reply(
    model: str, items: tuple[small.ReplyItem, ...], usage: Usage, began: float, first: float | None
) -> ModelReply:
    now = time.monotonic()
    first_ms = round(((first or now) - began) * 1000)
    return ModelReply(items, usage, model, first_ms, round((now - began) * 1000))
