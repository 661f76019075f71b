"""What walks through the interface have in common: the file, the task, and programs in the place of the server."""

from __future__ import annotations

from pathlib import Path

from client.editor import Rooms
from client.window import Window

CALC = "def add(a, b):\n    return a + b\n"
TASK = "Add types"


async def begin(window: Window) -> None:
    """Starts the task on the first line."""
    await window.open("calc.py")
    await window.until_text(lambda text: "def add" in text)
    await window.ready()
    await start(window)


async def start(window: Window) -> None:
    """Starts the task on the first line of the file in front."""
    await window.select_line(1)
    await window.command("Signoff: Start Task on Selection...")
    await window.answer("Start Task on Selection", TASK)


def program(rooms: Rooms, body: str) -> Path:
    """A program in the place of the server."""
    file = rooms.base / "bin" / "wayward"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)
    return file
