"""The journal's values: what a store keeps for a session, and how it says that it could not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One stored event: `body` is its JSON, `at` ISO 8601 in UTC, `cause` the id of the command behind it."""

    session: str
    seq: int
    at: str
    cause: str
    type: str
    version: int
    body: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that the store knows; `last_seq` is 0 while nothing was appended."""

    session: str
    workspace: str
    created: str
    last_seq: int


class StoreError(Exception):
    """The store could not do it (full disk, no permission, damaged, sequence conflict); str() is words for the user."""
