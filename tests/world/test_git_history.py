"""The history as git tells it, read in both ways: the same commits; and that a hostile repository runs nothing."""

from __future__ import annotations

import os
import random
import resource
import struct
import subprocess
import time
import zlib
from pathlib import Path

import pytest

from signoff.core.commits import Ancestry
from signoff.world import git_history, git_objects, git_trees
from signoff.world.git_history import read_history
from signoff.world.git_trees import read_objects
from signoff.world.gitdir import place
from support.git_repository import CLEAN, git, put, repository

FILES = {"a.py": "one\n", "sub/b.py": "b\n", "sub/deep/c.py": "c\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    return repository(tmp_path / "ws", FILES)


def commit(ws: Path, at: int, message: str, texts: dict[str, str] | None = None) -> str:
    put(ws, texts or {})
    git(ws, "add", "-A")
    git(ws, "commit", "-q", "--allow-empty", "-m", message, at=1_700_000_000 + at)
    return git(ws, "rev-parse", "HEAD").strip()


def data(ws: Path, limit: int = 4000, known: tuple[str, ...] = (), seconds: float = 60.0) -> Ancestry | None:
    """As read without git, wherever the repository lies."""
    where = place(str(ws), True)
    return read_objects(where, known, limit, seconds) if where else None


def both(ws: Path, limit: int = 4000, known: tuple[str, ...] = ()) -> Ancestry:
    """What both readers say, after a look that it is the same."""
    by_git = read_history(ws, True, known, limit)
    assert by_git is not None and by_git == data(ws, limit, known)
    return by_git


def grown(ws: Path, seed: int, commits: int = 40) -> None:
    """Commits of all kinds: new, changed, moved and deleted files, folders in place of files, branches and merges."""
    chance = random.Random(seed)
    names = ["a.py", "sub/b.py", "sub/deep/c.py", "new", "new/x.py", "lib/größe.py", "lib/two words.py", "lib.py"]
    for number in range(commits):
        kind = chance.random()
        name = chance.choice(names)
        path = ws / name
        if kind < 0.2 and path.is_file():
            git(ws, "rm", "-q", name)
        elif kind < 0.3 and path.is_file():
            git(ws, "mv", name, f"moved{number}.py")
        elif kind < 0.4 and path.is_file():
            path.chmod(path.stat().st_mode ^ 0o111)
        elif path.parent.is_dir() or not path.parent.exists():
            if path.is_dir():
                git(ws, "rm", "-qr", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{number}\n" * chance.randrange(1, 50), encoding="utf-8")
        commit(ws, chance.randrange(5) + 10 * number, f"Change {number}\n\nBody of {number}.\n")
        if kind > 0.85:
            git(ws, "checkout", "-q", "-b", f"side{number}", f"HEAD~{chance.randrange(3)}" if number > 3 else "HEAD")
            commit(ws, 10 * number + 7, f"Side {number}", {f"side/{number}.py": "s\n"})
            git(ws, "checkout", "-q", "main")
            git(
                ws,
                "merge",
                "-q",
                "--no-ff",
                "-m",
                f"Merge {number}",
                f"side{number}",
                at=1_700_000_000 + 10 * number + 8,
            )


@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize("seed", range(3))
def test_both_ways_are_the_same(tmp_path: Path, seed: int, form: str) -> None:
    ws = repository(tmp_path / "ws", FILES, f"--object-format={form}")
    grown(ws, seed)
    found = both(ws)
    assert len(found.order) > 40 and not found.cut and found.words == ""
    assert found.head == git(ws, "rev-parse", "HEAD").strip()
    assert found.order == tuple(git(ws, "log", "--no-merges", "--format=%H").split())
    assert found.commits[-1].paths == tuple(sorted(FILES)) and found.commits[-1].message == "first"
    git(ws, "gc", "-q")
    assert both(ws) == found, "packed, with deltas"
    git(ws, "-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=200")
    assert both(ws) == found, "deltas that name their base"
    commit(ws, 10_000, "Loose again", {"loose.py": "x\n"})
    assert len(both(ws).order) == len(found.order) + 1
    inner = both(ws / "sub")
    assert inner.order == both(ws).order
    assert {path for each in inner.commits for path in each.paths} <= {"b.py", "deep/c.py"}


def test_only_what_is_new_is_read(ws: Path) -> None:
    grown(ws, 5)
    before = both(ws)
    new = commit(ws, 9_000, "New", {"new.py": "n\n"})
    found = both(ws, known=before.order)
    assert found.order == (new, *before.order) and [each.id for each in found.commits] == [new]
    assert both(ws, known=found.order).commits == ()
    git(ws, "reset", "-q", "--hard", "HEAD~3")
    other = commit(ws, 9_001, "Rewritten", {"other.py": "o\n"})
    again = both(ws, known=found.order)
    assert [each.id for each in again.commits] == [other] and new not in again.order


def test_many_unknown_commits_are_read_at_once(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(ws, 1, 20)
    monkeypatch.setattr(git_history, "MOST_NAMED", 3)
    found = read_history(ws, True, known=("nothing",))
    assert found is not None and found == both(ws)


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_the_limit(ws: Path, limit: int) -> None:
    grown(ws, 2, 10)
    found = both(ws, limit)
    assert len(found.order) == len(found.commits) <= limit and found.cut == (limit < 500)


def test_a_commit_of_very_many_files_is_cut(ws: Path) -> None:
    commit(ws, 1, "Many", {f"many/{n % 40}/{n}.py": "x\n" for n in range(git_trees.MOST_PATHS + 50)})
    assert len(both(ws).commits[0].paths) == git_trees.MOST_PATHS


def test_messages_of_every_kind(ws: Path) -> None:
    commit(ws, 1, "Grüße \N{PARTY POPPER}\n\n\nlast line  \n\n")
    tree = git(ws, "rev-parse", "HEAD^{tree}").strip()
    parent = git(ws, "rev-parse", "HEAD").strip()
    people = "author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000{} +0000\n"
    for number, (head, body) in enumerate(
        [
            ("encoding ISO-8859-1\n", "caf\xe9".encode("latin-1")),
            ("encoding no-such-thing\n", b"plain"),
            ("gpgsig -----BEGIN-----\n parent 0000000000000000000000000000000000000000\n -----END-----\n", b"signed"),
            ("", b"bad \xff\xfe utf-8"),
            ("", b""),
            ("", b"long " * 5000),
        ]
    ):
        raw = f"tree {tree}\nparent {parent}\n{people.format(100 + number)}{head}\n".encode() + body
        argv = ["git", "-C", str(ws), "hash-object", "-t", "commit", "-w", "--stdin"]
        parent = subprocess.run(argv, input=raw, check=True, capture_output=True, env=CLEAN).stdout.decode().strip()
    git(ws, "update-ref", "HEAD", parent)
    messages = [each.message for each in both(ws).commits]
    assert messages[1] == "" and messages[3:6] == ["signed", "plain", "caf\xe9"]
    assert messages[2].startswith("bad \ufffd") and len(messages[0]) == git_trees.LONGEST_MESSAGE
    assert messages[6] == "Grüße \N{PARTY POPPER}\n\nlast line"


def test_odd_names_links_and_submodules(ws: Path, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"x.py": "x\n"})
    git(ws, "submodule", "--quiet", "add", str(inner), "mod")
    (ws / "link").symlink_to("a.py")
    (ws / "caf\udce9.py").write_text("x\n", encoding="utf-8")
    commit(ws, 1, "Odd", {"new\nline.py": "x\n", "-rf": "x\n", "deadbeef 1": "x\n", "*.py": "x\n"})
    found = both(ws).commits[0]
    assert set(found.paths) == {".gitmodules", "link", "new\nline.py", "-rf", "deadbeef 1", "*.py"}


def test_shallow_partial_and_detached(ws: Path, tmp_path: Path) -> None:
    grown(ws, 3, 15)
    whole = both(ws)
    git(tmp_path, "clone", "-q", "--depth=4", f"file://{ws}", "shallow")
    found = both(tmp_path / "shallow")
    assert 0 < len(found.order) < len(whole.order) and not found.cut
    ends = git_trees.shallow(place(str(tmp_path / "shallow"), True) or pytest.fail("no repository"))
    assert all(each.paths == () for each in found.commits if each.id in ends)
    git(ws, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{ws}", "blobless")
    assert both(tmp_path / "blobless").commits == whole.commits
    git(ws, "checkout", "-q", "--detach", "HEAD~2")
    assert both(ws).head == git(ws, "rev-parse", "HEAD").strip()


def test_a_clone_without_trees_ends_quietly(ws: Path, tmp_path: Path) -> None:
    grown(ws, 4, 10)
    git(ws, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=tree:0", "--no-checkout", f"file://{ws}", "treeless")
    for found in (read_history(tmp_path / "treeless", True), data(tmp_path / "treeless")):
        assert found is not None and found.cut and all(not each.paths for each in found.commits)


def test_no_git_an_empty_repository_a_bare_one_and_a_work_tree(ws: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for trusted in (False, True):
        assert read_history(tmp_path / "plain", trusted) is None
        assert read_history(tmp_path / "none", trusted) is None
    git(tmp_path / "plain", "init", "-q")
    for trusted in (False, True):
        assert read_history(tmp_path / "plain", trusted) is None
    git(tmp_path, "clone", "-q", "--bare", str(ws), "bare.git")
    assert both(tmp_path / "bare.git") == both(ws) == read_history(ws, False)
    git(ws, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    commit(tmp_path / "tree", 1, "There", {"t.py": "t\n"})
    assert both(tmp_path / "tree").commits[0].message == "There" != both(ws).commits[0].message
    (ws / ".git/worktrees/tree/gitdir").write_text(str(tmp_path / "another" / ".git"), encoding="utf-8")
    assert read_history(tmp_path / "tree", False) is None, "its repository does not name it"


def test_packed_refs_and_refs_that_lead_nowhere(ws: Path) -> None:
    whole = both(ws)
    git(ws, "pack-refs", "--all")
    assert both(ws) == whole
    for text in ("ref: refs/heads/none\n", "ref: HEAD\n", "ref: ../../../etc/passwd\n", "x" * 40, "", "ref:", "\0"):
        (ws / ".git/HEAD").write_text(text, encoding="utf-8")
        assert read_history(ws, False) is None


def test_without_git_a_trusted_workspace_is_read_as_data(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = both(ws)
    monkeypatch.setattr(git_history, "run", lambda *_, **__: None)  # pyright: ignore
    assert read_history(ws, True) == read_history(ws, True, known=("x",)) == whole


def test_alternates_and_links_are_not_followed_without_trust(ws: Path, tmp_path: Path) -> None:
    """A repository that names another one's objects shows nothing of them."""
    grown(ws, 6, 5)
    git(ws, "gc", "-q")
    git(tmp_path, "clone", "-q", "--shared", str(ws), "shared")
    shared = tmp_path / "shared"
    assert read_history(shared, True) == both(ws)
    found = read_history(shared, False)
    assert found is not None and found.commits == () and found.cut
    (shared / ".git/objects/info/alternates").unlink()
    for path in (ws / ".git/objects/pack").iterdir():
        (shared / ".git/objects/pack" / path.name).symlink_to(path)
    found = read_history(shared, False)
    assert found is not None and found.commits == ()
    (shared / ".git/objects").rename(tmp_path / "objects")
    (shared / ".git/objects").symlink_to(ws / ".git/objects")
    found = read_history(shared, False)
    assert found is not None and found.commits == ()


def test_a_hostile_repository_runs_nothing(ws: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()

    def mark(name: str) -> str:
        script = tmp_path / f"mark-{name}"
        script.write_text(f"#!/bin/sh\ntouch '{marks}/{name}'\ncat\n", encoding="utf-8")
        script.chmod(0o755)
        return str(script)

    put(ws, {".gitattributes": "*.py diff=shown filter=f\n"})
    commit(ws, 1, "Attributes", {"a.py": "two\n"})
    settings = {
        "core.fsmonitor": mark("fsmonitor"),
        "core.pager": mark("pager"),
        "pager.log": mark("pager-log"),
        "gpg.program": mark("gpg"),
        "log.showSignature": "true",
        "log.showRoot": "false",
        "log.follow": "true",
        "format.pretty": "raw",
        "diff.external": mark("external"),
        "diff.shown.textconv": mark("textconv"),
        "diff.shown.command": mark("command"),
        "filter.f.clean": mark("clean"),
        "alias.log": f"!{mark('alias')}",
        "core.sshCommand": mark("ssh"),
        "remote.origin.url": f"ext::{mark('transport')}",
        "remote.origin.promisor": "true",
        "protocol.allow": "always",
        "color.ui": "always",
        "log.date": "human",
        "core.commentChar": "x",
        "i18n.logOutputEncoding": "UTF-16",
        "diff.orderFile": "/dev/stdin",
        "diff.renames": "copies",
    }
    for key, value in settings.items():
        git(ws, "-c", "core.fsmonitor=false", "config", key, value)
    found = both(ws)
    assert [each.message for each in found.commits] == ["Attributes", "first"] and found == read_history(ws, False)
    blob = git(ws, "-c", "core.fsmonitor=false", "rev-parse", "HEAD^{tree}").strip()
    (ws / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for trusted in (False, True):
        missing = read_history(ws, trusted)
        assert missing is not None and missing.cut
    assert os.listdir(marks) == []


def pack(ws: Path, objects: list[bytes], names: list[str]) -> None:
    """A pack of these raw entries under these ids, with its index."""
    body, offsets = b"PACK" + struct.pack(">II", 2, len(objects)), []
    for raw in objects:
        offsets.append(len(body))
        body += raw
    rows = sorted(zip(names, offsets, strict=True))
    fan = b"".join(struct.pack(">I", sum(int(name[:2], 16) <= byte for name, _ in rows)) for byte in range(256))
    index = b"\xfftOc" + struct.pack(">I", 2) + fan + b"".join(bytes.fromhex(name) for name, _ in rows)
    index += bytes(4 * len(rows)) + b"".join(struct.pack(">I", offset) for _, offset in rows) + bytes(40)
    folder = ws / ".git/objects/pack"
    folder.mkdir(exist_ok=True)
    (folder / "pack-aa.pack").write_bytes(body + bytes(20))
    (folder / "pack-aa.idx").write_bytes(index)


def header(kind: int, size: int) -> bytes:
    first, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes([*out, first])


A, B = "a" * 40, "b" * 40
HUGE = 1 << 40
BOMB = zlib.compress(bytes(200_000_000), 9)


@pytest.mark.parametrize(
    "entries",
    [
        {A: header(1, 200_000_000) + BOMB},
        {A: header(1, 100) + BOMB},
        {A: header(1, HUGE) + BOMB},
        {A: header(7, 20) + bytes.fromhex(A) + zlib.compress(b"x" * 20)},
        {
            A: header(7, 3) + bytes.fromhex(B) + zlib.compress(b"\1\1\1"),
            B: header(7, 3) + bytes.fromhex(A) + zlib.compress(b"\1\1\1"),
        },
        {A: header(6, 3) + b"\xff\xff\xff\xff\x7f" + zlib.compress(b"\1\1\1")},
        {A: header(6, 3) + b"\x00" + zlib.compress(b"\1\1\1")},
        {A: b"\xff" * 50},
        {A: header(1, 5) + b"not deflated"},
        {A: header(1, 5) + zlib.compress(b"tree\n")},
        {A: header(5, 5) + zlib.compress(b"12345")},
        {A: header(3, 5) + zlib.compress(b"12345")},
        {A: b""},
    ],
)
def test_hostile_packs_cost_little(ws: Path, entries: dict[str, bytes]) -> None:
    pack(ws, list(entries.values()), list(entries))
    (ws / ".git/HEAD").write_text(A + "\n", encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_history(ws, False)
    assert found is not None and found.commits == () and found.cut and "damaged" in found.words
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "KB"


def test_deltas_that_grow_and_grow(ws: Path) -> None:
    """Each copies what it is made of four thousand times: the sizes in the chain are bounded, and so is their sum."""
    size = 4_000_000

    def number(value: int) -> bytes:
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    copy = b"\xf0\x00\x09\x3d"  # the first 4,000,000 bytes
    delta = number(size) + number(size) + copy
    names = [f"{n:040x}" for n in range(1000)]
    objects = [header(1, size) + zlib.compress(bytes(size), 9)]
    for n in range(1, 1000):
        objects.append(header(7, len(delta)) + bytes.fromhex(names[n - 1]) + zlib.compress(delta))
    pack(ws, objects, names)
    (ws / ".git/HEAD").write_text(names[-1] + "\n", encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_history(ws, False)
    assert found is not None and found.cut and "without an end" in found.words
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KB"


def test_loose_objects_that_lie(ws: Path) -> None:
    (ws / ".git/HEAD").write_text(A + "\n", encoding="utf-8")
    place_of = ws / ".git/objects/aa"
    place_of.mkdir()
    for raw in (BOMB, zlib.compress(b"commit 5\0tree\n" + bytes(100_000_000)), zlib.compress(b"commit x\0"), b"", b"x"):
        (place_of / ("a" * 38)).write_bytes(raw)
        found = read_history(ws, False)
        assert found is not None and found.commits == () and "damaged" in found.words
    (place_of / ("a" * 38)).unlink()
    os.mkfifo(place_of / ("a" * 38))
    found = read_history(ws, False)
    assert found is not None and found.commits == () and found.cut


def test_damaged_packs_never_raise(ws: Path) -> None:
    grown(ws, 8, 12)
    git(ws, "gc", "-q")
    folder = ws / ".git/objects/pack"
    chance = random.Random(3)
    for kind in ("*.idx", "*.pack"):
        file = next(folder.glob(kind))
        file.chmod(0o644)
        whole = file.read_bytes()
        for _ in range(150):
            body = bytearray(whole)
            for _ in range(chance.randrange(1, 30)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            file.write_bytes(bytes(body[: chance.randrange(len(body))] if chance.random() < 0.3 else body))
            found = data(ws, seconds=5)
            assert found is None or len(found.order) == len(found.commits)
        file.write_bytes(whole)
    assert not both(ws).cut


def test_time_is_bounded(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(ws, 9, 10)
    ticks = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    found = data(ws, seconds=20)
    assert found is not None and found.cut and 0 < len(found.order) < 10
    assert found.words == "Only the newest part of the history was read in time."


def test_commits_that_are_their_own_ancestors(ws: Path) -> None:
    """Ids that do not fit their content can make a circle; each commit is still seen once."""
    tree = git(ws, "rev-parse", "HEAD^{tree}").strip()
    body = f"tree {tree}\nparent {B}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx"
    entries = [body, body.replace(B, A)]
    pack(ws, [header(1, len(each)) + zlib.compress(each.encode()) for each in entries], [A, B])
    (ws / ".git/HEAD").write_text(A + "\n", encoding="utf-8")
    found = read_history(ws, False)
    assert found is not None and found.order == (A, B)


def test_a_folder_that_holds_itself(ws: Path) -> None:
    loop = b"40000 d\0" + bytes.fromhex(B) + b"100644 f\0" + bytes.fromhex("c" * 40)
    body = f"tree {B}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx".encode()
    pack(ws, [header(1, len(body)) + zlib.compress(body), header(2, len(loop)) + zlib.compress(loop)], [A, B])
    (ws / ".git/HEAD").write_text(A + "\n", encoding="utf-8")
    found = read_history(ws, False)
    assert found is not None and found.cut and "without an end" in found.words
    assert git_objects.LARGEST < 10_000_000
