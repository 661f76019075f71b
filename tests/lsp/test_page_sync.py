"""One session document in an editor that behaves in every way: late, never, refusing, and under a typing user."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from signoff.core.files import FileProblem
from signoff.core.hunks import Hunk, HunkStatus
from signoff.core.page import Rendering, render
from signoff.core.plan import Plan, Step
from signoff.core.state import Said, State
from signoff.core.text import Edit, apply, digest
from signoff.lsp import page_sync
from signoff.lsp.page_sync import PageSync
from signoff.world.files import WorkspaceFiles
from support.page_states import SESSION, line_of

URI = "file:///w/page.md"
STATE = State(SESSION, 1, "Do it", workspace="file:///w", model="first", finished=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"DEBOUNCE": 0.0, "REST": 0.05, "WRITE": 0.0, "CONFIRM": 0.1}.items():
        monkeypatch.setattr(page_sync, f"{name}_SECONDS", seconds)


@dataclass
class Buffer:
    """An editor with the document open. `answer` does what an editor does with an edit, and says what it says."""

    page: PageSync = field(init=False)
    held: str | None = None
    sent: list[Sequence[Edit]] = field(default_factory=list[Sequence[Edit]])
    answer: Callable[[Sequence[Edit]], str | None] = lambda edits: None

    def text(self, uri: str) -> str | None:
        return self.held

    def change(self, *edits: Edit) -> None:
        """Successive edits, as one change."""
        for edit in edits:
            self.held = apply(self.held or "", [edit])
        self.page.changed(edits)

    def type(self, words: str) -> None:
        end = len(self.held or "")
        self.change(Edit(end, end, words))

    def honest(self, edits: Sequence[Edit]) -> str | None:
        self.change(*reversed(edits))

    def apply(self, label: str, edits: Mapping[str, Sequence[Edit]]) -> Coroutine[Any, Any, str | None]:
        """Edits count for the text as it is when they are asked for, as with versions."""
        return self.answered(edits[URI], self.held)

    async def answered(self, edits: Sequence[Edit], text: str | None) -> str | None:
        self.sent.append(edits)
        return self.answer(edits) if text == self.held else "the document changed"


@pytest.fixture
async def scene(tmp_path: Path) -> Buffer:
    """The document, open with the text that the session had first."""
    buffer = Buffer()
    buffer.page = PageSync(URI, "page.md", WorkspaceFiles(tmp_path), buffer, STATE, rendered)
    assert await buffer.page.write_file() is None
    buffer.held = (tmp_path / "page.md").read_text()
    buffer.answer = buffer.honest
    buffer.page.opened()
    await asyncio.sleep(0.02)
    assert buffer.sent == []
    return buffer


def rendered(state: State) -> Rendering:
    return render(state, line_of)


def model(name: str) -> State:
    return replace(STATE, model=name)


async def until(wanted: Callable[[], bool]) -> None:
    for _ in range(500):
        if wanted():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_the_buffer_follows_the_session(scene: Buffer) -> None:
    scene.page.session_changed(model("second"))
    await until(lambda: scene.held == rendered(model("second")).text)
    assert [edit.text for edit in scene.sent[0]] == ["second"]


async def test_it_waits_until_the_user_rests(scene: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_sync, "REST_SECONDS", 2.0)
    scene.page.session_changed(model("second"))
    for letter in "words":
        scene.type(letter)
        await asyncio.sleep(0.02)
    assert scene.sent == []
    await until(lambda: scene.held == rendered(model("second")).text + "words")


async def test_typing_while_the_edit_is_on_its_way_moves_it(scene: Buffer) -> None:
    late: list[Edit] = []

    def typed_first(edits: Sequence[Edit]) -> None:
        scene.change(Edit(0, 0, "<"))
        scene.type("words")
        late.extend(replace(edit, start=edit.start + 1, end=edit.end + 1) for edit in edits)

    scene.answer = typed_first
    scene.page.session_changed(model("second"))
    await until(lambda: bool(late))
    scene.answer = scene.honest
    scene.change(*late)
    assert scene.page.shown == rendered(model("second"))
    scene.page.session_changed(model("third"))
    await until(lambda: scene.held == "<" + rendered(model("third")).text + "words")


async def test_a_dropped_edit_is_not_sent_again_until_the_session_changes(scene: Buffer) -> None:
    scene.answer = lambda edits: None
    scene.page.session_changed(model("second"))
    await until(lambda: len(scene.sent) == 1)
    await asyncio.sleep(0.3)
    scene.type("words")
    await asyncio.sleep(0.2)
    assert len(scene.sent) == 1 and scene.page.shown == rendered(STATE)
    scene.answer = scene.honest
    scene.page.session_changed(model("third"))
    await until(lambda: scene.held == rendered(model("third")).text + "words")


async def test_an_edit_that_comes_after_it_was_given_up_is_not_taken_for_the_users(scene: Buffer) -> None:
    scene.answer = lambda edits: None
    scene.page.session_changed(model("second"))
    await asyncio.sleep(0.3)
    scene.honest(scene.sent[0])
    scene.answer = scene.honest
    scene.page.session_changed(model("third"))
    await until(lambda: scene.held == rendered(model("third")).text)


async def test_an_update_that_the_user_takes_back_is_not_taken_for_their_words(scene: Buffer) -> None:
    first = scene.held or ""
    scene.page.session_changed(model("second"))
    await until(lambda: scene.held == rendered(model("second")).text)
    scene.change(Edit(0, len(scene.held or ""), first))
    scene.page.session_changed(replace(model("third"), goal="Do it well"))
    await until(lambda: scene.held == rendered(replace(model("third"), goal="Do it well")).text)


async def test_a_refused_edit_is_sent_again_when_the_text_is_another(scene: Buffer) -> None:
    scene.answer = lambda edits: "the document changed"
    scene.page.session_changed(model("second"))
    await asyncio.sleep(0.2)
    assert len(scene.sent) == 1
    scene.answer = scene.honest
    scene.type("words")
    await until(lambda: scene.held == rendered(model("second")).text + "words")


async def test_only_one_edit_is_on_its_way(scene: Buffer) -> None:
    scene.answer = lambda edits: None
    for name in ("second", "third", "fourth"):
        scene.page.session_changed(model(name))
        await asyncio.sleep(0.01)
    assert len(scene.sent) == 1
    scene.answer = scene.honest
    scene.honest(scene.sent[0])
    await until(lambda: scene.held == rendered(model("fourth")).text)
    assert len(scene.sent) == 2


async def test_taken_words_leave_the_reply(scene: Buffer) -> None:
    scene.type("Yes.")
    scene.page.session_changed(replace(STATE, said=(Said("user", "Yes.", 0),)))
    await until(lambda: (scene.held or "").endswith("_\n\n"))


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "not saved"])
async def test_a_closed_document_goes_on_as_a_file(scene: Buffer, tmp_path: Path, saved: bool) -> None:
    scene.page.session_changed(model("second"))
    await until(lambda: scene.held == rendered(model("second")).text)
    scene.type("words")
    if saved:
        (tmp_path / "page.md").write_text(scene.held or "")
    scene.held = None
    scene.page.closed()
    words = "words" if saved else ""
    await until(lambda: (tmp_path / "page.md").read_text() == rendered(model("second")).text + words)
    (tmp_path / "page.md").write_text(rendered(model("second")).text + "by hand")
    scene.page.session_changed(model("third"))
    await until(lambda: (tmp_path / "page.md").read_text() == rendered(model("third")).text + "by hand")


async def test_a_document_reopened_from_an_older_file_is_known(scene: Buffer, tmp_path: Path) -> None:
    scene.page.session_changed(model("second"))
    await until(lambda: scene.held == rendered(model("second")).text)
    scene.held = None
    scene.page.closed()
    scene.held = (tmp_path / "page.md").read_text()
    scene.page.opened()
    await until(lambda: scene.held == rendered(model("second")).text)


async def test_a_file_that_is_gone_stays_gone(scene: Buffer, tmp_path: Path) -> None:
    scene.held = None
    scene.page.closed()
    (tmp_path / "page.md").unlink()
    scene.page.session_changed(model("second"))
    await asyncio.sleep(0.1)
    assert not (tmp_path / "page.md").exists()


async def test_a_file_that_became_a_link_is_left_alone(scene: Buffer, tmp_path: Path) -> None:
    scene.held = None
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "page.md").unlink()
    (tmp_path / "page.md").symlink_to(tmp_path / "elsewhere")
    scene.page.closed()
    scene.page.session_changed(model("second"))
    await asyncio.sleep(0.1)
    assert (tmp_path / "elsewhere").read_text() == "mine"


class Held(WorkspaceFiles):
    """A disk whose writings end when they are let go, each before or after the file is there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.early, self.late = threading.Event(), threading.Event()
        self.early.set()
        self.late.set()
        self.threads: list[int] = []
        self.written: list[str] = []

    def write(self, path: str, text: str, expected: str | None) -> FileProblem | None:
        self.threads.append(threading.get_ident())
        assert self.early.wait(10)
        problem = super().write(path, text, expected)
        self.written.append(text)
        assert self.late.wait(10)
        return problem


