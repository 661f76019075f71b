"""Makes the pictures of the documentation: the real extension in a real VS Code, in the middle of a task.

    python tests/client/pictures.py [FOLDER]        (./dev pictures: into docs/images)

Each theme is one run of the same task: the plan on the session's page, hunks with a thread and the tree, the diff.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

if __name__ == "__main__":  # as a program there is no test runner that adds the folders to the path
    sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "server")]

from client.book import book, edit, finish
from client.editor import Rooms, running, until
from client.hosted import furnish
from client.installed import ROOT, VSCode, extensions
from client.window import Window
from endpoint.server import Call, Endpoint, Text, Turn

THEMES = {"dark": "Default Dark Modern", "light": "Default Light Modern", "contrast": "Default High Contrast"}
# Of a theme with these alone; the others have all.
ONLY = {"contrast": ("hunk",)}
SIZE = {"width": 1280, "height": 800}
GOAL = "Take prices with a currency, and refuse negative ones"

PRICES = '''"""Prices as customers type them."""

from decimal import Decimal


def parse(text: str) -> Decimal:
    """The amount in a price like "12.50"."""
    return Decimal(text.strip())


def total(texts: list[str]) -> Decimal:
    return sum((parse(text) for text in texts), Decimal(0))
'''
REPORT = """from shop.prices import total


def report(texts: list[str]) -> str:
    return f"{len(texts)} items, {total(texts)} in all"
"""
ERRORS = 'class BadPrice(ValueError):\n    """A text that is no price."""\n'
SIGNATURE = '    """The amount in a price like "12.50"."""\n    return Decimal(text.strip())\n'
CHECKED = (
    '    """The amount in a price like "12.50" or "€ 12.50". Raises BadPrice for others."""\n'
    '    amount = Decimal(text.strip().lstrip("€$ "))\n'
    "    if amount < 0:\n"
    "        raise BadPrice(text)\n"
    "    return amount\n"
)
IMPORT = ("from decimal import Decimal\n", "from decimal import Decimal\n\nfrom shop.errors import BadPrice\n")
STEPS = (
    "Add an error for texts that are no price",
    "Accept a currency before the amount",
    "Name the currency in reports",
)
SCRIPT = {
    GOAL: [
        Turn(
            Text("Prices are parsed in one place, so the check belongs there. Reports only need the sign.\n"),
            Call("update_plan", {"steps": [{"text": step} for step in STEPS]}),
        ),
        Turn(
            edit("shop/prices.py", IMPORT, (SIGNATURE, CHECKED)),
            edit("shop/report.py", ("{total(texts)} in all", "€ {total(texts)} in all")),
            edit("shop/errors.py", ("", ERRORS)),
        ),
        finish("Prices may have a currency; negative ones raise BadPrice."),
    ]
}
FILES = {"shop/prices.py": PRICES, "shop/report.py": REPORT}


async def make(theme: str, folder: Path, base: Path) -> list[Path]:
    """The pictures of one theme."""
    rooms = Rooms.below(base / theme)
    rooms.base.mkdir()
    furnish(rooms.workspace, FILES)
    vscode = VSCode("newest")
    settings = {"workbench.colorTheme": THEMES[theme], "comments.openView": "never", "window.commandCenter": False}
    made: list[Path] = []
    async with (
        Endpoint(book(SCRIPT)) as endpoint,
        running(vscode, rooms, extensions(vscode, base), endpoint.base_url, settings=settings) as editor,
    ):
        window = Window(editor, [])
        await window.page.set_viewport_size(SIZE)  # pyright: ignore[reportArgumentType]

        async def shoot(name: str) -> None:
            if name in ONLY.get(theme, (name,)):
                made.append(folder / f"vscode-{name}-{theme}.png")
                # Nothing under the mouse, and no cursor that blinks.
                await window.page.mouse.move(SIZE["width"] - 4, SIZE["height"] // 2)
                await window.page.wait_for_timeout(700)  # until hovers are gone and colours have come
                await window.page.screenshot(path=made[-1], caret="hide")

        await walk(window, shoot)
    return made


async def walk(window: Window, shoot: Callable[[str], Awaitable[None]]) -> None:
    """The task, with a picture at each place worth one."""
    await window.open("shop/prices.py")
    await window.until_text(lambda text: "def total" in text)
    await window.ready()
    await window.show_tree()
    await window.go_to(6)
    await window.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+End")
    await window.command("Signoff: Start Task on Selection...")
    await window.answer("Start Task on Selection", GOAL)
    await window.until_status("1 waiting")
    await window.expand_tree()
    await shoot("plan")
    await window.command("Signoff: Approve Plan")
    await window.until_status("4 waiting")
    await window.press("Control+2", "Control+W")
    await window.focus_editor()
    await until(window.threads.count, lambda count: count == 2)
    await window.threads.first.locator("[aria-label='Collapse']").click()
    await until(window.lenses, lambda found: len(found) == 6)
    await window.until_tree("shop/report.py")
    await window.expand_tree()
    await window.go_to(1)
    await shoot("hunk")
    await window.threads.first.locator("[aria-label='Collapse']").click()
    await widen_side_bar(window, 300)
    await shoot("tree")
    await window.focus_editor()
    await window.go_to(8)
    await window.command("Signoff: Show Diff")
    await until(window.active_tab, lambda tab: "current" in tab)
    await window.press("Control+B")
    await shoot("diff")


async def widen_side_bar(window: Window, pixels: int) -> None:
    """Drags its edge."""
    box = await window.page.locator(".part.sidebar").bounding_box()
    assert box is not None
    edge = box["x"] + box["width"]
    await window.page.mouse.move(edge, 400)
    await window.page.mouse.down()
    await window.page.mouse.move(edge + pixels, 400, steps=8)
    await window.page.mouse.up()


async def main(folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="signoff-pictures-") as base:
        for theme in THEMES:
            for file in await make(theme, folder, Path(base)):
                sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "images"))
