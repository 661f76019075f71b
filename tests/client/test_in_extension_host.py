"""The tests of host/*.ts, each reported by itself; those of a file share one window."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from client.hosted import HOST, MODULES, Result, names, run
from client.installed import VSCode
from client.scenarios import SCENARIOS

pytestmark = pytest.mark.e2e

_RAN: dict[tuple[str, str], dict[str, Result]] = {}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in SCENARIOS for name in names(file)])
async def test_in(vscode: VSCode, file: str, name: str, shared: Path, tmp_path: Path) -> None:
    key = (vscode.version, file)
    if key not in _RAN:
        _RAN[key] = {}
        _RAN[key] = await run(file, SCENARIOS[file], vscode, shared, tmp_path)
    result = _RAN[key].get(name)
    assert result is not None, f"{file}.ts ended before this test"
    if not result.ok:
        pytest.fail("\n".join((result.error, *(f"see {note}" for note in result.notes))), pytrace=False)


def test_the_files_have_the_right_types() -> None:
    done = subprocess.run(
        [str(MODULES / ".bin" / "tsc"), "--project", str(HOST)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_file_has_a_scenario() -> None:
    assert {path.stem for path in HOST.glob("*.ts")} - {"sessions", "support"} == set(SCENARIOS)
