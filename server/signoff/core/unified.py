"""Reads plain unified diffs, with or without git's headers, into the operations of a patch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from signoff.core.fileops import Add, Delete, FileOp, PatchError, Refusal, Update
from signoff.core.v4a import Line, chunks, unwrapped

_GIT = re.compile(r'diff --git (?:"?a/(.*?)"?) (?:"?b/(.*?)"?)')
_COUNTS = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ESCAPE = re.compile(r'\\([0-7]{3}|[abfnrtv"\\])')
_LETTERS = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))


def looks_unified(text: str) -> bool:
    """Whether the text is a unified diff rather than a V4A patch."""
    lines = [line for _, line in unwrapped(text)]
    return not any(line.startswith("*** Begin Patch") for line in lines) and any(
        line.startswith("diff --git ") or (line.startswith("--- ") and after.startswith("+++ "))
        for line, after in pairwise([*lines, ""])
    )


def parse_unified(text: str) -> tuple[FileOp, ...] | PatchError:
    """The file operations of a diff in the order written, or what is wrong with it and in which line.

    Line numbers in `@@` headers only choose between places that match equally well, and wrong counts do no harm.
    Copies and binary patches are refused.
    """
    try:
        files = _files(unwrapped(text))
        if not files:
            raise Refusal("The diff names no file: it needs `--- a/path` and `+++ b/path` lines.")
        return tuple(_operation(file) for file in files)
    except Refusal as refusal:
        return refusal.error


@dataclass(slots=True)
class _File:
    old: str | None
    new: str | None
    lines: list[Line] = field(default_factory=list[Line])
    # How many lines of both sides the current @@ header still promises.
    promised: int = 0


def _files(lines: list[Line]) -> list[_File]:
    files: list[_File] = []
    named_by_git = False
    at = 0
    while at < len(lines):
        number, line = lines[at]
        if git := _GIT.fullmatch(line):
            files.append(_File(_unquoted(git[1]), _unquoted(git[2])))
            named_by_git = True
        elif _starts_file([line for _, line in lines[at : at + 3]], files[-1].promised if files else 0):
            if not named_by_git:
                files.append(_File(None, None))
            files[-1].old, files[-1].new = _names(line[4:], lines[at + 1][1][4:])
            named_by_git = False
            at += 1
        elif files:
            _take(files[-1], number, line)
        at += 1
    return files


def _starts_file(lines: list[str], promised: int) -> bool:
    """Whether `--- x`, `+++ y` are file names. Inside a chunk they may be a removed and an added line instead."""
    old, new, then = [*lines, "", ""][:3]
    sure = promised <= 0 or (then.startswith("@@") and old[4:6] in ("a/", "/d") and new[4:6] in ("b/", "/d"))
    return old.startswith("--- ") and new.startswith("+++ ") and sure


def _take(file: _File, number: int, line: str) -> None:
    if file.lines or line.startswith("@@"):
        file.lines.append((number, line))
        counts = _COUNTS.match(line)
        if counts:
            file.promised = int(counts[1] or 1) + int(counts[2] or 1)
        else:
            file.promised -= {"-": 1, "+": 1, "\\": 0}.get(line[:1], 2)
    elif line.startswith(("copy from", "copy to", "GIT binary patch", "Binary files")):
        raise Refusal(f"Line {number}: {line.split(' differ')[0][:80]!r}: copies and binary files cannot be patched.")
    elif line.startswith("new file mode"):
        file.old = None
    elif line.startswith("deleted file mode"):
        file.new = None


def _names(old: str, new: str) -> tuple[str | None, str | None]:
    before, after = _name(old), _name(new)
    if (before is None or before.startswith("a/")) and (after is None or after.startswith("b/")):
        return before and before[2:], after and after[2:]
    return before, after


def _name(text: str) -> str | None:
    """The path of a --- or +++ line; None for /dev/null."""
    path = text.split("\t")[0].strip()
    path = _unquoted(path[1:-1]) if path.startswith('"') and path.endswith('"') else path
    return None if path == "/dev/null" else path


def _unquoted(text: str) -> str:
    """Git writes unusual paths as C strings with the octal values of their UTF-8 bytes."""
    if "\\" not in text:
        return text
    plain = bytearray()
    done = 0
    for escape in _ESCAPE.finditer(text):
        plain += text[done : escape.start()].encode("utf-8", "surrogatepass")
        code = escape[1]
        plain.append(int(code, 8) & 255 if len(code) == 3 else _LETTERS[ord(code)])
        done = escape.end()
    return (plain + text[done:].encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")


def _operation(file: _File) -> FileOp:
    if file.new is None:
        if file.old is None:
            raise Refusal("The diff leads from /dev/null to /dev/null: one side must name a file.")
        return Delete(file.old)
    read = chunks(file.lines, file.new)
    if file.old is None:
        lines = [text for chunk in read for text in chunk.new]
        unended = not lines or any(chunk.final_newline is False for chunk in read)
        return Add(file.new, "\n".join(lines) + ("" if unended else "\n"))
    return Update(file.old, tuple(read), None if file.new == file.old else file.new)
