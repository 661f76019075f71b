"""What a session document shows, beside what the laws about reading and merging it need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signoff.core.fragments import Gathered, Injected
from signoff.core.hunks import Hunk
from signoff.core.page import MOST_FRAGMENTS, MOST_HUNKS, MOST_TOLD, Rendering, render
from signoff.core.page_draft import Draft, read
from signoff.core.page_merge import merged
from signoff.core.page_read import read as read_page
from signoff.core.plan import Plan, Step
from signoff.core.session_view import CommandView
from signoff.core.state import State

STATE = State("s", 1, "Tidy up\n\nand more", workspace="file:///w")
STEPS = (Step("s1", "read it"), Step("s2", "write it"))


def shown(state: State, commands: tuple[CommandView, ...] = ()) -> Rendering:
    return render(state, lambda hunk: 4, commands)


def test_the_title_is_the_goals_first_line() -> None:
    assert shown(STATE).text.startswith("# Tidy up\n")


def test_files_that_are_not_saved_are_named() -> None:
    text = shown(replace(STATE, unsaved=frozenset({"file:///w/b c.py", "file:///w/a.py"}))).text
    assert "Changed and not saved yet: a.py, b c.py.\n" in text


def test_a_command_shows_each_argument() -> None:
    command = CommandView("s.x1", "t", ("rm", "-r", "a\n## Reply"), "src", "none", "clean", "pending", None)
    text = shown(STATE, (command,)).text
    assert "- argument 1: -r\n" in text and "- argument 2: a ↵ \\## Reply\n" in text and "- in src\n" in text
    assert read_page(text).words == ""


def test_many_hunks_are_counted_rather_than_listed() -> None:
    hunks = [Hunk(f"s.h{n}", 1, "c", f"file:///w/{n}.py", "update", 0, "a\n", "b\n") for n in range(MOST_HUNKS + 5)]
    text = shown(replace(STATE, hunks={hunk.id: hunk for hunk in hunks})).text
    assert "5 more hunks are left out" in text


def test_what_the_model_was_told_is_listed_turn_by_turn() -> None:
    code = Injected("codebase", "a.py", 3, 9, 1_200, "defines `parse`")
    goals = Injected("memory", "", 0, 0, 30, "2 earlier sessions")
    text = shown(replace(STATE, gathered=(Gathered(0, (code, goals), ()),))).text
    assert "## Context\n\nBefore turn 1 the agent was told, in 1,230 tokens:\n\n" in text
    assert "- codebase: a.py:3-9 (defines `parse`)\n- memory: 2 earlier sessions\n" in text
    many = Gathered(9, (code,) * (MOST_FRAGMENTS + 2), ())
    text = shown(replace(STATE, gathered=(many,) * (MOST_TOLD + 1))).text
    assert "_1 earlier looks at the workspace are left out._" in text and text.count("- and 2 more\n") == MOST_TOLD


def test_the_parts_at_some_lines() -> None:
    page = read_page(shown(replace(STATE, plan=Plan("s.p1", STEPS, "proposed"))).text)
    plan = page.part("Plan")
    assert plan is not None and [part.key for part in page.at(plan.start, plan.end)] == ["Plan", "Conversation"]


def test_a_plan_edited_while_it_is_carried_out_gives_way_and_nothing_is_lost() -> None:
    working = replace(STATE, plan=Plan("s.p1", STEPS, "approved"))
    further = replace(STATE, plan=Plan("s.p1", (replace(STEPS[0], status="done"), STEPS[1]), "approved"))
    old, new = shown(working), shown(further)
    text = merged([old], old.text.replace("[ ] read it", "[-] read nothing"), new)
    assert "1. [x] read it\n" in text and "read nothing" in text


@pytest.mark.parametrize("text", ["", "# New task\n", "# New task\n\n## Goals\n\nx"])
def test_a_draft_without_its_heading_says_where_to_write(text: str) -> None:
    assert read(text) == "Write what is to be done under a line `## Goal`."


def test_a_draft_is_read() -> None:
    assert read("Place: a.py:3-5\n\n## Goal\n\nDo it") == Draft("Do it", "a.py", 3, 5)
