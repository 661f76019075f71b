"""Child processes that work through a queue of jobs, where a job may end its process: a parser in native code can.

Jobs and replies are what `marshal` writes, each with its length before it. A child ends at the end of its input, and so
with its parent. A job whose process ended is tried once more, alone; then it has no reply.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, Any, NoReturn

Done = Callable[[Any], None]
# What to do, whom to tell, and whether it ended a process before.
_Job = tuple[Any, Done, bool]

_LENGTH = struct.Struct("<Q")
_IDLE_S = 20.0
# Jobs that are sent at once, so that the child never waits for the next one.
_AT_ONCE = 32


class ChildPool:
    """Up to `most` processes `argv`, started when there is work and ended when there was none for a while."""

    def __init__(self, argv: Sequence[str], most: int, env: dict[str, str] | None = None) -> None:
        self._argv, self._most, self._env = tuple(argv), most, env
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, jobs: Sequence[Any], done: Sequence[Done], urgent: bool = False) -> None:
        """Queues the jobs, urgent ones before all others. `done` gets each one's reply, in a thread of the pool.

        The reply is None for a job that ended its process. After `close` nothing is called any more.
        """
        with self._changed:
            if self._closed:
                return
            new = [(job, each, False) for job, each in zip(jobs, done, strict=True)]
            if urgent:
                self._jobs.extendleft(reversed(new))
            else:
                self._jobs.extend(new)
            for _ in range(min(self._most - self._threads, len(self._jobs) - self._idle)):
                self._threads += 1
                threading.Thread(target=self._serve, name="child pool", daemon=True).start()
            self._changed.notify_all()

    def close(self) -> None:
        """Drops what is queued and ends the processes; returns at once."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        try:
            while jobs := self._take():
                if process is None and (process := self._start()) is None:
                    self._give_up(jobs)
                elif not self._work(process, jobs):
                    self._end(process)
                    process = None
        finally:
            self._end(process)

    def _take(self) -> list[_Job]:
        """Some jobs, or none when it is time to leave. One that ended a process comes alone."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._jobs or self._closed, _IDLE_S)
            self._idle -= 1
            if not self._jobs:
                self._threads -= 1
                return []
            taken = [self._jobs.popleft()]
            count = min(_AT_ONCE, len(self._jobs) // self._most)
            while len(taken) < count and not taken[0][2] and not self._jobs[0][2]:
                taken.append(self._jobs.popleft())
            return taken

    def _start(self) -> subprocess.Popen[bytes] | None:
        try:
            return subprocess.Popen(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._env
            )
        except OSError:
            return None

    def _work(self, process: subprocess.Popen[bytes], jobs: list[_Job]) -> bool:
        """Whether the process did all of the jobs; if not, the rest of them are back in the queue, or given up."""
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise ValueError("the process has no pipes")
        sender = threading.Thread(target=_send_all, args=(stdin, [job for job, _, _ in jobs]), daemon=True)
        sender.start()
        for at, (_, done, _) in enumerate(jobs):
            reply = _receive(stdout)
            if reply is None:
                self._back(jobs[at:])
                return False
            if not self._closed:
                done(reply[0])
        sender.join()
        return True

    def _back(self, jobs: list[_Job]) -> None:
        (job, done, again), *rest = jobs
        with self._changed:
            self._jobs.extendleft(reversed(rest))
            if not again and not self._closed:
                self._jobs.appendleft((job, done, True))
        if again:
            self._give_up([(job, done, again)])

    def _give_up(self, jobs: list[_Job]) -> None:
        for _, done, _ in jobs:
            if not self._closed:
                done(None)

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _send_all(pipe: IO[bytes], jobs: list[Any]) -> None:
    # That the process has ended shows in the reading.
    with contextlib.suppress(OSError, ValueError):
        for job in jobs:
            _send(pipe, job)


def _send(pipe: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[Any] | None:
    """What comes next, in a tuple of one; None at the end."""
    try:
        head = pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        size: int = _LENGTH.unpack(head)[0]
        data = pipe.read(size)
        # The other end is a process that this one started, of the same program.
        return (marshal.loads(data),) if len(data) == size else None  # noqa: S302
    except (OSError, ValueError, EOFError):
        return None


def serve_jobs(work: Callable[[Any], Any]) -> NoReturn:
    """The child's side: answers each job with what `work` makes of it, until the input ends. An exception ends it."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # no library may write into the answers
    while (job := _receive(sys.stdin.buffer)) is not None:
        _send(out, work(job[0]))
    os._exit(0)
