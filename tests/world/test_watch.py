"""Watching real folders with the kernel's own notices: what is told, in how many pieces, and what is not."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signoff.core.watched import Changes
from signoff.world import inotify, moments, watch, watch_elsewhere
from signoff.world.moments import Moment
from signoff.world.watch import FolderWatch
from support.git_repository import git, put, repository

LONG = 60.0


class Heard:
    """What a watch told."""

    def __init__(self) -> None:
        self.all: list[Changes] = []
        self._more = threading.Condition()

    def __call__(self, changes: Changes) -> None:
        with self._more:
            self.all.append(changes)
            self._more.notify_all()

    def until(self, wanted: Callable[[], bool]) -> None:
        """Waits until it is so."""
        with self._more:
            assert self._more.wait_for(wanted, LONG), self.all

    def until_moved(self, ws: Path, *arguments: str) -> None:
        """Has git do it, and waits until it was told that HEAD, the index or a branch moved."""
        count = len(self.all)
        git(ws, *arguments)
        self.until(lambda: any(changes.git for changes in self.all[count:]))

    @property
    def paths(self) -> set[str]:
        return {path for changes in self.all for path in changes.paths}

    @property
    def made(self) -> set[str]:
        return {path for changes in self.all for path in changes.made}


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    made = repository(tmp_path / "ws", {"a.py": "a\n", "sub/deep/b.py": "b\n", ".gitignore": "*.log\n/build/\n"})
    old(made)
    return made


def old(folder: Path) -> None:
    """Makes all files older than what a watch tells of its first moment."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def watching(ws: Path, heard: Heard) -> Iterator[FolderWatch]:
    one = begun(ws, heard)
    yield one
    one.close()


def begun(ws: Path, heard: Heard, **options: bool | int) -> FolderWatch:
    one = FolderWatch(ws, heard, **options)  # pyright: ignore
    assert one.watching.wait(LONG)
    return one


def marked(ws: Path, heard: Heard, name: str = "mark.py") -> None:
    """Waits until everything before this call was told."""
    put(ws, {name: f"{time.monotonic()}\n"})
    heard.until(lambda: name in heard.paths)


def test_files_that_come_change_and_go(ws: Path, watching: FolderWatch, heard: Heard) -> None:
    put(ws, {"a.py": "changed\n"})
    heard.until(lambda: "a.py" in heard.paths)
    put(ws, {"sub/new.py": "n\n"})
    heard.until(lambda: "sub/new.py" in heard.made)
    (ws / "sub/deep/b.py").unlink()
    heard.until(lambda: "sub/deep/b.py" in heard.paths)
    (ws / "a.py").rename(ws / "sub/c.py")
    heard.until(lambda: "sub/c.py" in heard.made)
    assert heard.made == {"sub/new.py", "sub/c.py"} and watching.words == ""
    assert not any(changes.rescan or changes.git for changes in heard.all)


def test_in_a_process_with_very_many_open_files(ws: Path, heard: Heard) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, limits[1]), limits[1]))
    handles = [os.open(ws, os.O_RDONLY) for _ in range(1_100)]
    try:
        one = begun(ws, heard)
        marked(ws, heard)
        assert one.words == ""
        one.close()
    finally:
        for handle in handles:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_reading_is_nothing(ws: Path, watching: FolderWatch, heard: Heard) -> None:
    assert (ws / "a.py").read_text() and os.listdir(ws / "sub") == ["deep"]
    marked(ws, heard)
    assert heard.paths == {"mark.py"}


def test_an_editor_that_writes_by_renaming(ws: Path, watching: FolderWatch, heard: Heard) -> None:
    put(ws, {"a.py.tmp": "whole\n"})
    os.replace(ws / "a.py.tmp", ws / "a.py")
    heard.until(lambda: "a.py" in heard.paths)


