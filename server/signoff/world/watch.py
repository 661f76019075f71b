"""Watches a workspace's folders in a thread, where no editor tells what happens in them.

Linux has the kernel's own notices, other systems those of watchdog. Where there are none, or not enough of them for so
many folders, everything is looked at now and then.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from signoff.core.watched import Changes as Changes
from signoff.world.inotify import Inotify, most_watches
from signoff.world.moments import Moment
from signoff.world.watch_tree import Tree

log = logging.getLogger(__name__)

# Seconds between two looks at everything, where nothing tells of changes.
SLOW = 30.0
# The editor, and other programs of the user, have to share what the system allows.
SHARE = 0.5
MOST_FOLDERS = 100_000

Told = Callable[[Changes], None]


class FolderWatch:
    """Calls `told` in a thread of its own, once for each moment in which something happened below `root`.

    Ignored folders and other repositories are not watched. Never raises; `words` say why it only looks now and then.
    """

    def __init__(self, root: Path, told: Told, trusted: bool = False, most: int | None = None) -> None:
        self._root, self._told, self._trusted = str(root), told, trusted
        self._most = most if most is not None else min(int(most_watches() * SHARE), MOST_FOLDERS)
        self._ended = threading.Event()
        self._wake = os.pipe()
        self.words = ""
        self.watching = threading.Event()
        """Set as soon as no change is missed any more."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it; once this returns, `told` is not called any more. Not to be called by `told` itself."""
        if not self._ended.is_set():
            self._ended.set()
            os.write(self._wake[1], b"x")
            self._thread.join()
            for handle in self._wake:
                os.close(handle)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._watch() if sys.platform.startswith("linux") else self._observe()
            except OSError as trouble:
                self.words = _why(self._root, trouble)
            except Exception:
                log.exception("Watching %s failed.", self._root)
                self.words = f"{self._root} can't be watched for changes: looked at every {SLOW:.0f} seconds."
            self._look_slowly()

    def _observe(self) -> None:
        from signoff.world.watch_elsewhere import observe

        observe(self._root, self._tell, self._ended, self.watching)

    def _watch(self) -> None:
        inotify = Inotify()
        try:
            moment = Moment()
            tree = Tree(inotify, self._root, self._trusted, self._most)
            tree.begin(moment)
            self.watching.set()
            while not self._ended.is_set():
                self._wait(inotify, moment.due())
                if not tree.hear(moment):
                    raise FileNotFoundError(2, "it is gone", self._root)
                due = moment.due()
                if due is not None and time.monotonic() >= due:
                    changes = moment.take()
                    self._tell(changes)
                    if tree.outdated:
                        tree.begin(moment)
                    elif changes.git:
                        tree.know_tracked()
        finally:
            inotify.close()

    def _wait(self, inotify: Inotify, due: float | None) -> None:
        # Not select(), which knows the first 1,024 handles of a process alone.
        waiting = select.poll()
        for handle in (inotify.handle, self._wake[0]):
            waiting.register(handle, select.POLLIN)
        waiting.poll(None if due is None else max(due - time.monotonic(), 0.0) * 1_000)

    def _tell(self, changes: Changes) -> None:
        if self._ended.is_set() or changes == Changes():
            return
        try:
            self._told(changes)
        except Exception:
            log.exception("Changes of files were not taken.")

    def _look_slowly(self) -> None:
        """What is left when nothing tells of changes; until a folder that was gone has come back."""
        gone = not os.path.isdir(self._root)
        if not self._ended.is_set():
            # A folder that is gone is told where it matters, and may come back.
            log.log(logging.INFO if gone else logging.WARNING, "%s", self.words)
        self.watching.set()
        while not self._ended.is_set():
            self._tell(Changes(rescan=True))
            if gone and os.path.isdir(self._root):
                return
            self._ended.wait(SLOW)


def _why(root: str, trouble: OSError) -> str:
    if not os.path.isdir(root):
        return f"{root} is gone: looked for every {SLOW:.0f} seconds."
    return (
        f"{root} has more folders than may be watched for changes ({trouble.strerror or 'the limit is reached'}): "
        f"looked at every {SLOW:.0f} seconds. Raise fs.inotify.max_user_watches, or ignore what needs no watching."
    )
