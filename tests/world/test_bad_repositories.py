"""Repositories of every odd and bad kind, through the real indexing process and the child of it that reads histories.

In each of them the files are found and the history is read or is known to be none; nothing that the repository names
is started, no process needs much memory, and the process that was started first answers to the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from signoff.core.watched import Changes
from signoff.world import git_safe
from signoff.world.git_history import read_history
from signoff.world.git_index import MOST
from signoff.world.git_refs import commit_of
from signoff.world.gitdir import place
from signoff.world.watch import FolderWatch
from support.git_repository import git, put, repository, settle
from support.index_watched import PATIENCE_S, asked, histories_of, until

FILES = {
    "shapes.py": "class Circle:\n    def area(self):\n        return 3.14 * self.radius ** 2\n",
    "sub/helpers.py": "def biggest(circles):\n    return max(circles, key=lambda one: one.radius)\n",
    "guide.md": "# Guide\n\nA circle has a radius.\n",
}
ZEROS = zlib.compress(bytes(200_000_000), 9)
Kind = Callable[[Path], Path | None]


def made_in(folder: Path) -> Path:
    """A repository in a folder of the folder, with nothing wrong."""
    folder.mkdir()
    made = repository(folder / "tree", FILES)
    for n in range(5):
        put(made, {"shapes.py": FILES["shapes.py"] + f"# {n}\n"})
        git(made, "commit", "-qam", f"Number {n} of the circles", at=1_700_000_100 + n)
    settle(made)
    return made


def pipe(path: Path) -> None:
    """Puts a pipe there, that nobody writes into."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def hole(path: Path, size: int = 300_000_000) -> None:
    """Makes the file very large; it takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(size)


def head_object(root: Path) -> Path:
    """The loose object of the last commit."""
    name = git(root, "rev-parse", "HEAD").strip()
    path = root / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o644)
    return path


# ---------------------------------------------------------------------------------------------- odd, and all in order


def without_git(root: Path) -> None:
    shutil.rmtree(root / ".git")


def without_commits(root: Path) -> None:
    shutil.rmtree(root / ".git")
    git(root, "init", "-q")


def detached(root: Path) -> None:
    git(root, "checkout", "-q", "--detach", "HEAD~1")


def shallow_clone(root: Path) -> Path:
    git(root.parent, "clone", "-q", "--depth=2", f"file://{root}", "clone")
    return root.parent / "clone"


def partial_clone(root: Path, left_out: str = "blob:none") -> Path:
    """What it has not would have to be fetched, by a program."""
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root.parent, "clone", "-q", f"--filter={left_out}", f"file://{root}", "clone")
    git(root.parent / "clone", "config", "remote.origin.url", f"ext::sh -c 'touch {root.parent}/sprung'")
    git(root.parent / "clone", "config", "protocol.allow", "always")
    return root.parent / "clone"


def treeless_clone(root: Path) -> Path:
    return partial_clone(root, "tree:0")


def sparse(root: Path) -> None:
    put(root, {"other/away.py": "radius\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "More")
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "sub")


def submodules(root: Path) -> None:
    """One that is there, one that is not, one whose folder lies, and a repository inside that nobody knows."""
    inner = repository(root.parent / "inner", {"inside.py": "radius_inside = 1\n"})
    for name in ("mod", "gone", "liar"):
        git(root, "submodule", "--quiet", "add", str(inner), name)
    git(root, "commit", "-qm", "With submodules")
    git(root, "submodule", "--quiet", "deinit", "-f", "gone")
    (root / "liar/.git").write_text(f"gitdir: {root.parent}/inner/.git\n")
    repository(root / "nested", {"inside.py": "radius_inside = 1\n"})


def work_tree(root: Path) -> Path:
    git(root, "worktree", "add", "-q", "-b", "other", str(root.parent / "work"))
    return root.parent / "work"


def grafted(root: Path) -> None:
    """Commits that are said to be their own ancestors."""
    names = git(root, "log", "--format=%H").split()
    put(root, {".git/info/grafts": f"{names[1]} {names[0]}\n{names[0]} {names[0]} {names[1]}\n"})
    git(root, "replace", "--force", names[0], names[1])


# ------------------------------------------------------------------------------------------------- .git and its files


def damaged(path: str, data: bytes) -> Kind:
    """A repository one of whose files holds that."""

    def kind(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    kind.__name__ = f"{path.removeprefix('.git/')} {data[:12]!r} {len(data)}"
    return kind


def no_file(path: str, make: Callable[[Path], None]) -> Kind:
    """A repository in which something else stands in the place of a file."""

    def kind(root: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            (root / path).unlink()
        make(root / path)

    kind.__name__ = f"{path.removeprefix('.git/')} {make.__name__}"
    return kind


def folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def git_file(text: str) -> Kind:
    """A work tree whose `.git` is a file with that text."""

    def kind(root: Path) -> None:
        shutil.rmtree(root / ".git")
        (root / ".git").write_text(text.replace("ROOT", str(root)), encoding="utf-8", errors="surrogateescape")

    kind.__name__ = f"file {text[:30]!r} {len(text)}"
    return kind


def index_of(entries: bytes, count: int, version: int = 2, more: bytes = b"") -> bytes:
    """An index with the right checksum, whatever else is wrong."""
    body = b"DIRC" + struct.pack(">II", version, count) + entries + more
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


ENTRY = struct.pack(">10I", *([1] * 6), 0o100644, 1, 1, 4_000_000_000) + bytes(20)
BAD_INDEX = [
    b"",
    b"DIRC",
    b"garbage" * 100_000,
    index_of(b"", 0xFFFFFFFF),
    index_of(ENTRY + struct.pack(">H", 0xFFF) + b"n" * 900_000, 1),
    index_of((ENTRY + struct.pack(">H", 9) + b"shapes.py\0") * 10_000, 10_000),
    index_of(ENTRY + struct.pack(">H", 14) + b"../outside.py\0\0\0\0\0", 1),
    index_of(ENTRY + struct.pack(">H", 0xFFF) + b"\xff" * 9 + b"x\0", 1, 4),
    index_of(b"", 0, more=b"link" + struct.pack(">I", 0xFFFFFFF0)),
    index_of(b"", 0, more=(b"TREE" + struct.pack(">I", 0)) * 100_000),
    index_of(b"", 0, 9),
]
NAMED_FILES = ("HEAD", "index", "packed-refs", "config", "shallow", "info/exclude", "commondir", "refs/heads/main")


# ----------------------------------------------------------------------------------------------------------- objects


def head_is(data: bytes) -> Kind:
    """A repository whose last commit is that, deflated or not."""

    def kind(root: Path) -> None:
        head_object(root).write_bytes(data)

    kind.__name__ = f"commit {data[:12]!r} {len(data)}"
    return kind


def truncated_pack(root: Path) -> None:
    git(root, "gc", "-q")
    for path in (root / ".git/objects/pack").iterdir():
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbled_pack(root: Path) -> None:
    git(root, "gc", "-q")
    chance = random.Random(1)
    for path in (root / ".git/objects/pack").iterdir():
        path.chmod(0o644)
        data = bytearray(path.read_bytes())
        for _ in range(200):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        path.write_bytes(data)


def many_packs(root: Path) -> None:
    """Each is a copy of the one that there is, under another name."""
    git(root, "gc", "-q")
    packs = root / ".git/objects/pack"
    for path in list(packs.iterdir()):
        for n in range(3_000):
            os.link(path, packs / f"pack-{n:040x}{path.suffix}")


def huge_pack(root: Path) -> None:
    git(root, "gc", "-q")
    for path in (root / ".git/objects/pack").iterdir():
        path.chmod(0o644)
        hole(path)


def alternates(text: str) -> Kind:
    """A repository that has others' objects, or its own once more."""

    def kind(root: Path) -> None:
        other = repository(root.parent / "other", {"inside.py": "x\n"})
        put(other, {".git/objects/info/alternates": f"{root}/.git/objects\n"})
        put(root, {".git/objects/info/alternates": text.replace("ROOT", str(root)).replace("OTHER", str(other))})

    kind.__name__ = f"alternates {text[:20]!r} {len(text)}"
    return kind


