"""The small local model's part in a session: what code answers, what it is asked, and the edits that come of it."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core import events as e
from signoff.core import small
from signoff.core.decide_plan import rejected
from signoff.core.events import ToolReturned
from signoff.core.fold_hunks import HunkEvent, fold_hunks
from signoff.core.hunks import Hunk, Landing
from signoff.core.model import Focus, Item, Message, ModelRequest, Reasoning, ReplyItem, ToolCall, ToolResult
from signoff.core.plan import Plan, Step
from signoff.core.small import Ask, Problem, ask_again, give_up, next_step, read
from signoff.core.small_edits import Change, enclosing, functions, parses, source, with_docstring, with_line
from signoff.core.small_jobs import Beyond, Docstring, Line, classify
from signoff.core.small_prompts import PROMPT_TOKENS, tokens_at_most, visible
from signoff.core.small_turn import read_turn
from signoff.core.state import State
from signoff.core.tools import SPECS

CLAMP = textwrap.dedent("""\
    def clamp(value, low, high):
        if low > high:
            raise ValueError("low must not exceed high")
        return max(low, min(value, high))
""")
CONFIG = "HOST = 'localhost'\nPORT = 8080\nTIMEOUT = 30\n"
APPROVED = "Approved."
PROPOSED = "Proposed: update a.py (+1 -0). Not approved yet; reads show it."


def focus(text: str = CLAMP, path: str = "a.py", language: str = "python") -> Focus:
    return Focus(path, 1, text.count("\n") or 1, text, language)


def request(goal: str, *items: Item, place: Focus | None = None, tools: bool = True) -> ModelRequest:
    said = (Message("user", goal), Message("user", "<context>"), *items)
    return ModelRequest("local", "", SPECS if tools else (), said, focus=place, goal=goal)


def asked(goal: str, place: Focus | None = None) -> Ask:
    """What is asked of the model once the plan is approved."""
    step = next_step(request(goal, *planned(goal), place=place or focus()))
    assert isinstance(step, Ask), step
    return step


def planned(goal: str, outcome: str = APPROVED) -> tuple[Item, ...]:
    steps = [{"id": "s1", "text": goal, "status": "pending", "files": ["a.py"]}]
    return ToolCall("local_2_0", "update_plan", json.dumps({"steps": steps})), ToolResult("local_2_0", outcome)


def edited(number: int, outcome: str, old: str = "x", new: str = "y") -> tuple[Item, ...]:
    arguments = json.dumps({"path": "a.py", "edits": [{"old": old, "new": new}]})
    return ToolCall(f"local_e_{number}", "edit_file", arguments), ToolResult(f"local_e_{number}", outcome)


def said(step: object) -> str:
    assert isinstance(step, tuple)
    (message,) = step
    assert isinstance(message, Message)
    assert message.role == "assistant"
    return message.text


def called(step: object, name: str) -> dict[str, Any]:
    assert isinstance(step, tuple), step
    call = next(item for item in step if isinstance(item, ToolCall) and item.name == name)
    return json.loads(call.arguments)


def applied(items: tuple[ReplyItem, ...] | Problem, text: str) -> str:
    arguments = called(items, "edit_file")
    assert arguments["path"] == "a.py"
    (edit,) = arguments["edits"]
    assert text.count(edit["old"]) == 1
    return text.replace(edit["old"], edit["new"])


# ------------------------------------------------------------------------------------------------------------ the steps


def test_the_plan_is_made_by_code():
    step = next_step(request("Add a docstring to clamp", place=focus()))
    assert called(step, "update_plan") == {
        "steps": [{"id": "s1", "text": "Write the docstring of clamp in a.py", "status": "pending", "files": ["a.py"]}]
    }
    assert isinstance(step, tuple)
    assert small.asks_next(step)
    step = next_step(request("set TIMEOUT to 60", place=focus(CONFIG)))
    assert called(step, "update_plan")["steps"][0]["text"] == "Change one line of a.py, lines 1 to 3"


def test_without_the_plan_tool_the_model_is_asked_at_once():
    assert isinstance(next_step(request("Add a docstring", place=focus(), tools=False)), Ask)


def test_after_the_edit_code_reports_and_finishes():
    step = next_step(request("Add a docstring", *planned("x"), *edited(1, PROPOSED), place=focus()))
    assert called(step, "update_plan")["steps"][0]["status"] == "done"
    assert "a.py" in called(step, "finish")["summary"]
    assert isinstance(step, tuple)
    assert not small.asks_next(step)
    assert len({item.call_id for item in step if isinstance(item, ToolCall)}) == 2


def test_a_plan_that_the_user_changed_is_not_reported_on():
    note = "The user approved the plan as edited; follow it:\ns1 [pending] Say what clamp is for"
    step = next_step(request("Add a docstring", *planned("x", note), *edited(1, PROPOSED), place=focus()))
    assert isinstance(step, tuple)
    assert [item.name for item in step if isinstance(item, ToolCall)] == ["finish"]


def test_a_refused_edit_is_tried_once_more_with_more_context():
    old, new = "    return max", "    return  max"
    refusal = "edit_file: the text stands in two places of a.py."
    step = next_step(request("Add a docstring", *planned("x"), *edited(1, refusal, old, new), place=focus()))
    assert called(step, "edit_file")["edits"] == [{"old": CLAMP, "new": CLAMP.replace(old, new)}]
    again = next_step(
        request("Add a docstring", *planned("x"), *edited(1, refusal, old), *edited(2, refusal), place=focus())
    )
    assert refusal in said(again)


@pytest.mark.parametrize("old", ["", CLAMP, "no longer there"])
def test_a_refused_edit_without_more_context_is_asked_for_anew(old: str):
    items = (*planned("x"), *edited(1, "edit_file: not found", old))
    assert isinstance(next_step(request("Add a docstring", *items, place=focus())), Ask)


def test_an_edit_without_a_result_counts_as_refused():
    call, _ = edited(1, "")
    assert isinstance(next_step(request("Add a docstring", *planned("x"), call, place=focus())), Ask)


def test_a_task_beyond_the_model_is_said_at_once():
    words = said(next_step(request("Fix the crash in the parser", place=focus())))
    assert words.startswith("This is not an explicit one-line change. The small local model does two jobs")
    assert "OPENAI_API_KEY" in words
    assert "OPENAI_BASE_URL" in words
    assert "No place in a file was given." in said(next_step(request("Add a docstring to clamp")))


def test_a_place_whose_lines_are_too_long_for_the_prompt():
    text = "\n".join(f"value_{n} = [{', '.join(str(k) for k in range(60))}]" for n in range(20))
    words = said(next_step(request("set value_3 to 5", *planned("x"), place=focus(text))))
    assert "too large" in words


# ------------------------------------------------------------------------------------------------- what the user says


def test_a_reply_is_a_task_of_its_own():
    items = (*planned("x"), *edited(1, PROPOSED), Message("assistant", "done"), Message("user", "set TIMEOUT to 60"))
    place = focus(CONFIG)
    step = next_step(request("Add a docstring", *items, Message("user", "<context>"), place=place))
    assert "steps" in called(step, "update_plan")
    step = next_step(request("Add a docstring", *items, *planned("y"), place=place))
    assert isinstance(step, Ask)
    assert "set TIMEOUT to 60" in step.prompt.user


def test_a_reply_that_is_no_task_is_answered_honestly():
    items = (*planned("x"), *edited(1, PROPOSED), Message("user", "thanks, what is it for?"))
    assert "This is not" in said(next_step(request("Add a docstring", *items, place=focus())))


HUNK = Hunk("h", 1, "p", "file:///w/a.py", "update", 0, "x\n", "y\n", "stale")
STATE = State("s", workspace="file:///w", hunks={"h": HUNK}, landings={"l": Landing("l", HUNK.uri, ("h",), "undo")})


def noted(event: HunkEvent) -> Message:
    """What the model is told of the event."""
    return Message("user", fold_hunks(STATE, event).inbox[-1].text)


def after_an_edit(goal: str, *said: Message, place: Focus | None = None) -> ModelRequest:
    return request(goal, *planned("x"), *edited(1, PROPOSED), *said, place=place or focus())


def test_a_rejection_with_words_tries_again():
    step = next_step(after_an_edit("Add a docstring", noted(e.HunksRejected(("h",), "shorter"))))
    assert isinstance(step, Ask)
    assert "The last try was rejected: shorter" in step.prompt.user


def test_a_rejection_whose_words_are_a_task_does_that():
    note = noted(e.HunksRejected(("h",), "set TIMEOUT to 90"))
    assert "steps" in called(next_step(after_an_edit("set PORT to 1", note, place=focus(CONFIG))), "update_plan")


def test_notes_that_are_no_words_of_the_user_change_nothing():
    notes = [
        noted(e.HunksRejected(("h",), "")),
        noted(e.HunkAmended("h", 2, "x\n", "z\n")),
        noted(e.HunksLanded("l", "digest", ())),
        Message("user", "The user took step s2 out of the plan; leave it out: rest"),
    ]
    assert "summary" in called(next_step(after_an_edit("Add a docstring", *notes)), "finish")
    words = Message("user", "Add a docstring to clamp")
    assert read_turn(after_an_edit("set PORT to 1", *notes, words)).goal == "Add a docstring to clamp"


def test_a_stale_hunk_is_proposed_anew():
    assert isinstance(next_step(after_an_edit("Add a docstring", noted(e.ReproposalAsked("h")))), Ask)


def told(feedback: str) -> str:
    """What the session tells the model when the user sends a plan back."""
    plan = Plan("p", (Step("s1", "x"),), "proposed", "plan")
    return next(event.output for event in rejected(plan, feedback) if isinstance(event, ToolReturned))


def test_a_plan_that_was_sent_back():
    step = next_step(request("Add a docstring", *planned("x", told("")), place=focus()))
    assert said(step).startswith("The plan was not approved.")
    step = next_step(request("Add a docstring", *planned("x", told("rather not")), place=focus()))
    assert said(step).startswith("The plan was not approved.")
    step = next_step(request("Add a docstring", *planned("x", told("set PORT to 80")), place=focus(CONFIG)))
    assert "lines 1 to 3" in called(step, "update_plan")["steps"][0]["text"]


def test_a_plan_that_was_changed_into_another_task():
    note = "The user approved the plan as edited; follow it:\ns1 [pending] set PORT to 80"
    step = next_step(request("set TIMEOUT to 60", *planned("x", note), place=focus(CONFIG)))
    assert isinstance(step, Ask)
    assert "set PORT to 80" in step.prompt.user


def test_reasoning_and_other_calls_are_passed_over():
    items = (Reasoning("{}"), *planned("x"), ToolCall("r", "read_file", "{}"), ToolResult("r", "text"))
    assert isinstance(next_step(request("Add a docstring", *items, place=focus())), Ask)


def test_calls_of_another_model_are_not_its_own():
    """A session may have changed its model: what the other one called may be anything."""
    others = (ToolCall("call_1", "update_plan", "not JSON"), ToolCall("call_2", "edit_file", "[]"))
    results = (ToolResult("call_1", "Approved."), ToolResult("call_2", PROPOSED))
    step = next_step(request("Add a docstring", *others, *results, place=focus()))
    assert "steps" in called(step, "update_plan")


# ---------------------------------------------------------------------------------------------------- classification


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("Why does clamp raise?", "question"),
        ("explain this", "question"),
        ("add docstrings to all functions", "more than one place"),
        ("fix the bug in clamp", "explicit one-line"),
        ("refactor clamp", "explicit one-line"),
        ("clamp should be nicer", "explicit one-line"),
        ("change it", "which code"),
        ("make the code nicer", "which code"),
    ],
)
def test_tasks_beyond_the_model(goal: str, reason: str):
    job = classify(goal, focus())
    assert isinstance(job, Beyond)
    assert reason in job.reason


@pytest.mark.parametrize("place", [None, focus(""), focus("  \n")])
def test_a_place_is_needed(place: Focus | None):
    assert classify("add a docstring", place) == Beyond("No place in a file was given.")


TWO = f"{CLAMP}\n\ndef second():\n    return 2\n"


@pytest.mark.parametrize(
    ("goal", "place", "name"),
    [
        ("Add a docstring to clamp", focus(), "clamp"),
        ("docstring please", focus(language=""), "clamp"),
        ("document this function", focus(path="a.pyi", language=""), "clamp"),
        ("write a doc string for second", focus(TWO), "second"),
        ("add a docstring", focus("class A:\n    def b(self):\n        pass\n"), "A"),
        ("add a docstring", focus("def f(): return 1\n"), "f"),
        ("add a docstring to b", focus("class A:\n    def b(self):\n        pass\n"), "b"),
        ("rewrite the docstring", focus('def f():\n    """Old."""\n'), "f"),
    ],
)
def test_docstring_jobs(goal: str, place: Focus, name: str):
    job = classify(goal, place)
    assert isinstance(job, Docstring)
    assert job.function.name == name


@pytest.mark.parametrize(
    ("goal", "place", "reason"),
    [
        ("add a docstring", focus(TWO), "several functions (clamp, second): name one"),
        ("add a docstring", focus("x = 1\n"), "no function"),
        ("add a docstring", focus("def f(a):\n"), "Only the header of f was given"),
        ("add a docstring", focus(path="a.ts", language="typescript"), "Python only"),
        ("add a docstring", focus('def f():\n    """Old."""\n'), "f has a docstring already"),
    ],
)
def test_docstring_jobs_that_can_not_be(goal: str, place: Focus, reason: str):
    job = classify(goal, place)
    assert isinstance(job, Beyond)
    assert reason in job.reason


CLIENT = textwrap.dedent("""\
    class Client:
        timeout = 30
        retries = 3

        def get(self, path, params=None):
            reply = self.session.get(path, params=params, timeout=self.timeout)
            if reply.status == 404:
                return None
            logger.info("done")
            return '-'.join(sorted(reply.json()))
