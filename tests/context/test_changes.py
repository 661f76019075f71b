"""What changed since a session last looked: told once, as a diff where one can be made, and never its own hunks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.context.changes import Look, bare, first, looked, mark, sections, since
from signoff.core.hunks import Hunk, HunkKind

URI = "file:///w/a.py"


def hunk(start: int, before: str, after: str, kind: HunkKind = "update") -> Hunk:
    return Hunk(f"h{start}", 1, "p", URI, kind, start, before, after, "applied", in_file=True)


def at(text: str | None, **more: object) -> Look:
    return Look(URI, "a.py", text, **more)  # type: ignore[arg-type]


def test_the_sessions_own_hunks_are_taken_out_wherever_they_stand() -> None:
    assert bare("one\nTWO\nthree\nFOUR\n", [hunk(4, "two\n", "TWO\n"), hunk(14, "four\n", "FOUR\n")]) == (
        "one\ntwo\nthree\nfour\n"
    )


@pytest.mark.parametrize(
    ("text", "own", "expected"),
    [
        ("new\n", hunk(0, "", "new\n", "create"), None),
        ("new, and typed in\n", hunk(0, "", "new\n", "create"), "new, and typed in\n"),
        (None, hunk(0, "old\n", "", "delete"), "old\n"),
        (None, hunk(0, "old\n", "old\n", "rename"), "old\n"),
        ("old\n", hunk(0, "old\n", "old\n", "rename"), None),
        ("somebody changed it\n", hunk(4, "two\n", "TWO\n"), "somebody changed it\n"),
        (None, hunk(4, "two\n", "TWO\n"), None),
    ],
)
def test_whole_files_and_hunks_that_are_not_there(text: str | None, own: Hunk, expected: str | None) -> None:
    assert bare(text, [own]) == expected


def test_first_what_is_not_committed_and_what_is_not_saved() -> None:
    look = at("typed\n", saved="saved\n", section="diff --git a/a.py b/a.py\n+saved\n")
    told = list(first([look]))
    assert [one.why for one in told] == ["changed in the editor, not saved", "not committed"]
    assert "-saved\n+typed\n" in told[0].text
    assert list(first([at("same\n", saved="same\n")])) == []


def test_what_was_seen_is_no_news() -> None:
    assert list(since([at("x\n", section="diff", touched=True)], {URI: mark("x\n")})) == []


def test_a_change_is_told_as_a_diff_of_what_was_seen() -> None:
    (told,) = since([at("new\n", before="old\n", section="diff")], {URI: mark("old\n")})
    assert "-old\n+new\n" in told.text and told.why == "changed since you last saw it"


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (at("typed\n", saved="saved\n"), "-saved\n+typed"),
        (at("new\n", section="diff --git"), "diff --git"),
        (at("new\n"), "Read it again"),
        (at(None), "not there any more"),
    ],
)
def test_without_the_text_that_was_seen_what_is_known_is_told(look: Look, words: str) -> None:
    (told,) = since([look], {URI: mark("old\n")})
    assert words in told.text


def test_of_a_document_that_nobody_had_looked_at_only_changes_are_told() -> None:
    assert list(since([at("x\n")], {})) == []
    assert [one.path for one in since([at("x\n", touched=True)], {})] == ["a.py"]
    assert [one.text for one in since([at("x\n", section="diff\n")], {})] == ["diff\n"]


@given(st.lists(st.sampled_from(["", "a\n", "b\n", None]), min_size=1, max_size=6))
def test_each_change_is_told_exactly_once(texts: list[str | None]) -> None:
    seen: dict[str, str] = {}
    told = 0
    for look in map(at, texts):
        told += len(list(since([look], seen)))
        seen |= dict(looked([look], seen))
        assert list(since([look], seen)) == []
    assert told == sum(a != b for a, b in pairwise(texts))


def test_a_diff_of_git_is_cut_by_path() -> None:
    diff = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n"
        "diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        'diff --git "a/\\303\\244 b.py" "b/\\303\\244 b.py"\n--- "a/\\303\\244 b.py"\n+++ "b/\\303\\244 b.py"\n@@ @@\n'
        "diff --git a/key.pem b/key.pem\n(changed; not shown, because it may hold secrets)\n"
        "[the diff is longer: cut here]\n"
        "Untracked files:\n  new.py\n  sub/other.py\n  and 12 more\n"
    )
    found = sections(diff)
    assert list(found) == ["a.py", "gone", "ä b.py", "key.pem", "new.py", "sub/other.py"]
    assert found["a.py"].endswith("-x\n+y\n") and "not tracked" in found["new.py"]
    assert sections("") == {}


def test_lines_that_look_like_a_head_are_no_section() -> None:
    assert list(sections("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n+diff --git a/b b/b\n")) == ["a"]
