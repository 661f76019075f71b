"""A file cut into pieces that make sense alone: a function, some small ones, a section, a paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from signoff.context.cuts import LARGEST_WHOLE, MOST_LINES, Lines, coarse, cut
from signoff.context.outline import Outline, Symbol
from signoff.context.words import unix_lines

SMALL, TINY = 8, 3
"""Lines; a smaller piece takes in its neighbours, a tiny one also where they are large."""
AIM = 20
"""Lines of a piece that is made of several."""
# Of a symbol with smaller parts; those of other kinds are too small to be pieces, and stay where they stand.
_PARTS = {"member", "key"}
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of a file (from 1, both included), and the dotted name and kind of the symbol that fills most of them.

    `symbol` and `kind` are "" where no symbol is.
    """

    start_line: int
    end_line: int
    symbol: str = ""
    kind: str = ""


class _Piece(NamedTuple):
    """Lines `[start, end)`, from 0. `weight`: lines that the symbol fills."""

    start: int
    end: int
    symbol: str
    kind: str
    weight: int


def chunks(path: str, text: str, outline: Outline) -> tuple[Chunk, ...]:
    """The chunks of a file with this text and outline: in order, and each line in exactly one. Never raises.

    Most have 8 to 20 lines; none has over 32, or over 3,000 characters unless it is a single line. A last line end
    begins no line, so the empty text has no chunk. A text over 1,000,000 characters is cut by its length alone.
    """
    text = unix_lines(text)
    if len(text) > LARGEST_WHOLE:
        return tuple(Chunk(start + 1, end) for start, end in coarse(text))
    lines = Lines(text)
    pieces = _merged(_split(lines, 0, lines.count, _tops(outline.symbols, lines.count), _Piece(0, 0, "", "", 0)), lines)
    return tuple(Chunk(one.start + 1, one.end, one.symbol, one.kind) for one in pieces)


class _Node(NamedTuple):
    """A symbol's lines `[start, end)` and the symbols inside it."""

    start: int
    end: int
    symbol: Symbol
    inner: list[_Node]


def _tops(symbols: Iterable[Symbol], count: int) -> list[_Node]:
    """The symbols as trees by their lines, without those that lie across another or begin on its first line."""
    tops: list[_Node] = []
    around: list[_Node] = []
    last = -1
    for symbol in symbols:
        start, end = symbol.start_line - 1, min(symbol.end_line, count)
        if (symbol.kind in _PARTS and end - start < SMALL) or not last < start < end:
            continue
        while around and around[-1].end <= start:
            around.pop()
        if (around and end > around[-1].end) or len(around) > _DEEPEST:
            continue
        last = start
        node = _Node(start, end, symbol, [])
        (around[-1].inner if around else tops).append(node)
        around.append(node)
    return tops


def _split(lines: Lines, start: int, end: int, nodes: Sequence[_Node], around: _Piece) -> Iterator[_Piece]:
    """The pieces of `[start, end)`: one for each node, more for a long one, and those of the lines between them."""
    done = start
    for node in nodes:
        begin = lines.comment_start(node.start, done)
        yield from _plain(lines, done, begin, around)
        name = f"{node.symbol.parent}.{node.symbol.name}" if node.symbol.parent else node.symbol.name
        piece = _Piece(begin, node.end, name, node.symbol.kind, node.end - begin)
        if lines.fits(begin, node.end):
            yield piece
        elif node.inner:
            yield from _split(lines, begin, node.end, node.inner, piece)
        else:
            yield from _plain(lines, begin, node.end, piece)
        done = node.end
    yield from _plain(lines, done, end, around)


def _plain(lines: Lines, start: int, end: int, around: _Piece) -> Iterator[_Piece]:
    """The pieces of lines without symbols: of the symbol around them, if any."""
    for first, last in cut(lines, start, end):
        yield _Piece(first, last, around.symbol, around.kind, last - first if around.symbol else 0)


def _merged(pieces: Iterable[_Piece], lines: Lines) -> Iterator[_Piece]:
    """Small neighbours in one piece, which is named after the one that fills most of it."""
    held: _Piece | None = None
    for piece in pieces:
        if held is None:
            held = piece
        elif _belong(held, piece, lines):
            named = held if held.weight >= piece.weight else piece
            held = _Piece(held.start, piece.end, named.symbol, named.kind, named.weight)
        else:
            yield held
            held = piece
    if held:
        yield held


def _belong(held: _Piece, piece: _Piece, lines: Lines) -> bool:
    length = piece.end - held.start
    if length > MOST_LINES or not lines.fits(held.start, piece.end):
        return False
    if lines.blank(held.start, held.end) or lines.blank(piece.start, piece.end):
        return True
    small = min(held.end - held.start, piece.end - piece.start)
    return small <= TINY or (length <= AIM and small < SMALL)
