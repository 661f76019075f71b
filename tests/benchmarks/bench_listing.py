"""What it costs to know a large repository before anything is indexed; prints one JSON object.

Made here: 27,000 files in 13,000 folders and 4,000 commits, or the repository that SIGNOFF_BENCH_REPOSITORY names.
Milliseconds, the best of some runs on a warm disk: `listing` of all files, `first_ms` until its first folder,
`index_ms` of reading git's index; `history` by `git log`, out of the objects, and when nothing is new; `build_ms` and
`load_ms` of what the engine keeps of it; medians and 95 of 100 of its queries.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[2] / "server"), str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from large_repository import large_repository

from signoff.context.history import History
from signoff.context.terms import terms
from signoff.world.git_history import read_history
from signoff.world.git_index import read_index
from signoff.world.git_trees import read_objects
from signoff.world.gitdir import place
from signoff.world.listing import Scan, listing


def best(work: Callable[[], object], times: int = 5) -> float:
    """Milliseconds of the fastest run."""
    found: list[float] = []
    for _ in range(times):
        start = perf_counter()
        work()
        found.append((perf_counter() - start) * 1000)
    return round(min(found), 1)


def spread(work: Callable[[str], object], queries: list[str]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    times: list[float] = []
    for query in queries:
        start = perf_counter()
        work(query)
        times.append((perf_counter() - start) * 1000)
    times.sort()
    return {"median_ms": round(times[len(times) // 2], 2), "p95_ms": round(times[len(times) * 95 // 100], 2)}


def measure(root: Path) -> dict[str, object]:
    """The figures."""
    where = place(str(root), True)
    if where is None:
        raise SystemExit(f"{root} is no repository")
    files = listing(root, trusted=True)
    read = read_history(root, True)
    if read is None:
        raise SystemExit(f"{root} has no commit")
    history = History()
    terms("warm")
    build = best(lambda: History().update(read.order, read.commits), 3)
    history.update(read.order, read.commits)
    lines = list(history.lines())
    queries = [commit.message for commit in random.Random(2).sample(read.commits, min(300, len(read.commits)))]
    return {
        "files": len(files.entries),
        "unchanged": sum(entry.digest is not None for entry in files.entries),
        "listing_ms": best(lambda: listing(root, trusted=True)),
        "first_ms": best(lambda: next(iter(Scan(root, trusted=True)))),
        "index_ms": best(lambda: read_index(where)),
        "history": {
            "commits": len(read.order),
            "git_log_ms": best(lambda: read_history(root, True), 3),
            "objects_ms": best(lambda: read_objects(where, (), 4000, 600), 1),
            "nothing_new_ms": best(lambda: read_history(root, True, read.order), 3),
            "build_ms": build,
            "load_ms": best(lambda: History.from_lines(lines), 3),
            "update_ms": best(lambda: history.update(read.order, ()), 3),
            "nearest": spread(history.nearest, queries),
            "described": spread(history.described, queries),
        },
    }


def main() -> None:
    """Print {files, listing_ms, first_ms, index_ms, history: {...}}."""
    if named := os.environ.get("SIGNOFF_BENCH_REPOSITORY"):
        print(json.dumps(measure(Path(named).resolve())))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(large_repository(Path(folder).resolve() / "large"))))


if __name__ == "__main__":
    main()
