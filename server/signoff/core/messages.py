"""What the server and clients that know it tell each other besides commands: notifications, a request, the status.

Field names are snake_case here and camelCase on the wire. The JSON Schemas in `schemas/` and the client's types are
generated from these shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from signoff.core.session_view import SessionView


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The program that answers; `python` is the version that executes it."""

    name: str
    version: str
    python: str


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """Where requests go, without user and password.

    `configured`: the user said whom to ask: a key, an endpoint of their own, or a local model, which needs neither.
    """

    configured: bool
    base_url: str


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """An open folder, and whether programs may run in it and its own instructions are read."""

    uri: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a new session would ask. `local`: a model of this machine. `unready`: see ServerStatus."""

    model: str
    local: bool
    unready: str | None
    endpoint: EndpointFacts


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The answer of `signoff.status`.

    `model` is the one that a new session asks first, `local` whether it runs on this machine. `unready` says in words
    why a new session would get no answer, and what to do about it; null where nothing is known to be missing.
    `restricted`: the editor limits the window, whatever was trusted before. `sessions` counts those of the open folders
    by phase. `workflows` are names.
    """

    server: ServerFacts
    endpoint: EndpointFacts
    model: str
    local: bool
    unready: str | None
    restricted: bool
    sessions: dict[str, int]
    workspaces: tuple[WorkspaceFacts, ...]
    workflows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputDelta:
    """`signoff/outputDelta`, to the client: the next piece of the reply that is on its way."""

    session: str
    text: str


@dataclass(frozen=True, slots=True)
class SetApiKey:
    """`signoff/setApiKey`, a request to the server, answered with `{}`: the key to ask the endpoint with.

    It is kept in memory only; null forgets it.
    """

    key: str | None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`signoff/diagnostics`, to the server: all LSP diagnostics that others report of the document now."""

    uri: str
    diagnostics: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ViewedPlace:
    """A document that the user looked at."""

    uri: str


@dataclass(frozen=True, slots=True)
class Viewed:
    """`signoff/viewed`, to the server: what the user looked at, the latest last."""

    places: tuple[ViewedPlace, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """`signoff/trust`, to the server: whether the editor's user trusts the window's folders now."""

    trusted: bool


TO_SERVER: dict[str, type] = {
    "signoff/setApiKey": SetApiKey,
    "signoff/diagnostics": Diagnostics,
    "signoff/viewed": Viewed,
    "signoff/trust": Trust,
}
"""The parameters of what a client may send, by method."""

TO_CLIENT: dict[str, type] = {"signoff/sessionChanged": SessionView, "signoff/outputDelta": OutputDelta}
"""The parameters of what the server sends, by method."""
