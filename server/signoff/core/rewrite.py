"""Makes a patch's chunks in one file's text, and keeps what they do not speak of: line ends, BOM, last newline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from signoff.core.diff import changed_blocks
from signoff.core.fileops import Chunk, Refusal, Sign
from signoff.core.match import Finder
from signoff.core.match_words import ambiguous
from signoff.core.text import split_lines

_END = re.compile(r"\r\n|\r|\n")
_ONE_END = r"(?:\r\n|\r(?!\n)|(?<!\r)\n)"
_BOM = "\ufeff"

# The lines [start, stop) of a file become the given ones, which have no line ends.
_Replacement = tuple[int, int, list[str]]


def rewrite(path: str, text: str, chunks: Sequence[Chunk]) -> str:
    """The text after all chunks; raises Refusal when one has no place, or more than one.

    Every chunk is looked for in the text as it was. Unchanged lines keep the file's own characters even where they
    matched loosely; added lines get the line ends of their neighbours, and their indentation when the whole chunk was
    indented in another way.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    lines = split_lines(text.removeprefix(_BOM))
    bare = [line.rstrip("\r\n") for line in lines]
    ends = [line[len(plain) :] for line, plain in zip(lines, bare, strict=True)]
    out: list[tuple[str, str]] = []
    done = 0
    for start, stop, added in _all_replacements(Finder(path, bare), chunks):
        out += zip(bare[done:start], ends[done:start], strict=True)
        out += zip(added, _ends_for(added, ends, start, stop), strict=True)
        done = stop
    out += zip(bare[done:], ends[done:], strict=True)
    said = [chunk.final_newline for chunk in chunks if chunk.final_newline is not None]
    final = said[-1] if said else not ends or ends[-1] != ""
    return bom + _joined(out, usual_end(ends), final)


def replace_text(path: str, text: str, old: str, new: str, where: str) -> str:
    """The text with its only occurrence of `old` replaced; raises Refusal for none or several.

    `old` may begin and end inside a line when it stands there exactly (any line end counts as a newline); else it is
    looked for line by line as a patch is. New line ends are those of the place.
    """
    pattern = _ONE_END.join(map(re.escape, _END.split(old)))
    starts = [found.start() for found in re.finditer(f"(?={pattern})", text)]
    if len(starts) > 1:
        raise Refusal(ambiguous(path, where, [_line_of(text, start) for start in starts]), path)
    if not starts:
        return rewrite(path, text, (_as_chunk(old, new, where),))
    found = re.compile(pattern).match(text, starts[0])
    stop = found.end() if found else starts[0]
    return text[: starts[0]] + _END.sub(lambda _: _end_near(text, starts[0]), new) + text[stop:]


def usual_end(ends: Sequence[str]) -> str:
    r"""The line end that occurs most often; \n when there is none."""
    return Counter([end for end in ends if end] or ["\n"]).most_common(1)[0][0]


def _all_replacements(finder: Finder, chunks: Sequence[Chunk]) -> Iterator[_Replacement]:
    earliest = 0
    for chunk in chunks:
        at = finder.place(chunk, earliest)
        earliest = at
        for start, stop, added in _replacements(chunk, at, finder):
            yield start, stop, added
            # The next chunk may repeat context of this one, but not a line that it changed.
            earliest = stop


def _replacements(chunk: Chunk, at: int, finder: Finder) -> Iterator[_Replacement]:
    indented = _indentation(list(zip(chunk.old, finder.lines[at : at + len(chunk.old)], strict=True)))
    start = stop = at
    added: list[str] = []
    for sign, line in (*chunk.lines, (" ", "")):
        if sign == "+":
            added.append(_required(indented(line) if line.strip() else line, finder.path, chunk))
        elif sign == "-":
            stop += 1
        else:
            if added or stop > start:
                yield start, stop, added
            start = stop = stop + 1
            added = []


