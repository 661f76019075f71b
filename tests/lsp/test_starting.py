"""What can be begun at a place: which goals are offered, with which commands, and when an editor asks by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from signoff.core import protocol
from signoff.lsp import decisions, starting
from signoff.lsp.comments import Comment
from signoff.runtime.wire import from_wire

URI = "file:///w/a.py"
AT = types.Range(types.Position(3, 0), types.Position(3, 5))
PLACE = starting.Asked(URI, AT, folder="file:///w")
CONVERTER = get_converter()
EVERYWHERE = ["Fix this", "Explain", "Write tests", "Document", "Refactor...", "New task..."]


def problem(message: str, source: str | None = "ruff") -> types.Diagnostic:
    return types.Diagnostic(AT, message, source=source, code="F401", data={"own": 1})


def titles(asked: starting.Asked) -> list[str]:
    return [action.title.removeprefix("Signoff: ") for action in starting.offers(asked)]


def argument(action: types.CodeAction) -> dict[str, Any]:
    assert action.command and action.command.arguments
    return cast("dict[str, Any]", action.command.arguments[0])


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        pytest.param(PLACE, EVERYWHERE, id="any place"),
        pytest.param(replace(PLACE, general=False), [], id="nothing general wanted"),
        pytest.param(replace(PLACE, lamp=True), [], id="lamp"),
        pytest.param(replace(PLACE, diagnostics=[problem("x")]), EVERYWHERE, id="problem"),
        pytest.param(replace(PLACE, diagnostics=[problem("x")], lamp=True), ["Fix this"], id="problem, lamp"),
        pytest.param(replace(PLACE, diagnostics=[problem("x", None)], lamp=True), ["Fix this"], id="no source"),
        pytest.param(replace(PLACE, diagnostics=[problem("x", "signoff")]), EVERYWHERE, id="only our own"),
        pytest.param(
            replace(PLACE, comment=Comment("do", 3, 3, 3), diagnostics=[problem("x")], lamp=True),
            ["Fix this", "Do what this comment says"],
            id="comment and problem",
        ),
        pytest.param(
            replace(PLACE, comment=Comment("do", 3, 3, 3), general=False), ["Do what this comment says"], id="comment"
        ),
        pytest.param(replace(PLACE, trusted=False), [*EVERYWHERE, starting.TRUST], id="untrusted"),
        pytest.param(replace(PLACE, trusted=False, folder=None), EVERYWHERE, id="no folder"),
        pytest.param(replace(PLACE, uri="file:///w/.signoff/sessions/s.md"), [], id="session document"),
    ],
)
def test_what_is_offered(asked: starting.Asked, wanted: list[str]) -> None:
    assert titles(asked) == wanted


def test_every_action_is_a_whole_command_and_never_an_edit() -> None:
    asked = replace(PLACE, diagnostics=[problem("x")], comment=Comment("do", 3, 3, 4), trusted=False)
    for action in starting.offers(asked):
        assert action.edit is None and action.disabled is None and action.is_preferred is None
        assert action.kind == "quickfix" and action.command is not None
        wire = json.loads(json.dumps(argument(action), default=CONVERTER.unstructure))
        kind = protocol.ARGUMENTS.get(action.command.command)
        if kind is not None:
            from_wire(kind, wire, action.command.command)


def test_where_no_problem_is_reported_the_agent_looks_for_it() -> None:
    fix = argument(starting.offers(PLACE)[0])
    assert fix["goal"] == starting.MEND and "diagnostics" not in fix


def test_problems_are_passed_along_as_they_are_and_ours_are_not() -> None:
    asked = replace(PLACE, diagnostics=[problem("unused"), problem("a plan waits", "signoff"), problem("undefined")])
    fix = starting.offers(asked)[0]
    found = argument(fix)["diagnostics"]
    assert found == [asked.diagnostics[0], asked.diagnostics[2]] and fix.diagnostics == found
    assert "unused; undefined" in argument(fix)["goal"] and argument(fix)["taskType"] == "quick_fix"


def test_many_problems_are_passed_in_part() -> None:
    fix = starting.offers(replace(PLACE, diagnostics=[problem(f"p{n}") for n in range(100)]))[0]
    assert len(argument(fix)["diagnostics"]) == starting.LARGEST


def test_a_comments_words_are_the_goal_and_it_is_to_be_removed() -> None:
    (action,) = starting.offers(replace(PLACE, comment=Comment("add a cache", 1, 2, 3), general=False))
    made = argument(action)
    assert made["goal"].startswith("add a cache\n") and "Remove that comment" in made["goal"]
    assert made["range"] == types.Range(types.Position(2, 0), types.Position(4, 0))


def test_explaining_shows_its_answer_and_needs_no_plan() -> None:
    explain = argument(starting.offers(PLACE)[1])
    assert explain["show"] is True and explain["planFirst"] is False and explain["taskType"] == "research"


def test_who_wants_a_plan_of_every_task_gets_one() -> None:
    for action in starting.offers(replace(PLACE, plans=True))[:4]:
        assert "planFirst" not in argument(action)


def test_a_draft_has_its_place_and_words_to_go_on_from() -> None:
    refactor, new = (argument(action) for action in starting.offers(PLACE)[4:6])
    assert refactor["uri"] == new["uri"] == URI and refactor["range"] == AT
    assert refactor["text"].startswith("Refactor") and "text" not in new


def test_trust_is_given_to_the_folder_and_the_title_says_what_for() -> None:
    trust = starting.offers(replace(PLACE, trusted=False))[-1]
    assert argument(trust) == {"workspace": "file:///w", "trusted": True}
    assert trust.title.startswith("Signoff: Trust this workspace") and "git" in trust.title


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        (None, True),
        ([], True),
        ([""], True),
        (["quickfix"], True),
        (["refactor", "quickfix"], True),
        (["refactor"], False),
        (["source"], False),
        (["source.organizeImports"], False),
        (["source.fixAll"], False),
        (["quickfix.more"], False),
        (["quick"], False),
    ],
)
def test_kinds_are_paths(only: list[str] | None, wanted: bool) -> None:
    assert decisions.wanted(only) is wanted


def test_an_upper_kind_holds_all_below() -> None:
    assert decisions.wanted(["refactor"], "refactor.rewrite")
    assert not decisions.wanted(["refactor.rewrite"], "refactor")
