"""Names of documents and folders, in all the ways in which clients spell them, on real folders and links."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol.types import Diagnostic, Position, PublishDiagnosticsParams, Range

from signoff.lsp.documents import Document
from signoff.lsp.editor import LspEditor
from signoff.lsp.publishing import Publisher
from signoff.lsp.spelling import Spelling, case_insensitive


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`real/src/a.py`, and `link` for `real`."""
    (tmp_path / "real" / "src").mkdir(parents=True)
    (tmp_path / "real" / "src" / "a.py").write_text("a\n")
    (tmp_path / "link").symlink_to("real")
    return tmp_path


@pytest.mark.parametrize(
    "spelled",
    ["real/src/a.py", "link/src/a.py", "link/src/../src/./a.py", "link/src/%61.py", "l%69nk/src/a%2Epy"],
)
def test_every_spelling_of_a_document_is_one(root: Path, spelled: str) -> None:
    spelling = Spelling()
    assert spelling.document(f"{root.as_uri()}/{spelled}") == (root / "real/src/a.py").as_uri()


def test_escapes_are_one(root: Path) -> None:
    spelling = Spelling()
    for one, other in [("%7Ex", "~x"), ("a%3Ab", "a:b"), ("%28x%29", "(x)"), ("a%20b", "a b"), ("%C3%A9", "é")]:
        folder = root.as_uri()
        assert spelling.document(f"{folder}/{one}") == spelling.document(f"{folder}/{other}")
        assert spelling.document(spelling.document(f"{folder}/{one}")) == spelling.document(f"{folder}/{one}")


def test_a_link_to_a_file_keeps_its_name_and_a_link_to_a_folder_does_not(root: Path) -> None:
    (root / "real" / "b.py").symlink_to("src/a.py")
    spelling = Spelling()
    assert spelling.document((root / "link/b.py").as_uri()) == (root / "real/b.py").as_uri()
    assert spelling.folder((root / "link").as_uri()) == (root / "real").as_uri()
    assert spelling.document((root / "link").as_uri()) == (root / "link").as_uri()
    assert spelling.document((root / "link/new/deep.py").as_uri()) == (root / "real/new/deep.py").as_uri()


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/w/a.ipynb#W1",
        "git:/w/a.py?ref",
        "file://[w/a.py",
        "file:///w/a%00b",
        "file:///" + "x/" * 5000,
        "file:///" + "x/" * 500_000,
        "",
        "nonsense",
        "file:///",
    ],
)
def test_names_that_no_file_has_pass_through(uri: str) -> None:
    spelling = Spelling()
    spelling.open_folders(["untitled:folder", "file:///[", uri])
    for found in (spelling.document(uri), spelling.folder(uri), spelling.written(uri)):
        assert isinstance(spelling.spelled(found), str)
    if not uri.startswith("file:"):
        assert spelling.document(uri) == uri


