"""./dev speaks clearly before anything is installed: run with a PATH that has only what each test puts there."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds `dev` and nothing else of the repository."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    shutil.copy(ROOT / "dev", folder / "dev")
    (folder / "bin").mkdir()
    for name in ("sh", "dirname", "cat", "date", "cksum"):
        program = shutil.which(name)
        assert program, f"this machine has no {name}"
        (folder / "bin" / name).symlink_to(program)
    return folder


def program(checkout: Path, name: str, body: str) -> None:
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def dev(checkout: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    argv = [str(checkout / "bin" / "sh"), str(checkout / "dev"), *arguments]
    env = {"PATH": str(checkout / "bin"), "HOME": str(checkout)}
    done = subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_help_goes_to_stdout(checkout: Path) -> None:
    code, out, err = dev(checkout, "help")
    assert (code, err) == (0, "")
    for command in ("demo", "test", "check", "serve", "bench", "package", "lock"):
        assert f"\n  {command} " in out


def test_an_unknown_command_is_a_usage_error(checkout: Path) -> None:
    code, out, err = dev(checkout, "tset")
    assert (code, out) == (2, "")
    assert err.endswith("dev: unknown command: tset\n")


def test_without_python_it_says_what_to_install(checkout: Path) -> None:
    code, _, err = dev(checkout, "serve")
    assert code == 1
    assert "no python3 >= 3.11 on PATH. On Debian: apt install python3 python3-venv" in err


def test_an_old_python_is_none(checkout: Path) -> None:
    program(checkout, "python3", "exit 1")
    code, _, err = dev(checkout, "serve")
    assert code == 1
    assert "no python3 >= 3.11 on PATH" in err


def test_without_venv_it_names_the_package(checkout: Path) -> None:
    program(checkout, "python3.12", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    code, _, err = dev(checkout, "serve")
    assert code == 1
    assert "/bin/python3.12 has no venv module. On Debian: apt install python3-venv" in err
