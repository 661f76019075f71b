"""Pictures of a review in Neovim, taken from a real one in a terminal: docs/images/neovim-{plan,hunks,menu}.svg.

    .venv/bin/python tools/capture_neovim.py [FOLDER]

It needs tmux, and Neovim 0.11 from the development packages. The model is the tests' scripted endpoint, the
configuration is the one of docs/editors/neovim.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "server")]

from editors.harness import Rooms  # noqa: E402
from editors.kinds import NEWEST_NEOVIM  # noqa: E402
from editors.pages import configuration  # noqa: E402
from endpoint.server import Call, Endpoint, Script, Text, Turn  # noqa: E402

COLUMNS, ROWS = 104, 27
PATIENCE = 30.0

CODE = '''"""Reads measurements such as "3.5 kg"."""


# signoff: accept decimal commas, and several blanks between
def parse(line):
    value, unit = line.split(" ")
    return number(value), unit


def number(text):
    return float(text)


def total(lines):
    return sum(parse(line)[0] for line in lines)


def show(value, unit):
    return f"{value} {unit}"
'''
LOOK = """
vim.o.termguicolors, vim.o.background = true, 'dark'
vim.o.number, vim.o.signcolumn, vim.o.showmode, vim.o.ruler, vim.o.swapfile = true, 'no', false, false, false
vim.o.shortmess, vim.o.fillchars, vim.o.shada = vim.o.shortmess .. 'FIW', 'eob: ', ''
vim.o.hlsearch, vim.o.linebreak = false, true
"""


def edit(old: str, new: str) -> Call:
    """A call of `edit_file`."""
    return Call("edit_file", {"path": "measure.py", "edits": [{"old": old, "new": new}]})


SCRIPT = Script(
    [
        Turn(
            Call(
                "update_plan",
                {
                    "steps": [
                        {"text": "Split at any run of blanks"},
                        {"text": "Read a decimal comma as a point"},
                        {"text": "Rename `show` to `formatted`"},
                    ]
                },
            )
        ),
        Turn(
            Text("Any run of blanks separates value and unit."),
            edit('line.split(" ")', "line.split()"),
        ),
        Turn(
            Text("A decimal comma is read as a point."),
            edit("float(text)", 'float(text.replace(",", "."))'),
        ),
        Turn(Text("The comment goes."), edit(CODE.splitlines(keepends=True)[3], "")),
        Turn(Call("finish", {"summary": "Decimal commas and several blanks are accepted."})),
    ],
    select="state",
    exhausted=Turn(Call("finish", {"summary": "Done."})),
)

# ------------------------------------------------------------------------------------------------------- the terminal


class Terminal:
    """Neovim in a tmux server of its own."""

    def __init__(self, rooms: Rooms, base_url: str) -> None:
        self._rooms, self._environment = rooms, rooms.environment(base_url)

    def tmux(self, *words: str) -> str:
        """What tmux answers."""
        argv = ["tmux", "-S", str(self._rooms.home / "tmux"), "-f", "/dev/null", *words]
        return subprocess.run(argv, env=self._environment, capture_output=True, text=True, check=True).stdout

    def start(self, *argv: str) -> None:
        """Starts the program in a window of its own."""
        self.tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "cat")
        self.tmux("set", "-g", "status", "off")
        self.tmux("set", "-g", "default-terminal", "tmux-256color")
        self.tmux("set", "-ga", "terminal-overrides", ",*:RGB")
        self.tmux("respawn-pane", "-k", "-c", str(self._rooms.workspace), *argv)

    def keys(self, *keys: str) -> None:
        """Presses keys, as tmux names them."""
        self.tmux("send-keys", *keys)

    async def until(self, *texts: str, patience: float = PATIENCE) -> str:
        """The screen, with its colours, once it shows all of the texts and rests; TimeoutError when it never does."""
        before, end = "", asyncio.get_running_loop().time() + patience
        while True:
            screen = self.tmux("capture-pane", "-p", "-e", "-N")
            if all(text in plain(screen) for text in texts) and screen == before:
                return screen
            if asyncio.get_running_loop().time() > end:
                raise TimeoutError(f"The terminal never showed {texts}:\n{plain(screen)}")
            before = screen
            await asyncio.sleep(0.3)

    def stop(self) -> None:
        """Ends Neovim and tmux."""
        subprocess.run(["tmux", "-S", str(self._rooms.home / "tmux"), "kill-server"], check=False, capture_output=True)


async def pictures(rooms: Rooms, base_url: str) -> dict[str, str]:
    """The screens by name."""
    init = rooms.home / "init.lua"
    blocks = (configuration("neovim", name) for name in ("neovim-0.11", "neovim-keys"))
    init.write_text("\n".join([LOOK, *blocks]), encoding="utf-8")
    terminal = Terminal(rooms, base_url)
    try:
        terminal.start(str(NEWEST_NEOVIM), "-u", str(init), "-n", "measure.py")
        return await _review(terminal)
    finally:
        terminal.stop()


async def _review(terminal: Terminal) -> dict[str, str]:
    await terminal.until("several blanks between")
    await _choose(terminal, "Do what this comment says", "4G")
    await terminal.until("A plan waits for you")
    await _choose(terminal, "Open session", "4G")
    await terminal.until("3. [ ] Rename")
    terminal.keys("/Rename", "Enter", "dd")
    shown = {"plan": await _choose(terminal, "Approve plan as edited", "gg", "/Split", "Enter")}
    terminal.keys(":edit measure.py", "Enter")
    await terminal.until("1/3", "2/3", "3/3")
    terminal.keys("11G", ":echo", "Enter", "K")
    shown["hunks"] = await terminal.until("1/3", "2/3", "@@")
    shown["menu"] = await _choose(terminal, "Approve hunk", "h", "11G")
    return shown


async def _choose(terminal: Terminal, title: str, *keys: str) -> str:
    """Asks for code actions at the place that the keys lead to, and picks one; the screen with the menu."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while True:
        terminal.keys("C-\\", "C-n", *keys, "gra")
        try:
            screen = await terminal.until("Code actions:", patience=3)
        except TimeoutError:
            screen = ""
        found = re.search(rf"(\d+): Signoff: {re.escape(title)}\s*$", plain(screen), re.MULTILINE)
        terminal.keys(*((found[1], "Enter") if found else ("Enter",)))
        if found:
            return screen
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError(f"{title!r} was never offered:\n{plain(screen)}")


