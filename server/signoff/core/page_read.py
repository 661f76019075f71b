"""Reads the session document as the user has edited it. What is read here is only ever offered as a code action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from signoff.core.page import HINTS, MARKS, REPLY_HINT, REST, SECTIONS, details_of
from signoff.core.page_hunks import named
from signoff.core.page_text import one, plain
from signoff.core.plan import Plan, Step, StepStatus

_STEP = re.compile(r" {0,1}(?:(?:(\d{1,9})[.)]|[-*+])\s+)?(?:\[(.)\]\s*)?(.*?)\s*")
_STRUCK = re.compile(r"~~(.+)~~")
_DETAIL = re.compile(r"(?:[-*+]\s+)?(files|after):\s*(.*)")
_STATUS_WORDS = ("approved", "in work", "failed")
_STATUSES: dict[str, StepStatus] = {**{mark: status for status, mark in MARKS.items()}, "X": "done"}
_LAST = SECTIONS.index("Conversation")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines [start, end) of the document: the title (key ""), a section (its name), or a hunk's block (`#` and id)."""

    key: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as it stands in the text; `details` are the lines below it."""

    start: int
    end: int
    number: int | None
    mark: str | None
    text: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The document, cut into parts in the order of the text; each key is there once."""

    parts: tuple[Part, ...]

    def part(self, key: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.key == key), None)

    def at(self, first: int, last: int) -> tuple[Part, ...]:
        """The parts that hold lines `first` to `last`, both included."""
        return tuple(part for part in self.parts if part.start <= last and first < part.end)

    @property
    def words(self) -> str:
        """What the user wrote under Reply, without white space around it."""
        part = self.part("Reply")
        return reply_words(part.text) if part else ""


def read(text: str) -> Page:
    """The parts of the text, which together are all of it. Line ends may be of any kind; no text is refused."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [(0, ""), *_headings(lines)]
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    found = (
        Part(key, start, end, "\n".join(lines[start:end]) + ("\n" if end < len(lines) else ""))
        for (start, key), end in zip(starts, ends, strict=True)
    )
    return Page(tuple(found))


def _headings(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Sections count in their order, and Reply only after Conversation: what the user types is never taken for one."""
    titles = {f"## {name}": n for n, name in enumerate(SECTIONS)}
    talk = next((n for n, line in enumerate(lines) if line.rstrip() == "## Conversation"), -1)
    found: list[tuple[int, str]] = []
    seen, section = {""}, -1
    for number, line in enumerate(lines):
        order = titles.get(line.rstrip(), -1)
        if order > section and (order < _LAST if number < talk else order >= _LAST or talk < 0):
            section = order
            found.append((number, SECTIONS[order]))
        elif SECTIONS[section] == "Hunks" and section >= 0 and (key := _block(line)) not in seen:
            seen.add(key)
            found.append((number, key))
    return found


def _block(line: str) -> str:
    """The key of the block that the line starts inside the section of hunks; "" for any other line."""
    if line.rstrip() == REST:
        return "rest"
    name = named(line) if line.startswith("### ") else None
    return f"#{name[0]}" if name else ""


def reply_words(section: str) -> str:
    """The user's words in the last section."""
    body = section.partition("\n")[2].strip()
    return body.removeprefix(REPLY_HINT).strip()


# ---------------------------------------------------------------------------------------------------------------- plan


def step_lines(part: Part) -> list[StepLine]:
    """The steps in the text of the plan's section, whoever wrote them; lines are those of the document."""
    found: list[StepLine] = []
    for number, line in enumerate(part.text.split("\n")[1:], start=part.start + 1):
        if not line.strip() or line.startswith(HINTS):
            continue
        if line.startswith(("  ", "\t")) and found:
            last = found[-1]
            found[-1] = replace(last, end=number + 1, details=(*last.details, line.strip()))
        else:
            found.append(_step_line(number, line))
    return [step for step in found if step.text]


