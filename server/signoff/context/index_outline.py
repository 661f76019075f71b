"""What of a file's text goes into an index beside its words: names, chunks, and the outline in a form to keep."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from signoff.context.index_types import Parsed, Piece
from signoff.context.outline_types import Outline, Symbol
from signoff.context.words import split_words

if TYPE_CHECKING:
    from signoff.context.chunks import Chunk

# Of names that are longer nobody speaks.
_LONGEST_NAME = 100
# A line's end as well, see `unix_lines`.
_LONE_CR = re.compile(rb"\r(?!\n)")
# Shorter outlines are kept as they are: to compress one takes longer than to read the file.
_COMPRESSED = 1_000


def digest(data: bytes) -> str:
    """The id that git gives a blob with these bytes (SHA-1, in hex)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def parse(path: str, data: bytes, known: bytes | None = None) -> Parsed:
    """All that is indexed of the file beside its path and words. `known`: its outline, if it was packed before."""
    # Parsers are loaded here alone: a process that starts has no need of them.
    from signoff.context.chunks import chunks
    from signoff.context.outline import outline

    text = data.decode("utf-8", "replace")
    found = unpack(known) if known is not None else outline(path, text)
    packed = known if known is not None else pack(found)
    defined = [symbol.name for symbol in found.symbols]
    return Parsed(
        digest(data),
        packed,
        _names(defined),
        _names(found.references),
        tuple(_pieces(data, chunks(path, text, found))),
    )


def _pieces(data: bytes, found: Sequence[Chunk]) -> Iterable[Piece]:
    words = split_words(data)
    lines = (_LONE_CR.sub(b"\n", words) if b"\r" in words else words).decode("utf-8", "replace").split("\n")
    for chunk in found:
        body = "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        yield Piece(chunk.start_line, chunk.end_line, chunk.symbol, chunk.kind, body)


def _names(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(name for name in names if name and len(name) <= _LONGEST_NAME and " " not in name))


def pack(found: Outline) -> bytes:
    """The outline as bytes; `unpack` makes it again."""
    symbols = [[s.name, s.kind, s.start_line, s.end_line, s.parent] for s in found.symbols]
    plain = json.dumps([symbols, list(found.imports), list(found.references)]).encode()
    return zlib.compress(plain, 1) if len(plain) > _COMPRESSED else plain


def unpack(packed: bytes) -> Outline:
    """The outline that was packed; an empty one when the bytes are damaged."""
    try:
        values: Any = json.loads(packed if packed.startswith(b"[") else zlib.decompress(packed))
        symbols, imports, references = values
        return Outline(tuple(Symbol(*symbol) for symbol in symbols), tuple(imports), tuple(references))
    except (ValueError, TypeError, zlib.error):
        return Outline((), (), ())