def lying_graph(root: Path) -> None:
    """A commit graph with other parents, times and trees than the commits have."""
    git(root, "commit-graph", "write", "--reachable")
    [path] = list((root / ".git/objects/info").glob("commit-graph"))
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    start = data.index(b"CDAT")
    at = struct.unpack(">Q", data[start + 4 : start + 12])[0]
    for n in range(6):
        # Each one's parent is the next, in a circle.
        struct.pack_into(">III", data, at + n * 36 + 20, (n + 1) % 6, 0x70000000, 0)
    path.write_bytes(data[:-20] + hashlib.sha1(data[:-20], usedforsecurity=False).digest())


def garbled_graph(root: Path) -> None:
    git(root, "commit-graph", "write", "--reachable")
    path = root / ".git/objects/info/commit-graph"
    path.chmod(0o644)
    data, chance = bytearray(path.read_bytes()), random.Random(3)
    for _ in range(100):
        data[chance.randrange(8, len(data))] = chance.randrange(256)
    path.write_bytes(data)


def stored(root: Path, kind: str, data: bytes) -> str:
    """Writes an object as it is, whatever it is."""
    whole = f"{kind} {len(data)}\0".encode() + data
    name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    path = root / ".git/objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(whole, 1))
    return name


def commit(root: Path, tree: str, parents: str = "", message: bytes = b"Odd radius") -> None:
    """Makes a commit of the tree the last one."""
    who = b"A <a@example.com> 1700001000 +0000"
    head = f"tree {tree}\n{parents}".encode()
    name = stored(root, "commit", head + b"author " + who + b"\ncommitter " + who + b"\n\n" + message)
    git(root, "update-ref", "refs/heads/main", name)


