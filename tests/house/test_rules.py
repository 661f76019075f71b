"""The rules of docs/architecture.md that no linter knows: sizes, the pure core, one room per vendor, no machine names.

Each test collects every breach and names file and line, so that one run shows all there is to mend.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "server" / "signoff"
MODULES = sorted(PACKAGE.rglob("*.py"))

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40

# What the pure core may import beside itself: nothing that reads the clock, the disk, the environment or chance. Of
# pathlib only the pure paths and of datetime only the arithmetic, see test_core_reads_nothing_from_outside.
CORE_STDLIB = {
    "__future__",
    "abc",
    "ast",
    "base64",
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "graphlib",
    "hashlib",
    "heapq",
    "html",
    "itertools",
    "json",
    "keyword",
    "math",
    "operator",
    "pathlib",
    "posixpath",
    "re",
    "shlex",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "token",
    "tokenize",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
}
CORE_THIRD_PARTY = {"cydifflib", "rapidfuzz"}

VENDOR_ROOMS = {
    "lsprotocol": {"lsp"},
    "pygls": {"lsp"},
    "git": {"world", "context"},
    "openai": {"world", "context"},
    "sqlite3": {"world", "context"},
    "tantivy": {"context"},
    "tiktoken": {"world", "context"},
    "tree_sitter": {"context"},
    "watchdog": {"world", "context"},
    "xllamacpp": {"world", "context"},
}

EDGES = {
    "core": {"core"},
    "context": {"context", "core"},
    "world": {"world", "core"},
    "runtime": {"runtime", "context", "core"},
    "lsp": {"lsp", "runtime", "core"},
    "cli": {"cli", "core", "app"},
}

Import = tuple[Path, int, str]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def room(path: Path) -> str:
    """The first folder below the package; the file's own stem for app.py and __main__.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def at(path: Path, line: int, words: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {words}"


def imports(path: Path) -> Iterator[Import]:
    """Every module that the file names in an import, wherever the import stands; relative ones in full."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((path, node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = path.relative_to(PACKAGE.parent).parts[: -node.level]
                base = ".".join([*parents, *([base] if base else [])])
            yield path, node.lineno, base
            # `from signoff import app` names a module, `from signoff.core.text import Edit` a thing in one.
            if base in {"signoff", "urllib"}:
                yield from ((path, node.lineno, f"{base}.{name.name}") for name in node.names)


def all_imports() -> Iterator[Import]:
    for path in MODULES:
        yield from imports(path)


def inside(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(one + ".") for one in allowed)


def vendor_of(name: str) -> str | None:
    """The vendor of a module; every tree_sitter_LANGUAGE counts as tree_sitter."""
    top = name.split(".")[0]
    return next((vendor for vendor in VENDOR_ROOMS if top == vendor or top.startswith(vendor + "_")), None)


def tracked() -> list[Path]:
    """The files that git tracks or would take in: what a commit can publish."""
    argv = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert [at(p, n, f"over {LONGEST_MODULE} lines") for p, n in lengths.items() if n > LONGEST_MODULE] == []


def test_functions_are_short() -> None:
    found: list[str] = []
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    found.append(at(path, node.lineno, f"{node.name} has {length} lines, over {LONGEST_FUNCTION}"))
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    assert [at(path, 1, "no docstring") for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_core_imports_only_what_is_pure() -> None:
    allowed = CORE_STDLIB | CORE_THIRD_PARTY | {"signoff.core"}
    found = [
        at(path, line, f"core imports {name}")
        for path, line, name in all_imports()
        if room(path) == "core" and name not in {"signoff", "urllib"} and not inside(name, allowed)
    ]
    assert found == []


def reads_outside(node: ast.AST) -> str | None:
    """What of the outside a single expression or import reads, in modules that are allowed for their pure part."""
    if isinstance(node, ast.Import) and any(name.name == "pathlib" for name in node.names):
        return "import pathlib (write: from pathlib import PurePosixPath)"
    if isinstance(node, ast.ImportFrom) and node.module == "pathlib":
        return next((f"pathlib.{n.name}" for n in node.names if not n.name.startswith("Pure")), None)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "input", "print"}:
        return f"{node.func.id}()"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        clock = node.func.attr in {"now", "utcnow", "today"}
        return f"{node.func.attr}() of the clock" if clock else None
    return None


def test_core_reads_nothing_from_outside() -> None:
    found: list[str] = []
    for path in (p for p in MODULES if room(p) == "core"):
        for node in ast.walk(tree(path)):
            if what := reads_outside(node):
                found.append(at(path, getattr(node, "lineno", 0), what))
    assert found == []


def test_each_vendor_library_stays_in_its_room() -> None:
    found: list[str] = []
    for path, line, name in all_imports():
        vendor = vendor_of(name)
        if vendor and room(path) not in VENDOR_ROOMS[vendor]:
            found.append(at(path, line, f"{name} belongs to {' or '.join(sorted(VENDOR_ROOMS[vendor]))}"))
    assert found == []


def test_each_vendor_library_has_one_room() -> None:
    rooms: dict[str, set[str]] = {}
    for path, _, name in all_imports():
        if vendor := vendor_of(name):
            rooms.setdefault(vendor, set()).add(room(path))
    assert {vendor: where for vendor, where in rooms.items() if len(where) > 1} == {}


def test_rooms_import_only_along_the_edges() -> None:
    found: list[str] = []
    for path, line, name in all_imports():
        parts = name.split(".")
        if parts[0] == "signoff" and len(parts) > 1 and parts[1] in {*EDGES, "app"}:
            allowed = EDGES.get(room(path))
            if allowed is not None and parts[1] not in allowed:
                found.append(at(path, line, f"{room(path)} imports {parts[1]}"))
    assert found == []


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    # Spelled in pieces, so that this file does not name them either.
    hosts = ["pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "registry" + r"\.yarnpkg"]
    paths = [rf"(?<![\w.])/{name}/" for name in ("work", "farm", "root")] + ["/opt/" + "wheels", "/opt/" + "pypi"]
    wanted = re.compile("|".join(hosts + paths))
    found: list[str] = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [at(path, text.count("\n", 0, hit.start()) + 1, hit.group()) for hit in wanted.finditer(text)]
    assert found == []


def test_lock_files_name_no_address() -> None:
    address = r'^\s*"resolved": "https?:|^\s*--(extra-)?index-url|^\s*--find-links|^-i |@ (https?|file):'
    listed = re.compile(address, re.MULTILINE)
    files = [ROOT / "package-lock.json", *sorted((ROOT / "requirements").glob("*.txt"))]
    assert [path.name for path in files if listed.search(path.read_text(encoding="utf-8"))] == []


def test_every_locked_requirement_has_hashes() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for block in re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"), flags=re.IGNORECASE)[1:]:
            assert "--hash=sha256:" in block, f"{path.name}: {block.splitlines()[0]}"


def test_the_oldest_python_can_read_every_module() -> None:
    assert sys.version_info >= (3, 11)
    for path in MODULES:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))
