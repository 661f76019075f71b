"""kill -9 of the server or of the editor in the middle of an edit: the next server finds the text as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from endpoint.server import Endpoint
from support.editor_client import PATIENCE, editor
from support.liars import TYPED, Behaviour, LyingClient, answer, make, path_of, save, tell, types, whole
from support.lying_scene import PROPOSING, Part, Plot, Scene, cross

pytestmark = pytest.mark.e2e

YES = answer()
# What an editor had done when the end came.
HALVES = [
    Behaviour("nothing", (), "any"),
    Behaviour("a lie", (YES,), "any"),
    Behaviour("made", (make,), "any"),
    Behaviour("made and answered", (make, YES), "any"),
    Behaviour("made and told", (make, tell()), "any"),
    Behaviour("made, told and answered", (make, tell(), YES), "any"),
    Behaviour("made and saved", (make, save), "any"),
    Behaviour("made, told and saved", (make, tell(), save, YES), "any"),
    Behaviour("typed", (types("top", True),), "any"),
    Behaviour("typed and told", (types("end"), tell(whole)), "any"),
    Behaviour("made and typed", (make, types("top", True)), "any", loose=True),
    Behaviour("made, typed and told", (make, types("after"), tell(), YES), "any", loose=True),
    Behaviour("made and typed inside", (make, types("inside"), tell(), YES), "any", loose=True),
]
PLOTS = [Plot("one", "two.txt", 1), Plot("undo one", "one.txt", 0), Plot("file"), Plot("undo file", "two.txt")]
PARTS = cross(HALVES, PLOTS)


async def under_way(client: LyingClient) -> list[Scene]:
    """One session for each part, each in the middle of its edit."""
    return await asyncio.gather(*(_to_the_middle(client, n, *part) for n, part in enumerate(PARTS)))


async def _to_the_middle(client: LyingClient, number: int, behaviour: Behaviour, plot: Plot) -> Scene:
    scene = await Scene(client, client.workspace / f"folder {number}").begin()
    if plot.undoes:
        await scene.ask(plot, False)
        await scene.settled()
    for uri in scene.uris:
        client.behaviours[uri] = behaviour
    wanted = scene.uri(plot.document)
    seen = client.times_asked(wanted)
    assert (await scene.ask(plot, plot.undoes))["status"] == "applying"
    await client.until_told(lambda: client.times_asked(wanted) > seen)
    await client.at_rest(scene.uris)
    return scene


async def taken_over(scenes: list[Scene], client: LyingClient, buffers: bool, late: bool) -> None:
    """The next editor: it has the buffers of the one before (`buffers`) or opens what is on disk."""
    for scene in scenes:
        before, scene.client = scene.client, client
        if late:
            await client.command("showSession", session=scene.session)
        for uri in scene.uris:
            client.typed[uri] = before.typed[uri] if buffers else _typed_on_disk(uri)
            client.open_at(path_of(uri), before.documents[uri] if buffers else None)
        client.views[scene.session] = await client.command("showSession", session=scene.session)
        client.on_view.append(scene._look)


def _typed_on_disk(uri: str) -> list[str]:
    return TYPED.findall(path_of(uri).read_bytes().decode())


async def all_is_well(scenes: list[Scene]) -> None:
    """Every session's text is explained, and every session goes on."""
    results = await asyncio.gather(*map(_goes_on, scenes, PARTS), return_exceptions=True)
    failed = [f"{b.name}, {plot}: {e!r}" for (b, plot), e in zip(PARTS, results, strict=True) if e is not None]
    assert not failed, "\n".join(failed)


async def _goes_on(scene: Scene, part: Part) -> None:
    behaviour = part[0]
    await scene.until(scene.under_way)
    await scene.settled(behaviour.loose)
    await scene.used_on(behaviour.loose)


@pytest.mark.parametrize("late", [False, True], ids=["buffers-first", "session-first"])
async def test_the_server_is_killed_and_the_editor_lives(tmp_path: Path, late: bool) -> None:
    places = tmp_path / "workspace", tmp_path / "state"
    places[0].mkdir()
    async with Endpoint(PROPOSING) as endpoint:
        async with editor(*places, endpoint.base_url, made=LyingClient) as client:
            scenes = await under_way(client)
            await client.kill()
        async with editor(*places, endpoint.base_url, made=LyingClient) as client:
            await taken_over(scenes, client, True, late)
            await all_is_well(scenes)


async def test_the_editor_is_killed_and_its_buffers_are_gone(tmp_path: Path) -> None:
    places = tmp_path / "workspace", tmp_path / "state"
    places[0].mkdir()
    async with Endpoint(PROPOSING) as endpoint:
        async with editor(*places, endpoint.base_url, made=LyingClient, quiet=False) as client:
            scenes = await under_way(client)
            client.process.stdin.close()
            await asyncio.wait_for(client.process.wait(), PATIENCE)
        async with editor(*places, endpoint.base_url, made=LyingClient) as client:
            await taken_over(scenes, client, False, False)
            await all_is_well(scenes)
