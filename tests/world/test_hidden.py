"""Single paths are hidden exactly where a walk with the same ignore files does not find them."""

from pathlib import Path

import pytest

from signoff.world.files import WorkspaceFiles
from support.git_repository import put

RULES = {
    ".gitignore": "*.log\nbuild/\n!keep.log\n",
    ".signoffignore": "private\n/top.txt\n",
    "sub/.gitignore": "!*.log\n",
    "sub/.signoffignore": "\ufeffx.txt\r\n",
}
FILES = [
    "a.txt",
    "a.log",
    "keep.log",
    "build/a.txt",
    "build/deep/b.txt",
    "private/a.txt",
    "sub/private/deep/a.txt",
    "top.txt",
    "sub/top.txt",
    "sub/a.log",
    "sub/x.txt",
    "sub/deep/x.txt",
    "sub/deep/y.txt",
]


@pytest.fixture
def files(tmp_path: Path) -> WorkspaceFiles:
    put(tmp_path, RULES | dict.fromkeys(FILES, "x\n"))
    return WorkspaceFiles(tmp_path)


def test_the_same_files_are_left_out_as_in_a_walk(files: WorkspaceFiles) -> None:
    assert set(FILES) - files.hidden(FILES) == set(files.list()) - RULES.keys()


def test_in_tracked_files_only_the_users_own_rules_count(files: WorkspaceFiles) -> None:
    assert files.hidden(FILES, tracked=True) == {
        "private/a.txt",
        "sub/private/deep/a.txt",
        "top.txt",
        "sub/x.txt",
        "sub/deep/x.txt",
    }


def test_files_that_are_not_there_count_by_their_names(files: WorkspaceFiles) -> None:
    assert files.hidden(["gone/private/z", "gone/z", "z.log"]) == {"gone/private/z", "z.log"}
