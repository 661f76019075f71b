"""A document store that is obviously right and far too slow: every question cuts the whole text into lines again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}

# Line ends of the protocol, characters that other line splitters take for line ends, and one to four byte characters.
ALPHABET = [
    "\n",
    "\r\n",
    "\r",
    "\n",
    "\f",
    "\v",
    "\x1c",
    "\x1d",
    "\x85",
    "\u2028",
    "\u2029",
    "\t",
    " ",
    "a",
    "b",
    "x = 1",
]
ALPHABET += [
    "é",
    "e\u0301",
    "日本",
    "\ufeff",
    "😀",
    "👩‍💻",
    "\U0010ffff",
    "\ud83d",
    "\ude00",
    "ß",
    "\u200b",
    "\0",
    "long line " * 3,
]


@dataclass(frozen=True, slots=True)
class At:
    """A position, as a client sends it."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Between:
    """A range, as a client sends it."""

    start: At
    end: At


@dataclass(frozen=True, slots=True)
class Whole:
    """A content change that replaces the document."""

    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A content change that replaces a range."""

    range: Between
    text: str


def units(text: str, encoding: str) -> int:
    """How many units of the encoding `text` takes, one character at a time."""
    return (
        sum(len(one.encode(f"{encoding}-le" if encoding != "utf-8" else encoding, "surrogatepass")) for one in text)
        // UNIT_BYTES[encoding]
    )


def lines_of(text: str) -> list[tuple[int, int]]:
    """(start, end without the line end) of each line."""
    found: list[tuple[int, int]] = []
    start = index = 0
    while index < len(text):
        if text[index] == "\r" or text[index] == "\n":
            found.append((start, index))
            if text[index : index + 2] == "\r\n":
                index += 1
            start = index + 1
        index += 1
    found.append((start, len(text)))
    return found


def offset_at(text: str, position: At, encoding: str) -> int:
    """The code point offset of a position."""
    lines = lines_of(text)
    if position.line < 0:
        return 0
    if position.line >= len(lines):
        return len(text)
    start, end = lines[position.line]
    offset = start
    while offset < end and units(text[start : offset + 1], encoding) <= position.character:
        offset += 1
    return offset


def position_at(text: str, offset: int, encoding: str) -> tuple[int, int]:
    """The position of a code point offset."""
    offset = max(0, min(offset, len(text)))
    lines = lines_of(text)
    number = max(index for index, (start, _) in enumerate(lines) if start <= offset)
    start, end = lines[number]
    return number, units(text[start : min(offset, end)], encoding)


def change(text: str, one: Whole | Part, encoding: str) -> tuple[str, tuple[int, int, str]]:
    """The text after one content change, and the edit as (start, end, text)."""
    if isinstance(one, Whole):
        return one.text, (0, len(text), one.text)
    ends = sorted(offset_at(text, each, encoding) for each in (one.range.start, one.range.end))
    return text[: ends[0]] + one.text + text[ends[1] :], (ends[0], ends[1], one.text)


def random_text(random: Random, most: int) -> str:
    """Up to `most` pieces of the alphabet."""
    return "".join(random.choices(ALPHABET, k=random.randint(0, most)))


def random_position(random: Random, text: str) -> At:
    """Mostly inside the text, sometimes past the end of a line or of the text, rarely before it."""
    count = len(lines_of(text))
    line = random.choice([random.randrange(count), random.randrange(count), count - 1, count, count + 7, 10**9, 0])
    return At(line, random.choice([0, 1, random.randint(0, 12), random.randint(0, 60), 10**6, 2**31 - 1, -1]))


def random_change(random: Random, text: str) -> Whole | Part:
    """A replacement, insertion or deletion; the range may be empty or the wrong way round."""
    if random.random() < 0.01:
        return Whole(random_text(random, 40))
    start = random_position(random, text)
    end = start if random.random() < 0.4 else random_position(random, text)
    if random.random() < 0.5 and end is not start:
        end = At(start.line + random.randint(0, 1), end.character)
    most = 2 if len(text) > 600 else 12
    return Part(Between(start, end), random_text(random, most) if random.random() < 0.7 else "")
