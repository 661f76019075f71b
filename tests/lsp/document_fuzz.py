"""Random editing of our document store and of the reference side by side."""

from __future__ import annotations

from random import Random

from lsp import reference_document as reference
from signoff.core.text import Edit
from signoff.lsp.documents import Document, Encoding

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


def fuzz(edits: int, seed: int) -> int:
    """Make `edits` random changes, a third in each encoding; returns how many steps differed in any way."""
    return sum(_fuzz(edits // 3 + (index < edits % 3), seed + index, each) for index, each in enumerate(ENCODINGS))


def _fuzz(edits: int, seed: int, encoding: Encoding) -> int:
    random = Random(seed)
    differences = done = 0
    while done < edits:
        text = reference.random_text(random, 60)
        document = Document("file:///a.py", "python", 0, text, encoding)
        # Small blocks, so that a text of a few lines already has several.
        document._lines._block = 4
        for _ in range(min(random.randint(1, 250), edits - done)):
            text, differs = _step(random, document, text)
            differences += differs
            done += 1
    return differences


def _step(random: Random, document: Document, text: str) -> tuple[str, bool]:
    """One message of one change (rarely three), then a position and an offset at random."""
    changes: list[reference.Whole | reference.Part] = []
    expected: list[Edit] = []
    for _ in range(3 if random.random() < 0.05 else 1):
        changes.append(reference.random_change(random, text))
        text, edit = reference.change(text, changes[-1], document.encoding)
        expected.append(Edit(*edit))
    same = document.change(changes) == expected and document.text == text
    same &= document.line_count == len(reference.lines_of(text))
    position, offset = reference.random_position(random, text), random.randint(-1, len(text) + 1)
    same &= document.offset_at(position) == reference.offset_at(text, position, document.encoding)
    same &= document.position_at(offset) == reference.position_at(text, offset, document.encoding)
    return text, not same
