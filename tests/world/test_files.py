"""Reading and writing the workspace: what comes back, what is refused, and that nothing outside is ever touched."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signoff.core.files import FileProblem, FileTrouble
from signoff.core.text import digest
from signoff.world import safe_open
from signoff.world.files import WorkspaceFiles
from signoff.world.gitignore import Patterns

SERVER = str(Path(__file__).parents[2] / "server")
NOBODY = 65534


@pytest.fixture(params=["openat2", "by parts"])
def files(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkspaceFiles]:
    if request.param == "by parts":
        monkeypatch.setattr(safe_open, "opener", lambda: safe_open.open_by_parts)
    else:
        assert safe_open.opener() is not safe_open.open_by_parts
    root = tmp_path / "ws"
    root.mkdir()
    before = os.listdir("/proc/self/fd")
    yield WorkspaceFiles(root)
    assert len(os.listdir("/proc/self/fd")) <= len(before), "nothing stays open"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "ws"


def kind(outcome: object) -> FileTrouble | None:
    return outcome.kind if isinstance(outcome, FileProblem) else None


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb\rc", "\ufeffé\x0c\u2028 😀", "no end"])
def test_a_text_is_written_and_read_as_it_is(files: WorkspaceFiles, root: Path, text: str) -> None:
    assert files.write("a/b/new.txt", text, None) is None
    assert (root / "a/b/new.txt").read_bytes() == text.encode()
    assert files.read("a/b/new.txt") == text
    assert files.write("a/b/new.txt", text + "more", digest(text)) is None
    assert files.read("a/b/new.txt") == text + "more"
    assert files.exists("a/b/new.txt") and files.exists("a") and not files.exists("b")
    assert files.delete("a/b/new.txt", digest(text + "more")) is None
    assert names(root) == ["a", "a/b"]


def test_what_is_no_text_is_named(files: WorkspaceFiles, root: Path) -> None:
    (root / "nul").write_bytes(b"abc\0")
    (root / "latin").write_bytes(b"gr\xf6\xdfe")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    assert files.read("nul") == FileProblem("binary", "nul: is binary (NUL at byte 3).")
    assert files.read("latin") == FileProblem("encoding", "latin: is not UTF-8: byte 0xf6 at offset 2.")
    assert files.read("folder") == FileProblem("io", "folder: is a folder.")
    assert files.read("pipe") == FileProblem("io", "pipe: is not a regular file.")
    assert files.read("none") == FileProblem("missing", "none: does not exist.")
    assert kind(files.read("latin/x")) == "missing"
    assert kind(files.read("x" * 300)) == "io"
    assert kind(files.write("half", "\ud83d", None)) == "encoding"
    assert not (root / "half").exists()


def test_utf_16_is_named(files: WorkspaceFiles, root: Path) -> None:
    (root / "wide").write_bytes("abc".encode("utf-16"))
    assert files.read("wide") == FileProblem("binary", "wide: is UTF-16, not UTF-8.")


def test_the_size_limit(root: Path, files: WorkspaceFiles) -> None:
    small = WorkspaceFiles(root, limit=10)
    (root / "ten").write_bytes(b"0123456789")
    (root / "eleven").write_bytes(b"0123456789a")
    assert small.read("ten") == "0123456789"
    assert small.read("eleven") == FileProblem("too_large", "eleven: 11 bytes; at most 10 are read.")
    assert kind(small.write("eleven", "", digest("0123456789a"))) == "too_large"


OUTSIDE = ["../secret", "a/../../secret", "/etc/passwd", "", ".", "..", "a//b", "./a", "a/.", "a/\0b", "a/"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_that_could_lead_outside_are_refused(files: WorkspaceFiles, root: Path, path: str) -> None:
    (root.parent / "secret").write_text("secret", encoding="utf-8")
    (root / "a").mkdir()
    # "." is the workspace itself: a folder, and nothing to read or write.
    assert kind(files.read(path)) == ("io" if path == "." else "outside")
    assert kind(files.write(path, "x", None)) == "outside"
    assert kind(files.write(path, "x", digest("secret"))) == "outside"
    assert kind(files.delete(path, digest("secret"))) == "outside"
    assert not files.exists(path)
    assert (root.parent / "secret").read_text(encoding="utf-8") == "secret"


def test_a_sibling_with_the_same_prefix_is_outside(files: WorkspaceFiles, root: Path) -> None:
    evil = root.parent / "ws-evil"
    evil.mkdir()
    assert kind(files.write("../ws-evil/x", "x", None)) == "outside"
    assert kind(files.write(str(evil / "x"), "x", None)) == "outside"
    assert names(evil) == []


def test_links_are_not_followed(files: WorkspaceFiles, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "f").write_text("theirs", encoding="utf-8")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "f")
    (root / "dangling").symlink_to(outside / "none")
    for path in ("folder/f", "file"):
        assert kind(files.read(path)) == "outside"
        assert kind(files.write(path, "x", digest("theirs"))) == "outside"
        assert kind(files.delete(path, digest("theirs"))) == "outside"
    assert kind(files.write("folder/new", "x", None)) == "outside"
    assert kind(files.write("folder/deep/new", "x", None)) == "outside"
    assert kind(files.write("dangling", "x", None)) == "exists"
    assert files.exists("dangling") and not files.exists("folder/f")
    assert names(outside) == ["f"] and (outside / "f").read_text(encoding="utf-8") == "theirs"


def test_a_changed_file_is_not_overwritten(files: WorkspaceFiles, root: Path) -> None:
    (root / "f").write_text("theirs", encoding="utf-8")
    assert kind(files.write("f", "ours", digest("base"))) == "changed"
    assert kind(files.delete("f", digest("base"))) == "changed"
    assert kind(files.write("f", "ours", None)) == "exists"
    assert kind(files.write("gone", "ours", digest("base"))) == "missing"
    assert kind(files.write("gone/deep", "ours", digest("base"))) == "missing"
    assert kind(files.delete("gone", digest("base"))) == "missing"
    assert names(root) == ["f"] and (root / "f").read_text(encoding="utf-8") == "theirs"


def test_a_change_while_we_write_is_noticed(files: WorkspaceFiles, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "f").write_text("base", encoding="utf-8")
    sync = os.fsync

    def meanwhile(handle: int) -> None:
        sync(handle)
        (root / "f").write_text("typed by the user", encoding="utf-8")

    monkeypatch.setattr(os, "fsync", meanwhile)
    assert kind(files.write("f", "ours", digest("base"))) == "changed"
    assert names(root) == ["f"] and (root / "f").read_text(encoding="utf-8") == "typed by the user"


def test_a_file_that_appears_while_we_create_it_stays(
    files: WorkspaceFiles, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def meanwhile(handle: int) -> None:
        sync(handle)
        (root / "f").write_text("theirs", encoding="utf-8")

    monkeypatch.setattr(os, "fsync", meanwhile)
    assert kind(files.write("f", "ours", None)) == "exists"
    assert names(root) == ["f"] and (root / "f").read_text(encoding="utf-8") == "theirs"


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o640])
def test_the_mode_is_kept(files: WorkspaceFiles, root: Path, mode: int) -> None:
    (root / "f").write_text("a", encoding="utf-8")
    (root / "f").chmod(mode)
    assert files.write("f", "b", digest("a")) is None
    assert stat.S_IMODE((root / "f").stat().st_mode) == mode


def test_a_new_file_has_the_usual_mode(files: WorkspaceFiles, root: Path) -> None:
    (root / "usual").write_text("a", encoding="utf-8")
    assert files.write("f", "b", None) is None
    assert (root / "f").stat().st_mode == (root / "usual").stat().st_mode


def test_a_file_with_other_hard_links_is_refused(files: WorkspaceFiles, root: Path) -> None:
    outside = root.parent / "outside"
    outside.write_text("theirs", encoding="utf-8")
    (root / "f").hardlink_to(outside)
    problem = files.write("f", "ours", digest("theirs"))
    assert kind(problem) == "permission" and "hard link" in str(problem)
    assert outside.read_text(encoding="utf-8") == "theirs"
    assert files.delete("f", digest("theirs")) is None
    assert outside.read_text(encoding="utf-8") == "theirs"


GIT = [
    ".git/config",
    ".git",
    "a/.git/hooks/x",
    ".GiT/config",
    "sub/.GIT",
    ".g\u200cit/x",
    ".git./x",
    "git~1/x",
    ".git /x",
]
GIT += [".git::$INDEX_ALLOCATION/x", "a\\.git\\config"]


@pytest.mark.parametrize("path", GIT)
def test_gits_own_files_are_never_written(files: WorkspaceFiles, root: Path, path: str) -> None:
    assert kind(files.write(path, "x", None)) == "permission"
    assert kind(files.delete(path, digest(""))) == "permission"
    assert names(root) == []


def test_a_git_folder_of_another_name_is_protected(files: WorkspaceFiles, root: Path) -> None:
    (root / ".bare" / "worktrees" / "x").mkdir(parents=True)
    (root / ".bare" / "worktrees" / "x" / "commondir").write_text("../..\n", encoding="utf-8")
    for where in (".bare/worktrees/x", str(root / ".bare/worktrees/x")):
        (root / ".git").write_text(f"gitdir: {where}\n", encoding="utf-8")
        for path in (".bare/hooks/pre-commit", ".BARE/config", ".bare/worktrees/x/HEAD"):
            assert kind(files.write(path, "x", None)) == "permission"
    assert files.write(".barely", "x", None) is None


def test_no_escape_while_links_are_swapped(files: WorkspaceFiles, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "f").write_text("theirs", encoding="utf-8")
    (root / "real").mkdir()
    (root / "real" / "f").write_text("ours", encoding="utf-8")
    (root / "link").symlink_to(outside)
    done = threading.Event()

    def swap() -> None:
        # "d" is by turns the folder and the link; renames keep both alive.
        for turn in itertools.count():
            for name in ("real", "link"):
                with contextlib.suppress(OSError):
                    os.rename(root / name, root / "d")
                    os.rename(root / "d", root / name)
            if done.is_set():
                return
            if (root / "real").exists() and os.path.lexists(root / "link") and (root / "d").exists():
                # Our own side made it, for a new file.
                os.rename(root / "d", root / f"made{turn}")

    swapping = threading.Thread(target=swap)
    swapping.start()
    found: dict[str, int] = {}
    try:
        # On a busy machine it may take longer until both were seen.
        for turn in itertools.count():
            if turn >= 1500 and {"ours", "outside"} <= set(found):
                break
            text = files.read("d/f")
            found[text if isinstance(text, str) else text.kind] = 1
            if turn % 3 == 0:
                files.write("d/f", "ours", digest("theirs"))
                files.write("d/f", "ours", digest("ours"))
                files.write(f"d/new{turn}", "ours", None)
                files.delete("d/f", digest("theirs"))
    finally:
        done.set()
        swapping.join()
    assert "theirs" not in found
    assert names(outside) == ["f"] and (outside / "f").read_text(encoding="utf-8") == "theirs"


# Runs `action` on WorkspaceFiles("."), after the process gave up its rights or its disk space; prints the outcome.
LIMITED = """
import os, resource, sys
sys.path.insert(0, {server!r})
from pathlib import Path
from signoff.core.text import digest
from signoff.world import ignore, replace
from signoff.world.files import WorkspaceFiles
from signoff.world.gitignore import Patterns
import ctypes  # before the rights are gone
files = WorkspaceFiles(Path("."))
{limit}
{action}
"""
AS_NOBODY = f"if os.geteuid() == 0: os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"
LITTLE_DISK = "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"


@pytest.fixture
def limited() -> Iterator[tuple[Path, Callable[[str, str], str]]]:
    """A folder that other users can reach, and a function that runs an action there under a limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)

        def run(limit: str, action: str) -> str:
            script = LIMITED.format(server=SERVER, limit=limit, action=action)
            argv = [sys.executable, "-c", script]
            return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

        yield folder, run
        folder.chmod(0o700)


