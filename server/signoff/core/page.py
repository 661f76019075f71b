"""The session document: a session as plain Markdown, for editors that show nothing else of it.

A view and nothing more: no word in it counts until the user runs a code action. Sections have fixed headings in a fixed
order, and lines of others never start in the first column, so none of them can pass for a section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from signoff.core import paths
from signoff.core.fragments import Injected
from signoff.core.hunks import OPEN, Hunk
from signoff.core.page_hunks import LONGEST_DIFF, block, heading, numbered, shown
from signoff.core.page_text import one, quoted
from signoff.core.plan import Plan, Step, StepStatus
from signoff.core.session_view import CommandView
from signoff.core.state import Said, State
from signoff.core.view import iso, phase, waiting_for
from signoff.core.visible import short

SECTIONS = ("Plan", "Questions", "Commands", "Hunks", "Context", "Conversation", "Kept", "Reply")
MARKS: dict[StepStatus, str] = {"pending": " ", "active": ">", "done": "x", "skipped": "-", "failed": "!"}
REST = "### Without a diff here"
HINTS = "_Waits for you."
PLAN_HINT = (
    f"{HINTS} Edit, move, add or remove lines, `[-]` skips a step; then run the code action “Signoff: Approve"
    " plan” here._"
)
REPLY_HINT = "_Write below; then run a code action here, such as “Signoff: Send reply”._"
KEPT_HINT = "_What you wrote above, where something else stands now. Yours to use or to delete._"
MOST_DIFF_LINES = 1_500
MOST_DIFFS = 30
MOST_HUNKS = 120
MOST_MESSAGES = 100
MOST_TOLD = 5
MOST_FRAGMENTS = 60
LONGEST_MESSAGE = 8_000
LONGEST_CONVERSATION = 40_000
"""Characters of the messages shown, the latest ones."""
WITH_DIFF = (*OPEN, "applied")

LineOf = Callable[[Hunk], int]


@dataclass(frozen=True, slots=True)
class Rendering:
    """The document as it was made, and of what."""

    text: str
    state: State


def render(state: State, line_of: LineOf, commands: Sequence[CommandView] = (), note: str = "") -> Rendering:
    """The document of the session. `line_of` tells the line, from 0, where a hunk stands now.

    `note` is a sentence of our own about the document as a whole.
    """
    parts = [_title(state, note), *_plan(state), *_questions(state), *_commands(commands)]
    parts += [*_hunks(state, line_of), *_context(state), _conversation(state), reply("")]
    return Rendering("".join(parts), state)


def reply(words: str) -> str:
    """The last section, which is the user's own."""
    return f"## Reply\n\n{REPLY_HINT}\n\n{words}"


def kept(lines: Sequence[str]) -> str:
    """What the user wrote in a place that something else needed."""
    return f"## Kept\n\n{KEPT_HINT}\n\n{''.join(f'> {line}'.rstrip() + chr(10) for line in lines)}\n"


# ------------------------------------------------------------------------------------------------------- how it stands


def _title(state: State, note: str) -> str:
    usage = state.usage
    cost = "price not known" if state.cost is None else f"${state.cost:.4f}"
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    spent = f"{usage.input:,} tokens in{cached}, {usage.output:,} out, {cost}"
    lines = [f"**{_phase(state)}** · {one(state.model)} · {spent}"]
    lines += [f"_{note}_"] if note else []
    if state.unsaved:
        names = ", ".join(one(paths.shown(state.workspace, uri)) for uri in sorted(state.unsaved))
        lines.append(f"Changed and not saved yet: {names}.")
    if state.failure and phase(state) == "failed":
        lines.append(f"**Failed:** {one(state.failure.message)}")
    title = state.goal.strip().split("\n", 1)[0]
    return f"# {one(short(title, 200))}\n\n" + "".join(f"{line}\n\n" for line in lines)


def _phase(state: State) -> str:
    waits = [kind for kind in waiting_for(state) if kind != "time"]
    return phase(state).capitalize() + (f", needs your word on: {', '.join(waits)}" if waits else "")


# ---------------------------------------------------------------------------------------------------------------- plan


def _plan(state: State) -> Iterator[str]:
    plan = state.plan
    if plan is None or plan.status == "rejected":
        return
    hint = f"{PLAN_HINT}\n\n" if state.plan_waits else ""
    numbers = {step.id: number for number, step in enumerate(plan.steps, start=1)}
    yield f"## Plan\n\n{hint}{''.join(step_lines(plan, step, numbers) for step in plan.steps)}\n"


def step_lines(plan: Plan, step: Step, numbers: dict[str, int]) -> str:
    """The step's line and the lines of its details."""
    details = "".join(f"   - {detail}\n" for detail in details_of(plan, step, numbers))
    return f"{numbers[step.id]}. [{MARKS[step.status]}] {one(step.text)}\n{details}"


def details_of(plan: Plan, step: Step, numbers: dict[str, int]) -> list[str]:
    """What is below the step's line: files, the numbers of the steps that come first, and how it stands."""
    found = ["files: " + ", ".join(map(one, step.files))] if step.files else []
    first = [str(numbers[i]) for i in step.after if i in numbers]
    found += ["after: " + ", ".join(first)] if first else []
    found += ["approved"] if step.id in plan.approved and plan.status == "proposed" else []
    return found + {"active": ["in work"], "failed": ["failed"]}.get(step.status, [])


