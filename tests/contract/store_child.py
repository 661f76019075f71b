"""A process for tests/contract/test_sqlite_trouble.py: `store_child.py FOLDER SESSION COUNT [limit=BYTES] [user=UID]`.

Appends events of 2,000 characters one after another and writes each acknowledged number as a line on stdout. COUNT 0
goes on until it is killed. Trouble goes to stdout as one line, "trouble: ...".
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from signoff.core.journal import Row, StoreError
from signoff.world.sqlite_store import SqliteStore

BODY = '{"text": "' + "x" * 2000 + '"}'


async def main(folder: str, session: str, count: int) -> None:
    store = SqliteStore(Path(folder))
    try:
        if not await store.claim(session, "file:///w", "2026-01-01T00:00:00Z"):
            print("held", flush=True)
            return
        seq = len(await store.read(session))
        while count == 0 or seq < count:
            await store.append(session, seq, [Row(session, seq + 1, "now", "c", "Noted", 1, BODY)], {str(seq): BODY})
            seq += 1
            os.write(1, b"%d\n" % seq)
        await store.close()
    except StoreError as trouble:
        print(f"trouble: {trouble}", flush=True)


def prepare(options: list[str]) -> None:
    for option in options:
        name, value = option.split("=")
        if name == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
        elif os.geteuid() == 0:
            os.setgroups([])
            os.setgid(int(value))
            os.setuid(int(value))


if __name__ == "__main__":
    # Imported before the limits: a process without rights may not be able to read this checkout any more.
    import signoff.world.sqlite_journal  # noqa: F401

    prepare(sys.argv[4:])
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
