"""Names that a change takes away: out of whole texts and out of a diff; and who still uses them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from signoff.context.removed import mentions, parts_of, removed_names, sentences, used_names
from signoff.core.diff import unified
from signoff.indexer_removed import still_used, users_of
from support.indexing import indexed

BEFORE = '''"""A module."""

LIMIT = 10


class Parser:
    def feed(self, data):
        return data

    def close(self):
        pass


def helper(one):
    return one
'''
AFTER = BEFORE.replace("def feed(", "def push(").replace("def helper(one):", "def helper(one, two=None):")


def test_what_is_renamed_or_deleted_is_removed() -> None:
    assert removed_names([("a.py", BEFORE, AFTER)]) == {"a.py": ("feed",)}
    assert removed_names([("a.py", BEFORE, "")]) == {"a.py": ("LIMIT", "Parser", "close", "feed", "helper")}
    assert removed_names([("a.py", "", BEFORE)]) == {} == removed_names([])
    assert removed_names([("a.py", BEFORE, BEFORE)]) == {}


def test_what_moves_to_another_file_is_not() -> None:
    moved = "def helper(one):\n    return one\n"
    assert removed_names([("a.py", BEFORE, BEFORE.replace(moved, "")), ("b.py", "", moved)]) == {}


def test_headings_keys_and_short_names_are_no_names_of_code() -> None:
    parts = [("a.md", "# Heading\n", "text\n"), ("a.json", '{"key": 1}', "{}"), ("a.py", "def f():\n    pass\n", "")]
    assert removed_names(parts) == {}


def test_a_diff_tells_it_too() -> None:
    diff = unified(BEFORE, AFTER, "a.py")
    assert removed_names(parts_of(diff)) == {"a.py": ("feed",)}
    git = f"diff --git a/a.py b/a.py\nindex 123..456 100644\n{diff}"
    gone = "diff --git a/x/b.py b/x/b.py\ndeleted file mode 100644\n--- a/x/b.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n"
    gone += "-def gone():\n-    pass\n"
    assert removed_names(parts_of(git + gone)) == {"a.py": ("feed",), "x/b.py": ("gone",)}


def test_lines_that_look_like_the_heads_of_files() -> None:
    diff = "--- a/a.sql\n+++ b/a.sql\n@@ -1,3 +1,3 @@\n one\n--- a/b.py\n+++ b/c.py\n two\n"
    assert list(parts_of(diff)) == [("a.sql", "one\n-- a/b.py\ntwo\n", "one\n++ b/c.py\ntwo\n")]


@pytest.mark.parametrize(
    ("path", "old", "name"),
    [
        ("a.go", "func Removed(x int) int {\n\treturn x\n}\n", "Removed"),
        ("a.ts", "export function removed(x: number) {\n  return x;\n}\n", "removed"),
        ("a.rs", "pub fn removed(x: u8) -> u8 {\n    x\n}\n", "removed"),
        ("a.java", "class Removed {\n    void gone() {}\n}\n", "Removed"),
        ("a.c", "int removed(int x) {\n    return x;\n}\n", "removed"),
    ],
)
def test_in_every_language(path: str, old: str, name: str) -> None:
    assert name in removed_names(parts_of(unified(old, "\n", path)))[path]


def test_it_never_raises() -> None:
    chance = random.Random(5)
    diff = unified(BEFORE, AFTER, "a.py") + unified("function x() {}\n", "", "b.ts")
    for _ in range(300):
        cut = "".join(chance.sample(diff.splitlines(keepends=True), chance.randrange(len(diff.splitlines()))))
        removed_names(parts_of(cut + diff[chance.randrange(len(diff)) :]))
    assert list(parts_of("")) == [] == list(parts_of("\0\ud800\n@@ -1,x +1 @@\n"))


def test_which_texts_mean_the_name() -> None:
    home = "src/reader.py"
    assert mentions("parse_line(x)", "cli.py", "parse_line", home)
    assert mentions("import reader\nreader.read(x)", "cli.py", "read", home)
    assert mentions("from reader import Feed\nFeed().read(x)", "cli.py", "read", home)
    assert not mentions("open(path).read()", "cli.py", "read", home)
    assert not mentions("open(path).read()", home, "read", home)
    assert mentions("self.read()", home, "read", home)
    assert not mentions("reader.reading(x)", "cli.py", "read", home)


def test_what_a_text_uses() -> None:
    assert used_names("a.py", "print(helper(feed))\n", {"helper", "feed", "other"}) == ("feed", "helper")


def test_many_names_and_many_files_are_counted() -> None:
    assert sentences("a.py", {"helper": ["b.py", "c.py"]}) == (
        "`helper` was removed from a.py and is still used in b.py, c.py."
    )
    said = sentences("a.py", {f"name{n}": [f"f{at}.py" for at in range(20)] for n in range(20)})
    assert "f7.py and 12 more files." in said and said.endswith("So are 8 more names of a.py.")


FILES: dict[str, str | bytes] = {
    "shop/prices.py": "def gross_price(net):\n    return net * 1.2\n\n\ndef get(key):\n    return TABLE[key]\n",
    "shop/cart.py": "from .prices import gross_price\n\n\ndef total(items):\n    return sum(map(gross_price, items))\n",
    "shop/report.py": "from shop import prices\n\n\ndef line():\n    return prices.gross_price(1) + prices.get(1)\n",
}


def test_a_name_that_is_gone_is_still_used_by(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        assert users_of(made.index, ["gross_price"], {}) == {}
        renamed = str(FILES["shop/prices.py"]).replace("gross_price", "with_tax")
        made.live.buffer("shop/prices.py", renamed)
        both = {"gross_price": ["shop/cart.py", "shop/report.py"]}
        assert users_of(made.index, ["gross_price", "nobody"], {}) == both
        assert still_used(made.index, ({"shop/prices.py": ["gross_price", "nobody"]}, {})) == {"shop/prices.py": both}
        made.change({"shop/cart.py": "from .prices import with_tax\n"})
        assert users_of(made.index, ["gross_price"], {}) == {"gross_price": ["shop/report.py"]}


def test_what_the_index_has_not_heard_yet_counts(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        known = {"shop/prices.py": (), "shop/cart.py": (), "shop/new.py": ("gross_price",)}
        assert users_of(made.index, ["gross_price"], known) == {"gross_price": ["shop/new.py", "shop/report.py"]}
        assert users_of(made.index, ["gross_price"], {"shop/cart.py": ()}) == {}, "it is defined elsewhere still"


def test_a_name_that_very_many_use_means_something_else_as_well(tmp_path: Path) -> None:
    with indexed(tmp_path, {f"f{n}.py": "print(common_name, rare_name if 0 else 1)\n" for n in range(31)}) as made:
        made.change({"f0.py": "print(common_name)\n"})
        users = users_of(made.index, ["common_name", "rare_name"], {})
        assert "common_name" not in users and len(users["rare_name"]) == 30
