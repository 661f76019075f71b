"""The listing of a workspace in every kind of repository and without one, and which files git knows as they are."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from signoff.world import walk
from signoff.world.files import WorkspaceFiles
from signoff.world.ignore import MOST_RULES
from signoff.world.listing import Entry, Listing, Scan, listing
from support.git_repository import git, put, repository, settle

SERVER = str(Path(__file__).parents[2] / "server")
FILES = {"a.py": "one\n", "sub/b.py": "b\n", "sub/deep/größe.py": "c\n", ".gitignore": "*.log\nbuild/\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    made = repository(tmp_path / "ws", FILES)
    settle(made)
    return made


def paths(found: Listing) -> list[str]:
    return [entry.path for entry in found.entries]


def blobs(ws: Path) -> dict[str, str]:
    """Path to blob of what git tracks."""
    lines = git(ws, "ls-files", "-s", "-z").split("\0")[:-1]
    return {line.partition("\t")[2]: line.split()[1] for line in lines}


def test_tracked_files_with_their_blobs(ws: Path) -> None:
    found = listing(ws)
    assert {entry.path: entry.digest for entry in found.entries} == blobs(ws)
    assert found.entries[1] == Entry("a.py", 4, os.lstat(ws / "a.py").st_mtime_ns, blobs(ws)["a.py"])
    assert not found.cut and found.words == ()


def test_changed_new_and_deleted_files(ws: Path) -> None:
    put(ws, {"a.py": "changed\n", "new.py": "new\n", "x.log": "ignored\n", "build/out.py": "ignored\n"})
    git(ws, "rm", "-q", "--cached", "sub/b.py")
    (ws / "sub/deep/größe.py").unlink()
    digests = {entry.path: entry.digest for entry in listing(ws).entries}
    assert digests == {".gitignore": blobs(ws)[".gitignore"], "a.py": None, "new.py": None, "sub/b.py": None}


def test_a_tracked_file_stays_where_its_folder_is_ignored(ws: Path) -> None:
    put(ws, {"build/kept.py": "k\n", "build/deep/kept.py": "k\n", "build/deep/other.py": "o\n", "build/o.py": "o\n"})
    git(ws, "add", "-f", "build/kept.py", "build/deep/kept.py")
    assert [path for path in paths(listing(ws)) if "build" in path] == ["build/deep/kept.py", "build/kept.py"]


def test_what_no_model_shall_see(ws: Path) -> None:
    hidden = {".env": "K=1\n", "keys/server.pem": "k\n", "private/deep/p.py": "p\n", "sub/own.py": "o\n"}
    named = {"node_modules/x/i.js": "i\n", "logo.png": "p\n", "big.txt": "x" * 1_000_001, "keys/open.py": "o\n"}
    put(ws, hidden | named | {".signoffignore": "/private\n", "sub/.signoffignore": "own.py\n"})
    git(ws, "add", "-A")
    git(ws, "rm", "-q", "--cached", "sub/.signoffignore")
    shown = set(paths(listing(ws)))
    assert shown == set(FILES) | {".signoffignore", "sub/.signoffignore", "keys/open.py"}


def test_links_pipes_and_odd_names(ws: Path, tmp_path: Path) -> None:
    put(tmp_path, {"outside/secret.py": "s\n"})
    (ws / "link.py").symlink_to("a.py")
    (ws / "loop").symlink_to(".")
    (ws / "out").symlink_to(tmp_path / "outside")
    shutil.move(ws / "sub", tmp_path / "sub")
    (ws / "sub").symlink_to(tmp_path / "sub")
    os.mkfifo(ws / "pipe.py")
    (ws / "caf\udce9.py").write_text("x\n", encoding="utf-8")
    (ws / "new\nline.py").write_text("x\n", encoding="utf-8")
    assert paths(listing(ws)) == [".gitignore", "a.py", "new\nline.py"]


def test_submodules_and_nested_repositories_are_left_out(ws: Path, tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", {"a.py": "a\n"})
    git(outer, "submodule", "--quiet", "add", str(ws), "mod")
    git(outer, "submodule", "--quiet", "add", str(ws), "gone")
    git(outer, "commit", "-q", "-m", "with submodules")
    git(outer, "submodule", "--quiet", "deinit", "-f", "gone")
    repository(outer / "nested", {"n.py": "n\n"})
    assert paths(listing(outer)) == [".gitmodules", "a.py"]
    assert paths(listing(outer / "mod")) == sorted(FILES), "opened on its own, but its repository lies elsewhere"
    assert all(entry.digest is None for entry in listing(outer / "mod").entries)
    settle(outer / "mod")
    assert all(entry.digest for entry in listing(outer / "mod", trusted=True).entries)


@pytest.mark.parametrize("options", [["--cone"], ["--cone", "--sparse-index"], ["--no-cone"]])
def test_a_sparse_checkout_lists_what_is_there(ws: Path, options: list[str]) -> None:
    put(ws, {"other/x.py": "x\n", "sub/y.py": "y\n"})
    git(ws, "add", "-A")
    git(ws, "commit", "-q", "-m", "more")
    git(ws, "sparse-checkout", "set", *options, "sub")
    shown = paths(listing(ws))
    assert "other/x.py" not in shown and "sub/y.py" in shown and len(shown) == len(list_of(ws))


def list_of(ws: Path) -> list[str]:
    return [str(path) for path in ws.rglob("*") if path.is_file() and ".git" not in path.parts]


def test_a_shallow_clone_and_a_detached_head(ws: Path, tmp_path: Path) -> None:
    put(ws, {"a.py": "two\n"})
    git(ws, "commit", "-qam", "second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{ws}", "shallow")
    git(tmp_path / "shallow", "checkout", "-q", "--detach")
    settle(tmp_path / "shallow")
    assert {entry.path: entry.digest for entry in listing(tmp_path / "shallow").entries} == blobs(ws)


def test_no_git_an_empty_repository_and_a_bare_one(ws: Path, tmp_path: Path) -> None:
    put(tmp_path / "plain", FILES | {"x.log": "ignored\n"})
    assert paths(listing(tmp_path / "plain")) == sorted(FILES)
    git(tmp_path / "plain", "init", "-q")
    assert paths(listing(tmp_path / "plain")) == sorted(FILES)
    git(tmp_path, "clone", "-q", "--bare", str(ws), "bare.git")
    assert "HEAD" in paths(listing(tmp_path / "bare.git")), "a bare repository is a folder like any other"


def test_a_split_index_is_walked_and_said(ws: Path) -> None:
    git(ws, "update-index", "--split-index")
    found = listing(ws)
    assert paths(found) == sorted(FILES) and found.words == (
        "The index of git can't be read: it is split into two files.",
    )


def test_a_folder_of_a_repository(ws: Path) -> None:
    put(ws, {"sub/x.log": "ignored above\n", "sub/new.py": "n\n", ".git/info/exclude": "private.py\n"})
    put(ws, {"sub/private.py": "p\n"})
    inner = {entry.path: entry.digest for entry in listing(ws / "sub", trusted=True).entries}
    assert inner == {"b.py": blobs(ws)["sub/b.py"], "deep/größe.py": blobs(ws)["sub/deep/größe.py"], "new.py": None}
    assert "private.py" not in paths(listing(ws)) and "x.log" in paths(listing(ws / "sub"))


def test_the_limit_and_missing_folders(ws: Path, tmp_path: Path) -> None:
    for limit in range(6):
        found = listing(ws, limit=limit)
        assert len(found.entries) == min(limit, 4) and found.cut == (limit < 4)
    gone, file = listing(tmp_path / "none"), listing(ws / "a.py")
    assert gone.entries == gone.words == () == file.entries
    assert "Not a directory" in file.words[0]


def test_folders_deeper_than_any_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {f"{'d/' * depth}a.py": "a\n" for depth in range(10)})
    monkeypatch.setattr(walk, "DEEPEST", 5)
    found = listing(tmp_path)
    assert len(found.entries) == 5 and found.cut
    assert len(os.listdir("/proc/self/fd")) < 100


def test_of_an_ignore_file_the_first_lines_count(ws: Path) -> None:
    """Ninety thousand patterns took ten seconds and 400 MB. The line that is cut is no pattern of another meaning."""
    whole = "".join(f"name{n:05}\n" for n in range(90_000))
    assert len(whole[:MOST_RULES].rpartition("\n")[2]) == 0
    put(ws, {"sub/.gitignore": "x" + whole, "short/.gitignore": whole[:MOST_RULES]})
    names = ["name00001", "name09998", "name09999", "name0999"]
    put(ws, {f"{folder}/{name}": "x\n" for folder in ("sub", "short") for name in names})
    found = listing(ws)
    assert found.words == ("Only the first 100,000 bytes count of: sub/.gitignore.",)
    shown = {path for path in paths(found) if "name" in path}
    assert shown == {"sub/name0999", "sub/name09999", "short/name0999"}
    files = WorkspaceFiles(ws)
    every = [f"{folder}/{name}" for folder in ("sub", "short") for name in names]
    assert set(every) - files.hidden(every) == shown, "the same files by name as in a walk"


def test_handles_are_given_back_when_nobody_reads_on(ws: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        scan = iter(Scan(ws))
        next(scan)
        scan.close()  # pyright: ignore
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_a_workspace_that_changes_under_the_scan(ws: Path) -> None:
    put(ws, {f"f{n:02}/{m}.py": "x\n" for n in range(30) for m in range(5)})
    seen: list[str] = []
    for number, folder in enumerate(Scan(ws)):
        seen += [entry.path for entry in folder]
        if number == 3:
            for n in range(10, 20):
                shutil.rmtree(ws / f"f{n}")
            shutil.rmtree(ws / "f20")
            (ws / "f20").write_text("a file now\n", encoding="utf-8")
            shutil.rmtree(ws / "f21")
            (ws / "f21").symlink_to("/")
    assert not any(path.startswith(("f15/", "f20/", "f21/")) for path in seen) and "f29/4.py" in seen


def test_unreadable_folders_are_counted() -> None:
    script = (
        "import os, sys; from pathlib import Path; from signoff.world.listing import listing\n"
        "listing(Path('.'))  # what is imported late is imported before the rights are gone\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "found = listing(Path('.')); print(ascii([entry.path for entry in found.entries]), found.words)"
    )
    with tempfile.TemporaryDirectory() as name:
        ws = repository(Path(name), FILES | {"closed/x.py": "x\n"})
        ws.chmod(0o755)
        (ws / "closed").chmod(0)
        argv = [sys.executable, "-c", script]
        done = subprocess.run(argv, cwd=ws, check=True, capture_output=True, text=True, env={"PYTHONPATH": SERVER})
        (ws / "closed").chmod(0o755)
    assert "'a.py'" in done.stdout and "closed/x.py" not in done.stdout
    assert "Folders that can't be read, so that their files are not known: 1." in done.stdout


@pytest.mark.parametrize("seed", range(12))
def test_it_lists_what_git_lists(tmp_path: Path, seed: int) -> None:
    """Random trees and ignore files, some files forced in: tracked ones and those that git would add."""
    chance = random.Random(seed)
    names = ["a", "b", "c", "lib", "out"]
    patterns = ["a", "/b", "c/", "!a", "lib/*", "!lib/a", "**/out", "*.py", "!b.py", "a/b", "/lib/"]

    def some() -> str:
        return "/".join(chance.choices(names, k=chance.randrange(1, 5))) + chance.choice([".py", ".js", ".txt"])

    texts = {some(): "x\n" for _ in range(60)}
    for folder in ["", *{path.rpartition("/")[0] for path in texts if "/" in path}]:
        if chance.random() < 0.4:
            texts[f"{folder}/.gitignore".lstrip("/")] = "\n".join(chance.sample(patterns, 4)) + "\n"
    put(tmp_path, texts)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", *chance.sample(sorted(texts), 15))
    git(tmp_path, "add", "-A")
    put(tmp_path, {some(): "y\n" for _ in range(20)})
    said = git(tmp_path, "ls-files", "-c", "-o", "--exclude-standard", "-z").split("\0")[:-1]
    assert paths(listing(tmp_path)) == sorted(set(said))
