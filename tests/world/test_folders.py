"""Where Signoff's own files lie, and who may enter."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from signoff.world.folders import folders, private_folder


def test_the_variable_overrides_all(tmp_path: Path) -> None:
    found = folders({"SIGNOFF_STATE_DIR": str(tmp_path / "s")})
    assert (found.state, found.data) == (tmp_path / "s", tmp_path / "s")
    assert (found.cache, found.log) == (tmp_path / "s" / "cache", tmp_path / "s" / "log")
    assert list(tmp_path.iterdir()) == []


def test_a_relative_variable_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folders({"SIGNOFF_STATE_DIR": "s"}).state == tmp_path / "s"


def test_without_it_they_are_the_users_own() -> None:
    found = folders({})
    assert len({found.state, found.cache, found.log}) == 3
    assert all(path.is_absolute() and "signoff" in path.parts for path in (found.state, found.data, found.cache))


def test_a_private_folder_is_open_to_its_owner_alone(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    made.chmod(0o755)
    assert stat.S_IMODE(private_folder(made).stat().st_mode) == 0o700


def test_a_shared_folder_keeps_its_mode(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o1777)  # noqa: S103 (as /tmp is)
    with pytest.raises(PermissionError, match="all users share"):
        private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("", encoding="utf-8")
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "f")