def test_folders_that_come_move_and_go(ws: Path, watching: FolderWatch, heard: Heard, tmp_path: Path) -> None:
    put(ws, {"new/one/two/x.py": "x\n"})
    heard.until(lambda: "new/one/two/x.py" in heard.paths)
    (ws / "new").rename(ws / "newer")
    heard.until(lambda: {"new", "newer", "newer/one/two/x.py"} <= heard.paths)
    put(ws, {"newer/one/two/x.py": "again\n", "newer/one/y.py": "y\n"})
    heard.until(lambda: "newer/one/y.py" in heard.paths)
    shutil.rmtree(ws / "newer")
    heard.until(lambda: heard.all[-1].paths[0] == "newer")
    put(tmp_path, {"from/elsewhere/z.py": "z\n"})
    (tmp_path / "from").rename(ws / "from")
    heard.until(lambda: "from/elsewhere/z.py" in heard.made)
    (ws / "from").rename(tmp_path / "away")
    marked(ws, heard)
    put(tmp_path, {"away/elsewhere/z.py": "not ours any more\n"})
    count = len(heard.all)
    marked(ws, heard, "other.py")
    assert {path for changes in heard.all[count:] for path in changes.paths} == {"other.py"}


def test_what_is_ignored_is_not_watched(ws: Path, watching: FolderWatch, heard: Heard, tmp_path: Path) -> None:
    put(ws, {"x.log": "l\n", "build/o.py": "o\n", "node_modules/m/i.js": "i\n", "logo.png": "p\n", ".env": "K=1\n"})
    put(ws, {"sub/__pycache__/b.pyc": "b\n", "sub/build/kept.py": "k\n"})
    repository(ws / "nested", {"n.py": "n\n"})
    (ws / "link").symlink_to(tmp_path)
    (ws / "loop").symlink_to(".")
    put(tmp_path, {"outside.py": "o\n"})
    marked(ws, heard)
    put(ws, {"nested/n.py": "changed\n"})
    marked(ws, heard, "mark2.py")
    told = heard.paths - {"nested", "link", "loop"}
    assert told == {"sub/build", "sub/build/kept.py", "mark.py", "mark2.py"} | {p for p in told if "nested" in p}
    assert "outside.py" not in told


def test_a_tracked_file_counts_where_it_is_ignored(ws: Path, heard: Heard) -> None:
    put(ws, {"build/kept.py": "k\n", "kept.log": "k\n"})
    git(ws, "add", "-f", "build/kept.py", "kept.log")
    one = begun(ws, heard)
    put(ws, {"build/kept.py": "K\n", "kept.log": "K\n", "other.log": "o\n", "build/other.py": "o\n"})
    heard.until(lambda: {"build/kept.py", "kept.log"} <= heard.paths)
    marked(ws, heard)
    one.close()
    assert not {"other.log", "build/other.py"} & heard.paths


def test_new_rules_count_from_then_on(ws: Path, watching: FolderWatch, heard: Heard) -> None:
    put(ws, {".gitignore": "/sub/\n"})
    heard.until(lambda: ".gitignore" in heard.paths)
    marked(ws, heard)
    put(ws, {"sub/ignored.py": "i\n", "build/now.py": "n\n"})
    marked(ws, heard, "mark2.py")
    assert "sub/ignored.py" not in heard.paths and "build" in heard.paths
    put(ws, {"build/now.py": "again\n"})
    heard.until(lambda: "build/now.py" in heard.paths)


def test_head_index_and_branches_are_noticed_and_objects_are_not(ws: Path, heard: Heard) -> None:
    one = begun(ws, heard)
    git(ws, "hash-object", "-w", "--stdin", stdin="some object\n")
    marked(ws, heard)
    assert not any(changes.git for changes in heard.all)
    for arguments in (("add", "mark.py"), ("commit", "-qm", "more"), ("checkout", "-q", "-b", "side/branch")):
        heard.until_moved(ws, *arguments)
    heard.until_moved(ws, "update-ref", "refs/heads/side/branch", "HEAD~1")
    one.close()
    assert not any(path.startswith(".git/") for path in heard.paths)