@pytest.fixture
async def disk(tmp_path: Path) -> tuple[Buffer, Held]:
    """The document as a file, on a disk that is slow when a test says so."""
    buffer, files = Buffer(), Held(tmp_path)
    buffer.answer = buffer.honest
    buffer.page = PageSync(URI, "page.md", files, buffer, STATE, rendered)
    assert await buffer.page.write_file() is None
    return buffer, files


async def test_a_slow_disk_is_waited_for_in_a_thread_and_the_last_text_stays(disk: tuple[Buffer, Held]) -> None:
    scene, files = disk
    files.early.clear()
    scene.page.session_changed(model("second"))
    await until(lambda: len(files.threads) == 3)
    for name in ("third", "fourth"):
        scene.page.session_changed(model(name))
        await asyncio.sleep(0.02)
    assert len(files.threads) == 3, "one writing at a time"
    files.early.set()
    await until(lambda: files.written[-1] == rendered(model("fourth")).text)
    assert threading.get_ident() not in files.threads


async def test_what_was_to_be_written_is_written_when_the_server_ends(
    disk: tuple[Buffer, Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, files = disk
    monkeypatch.setattr(page_sync, "WRITE_SECONDS", 100.0)
    scene.page.session_changed(model("second"))
    await asyncio.sleep(0.02)
    await scene.page.close()
    assert files.read("page.md") == rendered(model("second")).text
    scene.page.session_changed(model("third"))
    files.delete("page.md", digest(rendered(model("second")).text))
    await scene.page.close()
    assert not files.exists("page.md"), "a file that is gone stays gone"


@pytest.mark.parametrize("new", [True, False], ids=["with the new text", "with the old text"])
async def test_a_document_that_is_opened_while_its_file_is_written(disk: tuple[Buffer, Held], new: bool) -> None:
    scene, files = disk
    held = files.late if new else files.early
    held.clear()
    scene.page.session_changed(model("second"))
    await until(lambda: len(files.threads) == 3 and (not new or len(files.written) == 3))
    scene.held = rendered(model("second") if new else STATE).text
    scene.page.opened()
    held.set()
    await until(lambda: scene.held == rendered(model("second")).text)
    scene.type("words")
    scene.page.session_changed(model("third"))
    await until(lambda: scene.held == rendered(model("third")).text + "words")


class Moody(Buffer):
    """An editor that is honest, drops, refuses, comes late, brings parts one by one, or lets the user type first."""

    random: Random
    typed: list[str]

    def token(self) -> None:
        """The user types a word anywhere, but not inside another one."""
        text = self.held or ""
        at = self.random.randint(0, len(text))
        inside = next((m for m in re.finditer(r"qz\d+zq", text) if m.start() < at < m.end()), None)
        word = f"qz{len(self.typed)}zq"
        self.typed.append(word)
        at = inside.end() if inside else at
        self.change(Edit(at, at, self.random.choice(["{}", "{}\n", "\n- {}\n", " {} "]).format(word)))

    def mood(self, edits: Sequence[Edit]) -> str | None:
        kind = self.random.choice(["honest", "honest", "one by one", "whole", "drop", "refuse", "late", "typing"])
        before = self.held or ""
        if kind == "refuse":
            return "not now"
        if kind == "one by one":
            for edit in reversed(edits):
                self.change(edit)
        if kind == "whole":
            self.change(Edit(0, len(before), apply(before, edits)))
        if kind == "typing":
            self.token()
            return "the document changed"
        if kind == "late":
            seconds = self.random.choice([0.0, 0.002, 0.05])
            asyncio.get_running_loop().call_later(seconds, self.late, edits, before)
        return self.honest(edits) if kind == "honest" else None

    def late(self, edits: Sequence[Edit], before: str) -> None:
        if self.held == before:
            self.honest(edits)


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_the_editor_does_no_word_of_the_user_is_lost(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"DEBOUNCE": 0.0, "REST": 0.001, "CONFIRM": 0.01}.items():
        monkeypatch.setattr(page_sync, f"{name}_SECONDS", seconds)
    scene = Moody()
    scene.random, scene.typed = Random(seed), []
    plan = Plan(f"{SESSION}.p1", (Step("s1", "Read it"), Step("s2", "Change it")), "proposed")
    hunk = Hunk(f"{SESSION}.h1", 1, "r", "file:///w/a.py", "update", 0, "one\n", "1\n")
    state = replace(STATE, finished=False, plan=plan, hunks={hunk.id: hunk})
    scene.page = PageSync(URI, "page.md", WorkspaceFiles(tmp_path), scene, state, rendered)
    assert await scene.page.write_file() is None
    scene.held, scene.answer = (tmp_path / "page.md").read_text(), scene.mood
    scene.page.opened()
    for step in range(30):
        if scene.random.random() < 0.4:
            scene.token()
        else:
            other = replace(plan, id=f"{SESSION}.p{scene.random.randint(1, 3)}")
            status: HunkStatus = scene.random.choice(["pending", "applied", "rejected"])
            changed = {hunk.id: replace(hunk, rev=scene.random.randint(1, 2), status=status)}
            state = replace(state, model=f"m{step}", hunks=changed, plan=scene.random.choice([plan, other, None]))
            scene.page.session_changed(state)
        await asyncio.sleep(scene.random.choice([0.0, 0.003, 0.02]))
        assert [word for word in scene.typed if word not in (scene.held or "")] == []
    scene.answer = scene.honest
    await asyncio.sleep(0.1)
    scene.page.session_changed(replace(state, model="the last"))
    await until(lambda: "the last" in (scene.held or ""))
    assert [word for word in scene.typed if word not in (scene.held or "")] == []
