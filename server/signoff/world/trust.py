"""Which workspaces the user trusts: one small file, written by the user's own action only."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "trust.json"


class Trust:
    """Trusted workspace URIs. A file that can't be read trusts nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._trusted: frozenset[str] | None = None

    def trusts(self, workspace: str) -> bool:
        """Whether the user trusted this workspace."""
        return workspace in self._known()

    def set(self, workspace: str, trusted: bool) -> None:
        """Remembers the user's word. Raises OSError when it can't be written."""
        known = self._known()
        wanted = known | {workspace} if trusted else known - {workspace}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = self._path.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(sorted(wanted), indent=1), encoding="utf-8")
        scratch.chmod(0o600)
        scratch.replace(self._path)
        self._trusted = wanted

    def _known(self) -> frozenset[str]:
        if self._trusted is None:
            self._trusted = self._read()
        return self._trusted

    def _read(self) -> frozenset[str]:
        try:
            value: object = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError) as error:
            log.warning("%s can't be read, so no workspace is trusted: %s", self._path, error)
            return frozenset()
        return frozenset(str(uri) for uri in value) if isinstance(value, list) else frozenset()  # pyright: ignore
