"""Which of some named files the ignore rules keep from models: the same rules as in a walk, for single paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from signoff.core.files import FileProblem
from signoff.world.gitignore import Patterns
from signoff.world.ignore import IGNORE_FILES, Rules, ignored, rule_lines

OWN = IGNORE_FILES[1:]
Read = Callable[[str], str | FileProblem]


def hidden(paths: Iterable[str], read: Read, tracked: bool = False) -> frozenset[str]:
    """Those of `paths` that an ignore file leaves out, or a folder that they lie in; `read` reads ignore files.

    In `tracked` files only .signoffignore has a say.
    """
    rules = _Rules(read, OWN if tracked else IGNORE_FILES)
    return frozenset(path for path in paths if rules.hide(path))


class _Rules:
    """The rules folder by folder, each read once."""

    def __init__(self, read: Read, names: Sequence[str]) -> None:
        self._read, self._names = read, names
        self._rules: dict[str, Rules] = {}
        self._folders: dict[str, bool] = {"": False}

    def hide(self, path: str) -> bool:
        """Whether the file is left out."""
        folder = path.rpartition("/")[0]
        return self._hide_folder(folder) or ignored(path, self._of(folder))

    def _hide_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            above = folder.rpartition("/")[0]
            self._folders[folder] = self._hide_folder(above) or ignored(folder, self._of(above), folder=True)
        return self._folders[folder]

    def _of(self, folder: str) -> Rules:
        """The rules that hold in the folder, outermost first."""
        if folder not in self._rules:
            above: Rules = self._of(folder.rpartition("/")[0]) if folder else ()
            prefix = f"{folder}/" if folder else ""
            lines = [line for name in self._names for line in self._lines(prefix + name)]
            patterns = Patterns(lines)
            self._rules[folder] = (*above, (prefix, patterns)) if patterns else above
        return self._rules[folder]

    def _lines(self, path: str) -> list[str]:
        found = self._read(path)
        return rule_lines(found.encode("utf-8", "surrogateescape")) if isinstance(found, str) else []
