"""How a new rendering of the session document goes into a text that the user writes in: nothing they typed is lost.

Part by part, against what was rendered before: a part that the user did not touch is replaced; one that only they
touched stays; where both did, lines are merged, and what can't be merged is kept below, under its own heading. The
reply is the user's alone; only words of it that have been taken leave it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from signoff.core.diff import changed_blocks, changes
from signoff.core.merge import merge
from signoff.core.page import KEPT_HINT, Rendering, kept, reply
from signoff.core.page_hunks import after_of, diff_of, name, named
from signoff.core.page_read import Page, Part, extra, read, reply_words, step_lines, steps
from signoff.core.plan import Plan
from signoff.core.state import State
from signoff.core.text import Edit, minimise

Texts = dict[str, str]


def edits(current: str, wanted: str) -> tuple[Edit, ...]:
    """Small edits that turn one text into the other, line by line: a cursor elsewhere stays where it is."""
    found = _changes(current, wanted) if "\r" not in current + wanted else changes(current, wanted)
    return tuple(minimise(current, edit) for edit in found)


def _changes(current: str, wanted: str) -> Iterator[Edit]:
    """The changes part by part: comparing a long document with itself as a whole takes too long."""
    old, new = read(current).parts, read(wanted).parts
    starts = list(accumulate((len(part.text) for part in old), initial=0))
    at = 0
    ends = (len(old), len(old), len(new), len(new))
    for i, j, k, m in [*changed_blocks([part.key for part in old], [part.key for part in new]), ends]:
        for same, other in zip(range(at, i), range(k - (i - at), k), strict=True):
            for edit in changes(old[same].text, new[other].text):
                yield Edit(starts[same] + edit.start, starts[same] + edit.end, edit.text)
        at = j
        if i < j or k < m:
            yield Edit(starts[i], starts[j], "".join(part.text for part in new[k:m]))


def merged(olds: Sequence[Rendering], current: str, new: Rendering) -> str:
    """What the document becomes when `new` is shown in it.

    `olds` are the renderings that the text may come from, the surest first; with none of them known, the reply and an
    edited plan that waits are kept and the rest is replaced.
    """
    ends = "\r\n" if 2 * current.count("\r\n") > current.count("\n") else "\n"
    text = _merged(olds, current.replace("\r\n", "\n"), new)
    return text.replace("\n", ends)


def _merged(olds: Sequence[Rendering], current: str, new: Rendering) -> str:
    page, wanted = read(current), _texts(read(new.text))
    here = _texts(page)
    bases = [_texts(read(old.text)) for old in olds]
    made: Texts = {}
    lost: list[str] = []
    for key in _order(here, wanted):
        text, displaced = _part(key, here.get(key, ""), wanted.get(key, ""), [b.get(key, "") for b in bases], page, new)
        made[key] = text
        lost += displaced
    made["Kept"] = _kept(here.get("Kept", ""), lost, new.text)
    last = _reply(here.get("Reply", ""), _taken(olds, new.state))
    return "".join(_apart(text) for text in made.values()) + last


def _texts(page: Page) -> Texts:
    return {part.key: part.text for part in page.parts}


def _order(here: Texts, wanted: Texts) -> list[str]:
    """The new document's parts in its order; those that only the text still has come where they can't part others."""
    gone = [key for key in here if key not in wanted and key not in ("Kept", "Reply")]
    order = [key for key in wanted if key not in ("Conversation", "Kept", "Reply")]
    return [*order, *gone, *(key for key in wanted if key == "Conversation")]


def _apart(text: str) -> str:
    """The part with an end to its last line, so that the next heading starts in the first column."""
    return text if not text or text.endswith("\n") else text + "\n"


def _part(key: str, here: str, wanted: str, bases: Sequence[str], page: Page, new: Rendering) -> tuple[str, list[str]]:
    """The part's text, and lines of the user that have no place in it."""
    if here in bases or here == wanted or not here.strip():
        return (wanted if here or wanted not in bases or not bases else here), []
    if wanted in bases:
        return here, []
    if not bases:
        plan = new.state.plan if key == "Plan" and new.state.plan_waits else None
        edited_plan = plan is not None and not _says_plan(page, plan)
        return (here if edited_plan or _edited_diff(key, here, wanted) else wanted), []
    if key == "Plan" and new.state.plan:
        return _plan(here, wanted, bases, page, new.state.plan)
    together = [text for base in bases if (text := _together(key, base, here, wanted, new.state)) is not None]
    if together:
        return together[0], []
    typed = _typed(here, wanted, bases)
    if key.startswith("#") and _taken_by_hunk(key, here, new.state):
        taken = diff_of(here) or []
        typed = [line for line in typed if line not in taken]
    return wanted, typed


