"""Fixtures of the tests in VS Code. Each version's tests run in one process, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.installed import VERSIONS, VSCode, find


@pytest.fixture(params=VERSIONS)
def vscode(request: pytest.FixtureRequest) -> VSCode:
    """One version of VS Code after the other."""
    return find(request.param)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "client"


@pytest.fixture
def retries(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Where a walk notes the steps that it had to do again; they are reported as warnings of the test."""
    noted: list[str] = []
    yield noted
    for step in noted:
        request.node.warn(pytest.PytestWarning(f"done again: {step}"))
