"""Servers for tests: `server` is a new sample server, `shared` one for all tests of a module that leave it whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp.raw_client import SAMPLE, RawClient, started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RawClient]:
    with started(SAMPLE, tmp_path / "stderr") as client:
        yield client


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    with started(SAMPLE, tmp_path_factory.mktemp("server") / "stderr") as client:
        client.initialize()
        yield client
        assert client.leave() == 0


@pytest.fixture
def shared(running: RawClient) -> Iterator[RawClient]:
    yield running
    # Whatever a test did to it, the server answers, and has nothing left over to say.
    assert running.answer(running.command("test.echo", after="the test"))["result"] == {"after": "the test"}