def tree_of(root: Path, depth: int, wide: int) -> str:
    """A tree of `wide ** depth` files: the same folder again and again."""
    blob = stored(root, "blob", b"x\n")
    tree = stored(root, "tree", b"".join(b"100644 f%05d\0" % n + bytes.fromhex(blob) for n in range(wide)))
    for _ in range(depth - 1):
        tree = stored(root, "tree", b"".join(b"40000 d%05d\0" % n + bytes.fromhex(tree) for n in range(wide)))
    return tree


def million_paths(root: Path) -> None:
    commit(root, tree_of(root, 2, 1_000), f"parent {git(root, 'rev-parse', 'HEAD').strip()}\n")


def billion_paths(root: Path) -> None:
    commit(root, tree_of(root, 3, 1_000), f"parent {git(root, 'rev-parse', 'HEAD').strip()}\n")


def deepest_tree(root: Path) -> None:
    commit(root, tree_of(root, 3_000, 1))


def many_parents(root: Path) -> None:
    parent = f"parent {git(root, 'rev-parse', 'HEAD').strip()}\n"
    commit(root, git(root, "rev-parse", "HEAD^{tree}").strip(), parent * 50_000)


def huge_message(root: Path) -> None:
    commit(root, git(root, "rev-parse", "HEAD^{tree}").strip(), message=b"radius " * 3_000_000)


def bad_paths(root: Path) -> None:
    """Names that lead out of the folder, and some that are none."""
    blob = bytes.fromhex(stored(root, "blob", b"x\n"))
    names = [b"..", b"../../etc/passwd", b"/etc/passwd", b".git", b".", b"", b"\n", b"\xff\xfe", b"a" * 5_000, b"C:\\x"]
    commit(root, stored(root, "tree", b"".join(b"100644 " + name + b"\0" + blob for name in names)))


