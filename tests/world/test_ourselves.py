"""How a user runs this Signoff in a terminal."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from signoff.world import ourselves
from signoff.world.ourselves import adding, in_terminal


def test_a_program_on_the_path_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ourselves.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert in_terminal("model pull") == "signoff model pull"


def test_another_one_by_its_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ourselves.shutil, "which", lambda name: None)
    said = subprocess.run(shlex.split(in_terminal("--version")), capture_output=True, text=True, check=True).stdout
    assert said.startswith("signoff ")


def test_an_extra_is_added_to_this_environment_whatever_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/me/Application Support/bin/python")
    assert shlex.split(adding("local")) == [
        "/home/me/Application Support/bin/python", "-m", "pip", "install", "signoff[local]",
    ]  # fmt: skip
