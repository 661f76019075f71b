"""All session documents of one client: which of them are followed, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from lsprotocol import types

from lsp.test_rpc import connected
from signoff.core.state import State
from signoff.lsp.desk import Desk, Services
from signoff.lsp.editor import LspEditor
from signoff.lsp.spelling import Spelling
from support.house import House, Script


async def test_what_is_known_of_a_session_goes_with_it_and_its_document(tmp_path: Path) -> None:
    server, _collected = connected()
    editor = LspEditor(server, Spelling())
    editor.spelling.open_folders([tmp_path.as_uri()])
    desk = Desk(server, editor, cast("Services", None))
    server.observers += [desk.buffers, desk.pages]
    house = House(tmp_path, Script([]))
    desk.manager = house.manager

    def followed() -> tuple[int, int]:
        pages, sheets = cast("Any", desk.pages)._pages, cast("Any", desk.display)._sheets
        return len(pages), len(sheets._known)

    async def left() -> list[State]:
        states = await house.manager.leave_workspace(house.uri)
        for state in states:
            desk.left(state)
        return states

    for _ in range(3):
        session = await house.start("Do it")
        desk.published(await house.until(session, lambda s: s.finished))
    assert followed() == (3, 3)
    assert len(await left()) == 3 and followed() == (0, 0)
    # A document that is open is followed until it is closed, whoever has its session.
    session = await house.start("Do it")
    desk.published(await house.until(session, lambda s: s.finished))
    await desk.pages.open(session)
    path = tmp_path / f".signoff/sessions/{session}.md"
    server.document_opened(types.TextDocumentItem(path.as_uri(), "markdown", 0, path.read_text()))
    await left()
    assert followed() == (1, 0)
    server.document_closed(path.as_uri())
    assert followed() == (0, 0)
    await desk.pages.close()
    await house.manager.close()
