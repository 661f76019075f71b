"""What clients tell besides documents: diagnostics of other servers, places the user viewed, files that changed.

Bounded, and of this process only. URIs are canonical; a reader picks those of its workspace.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from signoff.core.session import Finding

MOST_FILES = 300
"""Files with findings; the one that was told of longest ago is forgotten first."""
MOST_FINDINGS = 50
"""Of one file."""
MOST_VIEWED = 50
MOST_TOUCHED = 5_000


class Signals:
    """Of all workspaces of this server."""

    def __init__(self) -> None:
        self._findings: OrderedDict[str, tuple[Finding, ...]] = OrderedDict()
        self._viewed: OrderedDict[str, None] = OrderedDict()
        self._touched: OrderedDict[str, int] = OrderedDict()
        self._number = 0

    def diagnosed(self, uri: str, findings: Sequence[Finding]) -> None:
        """These, and no others, are the document's findings now."""
        self._findings.pop(uri, None)
        if findings:
            self._findings[uri] = tuple(findings[:MOST_FINDINGS])
        while len(self._findings) > MOST_FILES:
            self._findings.popitem(last=False)

    def viewed(self, uri: str) -> None:
        """The user looked at the document just now."""
        self._viewed.pop(uri, None)
        self._viewed[uri] = None
        while len(self._viewed) > MOST_VIEWED:
            self._viewed.popitem(last=False)

    def touched(self, uris: Iterable[str]) -> None:
        """Something happened to these files on disk, or may have."""
        self._number += 1
        for uri in uris:
            self._touched.pop(uri, None)
            self._touched[uri] = self._number
        while len(self._touched) > MOST_TOUCHED:
            self._touched.popitem(last=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those told last first; each has its place."""
        return tuple(one for found in reversed(self._findings.values()) for one in found)

    @property
    def views(self) -> tuple[str, ...]:
        """The documents that the user looked at, the latest first."""
        return tuple(reversed(self._viewed))

    def touched_since(self, number: int) -> tuple[tuple[str, ...], int]:
        """The files touched after the moment `number`, and the number of this moment."""
        return tuple(uri for uri, at in self._touched.items() if at > number), self._number
