"""Editors that lie: whatever a client says and does with an edit, its text is the user's words plus the approved hunks.

Each test plays one behaviour in many sessions at the same time, under a server that the tests of this module share:
no behaviour may disturb what comes after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from endpoint.server import Endpoint
from support.editor_client import editor
from support.liars import (
    Behaviour,
    LyingClient,
    answer,
    close,
    compared,
    emptied,
    emptied_first,
    fail,
    lines,
    make,
    make_if_current,
    make_with_other_line_ends,
    neighbours,
    one_by_one,
    one_range,
    pieces,
    pieces_at_once,
    reopen,
    save,
    shifted,
    take_back,
    tell,
    tell_of_another_document,
    top_down,
    types,
    wait,
    whole,
)
from support.lying_scene import EVERY, FEW, FILES, FOLDERS, PROPOSING, Plot, Scene, cross, play_all

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


class Editors:
    """One editor that declares versioned edits and one that does not, each with a server; made when first asked for."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._clients: dict[bool, LyingClient] = {}
        self._logs: list[Path] = []

    async def client(self, versioned: bool) -> LyingClient:
        """The editor; a fresh one when the server of the earlier one is gone."""
        known = self._clients.get(versioned)
        if known is None or known.process.returncode is not None:
            folder = self._folder / f"{'versions' if versioned else 'none'} {len(list(self._folder.iterdir()))}"
            (folder / "workspace").mkdir(parents=True)
            endpoint = await self._stack.enter_async_context(Endpoint(PROPOSING))
            places = folder / "workspace", folder / "state"
            # It may say that a document is not open that was never opened; nothing else.
            # Some hundred folders are opened at a time, which no user does: none of them is indexed.
            opened = editor(
                *places,
                endpoint.base_url,
                versioned=versioned,
                made=LyingClient,
                quiet=False,
                contextSources=["buffers"],
            )
            self._clients[versioned] = await self._stack.enter_async_context(opened)
            self._logs.append(self._clients[versioned].log)
        return self._clients[versioned]

    def check_logs(self) -> None:
        """No server complained of itself."""
        said = [line for log in self._logs for line in log.read_text().splitlines()]
        worse = [line for line in said if "changed a document that is not open" not in line]
        assert not worse, "\n".join(worse[:60])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editors]:
    async with AsyncExitStack() as stack:
        made = Editors(tmp_path_factory.mktemp("editors"), stack)
        yield made
    made.check_logs()


def groups(behaviours: Sequence[Behaviour], size: int = 6) -> list[Any]:
    """A few behaviours for each test: more sessions at a time would only wait for each other."""
    cut = [behaviours[at : at + size] for at in range(0, len(behaviours), size)]
    return [pytest.param(some, id=f"{some[0].name} ... {some[-1].name}".replace(" ", "-")) for some in cut]


YES = answer()
NO = answer({"applied": False})

HONEST_IN_OTHER_WORDS = [
    Behaviour("honest", (make_if_current,)),
    Behaviour("changes late", (make, YES, wait(0.5), tell())),
    Behaviour("makes the edit late", (YES, wait(0.5), make, tell())),
    Behaviour("answers late", (make, tell(), wait(0.5), YES)),
    Behaviour("answers before it changes", (YES, make, tell())),
    Behaviour("never answers and makes the edit", (make, tell())),
    Behaviour("answers twice", (make, tell(), YES, NO)),
    Behaviour("one message for each change", (make, tell(one_by_one), YES)),
    Behaviour("whole document", (make, tell(whole), YES)),
    Behaviour("empties and fills", (make, tell(emptied), YES)),
    Behaviour("empties in one message and fills in the next", (make, tell(emptied_first), YES)),
    Behaviour("one range", (make, tell(one_range), YES)),
    Behaviour("whole lines", (make, tell(lines), YES)),
    Behaviour("neighbouring lines", (make, tell(neighbours), YES)),
    Behaviour("from the top", (make, tell(top_down), YES)),
    Behaviour("in pieces", (make, tell(pieces), YES)),
    Behaviour("in pieces at once", (make, tell(pieces_at_once), YES)),
    Behaviour("insertions shifted", (make, tell(shifted), YES)),
    Behaviour("its own comparison", (make, tell(compared), YES)),
    Behaviour("versions jump", (make, tell(jump=1000), YES)),
    Behaviour("versions stand still", (make, tell(jump=0), YES)),
    Behaviour("versions run backwards", (make, tell(jump=-5), YES)),
    Behaviour("speaks of another document", (tell_of_another_document, make, tell(), YES)),
]


@pytest.mark.parametrize("behaviours", groups(HONEST_IN_OTHER_WORDS, 2))
async def test_an_edit_is_recognised_in_any_shape(editors: Editors, behaviours: Sequence[Behaviour]) -> None:
    await play_all(await editors.client(True), cross(behaviours, EVERY))


@pytest.mark.parametrize("behaviours", groups(HONEST_IN_OTHER_WORDS))
async def test_an_edit_without_a_version_is_recognised(editors: Editors, behaviours: Sequence[Behaviour]) -> None:
    await play_all(await editors.client(False), cross(behaviours, FEW))


