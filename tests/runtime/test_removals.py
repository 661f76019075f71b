"""Names that were taken away and are still used: told once, by a real index process, whoever took them away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import pytest

from signoff.core import commands as c
from signoff.core.fragments import Found, Query
from signoff.core.model import Message, ReplyItem
from signoff.core.state import State
from signoff.runtime.context import ContextOptions
from signoff.world.index_process import IndexProcess
from support.git_repository import git, put, repository
from support.house import House, Script, call

READER = "def parse_line(line):\n    return line.split()\n\n\ndef read(path):\n    return open(path).read()\n"
FILES = {
    "src/reader.py": READER,
    "src/cli.py": "from reader import parse_line\n\nprint(parse_line('a b'))\n",
    "tests/test_reader.py": "from reader import parse_line\n\n\ndef test_it():\n    assert parse_line('a') == ['a']\n",
    "notes.txt": "nothing\n",
}
RENAMED = READER.replace("parse_line", "parse_row")
SAID = "`parse_line` was removed from src/reader.py and is still used in src/cli.py, tests/test_reader.py."
SAYS: list[ReplyItem] = [Message("assistant", "Hm.")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "w", FILES)


@pytest.fixture
async def engine(root: Path, tmp_path: Path) -> AsyncGenerator[IndexProcess]:
    """A process that has indexed the workspace."""
    process = IndexProcess(tmp_path / "cache")
    process.opened(root.as_uri(), trusted=True)
    end = time.monotonic() + 60
    while not (isinstance(found := await process.find(root.as_uri(), Query("parse")), Found) and found.ready == "full"):
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    yield process
    await process.close()


def resting(state: State) -> bool:
    return state.finished or (bool(state.turns) and not state.inbox and not state.open_calls and not state.landings)


async def says(house: House, session: str, words: str) -> str:
    """The user says something; what the model was told is returned."""
    turns = (await house.state(session)).turn
    assert not isinstance(await house.manager.submit(session, c.Reply(words)), c.Refused)
    await house.until(session, lambda s: s.turn > turns and resting(s))
    return heard(house)[-1]


def heard(house: House) -> list[str]:
    """By request, what the model was told that was not in the one before."""
    assert isinstance(house.model, Script)
    requests = [()] + [one.items for one in house.model.requests]
    return [
        "\n".join(one.text for one in after[len(before) :] if isinstance(one, Message) and one.role == "user")
        for before, after in pairwise(requests)
    ]


async def begun(house: House) -> str:
    session = await house.start("Begin")
    await house.until(session, resting)
    return session


async def test_what_files_on_disk_lost_is_told_once(root: Path, engine: IndexProcess) -> None:
    house = House(root, Script([SAYS]), trusted=True, engine=engine)
    session = await begun(house)
    put(root, {"src/reader.py": RENAMED})
    engine.changed(root.as_uri(), ["src/reader.py"])
    house.manager.signals.touched([house.document("src/reader.py")])
    assert SAID in await says(house, session, "Look.")
    [one] = [each for each in (await house.state(session)).gathered[-1].fragments if each.source == "diagnostics"]
    assert (one.path, one.why) == ("src/reader.py", "removed and still used")
    assert "still used" not in await says(house, session, "And now?")
    # Back and away again: nothing that it has not been told.
    for text in (READER, RENAMED):
        put(root, {"src/reader.py": text})
        engine.changed(root.as_uri(), ["src/reader.py"])
        assert "still used" not in await says(house, session, "Again.")
    put(root, {"src/reader.py": RENAMED.replace("def read(", "def load(")})
    assert "still used" not in await says(house, session, "Nobody uses the other one.")
    await house.kill()


async def test_what_a_commit_of_unseen_files_took_away(root: Path, engine: IndexProcess) -> None:
    house = House(root, Script([SAYS]), trusted=True, engine=engine)
    session = await begun(house)
    put(root, {"src/reader.py": RENAMED})
    git(root, "commit", "-qam", "rename")
    engine.changed(root.as_uri(), ["src/reader.py"])
    assert SAID in await says(house, session, "Look.")
    await house.kill()


async def test_typing_and_what_moved(root: Path, engine: IndexProcess) -> None:
    house = House(root, Script([SAYS]), trusted=True, engine=engine)
    uri = house.document("src/reader.py")
    house.editor.documents[uri] = READER
    session = await begun(house)
    house.editor.documents[uri] = RENAMED
    house.editor.documents[house.document("src/rows.py")] = "def parse_line(line):\n    return []\n"
    engine.buffer(root.as_uri(), "src/rows.py", house.editor.documents[house.document("src/rows.py")])
    assert "still used" not in await says(house, session, "It moved.")
    house.editor.documents[uri] = READER
    await says(house, session, "And back.")
    del house.editor.documents[house.document("src/rows.py")]
    engine.buffer(root.as_uri(), "src/rows.py", None)
    house.editor.documents[uri] = RENAMED
    # The index has not heard of the typing yet: what the session sees counts.
    assert SAID in await says(house, session, "Gone.")
    await house.kill()


async def test_the_sessions_own_approved_hunk_but_not_what_its_pending_hunks_mend(
    root: Path, engine: IndexProcess
) -> None:
    first = call(
        0, "edit_file", json.dumps({"path": "src/reader.py", "edits": [{"old": "parse_line", "new": "parse_row"}]})
    )
    edits = [{"old": old, "new": old.replace("line", "row")} for old in ("import parse_line", "print(parse_line")]
    second = call(1, "edit_file", json.dumps({"path": "src/cli.py", "edits": edits}))
    house = House(root, Script([[first, second], SAYS]), trusted=True, engine=engine)
    session = await house.start("Rename it")
    state = await house.until(session, lambda s: len(s.open_hunks) == 3 and resting(s))
    hunks = [h for h in state.open_hunks if h.uri.endswith("reader.py")]
    await house.manager.submit(session, c.ApproveHunks(tuple(c.Shown(h.id, h.rev) for h in hunks)))
    await house.until(session, lambda s: all(s.hunks[h.id].status == "applied" for h in hunks))
    await says(house, session, "And?")
    told = "\n".join(heard(house))
    assert told.count("`parse_line` was removed from src/reader.py and is still used in tests/test_reader.py.") == 1
    await house.kill()


async def test_nothing_is_asked_when_the_source_is_off(root: Path, engine: IndexProcess) -> None:
    house = House(root, Script([SAYS]), trusted=True, engine=engine)
    house.context = ContextOptions(sources=("codebase",))
    session = await begun(house)
    put(root, {"src/reader.py": RENAMED})
    house.manager.signals.touched([house.document("src/reader.py")])
    assert "still used" not in await says(house, session, "Look.")
    await house.kill()
