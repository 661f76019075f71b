"""What the history says of files: by the words of messages, and by time."""

from __future__ import annotations

import random

import pytest

from signoff.context.history import LARGEST_COMMIT, Commit, History

LOG = [
    Commit("c5", 500, "Parser: keep comments at the end of a file", ("src/parser.py", "tests/test_parser.py")),
    Commit("c4", 400, "Release 2.0", tuple(f"docs/{n}.md" for n in range(LARGEST_COMMIT + 1))),
    Commit("c3", 300, "Fix the colours of the terminal", ("src/terminal.py",)),
    Commit("c2", 200, "Faster parsing of numbers\n\nReviewed-by: Terminal Person", ("src/parser.py", "src/numbers.py")),
    Commit("c1", 100, "First files", ("src/parser.py", "src/terminal.py", "README.md")),
]
ORDER = [commit.id for commit in LOG]


@pytest.fixture
def history() -> History:
    made = History()
    made.update(ORDER, LOG)
    return made


def paths_near(history: History, words: str) -> set[str]:
    """The files that the commits with any of the words changed."""
    return {path for near in history.nearest(words, 300) for path in near.commit.paths}


def test_the_words_of_a_message_lead_to_its_files(history: History) -> None:
    assert history.nearest("colours in the terminal look wrong")[0].commit.id == "c3"
    found = history.nearest("parse comments")
    assert {near.commit.id for near in found} == {"c5", "c2"} and found[0].score >= found[1].score > 0
    assert history.nearest(["pars", "comment"]) == found, "a query may be given as its terms"
    described = history.described("parse comments")
    assert set(described) == {"src/parser.py", "src/numbers.py", "tests/test_parser.py"}
    assert max(described, key=lambda path: described[path]) != "src/numbers.py"


def test_signatures_under_a_message_are_no_words_of_it(history: History) -> None:
    assert [near.commit.id for near in history.nearest("terminal person")] == ["c3"]


def test_nothing_is_known_of_unknown_words_and_files(history: History) -> None:
    for one in (history, History()):
        assert one.described("quantum") == {} and one.described("") == {} and one.nearest("") == []
        assert one.recency("none.py") == 0 and one.busy("none.py") == 0
    assert History().commits == 0 and list(History().lines()) == []


def test_how_lately_and_how_often(history: History) -> None:
    assert history.recency("src/parser.py") == 1.0
    assert 1 > history.recency("docs/1.md") > history.recency("src/terminal.py") > history.recency("README.md") > 0
    assert history.busy("src/parser.py") > history.busy("src/terminal.py") > history.busy("README.md") > 0
    assert history.busy("docs/1.md") == 0


def test_a_commit_of_many_files_tells_only_how_lately(history: History) -> None:
    assert history.nearest("release 2.0") == [] and history.described("release 2.0") == {}
    assert history.recency("docs/1.md") > 0


def test_a_new_head_adds_what_is_new_and_forgets_what_is_not_behind_it(history: History) -> None:
    new = Commit("c6", 600, "Terminal: quiet mode", ("src/terminal.py", "src/quiet.py"))
    history.update(["c6", *ORDER], [new])
    assert history.commits == 6 and paths_near(history, "quiet") == {"src/terminal.py", "src/quiet.py"}
    assert history.recency("src/terminal.py") == 1.0 > history.recency("src/parser.py")
    rewritten = Commit("d6", 601, "Another way", ("src/other.py",))
    history.update(["d6", "c3", "c2", "c1"], [rewritten])
    assert history.ids == {"d6", "c3", "c2", "c1"}
    assert history.nearest("quiet") == [] and paths_near(history, "parse comments") == {
        "src/parser.py",
        "src/numbers.py",
    }
    history.update(["c6", *ORDER, "unknown"], [new, *LOG])
    assert history.ids == {"c6", *ORDER} and history.nearest("quiet")


def test_a_branch_that_was_left_comes_back_without_being_told_again() -> None:
    many = [Commit(f"m{n}", n, f"word{n}", (f"{n}.py",)) for n in range(100)]
    history = History()
    history.update([each.id for each in many], many)
    history.update([each.id for each in many[1:]], [])
    assert history.nearest("word0") == [] and history.commits == 99
    history.add([many[0]])
    assert paths_near(history, "word0") == {"0.py"} and history.commits == 100


def test_it_is_kept_as_lines(history: History) -> None:
    lines = list(history.lines())
    again = History.from_lines(lines)
    assert list(again.lines()) == lines and again.ids == history.ids
    assert again.described("parse comments") == history.described("parse comments")
    damaged = [
        "",
        "{}",
        "[]",
        "null",
        '["x", "now", "m", []]',
        '["x", 1, "m", "p"]',
        '["x", 1]',
        "[" * 5000,
        *lines[:2],
    ]
    assert History.from_lines(damaged).ids == {"c5", "c4"}


def test_odd_texts() -> None:
    history = History()
    history.add([Commit("a", 1, "\ud800 \0 " + "x" * 100_000, ("\u00e9.py",)), Commit("b", -5, "", ("b.py",))])
    assert history.commits == 2 and History.from_lines(history.lines()).commits == 2
    assert history.nearest("\ud800") == []


@pytest.mark.parametrize("seed", range(5))
def test_step_by_step_is_the_same_as_at_once(seed: int) -> None:
    """However commits come and go, the answers are those of a history that was read anew."""
    chance = random.Random(seed)
    words = [f"word{n}" for n in range(30)]
    names = [f"{n}.py" for n in range(20)]
    pool = [
        Commit(f"{n:x}", n, " ".join(chance.choices(words, k=6)), tuple(sorted(set(chance.choices(names, k=2)))))
        for n in range(300)
    ]
    history, low, high = History(), 0, 50
    for _ in range(40):
        low, high = low + chance.randrange(8), min(high + chance.randrange(12), 300)
        order = [each.id for each in reversed(pool[low:high])]
        history.update(order, [each for each in pool[low:high] if each.id not in history.ids])
        anew = History()
        anew.update(order, pool[low:high])
        assert history.ids == anew.ids == set(order)
        query = chance.sample(words, 3)
        assert paths_near(history, " ".join(query)) == paths_near(anew, " ".join(query))
        assert [history.busy(path) for path in names] == pytest.approx([anew.busy(path) for path in names])
        assert [history.recency(path) for path in names] == [anew.recency(path) for path in names]
