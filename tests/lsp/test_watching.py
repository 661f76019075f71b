"""What the client tells of files, sorted into what matters: which hunks hear of it, and how little the rest costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from signoff.core.text import digest
from signoff.lsp import watching
from signoff.lsp.capabilities import server_capabilities
from signoff.lsp.spelling import Spelling
from signoff.lsp.watching import Watching
from support.folders_client import CHANGED, CREATED, DELETED


@dataclass
class Session:
    """As much of a state as matters here: one document, and its text's digest."""

    workspace: str
    bases: dict[str, str]

    def hunks_of(self, uri: str) -> bool:
        return uri in self.bases


@dataclass
class Desk:
    """Stands for the sessions: `heard` is what their documents are told."""

    root: Path
    sessions: list[Session] = field(default_factory=list[Session])
    heard: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    read: list[str] = field(default_factory=list[str])

    @property
    def documents(self) -> Desk:
        return self

    def live(self) -> Sequence[Session]:
        return self.sessions

    def uris(self) -> set[str]:
        return {uri for session in self.sessions for uri in session.bases}

    def text(self, workspace: str, uri: str) -> str | None:
        self.read.append(uri)
        path = Path(uri.removeprefix("file://"))
        return path.read_text() if path.is_file() else None

    def file_changed(self, uri: str) -> None:
        self.heard.append(("changed", uri))

    def renamed(self, uri: str, to: str) -> None:
        self.heard.append(("renamed", uri, to))
        for session in self.sessions:
            for name in [name for name in session.bases if name == uri or name.startswith(uri + "/")]:
                session.bases[to + name[len(uri) :]] = session.bases.pop(name)

    def saved(self, uri: str) -> None:
        self.heard.append(("saved", uri))

    def watch(self, path: str, text: str = "text\n") -> str:
        """A file with hunks."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.sessions.append(Session(self.root.as_uri(), {file.as_uri(): digest(text)}))
        return file.as_uri()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def watch(desk: Desk, shown: list[str], monkeypatch: pytest.MonkeyPatch) -> Watching:
    monkeypatch.setattr(watching, "MOMENT_SECONDS", 0)
    nobody: Any = None
    sessions: Any = desk
    return Watching(nobody, Spelling(), lambda: sessions, shown.append)


async def told(watch: Watching, *events: tuple[str, int]) -> None:
    """Some events, and all that comes of them."""
    params = [types.FileEvent(uri, types.FileChangeType(kind)) for uri, kind in events]
    watch._changed(types.DidChangeWatchedFilesParams(params))
    await settled(watch)


async def settled(watch: Watching) -> None:
    for _ in range(1_000_000):
        await asyncio.sleep(0)
        if watch._due is None and not watch._tasks:
            return
    raise AssertionError("it never comes to rest")


async def test_only_files_with_hunks_hear_of_changes(watch: Watching, desk: Desk, shown: list[str]) -> None:
    uri = desk.watch("src/a.py")
    other = (desk.root / "src/b.py").as_uri()
    same_name = (desk.root / "other/a.py").as_uri()
    await told(watch, (other, CHANGED), (same_name, CHANGED))
    assert desk.heard == [] and shown == []
    await told(watch, (uri, CHANGED), (uri, CHANGED), (uri.replace("src", "%73rc"), CHANGED))
    assert desk.heard == [("changed", uri)] and shown == [uri]


async def test_without_hunks_nothing_is_kept(watch: Watching, desk: Desk) -> None:
    await told(watch, (desk.root.as_uri(), DELETED), ((desk.root / "new").as_uri(), CREATED))
    assert desk.heard == [] and not watch._made and not watch._touched


async def test_a_folder_that_vanishes_concerns_what_was_in_it(watch: Watching, desk: Desk) -> None:
    one, other, outside = desk.watch("src/deep/a.py"), desk.watch("src/b.py"), desk.watch("srcs/c.py")
    watch._deleted(types.DeleteFilesParams([types.FileDelete((desk.root / "src").as_uri())]))
    await settled(watch)
    assert desk.heard == [("changed", other), ("changed", one)]
    assert ("changed", outside) not in desk.heard


async def test_a_link_to_a_folder_is_no_obstacle(watch: Watching, desk: Desk) -> None:
    uri = desk.watch("src/a.py")
    (desk.root / "link").symlink_to("src")
    await told(watch, ((desk.root / "link/a.py").as_uri(), CHANGED))
    assert desk.heard == [("changed", uri)]


async def test_a_file_that_moved_is_known_by_its_text(watch: Watching, desk: Desk, shown: list[str]) -> None:
    uri = desk.watch("a.py", "the text\n")
    new = (desk.root / "b.py").as_uri()
    (desk.root / "a.py").rename(desk.root / "b.py")
    (desk.root / "c.py").write_text("another text\n")
    await told(watch, (uri, DELETED), (new, CREATED), ((desk.root / "c.py").as_uri(), CREATED))
    assert desk.heard == [("renamed", uri, new), ("changed", new)]
    assert set(shown) == {uri, new}


async def test_of_two_copies_neither_is_guessed_but_the_same_name_wins(watch: Watching, desk: Desk) -> None:
    uri = desk.watch("a.py", "the text\n")
    (desk.root / "a.py").unlink()
    for name in ("b.py", "c.py"):
        (desk.root / name).write_text("the text\n")
    made = [((desk.root / name).as_uri(), CREATED) for name in ("b.py", "c.py")]
    await told(watch, (uri, DELETED), *made)
    assert desk.heard == [("changed", uri)]
    (desk.root / "deep").mkdir()
    (desk.root / "deep/a.py").write_text("the text\n")
    await told(watch, (uri, DELETED), *made, ((desk.root / "deep/a.py").as_uri(), CREATED))
    assert desk.heard[1] == ("renamed", uri, (desk.root / "deep/a.py").as_uri())


async def test_a_file_with_hunks_of_its_own_was_there_before(watch: Watching, desk: Desk) -> None:
    uri, twin = desk.watch("a.py", "the text\n"), desk.watch("b.py", "the text\n")
    (desk.root / "a.py").unlink()
    await told(watch, (uri, DELETED), (twin, CREATED))
    assert desk.heard == [("changed", uri), ("changed", twin)]


async def test_an_empty_file_is_never_known_by_its_text(watch: Watching, desk: Desk) -> None:
    uri = desk.watch("a.py", "")
    (desk.root / "a.py").unlink()
    (desk.root / "b.py").write_text("")
    await told(watch, (uri, DELETED), ((desk.root / "b.py").as_uri(), CREATED))
    assert desk.heard == [("changed", uri)]


async def test_a_file_that_was_replaced_did_not_move(watch: Watching, desk: Desk) -> None:
    uri = desk.watch("a.py", "the text\n")
    (desk.root / "a.py.bak").write_text("the text\n")
    await told(watch, (uri, DELETED), (uri, CREATED), ((desk.root / "a.py.bak").as_uri(), CREATED))
    assert desk.heard == [("changed", uri)] and desk.read == []


async def test_a_renaming_that_the_editor_tells_of(watch: Watching, desk: Desk, shown: list[str]) -> None:
    uri = desk.watch("old/a.py")
    (desk.root / "old").rename(desk.root / "new")
    files = [types.FileRename((desk.root / "old").as_uri() + "/", (desk.root / "new").as_uri() + "/")]
    watch._renamed(types.RenameFilesParams(files))
    there = (desk.root / "new/a.py").as_uri()
    assert desk.uris() == {there} and set(shown) == {uri, there}
    await told(watch, (uri, DELETED), (there, CREATED))
    assert desk.heard[-1] == ("changed", there)


async def test_renaming_only_the_capitals_where_they_do_not_count(desk: Desk, shown: list[str]) -> None:
    nobody: Any = None
    sessions: Any = desk
    spelling = Spelling(lambda folder: folder.startswith(desk.root.as_posix()))
    watch = Watching(nobody, spelling, lambda: sessions, shown.append)
    uri, to = desk.watch("a.py"), (desk.root / "A.py").as_uri()
    (desk.root / "a.py").rename(desk.root / "A.py")
    watch._renamed(types.RenameFilesParams([types.FileRename(uri, to)]))
    assert desk.uris() == {to}


async def test_five_thousand_events_are_one_batch(watch: Watching, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = sorted(desk.watch(f"src{number}/a{number}.py") for number in range(10))
    events = [((desk.root / f"src{n % 50}/file{n}.py").as_uri(), 1 + n % 3) for n in range(5000)]
    asked: list[str] = []
    document = Spelling.document

    def counted(self: Spelling, uri: str) -> str:
        asked.append(uri)
        return document(self, uri)

    monkeypatch.setattr(Spelling, "document", counted)
    await told(watch, *events[:2500], *((uri, CHANGED) for uri in wanted), *events[2500:])
    assert desk.heard == [("changed", uri) for uri in wanted]
    assert sorted(asked) == wanted, "the disk is asked about names that matter, and no others"


async def test_other_messages_get_their_turn_within_a_batch(watch: Watching, desk: Desk) -> None:
    desk.watch("a0/index.ts")
    turns = 0
    stop = False

    async def other() -> None:
        nonlocal turns
        while not stop:
            turns += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(other())
    await told(watch, *(((desk.root / f"a{n}/index.ts").as_uri(), CHANGED) for n in range(1000)))
    stop = True
    await busy
    assert turns >= 1000 / watching.AT_ONCE


def test_file_operations_are_offered_to_clients_that_declare_them() -> None:
    assert server_capabilities(types.ClientCapabilities()).workspace is not None
    none = server_capabilities(types.ClientCapabilities()).workspace
    assert none is not None and none.file_operations is None
    declared = types.FileOperationClientCapabilities(did_rename=True)
    client = types.ClientCapabilities(workspace=types.WorkspaceClientCapabilities(file_operations=declared))
    offered = server_capabilities(client).workspace
    assert offered is not None and offered.file_operations is not None
    assert offered.file_operations.did_rename is not None and offered.file_operations.did_delete is None