def plain(screen: str) -> str:
    """The screen without colours."""
    return re.sub(r"\x1b\[[0-9;:]*m", "", screen)


# -------------------------------------------------------------------------------------------------------- the picture

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
WIDE, HIGH, MARGIN, SIZE = 8.4, 18, 14, 14
INK, PAPER = "#e0e2ea", "#14161b"
BASIC = (
    "000000 b30000 4a8a00 b38600 2f6fb3 8a3fb3 2f8a8a c0c0c0 707070 ff6060 8fd060 ffd060 70b0ff d080ff 70d0d0 ffffff"
)
PALETTE = [f"#{colour}" for colour in BASIC.split()]


@dataclass(frozen=True, slots=True)
class Look:
    """How characters are drawn; None is the default colour."""

    ink: str | None = None
    paper: str | None = None
    bold: bool = False
    italic: bool = False
    line: bool = False
    turned: bool = False

    @property
    def colours(self) -> tuple[str, str | None]:
        """Ink and paper as drawn."""
        return (self.paper or PAPER, self.ink or INK) if self.turned else (self.ink or INK, self.paper)


def runs(line: str, look: Look) -> Iterator[tuple[str, Look]]:
    """The pieces of a line that look the same; an escape sequence holds on over line ends."""
    for piece in re.split(r"(\x1b\[[0-9;:]*m)", line):
        if piece.startswith("\x1b["):
            look = _look(look, [int(code) if code else 0 for code in re.split("[;:]", piece[2:-1])])
            yield "", look
        elif piece:
            yield piece, look


FLAGS = {1: ("bold", True), 22: ("bold", False), 3: ("italic", True), 23: ("italic", False)}
FLAGS |= {4: ("line", True), 24: ("line", False), 7: ("turned", True), 27: ("turned", False)}


