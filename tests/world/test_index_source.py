"""The files of a workspace for its index: a single path is judged as a scan of all would judge it."""

import os
from pathlib import Path

import pytest

from signoff.world.ignore import LARGEST
from signoff.world.index_source import DiskSource
from support.git_repository import git, put, repository

TREE = {
    "kept.py": "kept\n",
    "notes/readme.md": "notes\n",
    "tracked.log": "tracked although ignored\n",
    "hidden/tracked.py": "tracked, and hidden by .signoffignore\n",
    "deep/build/tracked.py": "tracked in an ignored folder\n",
    "deep/er/own.tmp": "ignored by the folder's own rules\n",
    "deep/er/kept.tmp": "\n",
    ".env": "SECRET=1\n",
    "keys/server.pem": "secret\n",
    "node_modules/lib/index.js": "\n",
    "image.png": "\n",
}
LATER = {
    "fresh.py": "untracked\n",
    "other.log": "ignored\n",
    "deep/build/new.py": "ignored\n",
    "inner/of_another.py": "in another repository\n",
    ".gitignore": "*.log\nbuild/\n",
    ".signoffignore": "hidden/\n",
    "deep/er/.gitignore": "*.tmp\n!kept.tmp\n",
}


def all_paths(root: Path) -> list[str]:
    """Every path that is there, and some that are not."""
    there = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    return [*there, "gone.py", "kept.py/below", "../outside.py", "/etc/hosts", "", ".", "a\0b", "é\udcff.py"]


def test_one_path_is_judged_as_by_a_scan(tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", TREE)
    put(root, LATER)
    git(root / "inner", "init", "-q")
    (root / "link.py").symlink_to("kept.py")
    (root / "around").symlink_to(".")
    os.mkfifo(root / "pipe.py")
    (root / "large.py").write_bytes(b"x" * (LARGEST + 1))
    source = DiskSource(root, trusted=True)
    scanned = {entry.path for folder in source.scan() for entry in folder}
    assert {"kept.py", "fresh.py", "tracked.log", "deep/build/tracked.py", "deep/er/kept.tmp"} <= scanned
    assert scanned.isdisjoint({".env", "hidden/tracked.py", "other.log", "link.py", "inner/of_another.py"})
    assert "large.py" in scanned
    assert set(source.wanted(all_paths(root))) == scanned
    assert source.allowed(["not/there/yet.py", "not/there/.env", "hidden/new.py"]) == ["not/there/yet.py"]
    source.close()


def test_without_a_repository_the_ignore_files_count(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": "", "b.log": "", ".gitignore": "*.log\n"})
    source = DiskSource(tmp_path, trusted=False)
    assert source.wanted(["a.py", "b.log"]) == ["a.py"]
    source.close()


def test_a_file_is_read_with_its_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"text\n")
    os.utime(tmp_path / "a.py", (5, 5))
    (tmp_path / "large.bin").write_bytes(b"x" * (3 * LARGEST))
    source = DiskSource(tmp_path, trusted=False)
    assert source.read("a.py") == (b"text\n", 5, 5_000_000_000)
    large = source.read("large.bin")
    assert large is not None and (large.data, large.size) == (b"", 3 * LARGEST)
    source.close()


@pytest.mark.parametrize(
    "path", ["link.py", "folder", "pipe", "gone.py", "../a.py", "around/a.py", "/etc/hosts", "", "\0"]
)
def test_what_is_no_file_of_the_folder_is_not_read(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "a.py").write_text("outside\n")
    (root / "a.py").write_text("inside\n")
    (root / "link.py").symlink_to("a.py")
    (root / "around").symlink_to(".")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    source = DiskSource(root, trusted=False)
    assert source.read(path) is None
    source.close()


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    source = DiskSource(tmp_path / "gone", trusted=False)
    assert list(source.scan()) == []
    assert list(source.words) == [], "that it is gone is told where it matters"
    assert source.read("a.py") is None
    assert source.wanted(["a.py"]) == []
    source.close()


def test_a_folder_that_was_replaced_is_read_after_the_next_scan(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root, {"a.py": "old\n"})
    source = DiskSource(root, trusted=False)
    assert source.read("a.py")
    root.rename(tmp_path / "away")
    put(root, {"a.py": "new one\n"})
    list(source.scan())
    content = source.read("a.py")
    assert content is not None and content.data == b"new one\n"
    source.close()
