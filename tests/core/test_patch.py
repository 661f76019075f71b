"""Patches as models write them, right and wrong: what becomes of the files, or what the model is told."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signoff.core.diff import unified
from signoff.core.fileops import PatchError
from signoff.core.hunks import FileChange
from signoff.core.patch import Add, Delete, Update, parse_unified, parse_v4a, resolve, resolve_edits, resolve_patch
from signoff.core.text import split_lines

APP = '''\
import os


class Reader:
    def open(self):
        """Open it."""
        return self.path

    def close(self):
        return None


class Writer:
    def open(self):
        return self.path

    def close(self):
        return None
'''

# What a case expects: the files afterwards that differ (None: gone), or words that the message must hold.
Expected = dict[str, str | None] | tuple[str, ...]


def outcome(result: tuple[FileChange, ...] | PatchError) -> dict[str, str | None] | str:
    if isinstance(result, PatchError):
        return result.message
    after: dict[str, str | None] = {change.path: None if change.to else change.after for change in result}
    return after | {change.to: change.after for change in result if change.to}


def check(files: dict[str, str], patch: str, expected: Expected) -> None:
    found = outcome(resolve_patch(patch, files.get))
    if isinstance(expected, dict):
        assert found == expected
    else:
        assert isinstance(found, str), found
        assert [words for words in expected if words not in found] == [], found


def update(*lines: str, path: str = "a.py") -> str:
    return "\n".join(["*** Begin Patch", f"*** Update File: {path}", *lines, "*** End Patch"])


def app(old: str, new: str) -> dict[str, str | None]:
    assert APP.count(old) == 1
    return {"a.py": APP.replace(old, new)}


HELLO = "def hello():\n    print('hi')\n"

V4A: dict[str, tuple[dict[str, str], str, Expected]] = {
    # The format as it is meant.
    "one line": ({"a.py": APP}, update("@@", "-import os", "+import sys"), app("import os", "import sys")),
    "no header at all": ({"a.py": APP}, update("-import os", "+import sys"), app("import os", "import sys")),
    "context around": (
        {"a.py": APP},
        update("@@", ' """Open it."""'.replace(" ", "         ", 1), "-        return self.path", "+        return 1"),
        app('it."""\n        return self.path', 'it."""\n        return 1'),
    ),
    "stacked headers": (
        {"a.py": APP},
        update("@@ class Writer:", "@@     def close(self):", "-        return None", "+        return 1"),
        {"a.py": APP.removesuffix("None\n") + "1\n"},
    ),
    "header without its colon and indentation": (
        {"a.py": APP},
        update("@@ class Writer", "@@ def close", "-        return None", "+        return 1"),
        {"a.py": APP.removesuffix("None\n") + "1\n"},
    ),
    "header repeated as context": (
        {"a.py": APP},
        update("@@ class Reader:", " class Reader:", "+    size = 1", "     def open(self):"),
        app("class Reader:\n", "class Reader:\n    size = 1\n"),
    ),
    "a block ends where the indentation does": (
        {"a.py": APP},
        update("@@ class Reader:", "-        return None", "+        return 1"),
        app("return None\n\n\nclass", "return 1\n\n\nclass"),
    ),
    "closing brackets do not end a block": (
        {"a.c": "f(\n)\n{\n  x();\n}\ng()\n{\n  x();\n}\n"},
        update("@@ f(", "-  x();", "+  y();", path="a.c"),
        {"a.c": "f(\n)\n{\n  y();\n}\ng()\n{\n  x();\n}\n"},
    ),
    "several chunks": (
        {"a.py": APP},
        update("@@", "-import os", "+import io", "@@ class Writer:", "-    def open(self):", "+    def start(self):"),
        {"a.py": APP.replace("import os", "import io").replace("Writer:\n    def open", "Writer:\n    def start")},
    ),
    "the next chunk repeats the last one's context": (
        {"a": "1\n2\n3\n4\n5\n"},
        update(" 1", "-2", "+two", " 3", "@@", " 3", "-4", "+four", " 5", path="a"),
        {"a": "1\ntwo\n3\nfour\n5\n"},
    ),
    "end of file chooses the last": (
        {"a.py": APP},
        update("@@", "-        return None", "+        return 1", "*** End of File"),
        {"a.py": APP.removesuffix("None\n") + "1\n"},
    ),
    "end of file is only a help": (
        {"a.py": APP},
        update("@@", "-import os", "+import io", "*** End of File"),
        app("import os", "import io"),
    ),
    "append": ({"a": "1\n"}, update("+2", "*** End of File", path="a"), {"a": "1\n2\n"}),
    "append without a final newline": ({"a": "1"}, update("+2", "*** End of File", path="a"), {"a": "1\n2"}),
    "into an empty file": ({"a": ""}, update("+1", "+2", path="a"), {"a": "1\n2\n"}),
    "after a header": (
        {"a.py": APP},
        update("@@ class Writer:", "+    size = 1"),
        app("class Writer:\n", "class Writer:\n    size = 1\n"),
    ),
    "a chunk of context leads to the next": (
        {"a.py": APP},
        update(" class Writer:", "@@", "-        return None", "+        return 1"),
        {"a.py": APP.removesuffix("None\n") + "1\n"},
    ),
    "add, delete and move": (
        {"a.py": HELLO, "old": "x\n"},
        "*** Begin Patch\n*** Add File: new/b.txt\n+one\n+\n+two\n*** Delete File: old\n*** Update File: a.py\n"
        "*** Move to: c.py\n@@\n-    print('hi')\n+    print('ho')\n*** End Patch\n",
        {"new/b.txt": "one\n\ntwo\n", "old": None, "a.py": None, "c.py": HELLO.replace("hi", "ho")},
    ),
    "move only": ({"a.py": HELLO}, update("*** Move to: b.py"), {"a.py": None, "b.py": HELLO}),
    "move to itself": (
        {"a.py": HELLO},
        update("*** Move to: ./a.py", "-def hello():", "+def ho():"),
        {"a.py": HELLO.replace("hello", "ho")},
    ),
    "add an empty file": ({}, "*** Begin Patch\n*** Add File: a/__init__.py\n*** End Patch", {"a/__init__.py": ""}),
    "add over an empty file": ({"a": ""}, "*** Begin Patch\n*** Add File: a\n+1\n*** End Patch", {"a": "1\n"}),
    "one file in two sections": (
        {"a": "1\n2\n"},
        update("-1", "+one", "*** Update File: a", "-2", "+two", path="a"),
        {"a": "one\ntwo\n"},
    ),
    "deleted and added again": (
        {"a": "1\n"},
        "*** Begin Patch\n*** Delete File: a\n*** Add File: a\n+2\n*** End Patch",
        {"a": "2\n"},
    ),
    "added and then changed": (
        {},
        "*** Begin Patch\n*** Add File: a\n+1\n*** Update File: ./a\n-1\n+2\n*** End Patch",
        {"a": "2\n"},
    ),
    # What models wrap around it.
    "in a code fence": ({"a": "1\n"}, f"```diff\n{update('-1', '+2', path='a')}\n```\n", {"a": "2\n"}),
    "in a heredoc": (
        {"a": "1\n"},
        f"\n```\napply_patch <<'EOF'\n{update('-1', '+2', path='a')}\nEOF\n```",
        {"a": "2\n"},
    ),
    "in words": ({"a": "1\n"}, f"Here it is:\n\n{update('-1', '+2', path='a')}\n\nDone.", {"a": "2\n"}),
    "in CRLF": ({"a": "1\n"}, update("-1", "+2", path="a").replace("\n", "\r\n"), {"a": "2\n"}),
    "without Begin Patch": (
        {"a": "1\n"},
        update("-1", "+2", path="a").removeprefix("*** Begin Patch\n"),
        {"a": "2\n"},
    ),
    "two patches": (
        {"a": "1\n", "b": "1\n"},
        update("-1", "+2", path="a") + "\n" + update("-1", "+2", path="b"),
        {"a": "2\n", "b": "2\n"},
    ),
    "blank context lines without their space": (
        {"a": "1\n\n2\n"},
        update("@@", "", " 1", "", "-2", "+3", "", path="a"),
        {"a": "1\n\n3\n"},
    ),
    "blank lines between sections": (
        {"a": "1\n"},
        "*** Begin Patch\n\n*** Add File: b\n+x\n\n*** Delete File: a\n\n-1\n*** End Patch",
        {"a": None, "b": "x\n"},
    ),
    "end of file in an added file": (
        {},
        "*** Begin Patch\n*** Add File: b\n+x\n*** End of File\n*** End Patch",
        {"b": "x\n"},
    ),
    "line numbers in the header": (
        {"a": "1\n"},
        update("@@ -1,3 +1,3 @@", "-1", "+2", path="a"),
        {"a": "2\n"},
    ),
    "a right line number chooses": (
        {"a": "1\n1\n1\n"},
        update("@@ -2 +2 @@", "-1", "+2", path="a"),
        {"a": "1\n2\n1\n"},
    ),
    "dots in the header": ({"a": "1\n"}, update("@@ ... @@", "-1", "+2", path="a"), {"a": "2\n"}),
    "at signs after the header": (
        {"a.py": HELLO},
        update("@@ def hello(): @@", "-    print('hi')", "+    pass"),
        {"a.py": "def hello():\n    pass\n"},
    ),
    # Not quite the file's characters.
    "trailing white space": (
        {"a": "x = 1  \ny = 2\t\n"},
        update(" x = 1", "-y = 2", "+y = 3", path="a"),
        {"a": "x = 1  \ny = 3\n"},
    ),
    "other spacing": (
        {"a": "x = f( 1,2 )\ny = 2\n"},
        update(" x = f(1, 2)", "-y=2", "+y = 3", path="a"),
        {"a": "x = f( 1,2 )\ny = 3\n"},
    ),
    "plain punctuation": (
        {"a": "x = “a\u00a0–\u00a0b”\ny = ‘c’…\n"},
        update(' x = "a - b"', "-y = 'c'...", "+y = 'd'", path="a"),
        {"a": "x = “a\u00a0–\u00a0b”\ny = 'd'\n"},
    ),
    "smart quotes in the patch": (
        {"a": "x = 'a'\ny = \"b\"\n"},
        update(" x = ‘a’", "-y = “b”", "+y = 2", path="a"),
        {"a": "x = 'a'\ny = 2\n"},
    ),
    "too little indentation": (
        {"a.py": "class A:\n    def f(self):\n        return 1\n"},
        update("-def f(self):", "-    return 1", "+def g(self):", "+", "+    if x:", "+        return 2"),
        {"a.py": "class A:\n    def g(self):\n\n        if x:\n            return 2\n"},
    ),
    "too much indentation": (
        {"a.py": HELLO},
        update("     def hello():", "-        print('hi')", "+        if x:", "+            print('ho')"),
        {"a.py": "def hello():\n    if x:\n        print('ho')\n"},
    ),
    "spaces for tabs": (
        {"a.go": "func f() {\n\tg()\n}\n"},
        update(" func f() {", "-    g()", "+    if x {", "+        h()", "+    }", " }", path="a.go"),
        {"a.go": "func f() {\n\tif x {\n\t\th()\n\t}\n}\n"},
    ),
    "tabs for spaces": (
        {"a.py": HELLO},
        update(" def hello():", "-\tprint('hi')", "+\tif x:", "+\t\tprint('ho')"),
        {"a.py": "def hello():\n    if x:\n        print('ho')\n"},
    ),
    "another indentation, with lines that show it": (
        {"a": "a\n   b\n       c\n"},
        update(" a", "-  b", "+  B", "+    C", "-    c", path="a"),
        {"a": "a\n   B\n       C\n"},
    ),
    "another indentation, unclear": (
        {"a": "a\n   b\n       c\n"},
        update(" a", "-  b", "-    c", "+      d", path="a"),
        ("a, chunk 1", "how far to indent", "Copy the file's indentation"),
    ),
    # Line ends, byte order mark, final newline.
    "CRLF file": ({"a": "1\r\n2\r\n"}, update(" 1", "-2", "+3", "+4", path="a"), {"a": "1\r\n3\r\n4\r\n"}),
    "CR file": ({"a": "1\r2\r"}, update("-1", "+0", "+1", " 2", path="a"), {"a": "0\r1\r2\r"}),
    "mixed line ends": (
        {"a": "1\r\n2\n3\r\n"},
        update("-1", "-2", "+one", "+two", "+two and a half", " 3", path="a"),
        {"a": "one\r\ntwo\ntwo and a half\n3\r\n"},
    ),
    "line end of the line after": ({"a": "1\r\n"}, update("+0", " 1", path="a"), {"a": "0\r\n1\r\n"}),
    "line end of the line before": ({"a": "1\r\n2"}, update(" 1", "-2", "+3", "+4", path="a"), {"a": "1\r\n3\r\n4"}),
    "byte order mark": ({"a": "\ufeff1\n2\n"}, update("-1", "+one", path="a"), {"a": "\ufeffone\n2\n"}),
    "no final newline": ({"a": "1\n2"}, update(" 1", "-2", "+3", path="a"), {"a": "1\n3"}),
    "last line of no final newline deleted": ({"a": "1\n2"}, update(" 1", "-2", path="a"), {"a": "1"}),
    "everything deleted": ({"a": "1\n2"}, update("-1", "-2", path="a"), {"a": ""}),
    "form feed inside a line": ({"a": "1\x0c\u2028\n2\n"}, update("-2", "+3", path="a"), {"a": "1\x0c\u2028\n3\n"}),
    # Wrong in itself.
    "nothing": ({}, "", ("This is no patch", "*** Begin Patch")),
    "no patch": ({}, "print('hi')", ("This is no patch",)),
    "no file": ({}, "*** Begin Patch\n*** End Patch", ("names no file",)),
    "lines before a file": ({}, "*** Begin Patch\n@@\n-1\n*** End Patch", ("Line 2 belongs to no file",)),
    "cut off": (
        {"a": "1\n"},
        update("-1", "+2", path="a").removesuffix("*** End Patch"),
        ("no `*** End Patch`", "cut off", "send it whole"),
    ),
    "a section after the end": (
        {"a": "1\n"},
        update("-1", "+2", path="a") + "\n*** Delete File: b",
        ("Line 6 comes after `*** End Patch`: put `*** Delete File: b` before it",),
    ),
    "a line without a sign": (
        {"a.py": HELLO},
        update("@@", "def hello():", "-    print('hi')"),
        ("Line 4: 'def hello():' starts with none of", "needs one space before"),
    ),
    "an added line without its plus": (
        {},
        "*** Begin Patch\n*** Add File: a\n+1\n2\n*** End Patch",
        ("Line 4: every line of an added file must start with `+`: '2'",),
    ),
    "text after a deletion": (
        {"a": "1\n"},
        "*** Begin Patch\n*** Delete File: a\n+1\n*** End Patch",
        ("Line 3: nothing may follow",),
    ),
    "a move in the wrong place": (
        {"a": "1\n"},
        update("-1", "+2", "*** Move to: b", path="a"),
        ("Line 5: unknown or misplaced marker '*** Move to: b'",),
    ),
    # Wrong for these files.
    "not there": (
        {"a.py": APP},
        update("@@ class Reader:", "     def opened(self):", "-        return self.pth", "+        return 1"),
        (
            "a.py, chunk 1 (patch line 4): these lines are not in the file.",
            "most similar",
            "   14 |     def open(self):",
        ),
    ),
    "nothing similar": (
        {"a": "1\n"},
        update("-something else", "- ", "+2", path="a"),
        ("Nothing similar is in the file (1 lines)",),
    ),
    "many lines not there": (
        {"a": "1\n"},
        update(*(f"-line {n}" for n in range(20)), path="a"),
        ("line 7", "... (12 more)"),
    ),
    "with line numbers": (
        {"a.py": HELLO},
        update("-1 | def hello():", "-2 |     print('hi')", "+x"),
        ("seem to carry line numbers: leave those out", "    1 | def hello():"),
    ),
    "twice": (
        {"a.py": APP},
        update("@@", "     def open(self):", "+        self.n = 0"),
        ("a.py, chunk 1 (patch line 4)", "2 places, lines 5 and 14", "Add more unchanged lines", "`@@` line"),
    ),
    "very often": (
        {"a": "1\n" * 20},
        update("-1", "+2", path="a"),
        ("20 places, lines 1, 2, 3, 4, 5, 6, 7, 8 and more",),
    ),
    "twice at a looser level": ({"a": "x  y\nx y \n"}, update("-xy", "+z", path="a"), ("2 places, lines 1 and 2",)),
    "twice, and in none of the header's blocks": (
        {"a.py": APP},
        update("@@ import os", "-        return None", "+        return 1"),
        ("2 places, lines 10 and 18",),
    ),
    "added already": (
        {"a.py": HELLO},
        update(" def hello():", "-    print('ho')", "+    print('hi')"),
        ("the new ones are, at line 1: this change seems to be made already",),
    ),
    "header not there": (
        {"a.py": APP},
        update("@@ class Raeder:", "-import os", "+import io"),
        ("no line reads `class Raeder:` (after `@@`)", "    4 | class Reader:"),
    ),
    "header that begins another word": (
        {"a.py": HELLO},
        update("@@ def hell", "-    print('hi')", "+    pass"),
        ("no line reads `def hell`",),
    ),
    "headers in the wrong order": (
        {"a.py": APP},
        update("@@ class Writer:", "@@ import os", "+x"),
        ("no line reads `import os`",),
    ),
    "a header further down than the block": (
        {"a.py": APP},
        update("@@ import os", "@@ class Writer:", "+    size = 1"),
        app("class Writer:\n", "class Writer:\n    size = 1\n"),
    ),
    "before its header": (
        {"a.py": APP},
        update("@@ class Writer:", "-import os", "+import io"),
        ("its lines stand at line 1", "after `@@ class Writer:`"),
    ),
    "chunks out of order": (
        {"a": "1\n2\n3\n"},
        update("-3", "+three", "@@", "-1", "+one", path="a"),
        ("a, chunk 2 (patch line 6): its lines stand at line 1", "Put the chunks in the file's order"),
    ),
    "a chunk that quotes what the last one changed": (
        {"a": "1\n2\n3\n4\n1\n2\n3\n"},
        update("-1", "+one", " 2", " 3", " 4", "@@", " 1", " 2", "-3", "+three", path="a"),
        ("a, chunk 2 (patch line 9): it quotes lines that the chunk before it changes. Join the two chunks",),
    ),
    "a header that stands everywhere": (
        {"a": "}\n" * 101},
        update("@@ }", "+x", path="a"),
        ("a, chunk 1 (patch line 4): `}` (after `@@`) stands on 101 lines. Name the enclosing class or function",),
    ),
    "additions out of order": (
        {"a.py": APP},
        update("@@ class Writer:", "-    def open(self):", "+    def start(self):", "@@ import os", "+import io"),
        ("chunk 2", "its lines stand at line 1", "after `@@ import os`"),
    ),
    "only additions": (
        {"a.py": APP},
        update("@@", "+import io"),
        ("a.py, chunk 1 (patch line 4): it only adds lines and does not say where", "*** End of File"),
    ),
    "additions after a header that stands twice": (
        {"a.py": APP},
        update("@@ def open(self):", "+        x"),
        ("`@@ def open(self):`: these lines stand at 2 places, lines 5 and 14",),
    ),
    "update of a missing file": ({}, update("-1", "+2"), ("a.py does not exist", "*** Add File: a.py")),
    "add of an existing file": (
        {"a": "1\n"},
        "*** Begin Patch\n*** Add File: a\n+2\n*** End Patch",
        ("a exists already", "*** Update File: a"),
    ),
    "add of an empty file that is there": (
        {"a": ""},
        "*** Begin Patch\n*** Add File: a\n*** End Patch",
        ("a: the patch leaves it as it is",),
    ),
    "delete of a missing file": (
        {},
        "*** Begin Patch\n*** Delete File: a\n*** End Patch",
        ("a cannot be deleted: it does not exist",),
    ),
    "added and deleted": (
        {},
        "*** Begin Patch\n*** Add File: a\n+1\n*** Delete File: a\n*** End Patch",
        ("a: the patch leaves it as it is",),
    ),
    "move onto an existing file": (
        {"a.py": HELLO, "b.py": ""},
        update("*** Move to: b.py"),
        ("a.py cannot be moved to b.py: that file exists",),
    ),
    "move onto a deleted file": (
        {"a.py": HELLO, "b.py": ""},
        "*** Begin Patch\n*** Delete File: b.py\n*** Update File: a.py\n*** Move to: b.py\n*** End Patch",
        ("a.py cannot be moved to b.py: that file exists already, or the patch changes it",),
    ),
    "move of an added file": (
        {},
        "*** Begin Patch\n*** Add File: a\n+1\n*** Update File: a\n*** Move to: b\n*** End Patch",
        ("a is added in this patch: add it as b at once",),
    ),
    "change after a move": (
        {"a.py": HELLO},
        update("*** Move to: b.py", "*** Update File: b.py", "-def hello():", "+def ho():"),
        ("b.py is renamed in this patch",),
    ),
    "nothing to update": ({"a": "1\n"}, update(path="a"), ("a: the patch names it and changes nothing in it",)),
    "no change": ({"a": "1\n"}, update("-1", "+1", path="a"), ("a: the patch leaves it as it is",)),
    "all or nothing": (
        {"a": "1\n", "b": "1\n"},
        "*** Begin Patch\n*** Update File: a\n-1\n+2\n*** Update File: b\n-2\n+3\n*** End Patch",
        ("b, chunk 1", "these lines are not in the file"),
    ),
}


@pytest.mark.parametrize(("files", "patch", "expected"), V4A.values(), ids=V4A.keys())
def test_v4a(files: dict[str, str], patch: str, expected: Expected) -> None:
    check(files, patch, expected)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "the path is absolute"),
        ("~/x", "the path is absolute"),
        ("C:/x", "the path is absolute"),
        ("../x", "the path holds `..`"),
        ("a/../../x", "the path holds `..`"),
        ("", "the path is empty"),
        ("a\\b", "the path holds a backslash"),
        ("a\x00b", "the path holds a control character"),
        ("src/", "the path names a folder"),
        ("src/.", "the path names a folder"),
        (".git/config", "git's own folder"),
        ("sub/.GIT/hooks/x", "git's own folder"),
        (".git", "git's own folder"),
        (".git . /x", "git's own folder"),
        (".gi\u200ct/x", "git's own folder"),
        ("GIT~1/x", "git's own folder"),
        (".git::$INDEX_ALLOCATION/x", "git's own folder"),
    ],
)
def test_paths_that_may_not_be_touched(path: str, why: str) -> None:
    for op in (Add(path, "1\n"), Delete(path), Update("a", (), path)):
        error = resolve([op], {"a": "1\n"}.get)
        assert isinstance(error, PatchError)
        assert why in error.message
        assert "Use a path relative to the workspace" in error.message
        assert error.path == path
    assert isinstance(resolve_edits(path, [("", "1")], {}.get), PatchError)


def test_paths_are_written_one_way() -> None:
    assert outcome(resolve([Add("./a//b/./c.py", "1\n")], {}.get)) == {"a/b/c.py": "1\n"}
    assert outcome(resolve([Add(".gitignore", "1\n"), Add("…/.github/x", "")], {}.get)) == {
        ".gitignore": "1\n",
        "…/.github/x": "",
    }


def test_kinds_of_changes() -> None:
    files = {"a": "1\n", "b": "2\n", "c": "3\n"}
    patch = (
        "*** Begin Patch\n*** Update File: a\n-1\n+one\n*** Delete File: b\n*** Update File: c\n*** Move to: d\n"
        "*** Add File: e\n+5\n*** End Patch"
    )
    assert resolve_patch(patch, files.get) == (
        FileChange("a", "update", "1\n", "one\n"),
        FileChange("b", "delete", "2\n", None),
        FileChange("c", "rename", "3\n", "3\n", "d"),
        FileChange("e", "create", None, "5\n"),
    )


def git(*lines: str) -> str:
    return "\n".join(lines) + "\n"


UNIFIED: dict[str, tuple[dict[str, str], str, Expected]] = {
    "plain": ({"a": "1\n2\n"}, git("--- a/a", "+++ b/a", "@@ -1,2 +1,2 @@", "-1", "+one", " 2"), {"a": "one\n2\n"}),
    "without a/ and b/, with times": (
        {"a/x": "1\n"},
        git("--- a/x\t2026-01-01 00:00", "+++ a/x\t2026-01-01 00:01", "@@ -1 +1 @@", "-1", "+2"),
        {"a/x": "2\n"},
    ),
    "git's headers": (
        {"a": "1\n", "b": "1\n"},
        git(
            *("diff --git a/a b/a", "index 1..2 100644", "--- a/a", "+++ b/a", "@@ -1 +1 @@", "-1", "+2"),
            *("diff --git a/b b/b", "index 1..2 100644", "--- a/b", "+++ b/b", "@@ -1 +1 @@", "-1", "+3"),
        ),
        {"a": "2\n", "b": "3\n"},
    ),
    "two files without git's headers": (
        {"a": "1\n", "b": "1\n"},
        git("--- a/a", "+++ b/a", "@@ -1 +1 @@", "-1", "+2", "--- a/b", "+++ b/b", "@@ -1 +1 @@", "-1", "+3"),
        {"a": "2\n", "b": "3\n"},
    ),
    "new file": (
        {},
        git("diff --git a/n b/n", "new file mode 100644", "--- /dev/null", "+++ b/n", "@@ -0,0 +1,2 @@", "+1", "+2"),
        {"n": "1\n2\n"},
    ),
    "new file without a final newline": (
        {},
        git("--- /dev/null", "+++ b/n", "@@ -0,0 +1 @@", "+1", "\\ No newline at end of file"),
        {"n": "1"},
    ),
    "new empty file": ({}, git("diff --git a/n b/n", "new file mode 100644", "index 0..e"), {"n": ""}),
    "deleted file": (
        {"a": "1\n"},
        git("diff --git a/a b/a", "deleted file mode 100644", "--- a/a", "+++ /dev/null", "@@ -1 +0,0 @@", "-1"),
        {"a": None},
    ),
    "deleted empty file": ({"a": ""}, git("diff --git a/a b/a", "deleted file mode 100644"), {"a": None}),
    "rename": (
        {"a": "1\n"},
        git("diff --git a/a b/b", "similarity index 100%", "rename from a", "rename to b"),
        {"a": None, "b": "1\n"},
    ),
    "quoted path": (
        {"é\t.py": "1\n"},
        git('diff --git "a/\\303\\251\\t.py" "b/\\303\\251\\t.py"', "deleted file mode 100644"),
        ("the path holds a control character",),
    ),
    "quoted path of a plain diff": (
        {"é x": "1\n"},
        git('--- "a/\\303\\251 x"', '+++ "b/\\303\\251 x"', "@@ -1 +1 @@", "-1", "+2"),
        {"é x": "2\n"},
    ),
    "final newline added": (
        {"a": "1"},
        git("--- a/a", "+++ b/a", "@@ -1 +1 @@", "-1", "\\ No newline at end of file", "+1"),
        {"a": "1\n"},
    ),
    "final newline taken away": (
        {"a": "1\n"},
        git("--- a/a", "+++ b/a", "@@ -1 +1 @@", "-1", "+1", "\\ No newline at end of file"),
        {"a": "1"},
    ),
    "final newline still missing": (
        {"a": "1\n2"},
        git("--- a/a", "+++ b/a", "@@ -1,2 +1,2 @@", "-1", "+one", " 2", "\\ No newline at end of file"),
        {"a": "one\n2"},
    ),
    "the note first": (
        {"a": "1\n"},
        git("--- a/a", "+++ b/a", "@@ -1 +1 @@", "\\ No newline at end of file", "-1", "+2"),
        {"a": "2\n"},
    ),
    "the line number chooses between equal places": (
        {"a": "x\ny\nx\ny\n"},
        git("--- a/a", "+++ b/a", "@@ -3,2 +3,2 @@", "-x", "+z", " y"),
        {"a": "x\ny\nz\ny\n"},
    ),
    "a wrong line number does not": (
        {"a": "x\ny\nx\ny\n"},
        git("--- a/a", "+++ b/a", "@@ -2,2 +2,2 @@", "-x", "+z", " y"),
        ("2 places, lines 1 and 3",),
    ),
    "no context at all": (
        {"a": "1\n"},
        git("--- a/a", "+++ b/a", "@@ -1,0 +2 @@", "+2"),
        ("it only adds lines and does not say where",),
    ),
    "removed line that looks like a header": (
        {"a": "-- x\n1\n"},
        git("--- a/a", "+++ b/a", "@@ -1,2 +1 @@", "--- x", " 1"),
        {"a": "1\n"},
    ),
    "removed and added lines that look like headers": (
        {"a": "-- x\n1\n"},
        git("--- a/a", "+++ b/a", "@@ -1,2 +1,2 @@", "--- x", "+++ y", " 1"),
        {"a": "++ y\n1\n"},
    ),
    "counts that are too high": (
        {"a": "1\n", "b": "1\n"},
        git("--- a/a", "+++ b/a", "@@ -1,9 +1,9 @@", "-1", "+2", "--- a/b", "+++ b/b", "@@ -1 +1 @@", "-1", "+3"),
        {"a": "2\n", "b": "3\n"},
    ),
    "in words and a fence": (
        {"a": "1\n"},
        "```diff\nHere:\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n```",
        {"a": "2\n"},
    ),
    "copy": ({}, git("diff --git a/a b/b", "copy from a", "copy to b"), ("Line 2: 'copy from a'", "cannot be patched")),
    "binary": ({}, git("diff --git a/a b/a", "Binary files a/a and b/a differ"), ("binary files cannot be patched",)),
    "from nothing to nothing": ({}, git("--- /dev/null", "+++ /dev/null"), ("one side must name a file",)),
    "a change of mode only": (
        {"a": "1\n"},
        git("diff --git a/a b/a", "old mode 100644", "new mode 100755"),
        ("changes nothing in it",),
    ),
}


@pytest.mark.parametrize(("files", "patch", "expected"), UNIFIED.values(), ids=UNIFIED.keys())
def test_unified(files: dict[str, str], patch: str, expected: Expected) -> None:
    check(files, patch, expected)


def test_a_unified_diff_without_files_is_refused() -> None:
    error = parse_unified("@@ -1 +1 @@\n-1\n+2\n")
    assert isinstance(error, PatchError)
    assert "names no file" in error.message


EDITS: dict[str, tuple[str | None, list[tuple[str, str]], str | tuple[str, ...]]] = {
    "inside a line": ("x = 10\n", [("10", "20")], "x = 20\n"),
    "across lines": ("1\n2\n3\n", [("1\n2", "12")], "12\n3\n"),
    "several in order": ("1\n2\n", [("1", "2a"), ("2a\n2", "x")], "x\n"),
    "newlines of the pair stand for any": ("1\r\n2\r\n", [("1\n2\n", "1\n3\n4\n")], "1\r\n3\r\n4\r\n"),
    "line end before the place": ("1\r2", [("2", "2\n3")], "1\r2\r3"),
    "no line end anywhere": ("1", [("1", "1\n2")], "1\n2"),
    "a backslash is a backslash": ("a\n", [("a", "\\1\\n")], "\\1\\n\n"),
    "half a CRLF is none": ("a\r\n\nb", [("\nb", "c")], "a\r\nc"),
    "create": (None, [("", "1\n")], "1\n"),
    "fill an empty file": ("", [("", "1\n")], "1\n"),
    "create and change": (None, [("", "1\n"), ("1", "2")], "2\n"),
    "other spacing": (
        "def f( a ):\n    x  = 1\n    return a\n",
        [("def f(a):\n    x = 1\n    return a\n", "def f(a):\n    y = 1\n    return a\n")],
        "def f( a ):\n    y = 1\n    return a\n",
    ),
    "missing indentation": (
        "class A:\n    def f(self):\n        return 1\n",
        [("def f(self):\n    return 1\n", "def f(self):\n    if x:\n        return 1\n    return 2\n")],
        "class A:\n    def f(self):\n        if x:\n            return 1\n        return 2\n",
    ),
    "no final newline": ("1\n2", [("2\n", "3\n")], "1\n3"),
    "no edits": ("1\n", [], ("a: no edits were given",)),
    "equal": ("1\n", [("1", "1")], ("a: `old` and `new` are equal",)),
    "create what is there": ("1\n", [("", "2\n")], ("a exists and is not empty", "quote the lines to replace")),
    "change what is not there": (None, [("1", "2")], ("a does not exist", "leave `old` empty")),
    "twice": ("1\n2\n1\n", [("1", "2")], ("a, `old`: these lines stand at 2 places, lines 1 and 3",)),
    "overlapping itself": ("aaa\n", [("aa", "b")], ("2 places",)),
    "not there": ("def hello():\n", [("def hallo():", "x")], ("these lines are not in the file", "1 | def hello():")),
    "second not there": ("1\n", [("1", "2"), ("1", "3")], ("a, `old` of edit 2 of 2: these lines are not in",)),
    "changes that cancel out": ("1\n", [("1", "2"), ("2", "1")], ("a: the patch leaves it as it is",)),
}


@pytest.mark.parametrize(("text", "edits", "expected"), EDITS.values(), ids=EDITS.keys())
def test_edits(text: str | None, edits: list[tuple[str, str]], expected: str | tuple[str, ...]) -> None:
    found = resolve_edits("./a", edits, {"a": text}.get)
    if isinstance(expected, str):
        assert found == (FileChange("a", "create" if text is None else "update", text, expected),)
    else:
        assert isinstance(found, PatchError), found
        assert found.path == "a"
        assert [words for words in expected if words not in found.message] == [], found.message


def test_messages_stay_short() -> None:
    long = "x" * 5_000
    for result in (
        parse_v4a(update(long)),
        resolve_patch(update(*[f"-{long}{n}" for n in range(50)]), {"a.py": f"{long}\n" * 50}.get),
        resolve([Delete(f"/{long}")], {}.get),
    ):
        assert isinstance(result, PatchError)
        assert len(result.message) < 3_500


documents = st.lists(st.sampled_from(["", "a", "  a", "b c", "bc", "d", "-- e", "++ f"]), max_size=9).flatmap(
    lambda lines: st.sampled_from(["", "\n"]).map(lambda end: "\n".join(lines) + end)
)


@given(documents, documents, st.sampled_from(["\n", "\r\n", "\r"]))
def test_our_own_diff_leads_to_the_other_text_or_is_refused(before: str, after: str, end: str) -> None:
    assume(before != after)
    before, after = before.replace("\n", end), after.replace("\n", end)
    # A diff does not say which line ends it means: the file must show some.
    assume(end == "\n" or end in before)
    result = resolve_patch(unified(before, after, "f"), {"f": before}.get)
    if isinstance(result, PatchError):
        assert "does not say where" in result.message
    else:
        assert result == (FileChange("f", "update", before, after),)


@given(documents, st.data())
def test_a_replacement_found_once_is_made_there_and_nowhere_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    old = text[start : data.draw(st.integers(start, len(text)))]
    result = resolve_edits("f", [(old, "NEW")], {"f": text}.get)
    starts = [n for n in range(len(text)) if text.startswith(old, n)]
    if old and len(starts) == 1:
        assert outcome(result) == {"f": text[:start] + "NEW" + text[start + len(old) :]}
    elif old:
        assert isinstance(result, PatchError)


@given(st.text("*@+- \n\r\\ab`", max_size=60), documents)
def test_any_words_between_the_markers_are_answered_not_raised(words: str, text: str) -> None:
    for patch in (words, update(words), update(*words.split("\n"), path="f"), f"--- a/f\n+++ b/f\n{words}"):
        result = resolve_patch(patch, {"f": text}.get)
        if isinstance(result, tuple):
            assert all(one != other for one, other in pairwise(result))
            assert all(split_lines(change.after or "") is not None for change in result)
