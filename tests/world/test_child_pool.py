"""A pool of child processes: every job is answered once, whatever the others do to their process."""

import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from signoff.world.child_pool import ChildPool

CHILD = """
import os, sys
from signoff.world.child_pool import serve_jobs

def work(job):
    kind, value = job
    if kind == "die":
        os.abort()
    if kind == "die once" and not os.path.exists(value):
        open(value, "w").close()
        os.abort()
    if kind == "die always":
        open(value, "a").write("died\\n")
        os.abort()
    if kind == "eat":
        return len(bytearray(value))
    print("this is no reply")
    return (kind, value, os.getpid())

serve_jobs(work, most_memory=300_000_000)
"""
PATIENCE_S = 60.0


class Replies:
    """What came back, by job."""

    def __init__(self) -> None:
        self.found: dict[Any, list[Any]] = {}
        self._changed = threading.Condition()

    def taker(self, job: Any) -> Callable[[Any], None]:
        """Notes the reply to a job."""

        def take(reply: Any) -> None:
            with self._changed:
                self.found.setdefault(job, []).append(reply)
                self._changed.notify_all()

        return take

    def wait(self, count: int) -> None:
        """Until so many jobs were answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.found) >= count, PATIENCE_S)


@contextmanager
def pool(most: int = 2, program: str = sys.executable) -> Generator[ChildPool, None, None]:
    """A pool of children of this package."""
    server = str(Path(__file__).parents[2] / "server")
    made = ChildPool((program, "-c", CHILD), most, {**os.environ, "PYTHONPATH": server})
    try:
        yield made
    finally:
        made.close()


def submit(made: ChildPool, replies: Replies, jobs: list[Any], urgent: bool = False) -> None:
    """Queues the jobs."""
    made.submit(jobs, [replies.taker(job) for job in jobs], urgent)


def test_every_job_is_answered_once() -> None:
    replies = Replies()
    with pool() as made:
        jobs = [("echo", f"{n}" * (n * 50)) for n in range(300)]
        submit(made, replies, jobs)
        replies.wait(300)
    assert all(answers[0][:2] == job and len(answers) == 1 for job, answers in replies.found.items())
    assert 1 <= len({answers[0][2] for answers in replies.found.values()}) <= 2


def test_a_job_that_ends_its_process_has_no_reply_and_the_others_have() -> None:
    replies = Replies()
    with pool() as made:
        jobs = [("die" if n % 10 == 3 else "echo", n) for n in range(60)]
        submit(made, replies, jobs)
        replies.wait(60)
    for job, answers in replies.found.items():
        assert len(answers) == 1
        assert (answers[0] is None) == (job[0] == "die")


def test_a_job_whose_process_died_of_something_else_is_tried_again(tmp_path: Path) -> None:
    replies = Replies()
    with pool() as made:
        submit(made, replies, [("die once", str(tmp_path / "died"))])
        replies.wait(1)
    [[reply]] = replies.found.values()
    assert reply is not None


def test_a_job_that_ends_its_process_twice_is_given_up(tmp_path: Path) -> None:
    replies, died = Replies(), tmp_path / "died"
    with pool(most=1) as made:
        jobs = [*[("echo", n) for n in range(20)], ("die always", str(died)), *[("echo", n) for n in range(20, 40)]]
        submit(made, replies, jobs)
        replies.wait(41)
    assert died.read_text() == "died\n" * 2
    assert [job for job, answers in replies.found.items() if answers == [None]] == [("die always", str(died))]


def test_a_job_that_takes_too_much_memory_ends_its_process_alone() -> None:
    replies = Replies()
    with pool() as made:
        jobs = [("eat", 100_000_000), ("echo", 1), ("eat", 400_000_000), ("echo", 2)]
        submit(made, replies, jobs)
        replies.wait(4)
    assert replies.found[("eat", 100_000_000)] == [100_000_000]
    assert replies.found[("eat", 400_000_000)] == [None]
    assert all(replies.found[("echo", n)][0][:2] == ("echo", n) for n in (1, 2))


def test_what_is_told_may_fail_and_the_others_are_told() -> None:
    replies = Replies()

    def fail(_: Any) -> None:
        raise ValueError("the disk is full")

    with pool(most=1) as made:
        made.submit([("echo", n) for n in range(3)], [replies.taker(0), fail, replies.taker(2)])
        replies.wait(2)
        submit(made, replies, [("echo", 3)])
        replies.wait(3)
    assert list(replies.found) == [0, 2, ("echo", 3)]


def test_an_urgent_job_does_not_wait_for_the_others() -> None:
    replies = Replies()
    with pool(most=1) as made:
        jobs = [("echo", n) for n in range(2_000)]
        submit(made, replies, jobs)
        submit(made, replies, [("urgent", 1)], urgent=True)
        replies.wait(2_001)
    assert list(replies.found).index(("urgent", 1)) < 500


def test_first_jobs_come_before_others_and_after_urgent_ones() -> None:
    replies = Replies()
    with pool(most=1) as made:
        submit(made, replies, [("echo", n) for n in range(2_000)])
        submit(made, replies, [("urgent", n) for n in range(100)], urgent=True)
        made.submit([("first", 1)], [replies.taker(("first", 1))], first=True)
        replies.wait(2_101)
    order = list(replies.found)
    assert order.index(("urgent", 99)) < order.index(("first", 1)) < 700


def test_a_program_that_cannot_be_started_answers_nothing() -> None:
    replies = Replies()
    with pool(program="/nowhere/python") as made:
        submit(made, replies, [("echo", 1), ("echo", 2)])
        replies.wait(2)
    assert list(replies.found.values()) == [[None], [None]]


def test_after_closing_nothing_is_told_and_no_process_stays() -> None:
    replies = Replies()
    with pool() as made:
        submit(made, replies, [("echo", 1)])
        replies.wait(1)
        [[(_, _, pid)]] = replies.found.values()
        made.close()
        submit(made, replies, [("echo", 2)])
        end = time.monotonic() + PATIENCE_S
        while alive(pid):
            assert time.monotonic() < end
            time.sleep(0.01)
    assert list(replies.found) == [("echo", 1)]


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
