"""What an outline is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that a file defines.

    Lines count from 1 and both are included. `kind` is one word (function, method, class, constant, heading, key ...).
    `parent` is the dotted name of what it is defined in ("Parser.Inner"; a Go method's is its receiver), "" at the top.
    """

    name: str
    kind: str
    start_line: int
    end_line: int
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file defines, imports and uses.

    `symbols` are in the order of their first lines, outer before inner. `imports` are modules and paths as written
    (`..geometry.util`, `./foo`, `crate::config::Level`); of `from a import b` both `a` and `a.b`, for b may be a
    module. `references` are names that the code uses, each once, without those that only stand where they are defined.
    """

    symbols: tuple[Symbol, ...] = ()
    imports: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
