"""Reads the V4A patch format (`*** Begin Patch` ... `*** End Patch`), as models of several vendors write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from signoff.core.fileops import Add, Chunk, Delete, FileOp, PatchError, Refusal, Sign, Update

_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File:(.*)")
_HEREDOC = re.compile(r"(?:apply_patch|cat)?\s*<<-?\s*(['\"]?)(\w+)\1")
_RANGES = re.compile(r"-(\d+)(?:,\d+)?(?: \+\d+(?:,\d+)?)?(?: @@.*)?")

# A line of the patch and its 1-based number.
Line = tuple[int, str]


def parse_v4a(text: str) -> tuple[FileOp, ...] | PatchError:
    """The file operations of a patch in the order written, or what is wrong with it and in which line.

    Code fences, a heredoc around it, words before and after it, CRLF, a missing `*** Begin Patch` and blank context
    lines without their leading space are accepted. A missing `*** End Patch` is not: the patch may have been cut off.
    """
    try:
        sections = _sections(body(unwrapped(text)))
        return tuple(_operation(section) for section in sections)
    except Refusal as refusal:
        return refusal.error


def unwrapped(text: str) -> list[Line]:
    """The numbered lines without surrounding blank lines, code fences and heredoc."""
    lines = [(n, line.removesuffix("\r")) for n, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)]
    filled = [n for n, (_, line) in enumerate(lines) if line.strip()]
    first, last = 0, len(filled) - 1
    while first < last and _wraps(lines[filled[first]][1].strip(), lines[filled[last]][1].strip()):
        first, last = first + 1, last - 1
    return lines[filled[first] : filled[last] + 1] if first <= last else []


def _wraps(first: str, last: str) -> bool:
    heredoc = _HEREDOC.fullmatch(first)
    return (first.startswith("```") and last == "```") or (heredoc is not None and last == heredoc[2])


def body(lines: list[Line]) -> list[Line]:
    """The lines between Begin and End Patch; words around them are dropped, several patches are joined."""
    begun = next((n for n, (_, line) in enumerate(lines) if line.rstrip() == "*** Begin Patch"), None)
    if begun is None and not (lines and _FILE.match(lines[0][1])):
        raise Refusal("This is no patch: the first line must be `*** Begin Patch` and the last `*** End Patch`.")
    inside, kept = True, list[Line]()
    for number, line in lines if begun is None else lines[begun + 1 :]:
        if line.rstrip() in ("*** Begin Patch", "*** End Patch"):
            inside = line.rstrip() == "*** Begin Patch"
        elif inside:
            kept.append((number, line))
        elif line.startswith("*** "):
            raise Refusal(f"Line {number} comes after `*** End Patch`: put `{line.rstrip()}` before it.")
    if inside:
        raise Refusal("The patch has no `*** End Patch`: it may have been cut off. Nothing was changed; send it whole.")
    return kept


@dataclass(slots=True)
class _Section:
    number: int
    verb: str
    path: str
    lines: list[Line] = field(default_factory=list[Line])


def _sections(lines: list[Line]) -> list[_Section]:
    sections: list[_Section] = []
    for number, line in lines:
        if start := _FILE.fullmatch(line.rstrip()):
            sections.append(_Section(number, start[1], start[2].strip()))
        elif sections:
            sections[-1].lines.append((number, line))
        elif line.strip():
            raise Refusal(f"Line {number} belongs to no file: start with `*** Update File: path`, Add or Delete.")
    if not sections:
        raise Refusal("The patch names no file: `*** Update File: path`, `*** Add File:` or `*** Delete File:`.")
    return sections


def _operation(section: _Section) -> FileOp:
    match section.verb:
        case "Add":
            return Add(section.path, _content(section))
        case "Delete":
            for number, line in section.lines:
                if line.strip() and not line.startswith("-"):
                    raise Refusal(f"Line {number}: nothing may follow `*** Delete File`.", section.path)
            return Delete(section.path)
        case _:
            return _update(section)


def _content(section: _Section) -> str:
    lines = trimmed([item for item in section.lines if item[1].rstrip() != "*** End of File"])
    for number, line in lines:
        if line and not line.startswith("+"):
            raise Refusal(
                f"Line {number}: every line of an added file must start with `+`: {line[:80]!r}", section.path
            )
    return "".join(line[1:] + "\n" for _, line in lines)


def _update(section: _Section) -> Update:
    lines, move_to = section.lines, None
    if lines and lines[0][1].startswith("*** Move to:"):
        move_to = lines[0][1].removeprefix("*** Move to:").strip()
        lines = lines[1:]
    return Update(section.path, tuple(chunks(lines, section.path)), move_to)


def chunks(lines: list[Line], path: str) -> list[Chunk]:
    """The chunks of one file's section, each started by one or more `@@` lines, or by the section itself."""
    reader = _ChunkReader(path)
    for number, line in lines:
        reader.take(number, line)
    reader.close()
    return reader.chunks


@dataclass(slots=True)
class _ChunkReader:
    path: str
    chunks: list[Chunk] = field(default_factory=list[Chunk])
    headers: list[str] = field(default_factory=list[str])
    lines: list[Line] = field(default_factory=list[Line])
    at_end: bool = False
    first: int | None = None

    def take(self, number: int, line: str) -> None:
        """One more line of the section; refuses one that can be none of context, change, header or marker."""
        if line.startswith("@@"):
            self.close(keep_headers=not any(text for _, text in self.lines))
            self._header(line[2:].strip())
        elif line.rstrip() == "*** End of File":
            self.at_end = True
            self.close()
        elif line[:1] in ("", " ", "+", "-", "\\"):
            self.lines.append((number, line))
        elif line.startswith("*** "):
            raise Refusal(f"Line {number}: unknown or misplaced marker {line.rstrip()!r}.", self.path)
        else:
            raise Refusal(
                f"Line {number}: {line[:80]!r} starts with none of ` ` (unchanged), `-` (removed), `+` (added), `@@`. "
                "An unchanged line needs one space before its own text.",
                self.path,
            )

    def close(self, keep_headers: bool = False) -> None:
        """End the chunk, if lines or an end-of-file marker made one."""
        lines = trimmed(self.lines)
        if lines:
            where = f"chunk {len(self.chunks) + 1} (patch line {lines[0][0]})"
            signed, final = _signed(lines)
            self.chunks.append(Chunk(signed, where, tuple(self.headers), self.at_end, self.first, final))
        if not keep_headers:
            self.headers, self.first = [], None
        self.lines, self.at_end = [], False

    def _header(self, text: str) -> None:
        ranges = _RANGES.fullmatch(text)
        if ranges or text.startswith(("...", "…")):
            self.first = int(ranges[1]) if ranges else None
        elif text.removesuffix("@@").strip():
            self.headers.append(text.removesuffix("@@").strip())


def trimmed(lines: list[Line]) -> list[Line]:
    """Without the quite empty lines at both ends: they separate sections, a blank context line holds a space."""
    filled = [n for n, (_, line) in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _signed(lines: list[Line]) -> tuple[tuple[tuple[Sign, str], ...], bool | None]:
    signed: list[tuple[Sign, str]] = []
    unended: set[Sign] = set()
    for _, line in lines:
        if line.startswith("\\"):
            unended |= {signed[-1][0]} if signed else set()
        else:
            sign: Sign = "+" if line[:1] == "+" else "-" if line[:1] == "-" else " "
            signed.append((sign, line[1:]))
    return tuple(signed), {"-": True, "+": False}.get("".join(sorted(unended)))
