"""What stands in a file's place while its hunks wait: bytes that are no text, a folder, nothing at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.test_transaction import BODY, edits, proposing, started
from endpoint.server import Endpoint
from support.editor_client import editor
from support.folders_client import CHANGED, DELETED, FoldersClient

pytestmark = pytest.mark.e2e

ONE = proposing(edits("deep/a.txt", ("line 3\n", "line three\n")))


def binary(file: Path) -> None:
    file.write_bytes(b"\x00\x01\xff" * 50)


def latin(file: Path) -> None:
    file.write_bytes(BODY.replace("line 9", "l\xefne 9").encode("latin-1"))


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def no_folder(file: Path) -> None:
    shutil.rmtree(file.parent)


@pytest.mark.parametrize("become", [binary, latin, folder, no_folder])
@pytest.mark.parametrize("open_", [True, False], ids=["open", "not open"])
async def test_a_file_that_is_replaced_is_left_alone(
    tmp_path: Path, become: Callable[[Path], None], open_: bool
) -> None:
    file = tmp_path / "w/deep/a.txt"
    file.parent.mkdir(parents=True)
    file.write_text(BODY)
    async with (
        Endpoint(ONE) as endpoint,
        editor(tmp_path / "w", tmp_path / "state", endpoint.base_url, made=FoldersClient) as client,
    ):
        uri = client.uri("deep/a.txt")
        if open_:
            client.open("deep/a.txt")
            client.insert(uri, 0, 0, "unsaved\n")
        session, (hunk,) = await started(client, hunks=1)
        become(file)
        left = file.read_bytes() if file.is_file() else None
        client.report((uri, CHANGED if file.exists() else DELETED))
        if open_:
            # The buffer is what the user sees: the hunk fits there, and saving is the user's word.
            await client.settled()
            await client.command("approveHunk", hunk=hunk["id"], rev=1)
            await client.until(session, lambda v: v["hunks"][0]["status"] == "applied")
            assert client.text(uri) == "unsaved\n" + BODY.replace("line 3\n", "line three\n")
        else:
            view = await client.until(session, lambda v: v["hunks"][0]["status"] == "stale")
            wanted = "The file is gone, or can't be read as text. Bring it back, or reject the hunk."
            assert view["hunks"][0]["note"] == wanted
            assert (await client.command("approveHunk", hunk=hunk["id"], rev=1))["status"] == "stale"
        assert (file.read_bytes() if file.is_file() else None) == left
