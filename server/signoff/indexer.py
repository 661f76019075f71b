"""The process that indexes the workspaces of a server: `python -m signoff.indexer CACHE`. A small composition root.

It is asked over pipes, one JSON object a line (`world/index_process.py` is the other end), and ends with its input.
Three kinds of threads: this one answers, one builds, and those of the pool take in what other processes parsed.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from signoff.context.index_parsed import Job
from signoff.context.index_types import Parsed, Piece
from signoff.core.fragments import Place, Query
from signoff.core.splices import Splice
from signoff.indexer_folder import Folder, Hands
from signoff.indexer_removed import removed_job
from signoff.indexer_work import Work
from signoff.world.child_pool import ChildPool, serve_jobs
from signoff.world.index_source import DiskSource

_PARSE = "--parse"
# A question that comes before anything can be searched waits so long for it.
_PATIENCE_S = 3.0
# And so long for what was stored to be compared with the files.
_FRESH_S = 1.0
_SETTLE_S = 0.1
_REST_S = 2.0
_LOOK_S = 0.05
# So few files don't wait until those of another folder are parsed.
_FEW = 200


def work(job: tuple[Any, ...]) -> Any:
    """What the child process makes of a job: a file to parse, or a history to read."""
    if job[0] == "history":
        from signoff.indexer_history import history_job

        return history_job(*job[1:])
    return removed_job(job[1]) if job[0] == "removed" else parse_job(*job[1:])


def parse_job(root: str, path: str, text: bytes | None, known: bytes | None) -> tuple[Any, ...]:
    """What is in the file; `text` if it is not the disk's, `known` its outline. Without a digest: it can't be read."""
    from signoff.context.index_outline import parse

    if text is None:
        source = _SOURCES.get(root)
        if source is None:
            source = _SOURCES[root] = DiskSource(Path(root), trusted=False)
        content = source.read(path)
        if content is None:
            return ("", b"", "", "", ())
        text = content.data
    parsed = parse(path, text, known)
    return (*tuple(parsed)[:-1], tuple(tuple(piece) for piece in parsed.pieces))


_SOURCES: dict[str, DiskSource] = {}


def _with_parsed(take: Callable[[Parsed | None], None]) -> Callable[[Any], None]:
    def taken(reply: Any) -> None:
        take(None if reply is None else Parsed._make((*reply[:-1], tuple(map(Piece._make, reply[-1])))))

    return taken


class Answers:
    """The way back to the server: one line for each message, from any thread."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # no library may write into the answers
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Writes a message; when nobody reads any more, the process ends."""
        with self._lock:
            try:
                self._out.write(json.dumps(message) + "\n")
                self._out.flush()
            except OSError:
                os._exit(0)


class Indexer:
    """Takes the server's messages and spreads them over the threads."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._answers = Answers()
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._work = Work()
        self._asked_root = ""
        self._builder = 0
        self._folders: dict[str, Folder] = {}
        self._waiting: list[tuple[float, dict[str, Any]]] = []
        self._idle = threading.Event()
        self._idle.set()
        argv = (sys.executable, "-P", "-m", "signoff.indexer", _PARSE)
        self._pool = ChildPool(argv, max(1, min(4, os.cpu_count() or 1)))

    def run(self) -> NoReturn:
        """Answers until the input ends."""
        threading.Thread(target=self._build, name="builder", daemon=True).start()
        threading.Thread(target=self._answer, name="answers", daemon=True).start()
        # The server's texts may hold half a character, as its editor told it.
        with open(0, encoding="utf-8", errors="surrogatepass", closefd=False) as lines:
            for line in lines:
                self._inbox.put(json.loads(line))
        self._pool.close()
        os._exit(0)

    # ------------------------------------------------------------------------------------------------------ answering

    def _answer(self) -> None:
        try:
            while True:
                message = self._next()
                self._idle.clear()
                if message is not None:
                    self._guarded(message, self._take)
                waiting, self._waiting = self._waiting, []
                for until, question in waiting:
                    self._guarded(
                        question, partial(self._still_used if "gone" in question else self._find, until=until)
                    )
                self._idle.set()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _guarded(self, message: dict[str, Any], work: Callable[[dict[str, Any]], None]) -> None:
        """Does it. What goes wrong with one question or document is no reason to lose the index of all."""
        try:
            work(message)
        except Exception as trouble:
            traceback.print_exc()
            if "id" in message:
                words = f"The codebase could not be searched: {type(trouble).__name__}: {trouble}"
                self._answers.send({"id": message["id"], "words": words})
            elif (folder := self._folders.get(message["workspace"])) is not None:
                # A damaged index or a full disk: the builder meets it as well, and begins anew.
                folder.hear(None)
                self._work.put(folder.take_changes)

    def _next(self) -> dict[str, Any] | None:
        """The next message; None when it is time to look at the questions that wait."""
        try:
            return self._inbox.get(timeout=_LOOK_S if self._waiting else None)
        except queue.Empty:
            return None

    def _take(self, message: dict[str, Any]) -> None:
        kind, workspace = message["op"], message["workspace"]
        folder = self._folders.get(workspace)
        if kind == "find":
            self._find(message, time.monotonic() + _PATIENCE_S)
        elif kind == "removed":
            self._removed(message)
        elif kind == "used":
            self._still_used(message, time.monotonic() + _FRESH_S)
        elif kind == "status":
            status = folder.status() if folder is not None else {"ready": ""}
            self._answers.send({"id": message["id"], "status": status})
        elif kind == "open":
            self._open(workspace, message)
        elif folder is not None and kind == "buffer":
            if not folder.buffer(message["path"], message["splice"] and Splice(**message["splice"])):
                self._answers.send({"event": "lost", "workspace": workspace, "path": message["path"]})
        elif folder is not None and kind == "changed":
            folder.hear(message["paths"])
            self._work.put(folder.take_changes)
        elif folder is not None and kind == "close":
            del self._folders[workspace]
            self._work.close(workspace, folder.close)

    def _open(self, workspace: str, message: dict[str, Any]) -> None:
        folder = self._folders.get(workspace)
        if folder is not None:
            self._work.put(lambda: folder.trust(message["trusted"]))
            return

        def say(state: Mapping[str, Any]) -> None:
            self._answers.send({"event": "state", "workspace": workspace, **state})
            self._inbox.put(None)

        hands = Hands(self._parse, self._read_history, self._wait, say)
        folder = Folder(self._cache, Path(message["root"]), message["trusted"], hands)
        self._folders[workspace] = folder
        self._work.build(workspace, folder.start)

    def _find(self, message: dict[str, Any], until: float) -> None:
        folder = self._folders.get(message["workspace"])
        if folder is not None:
            self._asked_root = str(folder.root)
            self._work.asked(message["workspace"])
        fresh = time.monotonic() < until - _PATIENCE_S + _FRESH_S
        found = folder.find(query_from(message["query"]), fresh) if folder is not None else None
        if found is not None:
            self._answers.send({"id": message["id"], "found": asdict(found)})
        elif folder is not None and not folder.off and time.monotonic() < until:
            self._waiting.append((until, message))
        else:
            words = folder.off if folder is not None and folder.off else "The codebase is not indexed yet."
            self._answers.send({"id": message["id"], "words": words})

    def _removed(self, message: dict[str, Any]) -> None:
        asked = {"op": "used", "id": message["id"], "workspace": message["workspace"]}

        def done(gone: Any) -> None:
            # What was heard before this question is taken in first.
            self._work.put(lambda: self._inbox.put({**asked, "gone": gone or ({}, {})}))

        self._pool.submit([("removed", message["parts"])], [done], urgent=True)

    def _still_used(self, message: dict[str, Any], until: float) -> None:
        folder = self._folders.get(message["workspace"])
        used = folder.still_used(message["gone"]) if folder is not None else {}
        if used is None and time.monotonic() < until:
            self._waiting.append((until, message))
        else:
            self._answers.send({"id": message["id"], "used": used or {}})

    # ------------------------------------------------------------------------------------------------------- building

    def _build(self) -> None:
        self._builder = threading.get_ident()
        try:
            while True:
                folders = list(self._folders.values())
                busy = any(folder.busy for folder in folders)
                building = any(folder.building for folder in folders)
                if (task := self._work.next(building, _SETTLE_S if busy else _REST_S)) is not None:
                    task()
                for folder in list(self._folders.values()):
                    folder.settle()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _parse(
        self, root: str, jobs: Sequence[Job], done: Sequence[Callable[[Parsed | None], None]], urgent: bool
    ) -> None:
        taken = [_with_parsed(take) for take in done]
        first = root == self._asked_root or len(jobs) <= _FEW
        self._pool.submit([("parse", root, *job) for job in jobs], taken, urgent, first)

    def _read_history(self, job: tuple[Any, ...], done: Callable[[Any], None]) -> None:
        self._pool.submit([("history", *job)], [done], True)

    def _wait(self) -> None:
        self._idle.wait(1.0)
        # In the midst of building a folder: another one that somebody waits for comes first.
        if threading.get_ident() == self._builder and (task := self._work.next_asked()) is not None:
            task()


def query_from(value: Mapping[str, Any]) -> Query:
    """The query that `asdict` made into JSON."""
    place = value.get("selected")
    return Query(
        goal=value["goal"],
        budget=value["budget"],
        open=tuple(value["open"]),
        viewed=tuple(value["viewed"]),
        selected=Place(**place) if place else None,
        failing=tuple(Place(**one) for one in value["failing"]),
        changed=tuple(value["changed"]),
    )


if __name__ == "__main__":
    # What is kept here is the user's code, and nobody else's business.
    os.umask(0o077)
    if sys.argv[1] == _PARSE:
        # Whatever the user does now comes first.
        os.nice(5)
        serve_jobs(work)
    Indexer(Path(sys.argv[1])).run()
