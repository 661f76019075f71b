"""BM25 over messages: how many words of them are known."""

from __future__ import annotations

import pytest

from signoff.context import messages
from signoff.context.messages import Messages


def test_new_words_are_not_taken_when_very_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_MOST_KNOWN", 3)
    made = Messages()
    for number, message in enumerate(("circle square", "circle ellipse triangle", "circle rhombus square")):
        made.add(number, message)
    among = range(3)
    assert set(made.scores("circle", among)) == {0, 1, 2}, "known words count in later messages too"
    assert set(made.scores("square", among)) == {0, 2} and set(made.scores("ellipse", among)) == {1}
    assert made.scores("triangle rhombus", among) == {}
    assert made.length(1) == 3, "a message is as long as it is"


def test_words_of_messages_that_are_gone_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_MOST_KNOWN", 1)
    made = Messages()
    made.add(0, "circle")
    made.add(1, "square")
    made.renumber({1: 0})
    made.add(1, "square")
    assert set(made.scores("square", range(2))) == {1} and made.scores("circle", range(2)) == {}