def _look(look: Look, codes: list[int]) -> Look:
    rest = iter(codes)
    for code in rest:
        if code == 0:
            look = Look()
        elif code in FLAGS:
            name, held = FLAGS[code]
            look = replace(look, **{name: held})
        elif code in (38, 48):
            look = replace(look, **{"ink" if code == 38 else "paper": _colour(rest)})
        elif code in (39, 49):
            look = replace(look, **{"ink" if code == 39 else "paper": None})
        elif code // 10 in (3, 4, 9, 10) and code % 10 < 8:
            bright = 8 if code >= 90 else 0
            look = replace(look, **{"ink" if code // 10 in (3, 9) else "paper": PALETTE[code % 10 + bright]})
    return look


def _colour(rest: Iterator[int]) -> str:
    if next(rest) == 2:
        return f"#{next(rest):02x}{next(rest):02x}{next(rest):02x}"
    number = next(rest)
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return f"#{(number - 232) * 10 + 8:02x}" + f"{(number - 232) * 10 + 8:02x}" * 2
    levels = [0, 95, 135, 175, 215, 255]
    return "#" + "".join(f"{levels[(number - 16) // step % 6]:02x}" for step in (36, 6, 1))


def svg(screen: str, about: str) -> str:
    """The screen as a picture without fonts or links of its own."""
    lines = screen.removesuffix("\n").split("\n")
    width, height = COLUMNS * WIDE + 2 * MARGIN, len(lines) * HIGH + 2 * MARGIN
    parts, look = [], Look()
    for row, line in enumerate(lines):
        column = 0
        for text, found in runs(line, look):
            parts.append(_drawn(text, found, MARGIN + column * WIDE, MARGIN + row * HIGH))
            column, look = column + len(text), found
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
    style = f'font-family="{FONT}" font-size="{SIZE}"'
    body = "\n".join(part for part in parts if part)
    paper = f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>'
    return f"{head}\n<title>{escape(about)}</title>\n{paper}\n<g {style}>\n{body}\n</g>\n</svg>\n"


def _drawn(text: str, look: Look, x: float, y: float) -> str:
    ink, paper = look.colours
    wide = len(text) * WIDE
    back = f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{HIGH}" fill="{paper}"/>' if paper and text else ""
    if not text.strip():
        return back
    lead = len(text) - len(text.lstrip(" "))
    kept = text.strip(" ")
    # Spaces that a viewer must not fold.
    words = escape(kept).replace(" ", "\u00a0")
    place = (
        f'x="{x + lead * WIDE:g}" y="{y + 13.5:g}" textLength="{len(kept) * WIDE:g}" lengthAdjust="spacingAndGlyphs"'
    )
    flags = [(look.bold, 'font-weight="bold"'), (look.italic, 'font-style="italic"')]
    flags.append((look.line, 'text-decoration="underline"'))
    style = " ".join([f'fill="{ink}"', *(mark for held, mark in flags if held)])
    return f"{back}<text {place} {style}>{words}</text>"


ABOUT = {
    "plan": "Neovim: the plan in the session document, one step deleted, and the code action that approves it so",
    "hunks": "Neovim: three proposed hunks as virtual text, and the diff of one on hover",
    "menu": "Neovim: the code actions of a hunk",
}


def main(folder: Path) -> None:
    """Takes the pictures and writes them."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        rooms = Rooms(home / "measure", home / "state", home / "home")
        (rooms.workspace / ".git").mkdir(parents=True)
        (rooms.workspace / "measure.py").write_text(CODE, encoding="utf-8")
        rooms.furnish()
        shown = asyncio.run(served(rooms))
    folder.mkdir(parents=True, exist_ok=True)
    for name, screen in shown.items():
        (folder / f"neovim-{name}.svg").write_text(svg(screen, ABOUT[name]), encoding="utf-8")


async def served(rooms: Rooms) -> dict[str, str]:
    """The screens, with the scripted model at hand."""
    async with Endpoint(SCRIPT) as endpoint:
        return await pictures(rooms, endpoint.base_url)


if __name__ == "__main__":
    os.environ.setdefault("LANG", "C.UTF-8")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