ODD: list[Kind] = [detached, shallow_clone, partial_clone, sparse, submodules, work_tree]
LINES = b"".join(b"%040x refs/heads/b%d\n" % (n, n) for n in range(300_000))
GROUPS: dict[str, list[Kind]] = {
    "odd": [*ODD, treeless_clone, without_git, without_commits, grafted],
    "index": [damaged(".git/index", data) for data in BAD_INDEX],
    **{
        f"garbage {size}": [damaged(f".git/{name}", data) for name in NAMED_FILES]
        for size, data in enumerate(((b"\xff\x00\xfe garbage " * 50 + b"\n") * 5_000, b"x" * 3_000_000, b""))
    },
    **{make.__name__: [no_file(f".git/{name}", make) for name in NAMED_FILES] for make in (hole, folder, zero, loop)},
    "pipe": [no_file(f".git/{name}", pipe) for name in NAMED_FILES],
    "refs": [
        damaged(".git/HEAD", b"ref: refs/heads/../../../../../../etc/passwd\n"),
        damaged(".git/commondir", b"/\n"),
        damaged(".git/packed-refs", LINES),
    ],
    "file": list(map(git_file, ["", "gitdir: ROOT", "gitdir: .git", "gitdir: /", "gitdir: /proc/self/root"]))
    + list(map(git_file, ["gitdir: \0", "gitdir:" + "x" * 5_000, "\udcff" * 100_000])),
    "commit": [
        *(head_is(data) for data in (ZEROS, zlib.compress(b"commit 99999999999\0tree x"), b"", b"\x78\x9c garbage")),
        *(head_is(zlib.compress(b"%s 12\0tree 0000000" % kind)) for kind in (b"commit", b"blob", b"x" * 5_000_000)),
    ],
    "pack": [truncated_pack, garbled_pack, many_packs, huge_pack],
    "alternates": list(
        map(alternates, ["ROOT/.git/objects\n", "OTHER/.git/objects\n", "/dev/zero\n", "../objects\n" * 100_000])
    ),
    "graph": [
        lying_graph,
        garbled_graph,
        damaged(".git/objects/info/commit-graphs/commit-graph-chain", b"garbage\n" * 1_000),
    ],
    "tree": [million_paths, billion_paths, deepest_tree, bad_paths],
    "body": [many_parents, huge_message],
}


def all_of(tmp_path: Path, group: str) -> dict[str, Path]:
    """A repository of each kind in the group, by the kind's name."""
    found: dict[str, Path] = {}
    for number, kind in enumerate(GROUPS[group]):
        root = made_in(tmp_path / str(number))
        found[kind.__name__] = kind(root) or root
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_the_history_is_read_or_there_is_none(tmp_path: Path, group: str) -> None:
    """By the child process of the index, as data and by git itself."""
    kinds = all_of(tmp_path, group)
    # For a pipe git itself waits until its time is over: see below.
    trust = (False,) if group == "pipe" else (False, True)
    jobs = [(name, root, trusted) for name, root in kinds.items() for trusted in trust]
    replies = histories_of(*((root, trusted) for _, root, trusted in jobs))
    for (name, _, trusted), reply in zip(jobs, replies, strict=True):
        order, commits = reply or ((), ())
        assert {one[0] for one in commits} <= set(order), name
        assert all(len(one[3]) <= 1_000 for one in commits), name
        assert order or name not in {kind.__name__ for kind in ODD}, f"{name}, {trusted}: nothing is wrong with it"
    assert not list(tmp_path.glob("*/sprung"))


