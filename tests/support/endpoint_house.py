"""A house whose model is the real one: the adapters over HTTP to the scripted endpoint, with a clock that jumps."""

from __future__ import annotations

import asyncio
from pathlib import Path

from endpoint.server import Call, Endpoint, Fault, Script, Text, Turn
from signoff.core.session import Config
from signoff.core.settings import AutoResume, Settings
from signoff.core.state import State
from signoff.core.view import phase, waiting_for
from signoff.world.models import Models
from support.house import House, StepClock
from support.memory_store import MemoryJournal

SILENCE = 0.4
"""Seconds of silence after which an endpoint is given up, where a test is about that."""
RESTING = ("waiting", "done", "failed", "stopped")

READ = Call("read_file", {"path": "a.txt"})
EDIT = Call("edit_file", {"path": "a.txt", "edits": [{"old": "two\n", "new": "2\n"}]})
FINISH = Call("finish", {"summary": "Done."})
BODY = "one\ntwo\nthree\n"


def work(*faults: Fault) -> Script:
    """A model that reads, proposes one hunk and finishes; the faults come before its second reply."""
    return Script([Turn(READ), Turn(Text("I change it."), EDIT, faults=faults), Turn(FINISH)], select="state")


class HeldClock(StepClock):
    """Time that stands still until the test lets it go on."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        super().__init__(start)
        self.held = asyncio.Event()

    async def sleep_until(self, at: float) -> None:
        self.slept.append(at)
        await self.held.wait()
        self.at = max(self.at, at)


class EndpointHouse(House):
    """One server process on a workspace with `a.txt`; a second one on the same journal is a restart."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        key: str = "",
        journal: MemoryJournal | None = None,
        clock: StepClock | None = None,
        auto_resume: AutoResume = "ask",
    ) -> None:
        root.mkdir(exist_ok=True)
        if not (root / "a.txt").exists():
            (root / "a.txt").write_text(BODY)
        self.settings = settings
        self.models = Models(lambda: self.settings)
        self.models.set_key(key)
        super().__init__(root, self.models, journal, clock=clock, auto_resume=auto_resume)

    async def kill(self) -> None:
        """The process is gone, its connections too."""
        await super().kill()
        self.store.crash()
        await self.models.close()

    async def rest(self, session: str) -> State:
        """The session once nothing runs in it and no time is waited for."""
        return await self.until(session, lambda s: phase(s) in RESTING and "time" not in waiting_for(s))


def settings(endpoint: Endpoint | str, wire: str = "auto", **more: object) -> Settings:
    """Settings that name the endpoint."""
    url = endpoint if isinstance(endpoint, str) else endpoint.base_url
    return Settings(base_url=url, wire=wire, **more)  # pyright: ignore[reportArgumentType]


def config(*models: str, **more: object) -> Config:
    """Without a plan, unless told so."""
    return Config(models=models or ("test",), **{"plan_first": False, **more})  # pyright: ignore[reportArgumentType]
