"""Folders with files of every bad kind, through the real indexing process.

In each of them the one good file is found, the process that was started first answers to the end, no process needs
much memory, and nothing outside of the folder is told.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from support.index_watched import SERVER, asked
from support.indexing import put

GOOD = "class Circle:\n    def area(self):\n        return 3.14 * self.radius ** 2\n"
LEVELS = 100_000
TESTS = str(Path(__file__).parents[1])


def binaries(root: Path) -> None:
    """Programs, pictures and noise, with honest names and with others."""
    noise = random.Random(1).randbytes(300_000)
    program = Path(sys.executable).resolve().read_bytes()[:900_000]
    put(root, {"all.py": bytes(range(256)) * 100, "noise.js": noise, "program": program, "program.c": program})
    put(root, {"late.py": b"radius = 1\n" * 2_000 + b"\0" * 1_000, "picture.png": b"\x89PNG\r\n\x1a\n" + noise})


def encodings(root: Path) -> None:
    """UTF-16, Latin-1, cut characters, and what is no character."""
    put(root, {"latin.py": "größe = 'radius'\n".encode("latin-1"), "wide.py": "radius = 1\n".encode("utf-16")})
    put(root, {"cut.py": "# größe".encode()[:-3], "lone.py": b"x = '\xed\xa0\x80\xff\xfe\xc0\x80'\n" * 1_000})
    put(root, {"marks.py": "\ufeff# \u202e\u2066 radius \u0000x".encode()[:-2], "ends.py": b"a\rb\r\nc\n\rd\x0b\x0c"})


def hundred_megabytes(root: Path) -> None:
    """Text, and a file that takes no room."""
    (root / "text.txt").write_bytes(b"the radius of it all\n" * 5_000_000)
    with (root / "hole.py").open("wb") as hole:
        hole.truncate(100_000_000)


def million_lines(root: Path) -> None:
    """Just small enough to be read, and not."""
    put(root, {"blank.txt": b"\n" * 1_000_000, "letters.py": b"a\n" * 500_000, "many.py": b"radius\n" * 1_000_000})
    put(root, {"crs.py": b"\r" * 1_000_000, "blank.md": b"#\n" * 500_000, "rows.csv": b"1,\n" * 333_000})


def minified(root: Path) -> None:
    """One line of 900 kB, of each sort."""
    script = "".join(f"function f{n}(a,b){{return a*{n}+b}}" for n in range(30_000))[:900_000]
    put(root, {"app.js": script, "app.css": "a{b:c}" * 150_000, "app.json": "[" + "1," * 449_000 + "1]"})
    put(root, {"word.md": "w" * 900_000})
    put(
        root,
        {"app.ts": "x=[" + "'a'," * 220_000 + "]", "app.py": "x = [" + "1," * 440_000 + "]"},
    )


def many_functions(root: Path) -> None:
    """As many as a file of its size can have; and 200,000, which makes it too large."""
    put(root, {"all.py": "".join(f"def {chr(97 + n % 26)}{n:x}():0\n" for n in range(70_000))[:990_000]})
    put(root, {"all.js": "".join(f"function f{n:x}(){{}}\n" for n in range(45_000))[:990_000]})
    put(root, {"all.go": "package a\n" + "".join(f"func F{n:x}(){{}}\n" for n in range(50_000))[:980_000]})
    put(root, {"more.py": "".join(f"def f{n}(): ...\n" for n in range(200_000))})
    put(root, {"one.json": "{" + ",".join(f'"k{n}":{n}' for n in range(60_000)) + "}"})


NESTED = {
    "json": ('{"a":', "1", "}"),
    "py": ("(", "1", ")"),
    "js": ("[", "", "]"),
    "ts": ("{", "", "}"),
    "tsx": ("<a>", "", "</a>"),
    "go": ("(", "1", ")"),
    "rs": ("{", "", "}"),
    "java": ("{", "", "}"),
    "c": ("(", "1", ")"),
    "cpp": ("a<", "b", ">"),
    "cs": ("{", "", "}"),
    "rb": ("[", "1", "]"),
    "php": ("(", "1", ")"),
    "sh": ("$(", "a", ")"),
    "html": ("<b>", "x", "</b>"),
    "css": ("a{", "", "}"),
    "toml": ("[", "1", "]"),
    "yaml": ("[", "1", "]"),
    "md": ("> ", "x", ""),
    "xml": ("<a>", "", "</a>"),
}


def nested(root: Path) -> None:
    """A hundred thousand levels, closed and open, in each language."""
    for extension, (opens, inner, closes) in NESTED.items():
        levels = min(LEVELS, 990_000 // len(opens + closes))
        prefix = {"toml": "a = ", "php": "<?php ", "go": "package a\nvar x = "}.get(extension, "")
        put(root, {f"closed.{extension}": prefix + opens * levels + inner + closes * levels})
        put(root, {f"open.{extension}": prefix + opens * levels})
    put(
        root, {"steps.py": "".join(" " * n + "if x:\n" for n in range(1_350)), "minus.py": "x = " + "-" * 900_000 + "1"}
    )
    put(root, {"list.yaml": "".join(" " * n + "-\n" for n in range(1_350)), "calls.py": "f" + "()" * LEVELS})


def odd_names(root: Path) -> None:
    """Of 255 bytes, with line ends, escapes, and bytes that are no text."""
    names = [b"n" * 252 + b".py", b"new\nline.py", b"bad\xff\xfe.py", b"\x1b[31m.py", b"-rf.py", b" .py", b"'\".py"]
    names += [
        "\u202egnp.py".encode(),
        b"caf\xe9",
        b"a\\b.py",
        b"*.py",
        b"$(touch x).py",
        b"%s%n.py",
        "ä\u0308.py".encode(),
    ]
    names += [b"b" * 251 + b"\xff.py", "é".encode() * 126 + b".py", b"con.py", b"line\r.py", b"#x.py", b"~.py"]
    for name in names:
        (root / os.fsdecode(name)).write_text("radius = 1\n", encoding="utf-8")
        folder = root / os.fsdecode(b"d" + name[:200])
        folder.mkdir()
        (folder / "inner.py").write_text("radius = 1\n", encoding="utf-8")


def no_files(root: Path) -> None:
    """Pipes, sockets and devices with names of files."""
    for name in ("pipe.py", ".gitignore", ".signoffignore", "AGENTS.md", ".git"):
        os.mkfifo(root / name)
    here = os.getcwd()
    os.chdir(root)
    try:
        socket.socket(socket.AF_UNIX).bind("socket.py")
    finally:
        os.chdir(here)
    (root / "null.py").symlink_to("/dev/zero")


def link_loops(root: Path) -> None:
    """To themselves, to each other, upward, and out of the folder."""
    (root / "self.py").symlink_to("self.py")
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    (root / "up").symlink_to("..")
    (root / "here").symlink_to(".")
    (root / "deep").mkdir()
    (root / "deep/back").symlink_to("../deep")
    (root / "away").symlink_to(root.parent / "outside")
    (root / "away.py").symlink_to(root.parent / "outside/secret.py")
    (root / "system").symlink_to("/proc/self/root")
    (root / ".gitignore").symlink_to(root.parent / "outside/rules")
    (root / ".git").symlink_to(".git")


def odd_rules(root: Path) -> None:
    """Ignore files that are huge, no text, folders, and patterns that make others think for ages."""
    put(
        root,
        {".gitignore": "".join(f"*{n}*.x\n" for n in range(5_000)) + "a*" * 5_000 + "b\n" + "**/" * 3_000 + "x\n"},
    )
    put(root, {".signoffignore": b"\xff\xfe[[[z-a]\\\n!(\n" + b"[" * 100_000, "sub/.gitignore/x": "a folder\n"})
    put(root, {f"{'a' * 200}/{'a' * 200}.txt": "x\n", "sub/inner.py": "radius\n"})
    put(root, {"many/.gitignore": "".join(f"name{n:05}\n" for n in range(90_000)), "many/x.py": "radius\n"})


def deep_folders(root: Path) -> None:
    """More than anybody has below each other; and 5,000 files side by side."""
    handle = os.open(root, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
        os.close(os.open("radius.py", os.O_WRONLY | os.O_CREAT, dir_fd=handle))
    os.close(handle)
    (root / "wide").mkdir()
    for n in range(5_000):
        (root / f"wide/f{n}.py").touch()


KINDS: list[Callable[[Path], None]] = [
    binaries,
    encodings,
    hundred_megabytes,
    million_lines,
    minified,
    many_functions,
    nested,
    odd_names,
    no_files,
    link_loops,
    odd_rules,
    deep_folders,
]
FOUND = {"encodings": {"latin.py"}, "odd_rules": {"sub/inner.py"}, "odd_names": {"new\nline.py", "$(touch x).py"}}


@pytest.fixture
def root(tmp_path: Path) -> Generator[Path]:
    put(tmp_path, {"tree/shapes.py": GOOD, "outside/secret.py": "radius_of_the_secret = 1\n", "outside/rules": "*\n"})
    yield tmp_path / "tree"
    # What removes folders by calling itself in each of them, as pytest does later, is not asked to go that deep.
    top, inner = tmp_path / "tree/d", tmp_path / "inner"
    while (top / "d").is_dir():
        (top / "d").rename(inner)
        shutil.rmtree(top)
        inner.rename(top)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_the_good_file_is_found_beside_bad_ones(root: Path, kind: Callable[[Path], None]) -> None:
    kind(root)
    async with asked(root.parent / "cache", root) as index:
        found = await index.find("radius of the circle")
        paths = {file.path for file in found.files}
        assert {"shapes.py"} | FOUND.get(kind.__name__, set()) <= paths
        assert not any("secret" in one.text for one in found.fragments)
        assert await index.files("radius of the secret") & {"away.py", "away/secret.py", "system/etc/passwd"} == set()
        index.process.opened(root.as_uri(), trusted=True)
        put(root, {"later.py": "class Ellipse: ...\n"})
        index.process.changed(root.as_uri(), ["later.py"])
        await index.shows("ellipse", "later.py")
        assert "shapes.py" in await index.files("radius of the circle")
    assert not (root / "x").exists()


@pytest.mark.parametrize("kind", [minified, nested, million_lines, encodings], ids=lambda kind: kind.__name__)
async def test_bad_texts_in_an_editor_do_no_harm(root: Path, kind: Callable[[Path], None]) -> None:
    """The same texts unsaved: they are parsed at once, and laid over the index."""
    kind(root)
    texts = {path.name: path.read_bytes().decode("utf-8", "surrogateescape") for path in sorted(root.iterdir())}
    async with asked(root.parent / "cache", root) as index:
        for name, text in texts.items():
            if len(text) <= 1_000_000:
                index.process.buffer(root.as_uri(), name, text.encode("utf-8", "replace").decode())
        index.process.buffer(root.as_uri(), "later.py", "class Ellipse: ...\n")
        await index.shows("ellipse", "later.py")
        assert "shapes.py" in await index.files("radius of the circle")


async def test_a_folder_that_changes_under_the_scan(root: Path) -> None:
    """Files and folders come, go, and become links to the outside, while all is read and asked."""
    put(root, {f"d{n}/f{m}.py": f"class Name{n}x{m}: ...\n" for n in range(40) for m in range(10)})
    ended = threading.Event()

    def change() -> None:
        chance = random.Random(2)
        while not ended.is_set():
            folder = root / f"d{chance.randrange(40)}"
            if folder.is_symlink():
                folder.unlink()
            elif chance.random() < 0.4:
                shutil.rmtree(folder, ignore_errors=True)
                if chance.random() < 0.5:
                    folder.symlink_to(root.parent / "outside")
            else:
                shutil.rmtree(folder, ignore_errors=True)
                put(root, {f"{folder.name}/f{chance.randrange(10)}.py": f"radius = {chance.random()}\n"})
            time.sleep(0.001)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        async with asked(root.parent / "cache", root) as index:
            for _ in range(40):
                index.process.changed(root.as_uri(), None)
                found = await index.find("radius of the circle")
                assert "shapes.py" in {file.path for file in found.files}
                assert not any("secret" in one.text for one in found.fragments)
            ended.set()
            await asyncio.to_thread(thread.join)
            put(root, {"later.py": "class Ellipse: ...\n"})
            index.process.changed(root.as_uri(), None)
            await index.shows("ellipse", "later.py")
            there = {path.relative_to(root).as_posix() for path in root.glob("d*/*.py") if not path.parent.is_symlink()}
            seen = await index.files("radius")
            assert {path for path in seen if path.startswith("d")} <= there
    finally:
        ended.set()
        thread.join()


def test_folders_and_files_that_may_not_be_read() -> None:
    """Without the two rights by which root is let in everywhere: all that is started from there has them no more."""
    script = (
        "import asyncio, ctypes, os; from pathlib import Path\n"
        "from support.index_watched import asked\n"
        "for right in (1, 2) if os.geteuid() == 0 else ():\n"
        "    assert ctypes.CDLL(None).prctl(24, right, 0, 0, 0) == 0\n"
        "async def main():\n"
        "    async with asked(Path('cache').resolve(), Path('tree').resolve()) as index:\n"
        "        print(ascii(sorted(await index.files('radius of the circle'))), index.state['words'])\n"
        "asyncio.run(main())\n"
    )
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        put(top, {"tree/shapes.py": GOOD, "tree/closed/x.py": "radius\n", "tree/secret.py": "radius\n", "cache/x": ""})
        put(top, {"tree/half/y.py": "radius\n", "tree/.git/HEAD": "ref: refs/heads/main\n", "tree/.gitignore": "*\n"})
        for path, mode in {"closed": 0, "half": 0o444, "secret.py": 0, ".git": 0, ".gitignore": 0}.items():
            (top / "tree" / path).chmod(mode)
        (top / "cache").chmod(0o700)
        env = {"PYTHONPATH": os.pathsep.join([SERVER, TESTS]), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=top, capture_output=True, text=True, env=env, check=False
        )
        for path in ("closed", "half", ".git"):
            (top / "tree" / path).chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "['shapes.py']" in done.stdout
    assert "Folders that can't be read, so that their files are not known: 1." in done.stdout
