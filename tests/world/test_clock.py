"""Ids and waiting."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from signoff.world import clock
from signoff.world.clock import SystemClock


def test_ids_are_unique_sorted_and_plain() -> None:
    source = SystemClock()
    made = [source.new_id("s") for _ in range(20_000)]
    assert len(set(made)) == len(made)
    assert sorted(made) == made
    assert all(re.fullmatch(r"s_[0-9a-z]{18}", one) for one in made)


def test_ids_of_threads_and_of_clocks_differ() -> None:
    first, second = SystemClock(), SystemClock()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: (first if n % 2 else second).new_id("s"), range(4000)))
    assert len(set(made)) == len(made)


def test_ids_stay_in_order_when_the_wall_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SystemClock()
    before = source.new_id("s")
    an_hour_ago = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(clock.time, "time_ns", lambda: an_hour_ago)
    after = [source.new_id("s") for _ in range(100)]
    assert sorted({before, *after}) == [before, *after]


def test_ids_of_another_day_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    today = SystemClock().new_id("s")
    monkeypatch.setattr(clock.time, "time_ns", lambda: 2**44 * 1_000_000)
    assert SystemClock().new_id("s") > today


async def test_sleep_until_returns_at_its_time() -> None:
    source = SystemClock()
    until = source.now() + 0.05
    await source.sleep_until(until)
    assert source.now() >= until
    await source.sleep_until(source.now() - 10)


async def test_sleep_until_notices_time_that_passed_while_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    wall = [1000.0]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        wall[0] += 3600  # the machine slept for an hour meanwhile

    monkeypatch.setattr(clock.time, "time", lambda: wall[0])
    monkeypatch.setattr(clock.asyncio, "sleep", sleep)
    await SystemClock().sleep_until(1000 + 1800)
    assert waited == [5.0]