def test_a_work_tree_of_its_own_hears_of_its_head(ws: Path, heard: Heard, tmp_path: Path) -> None:
    git(ws, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    one = begun(tmp_path / "tree", heard, trusted=True)
    git(tmp_path / "tree", "checkout", "-q", "--detach")
    heard.until(lambda: any(changes.git for changes in heard.all))
    one.close()


def test_a_branch_switch_of_5000_files_is_one_batch(tmp_path: Path, heard: Heard) -> None:
    texts = {f"f{n % 100}/g{n % 7}/{n}.py": f"{n}\n" for n in range(5000)}
    ws = repository(tmp_path / "ws", texts)
    git(ws, "checkout", "-q", "-b", "side")
    put(ws, dict.fromkeys(list(texts)[:4000], "side\n"))
    for path in list(texts)[4000:]:
        (ws / path).unlink()
    put(ws, {f"new/{n}.py": "n\n" for n in range(500)})
    git(ws, "add", "-A")
    git(ws, "commit", "-qm", "side")
    old(ws)
    git(ws, "status")
    one = begun(ws, heard)
    git(ws, "checkout", "-q", "main")
    heard.until(lambda: any(changes.git for changes in heard.all))
    assert [len([path for path in each.paths if path.endswith(".py")]) for each in heard.all] == [5500]
    assert not heard.all[0].rescan and len([path for path in heard.all[0].made if path in texts]) >= 1000
    one.close()


def test_lost_notices_are_said_and_watching_goes_on(ws: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of the kernel runs over while the thread is kept from reading."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    hold, held = threading.Event(), threading.Event()
    read = inotify.Inotify.read

    def slow(self: inotify.Inotify) -> Iterator[tuple[int, int, str]]:
        held.set()
        assert hold.wait(LONG)
        return read(self)

    one = begun(ws, heard)
    monkeypatch.setattr(inotify.Inotify, "read", slow)
    put(ws, {"first.py": "f\n"})
    assert held.wait(LONG)
    pair = [ws / "x1.py", ws / "x2.py"]
    for each in pair:
        each.write_text("x")
    handles = [os.open(each, os.O_WRONLY | os.O_APPEND) for each in pair]
    for number in range(most + 10):
        os.write(handles[number % 2], b"x")
    for handle in handles:
        os.close(handle)
    put(ws, {"while/nobody/looked.py": "x\n"})
    hold.set()
    heard.until(lambda: any(changes.rescan for changes in heard.all))
    put(ws, {"while/nobody/looked.py": "again\n"})
    heard.until(lambda: "while/nobody/looked.py" in heard.paths)
    assert sum(changes.rescan for changes in heard.all) == 1
    one.close()


def test_more_folders_than_may_be_watched(ws: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SLOW", 0.01)
    one = begun(ws, heard, most=2)
    heard.until(lambda: len(heard.all) > 3)
    one.close()
    assert "more folders than may be watched" in one.words and "max_user_watches" in one.words
    assert set(heard.all) == {Changes(rescan=True)}


def test_the_system_s_own_limit(ws: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    add = inotify.Inotify.add

    def full(self: inotify.Inotify, path: str) -> int:
        if path.endswith("deep/"):
            raise OSError(28, "No space left on device", path)
        return add(self, path)

    monkeypatch.setattr(inotify.Inotify, "add", full)
    one = begun(ws, heard)
    heard.until(lambda: heard.all == [Changes(rescan=True)])
    one.close()
    assert "(No space left on device)" in one.words


def test_a_folder_that_is_gone_and_comes_back(ws: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SLOW", 0.01)
    one = begun(ws, heard)
    ws.rename(ws.parent / "elsewhere")
    heard.until(lambda: any(changes.rescan for changes in heard.all))
    (ws.parent / "elsewhere").rename(ws)

    def again() -> bool:
        put(ws, {"back.py": "b\n"})
        return "back.py" in heard.paths

    deadline = time.monotonic() + LONG
    while not again() and time.monotonic() < deadline:
        one.watching.wait(0.01)
    one.close()
    assert "back.py" in heard.paths


def test_what_changed_just_before_is_told(ws: Path, heard: Heard) -> None:
    put(ws, {"sub/fresh.py": "f\n"})
    one = begun(ws, heard)
    heard.until(lambda: heard.paths == {"sub/fresh.py"})
    one.close()


def test_no_git_and_no_folder(tmp_path: Path, heard: Heard) -> None:
    put(tmp_path, {"plain/a.py": "a\n"})
    old(tmp_path)
    one = begun(tmp_path / "plain", heard)
    put(tmp_path, {"plain/a.py": "b\n"})
    heard.until(lambda: heard.paths == {"a.py"})
    one.close()
    none = begun(tmp_path / "none", heard)
    none.close()
    assert "is gone" in none.words


def test_closing_ends_it_and_gives_everything_back(ws: Path, heard: Heard) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        one = begun(ws, heard)
        one.close()
        one.close()
    assert len(os.listdir("/proc/self/fd")) <= before
    count = len(heard.all)
    put(ws, {"a.py": "late\n"})
    assert len(heard.all) == count and not [t for t in threading.enumerate() if t.name == "watch"]


def test_one_who_fails_over_changes_hears_of_the_next(ws: Path, heard: Heard) -> None:
    def failing(changes: Changes) -> None:
        heard(changes)
        raise ValueError("a bug")

    one = begun(ws, failing)  # pyright: ignore
    marked(ws, heard)
    marked(ws, heard, "again.py")
    one.close()


def test_watchdog_tells_the_same_where_there_is_no_inotify(
    ws: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "another")
    one = begun(ws, heard)
    monkeypatch.undo()
    put(ws, {"a.py": "changed\n", "node_modules/m.js": "m\n", ".git/objects/xx": "x\n"})
    heard.until(lambda: "a.py" in heard.paths)
    (ws / "sub/deep/b.py").rename(ws / "sub/c.py")
    heard.until(lambda: "sub/c.py" in heard.made)
    git(ws, "checkout", "-q", "-b", "side")
    heard.until(lambda: any(changes.git for changes in heard.all))
    put(ws, {f"many/{n}.py": "n\n" for n in range(300)})
    heard.until(lambda: {f"many/{n}.py" for n in range(300)} <= heard.paths)
    one.close()
    assert not any("node_modules/" in path or path.startswith(".git/") for path in heard.paths)
    assert watch_elsewhere.observe


def test_a_moment_ends_after_silence_and_in_any_case() -> None:
    moment = Moment()
    assert moment.due() is None
    moment.note(10.0, "b")
    moment.note(10.02, "a", made=True)
    moment.note(10.03, "a")
    assert moment.due() == pytest.approx(10.03 + moments.QUIET)
    assert moment.take() == Changes(("a", "b"), ("a",)) and moment.due() is None
    for n in range(200):
        moment.note(20 + n / 100, f"{n}")
    assert moment.due() == 20 + moments.LONGEST, "it goes on and on"
    assert len(moment.take().paths) == 200
    for n in range(moments.MANY + 1):
        moment.note(30, f"{n}")
    assert moment.due() == 30 + moments.QUIET_AFTER_MANY


def test_while_git_is_at_work_the_moment_lasts() -> None:
    moment = Moment()
    moment.lock(1.0, True)
    moment.note(1.5, "a")
    assert moment.due() == 1.0 + moments.LONGEST_OF_GIT
    moment.note_git(9.0)
    moment.lock(9.0, False)
    assert moment.due() == pytest.approx(9.0 + moments.QUIET)
    assert moment.take() == Changes(("a",), git=True)
    moment.lock(20.0, False)
    assert moment.due() is None
    moment.lock(30.0, True)
    moment.lock(30.1, False)
    assert moment.due() is not None and moment.take() == Changes()


def test_too_much_to_tell_is_a_rescan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "MOST_PATHS", 3)
    moment = Moment()
    for n in range(5):
        moment.note(n, f"{n}")
    moment.note_git(5)
    assert moment.take() == Changes(git=True, rescan=True) and moment.take() == Changes()
