"""Token counts: equal to tiktoken's, offline, in a process that goes away; and estimates within their stated bounds."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiktoken

from signoff.world import tokens
from signoff.world.tokens import TokenCounter, estimate
from signoff.world.vocabulary import VOCABULARIES, default_folder, unpack

CODE = Path(tokens.__file__).read_text("utf-8")
PROSE = (Path(tokens.__file__).parent / "licences" / "qwen2.5-coder.txt").read_text("utf-8")
CHINESE = "这个函数返回给定列表中所有偶数的平方和。如果列表为空，则返回零。输入必须是整数列表，否则会引发类型错误。"
JAPANESE = "この関数は、与えられたリストの中の偶数の二乗の合計を返します。リストが空の場合はゼロを返します。"
KOREAN = "이 함수는 주어진 목록에서 모든 짝수의 제곱의 합을 반환합니다. 목록이 비어 있으면 0을 반환합니다."
TEXTS = (
    "",
    "hello world",
    CODE,
    PROSE,
    CHINESE,
    "🎉🚀 done ✅",
    "<|endoftext|>",
    "\t\r\n\f\u2028",
    "Größe: 12345,67 €",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabulary")


@pytest.fixture
def encoding(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))

    def load(name: str) -> tiktoken.Encoding:
        unpack(name, folder)
        return tiktoken.get_encoding(name)

    return load


@pytest.mark.parametrize(
    ("model", "name"), [("gpt-5", "o200k_base"), ("gpt-4", "cl100k_base"), ("qwen-of-tomorrow", "o200k_base")]
)
async def test_counts_are_those_of_tiktoken(folder: Path, encoding, model: str, name: str):
    counter = TokenCounter(folder)
    expected = [len(encoding(name).encode(text, disallowed_special=())) for text in TEXTS]
    assert await counter.count_all(TEXTS, model) == expected
    assert await counter.count(CODE, model) == expected[2]
    await counter.close()


async def test_counting_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every socket call of the helper raises; the folder is empty, so the vocabulary must come out of the package."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import socket\ndef no(*a, **k): raise OSError('no network')\nsocket.socket.connect = socket.getaddrinfo = no\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    counter = TokenCounter(tmp_path / "cache")
    assert await counter.count("hello world", "gpt-5") == 2
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [VOCABULARIES["o200k_base"].cached]
    await counter.close()


async def test_the_helper_starts_late_and_goes_away_when_idle(folder: Path):
    counter = TokenCounter(folder, idle_seconds=0.05)
    assert counter.pid is None
    await counter.count("x", "gpt-5")
    pid = counter.pid
    await until(lambda: counter.pid is None)
    assert pid is not None
    await until(lambda: not alive(pid))
    assert await counter.count("hello world", "gpt-5") == 2, "it starts again"
    await counter.close()
    assert counter.pid is None


def alive(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has asked for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(0.02)


async def test_tiktoken_is_not_loaded_by_importing_or_estimating():
    code = (
        "import sys; from signoff.world.tokens import estimate, TokenCounter; estimate('x'); TokenCounter();"
        "sys.exit('tiktoken' in sys.modules)"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={**os.environ, "PYTHONPATH": str(Path(tokens.__file__).parents[2])}
    )
    assert await child.wait() == 0


async def test_a_folder_that_can_not_be_written_leaves_the_estimate(tmp_path: Path):
    (tmp_path / "file").write_text("")
    counter = TokenCounter(tmp_path / "file" / "below")
    assert await counter.count(CODE, "gpt-5") == estimate(CODE)
    await counter.close()


async def test_two_counters_may_unpack_at_once(tmp_path: Path):
    counters = [TokenCounter(tmp_path / "cache") for _ in range(3)]
    assert await asyncio.gather(*(counter.count("hello world", "gpt-4") for counter in counters)) == [2, 2, 2]
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [VOCABULARIES["cl100k_base"].cached]
    for counter in counters:
        await counter.close()


def test_a_damaged_vocabulary_is_unpacked_again(tmp_path: Path):
    target = tmp_path / VOCABULARIES["cl100k_base"].cached
    target.write_bytes(b"damaged")
    unpack("cl100k_base", tmp_path)
    size = target.stat().st_size
    assert size > 1_000_000
    before = target.stat().st_mtime_ns
    unpack("cl100k_base", tmp_path)
    assert target.stat().st_mtime_ns == before, "a whole one is left alone"


def test_checksums_are_those_of_tiktoken():
    from tiktoken_ext import openai_public

    source = Path(openai_public.__file__).read_text("utf-8")
    assert all(vocabulary.sha256 in source for vocabulary in VOCABULARIES.values())


def test_the_state_folder_holds_the_vocabulary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SIGNOFF_STATE_DIR", str(tmp_path))
    assert default_folder() == tmp_path / "cache" / "vocabulary"
    monkeypatch.delenv("SIGNOFF_STATE_DIR")
    assert default_folder().name == "vocabulary"


@pytest.mark.parametrize(
    ("text", "bound"),
    [(CODE, 0.25), (PROSE, 0.25), (CHINESE * 20, 0.3), (JAPANESE * 20, 0.3), (KOREAN * 20, 0.3)],
    ids=["code", "prose", "chinese", "japanese", "korean"],
)
def test_the_estimate_is_within_its_bounds(encoding, text: str, bound: float):
    actual = len(encoding("o200k_base").encode(text))
    assert abs(estimate(text) - actual) <= bound * actual


def test_the_estimate_of_this_package_is_within_its_bounds(encoding):
    load = encoding("o200k_base")
    texts = [file.read_text("utf-8") for file in sorted(Path(tokens.__file__).parents[1].rglob("*.py"))]
    counts = [(estimate(text), len(load.encode(text, disallowed_special=()))) for text in texts if len(text) > 500]
    outside = [pair for pair in counts if abs(pair[0] - pair[1]) > 0.25 * pair[1]]
    # A page of checksums, of which there is one, is neither code nor prose.
    assert len(outside) <= len(counts) // 20


def test_estimates_of_small_and_odd_texts():
    assert estimate("") == 0
    assert estimate("a") == 1
    assert estimate("\ud800") >= 1
    assert estimate("🎉" * 100) > estimate("é" * 100) > 1
