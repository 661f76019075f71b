"""The index as git writes it in every form, and what does not look like one."""

from __future__ import annotations

import os
import random
import struct
import subprocess
from pathlib import Path

import pytest

from signoff.world.git_index import Index, read_index
from signoff.world.gitdir import Place, place
from support.git_repository import git, put, repository, settle

FILES = {"a.py": "one\n", "sub/b.py": "b\n", "sub/deep/größe.py": "c\n", "empty": "", ".gitignore": "*.log\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    return repository(tmp_path / "ws", FILES)


def found(root: Path, trusted: bool = False) -> Place:
    where = place(str(root), trusted)
    assert where is not None
    return where


def index(root: Path, trusted: bool = False) -> Index:
    return read_index(found(root, trusted))


def said(root: Path) -> dict[str, tuple[int, str]]:
    """Mode and blob of all tracked regular files, as git says."""
    lines = [line for line in git(root, "ls-files", "-s", "-z").split("\0") if line]
    split = [(line.partition("\t")[2], *line.partition("\t")[0].split()) for line in lines]
    return {path: (int(mode, 8), digest) for path, mode, digest, _ in split if mode.startswith("100")}


def read(root: Path) -> dict[str, tuple[int, str]]:
    return {path: (entry.mode, entry.digest) for path, entry in index(root).entries.items()}


@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize("version", ["2", "4"])
def test_it_is_read_as_git_reads_it(tmp_path: Path, form: str, version: str) -> None:
    texts = {f"folder{n % 7}/{'x' * (n % 200)}{n}.py": f"{n}\n" for n in range(300)}
    ws = repository(tmp_path / "ws", FILES | texts, f"--object-format={form}")
    (ws / "a.py").chmod(0o755)
    (ws / "link").symlink_to("a.py")
    git(ws, "add", "-A")
    git(ws, "update-index", "--index-version", version)
    assert read(ws) == said(ws) and len(read(ws)) == 305 and index(ws).words == ""
    assert list(read(ws)) == sorted(read(ws))


def test_times_and_sizes_tell_what_did_not_change(ws: Path) -> None:
    settle(ws)
    known = index(ws)
    for path, (_, digest) in said(ws).items():
        assert known.digest(path, os.lstat(ws / path)) == digest
        assert known.entries[path].size == (ws / path).stat().st_size
    put(ws, {"a.py": "ONE\n"})
    assert known.digest("a.py", os.lstat(ws / "a.py")) is None, "same size, another time"
    os.utime(ws / "a.py", (1_700_000_000, 1_700_000_000.5))
    assert known.digest("a.py", os.lstat(ws / "a.py")) is None, "the time was put back: that itself has a time"
    assert known.digest("new.py", os.lstat(ws / "sub/b.py")) is None


def test_what_changed_in_the_moment_the_index_was_written_is_not_sure(ws: Path) -> None:
    settle(ws)
    os.utime(ws / ".git/index", ns=(0, os.lstat(ws / "a.py").st_mtime_ns))
    assert index(ws).digest("a.py", os.lstat(ws / "a.py")) is None


def test_intent_to_add_conflicts_and_skipped_files(ws: Path) -> None:
    put(ws, {"planned.py": "not yet\n"})
    git(ws, "add", "-N", "planned.py")
    git(ws, "update-index", "--skip-worktree", "sub/b.py")
    assert index(ws).entries["planned.py"].digest == ""
    assert index(ws).entries["sub/b.py"].digest == said(ws)["sub/b.py"][1]
    assert index(ws).digest("planned.py", os.lstat(ws / "planned.py")) is None
    git(ws, "rm", "-q", "--cached", "planned.py")
    git(ws, "checkout", "-q", "-b", "side")
    put(ws, {"a.py": "side\n"})
    git(ws, "commit", "-qam", "side")
    git(ws, "checkout", "-q", "main")
    put(ws, {"a.py": "main\n"})
    git(ws, "commit", "-qam", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(ws, "merge", "side")
    assert index(ws).entries["a.py"].digest == "" and "sub/b.py" in index(ws).entries


def test_a_sparse_index_names_no_folders(tmp_path: Path) -> None:
    ws = repository(tmp_path / "ws", FILES | {"other/deep/x.py": "x\n"})
    git(ws, "sparse-checkout", "set", "--cone", "--sparse-index", "sub")
    entries = index(ws).entries
    assert set(entries) == set(FILES) and index(ws).words == ""


def test_a_split_index_is_refused_in_words(ws: Path) -> None:
    git(ws, "update-index", "--split-index")
    assert index(ws) == Index({}, words="The index of git can't be read: it is split into two files.")


def test_names_longer_than_their_length_field(ws: Path) -> None:
    path = "/".join(["d" * 200] * 20) + "/" + "x" * 60
    blob = git(ws, "hash-object", "-w", "a.py").strip()
    for version in ("2", "4"):
        git(ws, "update-index", "--index-version", version)
        git(ws, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path[:4080]}")
        git(ws, "update-index", "--add", "--cacheinfo", f"100644,{blob},zzz")
        assert read(ws) == said(ws) and path[:4080] in read(ws)


def test_without_a_hash_at_its_end(ws: Path) -> None:
    data = (ws / ".git/index").read_bytes()
    (ws / ".git/index").write_bytes(data[:-20] + bytes(20))
    assert read(ws) == said(ws)


def test_none_and_an_empty_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert index(tmp_path) == Index({})
    git(tmp_path, "read-tree", "--empty")
    assert index(tmp_path).entries == {} and index(tmp_path).words == ""


def test_a_damaged_one_is_empty_and_never_raises(ws: Path) -> None:
    data = (ws / ".git/index").read_bytes()
    chance = random.Random(7)
    bodies = [data[:cut] for cut in range(0, len(data), 7)]
    bodies += [b"DIRC" + struct.pack(">II", version, 0xFFFFFFFF) + bytes(40) for version in (2, 3, 4, 9)]
    for _ in range(2000):
        body = bytearray(data[:-20] + bytes(20))
        for _ in range(chance.randrange(1, 9)):
            body[chance.randrange(len(body) - 20)] = chance.randrange(256)
        bodies.append(bytes(body))
    for body in bodies:
        (ws / ".git/index").write_bytes(body)
        known = index(ws)
        assert len(known.entries) <= 5 and (known.entries or known.words)
    (ws / ".git/index").write_bytes(data[:-21] + b"?" + data[-20:])
    assert index(ws).words == "The index of git can't be read: it is damaged."


def test_what_stands_there_is_no_file(ws: Path, tmp_path: Path) -> None:
    (ws / ".git/index").rename(tmp_path / "elsewhere")
    (ws / ".git/index").symlink_to(tmp_path / "elsewhere")
    assert index(ws).entries == {} and "can't be read" in index(ws).words
    (ws / ".git/index").unlink()
    os.mkfifo(ws / ".git/index")
    assert index(ws).entries == {} and "can't be read" in index(ws).words
    (ws / ".git/index").unlink()
    (ws / ".git/index").mkdir()
    assert index(ws).entries == {} and "can't be read" in index(ws).words


def test_a_huge_one_is_not_read(ws: Path) -> None:
    with open(ws / ".git/index", "r+b") as file:
        file.truncate(500_000_000)
    assert "larger than" in index(ws).words


def test_a_work_tree_that_its_repository_does_not_name_needs_trust(ws: Path, tmp_path: Path) -> None:
    git(ws, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert set(index(tmp_path / "tree").entries) == set(FILES)
    (tmp_path / "other").mkdir()
    (tmp_path / "tree" / ".git").rename(tmp_path / "other" / ".git")
    assert place(str(tmp_path / "other"), False) is None, "it is another folder's"
    assert place(str(tmp_path / "other"), True) is not None
    (tmp_path / "other" / ".git").write_text(f"gitdir: {ws / '.git'}\n", encoding="utf-8")
    assert place(str(tmp_path / "other"), False) is None, "any repository of the user could be named"
    git(ws, "worktree", "add", "-q", str(ws / "inside"))
    assert found(ws / "inside", True).commondir == str((ws / ".git").resolve())


def test_a_repository_inside_the_workspace_under_another_name(ws: Path) -> None:
    (ws / ".git").rename(ws / ".bare")
    (ws / ".git").write_text("gitdir: .bare\n", encoding="utf-8")
    assert set(index(ws).entries) == set(FILES)
    (ws / ".git").unlink()
    (ws / ".git").symlink_to(".bare")
    assert set(index(ws).entries) == set(FILES)


def test_a_folder_of_a_repository_needs_trust_too(ws: Path) -> None:
    assert place(str(ws / "sub"), False) is None
    assert found(ws / "sub" / "deep", True).prefix == "sub/deep/"


@pytest.mark.parametrize("line", ["gitdir: /", "gitdir: ..", "gitdir: ../../../etc", "gitdir:", "x", "gitdir: \0", ""])
def test_a_git_file_that_leads_nowhere(tmp_path: Path, line: str) -> None:
    (tmp_path / ".git").write_text(line, encoding="utf-8")
    assert place(str(tmp_path), False) is None and place(str(tmp_path), True) is None


def test_a_stranger_s_repository_is_not_followed_without_trust(ws: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    (evil / "in").mkdir(parents=True)
    (evil / ".git").write_text(f"gitdir: {ws}/.git\n", encoding="utf-8")
    assert place(str(evil), False) is None
    (evil / ".git").unlink()
    (evil / ".git").mkdir()
    (evil / ".git/HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (evil / ".git/commondir").write_text(f"{ws}/.git\n", encoding="utf-8")
    assert place(str(evil), False) is None


def test_a_bare_repository_and_no_folder(ws: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(ws), "bare.git")
    assert found(tmp_path / "bare.git").bare and not found(ws).bare
    assert place(str(tmp_path / "none"), False) is None and place("\0", True) is None