REFUSING = [
    Behaviour("refuses", (NO,), "kept"),
    Behaviour("refuses and says why", (answer({"applied": False, "failureReason": "read-only"}),), "kept"),
    Behaviour("an error", (fail(),), "kept"),
    Behaviour("does not know the method", (fail(-32601, "no such method"),), "kept"),
    Behaviour("an empty object", (answer({}),), "kept"),
    Behaviour("null", (answer(None),), "kept"),
    Behaviour("a list", (answer([]),), "kept"),
    Behaviour("a word", (answer("yes"),), "kept"),
    Behaviour("refuses and makes the edit", (make, tell(), NO)),
    Behaviour("refuses and makes the edit later", (NO, wait(0.3), make, tell())),
    Behaviour("an error and makes the edit", (make, tell(), fail())),
    Behaviour("an empty object and makes the edit", (make, answer({}), tell())),
    Behaviour("null and makes the edit", (make, answer(None), tell())),
]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
@pytest.mark.parametrize("behaviours", groups(REFUSING))
async def test_a_refusal_is_told_and_only_text_is_believed(
    editors: Editors, behaviours: Sequence[Behaviour], versioned: bool
) -> None:
    await play_all(await editors.client(versioned), cross(behaviours, FEW))


TYPING = [
    Behaviour(f"types at the {where}{' a line' * line} {when}", steps)
    for where in ("top", "before", "after", "end")
    for line in (True, False)
    for when, steps in {
        "and tells both as made": (make, types(where, line), tell(), YES),
        "and tells both as one range": (make, types(where, line), tell(one_range), YES),
        "and tells the whole document": (make, types(where, line), tell(whole), YES),
        "and tells its own comparison": (make, types(where, line), tell(compared), YES),
        "after the edit": (make, tell(), types(where, line), tell(), YES),
        "after the edit, one by one": (make, types(where, line), tell(one_by_one), YES),
    }.items()
]


@pytest.mark.parametrize("behaviours", groups(TYPING))
async def test_what_the_user_types_meanwhile_stays(editors: Editors, behaviours: Sequence[Behaviour]) -> None:
    await play_all(await editors.client(True), cross(behaviours, FEW))


UNDERNEATH = [
    Behaviour("types inside afterwards", (make, tell(), types("inside"), tell(), YES), "any", loose=True),
    Behaviour("types inside after the answer", (make, tell(), YES, types("inside"), tell()), "any", loose=True),
    Behaviour("types inside before the edit", (types("inside"), tell(), NO), "any", loose=True),
    Behaviour("types above before the edit", (types("top", True), tell(), NO), "kept"),
    Behaviour("types below, then makes it", (types("end", True), make, tell(), YES)),
    Behaviour("types below and tells, then makes it", (types("end", True), tell(), make, tell(), YES)),
    Behaviour("undoes at once", (make, tell(), YES, take_back, tell()), "back"),
    Behaviour("undoes before it answers", (make, tell(), take_back, tell(), NO), "back"),
    Behaviour("undoes at once, one message for each change", (make, take_back, tell(one_by_one), YES), "back"),
    Behaviour("undoes with the whole document", (make, tell(whole), YES, take_back, tell(whole)), "back"),
    Behaviour("undoes by emptying and filling", (make, tell(), YES, take_back, tell(emptied)), "back"),
    Behaviour("undoes by emptying, then filling", (make, tell(), YES, take_back, tell(emptied_first)), "back"),
    Behaviour("undoes by emptying, refuses", (make, tell(), take_back, tell(emptied_first), NO), "back"),
    Behaviour(
        "undoes and redoes by emptying, then filling",
        (make, tell(), YES, take_back, tell(emptied_first), make, tell(emptied_first)),
    ),
    Behaviour("undoes and redoes", (make, tell(), YES, take_back, tell(), make, tell())),
    Behaviour("undoes and redoes at once", (make, take_back, make, tell(), YES)),
]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
@pytest.mark.parametrize("behaviours", groups(UNDERNEATH))
async def test_the_text_changes_under_the_edit(
    editors: Editors, behaviours: Sequence[Behaviour], versioned: bool
) -> None:
    await play_all(await editors.client(versioned), cross(behaviours, FEW))


async def test_an_edit_of_an_older_text_is_refused_where_versions_are_declared(editors: Editors) -> None:
    before = [
        Behaviour("types above", (types("top", True), make_if_current, tell()), "kept"),
        Behaviour("types inside", (types("inside"), make_if_current, tell()), "any", loose=True),
        Behaviour("types below", (types("end"), make_if_current, tell(whole)), "kept"),
    ]
    await play_all(await editors.client(True), cross(before, FEW))


MISPLACED = [Plot(operation, path, hunk) for operation in ("one", "undo one") for path in FILES for hunk in range(3)]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
async def test_an_edit_one_line_off_is_not_believed(editors: Editors, versioned: bool) -> None:
    client = await editors.client(versioned)
    await asyncio.gather(*(_one_line_off(client, plot) for plot in MISPLACED))