def _edited_diff(key: str, here: str, wanted: str) -> bool:
    """Whether a hunk's diff says something else in the same revision: only the user can have changed it."""
    same = named(here.partition("\n")[0]) == named(wanted.partition("\n")[0])
    return key.startswith("#") and same and diff_of(here) != diff_of(wanted)


def _plan(here: str, wanted: str, bases: Sequence[str], page: Page, plan: Plan) -> tuple[str, list[str]]:
    """An edited plan stays until it is decided; another plan is never mixed into it."""
    if _says_plan(page, plan):
        return wanted, [line for line in _typed(here, wanted, bases) if extra(line)]
    same = any(_same_steps(base, wanted) for base in bases)
    if same:
        together = (merge(base, here, wanted) for base in bases)
        text = next((text for text in together if text is not None), None)
        if text is not None or plan.status == "proposed":
            return text or here, []
    return wanted, _typed(here, wanted, bases)


def _says_plan(page: Page, plan: Plan) -> bool:
    """Whether the text asks for the plan's work; once that is approved, how far it has come is the agent's to say."""
    said = steps(page, plan)
    if plan.status == "proposed":
        return said == plan.steps
    return [replace(s, status="pending") for s in said] == [replace(s, status="pending") for s in plan.steps]


def _same_steps(one: str, other: str) -> bool:
    """Whether two renderings show the same steps, however far they have come."""
    first, second = ([(s.number, s.text) for s in step_lines(Part("Plan", 0, 0, text))] for text in (one, other))
    return first == second


def _together(key: str, base: str, here: str, wanted: str, state: State) -> str | None:
    """Both sides' changes in one text; None when they conflict, or when a hunk's diff is another one now."""
    if not base or not wanted:
        return None
    if key.startswith("#") and named(base.partition("\n")[0]) != named(wanted.partition("\n")[0]):
        return None
    return merge(base, here, wanted)


def _taken_by_hunk(key: str, here: str, state: State) -> bool:
    """Whether the hunk does by now what the edited block says."""
    hunk = next((h for h in state.hunks.values() if f"#{name(state, h)}" == key), None)
    return hunk is not None and after_of(here, hunk) == hunk.after


def _typed(here: str, wanted: str, bases: Sequence[str]) -> list[str]:
    """The lines that the user typed or changed, but for those that stand in the new text too."""
    stands = {_squeezed(line) for line in wanted.split("\n")}
    added = [[line for edit in changes(base, here) for line in edit.text.splitlines()] for base in bases]
    fewest = min(added, key=len, default=here.splitlines())
    return [line for line in fewest if _squeezed(line) not in stands]


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _kept(section: str, lost: Sequence[str], new: str) -> str:
    if not lost:
        return section
    return kept(lost) if not section else f"{section.rstrip()}\n\n{kept(lost).partition(KEPT_HINT)[2].lstrip()}"


# --------------------------------------------------------------------------------------------------------------- reply


def _reply(section: str, taken: Sequence[str]) -> str:
    if not section:
        return reply("")
    words = reply_words(section)
    for each in taken:
        if words == each:
            return reply("")
        rest = words.removeprefix(each)
        # Only whole lines: what was said elsewhere may be just the beginning of what is being written.
        if rest != words and rest[:1] in ("\n", "\r"):
            return reply(rest.lstrip())
    return section


def _taken(olds: Sequence[Rendering], state: State) -> list[str]:
    """What the user has said since the text was rendered: by a message, an answer, or words to a hunk or a plan."""
    if not olds:
        return []
    return list((Counter(_said(state)) - Counter(_said(olds[0].state))).elements())


def _said(state: State) -> Iterator[str]:
    yield from (said.text.strip() for said in state.said if said.role == "user")
    yield from (hunk.note.strip() for hunk in state.hunks.values() if hunk.status == "rejected" and hunk.note.strip())
