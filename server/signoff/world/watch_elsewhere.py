"""Watches folders with watchdog, for systems whose own notices cover a whole tree (macOS, Windows)."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence

from signoff.core.watched import Changes
from signoff.world.ignore import wanted_file, wanted_folder
from signoff.world.moments import Moment

# More than that waiting: nobody reads them in time.
_MOST_WAITING = 100_000
_GIT_FILES = frozenset({"HEAD", "index", "packed-refs"})

Notice = tuple[str, bool, bool]


def observe(root: str, tell: Callable[[Changes], None], ended: threading.Event, watching: threading.Event) -> None:
    """Tells of changes until `ended`. OSError where the folder can't be watched."""
    from watchdog import events
    from watchdog.observers import Observer

    notices: queue.Queue[Notice | None] = queue.Queue(_MOST_WAITING)
    lost = threading.Event()

    class Handler(events.FileSystemEventHandler):
        def on_any_event(self, event: events.FileSystemEvent) -> None:
            came = event.event_type == "created"
            put(os.fsdecode(event.src_path), event.is_directory, came)
            if event.event_type == "moved":
                put(os.fsdecode(event.dest_path), event.is_directory, True)

    def put(path: str, folder: bool, came: bool) -> None:
        try:
            notices.put_nowait((path, folder, came))
        except queue.Full:
            lost.set()

    observer = Observer()
    # Without this filter each file that is only read is a notice as well.
    kinds: Sequence[type[events.FileSystemEvent]] = [
        events.FileModifiedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileMovedEvent,
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirMovedEvent,
    ]
    observer.schedule(Handler(), root, recursive=True, event_filter=list(kinds))
    observer.start()
    watching.set()
    try:
        _collect(root, notices, lost, tell, ended)
    finally:
        observer.stop()
        observer.join()


def _collect(
    root: str,
    notices: queue.Queue[Notice | None],
    lost: threading.Event,
    tell: Callable[[Changes], None],
    ended: threading.Event,
) -> None:
    moment = Moment()
    while not ended.is_set():
        due = moment.due()
        # Woken now and then to see whether it is over.
        wait = 0.5 if due is None else min(max(due - time.monotonic(), 0.001), 0.5)
        try:
            notice = notices.get(timeout=wait)
        except queue.Empty:
            notice = None
        now = time.monotonic()
        if notice is not None:
            _note(moment, root, notice, now)
        if lost.is_set():
            lost.clear()
            moment.note_loss(now)
        due = moment.due()
        if due is not None and now >= due:
            tell(moment.take())


def _note(moment: Moment, root: str, notice: Notice, now: float) -> None:
    full, folder, came = notice
    path = os.path.relpath(full, root).replace(os.sep, "/")
    *above, name = path.split("/")
    if above[:1] == [".git"]:
        if path == ".git/index.lock":
            moment.lock(now, os.path.lexists(full))
        elif (len(above) == 1 and name in _GIT_FILES) or (above[1:3] == ["refs", "heads"] and not folder):
            moment.note_git(now)
        return
    if all(map(wanted_folder, above)) and (wanted_folder(name) if folder else wanted_file(name)) and path != ".":
        moment.note(now, path, came)