def test_links_without_end_pass_through(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    for number in range(3000):
        (root / f"l{number}").symlink_to(f"l{number + 1}")
    assert Spelling().document((root / "a/x.py").as_uri())
    assert Spelling().document((root / "l0/x.py").as_uri()) == (root / "l0/x.py").as_uri()


def test_an_open_document_keeps_its_name_until_it_closes(root: Path) -> None:
    (root / "other/src").mkdir(parents=True)
    spelling, uri = Spelling(), (root / "link/src/a.py").as_uri()
    spelling.opened(uri)
    (root / "link").unlink()
    (root / "link").symlink_to("other")
    spelling.forget()
    spelling.open_folders([root.as_uri()])
    assert spelling.document(uri) == (root / "real/src/a.py").as_uri()
    spelling.closed(uri)
    assert spelling.document(uri) == (root / "other/src/a.py").as_uri()


def test_a_known_document_is_answered_without_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spelling, uri = Spelling(), (root / "link/src/a.py").as_uri()
    spelling.opened(uri)
    found = spelling.document(uri)

    def asked(*_: Any, **__: Any) -> Any:
        raise AssertionError("the disk was asked")

    for name in ("lstat", "stat", "scandir", "listdir"):
        monkeypatch.setattr(os, name, asked)
    assert spelling.document(uri) == found


# --------------------------------------------------------------------------------------------------------- the way back


def test_the_way_back_is_the_clients_folder_and_the_innermost_one(root: Path) -> None:
    spelling = Spelling()
    spelling.open_folders([(root / "link").as_uri() + "/", (root / "real/src").as_uri(), (root / "real").as_uri()])
    assert spelling.folders == ((root / "real").as_uri(), (root / "real/src").as_uri())
    assert spelling.spelled((root / "real/b c.py").as_uri()) == (root / "link/b c.py").as_uri()
    assert spelling.spelled((root / "real/src/a.py").as_uri()) == (root / "real/src/a.py").as_uri()
    assert spelling.spelled((root / "real").as_uri()) == (root / "link").as_uri() + "/"
    assert spelling.spelled((root / "realistic/a.py").as_uri()) == (root / "realistic/a.py").as_uri()
    assert spelling.holding((root / "real/src/x").as_uri()) == (root / "real/src").as_uri()
    assert spelling.holding((root / "elsewhere").as_uri()) is None


def test_the_clients_escapes_come_back(root: Path) -> None:
    (root / "~a:b").mkdir()
    spelling, folder = Spelling(), f"{root.as_uri()}/%7Ea%3Ab"
    spelling.open_folders([folder])
    inside = spelling.document(f"{folder}/c.py")
    assert inside == f"{root.as_uri()}/~a%3Ab/c.py"
    assert spelling.spelled(inside) == f"{folder}/c.py"


# ----------------------------------------------------------------------------------------------- case-insensitive names


def insensitive_below(root: Path) -> Spelling:
    """As on a disk that takes `a` and `A` for the same name, which Linux's usual ones do not."""
    return Spelling(lambda folder: folder.startswith(root.as_posix()))


def test_the_disks_spelling_counts_where_capitals_do_not(root: Path) -> None:
    (root / "real/src/Éa.py").write_text("")
    spelling = insensitive_below(root)
    assert spelling.document(f"{root.as_uri()}/real/src/A.PY") == (root / "real/src/a.py").as_uri()
    assert spelling.document(f"{root.as_uri()}/REAL/Src/a.py") == (root / "real/src/a.py").as_uri()
    assert spelling.document(f"{root.as_uri()}/real/src/e%CC%81A.py") == (root / "real/src/Éa.py").as_uri()
    assert spelling.document(f"{root.as_uri()}/Real/src/New.py") == (root / "real/src/New.py").as_uri()
    spelling.open_folders([f"{root.as_uri()}/REAL"])
    assert spelling.folders == ((root / "real").as_uri(),)
    assert spelling.spelled((root / "real/src/a.py").as_uri()) == f"{root.as_uri()}/REAL/src/a.py"


def test_capitals_count_elsewhere(root: Path) -> None:
    assert Spelling().document(f"{root.as_uri()}/real/src/A.py") == f"{root.as_uri()}/real/src/A.py"


def test_a_file_that_was_renamed_is_still_found_as_it_was_written(root: Path) -> None:
    os.rename(root / "real/src/a.py", root / "real/src/A.py")
    spelling = insensitive_below(root)
    old = f"{root.as_uri()}/link/src/a.py"
    assert spelling.document(old) == (root / "real/src/A.py").as_uri()
    assert spelling.written(old) == (root / "real/src/a.py").as_uri()


def test_the_probe_on_this_disk(root: Path) -> None:
    assert not case_insensitive((root / "real").as_posix())
    os.link(root / "real/src/a.py", root / "real/src/A.PY")
    assert not case_insensitive((root / "real/src").as_posix()), "two names of one file are two names"
    (root / "empty").mkdir()
    assert not case_insensitive((root / "empty").as_posix())
    assert not case_insensitive((root / "nowhere").as_posix())
    assert not case_insensitive("/")


# ---------------------------------------------------------------------------------------- one file in several documents


class Told:
    """What a server would send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def text_document_publish_diagnostics(self, params: PublishDiagnosticsParams) -> None:
        self.sent.append((params.uri, len(params.diagnostics)))


def opened(editor: LspEditor, uri: str, text: str = "a\n") -> Document:
    document = Document(uri, "text", 0, text)
    editor.opened(document)
    return document


def editing(folders: Sequence[str] = ()) -> tuple[LspEditor, Told, Publisher]:
    told, spelling = Told(), Spelling()
    server: Any = told
    spelling.open_folders(folders)
    editor = LspEditor(server, spelling)
    return editor, told, Publisher(server, editor.names)


def test_the_document_that_changed_last_stands_for_its_file(root: Path) -> None:
    editor, _, _ = editing()
    name = (root / "real/src/a.py").as_uri()
    one = opened(editor, (root / "link/src/a.py").as_uri())
    other = opened(editor, name)
    assert editor.document(name) is one, "opening one does not take the file from the other"
    assert set(editor.names(name)) == {one.uri, other.uri}
    other.change([_whole("b\n")])
    assert editor.touched(other) == name
    assert editor.text(name) == "b\n"
    assert editor.names(name) == (other.uri,), "the other shows another text"
    assert editor.closed(other) == name
    assert editor.text(name) == "a\n"
    editor.closed(one)
    assert editor.document(name) is None


def _whole(text: str) -> Any:
    return type("Change", (), {"text": text, "range": None})()


def test_diagnostics_move_with_the_name_that_a_document_is_open_under(root: Path) -> None:
    editor, told, publisher = editing([(root / "link").as_uri()])
    name, link = (root / "real/src/a.py").as_uri(), (root / "link/src/a.py").as_uri()
    found = [Diagnostic(Range(Position(0, 0), Position(0, 1)), "x")]
    publisher.publish(name, found)
    assert told.sent == [(link, 1)] and publisher.shows(name)
    document = opened(editor, name)
    publisher.publish(name, list(found))
    assert told.sent[1:] == [(link, 0), (name, 1)]
    publisher.publish(name, list(found))
    assert len(told.sent) == 3, "what is shown already is not sent again"
    editor.closed(document)
    publisher.publish(name, [])
    assert told.sent[3:] == [(name, 0)] and not publisher.shows(name)
