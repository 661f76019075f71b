"""The index hears of folders, of trust, of what is typed, and of touched files in slices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from signoff.core.fragments import Found, Query, Replaced
from signoff.lsp import indexing as module
from signoff.lsp.documents import Document
from signoff.lsp.indexing import Indexing
from signoff.lsp.spelling import Spelling

FOLDER = "file:///w"


class Index:
    """Notes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def opened(self, workspace: str, trusted: bool) -> None:
        self.heard.append(("opened", workspace, trusted))

    def closed(self, workspace: str) -> None:
        self.heard.append(("closed", workspace))

    async def find(self, workspace: str, query: Query) -> Found | str:
        return "Nothing yet."

    async def still_used(self, workspace: str, parts: Sequence[Replaced]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        return {"a.py": {"gone": ["b.py"]}}

    def changed(self, workspace: str, changed: Sequence[str] | None) -> None:
        self.heard.append(("changed", workspace, tuple(changed or ())))

    def buffer(self, workspace: str, path: str, text: str | None) -> None:
        self.heard.append(("buffer", path, text))


class Editor:
    """Open documents by URI."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.spelling = Spelling()

    def open_uris(self) -> tuple[str, ...]:
        return tuple(self.texts)

    def text(self, uri: str) -> str | None:
        return self.texts.get(uri)


class Scene:
    def __init__(self) -> None:
        self.index, self.editor = Index(), Editor()
        self.trust: dict[str, bool] = {}
        self.touched: list[str] = []
        self.indexing = Indexing(
            self.index,
            cast("Any", self.editor),
            lambda folder: self.trust.get(folder, False),
            self.touched.extend,
            lambda folder, path: path != "private.py",
        )

    def document(self, name: str, text: str) -> Document:
        self.editor.texts[f"{FOLDER}/{name}"] = text
        return Document(f"{FOLDER}/{name}", "", 1, text)


async def until(wanted: Callable[[], bool]) -> None:
    """Lets the event loop run until it is so."""
    for _ in range(10_000):
        if wanted():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come true")


async def test_a_folder_is_indexed_a_moment_after_it_was_opened_or_when_it_is_asked_for() -> None:
    scene = Scene()
    scene.document("a.py", "open already\n")
    scene.indexing.folder(FOLDER, True)
    assert scene.index.heard == []
    assert await scene.indexing.find(FOLDER, Query("x")) == "Nothing yet."
    assert scene.index.heard == [("opened", FOLDER, False), ("buffer", "a.py", "open already\n")]
    scene.indexing.folder(FOLDER, False)
    scene.indexing.folder("file:///other", True)
    scene.indexing.folder("file:///other", False)
    assert scene.index.heard[2:] == [("closed", FOLDER), ("closed", "file:///other")]


async def test_a_folder_that_is_not_indexed_is_not_begun_for_names_that_are_gone() -> None:
    scene = Scene()
    assert await scene.indexing.still_used(FOLDER, ()) == {} and scene.index.heard == []
    await scene.indexing.find(FOLDER, Query("x"))
    assert await scene.indexing.still_used(FOLDER, ()) == {"a.py": {"gone": ["b.py"]}}


async def test_trust_is_passed_on_when_it_changes() -> None:
    scene = Scene()
    await scene.indexing.find(FOLDER, Query("x"))
    scene.trust[FOLDER] = True
    scene.indexing.trusted(FOLDER)
    scene.indexing.trusted("file:///unknown")
    assert scene.index.heard == [("opened", FOLDER, False), ("opened", FOLDER, True)]


async def test_typing_is_collected_and_a_closed_document_is_let_go() -> None:
    scene = Scene()
    await scene.indexing.find(FOLDER, Query("x"))
    document = scene.document("a.py", "one\n")
    scene.indexing.opened(document)
    for text in ("two\n", "three\n"):
        scene.editor.texts[document.uri] = text
        scene.indexing.changed(document, [])
    await until(lambda: ("buffer", "a.py", "three\n") in scene.index.heard)
    del scene.editor.texts[document.uri]
    scene.indexing.closed(document)
    texts = [one[2] for one in scene.index.heard if one[0] == "buffer"]
    assert texts == ["one\n", "three\n", None]
    scene.indexing.changed(document, [])
    scene.indexing.close()


async def test_what_is_kept_from_models_is_not_handed_on() -> None:
    scene = Scene()
    await scene.indexing.find(FOLDER, Query("x"))
    scene.indexing.opened(scene.document("private.py", "secret\n"))
    assert scene.index.heard == [("opened", FOLDER, False)]


async def test_thousands_of_touched_files_are_told_in_slices() -> None:
    scene = Scene()
    await scene.indexing.find(FOLDER, Query("x"))
    names = [f"f{number}.py" for number in range(3 * module.AT_ONCE + 1)]
    scene.indexing.touched(f"{FOLDER}/{name}" for name in [*names, "f0.py"])
    scene.indexing.touched(["file:///elsewhere/x.py"])
    await until(lambda: "file:///elsewhere/x.py" in scene.touched)
    told = [one[2] for one in scene.index.heard if one[0] == "changed"]
    assert max(map(len, told)) <= module.AT_ONCE and {name for some in told for name in some} == set(names)
