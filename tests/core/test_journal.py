"""The journal's own values."""

from __future__ import annotations

import dataclasses

import pytest

from signoff.core.journal import Row, SessionRow, StoreError


def test_rows_are_facts_and_can_not_be_changed() -> None:
    row = Row("s", 1, "2026-01-01T00:00:00Z", "c", "UserReplied", 1, "{}")
    known = SessionRow("s", "file:///w", "2026-01-01T00:00:00Z", 1)
    for value, name in ((row, "body"), (known, "last_seq")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 2)


def test_trouble_of_the_store_is_words_for_the_user() -> None:
    assert str(StoreError("The disk is full.")) == "The disk is full."
