"""CI=true forbids skipping: the rule of tests/conftest.py, on small test files in a pytest of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


def run(folder: Path, body: str, *options: str, ci: str = "true") -> subprocess.CompletedProcess[str]:
    """A pytest run of one test file with our conftest.py."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_it.py").write_text(f"import pytest\n{body}", encoding="utf-8")
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    env = {**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


SKIPPED = "def test_a(): pytest.skip('no editor here')\n"


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "1")])
def test_a_skip_fails_the_run_and_is_named(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run(tmp_path, SKIPPED, *options)
    assert done.returncode == 1, done.stdout
    assert "test_it.py::test_a: no editor here" in done.stdout


def test_a_missing_module_is_a_skip_too(tmp_path: Path) -> None:
    done = run(tmp_path, "pytest.importorskip('no_such_module_at_all')\ndef test_a(): pass\n")
    assert done.returncode == 1, done.stdout
    assert "no_such_module_at_all" in done.stdout


def test_the_embedded_model_may_be_absent(tmp_path: Path) -> None:
    body = "def test_a(): pytest.skip('embedded model is not on this machine')\ndef test_b(): pass\n"
    assert run(tmp_path, body).returncode == 0


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert run(tmp_path, "@pytest.mark.xfail\ndef test_a(): assert False\n").returncode == 0


def test_outside_of_ci_skipping_is_allowed(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPPED, ci="").returncode == 0
