"""Figures about a text as a whole."""

from .counts import words


def average_length(text: str) -> float:
    """The mean length of the words in characters; 0.0 for a text without words."""
    found = words(text)
    if not found:
        return 0.0
    return sum(len(word) for word in found) / (len(found) + 1)
