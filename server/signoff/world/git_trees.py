"""The history of a repository read from its objects as data: commits behind HEAD, and which paths each one changed."""

from __future__ import annotations

import codecs
import heapq
import re
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from signoff.core.commits import Ancestry, Commit
from signoff.world.git_objects import Damaged, Objects
from signoff.world.git_refs import head_of, shallow
from signoff.world.gitdir import Place

MOST_PATHS = 1_000
LONGEST_PATH = 1_000
# Bytes of all paths of all commits, one that was changed twice counting twice: each is kept with each commit.
MOST_NAMES = 40_000_000
LONGEST_MESSAGE = 4_000
LONGEST_BODY = 4 * LONGEST_MESSAGE
_DEEPEST = 200
# Commits whose time has not come yet, each with its message: as many as there are branches that were merged.
_MOST_WAITING = 4_000
# Entries of trees that are kept: those of a commit's parent are mostly those of the commit looked at before.
_KEPT = 60_000
_TREE, _SUBMODULE = b"40000", b"160000"
_NONE: frozenset[tuple[bytes, bytes, bytes]] = frozenset()

Entries = frozenset[tuple[bytes, bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Record:
    """A commit as it is stored: `when` is the committer's time, `body` its message in bytes of `encoding`."""

    tree: str
    parents: tuple[str, ...]
    when: int
    encoding: str
    body: bytes


@dataclass(slots=True)
class _Late(Exception):
    """The time is over."""


def read_objects(place: Place, known: Collection[str], limit: int, seconds: float) -> Ancestry | None:
    """The last `limit` commits behind HEAD; their paths and messages for those that are not `known` by id.

    None without a commit. Ends early, and says `cut`, where an object is missing or damaged, or the time is over.
    """
    head = head_of(place)
    if head is None:
        return None
    objects = Objects(place.commondir, 32 if place.sha256 else 20)
    try:
        return _Reading(objects, place, time.monotonic() + seconds).ancestry(head, known, limit)
    finally:
        objects.close()


@dataclass(slots=True)
class _Reading:
    objects: Objects
    place: Place
    deadline: float
    trees: OrderedDict[str, Entries] = field(default_factory=OrderedDict[str, Entries])
    kept: int = 0
    names: Names = field(default_factory=lambda: Names())

    def ancestry(self, head: str, known: Collection[str], limit: int) -> Ancestry:
        order: list[str] = []
        commits: list[Commit] = []
        cut, words = False, ""
        boundary = shallow(self.place)
        try:
            for name, record in self._walk(head, boundary):
                if len(order) == limit:
                    cut = True
                    break
                if name not in known:
                    commits.append(self._commit(name, record, name in boundary))
                order.append(name)
        except KeyError:
            # An object that a partial clone left out.
            cut = True
        except Damaged as trouble:
            cut, words = True, f"The history is read up to a damaged place: {trouble}."
        except _Late:
            cut, words = True, "Only the newest part of the history was read in time."
        return Ancestry(head, tuple(order), tuple(commits), cut, words)

    def _walk(self, head: str, boundary: Collection[str]) -> Iterator[tuple[str, Record]]:
        """The commits behind HEAD by their time, newest first, merges left out."""
        first = self._record(head)
        waiting = [(-first.when, 0, head, first)]
        seen = {head}
        while waiting:
            _, _, name, record = heapq.heappop(waiting)
            if len(record.parents) < 2:
                yield name, record
            for parent in () if name in boundary else record.parents:
                if parent not in seen:
                    seen.add(parent)
                    above = self._record(parent)
                    heapq.heappush(waiting, (-above.when, len(seen), parent, above))
            if len(waiting) > _MOST_WAITING:
                raise Damaged("more branches side by side than any repository has")

    def _record(self, name: str) -> Record:
        self._hurry()
        return _parsed(name, self._read(name, b"commit"))

    def _read(self, name: str, kind: bytes) -> bytes:
        data = self.objects.read(name, kind)
        if data is None:
            raise KeyError(name)
        return data

    def _hurry(self) -> None:
        if time.monotonic() > self.deadline:
            raise _Late

    def _commit(self, name: str, record: Record, boundary: bool) -> Commit:
        """The commit with its paths; without any where a shallow clone ends: everything would seem to be new there."""
        paths: list[str] = []
        if not boundary:
            before = self._record(record.parents[0]).tree if record.parents else None
            self._changed(before, record.tree, b"", paths, 0)
        return Commit(name, record.when, message(record.body, record.encoding), tuple(paths))

    def _changed(self, old: str | None, new: str | None, above: bytes, paths: list[str], depth: int) -> None:
        """Adds the paths that differ between two trees, in git's order, until there are enough."""
        if depth > _DEEPEST:
            raise Damaged("folders in folders without an end")
        self._hurry()
        before, after = self._entries(old), self._entries(new)
        differing: dict[bytes, list[str | None]] = {}
        for place, entries in enumerate((before - after, after - before)):
            for mode, name, digest in entries:
                if mode != _SUBMODULE:
                    folder = name + b"/" if mode == _TREE else name
                    differing.setdefault(folder, [None, None])[place] = digest.hex()
        prefix = self.place.prefix.encode("utf-8", "surrogateescape")
        for name in sorted(differing):
            path = above + name
            if len(paths) >= MOST_PATHS:
                return
            if name.endswith(b"/"):
                if path.startswith(prefix) or prefix.startswith(path):
                    old, new = differing[name]
                    self._changed(old, new, path, paths, depth + 1)
            elif path.startswith(prefix):
                paths += self.names.known(path[len(prefix) :])

    def _entries(self, name: str | None) -> Entries:
        if name is None:
            return _NONE
        found = self.trees.get(name)
        if found is None:
            found = frozenset(_tree(self.objects.width).findall(self._read(name, b"tree")))
            self.trees[name] = found
            self.kept += len(found) + 1
            while self.kept > _KEPT and len(self.trees) > 1:
                self.kept -= len(self.trees.popitem(last=False)[1]) + 1
        return found


def _tree(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"0?(\d{5,6}) ([^\0]+)\0(.{%d})" % width, re.DOTALL)


def _parsed(name: str, data: bytes) -> Record:
    head, _, body = data.partition(b"\n\n")
    # A signature goes on over lines that begin with a blank: none of them looks like these.
    tree = re.match(rb"tree ([0-9a-f]{40,64})\n", head)
    when = re.search(rb"^committer .*> (-?\d{1,15})", head, re.MULTILINE)
    encoding = re.search(rb"^encoding (\S{1,40})$", head, re.MULTILINE)
    if tree is None or when is None:
        raise Damaged(name)
    parents = re.findall(rb"^parent ([0-9a-f]{40,64})$", head, re.MULTILINE)
    known = encoding[1].decode("ascii", "replace") if encoding else "utf-8"
    return Record(tree[1].decode(), tuple(each.decode() for each in parents), int(when[1]), known, body[:LONGEST_BODY])


def message(body: bytes, encoding: str = "utf-8") -> str:
    """A commit's message as text, at most LONGEST_MESSAGE characters of it."""
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        known = "utf-8"
    return body[:LONGEST_BODY].decode(known, "replace").strip()[:LONGEST_MESSAGE]


class Names:
    """Paths as text, each of them once in memory; nothing more when they have become too many."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}
        self._bytes = 0

    def known(self, path: bytes) -> tuple[str, ...]:
        """The path; () for one that is not UTF-8, which no message can hold, and for too long ones."""
        if len(path) > LONGEST_PATH or self._bytes > MOST_NAMES:
            return ()
        self._bytes += len(path)
        text = self._known.get(path)
        if text is None:
            try:
                text = self._known[path] = path.decode()
            except UnicodeDecodeError:
                return ()
        return (text,)
