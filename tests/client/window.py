"""One VS Code window as its user has it: what is on the screen, and what hands can do with it.

Everything that is waited for has a bounded time. A step that VS Code sometimes swallows (a key that came while a list
was still being built) is done again, at most twice, and each such time is noted.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from playwright.async_api import Error, Locator, expect
from playwright.async_api import TimeoutError as NotInTime

from client.editor import PATIENCE, Running, until

# After how many seconds a step that showed no effect is done again; and how often a step is done at all.
AGAIN = 6.0
TIMES = 3


class Window:
    """The page of a running VS Code. Lines and columns count from 1, as on the screen."""

    def __init__(self, editor: Running, retries: list[str]) -> None:
        self.editor, self.page, self.retries = editor, editor.page, retries

    async def open(self, path: str = "") -> None:
        """Opens the window on the workspace, with a file of it."""
        payload = {"openFile": self.editor.remote(self.editor.rooms.workspace / path)} if path else {}
        await self.page.goto(self.editor.address(**payload))
        await self._loaded()

    async def reload(self) -> None:
        """Reloads the window."""
        await self.page.reload()
        await self._loaded()

    async def _loaded(self) -> None:
        await self.page.wait_for_selector(".monaco-workbench .part.statusbar")

    async def insist(
        self, what: str, act: Callable[[], Awaitable[object]], seen: Callable[[], Awaitable[bool]]
    ) -> None:
        """Does something until its effect is seen; at most TIMES times, and every repetition is noted."""
        for attempt in range(TIMES):
            if attempt:
                self.retries.append(what)
                await self.picture(f"again-{len(self.retries)}")
            # `expect` and `until` raise AssertionErrors.
            with suppress(NotInTime, AssertionError):
                await act()
                await until(seen, bool, what, AGAIN)
                return
        raise AssertionError(f"{what}: tried {TIMES} times, without effect")

    # ------------------------------------------------------------------------------------------- keyboard and commands

    async def press(self, *keys: str) -> None:
        """Presses keys, one after the other; `Control+K` is one."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Types text where the cursor is."""
        await self.page.keyboard.type(text)

    @property
    def _quick(self) -> Locator:
        return self.page.locator(".quick-input-widget")

    async def command(self, title: str) -> None:
        """Runs a command from the palette by its exact title, as `Signoff: Approve Plan`."""
        row = self._quick.locator(".monaco-list-row").filter(
            has=self.page.locator(".label-name").get_by_text(title, exact=True)
        )

        async def find() -> None:
            await self.press("Escape", "F1")
            await self._quick.locator("input.input").fill(f">{title}", timeout=AGAIN * 1000)

        async def found() -> bool:
            return await row.count() > 0 and await row.first.is_visible()

        await self.insist(f"the command {title}", find, found)
        await row.first.click()

    async def offers(self, title: str) -> bool:
        """Whether the palette has the command now."""
        await self.press("Escape", "F1")
        await self._quick.locator("input.input").fill(f">{title}")
        names = self._quick.locator(".monaco-list-row .label-name")
        await until(names.count, lambda count: count > 0)
        found = title in [" ".join(each.split()) for each in await names.all_inner_texts()]
        await self.press("Escape")
        return found

    async def box(self, title: str) -> Locator:
        """The input box with this title, once it is there."""
        await expect(self._quick.locator(".quick-input-title")).to_have_text(title, timeout=PATIENCE * 1000)
        return self._quick.locator("input.input")

    async def answer(self, title: str, text: str) -> None:
        """Writes into the input box with this title, and accepts."""
        await (await self.box(title)).fill(text)
        await self.press("Enter")

    async def choices(self) -> list[str]:
        """What the open list offers."""
        return await self._quick.locator(".monaco-list-row .label-name").all_inner_texts()

    async def choose(self, label: str) -> None:
        """Takes an entry of the open list."""
        await self._quick.locator(".monaco-list-row").filter(has_text=label).first.click()

    # ---------------------------------------------------------------------------------------------------------- editors

    async def show(self, path: str) -> None:
        """Opens a file by its path, as Go to File does."""
        name = path.rsplit("/", 1)[-1]

        async def ask() -> None:
            await self.press("Escape", "Control+P")
            await self._quick.locator("input.input").fill(str(self.editor.rooms.workspace / path))
            # The list of what was open before is shown first.
            rows = self._quick.locator(".monaco-list-row")
            await expect(rows).to_have_count(1, timeout=AGAIN * 1000)
            await expect(rows).to_contain_text(name, timeout=AGAIN * 1000)
            await self.press("Enter")

        async def shown() -> bool:
            return await self.active_tab() == name

        await self.insist(f"opening {path}", ask, shown)

    async def tabs(self) -> list[str]:
        """The titles of all tabs."""
        found = await self.page.locator(".tabs-container .tab").evaluate_all("tabs => tabs.map(t => t.ariaLabel)")
        return [label.split(", ")[0] for label in found]

    async def active_tab(self) -> str:
        """The title of the tab in front."""
        tab = self.page.locator(".editor-group-container.active .tab.active").first
        return (await tab.get_attribute("aria-label") or "").split(", ")[0] if await tab.count() else ""

    async def focus_editor(self) -> None:
        """Puts the keyboard into the text in front."""
        await self.press("Escape", "Control+1")

    async def go_to(self, line: int, column: int = 1) -> None:
        """Puts the cursor at a place."""

        async def ask() -> None:
            await self.press("Escape", "Control+G")
            await self._quick.locator("input.input").fill(f":{line}:{column}", timeout=AGAIN * 1000)
            await self.press("Enter")

        async def there() -> bool:
            place = await self.page.locator(".statusbar-item", has_text=re.compile(r"^Ln \d+")).all_inner_texts()
            return any(each.strip().startswith(f"Ln {line}, Col {column}") for each in place)

        await self.insist(f"going to {line}:{column}", ask, there)

    async def select_line(self, line: int) -> None:
        """Selects the text of a line."""
        await self.go_to(line)
        await self.press("Shift+End")

    async def text(self) -> str:
        """The text on the screen of the editor in front, without the lines that are added by views."""
        # Threads have editors too, of which the reply is written in; of a diff the right side counts.
        found = await self.page.locator(".editor-group-container.active .view-lines").evaluate_all(
            """all => {
                const own = all.filter(each => !each.closest('.review-widget') && each.offsetParent !== null);
                const lines = own.length ? [...own[own.length - 1].querySelectorAll('.view-line')] : [];
                return lines.map(l => [parseInt(l.style.top), l.textContent]).sort((a, b) => a[0] - b[0]);
            }"""
        )
        return "\n".join(text.replace("\xa0", " ") for _, text in found)

    async def until_text(self, wanted: Callable[[str], bool], what: str = "the text") -> str:
        """The text on the screen once it is as wanted."""
        return await until(self.text, wanted, what)

    async def until_waiting(self) -> None:
        """Waits until something of ours is marked in the file in front."""
        await self.page.wait_for_selector(".editor-group-container.active .squiggly-info", state="attached")

    async def press_in_title(self, action: str) -> None:
        """Presses an action in the title of the editor in front."""
        await self.page.locator(
            f".editor-group-container.active .editor-actions [aria-label^='{action}']"
        ).first.click()

    async def save(self) -> None:
        """Saves the file in front."""
        await self.press("Control+S")

    # ----------------------------------------------------------------------------------------------------- what is told

    async def status(self) -> str:
        """Our item in the status bar: its text and, in brackets, what it says to a screen reader."""
        item = self.page.locator(".statusbar-item[id^='signoff']")
        if not await item.count():
            return ""
        label = await item.first.locator("a").first.get_attribute("aria-label") or ""
        return f"{(await item.first.inner_text()).strip()} ({label})"

    async def until_status(self, wanted: str) -> str:
        """Our status item once it says so."""
        return await until(self.status, lambda found: wanted in found, f"no {wanted!r} in the status bar")

    async def ready(self) -> None:
        """Waits until the server runs."""
        words = ("starting", "stopped", "installing", "ended", "no server")
        await until(
            self.status,
            lambda found: bool(found) and not any(each in found for each in words),
            "the server does not run",
        )

    async def notifications(self) -> list[str]:
        """What the notifications on the screen say."""
        return await self.page.locator(".notification-toast .notification-list-item-message").all_inner_texts()

    async def until_told(self, part: str) -> str:
        """A notification that says so."""
        found = await until(
            self.notifications, lambda all_of: any(part in each for each in all_of), f"no notification says {part!r}"
        )
        return next(each for each in found if part in each)

    async def press_button(self, told: str, label: str) -> None:
        """Presses a button of the notification that says `told`."""
        toast = self.page.locator(".notification-toast").filter(has_text=told)
        await toast.get_by_role("button", name=label, exact=True).click()

    async def dismiss(self) -> None:
        """Takes all notifications away."""
        await self.command("Notifications: Clear All Notifications")

    # ----------------------------------------------------------------------------------------------------------- review

    async def lenses(self) -> list[str]:
        """The code lenses on the screen."""
        return await self.page.locator(".codelens-decoration a").all_inner_texts()

    async def press_lens(self, title: str, line: int, done: Callable[[], Awaitable[bool]]) -> None:
        """Presses the code lens with this title that stands above a line, until `done`."""

        async def press() -> None:
            await self.go_to(line)
            top = await self._top_of(line)
            lenses = self.page.locator(".codelens-decoration")
            for index in range(await lenses.count()):
                box = await lenses.nth(index).bounding_box()
                if box and abs(box["y"] + box["height"] - top) < box["height"]:
                    await lenses.nth(index).get_by_text(title, exact=True).hover(timeout=AGAIN * 1000)
                    await lenses.nth(index).get_by_text(title, exact=True).click(delay=80, timeout=AGAIN * 1000)
                    return
            raise NotInTime(f"no lens above line {line}")

        await self.insist(f"the lens {title} of line {line}", press, done)

    async def _top_of(self, line: int) -> float:
        number = self.page.locator(".editor-group-container.active .line-numbers").get_by_text(str(line), exact=True)
        box = await number.last.bounding_box(timeout=AGAIN * 1000)
        assert box is not None
        return box["y"]

    @property
    def threads(self) -> Locator:
        """The open comment threads."""
        return self.page.locator(".review-widget")

    def thread(self, line: int) -> Locator:
        """The thread of a line, if it is open."""
        return self.threads.filter(has=self.page.locator(f"[aria-label*='on lines {line} through']"))

    async def open_thread(self, line: int) -> Locator:
        """Opens the comment thread of a line by the keyboard, if it isn't open; the thread."""
        thread = self.thread(line)

        async def ask() -> None:
            await self.focus_editor()
            await self.go_to(line - 1)
            await self.press("Alt+F9")

        async def there() -> bool:
            return await thread.count() > 0 and await thread.first.is_visible()

        if not await there():
            await self.insist(f"opening the thread of line {line}", ask, there)
        return thread.first

    async def thread_labels(self) -> list[str]:
        """The titles of the open comment threads."""
        found = await self.threads.locator(".review-title").all_inner_texts()
        return [" ".join(each.split()) for each in found]

    async def thread_text(self, line: int) -> str:
        """What the line's thread says."""
        return (await (await self.open_thread(line)).inner_text()).replace("\xa0", " ")

    async def press_in_thread(self, line: int, action: str) -> None:
        """Presses an action in the head of the line's thread."""
        await (await self.open_thread(line)).locator(f".review-actions [aria-label^='{action}']").click()

    async def reply_in_thread(self, line: int, text: str) -> None:
        """Writes a reply in the line's thread and sends it."""
        thread = await self.open_thread(line)
        button = thread.locator(".review-thread-reply-button")
        if await button.is_visible():
            await button.click()
        await thread.locator(".comment-form .monaco-editor .view-lines").click()
        await self.page.keyboard.type(text)
        await thread.get_by_role("button", name="Send to the Agent").click()

    async def actions(self, line: int) -> list[str]:
        """What the light bulb's menu offers on a line; leaves the menu open."""
        rows = self.page.locator(".action-widget .monaco-list-row.action")

        async def ask() -> None:
            await self.focus_editor()
            await self.go_to(line)
            await self.page.wait_for_selector("[class*=light-bulb]", state="attached", timeout=AGAIN * 1000)
            await self.press("Control+.")

        async def open_() -> bool:
            return await rows.count() > 0

        await self.insist(f"the menu of line {line}", ask, open_)
        return [" ".join(each.split()) for each in await rows.all_inner_texts()]

    async def act(self, line: int, title: str) -> None:
        """Picks a code action of ours from the light bulb's menu."""
        wanted = f"Signoff: {title}"
        found = await self.actions(line)
        assert wanted in found, f"{wanted} is not in {found}"
        focused = self.page.locator(".action-widget .monaco-list-row.focused")
        for _ in range(len(found) + 1):
            if " ".join((await focused.inner_text()).split()) == wanted:
                break
            await self.press("ArrowDown")
        await self.press("Enter")

    # ------------------------------------------------------------------------------------------------------------- tree

    async def show_tree(self) -> None:
        """Opens our view in the side bar."""
        # The icon's corner: its badge, which counts what waits, covers the middle.
        icon = self.page.locator(".activitybar .action-item").filter(has=self.page.locator("[aria-label^='Signoff']"))
        await icon.first.click(position={"x": 6, "y": 6})
        await self.page.wait_for_selector(".sidebar .composite.title h2")

    async def expand_tree(self) -> None:
        """Opens every row of the tree."""
        rows = self.page.locator(".sidebar .pane-body .monaco-list-row")
        closed = rows.and_(self.page.locator("[aria-expanded='false']"))

        async def open_one() -> bool:
            if await closed.count():
                await closed.first.locator(".monaco-tl-twistie").click()
            return await closed.count() == 0 and await rows.count() > 1

        await until(open_one, bool, "the tree does not open")

    async def tree(self) -> list[str]:
        """The rows of our tree as a screen reader hears them."""
        rows = self.page.locator(".sidebar .pane-body .monaco-list-row")
        return [await rows.nth(i).get_attribute("aria-label") or "" for i in range(await rows.count())]

    async def until_tree(self, *parts: str) -> list[str]:
        """The rows of the tree once each part is in one of them."""
        return await until(
            self.tree, lambda rows: all(any(part in row for row in rows) for part in parts), f"the tree lacks {parts}"
        )

    async def press_in_tree(self, part: str, action: str, done: Callable[[], Awaitable[bool]]) -> None:
        """Presses an action at the row that says `part`, until `done`."""
        row = self.page.locator(".sidebar .pane-body .monaco-list-row").filter(has_text=part).first

        async def press() -> None:
            await row.hover(timeout=AGAIN * 1000)
            await row.locator(f".actions [aria-label^='{action}']").first.click(timeout=AGAIN * 1000)

        await self.insist(f"{action} of {part} in the tree", press, done)

    async def picture(self, name: str) -> None:
        """Saves what is on the screen in the test's folder; for whoever works on a test."""
        with suppress(Error):
            await self.page.screenshot(path=self.editor.rooms.base / f"{name}.png")
