"""What Signoff needs from this machine, checked for real, each with the fix."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from signoff.world.models import Models

ENDPOINT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `fix` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def examine(state: Path, models: Models) -> list[Check]:
    """All checks. Blocking, some seconds at most; nothing is changed, and no key or password is in the words."""
    return [_git(), _state(state), _endpoint(models.shown_url, models.key, models.configured), _local_model()]


def _git() -> Check:
    found = shutil.which("git")
    if found is None:
        return Check("git", False, "not found", "Install git. Without it Signoff can't tell what changed recently.")
    try:
        done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("git", False, f"does not run: {error}", "Reinstall git.")
    return Check("git", True, done.stdout.strip())


def _state(state: Path) -> Check:
    name, folder = "state", state if state.exists() else state.parent
    try:
        free = shutil.disk_usage(folder if folder.exists() else Path.home()).free
        if state.exists():
            with tempfile.TemporaryFile(dir=state):
                pass
            damaged = _damage(state)
            if damaged:
                return Check(name, False, damaged, f"Move {state} aside and start again; keep it to recover sessions.")
    except OSError as error:
        return Check(name, False, f"{state}: {error.strerror}", "Make the folder writable, or set SIGNOFF_STATE_DIR.")
    fix = "" if free > 100_000_000 else "Free some disk space: sessions can't be saved on a full disk."
    return Check(name, not fix, f"{state} ({free // 1_000_000:,} MB free)", fix)


def _damage(state: Path) -> str:
    """What is wrong with the databases in the folder; empty when nothing is."""
    for path in state.glob("*.db"):
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            return f"{path.name} can't be read: {error}"
        if answer != "ok":
            return f"{path.name} is damaged: {answer}"
    return ""


def _endpoint(base_url: str, key: str, configured: bool) -> Check:
    name = "endpoint"
    if not configured:
        fix = "Set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint of your own, or use the small local model."
        return Check(name, False, "no endpoint is configured", fix)
    if urlsplit(base_url).scheme not in ("http", "https"):
        return Check(
            name, False, f"{base_url} is not a web address", "Set OPENAI_BASE_URL to http://... or https://..."
        )
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with urlopen(Request(base_url.rstrip("/") + "/models", headers=headers), timeout=ENDPOINT_SECONDS):  # noqa: S310
            return Check(name, True, f"{base_url} answers")
    except HTTPError as error:
        if error.code in (401, 403):
            return Check(name, False, f"{base_url} does not accept the key", "Check OPENAI_API_KEY.")
        return Check(name, True, f"{base_url} answers (HTTP {error.code} for its list of models)")
    except (URLError, OSError, ValueError, HTTPException) as error:
        return Check(name, False, f"{base_url} can't be reached: {error}", "Check the address and the network.")


def _local_model() -> Check:
    from signoff.world.local_model import lacking

    missing = lacking()
    # It is an extra: not having it is no fault.
    return Check("local model", True, missing or "ready")