def _required(line: str | None, path: str, chunk: Chunk) -> str:
    if line is None:
        raise Refusal(
            f"{path}, {chunk.where}: its lines are in the file, but indented otherwise, and how far to indent the "
            "added lines is unclear. Nothing was changed. Copy the file's indentation.",
            path,
        )
    return line


def _indentation(pairs: Sequence[tuple[str, str]]) -> Callable[[str], str | None]:
    """How to indent added lines, seen from the old lines as (the patch's, the file's) pairs; None: that is unclear.

    Knows a constant shift to either side, tabs for spaces or spaces for tabs at a constant width, and otherwise the
    indentations that the old lines show.
    """
    leads = {(_lead(mine), _lead(theirs)) for mine, theirs in pairs if mine.strip()}
    deeper = {theirs.removesuffix(mine) if theirs.endswith(mine) else None for mine, theirs in leads}
    shallower = {mine.removesuffix(theirs) if mine.endswith(theirs) else None for mine, theirs in leads}
    if len(deeper) == 1 and (shift := deeper.pop()):
        return lambda line: shift + line
    if len(shallower) == 1 and (surplus := shallower.pop()):
        return lambda line: line.removeprefix(surplus)
    for one, other in ((" ", "\t"), ("\t", " ")):
        if width := _width(leads, one, other):
            return lambda line: _converted(line, one, other, width)
    if all(mine == theirs for mine, theirs in leads):
        return lambda line: line
    known = dict(leads) if len(dict(leads)) == len(leads) else {}
    return lambda line: known[_lead(line)] + line.lstrip() if _lead(line) in known else None


def _width(leads: set[tuple[str, str]], one: str, other: str) -> float:
    """How many of `one` the patch writes for each `other` of the file; 0 when that is not constant."""
    pure = all(not mine.strip(one) and not theirs.strip(other) and bool(mine) == bool(theirs) for mine, theirs in leads)
    widths = {len(mine) / len(theirs) for mine, theirs in leads if mine and theirs}
    return widths.pop() if pure and len(widths) == 1 else 0


def _converted(line: str, one: str, other: str, width: float) -> str:
    rest = line.lstrip(one)
    count = round((len(line) - len(rest)) / width, 6)
    return other * int(count) + one * round((count - int(count)) * width) + rest


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _ends_for(added: Sequence[str], ends: Sequence[str], start: int, stop: int) -> list[str]:
    """Line ends for added lines: those of the lines they replace, else of the line before, else of the line after."""
    neighbours = (ends[start:stop], ends[max(start - 1, 0) : start], ends[stop : stop + 1])
    pool = next((found for part in neighbours if (found := [end for end in part if end])), [""])
    return [pool[min(n, len(pool) - 1)] for n in range(len(added))]


def _joined(lines: Sequence[tuple[str, str]], usual: str, final: bool) -> str:
    parts: list[str] = []
    end = usual
    for bare, own in lines:
        end = own or end
        parts += (bare, end)
    return "".join(parts if final else parts[:-1])


def _line_of(text: str, position: int) -> int:
    return len(_END.findall(text, 0, position))


def _end_near(text: str, position: int) -> str:
    after = _END.search(text, position)
    before = _END.findall(text, 0, position)
    return after[0] if after else before[-1] if before else "\n"


def _as_chunk(old: str, new: str, where: str) -> Chunk:
    """A search/replace pair as a chunk: the lines that both share are context."""
    was, now = _lines(old), _lines(new)
    signed: list[tuple[Sign, str]] = []
    done = 0
    for i, j, k, m in changed_blocks(was, now):
        signed += (*_signed(" ", was[done:i]), *_signed("-", was[i:j]), *_signed("+", now[k:m]))
        done = j
    return Chunk((*signed, *_signed(" ", was[done:])), where)


def _signed(sign: Sign, lines: Sequence[str]) -> list[tuple[Sign, str]]:
    return [(sign, line) for line in lines]


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in split_lines(text)]
