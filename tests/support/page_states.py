"""Sessions as Hypothesis makes them, with the texts of models, users and files that mean harm."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from signoff.core.hunks import Hunk, HunkKind, HunkStatus, Proposal
from signoff.core.plan import Plan, PlanStatus, Step
from signoff.core.state import Failure, Question, Said, State

SESSION = "s_1"
_PIECES = st.sampled_from(
    [
        *("## Reply", "## Plan", "## Conversation", "### 1/1 x {#h1.1}", "{#h1.1}", "```", "```diff", "# x", "> "),
        *("- [ ] ", "1. [x] ", "   - after: 2", "~~gone~~", "_x_", "===", "---", "<b>", "](x)", "\\", "`", "␍", " ↵ "),
        *(
            "\u202e",
            "\u200b",
            "\r",
            "\r\n",
            "\n",
            "\n\n",
            "\t",
            " ",
            "word",
            "\u2028",
            "\ud800",
            "\0",
            "\x0b",
            "\u00a0",
        ),
        "<U+202E>",
    ]
)
TEXT = st.lists(_PIECES | st.text(max_size=4), max_size=8).map("".join)
SOME_TEXT = TEXT.filter(lambda text: bool(text.strip()))
FILE_TEXT = st.lists(_PIECES | st.sampled_from(["a\n", "b\n", "c", "d\r\n", "+", "-"]), max_size=8).map("".join)
STATUSES: list[HunkStatus] = ["pending", "applying", "applied", "rejected", "stale", "withdrawn", "undone"]


KINDS: list[HunkKind] = ["update", "update", "update", "create", "delete", "rename"]
PLAN_STATUSES: list[PlanStatus] = ["proposed", "proposed", "approved", "tracked"]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan, mostly one that waits."""
    texts = draw(st.lists(SOME_TEXT, min_size=1, max_size=6))
    ids = [f"s{n}" for n in draw(st.permutations(range(1, len(texts) + 1)))]
    made = [
        Step(
            name,
            text,
            draw(st.sampled_from(["pending", "pending", "active", "done", "skipped", "failed"])),
            tuple(draw(st.lists(SOME_TEXT, max_size=2))),
            tuple(draw(st.lists(st.sampled_from(ids[:n]), max_size=2, unique=True))) if n else (),
        )
        for n, (name, text) in enumerate(zip(ids, texts, strict=True))
    ]
    status = draw(st.sampled_from(PLAN_STATUSES))
    return Plan(
        f"{SESSION}.p{draw(st.integers(1, 3))}", tuple(made), status, "call", (ids[0],) if draw(st.booleans()) else ()
    )


@st.composite
def hunks(draw: st.DrawFn, number: int) -> Hunk:
    """A hunk of any kind and status."""
    kind = draw(st.sampled_from(KINDS))
    before = "" if kind == "create" else draw(FILE_TEXT)
    return Hunk(
        f"{SESSION}.h{number}",
        draw(st.integers(1, 3)),
        f"{SESSION}.r1",
        "file:///w/" + draw(st.sampled_from(["a.py", "b%0A## Reply", "c%20{%23h1.1}", "%5Bx%5D(y)"])),
        kind,
        0,
        before,
        "" if kind == "delete" else draw(FILE_TEXT),
        draw(st.sampled_from(STATUSES)),
        to_uri="file:///w/new" if kind == "rename" else None,
        note=draw(TEXT),
    )


@st.composite
def states(draw: st.DrawFn) -> State:
    """A session in any state at all."""
    made = [draw(hunks(n)) for n in range(1, draw(st.integers(0, 4)) + 1)]
    said = [Said(draw(st.sampled_from(["user", "assistant"])), draw(TEXT), 0.0) for _ in range(draw(st.integers(0, 3)))]
    failure = Failure(
        "overloaded", 1, draw(st.sampled_from(["wait", "stop"])), draw(TEXT), draw(st.none() | st.just(9e9))
    )
    state = State(
        SESSION,
        seq=1,
        goal=draw(SOME_TEXT),
        workspace="file:///w",
        model=draw(SOME_TEXT),
        plan=draw(st.none() | plans()),
        hunks={hunk.id: hunk for hunk in made},
        proposals={f"{SESSION}.r1": Proposal(f"{SESSION}.r1", "call", draw(TEXT))},
        said=tuple(said),
        cost=draw(st.none() | st.just(0.02)),
        archived=draw(st.booleans()),
    )
    if draw(st.booleans()):
        state = replace(state, failure=failure, failures=(failure,), attempt=1)
    if draw(st.booleans()):
        asked = Question(f"{SESSION}.q1", "call", draw(TEXT), tuple(draw(st.lists(TEXT, max_size=2))))
        state = replace(state, questions={asked.id: asked})
    return state


def line_of(hunk: Hunk) -> int:
    """Where a hunk stands: at its start."""
    return hunk.start
