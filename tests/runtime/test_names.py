"""A model may name a file in another way than the editor does: it is one file, and its buffer is where edits go."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from signoff.core.commands import ApproveHunks, Shown
from signoff.core.model import ToolCall, ToolResult
from signoff.lsp.spelling import Spelling
from support.house import FakeEditor, House, Script, call

EDITS = {
    "edit_file": '{"path": "%s", "edits": [{"old": "two\\n", "new": "2\\n"}]}',
    "apply_patch": '{"patch": "*** Begin Patch\\n*** Update File: %s\\n@@\\n-two\\n+2\\n*** End Patch"}',
}


@dataclass
class NamingEditor(FakeEditor):
    """Names documents as the real editor adapter does, on a disk where capitals do not count."""

    spelling: Spelling = field(default_factory=lambda: Spelling(lambda folder: "files" in folder))

    def named(self, uri: str) -> str:
        return self.spelling.document(uri)


def begun(root: Path, *calls: ToolCall) -> House:
    folder = root / "files"
    (folder / "src").mkdir(parents=True)
    (folder / "src/a.txt").write_text("one\ntwo\n")
    (folder / "link").symlink_to("src")
    (folder / "out").symlink_to(root)
    (root / "outside.txt").write_text("two\n")
    house = House(folder, Script([calls]), editor=NamingEditor())
    house.editor.documents[house.document("src/a.txt")] = "zero\none\ntwo\n"
    return house


@pytest.mark.parametrize("name", ["src/a.txt", "SRC/A.TXT", "link/a.txt"])
@pytest.mark.parametrize("tool", sorted(EDITS))
async def test_an_edit_lands_in_the_buffer_however_the_model_names_it(tmp_path: Path, tool: str, name: str) -> None:
    house = begun(tmp_path, call(0, tool, EDITS[tool] % name))
    uri = house.document("src/a.txt")
    session = await house.start("Do it")
    state = await house.until(session, lambda s: bool(s.hunks))
    (hunk,) = state.hunks.values()
    assert hunk.uri == uri
    await house.manager.submit(session, ApproveHunks((Shown(hunk.id, hunk.rev),)))
    await house.until(session, lambda s: s.hunks[hunk.id].status == "applied")
    assert house.editor.documents[uri] == "zero\none\n2\n"
    assert (tmp_path / "files/src/a.txt").read_text() == "one\ntwo\n", "nothing is written beside the buffer"
    await house.kill()


OUTSIDE = ["out/outside.txt", "../outside.txt", "/outside.txt", "src/../../outside.txt", ".", ""]


@pytest.mark.parametrize("name", OUTSIDE)
async def test_what_lies_outside_stays_out_of_reach(tmp_path: Path, name: str) -> None:
    read = call(0, "read_file", json.dumps({"path": name}))
    house = begun(tmp_path, read, ToolCall("call_edit", "edit_file", EDITS["edit_file"] % name))
    session = await house.start("Do it")
    model = house.model
    assert isinstance(model, Script)
    state = await house.until(session, lambda s: len(model.requests) >= 2)
    outputs = [item.output for item in model.requests[1].items if isinstance(item, ToolResult)]
    assert len(outputs) == 2 and not any("two" in output for output in outputs)
    assert not state.hunks
    await house.kill()
