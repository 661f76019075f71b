"""Folders that are watched by ourselves: when that begins and ends, and what comes of what a watch tells."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from signoff.core.watched import Changes
from signoff.lsp.folder_watching import FolderWatching

ONE, OTHER = "file:///w/one", "file:///w/other%20one"


@dataclass
class Watch:
    """Stands for a watch; it is told what to tell."""

    folder: str
    told: Callable[[Changes], None]
    closed: bool = False

    def close(self) -> None:
        self.closed = True

    def tell(self, changes: Changes) -> None:
        """As a real one: in another thread."""
        thread = threading.Thread(target=self.told, args=(changes,))
        thread.start()
        thread.join()


@dataclass
class Scene:
    watches: list[Watch] = field(default_factory=list[Watch])
    taken: list[tuple[Sequence[str], Sequence[str]]] = field(default_factory=list[tuple[Sequence[str], Sequence[str]]])
    lost: list[str] = field(default_factory=list[str])

    def start(self, folder: str, told: Callable[[Changes], None]) -> Watch:
        self.watches.append(Watch(folder, told))
        return self.watches[-1]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def watching(scene: Scene) -> FolderWatching:
    return FolderWatching(scene.start, lambda uris, made: scene.taken.append((uris, made)), scene.lost.append)


async def test_nothing_is_watched_before_it_has_to(watching: FolderWatching, scene: Scene) -> None:
    watching.folder(ONE, is_open=True)
    assert scene.watches == [] and watching.folders == (ONE,)
    watching.begin()
    watching.begin()
    watching.folder(ONE, is_open=True)
    watching.folder(OTHER, is_open=True)
    watching.folder("untitled:x", is_open=True)
    assert [watch.folder for watch in scene.watches] == [ONE, OTHER]
    await watching.close()
    assert all(watch.closed for watch in scene.watches) and watching.folders == ()


async def test_what_is_told_comes_as_uris_and_in_the_loop(watching: FolderWatching, scene: Scene) -> None:
    watching.folder(OTHER, is_open=True)
    watching.begin()
    scene.watches[0].tell(Changes(("a b.py", "c.py"), ("a b.py",), git=True))
    assert scene.taken == [], "not in the other thread"
    await asyncio.sleep(0)
    assert scene.taken == [([f"{OTHER}/a%20b.py", f"{OTHER}/c.py"], [f"{OTHER}/a%20b.py"])] and scene.lost == []
    scene.watches[0].tell(Changes(git=True))
    scene.watches[0].tell(Changes(rescan=True))
    await asyncio.sleep(0)
    assert len(scene.taken) == 1 and scene.lost == [OTHER]


async def test_a_folder_that_was_closed_tells_no_more(watching: FolderWatching, scene: Scene) -> None:
    watching.folder(ONE, is_open=True)
    watching.begin()
    watching.folder(ONE, is_open=False)
    scene.watches[0].tell(Changes(("late.py",), rescan=True))
    watching.folder(ONE, is_open=False)
    await watching.close()
    assert scene.watches[0].closed and scene.taken == [] and scene.lost == []
    watching.folder(ONE, is_open=True)
    assert len(scene.watches) == 1, "it was closed for good"


async def test_without_anybody_who_could_watch(scene: Scene) -> None:
    watching = FolderWatching(None, lambda uris, made: None, scene.lost.append)
    watching.folder(ONE, is_open=True)
    watching.begin()
    await watching.close()


def test_a_loop_that_is_closed_is_no_trouble(scene: Scene) -> None:
    async def begun() -> None:
        watching = FolderWatching(scene.start, lambda uris, made: None, scene.lost.append)
        watching.folder(ONE, is_open=True)
        watching.begin()

    asyncio.run(begun())
    scene.watches[0].told(Changes(("late.py",)))
    assert scene.lost == []
