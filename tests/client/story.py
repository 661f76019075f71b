"""The whole story as a user of VS Code lives it: by keyboard and mouse, seeing what is on the screen.

Five hunks in three files: three in a file that is open, one in a file that is not open, one new file. What the agent
does is the same as in the other editors.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from client.editor import Running, until
from client.window import Window
from editors.story import AMENDED, ERRORS, JOIN, NUMBER, PARSE, REPORT, REVISED, SPLIT, UNIT, line_of
from endpoint.server import Endpoint

WORDS = "No keyword arguments, please."
TYPED = "  # two"


class Story:
    """Each method is one thing that the user does, and what is seen then."""

    def __init__(self, editor: Running, endpoint: Endpoint, retries: list[str]) -> None:
        self.window, self.endpoint, self.rooms = Window(editor, retries), endpoint, editor.rooms
        self.workspace = editor.rooms.workspace

    def on_disk(self, path: str) -> str:
        """The file, "" if there is none."""
        file = self.workspace / path
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _has(self, path: str, wanted: str) -> Callable[[], Awaitable[bool]]:
        """Whether the file has this text."""

        async def has() -> bool:
            return self.on_disk(path) == wanted

        return has

    async def hunks(self, count: int) -> None:
        """Waits until so many hunks of the file in front have lenses."""
        await until(self.window.lenses, lambda found: found == ["Approve", "Reject", "Diff"] * count)

    async def starts_on_a_selection(self) -> None:
        """From the palette; the plan stands where the task was started."""
        await self.window.open("app/parse.py")
        await self.window.until_text(lambda text: "def parse" in text)
        await self.window.ready()
        await self.window.select_line(4)
        await self.window.command("Signoff: Start Task on Selection...")
        await self.window.answer("Start Task on Selection", "Take commas")
        await self.window.until_waiting()

    async def edits_the_plan_and_approves(self) -> None:
        """In the session document: one step gets more words, one goes."""
        await self.window.command("Signoff: Edit Plan")
        page = (await until(self._pages, bool))[0]
        await until(self.window.active_tab, lambda tab: tab == page.name)
        await self.window.until_text(lambda text: "1. [ ] Accept commas" in text)
        first = line_of(page.read_text(encoding="utf-8"), "1. [ ] Accept commas") + 1
        await self.window.go_to(first, len("1. [ ] Accept commas") + 1)
        await self.window.type(" and points")
        await self.window.go_to(first + 1)
        await self.window.press("Control+Shift+K")
        await self.window.act(first, "Approve plan as edited")
        await self.window.show("app/parse.py")
        await self.hunks(3)
        asked = json.dumps([request.body for request in self.endpoint.requests], ensure_ascii=False)
        assert "Accept commas and points" in asked

    async def _pages(self) -> list[Path]:
        return list(self.workspace.glob(".signoff/sessions/*.md"))

    async def approves_one_by_its_lens(self) -> None:
        """The edit is in the editor, the file is as it was."""
        await self.window.press_lens("Approve", 5, self._shows(NUMBER[1]))
        await self.hunks(2)
        assert self.on_disk("app/parse.py") == PARSE

    async def amends_one_and_approves_it_by_its_thread(self) -> None:
        """Its text is edited like a file; saving that amends the hunk."""
        assert UNIT[1].strip() in await self.window.thread_text(9)
        await self.window.press_in_thread(9, "Amend Hunk")
        await self.window.until_text(lambda text: text.rstrip("\n") == UNIT[1].rstrip("\n"), "the hunk's text")
        await self.window.press("Control+Home", "Shift+End")
        await self.window.page.keyboard.insert_text(AMENDED.rstrip("\n"))
        await self.window.save()
        await self.window.until_text(lambda text: "def parse" in text, "the file again")
        await until(lambda: self.window.thread_text(9), lambda text: AMENDED.strip() in text, "the amended hunk")
        await self.window.press_in_thread(9, "Approve Hunk")
        await until(self._shows(AMENDED), bool, "the amended text")
        await self.hunks(1)

    def _shows(self, line: str) -> Callable[[], Awaitable[bool]]:
        """Whether the editor in front has the line."""

        async def shows() -> bool:
            return line.strip() in await self.window.text()

        return shows

    async def has_one_revised(self) -> None:
        """By a reply in its thread: the agent proposes something else in its place."""
        await self.window.reply_in_thread(13, WORDS)
        await until(lambda: self.window.thread_text(13), lambda text: REVISED[1].strip() in text, "the revised hunk")
        await self.hunks(1)
        assert any(WORDS in json.dumps(request.body) for request in self.endpoint.requests)

    async def approves_the_rest_of_the_file_in_its_diff(self) -> None:
        """In VS Code's own diff editor, whose title has the actions."""
        await self.window.press_lens("Diff", 13, self._in_diff)
        await self.window.until_text(lambda text: REVISED[1].strip() in text, "the proposed text")
        await self.window.press_in_title("Approve")
        await self.window.show("app/parse.py")
        await self.window.until_text(lambda text: REVISED[1].strip() in text)
        await self.hunks(0)

    async def _in_diff(self) -> bool:
        return "current ↔ proposed" in await self.window.active_tab()

    async def undoes_and_sees_it_pending_again(self) -> None:
        """With the editor's own undo."""
        await self.window.focus_editor()
        await self.window.press("Control+Z")
        await self.window.until_text(lambda text: SPLIT[0].strip() in text)
        await self.hunks(1)

    async def types_inside_a_pending_hunk(self) -> None:
        """What is typed becomes part of the hunk."""
        await self.window.go_to(13, len(SPLIT[0]))
        await self.window.type(TYPED)
        wanted = REVISED[1].rstrip("\n") + TYPED
        await until(lambda: self.window.thread_text(13), lambda text: wanted.strip() in text, "the amended hunk")

    async def finds_all_back(self) -> None:
        """The unsaved text, and what waits."""
        await self.window.until_text(bool)
        await self.window.focus_editor()
        await self.window.go_to(1)
        parts = (NUMBER[1].strip(), AMENDED.strip(), TYPED)
        await self.window.until_text(lambda text: all(part in text for part in parts), "the unsaved text")
        await self.hunks(1)
        assert REVISED[1].strip() in await self.window.thread_text(13)

    async def reloads_the_window(self) -> None:
        """In the middle of it, once VS Code has put by what is not saved."""
        await until(self._put_by, bool, "no backup of the unsaved text")
        await self.window.reload()
        await self.finds_all_back()

    async def _put_by(self) -> bool:
        backups = [each for each in self.rooms.profile.glob("User/Backups/**/*") if each.is_file()]
        return any(TYPED.encode() in each.read_bytes() for each in backups)

    async def loses_the_server(self) -> None:
        """kill -9: it is started again by itself."""
        before = len(self.rooms.servers())
        self.rooms.kill_server()

        async def started() -> int:
            return len(self.rooms.servers())

        await until(started, lambda count: count > before, "no new server")
        await self.window.ready()
        await self.finds_all_back()

    async def approves_the_rest_by_file(self) -> None:
        """In the tree: a file that is not open, and a new one; then the one in front."""
        await self.window.show_tree()
        report, errors = self._has("app/report.py", REPORT.replace(*JOIN)), self._has("app/errors.py", ERRORS)
        await self.window.press_in_tree("report.py", "Approve File", report)
        # The tree is built anew: a press now could meet another row.
        await until(
            self.window.tree, lambda rows: not any("report.py" in row and "wait" in row for row in rows), "the tree"
        )
        await self.window.press_in_tree("errors.py", "Approve File", errors)
        await self.window.focus_editor()
        await self.window.command("Signoff: Approve File")
        await self.window.until_text(lambda text: REVISED[1].strip() in text)
        await self.hunks(0)

    async def saves(self) -> None:
        """The file has the approved hunks and what was typed."""
        await self.window.save()
        wanted = PARSE.replace(*NUMBER).replace(UNIT[0], AMENDED)
        wanted = wanted.replace(SPLIT[0], REVISED[1].rstrip("\n") + TYPED + "\n")
        await until(self._has("app/parse.py", wanted), bool, "the saved file")

    async def tell(self) -> None:
        """All of it."""
        await self.starts_on_a_selection()
        await self.edits_the_plan_and_approves()
        await self.approves_one_by_its_lens()
        await self.amends_one_and_approves_it_by_its_thread()
        await self.has_one_revised()
        await self.approves_the_rest_of_the_file_in_its_diff()
        await self.undoes_and_sees_it_pending_again()
        await self.types_inside_a_pending_hunk()
        await self.reloads_the_window()
        await self.loses_the_server()
        await self.approves_the_rest_by_file()
        await self.saves()
