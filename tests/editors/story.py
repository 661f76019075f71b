"""One story that every editor is to tell: a task from the code under the cursor to files on disk.

Five hunks in three files: three in a file that is open and not saved, one in a file that is not open, one new file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from editors.harness import until
from endpoint.server import Call, Endpoint, Script, Turn

PARSE = '''"""Reads measurements. 😀"""


def number(text):
    return float(text)


def unit(text):
    return text[-2:]  # 😀 the last two


def parse(line):
    value, name = line.split()
    return number(value), unit(name)
'''
REPORT = 'def report(pairs):\n    return ", ".join(f"{value} {name}" for value, name in pairs)\n'
ERRORS = 'class BadLine(ValueError):\n    """A line that is no measurement."""\n'
TYPED = "# signoff: take commas, and points 😀\n"

NUMBER = ("    return float(text)\n", '    return float(text.replace(",", "."))\n')
UNIT = ("    return text[-2:]  # 😀 the last two\n", "    return text.strip()[-2:]  # 😀 the last two\n")
SPLIT = ("    value, name = line.split()\n", "    value, name = line.split(maxsplit=1)\n")
REVISED = ("    value, name = line.split()\n", "    value, name = line.split(None, 1)\n")
JOIN = ('    return ", ".join(', '    return "; ".join(')
AMENDED = "    return text.strip()[-2:].lower()  # 😀 the last two\n"

View = dict[str, Any]


class Editor(Protocol):
    """What the story needs of an editor; see `editors.harness.RealEditor`."""

    def uri(self, path: str) -> str: ...
    async def open(self, path: str) -> None: ...
    async def text(self, path: str) -> str: ...
    async def fresh(self, path: str) -> str: ...
    async def diagnostics(self, path: str) -> list[dict[str, Any]]: ...
    async def actions(self, path: str, line: int) -> list[str]: ...
    async def act(self, path: str, line: int, title: str) -> None: ...
    async def hover(self, path: str, line: int) -> str | None: ...
    async def command(self, name: str, **argument: Any) -> Any: ...
    async def type(self, path: str, line: int, column: int, text: str) -> None: ...
    async def erase(self, path: str, line: int) -> None: ...
    async def undo(self, path: str) -> None: ...
    async def redo(self, path: str) -> None: ...
    async def save(self, path: str) -> None: ...
    async def kill_server(self) -> None: ...
    async def restart(self) -> None: ...


def edits(path: str, *pairs: tuple[str, str]) -> Call:
    """A call of `edit_file`."""
    return Call("edit_file", {"path": path, "edits": [{"old": old, "new": new} for old, new in pairs]})


SCRIPT = Script(
    [
        Turn(
            Call("update_plan", {"steps": [{"text": "Accept commas"}, {"text": "Rename all"}, {"text": "Add errors"}]})
        ),
        Turn(
            edits("app/parse.py", NUMBER, UNIT, SPLIT),
            edits("app/report.py", JOIN),
            edits("app/errors.py", ("", ERRORS)),
        ),
        Turn(Call("finish", {"summary": "Done."})),
        Turn(edits("app/parse.py", REVISED)),
        Turn(Call("finish", {"summary": "Done, without keywords."})),
    ],
    select="state",
    exhausted=Turn(Call("finish", {"summary": "Done."})),
)


def furnish(workspace: Path) -> None:
    """The files that the story starts with, in a git repository."""
    (workspace / "app").mkdir(parents=True)
    (workspace / ".git").mkdir()
    (workspace / "app" / "parse.py").write_text(PARSE, encoding="utf-8")
    (workspace / "app" / "report.py").write_text(REPORT, encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """The line that has `part`, from 0."""
    return next(number for number, line in enumerate(text.splitlines()) if part.rstrip("\n") in line)


class Story:
    """The story as told in one editor. Each method is one thing that the user does, and what is seen then."""

    def __init__(self, editor: Editor, endpoint: Endpoint, workspace: Path) -> None:
        self.editor, self.endpoint, self.workspace = editor, endpoint, workspace
        self.session, self.page = "", ""

    async def view(self, wanted: Callable[[View], bool] = lambda view: True) -> View:
        """The session's view once `wanted` holds."""
        return await until(lambda: self.editor.command("showSession", session=self.session), wanted)

    async def hunks(self, **wanted: str) -> dict[str, dict[str, Any]]:
        """The hunks by name once those that are named have the status."""
        names = {NUMBER[1]: "number", UNIT[1]: "unit", AMENDED: "unit", SPLIT[1]: "split", REVISED[1]: "revised"}

        def named(view: View) -> dict[str, dict[str, Any]]:
            return {names.get(h["after"], Path(h["uri"]).stem): h for h in view["hunks"]}

        def held(view: View) -> bool:
            found = {name: hunk["status"] for name, hunk in named(view).items()}
            return found.items() >= wanted.items()

        return named(await self.view(held))

    async def line(self, part: str, path: str = "app/parse.py") -> int:
        """The line of the buffer that has `part`."""
        return line_of(await self.editor.text(path), part)

    async def shown(self, wanted: Callable[[list[str]], bool], path: str = "app/parse.py") -> list[dict[str, Any]]:
        """Our diagnostics of the file once their codes are as wanted."""
        return await until(
            lambda: self.editor.diagnostics(path), lambda found: wanted([each["code"] for each in found])
        )

    async def asks_for_it(self) -> None:
        """Types a comment that asks for work, and picks the action that it gets."""
        await self.editor.open("app/parse.py")
        await self.editor.type("app/parse.py", 2, 0, TYPED.rstrip("\n"))
        await self.picks("app/parse.py", 2, "Do what this comment says")
        (plan,) = await self.shown(lambda codes: codes == ["plan"])
        self.session = plan["data"]["session"]

    async def edits_the_plan_and_approves(self) -> None:
        """The plan stands where the task started, and in the session document as a list to edit and approve."""
        (plan,) = await self.shown(lambda codes: codes == ["plan"])
        assert plan["line"] == 2 and "1. Accept commas" in plan["message"], plan
        offered = await self.editor.actions("app/parse.py", 2)
        assert {"Signoff: Approve plan", "Signoff: Reject plan"} <= set(offered), offered
        await self.opens_the_session()
        first = await self.line("1. [ ] Accept commas", self.page)
        await self.editor.type(self.page, first, len("1. [ ] Accept commas"), " and points")
        await self.editor.erase(self.page, first + 1)
        await self.picks(self.page, first, "Approve plan as edited")
        view = await self.view(lambda view: len(view["hunks"]) == 5 and view["phase"] == "waiting")
        assert [step["text"] for step in view["plan"]["steps"]] == ["Accept commas and points", "Add errors"]

    async def opens_the_session(self) -> None:
        """From its action: the document is on disk, and opened."""
        await self.editor.act("app/parse.py", 2, "Open session")
        self.page = f".signoff/sessions/{self.session}.md"
        await until(self._page_is_there, bool)
        await self.editor.open(self.page)

    async def _page_is_there(self) -> bool:
        return (self.workspace / self.page).exists()

    async def picks(self, path: str, line: int, title: str) -> None:
        """Runs an action as soon as it is offered."""
        await until(lambda: self.editor.actions(path, line), lambda found: f"Signoff: {title}" in found)
        await self.editor.act(path, line, title)

    async def sees_five_hunks(self) -> None:
        """Each is a diagnostic at its place, with its diff on hover."""
        found = await until(
            lambda: self.editor.diagnostics("app/parse.py"),
            lambda found: [each["message"][:4] for each in found] == ["1/5 ", "2/5 ", "3/5 "],
        )
        text = await self.editor.text("app/parse.py")
        assert [each["line"] for each in found] == [line_of(text, part[0]) for part in (NUMBER, UNIT, SPLIT)]
        told = await self.editor.hover("app/parse.py", found[1]["line"])
        assert told is not None and "+    return text.strip()[-2:]  # 😀 the last two" in told, told
        assert text == PARSE.replace("\n\n\n", f"\n\n{TYPED}", 1), "nothing changes before it is approved"

    async def approves_one(self) -> None:
        """From its action: the edit is in the buffer, the file is as it was."""
        await self.editor.act("app/parse.py", await self.line("float(text)"), "Approve hunk")
        await self.hunks(number="applied")
        assert NUMBER[1] in await self.editor.text("app/parse.py")
        assert (self.workspace / "app/parse.py").read_text(encoding="utf-8") == PARSE
        await self.shown(lambda codes: codes == ["hunk"] * 2)

    async def amends_one(self) -> None:
        """By command: the hunk says something else, at another rev."""
        unit = (await self.hunks())["unit"]
        answer = await self.editor.command("amendHunk", hunk=unit["id"], rev=unit["rev"], after=AMENDED)
        assert answer["status"] == "amended"
        assert (await self.hunks())["unit"]["rev"] == unit["rev"] + 1

    async def rejects_one_with_words(self) -> None:
        """They stand under Reply. The agent is told, and proposes something else in its place."""
        words = "No keyword arguments, please."
        hint = await self.line("_Write below", self.page)
        await self.editor.type(self.page, hint + 1, 0, words)
        line = await self.line("line.split()")
        await self.picks("app/parse.py", line, "Reject hunk with the words under Reply")
        await self.hunks(revised="pending", split="rejected")
        assert any(words in json.dumps(request.body) for request in self.endpoint.requests)
        await self.view(lambda view: view["phase"] == "waiting")

    async def approves_the_rest_of_the_file(self) -> None:
        """Two hunks as one edit."""
        await self.shown(lambda codes: codes == ["hunk"] * 2)
        await self.editor.act("app/parse.py", await self.line("line.split()"), "Approve all 2 hunks of this file")
        await self.hunks(unit="applied", revised="applied")
        text = await self.editor.text("app/parse.py")
        assert AMENDED in text and REVISED[1] in text

    async def undoes(self) -> None:
        """With the editor's own undo: both are out of the text, and pending again."""
        await self.editor.undo("app/parse.py")
        await self.hunks(unit="pending", revised="pending", number="applied")
        text = await self.editor.text("app/parse.py")
        assert UNIT[0] in text and REVISED[0] in text and NUMBER[1] in text
        await self.shown(lambda codes: codes == ["hunk"] * 2)

    async def redoes(self) -> None:
        """With the editor's own redo: both are applied."""
        await self.editor.redo("app/parse.py")
        await self.hunks(unit="applied", revised="applied")
        assert REVISED[1] in await self.editor.text("app/parse.py")

    async def types_inside_a_hunk(self) -> None:
        """What is typed there becomes part of the hunk."""
        before = (await self.hunks())["revised"]
        line = await self.line("line.split()")
        await self.editor.type("app/parse.py", line, len(REVISED[0]) - 1, "  # two")
        wanted = REVISED[1].replace("\n", "  # two\n")
        found = await self.view(lambda view: any(hunk["after"] == wanted for hunk in view["hunks"]))
        amended = next(hunk for hunk in found["hunks"] if hunk["after"] == wanted)
        assert amended["id"] == before["id"] and amended["rev"] > before["rev"]
        assert amended["before"] == REVISED[0].replace("\n", "  # two\n") and amended["status"] == "pending"

    async def loses_the_server(self) -> None:
        """kill -9, started again by the editor: everything is found back, unsaved text included."""
        before = {hunk["id"]: (hunk["status"], hunk["rev"], hunk["after"]) for hunk in (await self.view())["hunks"]}
        text = await self.editor.text("app/parse.py")
        await self.editor.kill_server()
        await self.editor.restart()
        pending = sum(status == "pending" for status, _, _ in before.values())
        in_file = await self.shown(lambda codes: len(codes) == pending - 2)
        assert all(each["code"] == "hunk" for each in in_file)
        after = (await self.view())["hunks"]
        assert {hunk["id"]: (hunk["status"], hunk["rev"], hunk["after"]) for hunk in after} == before
        assert await self.editor.text("app/parse.py") == text

    async def approves_all(self) -> None:
        """What is left: in the open file, in one that is not open, and a new file."""
        waiting = [hunk for hunk in (await self.view())["hunks"] if hunk["status"] == "pending"]
        assert len({hunk["uri"] for hunk in waiting}) == 3
        await self.picks("app/parse.py", await self.line("line.split()"), f"Approve all {len(waiting)} hunks")
        await self.view(lambda view: all(hunk["status"] in ("applied", "rejected") for hunk in view["hunks"]))
        report = (self.workspace / "app/report.py").read_text(encoding="utf-8")
        assert report == REPORT.replace(*JOIN)
        assert (self.workspace / "app/errors.py").read_text(encoding="utf-8") == ERRORS

    async def saves(self) -> None:
        """The file has the user's text and the approved hunks."""
        await self.view(lambda view: view["unsaved"] == [self.editor.uri("app/parse.py")])
        await self.editor.save("app/parse.py")
        await self.view(lambda view: view["unsaved"] == [])
        text = (self.workspace / "app/parse.py").read_text(encoding="utf-8")
        assert text == await self.editor.text("app/parse.py")
        assert TYPED in text and NUMBER[1] in text and AMENDED in text
        await until(lambda: self.editor.fresh(self.page), lambda page: page.count(" applied {#") == 5)

    async def tell(self) -> None:
        """All of it."""
        await self.asks_for_it()
        await self.edits_the_plan_and_approves()
        await self.sees_five_hunks()
        await self.approves_one()
        await self.amends_one()
        await self.rejects_one_with_words()
        await self.approves_the_rest_of_the_file()
        await self.undoes()
        await self.redoes()
        await self.undoes()
        await self.types_inside_a_hunk()
        await self.loses_the_server()
        await self.approves_all()
        await self.saves()
