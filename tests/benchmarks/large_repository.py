"""A repository as large as those that people complain about: 27,000 files in 13,000 folders, 4,000 commits."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from support.git_repository import CLEAN, git

FILES = 27_000
FOLDERS = 13_000
COMMITS = 4_000
# As in real messages a few words are in most, and most words in a few.
WORDS = [
    one + other for one in ("par", "tok", "sco", "plu", "hel", "opt", "map") for other in ("se", "en", "pe", "gin")
]
WORDS += [f"{one}{other}" for one in WORDS for other in WORDS[::3]]
WEIGHTS = [1 / (10 + rank) for rank in range(len(WORDS))]


def paths() -> list[str]:
    """All files, two in most folders, at the depth of a repository of packages."""
    return [path(n % FOLDERS, n // FOLDERS) for n in range(FILES)]


def path(folder: int, number: int) -> str:
    """The file of that number in a folder."""
    return (
        f"packages/p{folder % 140}/test/fixtures/k{folder % 40}/case{folder}/{('input', 'output', 'more')[number]}.js"
    )


def words(chance: random.Random, count: int) -> str:
    """So many words, as they would stand in a message."""
    return " ".join(chance.choices(WORDS, WEIGHTS, k=count))


def _stream(chance: random.Random) -> Iterator[str]:
    names = paths()
    yield "blob\nmark :1\ndata 12\nlet x = 12;\n\n"
    files = "".join(f"M 100644 :1 {name}\n" for name in names)
    yield f"commit refs/heads/main\nmark :2\ncommitter T <t@example.com> 1500000000 +0000\ndata 5\nfirst\n{files}\n"
    for number in range(1, COMMITS):
        text = f"let x = {number};\n"
        when = 1_500_000_000 + 600 * number
        message = f"{words(chance, 8)} (#{number})\n\n{words(chance, 30)}\n"
        yield f"blob\nmark :{2 * number + 1}\ndata {len(text)}\n{text}\n"
        changed = "".join(
            f"M 100644 :{2 * number + 1} {name}\n" for name in chance.sample(names, chance.randrange(1, 9))
        )
        yield (
            f"commit refs/heads/main\nmark :{2 * number + 2}\ncommitter T <t@example.com> {when} +0000\n"
            f"data {len(message)}\n{message}{changed}\n"
        )


def large_repository(folder: Path) -> Path:
    """Makes it in the folder, checked out and packed."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    argv = ["git", "-C", str(folder), "fast-import", "--quiet", "--done"]
    stream = "".join(_stream(random.Random(1))) + "done\n"
    subprocess.run(argv, input=stream.encode(), check=True, capture_output=True, env=CLEAN)
    git(folder, "repack", "-adq", "--depth=50", "--window=10")
    git(folder, "checkout", "-q", "-f", "main")
    git(folder, "status", "-s")
    return folder
