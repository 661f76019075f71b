"""Editors with an order of their own: one thing at a time, nothing before an answer, nothing without a command."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from endpoint.server import Endpoint
from support.editor_client import editor
from support.liars import Asked, Behaviour, LyingClient, answer, make, make_if_asked_for, tell, wait
from support.lying_scene import BOTH, MANY, PROPOSING, Plot, play

pytestmark = pytest.mark.e2e

YES = answer()
PLOTS = [Plot("one", "two.txt", 1), Plot("undo one", "one.txt", 2), *MANY[:2], *BOTH]


class BlockingClient(LyingClient):
    """Deals with nothing else while one of its commands is unanswered, as eglot does."""

    def __init__(self, *args: Any) -> None:
        self._held: list[dict[str, Any]] = []
        self._blocked = 0
        super().__init__(*args)

    async def command(self, name: str, **argument: Any) -> Any:
        self._blocked += 1
        try:
            return await super().command(name, **argument)
        finally:
            self._blocked -= 1
            held, self._held = self._held, []
            for message in held:
                self._told(message)

    def _told(self, message: dict[str, Any]) -> None:
        if self._blocked:
            self._held.append(message)
        else:
            super()._told(message)


class OrderlyClient(LyingClient):
    """Answers the server's requests strictly one after another, and takes its time for each."""

    def __init__(self, *args: Any) -> None:
        self._turn = asyncio.Lock()
        super().__init__(*args)

    async def deal_with(self, asked: Asked) -> None:
        async with self._turn:
            await super().deal_with(asked)


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
@pytest.mark.parametrize("made", [BlockingClient, OrderlyClient])
async def test_an_editor_that_does_one_thing_at_a_time(
    tmp_path: Path, made: type[LyingClient], versioned: bool
) -> None:
    places = tmp_path / "workspace", tmp_path / "state"
    places[0].mkdir()
    slow = Behaviour("half a second later", (make, YES, wait(0.5), tell()))
    async with (
        Endpoint(PROPOSING) as endpoint,
        editor(*places, endpoint.base_url, made=made, versioned=versioned) as client,
    ):
        for plot in PLOTS:
            await play(client, slow, plot)


async def test_an_editor_that_takes_edits_only_after_a_command(tmp_path: Path) -> None:
    places = tmp_path / "workspace", tmp_path / "state"
    places[0].mkdir()
    kate = Behaviour("within two seconds", (make_if_asked_for,))
    async with Endpoint(PROPOSING) as endpoint, editor(*places, endpoint.base_url, made=LyingClient) as client:
        for plot in PLOTS:
            await play(client, kate, plot)