def extra(line: str) -> bool:
    """Whether a line of the plan's section is no step and no words of one, but a hint or a detail."""
    return line.startswith(HINTS) or _DETAIL.fullmatch(line.strip()) is not None


def _step_line(number: int, line: str) -> StepLine:
    match = _STEP.fullmatch(line)
    written, mark, text = match.groups() if match else (None, None, line.strip())
    return StepLine(number, number + 1, int(written) if written else None, mark, text, ())


def known(lines: Sequence[StepLine], plan: Plan) -> list[Step | None]:
    """For each line the plan's step that it is, edited or not; None for a new one.

    A line is known by its words, or else by its number: so lines may be moved, edited and numbered anew.
    """
    left = dict(enumerate(plan.steps, start=1))
    shown = {number: one(step.text) for number, step in left.items()}
    found: list[Step | None] = [None] * len(lines)
    for by_words, by_number in ((True, True), (True, False), (False, True)):
        for n, line in enumerate(lines):
            if found[n] is None:
                same = (
                    i for i in left if (not by_words or shown[i] == _says(line)) and (not by_number or i == line.number)
                )
                number = next(same, 0)
                found[n] = left.pop(number) if number else None
    return found


def _says(line: StepLine) -> str:
    struck = _STRUCK.fullmatch(line.text)
    return struck[1] if struck else line.text


def steps(page: Page, plan: Plan) -> tuple[Step, ...]:
    """The plan as it stands in the text: `steps(read(page of the plan)) == plan.steps`.

    Steps keep their ids, new ones get free ones; `[-]` or a line that is struck through is a skipped step. A step that
    is gone is nobody's predecessor any more.
    """
    part = page.part("Plan")
    lines = step_lines(part) if part else []
    olds = known(lines, plan)
    taken = {step.id for step in plan.steps}
    free = (f"s{n}" for n in range(1, len(taken) + len(lines) + 1) if f"s{n}" not in taken)
    ids = [old.id if old else next(free) for old in olds]
    by_number = {n: step.id for n, step in enumerate(plan.steps, start=1)}
    by_number |= {line.number: i for line, i in zip(lines, ids, strict=True) if line.number is not None}
    made = [_edited(line, old, plan, i, by_number) for line, old, i in zip(lines, olds, ids, strict=True)]
    return tuple(replace(step, after=tuple(i for i in step.after if i in ids)) for step in made)


def _edited(line: StepLine, old: Step | None, plan: Plan, name: str, by_number: dict[int, str]) -> Step:
    numbers = {step.id: number for number, step in enumerate(plan.steps, start=1)}
    text = old.text if old and one(old.text) == _says(line) else plain(_says(line))
    shown = details_of(plan, old, numbers) if old else []
    more = (each for each in line.details if not _DETAIL.fullmatch(each) and each.lstrip("-*+ ") not in _STATUS_WORDS)
    files, after = old.files if old else (), old.after if old else ()
    written = {m[1]: m[2] for m in map(_DETAIL.fullmatch, line.details) if m}
    if not _is_shown("files", written, shown):
        files = tuple(path for each in written.get("files", "").split(",") if (path := plain(each.strip(" `"))))
    if not _is_shown("after", written, shown):
        numbers_written = map(int, re.findall(r"\d{1,9}", written.get("after", "")))
        after = tuple(dict.fromkeys(by_number[n] for n in numbers_written if n in by_number))
    return Step(name, "\n".join([text, *map(plain, more)]), _status(line, old), files, after)


def _is_shown(kind: str, written: dict[str, str], shown: list[str]) -> bool:
    """Whether the detail of that kind stands as it was shown."""
    was = next((detail for detail in shown if detail.startswith(f"{kind}: ")), None)
    return was == (f"{kind}: {written[kind]}" if kind in written else None)


def _status(line: StepLine, old: Step | None) -> StepStatus:
    if _STRUCK.fullmatch(line.text):
        return "skipped"
    if line.mark is None:
        return "pending"
    if old and line.mark == MARKS[old.status]:
        return old.status
    return _STATUSES.get(line.mark, "pending")
