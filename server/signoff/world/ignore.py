"""Lists a workspace's text-like files: ignore rules applied; secrets, binaries, dependencies and links left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from signoff.core.files import secret_name
from signoff.world.gitignore import Patterns
from signoff.world.safe_open import open_beneath, open_file

IGNORE_FILES = (".gitignore", ".signoffignore")
TEMPORARY = ".signoff-tmp-"
# Larger files are generated or data.
LARGEST = 1_000_000
_LARGEST_RULES = 1_000_000

_FOLDERS = re.compile(
    r"\.(git|hg|svn|jj|bzr|venv|tox|nox|mypy_cache|pytest_cache|ruff_cache|hypothesis|eggs|next|nuxt|svelte-kit|turbo|"
    r"parcel-cache|gradle|terraform|cache|direnv|yarn|pnpm-store)|"
    r"node_modules|bower_components|venv|__pycache__|site-packages|dist|Pods|DerivedData"
)
_BINARY = re.compile(
    r".*\.(7z|a|aac|apk|avif?|bin|blend|bmp|bz2|class|dat|db|dbf|deb|dll|dmg|docx?|dylib|egg|eot|exe|flac|flv|fbx|"
    r"gguf|gif|glb|gz|h5|heic|icns|ico|iso|jar|jpe?g|ko|lib|lz4|lzma|m4a|mat|midi?|mkv|mov?|mp[34]|mpe?g|msi|npy|npz|"
    r"o|od[pst]|ogg|onnx|otf|parquet|pdf|pickle|pkl|png|pptx?|psd|pth?|py[cdo]|rar|rpm|safetensors|so|sqlite3?|swf|"
    r"tar|tflite|tgz|tiff?|ttf|wasm|wav|web[mp]|whl|wm[av]|woff2?|xlsx?|xz|zip|zst)",
    re.IGNORECASE,
)

# The rules of the folders above, outermost first: the folder ("" or "a/b/") and its patterns.
Rules = tuple[tuple[str, Patterns], ...]


def listed(root: int, limit: int) -> list[str]:
    """Sorted paths below the open folder `root`; when there are more than `limit`, some `limit` of them.

    The nearest ignore file decides, the last matching pattern in it, as git does; .signoffignore comes after
    .gitignore. Names that are not UTF-8 are left out: no protocol message can hold them.
    """
    found: list[str] = []
    folders: list[tuple[str, Rules]] = [("", _excluded_in_repository(root))]
    while folders and len(found) < limit:
        prefix, rules = folders.pop()
        try:
            handle = open_beneath(root, prefix[:-1] or ".", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            # Gone meanwhile, or not ours to read.
            continue
        try:
            inner = _walk(handle, prefix, rules, found)
        finally:
            os.close(handle)
        folders.extend(reversed(inner))
    return sorted(found[:limit])


def _walk(handle: int, prefix: str, rules: Rules, found: list[str]) -> list[tuple[str, Rules]]:
    """Adds the folder's files to `found`; the folders in it that are to be walked."""
    with os.scandir(handle) as entries:
        here = sorted(entries, key=lambda entry: entry.name)
        names = {entry.name for entry in here}
        if not names.isdisjoint(IGNORE_FILES):
            rules = _with_rules_of(handle, prefix, names, rules)
        inner: list[tuple[str, Rules]] = []
        for entry in here:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if _entered(entry.name) and _printable(path) and not _ignored(path, rules, folder=True):
                    inner.append((path + "/", rules))
            elif _wanted(entry) and _printable(path) and not _ignored(path, rules) and _small(entry):
                found.append(path)
    return inner


def _wanted(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.startswith(TEMPORARY) or not entry.is_file(follow_symlinks=False):
        return False
    return not _BINARY.fullmatch(name) and not secret_name(name)


def _entered(name: str) -> bool:
    return not _FOLDERS.fullmatch(name) and not secret_name(name + "/")


def _small(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_size <= LARGEST
    except OSError:
        return False


def _printable(path: str) -> bool:
    return path.isascii() or path.encode("utf-8", "replace") == path.encode("utf-8", "surrogatepass")


def _ignored(path: str, rules: Rules, folder: bool = False) -> bool:
    for where, patterns in reversed(rules):
        verdict = patterns.ignores(path[len(where) :], folder)
        if verdict is not None:
            return verdict
    return False


def _with_rules_of(handle: int, prefix: str, names: set[str], rules: Rules) -> Rules:
    patterns = Patterns([line for name in IGNORE_FILES if name in names for line in _lines(handle, name)])
    return (*rules, (prefix, patterns)) if patterns else rules


def _excluded_in_repository(root: int) -> Rules:
    """The rules that git keeps beside the repository, for this clone alone."""
    patterns = Patterns(list(_lines(root, ".git/info/exclude")))
    return (("", patterns),) if patterns else ()


def _lines(root: int, path: str) -> Iterator[str]:
    try:
        with open_file(root, path) as file:
            rules = file.read(_LARGEST_RULES)
    except OSError:
        return
    yield from rules.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n").split("\n")