""")


@pytest.mark.parametrize(
    ("goal", "lines", "expected", "swap"),
    [
        ("increase the timeout to 60", (1,), "60", ("", "")),
        ("change the default of retries from 3 to 5", (2,), "5", ("3", "5")),
        ("change 404 to 410", (6,), "410", ("404", "410")),
        ("return response.text instead of None", (4, 7), "response.text", ("None", "response.text")),
        ("add a `headers=None` parameter to get", (4,), "headers=None", ("", "")),
        ("use '_' instead of '-'", (9,), "_", ("-", "_")),
        ('replace "done" with "closed"', (8,), "closed", ("done", "closed")),
        ("change the log message to 'closed'", (1, 2, 4, 5, 6, 7, 8, 9, 0), "closed", ("", "")),
        ("use pickle instead of json", (9,), "", ("", "")),
        ("remove the call of reply.json", (5, 6, 9), "", ("", "")),
        ("make the return value an empty `list` instead", (0, 1, 2, 4, 5, 6, 7, 8, 9), "list", ("", "")),
        ("please set PORT to 80.", (0, 1, 2, 4, 5, 6, 7, 8, 9), "80", ("", "")),
    ],
)
def test_line_jobs(goal: str, lines: tuple[int, ...], expected: str, swap: tuple[str, str]):
    job = classify(goal, focus(CLIENT))
    assert isinstance(job, Line)
    assert set(job.numbers) == set(lines) or set(job.numbers) <= set(lines)
    assert (job.expected, job.swap) == (expected, swap)


def test_a_large_place_is_narrowed_or_refused():
    text = "".join(f"name_{n} = {n}\n" for n in range(60))
    assert classify("set name_7 to 9", focus(text)) == Line((7,), "9")
    job = classify("set other to 9", focus(text))
    assert isinstance(job, Beyond)
    assert "at most 24 lines" in job.reason
    ask = asked("set name_7 to 9", focus(text))
    assert "name_8" not in ask.prompt.user, "only the lines that can be meant are shown"


# ------------------------------------------------------------------------------------------------------------ prompts


def test_the_prompt_is_short_and_its_answer_bound():
    ask = asked("set TIMEOUT to 60", focus(CONFIG))
    assert ask.prompt.schema["properties"]["old"]["enum"] == ["TIMEOUT = 30"]
    assert ask.prompt.schema["additionalProperties"] is False
    assert "PORT = 8080" in ask.prompt.user, "the whole place is shown"
    ask = asked("Add a docstring to clamp")
    assert list(ask.prompt.schema["properties"]) == ["docstring"]
    assert CLAMP.strip() in ask.prompt.user


def test_a_long_function_loses_its_middle():
    body = "".join(f"    total_{n} = compute({n}, {n})\n" for n in range(200))
    ask = asked("Add a docstring", focus(f"def long(a):\n{body}    return total_199\n"))
    assert ask.prompt.tokens_at_most <= PROMPT_TOKENS
    assert "def long(a):" in ask.prompt.user
    assert "return total_199" in ask.prompt.user
    assert "    ...\n" in ask.prompt.user


def test_a_class_is_described_as_a_whole():
    ask = asked("Add a docstring", focus("class Stack:\n    items = ()\n"))
    assert "the class Stack as a whole" in ask.prompt.user


def test_the_problem_is_part_of_the_next_question():
    again = ask_again(asked("set TIMEOUT to 60", focus(CONFIG)), Problem("`new` must contain 60."))
    assert again.prompt.user.endswith("Your last answer was wrong: `new` must contain 60.")
    assert "Nothing was changed." in said(give_up(Problem("it was too long.")))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", ""),
        ('{"docs', ""),
        ('{"docstring": "Return the', "Return the"),
        ('{"docstring": "Say \\"hi', 'Say "hi'),
        ('{"docstring": "Say \\', "Say "),
        ('{"docstring": "caf\\u00e', "caf"),
        ('{"docstring": "\\ud83d', ""),
        ('{"old": "x = 1", "new": "x = 2"}', "x = 2"),
    ],
)
def test_the_words_of_a_growing_answer(answer: str, words: str):
    assert visible(answer) == words


def test_the_bound_of_tokens_counts_digits_and_punctuation():
    assert tokens_at_most("a b") == 2
    assert tokens_at_most("12345") == 5
    assert tokens_at_most("(())") == 4
    assert tokens_at_most("internationalisation") == 3


# ------------------------------------------------------------------------------------------------------------- answers


def doc(words: str) -> str:
    return json.dumps({"docstring": words})


def test_a_docstring_becomes_an_edit():
    after = applied(read(asked("Add a docstring to clamp"), doc("Return value within [low, high].")), CLAMP)
    assert after.splitlines()[1] == '    """Return value within [low, high]."""'
    assert ast.get_docstring(ast.parse(after).body[0])  # type: ignore[arg-type]


def test_only_two_sentences_are_kept_and_no_made_up_errors():
    ask = asked("add a docstring", focus("def f(a):\n    return a + 1\n"))
    words = "Return a plus one. Raises TypeError for text. Works with floats. Is fast."
    assert '"""Return a plus one. Works with floats."""' in applied(read(ask, doc(words)), ask.focus.text)
    with_errors = applied(read(asked("Add a docstring"), doc("Clamp it. Raises ValueError if low > high.")), CLAMP)
    assert "Raises ValueError" in with_errors


def test_an_answer_that_was_cut_keeps_its_whole_sentences():
    ask = asked("Add a docstring")
    assert '"""Clamp a value."""' in applied(read(ask, '{"docstring": "Clamp a value. It ret'), CLAMP)
    assert read(ask, '{"docstring": "Clamp a value and then') == Problem("the docstring was empty, or too long.")


@pytest.mark.parametrize("words", ["", "  ", "Clamp."])
def test_an_empty_docstring_is_a_problem(words: str):
    assert isinstance(read(asked("Add a docstring"), doc(words)), Problem)


def line(old: str, new: str) -> str:
    return json.dumps({"old": old, "new": new})


def test_a_line_becomes_an_edit_that_keeps_its_indentation():
    ask = asked("raise TypeError instead of ValueError")
    old = 'raise ValueError("low must not exceed high")'
    after = applied(read(ask, line(old, 'raise TypeError("low must not exceed high")')), CLAMP)
    assert '\n        raise TypeError("low must not exceed high")\n' in after


def test_a_named_swap_is_made_by_code():
    ask = asked("change PORT from 8080 to 80", focus(CONFIG))
    assert applied(read(ask, line("PORT = 8080", "PORT = '80' # changed")), CONFIG) == CONFIG.replace("8080", "80")


def test_a_swap_that_is_not_clear_is_left_to_the_model():
    ask = asked("change 1 to 2", focus("x = 1 + 1\n"))
    assert applied(read(ask, line("x = 1 + 1", "x = 2 + 1")), "x = 1 + 1\n") == "x = 2 + 1\n"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ('{"old": "TIMEOUT', "too long"),
        (line("TIMEOUT = 31", "TIMEOUT = 60"), "not one of the lines"),
        (line("TIMEOUT = 30", " "), "exactly one line"),
        (line("TIMEOUT = 30", "TIMEOUT = 60\nx = 1"), "exactly one line"),
        (line("TIMEOUT = 30", "TIMEOUT = 60\rx = 1"), "exactly one line"),
        (line("TIMEOUT = 30", " TIMEOUT = 30"), "same as"),
        (line("TIMEOUT = 30", "TIMEOUT = 6"), "must contain 60"),
        (line("TIMEOUT = 30", "TIMEOUT = (60"), "not valid Python"),
    ],
)
def test_unusable_lines(answer: str, problem: str):
    found = read(asked("set TIMEOUT to 60", focus(CONFIG)), answer)
    assert isinstance(found, Problem)
    assert problem in found.message


def test_other_languages_and_broken_files_are_not_parsed():
    ask = asked("set limit to 60", focus("let limit = 30;\n", "a.py", ""))
    assert not isinstance(read(ask, line("let limit = 30;", "let limit = 60;")), Problem), "it was no Python before"
    ask = asked("set limit to 60", focus("let limit = 30;\n", "a.ts", "typescript"))
    assert not isinstance(read(ask, line("let limit = 30;", "let limit = 60;")), Problem)


# ------------------------------------------------------------------------------------------------------------ the edits


def documented(text: str, words: str = "Do the thing.", which: int = 0) -> str:
    change = with_docstring(text, functions(text)[which], words)
    assert text.count(change.old) == 1
    return text.replace(change.old, change.new)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("def f(): return 1\n", 'def f():\n    """Do the thing."""\n    return 1\n'),
        ("def f(): return 1", 'def f():\n    """Do the thing."""\n    return 1'),
        ("def f(a, b={1: 2}):\r\n\treturn a\r\n", 'def f(a, b={1: 2}):\r\n\t"""Do the thing."""\r\n\treturn a\r\n'),
        ("  def f(\n    a,\n  ):\n      pass\n", '  def f(\n    a,\n  ):\n      """Do the thing."""\n      pass\n'),
        ("def f():\n    # why\n    pass\n", 'def f():\n    """Do the thing."""\n    # why\n    pass\n'),
        ("def f():\n\n    pass\n", 'def f():\n    """Do the thing."""\n\n    pass\n'),
        ("def f():", 'def f():\n    """Do the thing."""'),
        ("\tdef f():\n", '\tdef f():\n\t\t"""Do the thing."""\n'),
        ("def f():\n    '''Old\n    text.'''\n    pass\n", 'def f():\n    """Do the thing."""\n    pass\n'),
        (
            "async def f() -> dict[str, int]:\n    pass\n",
            'async def f() -> dict[str, int]:\n    """Do the thing."""\n    pass\n',
        ),
        ("class A(B):\n    x: int = 1\n", 'class A(B):\n    """Do the thing."""\n    x: int = 1\n'),
    ],
)
def test_where_a_docstring_goes(text: str, after: str):
    assert documented(text) == after


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("def f():\n    r'Old.'\n", True),
        ("def f():\n    b'bytes'\n", False),
        ("def f():\n    'a'.join(x)\n", False),
        ("def f():\n    'unfinished", False),
        ("def f():\n    return 1\n", False),
        ("def f():\n'not inside'\n", False),
        ("def f():\n", False),
        ("def f(): 'inline'\n", False),
    ],
)
def test_what_counts_as_a_docstring(text: str, has: bool):
    assert (functions(text)[0].docstring is not None) is has


@pytest.mark.parametrize("text", ["", "x = 1\n", "def f(a,\n", "def f(a\n  b = '", "define = 1\n", "def f(:\n"])
def test_texts_without_a_whole_header(text: str):
    assert functions(text) == []


def test_a_function_ends_where_its_block_ends():
    text = "class A:\n    def b(self):\n        pass\n\n    x = 1\n\ny = 2\n"
    assert [(one.name, one.start, one.end, one.is_class) for one in functions(text)] == [
        ("A", 0, 5, True),
        ("b", 1, 3, False),
    ]
    assert source(text, functions(text)[1], 10) == "def b(self):\n    pass"


def test_the_function_around_a_place():
    text = "class A:\n    def b(self):\n        pass\n\n    x = 1\n\ny = 2\n"
    assert enclosing(text, 1, 1) == (1, 2)
    assert enclosing(text, 2, 2) == (1, 2)
    assert enclosing(text, 2, 4) == (0, 4)
    assert enclosing(text, 6, 6) == (6, 6)


def test_long_words_are_wrapped():
    long = "Return the value " + "of everything that was counted so far " * 3
    text = "def f():\n    pass\n"
    after = documented(text, f"{long.strip()}. It never fails.")
    assert max(map(len, after.splitlines())) <= 100
    assert ast.get_docstring(ast.parse(after).body[0], clean=True)  # type: ignore[arg-type]
    after = documented(text, "x" * 91)
    assert after.splitlines()[2] == '    """'