# ------------------------------------------------------------------------------------------------ questions, commands


def _questions(state: State) -> Iterator[str]:
    if not state.questions:
        return
    yield "## Questions\n\n"
    for number, question in enumerate(state.questions.values()):
        options = "".join(f"{n}. {one(option)}\n" for n, option in enumerate(question.options, start=1))
        later = "_Asked after the one above is answered._\n\n" if number else ""
        yield f"{later}{quoted(question.text)}\n\n" + (f"{options}\n" if options else "")


def _commands(commands: Sequence[CommandView]) -> Iterator[str]:
    if not commands:
        return
    yield "## Commands\n\n"
    for command in commands:
        argv = "".join(f"- argument {n}: {one(argument)}\n" for n, argument in enumerate(command.argv))
        about = f"- in {one(command.cwd)}\n- sandbox: {one(command.sandbox)}\n- {one(command.status)}\n"
        yield f"{quoted(command.reason)}\n\n{argv}{about}\n"


# --------------------------------------------------------------------------------------------------------------- hunks


def _hunks(state: State, line_of: LineOf) -> Iterator[str]:
    numbers = numbered(state)
    order = sorted(state.hunks.values(), key=lambda h: (h.status not in OPEN, h.status != "applied"))
    if not order:
        return
    left = len(order) - MOST_HUNKS
    order = order[:MOST_HUNKS]
    titles = {hunk.id: heading(state, hunk, line_of(hunk), numbers.get(hunk.id)) for hunk in order}
    room, rest = MOST_DIFF_LINES, list[Hunk]()
    yield "## Hunks\n\n"
    for number, hunk in enumerate(order):
        if hunk.status not in WITH_DIFF or room <= 0 or number >= MOST_DIFFS:
            rest.append(hunk)
            continue
        room -= min(LONGEST_DIFF, shown(hunk).text.count("\n") + 1)
        yield block(state, hunk, titles[hunk.id])
    if rest:
        yield f"{REST}\n\n" + "".join(_without_diff(hunk, titles[hunk.id]) for hunk in rest) + "\n"
    if left > 0:
        yield f"_{left:,} more hunks are left out; run the code action “Signoff: Show whole diff”._\n\n"


def _without_diff(hunk: Hunk, title: str) -> str:
    # The note comes first: the name at the end of the line is ours.
    return f"- {one(short(hunk.note, 200))} · {title}\n" if hunk.note else f"- {title}\n"


# ------------------------------------------------------------------------------------------------------------- context


def _context(state: State) -> Iterator[str]:
    """What the model was told of the workspace, turn by turn; its text is in the files and in the log."""
    if not state.gathered:
        return
    yield "## Context\n\n"
    left = len(state.gathered) - MOST_TOLD
    yield f"_{left:,} earlier looks at the workspace are left out._\n\n" if left > 0 else ""
    for told in state.gathered[-MOST_TOLD:]:
        size = sum(each.tokens for each in told.fragments)
        yield f"Before turn {told.turn + 1} the agent was told, in {size:,} tokens:\n\n"
        yield "".join(f"- {one(_named(each))}\n" for each in told.fragments[:MOST_FRAGMENTS])
        more = len(told.fragments) - MOST_FRAGMENTS
        yield (f"- and {more:,} more\n" if more > 0 else "") + "\n"


def _named(told: Injected) -> str:
    lines = f":{told.start_line}-{told.end_line}" if told.start_line else ""
    return f"{told.source}: {told.path}{lines} ({told.why})" if told.path else f"{told.source}: {told.why}"


# -------------------------------------------------------------------------------------------------------- conversation


def _conversation(state: State) -> str:
    sizes = accumulate(min(len(message.text), LONGEST_MESSAGE) for message in reversed(state.said[-MOST_MESSAGES:]))
    left = len(state.said) - sum(size <= LONGEST_CONVERSATION for size in sizes)
    said = state.said[left:]
    parts = [f"_{left:,} earlier messages are left out._\n\n"] if left else []
    parts += [_said(message) for message in said]
    return "## Conversation\n\n" + "".join(parts) + "".join(_latest_failure(state))


def _said(message: Said) -> str:
    text = message.text.strip()
    cut = text[:LONGEST_MESSAGE]
    more = f"\n\n_{len(text) - len(cut):,} more characters are not shown here._" if cut != text else ""
    who = "You" if message.role == "user" else "Agent"
    return f"**{who}** · {_minute(message.at)}\n\n{quoted(cut)}{more}\n\n"


def _minute(at: float) -> str:
    return iso(at)[:16].replace("T", " ") + " UTC"


def _latest_failure(state: State) -> Iterator[str]:
    """The request that failed last, in words, until one succeeds."""
    if not state.attempt or not state.failures:
        return
    latest = state.failures[-1]
    until = "" if latest.until is None else f"It is tried again at {_minute(latest.until)}.\n\n"
    yield f"**A request failed** · {one(latest.reason)}\n\n{quoted(latest.message)}\n\n{until}"
