"""LSP diagnostics, whoever's they are, as what the sessions know of places."""

from __future__ import annotations

from typing import Any

from signoff.core.session import Finding, Place, Severity
from signoff.lsp.params import member
from signoff.lsp.places import line

SEVERITIES: dict[object, Severity] = {1: "error", 2: "warning", 3: "information", 4: "hint"}


def finding(uri: str | None, raw: dict[str, Any]) -> Finding:
    """An LSP diagnostic of the document; whatever is missing or wrong in it has a default."""
    found: Any = member(member(raw.get("range"), "start"), "line")
    number = line(found) if isinstance(found, int) else 0
    place = Place(uri, number, 0, number, 0) if uri else None
    severity = SEVERITIES.get(raw.get("severity"), "error")
    return Finding(
        str(raw.get("message", "")), severity, str(raw.get("source") or ""), str(raw.get("code") or ""), place
    )