@pytest.mark.parametrize("group", GROUPS)
async def test_the_files_are_found_without_git(tmp_path: Path, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process for the whole group. Not trusted: the `git` on its PATH, which leaves a mark, is not started."""
    kinds = all_of(tmp_path, group)
    put(tmp_path, {"bin/git": f"#!/bin/sh\ntouch '{tmp_path}/started'\n"})
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    async with asked(tmp_path / "cache", *kinds.values()) as index:
        for name, root in kinds.items():
            files = await index.files("radius of the circle", root)
            assert {"sub/helpers.py"} | (set() if name == "sparse" else {"shapes.py"}) <= files, name
            assert not any(path.startswith(("/", "..", "mod/", "liar/", "nested/", "other/")) for path in files), name
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("group", ["odd", "index", "file"])
async def test_the_files_are_found_with_trust(tmp_path: Path, group: str) -> None:
    """Then more is read of a repository, and folders above the workspace count."""
    kinds = all_of(tmp_path, group)
    async with asked(tmp_path / "cache", *kinds.values(), trusted=True) as index:
        for name, root in kinds.items():
            files = await index.files("radius of the circle", root)
            assert {"sub/helpers.py"} | (set() if name == "sparse" else {"shapes.py"}) <= files, name
            assert not any(path.startswith(("/", "..", "mod/", "liar/", "nested/", "other/")) for path in files), name
            for words in index.process.state(root.as_uri())["words"]:
                assert "buffer" not in words and "subsection" not in words
    assert not list(tmp_path.glob("*/sprung"))


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("group", ["odd", "index", "hole", "zero", "pipe", "garbage 0", "refs", "file"])
def test_every_repository_is_watched(tmp_path: Path, group: str, trusted: bool) -> None:
    for name, root in all_of(tmp_path, group).items():
        came = threading.Event()
        watch = FolderWatch(root, partial(_note, came), trusted)
        assert watch.watching.wait(PATIENCE_S), name
        put(root, {"later.py": "x\n"})
        assert came.wait(PATIENCE_S), name
        assert watch.words == "", name
        watch.close()


def _note(came: threading.Event, changes: Changes) -> None:
    if "later.py" in changes.paths:
        came.set()


@pytest.mark.parametrize("name", NAMED_FILES)
def test_git_that_waits_for_ever_is_ended(tmp_path: Path, name: str) -> None:
    root = made_in(tmp_path / "x")
    with contextlib.suppress(FileNotFoundError):
        (root / ".git" / name).unlink()
    pipe(root / ".git" / name)
    found = read_history(root, True, seconds=0.5)
    assert found is None or len(found.order) <= 6


def chain(root: Path, trees: Sequence[str], count: int, message: Callable[[int], str]) -> None:
    """Makes a history of so many commits, each with the next one of the trees."""
    name = ""
    for n in range(count):
        who = f"A <a@example.com> {1_700_001_000 + n} +0000"
        head = f"tree {trees[n % len(trees)]}\n" + (f"parent {name}\n" if name else "")
        name = stored(root, "commit", f"{head}author {who}\ncommitter {who}\n\n{message(n)}".encode())
    git(root, "update-ref", "refs/heads/main", name)


@pytest.mark.parametrize("trusted", [False, True])
async def test_what_is_kept_of_a_history_is_bounded(tmp_path: Path, trusted: bool) -> None:
    """Each of 4,000 commits changes the same 1,000 files, with names of 1,000 bytes: 4 GB of names to write down."""
    root = made_in(tmp_path / "x")
    trees: list[str] = []
    for text in (b"1", b"2"):
        blob = bytes.fromhex(stored(root, "blob", text))
        names = ((b"%04d" % n).ljust(1_000, b"n") for n in range(1_000))
        trees.append(stored(root, "tree", b"".join(b"100644 " + name + b"\0" + blob for name in names)))
    chain(root, trees, 4_000, lambda n: f"Radius {n}")
    async with asked(tmp_path / "cache", root, trusted=trusted) as index:
        await until(lambda: bool(list(tmp_path.glob("cache/**/history"))), "the history was not read")
        assert "shapes.py" in await index.files("radius of the circle")
        [kept] = tmp_path.glob("cache/**/history")
        assert kept.stat().st_size < 60_000_000


@pytest.mark.parametrize("trusted", [False, True])
async def test_what_is_kept_of_random_messages_is_bounded(tmp_path: Path, trusted: bool) -> None:
    """2.6 million words, no two of them the same, as far as chance allows."""
    root, chance = made_in(tmp_path / "x"), random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    trees = [stored(root, "tree", b"100644 a\0" + bytes.fromhex(stored(root, "blob", text))) for text in (b"1", b"2")]
    chain(root, trees, 4_000, lambda n: " ".join("".join(chance.choices(letters, k=5)) for _ in range(660)))
    async with asked(tmp_path / "cache", root, trusted=trusted) as index:
        await until(lambda: bool(list(tmp_path.glob("cache/**/history"))), "the history was not read")
        assert "shapes.py" in await index.files("radius of the circle")


async def test_an_index_of_very_many_files_is_not_believed(tmp_path: Path) -> None:
    """As many as are read, and one more."""
    roots = [made_in(tmp_path / str(more)) for more in (0, 1)]
    for more, root in enumerate(roots):
        entries = (ENTRY + struct.pack(">H6s4x", 6, b"%06x" % n) for n in range(MOST + more))
        (root / ".git/index").write_bytes(index_of(b"".join(entries), MOST + more))
    async with asked(tmp_path / "cache", *roots) as index:
        for root in roots:
            assert await index.files("radius of the circle", root) == set(FILES)
        words = [index.process.state(root.as_uri())["words"] for root in roots]
    assert words == [[], ["The index of git can't be read: it names more than 400,000 files."]]


def test_each_of_very_many_refs_is_found(tmp_path: Path) -> None:
    """The file is read in pieces: none is lost where two of them meet."""
    root = made_in(tmp_path / "x")
    lines = LINES[:4_500_000]
    (root / ".git/packed-refs").write_bytes(lines)
    where = place(str(root), False)
    assert where is not None
    meeting = [lines.count(b"\n", 0, at) + more for at in range(0, len(lines), 1_000_000) for more in (-1, 0, 1)]
    for number in {*meeting} - {-1}:
        assert commit_of(where, f"refs/heads/b{number}") == f"{number:040x}"
    assert commit_of(where, "refs/heads/b300000") is None


def test_what_git_may_take_is_bounded(tmp_path: Path) -> None:
    """A billion paths in three trees: without a bound git lists them all before it prints one."""
    root = made_in(tmp_path / "x")
    billion_paths(root)
    asked_for = ("log", "--name-only", "--root", "--format=%H", "-n1")
    output = git_safe.run(root, asked_for, limit=1_000_000, timeout=60.0)
    assert output is not None and not output.late and output.status != 0


TRAPS = {
    "core.fsmonitor": "TRAP",
    "core.hooksPath": "HOOKS",
    "core.pager": "TRAP",
    "core.editor": "TRAP",
    "core.askPass": "TRAP",
    "core.sshCommand": "TRAP",
    "core.gitProxy": "TRAP",
    "core.alternateRefsCommand": "TRAP",
    "core.attributesFile": "HOOKS/attributes",
    "credential.helper": "!TRAP",
    "diff.external": "TRAP",
    "diff.shown.textconv": "TRAP",
    "diff.shown.command": "TRAP",
    "merge.shown.driver": "TRAP",
    "filter.shown.clean": "TRAP",
    "filter.shown.smudge": "TRAP",
    "filter.shown.process": "TRAP",
    "filter.shown.required": "true",
    "gpg.program": "TRAP",
    "gpg.ssh.program": "TRAP",
    "log.showSignature": "true",
    "pager.log": "TRAP",
    "alias.log": "!TRAP",
    "interactive.diffFilter": "TRAP",
    "sequence.editor": "TRAP",
    "submodule.mod.update": "!TRAP",
    "submodule.recurse": "true",
    "remote.origin.url": "ext::TRAP",
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "blob:none",
    "protocol.allow": "always",
    "uploadpack.packObjectsHook": "TRAP",
    "trace2.normalTarget": "MARKS/trace",
    "include.path": "HOOKS/more",
}


async def test_nothing_that_a_repository_names_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With trust, while it is indexed, changes, and gets commits: settings, hooks, attributes, and programs inside."""
    root = made_in(tmp_path / "x")
    (tmp_path / "marks").mkdir()
    put(
        tmp_path, {"hooks/more": f"[core]\n\tfsmonitor = {tmp_path}/hooks/trap\n", "hooks/attributes": "* diff=shown\n"}
    )
    put(root, {".gitattributes": "* diff=shown filter=shown merge=shown\n", "later.py": "radius\n", "git": "x"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Attributes of circles")
    hooks = ["trap", "post-index-change", "post-checkout", "pre-auto-gc", "reference-transaction", "fsmonitor-watchman"]
    for path in [*(tmp_path / "hooks" / name for name in hooks), root / "git", root / "python", root / "env"]:
        path.write_text(f"#!/bin/sh\ntouch '{tmp_path}/marks/{path.name}'\ncat\n", encoding="utf-8")
        path.chmod(0o755)
        if path.parent != root:
            shutil.copy(path, root / ".git/hooks")
    safe = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
    for key, value in TRAPS.items():
        value = value.replace("TRAP", f"{tmp_path}/hooks/trap").replace("HOOKS", f"{tmp_path}/hooks")
        git(root, *safe, "config", key, value.replace("MARKS", f"{tmp_path}/marks"))
    monkeypatch.setenv("PATH", f".:{root}:{os.environ['PATH']}")
    monkeypatch.chdir(root)
    async with asked(tmp_path / "cache", root, trusted=True) as index:
        # Only the history leads from these words to that file.
        await index.shows("attributes", "later.py")
        put(root, {"shapes.py": "class Ellipse: ...\n"})
        index.process.changed(root.as_uri(), None)
        await index.shows("ellipse", "shapes.py")
    assert os.listdir(tmp_path / "marks") == []


async def test_a_repository_that_changes_under_the_scan(tmp_path: Path) -> None:
    """Commits, branches, packing and rewritten history while all is read, with trust and without."""
    root = made_in(tmp_path / "x")
    git(root, "checkout", "-q", "-b", "other")
    put(root, {f"more/f{n}.py": f"class Other{n}: ...\n" for n in range(300)})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "More")
    ended = threading.Event()

    def change() -> None:
        turn = 0
        while not ended.is_set():
            turn += 1
            git(root, "checkout", "-q", "-f", ("main", "other")[turn % 2])
            put(root, {"guide.md": f"radius {turn}\n"})
            git(root, "commit", "-qam", f"Turn {turn}", *(["--amend"] if turn % 3 else []))
            if turn % 5 == 0:
                git(root, "gc", "-q", "--prune=now")
            if turn % 7 == 0:
                (root / ".git/index").write_bytes((root / ".git/index").read_bytes()[:100])
                (root / ".git/index").unlink()
                git(root, "reset", "-q", "--hard")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        async with asked(tmp_path / "cache", root) as index:
            for turn in range(60):
                index.process.opened(root.as_uri(), trusted=bool(turn // 15 % 2))
                index.process.changed(root.as_uri(), None)
                assert "sub/helpers.py" in await index.files("radius of the circle")
            ended.set()
            await asyncio.to_thread(thread.join)
            git(root, "checkout", "-q", "-f", "main")
            put(root, {"later.py": "class Ellipse: ...\n"})
            git(root, "add", "-A")
            git(root, "commit", "-qm", "Peculiar")
            index.process.changed(root.as_uri(), None)
            await index.shows("ellipse", "later.py")
            await index.shows("peculiar", "later.py")
            there = {path.relative_to(root).as_posix() for path in root.rglob("*.*") if ".git" not in path.parts}
            assert await index.files("radius other5") <= there
    finally:
        ended.set()
        thread.join()
