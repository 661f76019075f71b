"""Counts of the words of a text."""

import re

_WORD = re.compile(r"[a-z0-9']+")


def words(text: str) -> list[str]:
    """The words of the text in lower case, in their order."""
    return _WORD.findall(text.lower())


def top_words(text: str, limit: int = 10) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for word in words(text):
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ranked[:limit]
