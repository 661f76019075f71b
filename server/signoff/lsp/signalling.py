"""What clients that know us tell besides the protocol's own messages: `signoff/diagnostics` and `signoff/viewed`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from signoff.lsp.finding import finding
from signoff.lsp.names import DIAGNOSTICS, VIEWED
from signoff.lsp.params import is_object, member

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer
    from signoff.runtime.signals import Signals

MOST_AT_ONCE = 200
"""Diagnostics or places of one message that are looked at."""


class Signalling:
    """Hands what a client tells to `signals`, under the canonical URIs that `normal` gives. What is malformed is not
    heard: there is nobody to answer."""

    def __init__(self, normal: Callable[[str], str], signals: Callable[[], Signals]) -> None:
        self._normal, self._signals = normal, signals

    def register(self, server: SignoffServer) -> None:
        """Registers the two notifications."""
        server.serve(DIAGNOSTICS, self.diagnosed)
        server.serve(VIEWED, self.viewed)

    def diagnosed(self, params: Any) -> None:
        """`{uri, diagnostics}`: all that other servers say about the document now. Our own are left out."""
        uri, raw = member(params, "uri"), member(params, "diagnostics")
        if not isinstance(uri, str) or not isinstance(raw, list):
            return
        name = self._normal(uri)
        found = [plain(one) for one in cast("list[Any]", raw)[:MOST_AT_ONCE]]
        self._signals().diagnosed(name, [finding(name, one) for one in found if one and one.get("source") != "signoff"])

    def viewed(self, params: Any) -> None:
        """`{places: [{uri}]}` or `{uri}`: what the user looked at, the latest last."""
        places: Any = member(params, "places")
        for place in cast("list[Any]", places)[-MOST_AT_ONCE:] if isinstance(places, list) else [params]:
            uri = member(place, "uri")
            if isinstance(uri, str):
                self._signals().viewed(self._normal(uri))


def plain(value: Any) -> dict[str, Any]:
    """Free-form JSON, which pygls hands over as objects or as dicts, as a dict; {} for anything else."""
    if is_object(value):
        return value
    names = ("message", "severity", "source", "code", "range")
    return {name: found for name in names if (found := member(value, name)) is not None}
