"""One name for each document and folder, however the client spells it, and the client's own spelling on the way back.

Inside (sessions, hunks, positions, the journal) a document has its canonical URI: escapes in one form, the folders
resolved through symbolic links, and, where the file system takes `a` and `A` for the same name, the disk's spelling.
Its last name is never resolved: a link to a file is a file of its own, which nothing of ours follows. A folder's
canonical URI is resolved to the end. Other schemes than `file` pass through.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable

from signoff.core import paths

MOST = 10_000
"""Names of documents that are not open are remembered up to this number."""
LONGEST = 100_000
"""Characters of a URI; no system has paths of this length, and each part would be asked for."""


class Spelling:
    """Asks the disk once for each name: a document that is open is answered from a dict, until it closes.

    `insensitive` tells of a folder whether its entries' names may be written in capitals or not. `document` may be
    asked in any thread.
    """

    def __init__(self, insensitive: Callable[[str], bool] | None = None) -> None:
        self._insensitive = insensitive or case_insensitive
        self._open: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._resolved: dict[str, str] = {}
        self._takes_both: dict[str, bool] = {}
        self._folders: dict[str, str] = {}

    def document(self, uri: str) -> str:
        """The document's canonical URI. Stays the same while it is open, whatever becomes of links meanwhile."""
        found = self._open.get(uri) or self._known.get(uri)
        if found is None:
            if len(self._known) >= MOST:
                self.forget()
            found = self._known[uri] = self._canonical(uri, whole=False)
        return found

    def folder(self, uri: str) -> str:
        """The folder's canonical URI."""
        return self._canonical(uri, whole=True)

    def written(self, uri: str) -> str:
        """As `document`, with the last name as it is written: that of a file which has another name by now."""
        plain = paths.normal(uri)
        above, _, name = plain.rpartition("/")
        return f"{self.folder(above).rstrip('/')}/{name}" if plain.startswith("file:///") else plain

    def opened(self, uri: str) -> None:
        """The client opened the document: its name is looked up anew, and kept."""
        self._known.pop(uri, None)
        self._open[uri] = self.document(uri)

    def closed(self, uri: str) -> None:
        """The client closed the document: what the disk says may have changed since it was opened."""
        self._open.pop(uri, None)
        self.forget()

    def forget(self) -> None:
        """Asks the disk again for every name but those of open documents."""
        self._known.clear()
        self._resolved.clear()
        self._takes_both.clear()

    def open_folders(self, uris: Iterable[str]) -> None:
        """The folders that are open from now on, as the client spells them; the first of two spellings counts."""
        self.forget()
        self._folders = {}
        for uri in uris:
            self._folders.setdefault(self.folder(uri), uri)

    @property
    def folders(self) -> tuple[str, ...]:
        """The open folders' canonical URIs, each once."""
        return tuple(self._folders)

    def holding(self, uri: str) -> str | None:
        """The innermost open folder that holds the document of this canonical URI, or is it."""
        around = [folder for folder in self._folders if uri == folder or uri.startswith(_slashed(folder))]
        return max(around, key=len, default=None)

    def spelled(self, uri: str) -> str:
        """A canonical URI as the client would spell it: inside its folder as it named that, else as it is."""
        folder = self.holding(uri)
        if folder is None:
            return uri
        named = self._folders[folder]
        return named if uri == folder else _slashed(named) + uri[len(_slashed(folder)) :]

    def _canonical(self, uri: str, *, whole: bool) -> str:
        plain = paths.normal(uri)
        if not plain.startswith("file:") or len(plain) > LONGEST:
            return plain
        try:
            path = paths.to_path(plain)
            if whole:
                return paths.to_uri(self._folder(path))
            above, _, name = path.rpartition("/")
            folder = self._folder(above + "/")
            return paths.to_uri(_slashed(folder) + self._entry(folder, name))
        except (OSError, ValueError, RecursionError):  # a name that no file can have, or links without end
            return plain

    def _folder(self, path: str) -> str:
        found = self._resolved.get(path)
        if found is None:
            found = self._resolved[path] = self._on_disk(os.path.realpath(path).replace(os.sep, "/"))
        return found

    def _on_disk(self, path: str) -> str:
        """A path without links, each name as its folder lists it."""
        root, *names = path.rstrip("/").split("/")
        found = root + "/"
        for name in names:
            found = _slashed(found) + self._entry(found, name)
        return found

    def _entry(self, folder: str, name: str) -> str:
        """The name as the folder lists it; as it is where there is none, or where only that one would be meant."""
        takes_both = self._takes_both.get(folder)
        if takes_both is None:
            takes_both = self._takes_both[folder] = self._insensitive(folder)
        if not takes_both or not os.path.isdir(folder):
            return name
        listed = os.listdir(folder)
        if name in listed:
            return name
        return next((each for each in sorted(listed) if folded(each) == folded(name)), name)


def case_insensitive(folder: str) -> bool:
    """Whether the folder takes `a` and `A` for the same name, as an entry of it shows (an empty one: its own name).

    Nothing is made or changed to find out.
    """
    # An automounter may stand here, which would look for a machine or a user of the other name.
    if sys.platform == "linux" and folder.rstrip("/").count("/") < 2:
        return False
    try:
        with os.scandir(folder) as entries:
            entry = next((each.name for each in entries if each.name.swapcase() != each.name), None)
        if entry is not None:
            return _same(folder, entry)
        above, name = os.path.split(folder.rstrip("/"))
        return name.swapcase() != name and _same(above, name)
    except OSError:
        return False


def _same(folder: str, name: str) -> bool:
    """Whether a name and its other spelling are one entry: not two, which may be two names of one file."""
    one, other = (os.lstat(os.path.join(folder, each)) for each in (name, name.swapcase()))
    return os.path.samestat(one, other) and name.swapcase() not in os.listdir(folder)


def folded(name: str) -> str:
    """The same for two names that a file system which takes `a` and `A` for one name takes for one."""
    # Such file systems also take a composed character and its parts for the same, but never one letter for two.
    return unicodedata.normalize("NFC", name).lower()


def _slashed(name: str) -> str:
    return name if name.endswith("/") else name + "/"