def owned(path: Path, mode: int, text: str | None = None) -> None:
    if text is None:
        path.mkdir()
    else:
        path.write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(mode)


def test_unreadable_and_unwritable_files(limited: tuple[Path, Callable[[str, str], str]]) -> None:
    folder, run = limited
    owned(folder / "closed", 0o000, "x")
    owned(folder / "locked", 0o444, "x")
    owned(folder / "frozen", 0o755)
    owned(folder / "frozen" / "f", 0o644, "x")
    (folder / "frozen").chmod(0o555)
    assert "'permission', message='closed: permission denied.'" in run(AS_NOBODY, "print(files.read('closed'))")
    write = "print(files.write({!r}, 'y', digest('x')))"
    assert "locked: is read-only for you." in run(AS_NOBODY, write.format("locked"))
    assert "frozen/f: permission denied." in run(AS_NOBODY, write.format("frozen/f"))
    assert "frozen/new: permission denied." in run(AS_NOBODY, "print(files.write('frozen/new', 'y', None))")
    assert "frozen/a/b: permission denied." in run(AS_NOBODY, "print(files.write('frozen/a/b', 'y', None))")
    assert "frozen/f: permission denied." in run(AS_NOBODY, "print(files.delete('frozen/f', digest('x')))")
    assert run(AS_NOBODY, "print(files.list())") == "['closed', 'frozen/f', 'locked']"
    assert names(folder) == ["closed", "frozen", "frozen/f", "locked"]
    assert (folder / "locked").read_text(encoding="utf-8") == "x"
    (folder / "frozen").chmod(0o755)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(limited: tuple[Path, Callable[[str, str], str]]) -> None:
    folder, run = limited
    owned(folder / "f", 0o644, "x")
    for action in ("files.write('f', 'y' * 200_000, digest('x'))", "files.write('a/b/new', 'y' * 200_000, None)"):
        out = run(LITTLE_DISK, f"print({action})")
        assert "kind='disk_full'" in out and "nothing was changed" in out
    assert names(folder) == ["f"] and (folder / "f").read_text(encoding="utf-8") == "x"


