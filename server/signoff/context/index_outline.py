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
from signoff.context.words import split_each, split_words

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
        _words(defined),
        _names(defined),
        _names(found.references),
        _names(part for name in found.imports for part in sorted(import_parts(name))),
        tuple(_pieces(data, chunks(path, text, found), found.symbols)),
    )


def import_parts(name: str) -> set[str]:
    """The names by which an imported file is known: `../geometry/util.js` -> geometry, util, util.js, js."""
    parts = {part for part in name.replace("\\", "/").replace("::", "/").split("/") if part.strip(".")}
    parts |= {part.rpartition(".")[0] for part in parts if "." in part}
    dotted = {part for each in parts for part in each.split(".") if part}
    return parts | dotted


def _pieces(data: bytes, found: Sequence[Chunk], symbols: Sequence[Symbol]) -> Iterable[Piece]:
    words = split_words(data)
    lines = (_LONE_CR.sub(b"\n", words) if b"\r" in words else words).decode("utf-8", "replace").split("\n")
    names = split_each([_joined(each) for each in _names_in(found, symbols)])
    for chunk, here in zip(found, names, strict=True):
        body = "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        yield Piece(chunk.start_line, chunk.end_line, chunk.symbol, chunk.kind, body, here.decode("utf-8", "replace"))


def _names_in(found: Sequence[Chunk], symbols: Sequence[Symbol]) -> Iterable[list[str]]:
    """The names that each chunk is found by: its own, and those of what begins in it."""
    starts = sorted((symbol.start_line, symbol.name) for symbol in symbols)
    at = 0
    for chunk in found:
        names = [chunk.symbol] if chunk.symbol else []
        while at < len(starts) and starts[at][0] <= chunk.end_line:
            names.append(starts[at][1])
            at += 1
        yield names


def _joined(names: Iterable[str]) -> bytes:
    return "\n".join(dict.fromkeys(names)).encode("utf-8", "replace")


def _words(names: Iterable[str]) -> str:
    return split_words(_joined(names)).decode("utf-8", "replace")


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
