"""Puts spaces between the words of identifiers, for a whole file at a time.

A search engine's plain tokenizer then finds them. Its regular expressions would as well, at four times the cost of
everything else that indexing does; a loop in Python costs about the same. Here whole numbers hold one byte for each
byte of the text, and a few operations on them find every boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# Bytes at a time: longer numbers no longer fit into the processor's cache.
_PIECE = 16_384
_JOINT = b"\xfe"  # stands in no UTF-8 text

_TAIL, _UPPER, _LOWER, _PLURAL = 1, 2, 4, 16


def _class_of(byte: int) -> int:
    if 0x61 <= byte <= 0x7A or 0x80 <= byte < 0xFE:
        return _TAIL | _LOWER | (_PLURAL if byte == 0x73 else 0)
    if 0x41 <= byte <= 0x5A:
        return _UPPER
    return _TAIL if 0x30 <= byte <= 0x39 else 0


_CLASSES = bytes(map(_class_of, range(256)))
# 0xFF stands in no UTF-8 text either: it marks "no space here" until it is deleted.
_LONE_CR = re.compile(r"\r(?!\n)")
_SPACES = b"\xff" + b" " * 255


def split_words(data: bytes) -> bytes:
    """The UTF-8 text with a space before each capital that begins a word: `readURLs` -> `read URLs`.

    No line moves. Digits belong to the word before them. Only ASCII capitals count. Bytes 0xFF may be lost.
    """
    if len(data) <= _PIECE:
        return _split(data)
    return b"".join(_split(data[at : at + _PIECE]) for at in range(0, len(data), _PIECE))


def split_each(texts: Sequence[bytes]) -> Iterator[bytes]:
    """`split_words` of many texts, in their order; several times as fast where they are short."""
    first, size = 0, 0
    for at, text in enumerate(texts):
        size += len(text)
        if size > _PIECE // 2:
            yield from _split_joined(texts[first : at + 1])
            first, size = at + 1, 0
    yield from _split_joined(texts[first:])


def _split_joined(texts: Sequence[bytes]) -> Iterator[bytes]:
    parts = split_words(_JOINT.join(texts)).split(_JOINT) if len(texts) > 1 else []
    # A text in another encoding may hold the joint itself.
    yield from parts if len(parts) == len(texts) else map(split_words, texts)


def _split(data: bytes) -> bytes:
    size = len(data)
    classes = int.from_bytes(data.translate(_CLASSES), "little")
    ones = int.from_bytes(b"\1" * size, "little")
    upper = (classes >> 1) & ones
    if not upper:
        return data
    tail, lower, plural = classes & ones, (classes >> 2) & ones, (classes >> 4) & ones
    # The s of `URLs` begins no word, the S of `URLState` does.
    lower &= ~(plural & ~(lower >> 8))
    begins = (tail << 8) & upper | (upper << 8) & upper & (lower >> 8)
    if not begins:
        return data
    spread = bytearray(2 * size)
    spread[0::2] = begins.to_bytes(size, "little").translate(_SPACES)
    spread[1::2] = data
    return bytes(spread.translate(None, b"\xff"))


def unix_lines(text: str) -> str:
    r"""The text with each lone \r made \n: as many characters, and lines that end as in `core.text.split_lines`."""
    return _LONE_CR.sub("\n", text) if "\r" in text else text