async def _one_line_off(client: LyingClient, plot: Plot) -> None:
    """The editor makes the edit at the lines that it names, above which the user typed a line; then that is undone."""
    scene = await Scene(client, client.workspace / f"folder {next(FOLDERS)}").begin()
    if plot.undoes:
        await scene.ask(plot, False)
        await scene.settled()
    uri = scene.uri(plot.document)
    client.behaviours[uri] = Behaviour("one line off", (types("top", True), make, tell(), YES))
    await scene.ask(plot, plot.undoes)
    await scene.until(scene.under_way, patience=15)
    (hunk,) = (hunk for hunk in scene.view()["hunks"] if hunk["id"] in scene.hunks(plot))
    assert hunk["status"] in (("applied",) if plot.undoes else ("pending", "stale")) and hunk["note"], f"{plot}: {hunk}"
    del client.behaviours[uri]
    asked = next(asked for asked in reversed(client.requests) if asked.uri == uri)
    await take_back(asked)
    client.tell(uri)
    await scene.settled()
    await scene.used_on()
    client.on_view.remove(scene._look)


CLOSING = [
    Behaviour("closes and says no", (close, NO), "any"),
    Behaviour("makes, tells, closes, answers", (make, tell(), close, YES), "any"),
    Behaviour("makes, tells, answers, closes", (make, tell(), YES, close), "any"),
    Behaviour("makes, tells, saves, closes, answers", (make, tell(), save, close, YES)),
    Behaviour("makes, saves, closes, answers", (make, save, close, YES)),
    Behaviour("closes, opens, refuses", (close, reopen, NO), "any"),
    Behaviour("makes, tells, closes, opens, answers", (make, tell(), close, reopen, YES), "any"),
    Behaviour("makes, tells, saves, closes, opens, answers", (make, tell(), save, close, reopen, YES)),
    Behaviour("makes, saves, closes, opens, answers", (make, save, close, reopen, YES)),
]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
@pytest.mark.parametrize("behaviours", groups(CLOSING))
async def test_a_document_closes_under_the_edit(
    editors: Editors, behaviours: Sequence[Behaviour], versioned: bool
) -> None:
    await play_all(await editors.client(versioned), cross(behaviours, FEW))


OTHER_LINE_ENDS = [
    Behaviour(f"{name} with its own line ends", steps, other_line_ends=True)
    for name, steps in {
        "tells": (make_with_other_line_ends, tell(), YES),
        "tells the whole document": (make_with_other_line_ends, tell(whole), YES),
        "tells whole lines": (make_with_other_line_ends, YES, tell(lines)),
        "tells late": (YES, wait(0.3), make_with_other_line_ends, tell()),
    }.items()
]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
async def test_an_edit_with_other_line_ends_is_recognised(editors: Editors, versioned: bool) -> None:
    await play_all(await editors.client(versioned), cross(OTHER_LINE_ENDS, FEW))


SINGLE = [Plot("one", "two.txt", 1), Plot("undo one", "one.txt", 2), Plot("file"), Plot("undo file", "two.txt")]
SILENT = [
    Behaviour("undoes in the same message", (make, take_back, tell(), YES), "kept"),
    Behaviour("undoes before it tells", (make, YES, take_back, tell()), "kept"),
    Behaviour("undoes in the same message, tells the whole document", (make, take_back, tell(whole), YES), "kept"),
    Behaviour("undoes before it tells, and redoes", (make, YES, take_back, tell(), wait(0.3), make, tell())),
    Behaviour("says yes and drops it", (YES,), "kept"),
    Behaviour("a word for true", (answer({"applied": "yes"}),), "kept"),
    Behaviour("drops it, the user types", (YES, types("top", True), tell(), wait(1), types("end"), tell()), "kept"),
    Behaviour("never answers", (), "kept"),
    Behaviour("closes", (close,), "any"),
    Behaviour("closes and says yes", (close, YES), "any"),
    Behaviour("makes, closes, answers", (make, close, YES), "any"),
    Behaviour("closes, opens, says yes", (close, reopen, YES), "any"),
    Behaviour("makes, closes, opens, answers", (make, close, reopen, YES), "any"),
    Behaviour("never answers, the user types", (types("top", True), tell()), "kept"),
    Behaviour("types inside and tells both as made", (make, types("inside"), tell(), YES), "any", loose=True),
    Behaviour("types inside and tells one range", (make, types("inside"), tell(one_range), YES), "any", loose=True),
    Behaviour("tells after eleven seconds", (make, YES, wait(11), tell())),
    Behaviour("tells the whole document after eleven seconds", (make, YES, wait(11), tell(whole))),
    Behaviour("makes the edit after eleven seconds", (YES, wait(11), make, tell())),
    Behaviour("makes the edit and answers after eleven seconds", (wait(11), make, tell(), YES)),
]


@pytest.mark.parametrize("versioned", [True, False], ids=["documentChanges", "changes"])
async def test_an_edit_that_does_not_show_is_given_up_and_recognised_when_it_does(
    editors: Editors, versioned: bool
) -> None:
    await play_all(await editors.client(versioned), cross(SILENT, SINGLE), patience=15)
