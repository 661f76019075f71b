"""Which files of a workspace are text that somebody wrote: ignore rules; no secrets, binaries or dependencies.

`walk.py` goes through the folders with these rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from signoff.core.files import secret_name
from signoff.world.gitignore import Patterns
from signoff.world.safe_open import open_file

IGNORE_FILES = (".gitignore", ".signoffignore")
TEMPORARY = ".signoff-tmp-"
# Larger files are generated or data.
LARGEST = 1_000_000
MOST_RULES = 100_000
"""Bytes of an ignore file that count, up to the end of a line: each of its patterns costs time and memory."""

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


def wanted_file(name: str) -> bool:
    """Whether a file of this name may be text that a model can see."""
    # Where the repository lies elsewhere, .git is a file.
    return name != ".git" and not name.startswith(TEMPORARY) and not _BINARY.fullmatch(name) and not secret_name(name)


def wanted_folder(name: str) -> bool:
    """Whether a folder of this name may hold such files."""
    return not _FOLDERS.fullmatch(name) and not secret_name(name + "/")


def printable(path: str) -> bool:
    """Whether the path is UTF-8: no protocol message can hold another."""
    return path.isascii() or path.encode("utf-8", "replace") == path.encode("utf-8", "surrogatepass")


def ignored(path: str, rules: Rules, folder: bool = False) -> bool:
    """Whether the rules leave the path out: the nearest ignore file decides, the last matching pattern in it."""
    for where, patterns in reversed(rules):
        verdict = patterns.ignores(path[len(where) :], folder)
        if verdict is not None:
            return verdict
    return False


def rules_from(
    handle: int, prefix: str, names: Iterable[str], rules: Rules, cut: Callable[[str], object] = lambda path: None
) -> Rules:
    """The rules, and those of the ignore files `names` in the open folder, whose path is `prefix` ("" or "a/b/").

    `cut` is called with the path of each file of which only the first `MOST_RULES` bytes count.
    """
    lines: list[str] = []
    for name in names:
        try:
            with open_file(handle, name) as file:
                data = file.read(MOST_RULES + 1)
        except OSError:
            continue
        if len(data) > MOST_RULES:
            cut(prefix + name)
        lines += rule_lines(data)
    patterns = Patterns(lines)
    return (*rules, (prefix, patterns)) if patterns else rules


def rule_lines(data: bytes) -> list[str]:
    """The lines of an ignore file that count: those that end within `MOST_RULES` bytes."""
    if len(data) > MOST_RULES:
        data = data[: data.rfind(b"\n", 0, MOST_RULES) + 1]
    return data.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n").split("\n")
