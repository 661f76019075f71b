"""The history behind HEAD: with trust by one `git log` of the safe profile, without it by reading objects as data.

Both give the same commits. Blocking, for a background thread or process.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from signoff.core.commits import Ancestry, Commit
from signoff.world.git_refs import head_of, shallow
from signoff.world.git_safe import run
from signoff.world.git_trees import MOST_PATHS, Names, message, read_objects
from signoff.world.gitdir import Place, place

LIMIT = 4_000
SECONDS = 20.0
# Ids that one command line names; with more unknown commits than that everything is read.
MOST_NAMED = 1_000
_OUTPUT = 50_000_000
_LOG = (
    "log",
    "--no-merges",
    "--no-color",
    "--no-show-signature",
    "--no-decorate",
    "--no-mailmap",
    "--encoding=UTF-8",
    "--root",
    "-z",
)
_PATHS = (
    "--format=%x00%H %ct%x00%B%x00",
    "--name-only",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
    "-O/dev/null",
)
# A blank field, and one with id and time.
_HEAD = re.compile(rb"(?:\A|\0)\0([0-9a-f]{40,64}) (-?\d+)(?=\0|\Z)")


def read_history(
    root: Path, trusted: bool, known: Collection[str] = (), limit: int = LIMIT, seconds: float = SECONDS
) -> Ancestry | None:
    """The last `limit` commits behind HEAD of the repository of `root`; None without one or without a commit.

    `commits` holds those that are not `known` by id; paths are from `root`, at most MOST_PATHS of a commit. Never
    raises: where something is missing, damaged or too slow, it is `cut`.
    """
    where = place(str(root), trusted)
    if where is None:
        return None
    found = _logged(root, where, known, limit, seconds) if trusted else None
    try:
        return found or read_objects(where, known, limit, seconds)
    except OSError as trouble:
        return Ancestry("", (), (), True, f"The history can't be read: {trouble.strerror or trouble}.")


def _logged(root: Path, where: Place, known: Collection[str], limit: int, seconds: float) -> Ancestry | None:
    """By git itself; None where it can't be started or knows nothing."""
    if not known:
        return _everything(root, where, limit, seconds)
    found = run(root, (*_LOG, "--format=%H", f"-n{limit + 1}", "HEAD", "--"), limit=_OUTPUT, timeout=seconds)
    order = found.data.decode("ascii", "replace").split("\0")[:-1] if found else []
    unknown = [name for name in order[:limit] if name not in known]
    if not order or len(unknown) > MOST_NAMED:
        return _everything(root, where, limit, seconds)
    commits: tuple[Commit, ...] = ()
    cut = len(order) > limit or found is None or found.status != 0
    if unknown:
        asked = (*_LOG, *_PATHS, "--no-walk=unsorted", "--end-of-options", *unknown, "--")
        output = run(root, asked, limit=_OUTPUT, timeout=seconds)
        commits = tuple(_commits(output.data, where)) if output else ()
    return Ancestry(head_of(where) or order[0], tuple(order[:limit]), commits, cut)


def _everything(root: Path, where: Place, limit: int, seconds: float) -> Ancestry | None:
    asked = (*_LOG, *_PATHS, f"-n{limit + 1}", "--end-of-options", "HEAD", "--")
    output = run(root, asked, limit=_OUTPUT, timeout=seconds)
    commits = list(_commits(output.data, where)) if output else []
    if output is None or not commits:
        return None
    whole = output.status == 0 and not output.cut
    if not whole:
        # The last one may be cut in the middle.
        commits.pop()
    words = "Only the newest part of the history was read in time." if output.late or output.cut else ""
    kept = tuple(commits[:limit])
    head = head_of(where) or commits[0].id
    return Ancestry(head, tuple(each.id for each in kept), kept, len(commits) > limit or not whole, words)


def _commits(data: bytes, where: Place) -> Iterator[Commit]:
    """The commits in what `git log` printed: each a blank field, id and time, the message, a blank field, and names."""
    prefix, boundary = where.prefix.encode("utf-8", "surrogateescape"), shallow(where)
    known = Names()
    found = re.finditer(_HEAD, data)
    head = next(found, None)
    while head is not None:
        after = next(found, None)
        end = after.start() if after is not None else len(data)
        name, text = head[1].decode(), data.find(b"\0", head.end() + 1, end)
        body = message(data[head.end() + 1 : text]) if text >= 0 else ""
        # One at a time, and no more than are kept: a commit can name millions.
        inside = (each[len(prefix) :] for each in _names(data, text + 1, end) if each.startswith(prefix))
        paths = () if name in boundary or text < 0 else (path for each in inside for path in known.known(each))
        yield Commit(name, int(head[2]), body, tuple(islice(paths, MOST_PATHS)))
        head = after


def _names(data: bytes, start: int, end: int) -> Iterator[bytes]:
    """The fields that are not blank; the first one stands on a line of its own."""
    first = True
    while start < end:
        stop = data.find(b"\0", start, end)
        stop = end if stop < 0 else stop
        if stop > start:
            yield data[start:stop].removeprefix(b"\n") if first else data[start:stop]
            first = False
        start = stop + 1
