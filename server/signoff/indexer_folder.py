"""One workspace folder in the indexing process: its index, who builds it, and what happens when that goes wrong."""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from signoff import __version__
from signoff.context.engine import Engine
from signoff.context.index import Index
from signoff.context.index_build import Builder
from signoff.context.index_live import MOST_LAID, Live
from signoff.context.index_parsed import Job, Parsing
from signoff.context.index_read import Ids
from signoff.context.index_types import Parsed
from signoff.context.index_version import contents_version
from signoff.core.fragments import Found, Query
from signoff.core.splices import Hearer, Splice
from signoff.indexer_history import Past, Submit
from signoff.indexer_removed import Gone, still_used
from signoff.world.ignore import IGNORE_FILES
from signoff.world.index_folder import IndexFolder, remove_old
from signoff.world.index_source import LIMIT, DiskSource
from signoff.world.index_store import Store

# What is laid over the index is written to it when nothing changed for so long.
_REST_S = 5.0
# So long after the last of many changes, all have come.
_QUIET_S = 0.1
# What a damaged index or a full disk ends in.
_TROUBLE = (OSError, ValueError)

Done = Sequence[Callable[[Parsed | None], None]]


class Hands(NamedTuple):
    """What a folder has others do: parse a root's files, read a history, wait for answers, tell its state."""

    parse: Callable[[str, Sequence[Job], Done, bool], None]
    read_history: Submit
    wait: Callable[[], None]
    say: Callable[[Mapping[str, Any]], None]


