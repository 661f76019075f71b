"""Child processes that work through a queue of jobs, where a job may end its process: a parser in native code can.

Jobs and replies are what `marshal` writes, some at once, with their length before them. A child ends at the end of its
input, and so with its parent. A job that a process left without a reply when it ended is tried once more, alone; when
that ends a process as well, it has no reply.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import queue
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple, NoReturn

Done = Callable[[Any], None]

_LENGTH = struct.Struct("<Q")
_IDLE_S = 20.0
# Jobs that are sent at once; the next ones are sent before all of these are answered.
_AT_ONCE = 32
# How long a child holds back replies, to send several at once.
_HOLD_S = 0.02
MOST_MEMORY = 1_000_000_000
"""Bytes that a child may ask for, as the limit of a process."""


class _Job(NamedTuple):
    """What to do and whom to tell. A `suspect` one may have ended a process."""

    job: Any
    done: Done
    suspect: bool = False


class ChildPool:
    """Up to `most` processes `argv`, started when there is work and ended when there was none for a while."""

    def __init__(self, argv: Sequence[str], most: int, env: dict[str, str] | None = None) -> None:
        self._argv, self._most, self._env = tuple(argv), most, env
        self._urgent: deque[_Job] = deque()
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, jobs: Sequence[Any], done: Sequence[Done], urgent: bool = False, first: bool = False) -> None:
        """Queues the jobs, urgent ones before all others and the `first` before all but these.

        `done` gets each one's reply, in a thread of the pool.
        The reply is None for a job that ended its process. After `close` nothing is called any more.
        """
        with self._changed:
            if self._closed:
                return
            new = [_Job(job, each) for job, each in zip(jobs, done, strict=True)]
            queue_of = self._urgent if urgent else self._jobs
            if urgent or first:
                queue_of.extendleft(reversed(new))
            else:
                queue_of.extend(new)
            waiting = len(self._urgent) + len(self._jobs)
            for _ in range(min(self._most - self._threads, waiting - self._idle)):
                self._threads += 1
                threading.Thread(target=self._serve, name="child pool", daemon=True).start()
            self._changed.notify_all()

    def close(self) -> None:
        """Drops what is queued and ends the processes; returns at once."""
        with self._changed:
            self._closed = True
            self._urgent.clear()
            self._jobs.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        child: _Child | None = None
        try:
            while True:
                sent = child.sent if child else deque[_Job]()
                if jobs := self._take(sent):
                    child = child or self._start()
                    if child:
                        child.send(jobs)
                    else:
                        self._give_up(jobs)
                elif child and sent:
                    child = self._hear(child)
                else:
                    return
        finally:
            if child:
                child.end()

    def _take(self, sent: deque[_Job]) -> list[_Job]:
        """Some jobs to send. None when the answers to those that were sent come first, or when it is time to leave."""
        with self._changed:
            if not sent:
                self._idle += 1
                self._changed.wait_for(lambda: self._urgent or self._jobs or self._closed, _IDLE_S)
                self._idle -= 1
                if not self._urgent and not self._jobs:
                    self._threads -= 1
                    return []
            elif len(sent) >= _AT_ONCE or sent[0].suspect or (self._urgent and self._urgent[0].suspect):
                return []
            if self._urgent:
                return [self._urgent.popleft()]
            count = min(_AT_ONCE, max(1, len(self._jobs) // self._most), len(self._jobs))
            return [self._jobs.popleft() for _ in range(count)]

    def _start(self) -> _Child | None:
        try:
            return _Child(self._argv, self._env)
        except OSError:
            return None

    def _hear(self, child: _Child) -> _Child | None:
        """Passes on what the child says next; None when it has ended."""
        replies = child.replies()
        if not replies:
            self._back(child.sent)
            child.end()
            return None
        for reply in replies:
            self._tell(child.sent.popleft(), reply)
        return child

    def _back(self, jobs: Sequence[_Job]) -> None:
        """One of the jobs ended its process."""
        with self._changed:
            if not self._closed:
                again = [job._replace(suspect=True) for job in jobs if not job.suspect]
                self._urgent.extendleft(reversed(again))
                self._changed.notify_all()
        self._give_up([job for job in jobs if job.suspect])

    def _give_up(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self._tell(job, None)

    def _tell(self, job: _Job, reply: Any) -> None:
        if self._closed:
            return
        try:
            job.done(reply)
        except Exception:
            # Whoever asked has to know what to do about it; the other jobs go on.
            traceback.print_exc()


class _Child:
    """A process, and the jobs that it has not answered yet."""

    def __init__(self, argv: Sequence[str], env: dict[str, str] | None) -> None:
        """Raises OSError."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=env)
        self._outbox: queue.SimpleQueue[list[Any] | None] = queue.SimpleQueue()
        self.sent: deque[_Job] = deque()
        threading.Thread(target=self._write, name="child pool, writing", daemon=True).start()

    def send(self, jobs: Sequence[_Job]) -> None:
        """Queues the jobs for the process: it may be writing itself, and read nothing meanwhile."""
        self.sent.extend(jobs)
        self._outbox.put([job.job for job in jobs])

    def _write(self) -> None:
        # That the process has ended shows in the reading.
        with contextlib.suppress(OSError, ValueError):
            while self._process.stdin and (jobs := self._outbox.get()) is not None:
                _send(self._process.stdin, jobs)

    def replies(self) -> list[Any]:
        """Its next replies, in the order of the jobs; [] when it has ended."""
        found = _receive(self._process.stdout) if self._process.stdout else None
        return found[0] if found else []

    def end(self) -> None:
        """Ends the process and waits until it is gone."""
        self._outbox.put(None)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


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


def serve_jobs(work: Callable[[Any], Any], most_memory: int = MOST_MEMORY) -> NoReturn:
    """The child's side: answers each job with what `work` makes of it, until the input ends. An exception ends it.

    The process gets no more than `most_memory` bytes (Linux only): a hostile file ends its parser, not the machine.
    """
    _bound_memory(most_memory)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # no library may write into the answers
    while (jobs := _receive(sys.stdin.buffer)) is not None:
        _answer(jobs[0], work, out)
    os._exit(0)


def _bound_memory(most: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        # Files that are mapped to be read don't count.
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _answer(jobs: Sequence[Any], work: Callable[[Any], Any], out: IO[bytes]) -> None:
    replies: list[Any] = []
    began = time.monotonic()
    for job in jobs:
        replies.append(work(job))
        if time.monotonic() - began > _HOLD_S:
            _send(out, replies)
            replies, began = [], time.monotonic()
    if replies:
        _send(out, replies)
