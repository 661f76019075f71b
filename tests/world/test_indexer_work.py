"""In which order the indexing process does what there is to do."""

import threading

from signoff.indexer_work import Task, Work


def numbered(done: list[int], number: int) -> Task:
    """A task that tells that it was done."""
    return lambda: done.append(number)


def run(work: Work, building: bool = False) -> None:
    """Does what is to be done now."""
    while (task := work.next(building, 0.0)) is not None:
        task()


def test_changes_come_before_builds_and_builds_in_their_order() -> None:
    work, done = Work(), list[int]()
    for number in (1, 2, 3):
        work.build(f"folder {number}", numbered(done, number))
        work.put(numbered(done, 10 + number))
    run(work, building=True)
    assert done == [11, 12, 13]
    run(work)
    assert done == [11, 12, 13, 1, 2, 3]


def test_what_was_asked_about_is_built_at_once_and_once() -> None:
    work, done = Work(), list[int]()
    for number in (1, 2, 3):
        work.build(f"folder {number}", numbered(done, number))
    work.asked("folder 2")
    work.asked("folder 2")
    work.asked("folder that nobody opened")
    asked = work.next_asked()
    assert asked is not None and work.next_asked() is None
    asked()
    run(work, building=True)
    assert done == [2]
    run(work)
    assert done == [2, 1, 3]


def test_a_folder_is_not_built_anew_before_it_is_closed() -> None:
    work, done = Work(), list[int]()
    work.build("folder", numbered(done, 1))
    work.close("folder", numbered(done, 2))
    work.build("folder", numbered(done, 3))
    work.asked("folder")
    assert work.next_asked() is None
    run(work)
    assert done == [2, 3]


def test_a_task_of_another_thread_ends_the_waiting() -> None:
    work, done = Work(), list[int]()
    thread = threading.Thread(target=lambda: work.put(numbered(done, 1)))
    thread.start()
    task = work.next(False, 60.0)
    thread.join()
    assert task is not None
    task()
    assert done == [1]
