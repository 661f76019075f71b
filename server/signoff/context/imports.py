"""Which files an import means, by the customs of its language. Only files of the workspace count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from posixpath import dirname, join, normpath, splitext
from typing import Protocol

from signoff.context.languages import language_of

MOST = 20
"""Files that one import can mean (a package of Go has many)."""

_SCRIPTS = {"javascript", "typescript", "tsx", "jsx", "vue", "svelte"}
_SCRIPT_ENDS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts", ".vue", ".svelte", ".json")
_WHOLE_FOLDER = {"index", "__init__", "mod", "lib", "main"}


class Paths(Protocol):
    """The workspace's files."""

    def knows(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def named(self, name: str) -> Iterable[str]:
        """The files that `names_of` gives this name."""
        ...


def names_of(path: str) -> set[str]:
    """The names under which imports may speak of a file: its own, and its folder's where it stands for that."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    names = {stem, name}
    if stem in _WHOLE_FOLDER or name.endswith(".go"):
        names.add(folder.rpartition("/")[2])
    return names - {""}


def meant(path: str, written: str, paths: Paths) -> list[str]:
    """The files that `written` means in an import of the file `path`; [] for what lies outside the workspace."""
    language = language_of(path)
    if language in _SCRIPTS and written.startswith("."):
        found = _first(_script(normpath(join(dirname(path), written))), paths.knows)
    elif language == "python":
        found = _python(path, written, paths)
    elif language == "go":
        found = _go(written, paths)
    elif language == "rust":
        found = _first(_rust(path, written), paths.knows)
    elif written.startswith(".") or "/" in written or splitext(written)[1]:
        found = _first([normpath(join(dirname(path), written))], paths.knows) or _by_suffix(path, written, paths)
    else:
        found = _by_suffix(path, written, paths)
    return [one for one in found if one != path][:MOST]


def _first(candidates: Iterable[str], knows: Callable[[str], bool]) -> list[str]:
    for one in candidates:
        if knows(one):
            return [one]
    return []


def _script(base: str) -> Iterator[str]:
    yield base
    stem, end = splitext(base)
    if end in _SCRIPT_ENDS:
        # What is written is the name after compiling.
        yield from (stem + each for each in _SCRIPT_ENDS)
    yield from (base + each for each in _SCRIPT_ENDS)
    yield from (f"{base}/index{each}" for each in _SCRIPT_ENDS)


def _python(path: str, written: str, paths: Paths) -> list[str]:
    dots = len(written) - len(written.lstrip("."))
    parts = written[dots:].replace(".", "/")
    if dots:
        folder = dirname(path)
        for _ in range(dots - 1):
            folder = dirname(folder)
        base = join(folder, parts) if parts else folder
        return _first((f"{base}.py", f"{base}.pyi", f"{base}/__init__.py"), paths.knows)
    ends = (f"{parts}.py", f"{parts}/__init__.py", f"{parts}.pyi")
    found = _first(ends, paths.knows)
    return found or _best_suffix(ends, written.rpartition(".")[2], paths)


def _best_suffix(ends: Iterable[str], name: str, paths: Paths) -> list[str]:
    """The file with the shortest path that ends in one of `ends`: `src/` and the like before a package."""
    below = tuple("/" + end for end in ends)
    found = [path for path in paths.named(name) if path.endswith(below)]
    return sorted(found, key=lambda path: (path.count("/"), path))[:1]


def _go(written: str, paths: Paths) -> list[str]:
    parts = written.split("/")
    known: dict[str, list[str]] = {}
    for path in paths.named(parts[-1]):
        if path.endswith(".go") and not path.endswith("_test.go"):
            known.setdefault(dirname(path), []).append(path)
    for cut in range(len(parts)):
        if found := known.get("/".join(parts[cut:])):
            return sorted(found)
    return []


def _rust(path: str, written: str) -> Iterator[str]:
    first, *rest = written.split("::")
    above, inside, _ = path.rpartition("src/")
    folder, name = dirname(path), splitext(path.rpartition("/")[2])[0]
    own = folder if name in {"mod", "lib", "main"} else join(folder, name)
    if first == "crate":
        base = above + inside.rstrip("/")
    elif first == "self":
        base = own
    elif first == "super":
        base = dirname(own)
        while rest[:1] == ["super"]:
            base, rest = dirname(base), rest[1:]
    else:
        base, rest = own, [first, *rest]
    # The last names may be of things in the file.
    for count in range(len(rest), 0, -1):
        at = join(base, *rest[:count])
        yield from (f"{at}.rs", f"{at}/mod.rs")
        if base == own and above:
            # Since 2018 a first name may be a module of the crate, or another crate of the workspace.
            yield f"{above}{inside}{'/'.join(rest[:count])}.rs"


def _by_suffix(path: str, written: str, paths: Paths) -> list[str]:
    """A file whose path ends in what is written, whatever separates its parts; of several, none."""
    plain = written.replace("\\", "/").replace("::", "/").strip("./<>\"'")
    spellings = {plain} if "/" in plain else {plain, plain.replace(".", "/")}
    found = {one for each in spellings for one in paths.named(each.rpartition("/")[2]) if each and _ends_in(one, each)}
    own = {one for one in found if language_of(one) == language_of(path)}
    return list(own or found) if len(own or found) == 1 else []


def _ends_in(path: str, plain: str) -> bool:
    whole, bare = "/" + path, "/" + splitext(path)[0]
    return whole.endswith("/" + plain) or bare.endswith("/" + plain) or dirname(whole).endswith("/" + plain)