class Folder:
    """`find`, `buffer` and `status` are for the thread that answers, the rest for the one that builds."""

    def __init__(self, cache: Path, root: Path, trusted: bool, hands: Hands) -> None:
        self._cache, self._hands = cache, hands
        self.root = self._root = root
        self._past = Past(root, hands.read_history)
        self._source = DiskSource(root, trusted)
        self._folder: IndexFolder | None = None
        self._index: Index | None = None
        self._buffers = Hearer()
        self._hearing = threading.Lock()
        self._heard: dict[str, None] = {}
        self._rescan = self._fresh = False
        self._last_heard = self._changed = 0.0
        self._said: tuple[Any, ...] = ()
        self._engine: Engine | None = None
        self.off = ""
        """Words for the user when there is no index, and there will be none."""

    def start(self) -> None:
        """Opens what was stored, or begins anew, and looks at all files."""
        self._folder = IndexFolder(self._cache, self._root)
        for attempt in range(3):
            try:
                self._begin()
                return
            except _TROUBLE:
                traceback.print_exc()
                self._end()
                # What was stored may be damaged, of an older version, or on a full disk.
                self._folder.wipe() if attempt == 0 else self._folder.close()
        self.off = "The codebase can't be indexed; the server's log says why."

    def _begin(self) -> None:
        folder = self._folder.path if self._folder else None
        self._fresh = False
        store = store_in(folder)
        try:
            index = self._index = Index(self._source, folder, store)
        except _TROUBLE:
            store.close()
            raise
        self._live_for(index)
        if self._builder.load():
            self._past.load(folder)
            self._builder.look()
            self._fresh = True
            self._ready()
        else:
            self._past.load(folder)
        self._builder.scan()
        self._fresh = True
        self._ready()
        # The list of files stays: looking through it for garbage would hold up a question.
        gc.freeze()
        remove_old(self._cache)

    def _live_for(self, index: Index) -> None:
        def parse(jobs: Sequence[Job], done: Done, urgent: bool) -> None:
            self._hands.parse(str(self._root), jobs, done, urgent)

        ids = Ids(index.store)
        self._parsing = Parsing(index, parse, self._hands.wait)
        self._builder = Builder(index, self._parsing, ids, self._hands.wait, self._ready)
        self._live = Live(index, self._builder, ids, parse)

    def _ready(self) -> None:
        if self._engine is None and self._index is not None:
            for path, text in list(self._buffers.texts.items()):
                self._live.buffer(path, text)
            self._engine = Engine(self._index, lambda: self._past.history)
        self._tell()

    def _tell(self) -> None:
        state = self.status()
        if self._said != tuple(state.values()):
            self._said = tuple(state.values())
            self._hands.say(state)

    def find(self, query: Query, fresh: bool) -> Found | None:
        """The answer to a question; None while there is nothing to search, or, with `fresh`, not looked over yet."""
        engine = self._engine
        if engine is None or (fresh and not self._fresh):
            return None
        with self._past.lock:
            found = engine.find(query)
        return found if self._ready_for == "full" else replace(found, ready="lexical")

    def still_used(self, gone: Gone) -> dict[str, dict[str, list[str]]] | None:
        """Who uses the names that are gone; None while that is not known of all files."""
        index = self._index
        if index is None or not any(gone[0].values()):
            return {}
        known = self._engine is not None and index.ready == "full" and not self._live.unparsed
        return still_used(index, gone) if known else None

    @property
    def _ready_for(self) -> str:
        index = self._index
        if index is None or self._engine is None:
            return ""
        return "lexical" if self._past.reading and not self._past.history.commits else index.ready

    def status(self) -> dict[str, Any]:
        """How far the index is."""
        index = self._index
        if index is None or self._engine is None:
            return {"ready": "", "fresh": False, "files": 0, "cut": False, "words": [self.off] if self.off else []}
        return {
            "ready": self._ready_for,
            "fresh": self._fresh,
            "files": len(index.shown.ids),
            "cut": self._source.cut or index.cut,
            "words": [*self._source.words, *self._left_out(index)],
        }

    def _left_out(self, index: Index) -> Iterator[str]:
        if self._source.cut:
            yield f"{self._root}: only {LIMIT:,} files are searched. Name folders to leave out in .signoffignore."
        if index.cut:
            yield f"{self._root}: there is too much text; some files are known by their paths alone."

    def buffer(self, path: str, splice: Splice | None) -> bool:
        """What comes next of the text that an editor holds; None: it let go of it. False: it has to come whole."""
        heard = self._buffers.hear(path, splice)
        if heard == "whole" and self._engine is not None:
            self._live.buffer(path, self._buffers.texts.get(path))
        return heard != "lost"

    def hear(self, paths: Sequence[str] | None) -> None:
        """These files changed; None: nobody knows which. In any thread: `take_changes` does the work."""
        with self._hearing:
            if paths is None:
                self._rescan = True
            else:
                self._heard.update(dict.fromkeys(paths))
            self._last_heard = time.monotonic()

    def take_changes(self) -> None:
        """Brings the index up to date with what was heard. Many files come as one batch, when no more are coming."""
        while len(self._heard) > MOST_LAID and time.monotonic() - self._last_heard < _QUIET_S:
            time.sleep(_QUIET_S / 5)
        with self._hearing:
            paths, self._heard = list(self._heard), {}
            rescan, self._rescan = self._rescan, False
        if (paths or rescan) and self._index is not None:
            self._guarded(lambda: self._change(paths, rescan))

    def _change(self, paths: Sequence[str], rescan: bool) -> None:
        self._changed = time.monotonic()
        if rescan or any(path.rpartition("/")[2] in IGNORE_FILES for path in paths) or self._folder_in(paths):
            self._live.flush()
            self._builder.scan()
        else:
            self._live.change(paths)

    def _folder_in(self, paths: Sequence[str]) -> bool:
        """Whether one of the paths is a folder, or was one."""
        index = self._index
        unknown = [path for path in paths if index is not None and not index.knows(path)]
        if index is None or not unknown:
            return False
        folders = {parent for path in index.paths() for parent in _parents(path)}
        return any(path in folders or (self._root / path).is_dir() for path in unknown)

    def trust(self, trusted: bool) -> None:
        """Whether the user trusts the workspace: then more of its repository is read."""
        if trusted != self._source.trusted:
            self._source.trusted = trusted
            self.hear(None)
            self.take_changes()

    @property
    def building(self) -> bool:
        """Whether files that are known are still to be parsed."""
        return self._index is not None and self._parsing.busy

    @property
    def busy(self) -> bool:
        """Whether there is something to store soon."""
        if self._index is None:
            return False
        return self._parsing.busy or self._past.reading or self._live.waiting or self._live.unparsed

    def settle(self) -> None:
        """Stores what has come meanwhile; called often."""
        if self._index is None:
            return
        self._guarded(self._settle)

    def _settle(self) -> None:
        self._past.settle(self._source.trusted)
        self._live.ask_again()
        self._parsing.settle()
        again, self._parsing.changed = self._parsing.changed, []
        if again:
            self._live.change(again)
        if self._live.waiting and time.monotonic() - self._changed > _REST_S:
            self._changed = time.monotonic()
            self._live.flush()
        self._tell()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Does it; when the index is damaged or the disk full, begins anew."""
        try:
            work()
        except _TROUBLE:
            traceback.print_exc()
            self._end()
            if self._folder is not None:
                self._folder.wipe()
            self.start()

    def close(self) -> None:
        """Lets go of everything."""
        self._end()
        if self._folder is not None:
            self._folder.close()
        self._source.close()

    def _end(self) -> None:
        self._engine = None
        index, self._index = self._index, None
        if index is not None:
            self._parsing.stop()
            try:
                index.close()
            except _TROUBLE:
                traceback.print_exc()


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def store_in(folder: Path | None) -> Store:
    """What is kept in the folder beside the words; None keeps it in memory. Raises OSError for another version's."""
    return Store(str(folder / "files.sqlite") if folder else None, f"{__version__} {contents_version()}")