def test_the_owner_is_kept(files: WorkspaceFiles, root: Path) -> None:
    (root / "f").write_text("a", encoding="utf-8")
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    os.chown(root / "f", owner, -1)
    assert files.write("f", "b", digest("a")) is None
    assert (root / "f").stat().st_uid == owner


def tree(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x", encoding="utf-8")


def test_the_list_leaves_out_what_no_model_should_see(files: WorkspaceFiles, root: Path) -> None:
    tree(root, "a.py", "b/c.txt", ".env", "key.pem", "id_rsa", "x.png", "A.PNG", "node_modules/m.js", ".venv/p.py")
    tree(root, ".git/config", "dist/x.js", ".ssh/config", ".signoff-tmp-0123", "bin", "class", ".github/x.yml")
    (root / "big.json").write_bytes(b"x" * 1_000_001)
    (root / "link.py").symlink_to(root / "a.py")
    (root / "loop").symlink_to(root)
    (root / "etc").symlink_to("/etc")
    (root / "caf\udce9.py").write_text("x", encoding="utf-8")
    os.mkfifo(root / "pipe")
    assert files.list() == [".github/x.yml", "a.py", "b/c.txt", "bin", "class"]
    assert len(files.list(2)) == 2


def test_signoffignore_comes_after_gitignore(files: WorkspaceFiles, root: Path) -> None:
    tree(root, "a.log", "b.log", "c.gen", "d.py", "sub/c.gen", "sub/e.py")
    (root / ".gitignore").write_text("*.log\n[\n", encoding="utf-8")
    (root / ".signoffignore").write_text("!b.log\n*.gen\n", encoding="utf-8")
    (root / "sub" / ".signoffignore").write_text("!c.gen\ne.py\n", encoding="utf-8")
    ours = [".gitignore", ".signoffignore", "b.log", "d.py", "sub/.signoffignore", "sub/c.gen"]
    assert files.list() == ours


PATTERNS = ["*.log", "/top", "top/", "a/**/b", "**/deep", "sub/*", "!keep.log", "!sub/keep.log", "# no", "", "*.l?g"]
PATTERNS += ["\\!x", "x ", "y\\ ", "[ab].txt", "[!a].txt", "sub/**", "**", "!**/", "*", "!*.txt", "a/b/c", "/sub/top"]
PATTERNS += [
    "!*/",
    "!sub/",
    "a/*",
    "a*b*c",
    "*a*.*",
    "**/*.txt",
    "a/**/**/b",
    "**/a/**/b/**",
    "**/b/**/a*",
    "a/**/x/**/*.log",
    "[[:alpha:]]*",
    "[]a]*",
    "[^a-k]*",
    "[a-",
]
PATTERNS += ["a/**", "!a/**/b", "keep*", "?.txt", "\\a.log", "a.log\\", "x\t", "/", "//", "/*", "!/*/", "[z-a]x", "**a"]


def test_ignore_rules_are_gits(files: WorkspaceFiles, root: Path) -> None:
    paths = [
        folder + name
        for folder in ("", "sub/", "a/", "a/b/", "a/x/b/", "top/", "sub/top/", "deep/")
        for name in ("a.log", "keep.log", "a.txt", "c.txt", "!x", "y ", "file")
    ]
    tree(root, *paths)
    git = ["git", "-c", "core.excludesFile=/dev/null", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    chance = random.Random(3)
    for _ in range(25):
        for place in ("", "sub/", "a/"):
            rules = chance.sample(PATTERNS, chance.randrange(5))
            (root / place / ".gitignore").write_text("\n".join(rules) + "\n", encoding="utf-8")
        (root / ".git/info/exclude").write_text(chance.choice(PATTERNS) + "\n", encoding="utf-8")
        listed = subprocess.check_output([*git, "ls-files", "-z", "-o", "--exclude-standard"], text=True)
        assert files.list() == sorted(listed.split("\0")[:-1])


def test_a_workspace_that_went_away(files: WorkspaceFiles, root: Path) -> None:
    assert files.list() == []
    root.rmdir()
    assert files.list() == [] and not files.exists("f")
    assert kind(files.read("f")) == kind(files.write("f", "x", None)) == "missing"
    root.mkdir()
    assert files.write("f", "x", None) is None
    assert files.read("f") == "x"


def test_no_handle_is_left_open(files: WorkspaceFiles, root: Path) -> None:
    tree(root, "a/b", ".gitignore")
    (root / "a/link").symlink_to("/")

    def everything() -> int:
        for path in ("a/b", "a", "a/link/x", "none", "../x", "a/b/c"):
            files.read(path)
            files.write(path, "y", digest("x"))
            files.write(path, "y", None)
        files.list()
        return len(os.listdir("/proc/self/fd"))

    everything()
    assert everything() == everything()


def test_a_hostile_ignore_file_costs_no_time() -> None:
    patterns = Patterns(
        ["*a" * 100 + "b", "**/" * 50 + "x", "**/a*/**/b*/**/c*/**/d*", "[" * 1000, "*" * 900, "?*" * 400]
    )
    for name in ("a" * 250, "a/" * 2000 + "c", "ab/bc/cd/" * 400 + "z"):
        assert patterns.ignores(name, folder=False) in (None, True)


def test_what_lies_right_in_a_folder(files: WorkspaceFiles, root: Path, tmp_path: Path) -> None:
    (root / "rules" / "deep").mkdir(parents=True)
    for name in ("b.md", "a.md", "draft.md", ".env", "deep/c.md"):
        (root / "rules" / name).write_text("x")
    (root / "rules" / os.fsdecode(b"\xff.md")).write_text("x")
    (root / ".gitignore").write_text("draft*\n")
    assert files.inside("rules") == ["rules/a.md", "rules/b.md", "rules/deep"]
    assert len(files.inside("rules", limit=2)) <= 2
    (root / "link").symlink_to(tmp_path)
    for folder in ("missing", "rules/a.md", "link", "..", "", "a\0b"):
        assert files.inside(folder) == []
