"""What changed since a session last looked: told once, and never the session's own approved hunks. Pure.

A document is compared by the digest of its text without the session's own applied hunks (`bare`). So it makes no
difference when hunks landed, were undone or done again in between; what is left is the work of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from signoff.core.diff import unified
from signoff.core.hunks import Hunk
from signoff.core.text import apply, digest

SHORT = 16
"""Hexadecimal digits of a digest that are compared."""
WHOLE = "#text"
"""What is added to a document's URI for its text with the session's own hunks."""
_SECTION = re.compile(r"^(?=diff --git |Untracked files:\n)", re.MULTILINE)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")


@dataclass(frozen=True, slots=True)
class Look:
    """A document right now: its path, its `bare` text (None: there is none), and what is known to compare it with.

    `before` is the text that was seen last, where it is still known; `saved` the file of an open document; `section`
    what git says of it against HEAD. `touched`: something happened to the file since. `own`: the session's own hunks
    are in the document. `text` is what it says with them, and `was` what it said then, where that is still known.
    """

    uri: str
    path: str
    bare: str | None
    before: str | None = None
    saved: str | None = None
    section: str = ""
    touched: bool = False
    own: bool = False
    text: str | None = None
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What the model is told of one path: a diff, or a sentence where none can be made."""

    path: str
    text: str
    why: str


def mark(text: str | None) -> str:
    """What a text is known by; "" where there is no text."""
    return "" if text is None else digest(text)[:SHORT]


def bare(text: str | None, own: Sequence[Hunk]) -> str | None:
    """The text without hunks whose edits are in it; `own` has them at their live positions, in order.

    What does not stand where it should was changed by someone, and so belongs to the text.
    """
    for hunk in own:
        if hunk.kind == "create" and text == hunk.after:
            return None
        if hunk.kind == "delete" and text is None:
            return hunk.before
        if hunk.kind == "rename":
            return hunk.before if text is None else None if text == hunk.after else text
    if text is None:
        return None
    for hunk in sorted(own, key=lambda hunk: -hunk.start):
        if hunk.kind == "update" and text.startswith(hunk.after, hunk.start):
            text = apply(text, [hunk.inverse])
    return text


def first(looks: Iterable[Look]) -> Iterator[Change]:
    """What there is to tell at the first look: what is not committed, and what is not saved."""
    for look in looks:
        if look.saved is not None and look.bare is not None and look.saved != look.bare:
            yield Change(look.path, unified(look.saved, look.bare, look.path), "changed in the editor, not saved")
        if look.section:
            yield Change(look.path, look.section, "not committed")


def since(looks: Iterable[Look], seen: Mapping[str, str]) -> Iterator[Change]:
    """What there is to tell at a later look; `seen` has by URI what each document was known by."""
    for look in looks:
        known = seen.get(look.uri)
        if known is None:
            yield from _new(look)
        elif known[:SHORT] != mark(look.bare):
            yield _changed(look)


def _new(look: Look) -> Iterator[Change]:
    """A document that nobody had looked at: whatever is not committed was not so before."""
    unsaved = look.saved is not None and look.bare is not None and look.saved != look.bare
    if unsaved or look.section:
        yield from first([look])
    elif look.touched:
        yield _changed(look)


def _changed(look: Look) -> Change:
    if look.bare is None:
        return Change(look.path, f"{look.path} is not there any more.", "deleted")
    if look.before is not None:
        why = "changed since you last saw it" + ("; your own hunks are left out here" if look.own else "")
        return Change(look.path, unified(look.before, look.bare, look.path), why)
    if look.saved is not None and look.saved != look.bare:
        return Change(look.path, unified(look.saved, look.bare, look.path), "changed in the editor, not saved")
    if look.section:
        return Change(look.path, look.section, "changed since you last saw it; this is all that is not committed")
    return Change(look.path, f"{look.path} changed since you last saw it. Read it again.", "changed")


def looked(looks: Iterable[Look], seen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """By URI what each document is known by now, where that is not known yet."""
    for look in looks:
        known = seen.get(look.uri)
        if known is None or known[:SHORT] != mark(look.bare):
            yield look.uri, mark(look.bare)
        if (key := look.uri + WHOLE) in seen or look.text != look.bare:
            yield key, mark(look.text)


def replaced(looks: Iterable[Look], seen: Mapping[str, str]) -> Iterator[tuple[Look, str]]:
    """The documents that say something else than when they were looked at, whoever changed them, with what is known
    of the difference: "text" where `was` is, else "section", which is all that is not committed."""
    for look in looks:
        known = seen.get(look.uri + WHOLE, seen.get(look.uri))
        if known is not None and known[:SHORT] == mark(look.text):
            continue
        if look.was is not None:
            yield look, "text"
        elif look.section:
            yield look, "section"


def sections(diff: str) -> dict[str, str]:
    """A diff of git's, cut by path. Untracked files are sections of one line, the cut at the end is in none."""
    found: dict[str, str] = {}
    for part in _SECTION.split(diff):
        if part.startswith("Untracked files:\n"):
            names = [line[2:] for line in part.split("\n")[1:] if line.startswith("  ")]
            found |= {name: f"{name} is new and not tracked by git.\n" for name in names if not _counts(name)}
        elif part.startswith("diff --git ") and (path := _path(part)):
            found[path] = part
    return found


def _counts(name: str) -> bool:
    return re.fullmatch(r"and \d+ more", name) is not None


def _path(section: str) -> str:
    """The path in the section's head: the new name, or the old one of a deleted file."""
    head, *lines = section.split("\n")
    for start in ("+++ ", "--- "):
        name = next((line[4:] for line in lines if line.startswith(start)), "/dev/null")
        if name.rstrip("\t") != "/dev/null":
            return _unquoted(name.rstrip("\t"))[2:]
    # Neither: a binary file, a new mode, or one that is not shown. "a/PATH b/PATH", both the same.
    rest = head.removeprefix("diff --git ")
    return _unquoted(rest[: len(rest) // 2])[2:]


def _unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"')):
        return name
    plain = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
    octal = _ESCAPE.sub(lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else plain.get(m[1], m[1]), name[1:-1])
    try:
        return octal.encode("latin-1").decode()
    except UnicodeError:
        return octal
