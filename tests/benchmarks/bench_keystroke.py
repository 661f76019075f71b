"""What one key costs the server: a character typed in a 1 MB file in which 200 hunks wait, in this process.

From the change as the editor reports it to the last hunk at its new place; CPU time, so that other processes don't
count. `bench_review.py` has the same with the way through the pipe and what is published in between. Prints one JSON
object; milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
from pathlib import Path
from time import process_time
from types import SimpleNamespace

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "server")]

from signoff.lsp.documents import Document
from support.house import House, Script, call

HUNKS, SIZE, KEYS = 200, 1_000_000, 1_000
PADDING = "    a line of the file that is long enough to make it large, and then some more of it\n"


async def measure(folder: Path) -> list[float]:
    """The milliseconds of each key, sorted."""
    body = "".join(f"line {n}\n{PADDING * (SIZE // HUNKS // len(PADDING))}" for n in range(HUNKS))
    (folder / "big.py").write_text(body)
    edits = [{"old": f"line {n}\n", "new": f"changed {n}\nand more\n"} for n in range(HUNKS)]
    proposing = call(0, "edit_file", json.dumps({"path": "big.py", "edits": edits}))
    house = House(folder, Script([[proposing], [call(1, "finish", '{"summary": "Done."}')]]))
    uri = house.document("big.py")
    document = Document(uri, "", 0, body)
    house.editor.documents[uri] = body
    session = await house.start("Do it")
    await house.until(session, lambda state: len(state.hunks) == HUNKS and state.turn == 2)
    found: list[float] = []
    keys = random.Random(1)
    for _ in range(KEYS):
        before, began = document.text, process_time()
        here = SimpleNamespace(line=keys.randrange(document.line_count - 1), character=3)
        made = document.change([SimpleNamespace(range=SimpleNamespace(start=here, end=here), text="x")])
        house.editor.documents[uri] = document.text
        house.manager.documents.changed(uri, before, made)
        found.append((process_time() - began) * 1000)
        await asyncio.sleep(0)
    await house.kill()
    return sorted(found)


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    spread = {"p50": found[KEYS // 2], "p99": found[KEYS * 99 // 100], "max": found[-1]}
    print(json.dumps({"keystroke_cpu_ms": {name: round(value, 2) for name, value in spread.items()}}))


if __name__ == "__main__":
    main()