HOSTILE = ['He said "no"', '"""', "ends with \\", "a\\nb", "'''", "tab\there", 'end"', "x" * 300, "Ü 🎉", "a:", "ok?"]


@pytest.mark.parametrize("words", HOSTILE)
def test_any_words_make_a_valid_docstring(words: str):
    after = documented("def f():\n    return 1\n", words)
    body = ast.parse(after).body[0]
    assert isinstance(body, ast.FunctionDef)
    found = ast.get_docstring(body) or ""
    assert re.sub(r"[\s.'\"]", "", found) == re.sub(r"[\s.'\"]", "", words.rstrip(",;:"))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), st.integers(0, 3))
def test_any_words_leave_the_code_as_it_was(words: str, depth: int):
    pad = "    " * depth
    text = f"{pad}def f(a):\n{pad}    return a\n"
    after = documented(text, words)
    tree = ast.parse(textwrap.dedent(after)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    assert ast.get_docstring(tree) is not None
    assert ast.dump(tree.body[1]) == ast.dump(ast.parse("def f(a):\n    return a").body[0].body[0])  # type: ignore[attr-defined]


def test_a_repeated_line_gets_enough_context():
    block = "".join(f"{name} = 0\n" for name in "abcdefgh")
    text = f"{block}x = 1\n{block}x = 2\n"
    change = with_line(text, 3, "d = 9")
    assert text.count(change.old) == 1
    assert text.replace(change.old, change.new).splitlines()[3] == "d = 9"
    assert with_line("x\nx\n", 0, "y") == Change("x\nx\n", "y\nx\n")
    assert with_line("x", 0, "y") == Change("x", "y")


def test_parsing_never_raises():
    assert parses("    x = 1\n    y = 2\n")
    assert not parses("x = (")
    assert not parses("\0")


def test_help_names_both_jobs():
    assert "docstring" in small.HELP
    assert "one-line change" in small.HELP
