"""What was stored is used by the same code, grammars and libraries alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from signoff.context.index_version import MODULES

SERVER = Path(__file__).parents[2] / "server"
VERSION = "from signoff.context.index_version import contents_version; print(contents_version())"
LOADED = """
import sys
from signoff.context.index_outline import parse
from signoff.context.index_table import Table
for path, text in (("a.py", b"def f(): ..."), ("a.json", b"{}"), ("a.md", b"# a"), ("a.vue", b"<script></script>")):
    parse(path, text)
print(*(name.removeprefix("signoff.context.") for name in sys.modules if name.startswith("signoff.context.")))
"""


def run(program: str, *paths: Path) -> str:
    """What a fresh interpreter prints, that looks into these folders first."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout


def test_all_code_that_says_what_is_in_a_file_counts() -> None:
    assert set(run(LOADED, SERVER).split()) <= {*MODULES, "grammars"}


def test_other_code_other_queries_and_other_grammars_are_another_version(tmp_path: Path) -> None:
    shutil.copytree(SERVER / "signoff", tmp_path / "signoff", ignore=shutil.ignore_patterns("__pycache__"))
    seen = [run(VERSION, SERVER), run(VERSION, tmp_path)]
    assert seen[0] == seen[1]
    for changed in ("cuts.py", "grammars/json.scm"):
        with (tmp_path / "signoff/context" / changed).open("a") as file:
            file.write("\n")
        seen.append(run(VERSION, tmp_path))
    for wheel in ("tree_sitter", "tree_sitter-1.dist-info", "tree_sitter_json-1.dist-info"):
        (tmp_path / wheel).mkdir()
    (tmp_path / "tree_sitter/__init__.py").touch()
    seen.append(run(VERSION, tmp_path))
    (tmp_path / "tree_sitter_json-1.dist-info").rename(tmp_path / "tree_sitter_json-2.dist-info")
    seen.append(run(VERSION, tmp_path))
    assert len(set(seen)) == len(seen) - 1
