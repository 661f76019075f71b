"""One session in a folder of its own under an editor that may lie, and what must hold whatever the editor did.

Two documents, three hunks in each: a replacement, an insertion and a deletion. The second document has other line
ends, and lines that repeat so that an insertion can be reported at several places.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from endpoint.server import Call, Script, Text, Turn
from signoff.core.text import Edit, apply
from support.liars import Behaviour, LyingClient, untyped

ONE = "".join(f"line {n}\n" for n in range(1, 31))
TWO = "".join(f"def f{n}():\r\n    pass\r\n\r\n" for n in range(1, 9))
FILES = {"one.txt": ONE, "two.txt": TWO}


def _edits(path: str, *pairs: tuple[str, str]) -> Call:
    return Call("edit_file", {"path": path, "edits": [{"old": old, "new": new} for old, new in pairs]})


PROPOSING = Script(
    [
        Turn(
            _edits(
                "one.txt",
                ("line 3\n", "line three 😀\n"),
                ("line 12\n", "line 12\nnew A\nnew B\n"),
                ("line 25\nline 26\n", ""),
            ),
            _edits(
                "two.txt",
                ("def f2():\n    pass\n", "def f2():\n    return 2\n"),
                ("def f4():\n    pass\n\n", "def f4():\n    pass\n\ndef g4():\n    pass\n\n"),
                ("def f6():\n    pass\n\n", ""),
            ),
        ),
        Turn(Call("finish", {"summary": "Done."})),
    ],
    select="state",
    exhausted=Turn(Text("As you say.")),
)
"""What every session's model does."""

IN_TEXT = {"applied": True, **dict.fromkeys(("pending", "stale", "rejected", "undone", "withdrawn"), False)}
"""Whether a hunk's edit is in the text, by its status."""
Operation = Literal["one", "undo one", "file", "undo file", "all", "undo all"]


@dataclass(frozen=True, slots=True)
class Plot:
    """What the user asks for while the editor lies: `document` and `hunk` say which one, where one is meant."""

    operation: Operation
    document: str = "one.txt"
    hunk: int = 0

    def __str__(self) -> str:
        return f"{self.operation} {self.hunk} {self.document}"

    @property
    def undoes(self) -> bool:
        """Whether hunks are taken back."""
        return self.operation.startswith("undo")


SINGLE = [Plot("one", path, hunk) for path in FILES for hunk in range(3)]
SINGLE_UNDO = [Plot("undo one", "one.txt", hunk) for hunk in range(3)]
MANY = [Plot(operation, path) for path in FILES for operation in ("file", "undo file")]
BOTH = [Plot("all"), Plot("undo all")]
EVERY = [*SINGLE, *SINGLE_UNDO, *MANY, *BOTH]
FEW = [Plot("one", "two.txt", 1), Plot("undo one", "one.txt", 2), Plot("file"), Plot("undo all")]


@dataclass(slots=True)
class Scene:
    """A session whose hunks wait. `original` are the hunks as they were proposed."""

    client: LyingClient
    folder: Path
    session: str = ""
    original: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    """How often the user asked for something about a hunk."""
    wrong: list[str] = field(default_factory=list)
    """Promises that were broken in passing."""
    known: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """Every text that hunks alone can make of a document, and which hunks those are."""
    statuses: dict[str, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    any_line_ends: bool = False

    def uri(self, path: str) -> str:
        """The document's URI."""
        return (self.folder / path).as_uri()

    @property
    def uris(self) -> list[str]:
        """Both documents."""
        return [self.uri(path) for path in FILES]

    def text(self, uri: str) -> str:
        """The document as the user sees it, else as it is on disk."""
        path = self.folder / uri.rsplit("/", 1)[1]
        return self.client.documents[uri] if uri in self.client.documents else path.read_bytes().decode()

    async def begin(self) -> Scene:
        """Opens the documents and waits for the hunks."""
        self.folder.mkdir(parents=True)
        for path, text in FILES.items():
            (self.folder / path).write_bytes(text.encode())
            self.client.open_at(self.folder / path)
        started = await self.client.command(
            "startSession", goal="Do it", planFirst=False, workspace=self.folder.as_uri()
        )
        self.session = started["session"]
        view = await self.client.until(self.session, lambda v: v["phase"] == "waiting" and len(v["hunks"]) == 6)
        self.original = {hunk["id"]: hunk for hunk in view["hunks"]}
        for path, text in FILES.items():
            self.known[self.uri(path)] = _texts(text, self._edits(self.uri(path)))
        self.statuses = {hunk["id"]: hunk["status"] for hunk in view["hunks"]}
        self.client.on_view.append(self._look)
        return self

    def _edits(self, uri: str) -> dict[str, Edit]:
        lines = FILES[uri.rsplit("/", 1)[1]].splitlines(keepends=True)
        made: dict[str, Edit] = {}
        for hunk in self.original.values():
            if hunk["uri"] == uri:
                start = sum(map(len, lines[: hunk["range"]["start"]["line"]]))
                made[hunk["id"]] = Edit(start, start + len(hunk["before"]), hunk["after"])
        return made

    def contained(self, uri: str, text: str) -> frozenset[str] | None:
        """The hunks whose edits are in the text; None when hunks and what the user typed do not explain it."""
        if self.any_line_ends and "\n" in text:
            end = "\r\n" if uri.endswith("two.txt") else "\n"
            text = text.replace("\r\n", "\n").replace("\n", end)
        return self.known[uri].get(untyped(text))

    def _look(self, view: dict[str, Any]) -> None:
        """At every moment: nothing is reported applied that was not in some text that the server was told."""
        if view["session"] != self.session:
            return
        self.news.set()
        for hunk in view["hunks"]:
            earlier, status = self.statuses.get(hunk["id"]), hunk["status"]
            self.statuses[hunk["id"]] = status
            if status == "applied" and earlier != "applied":
                told = [*self.client.told[hunk["uri"]], self.text(hunk["uri"])]
                seen = [self.contained(hunk["uri"], text) for text in told]
                if all(found is not None and hunk["id"] not in found for found in seen):
                    self.wrong.append(f"{hunk['id']} was reported applied and was in no text that was told")

    def view(self) -> dict[str, Any]:
        """The latest view."""
        return self.client.views[self.session]

    def hunks(self, plot: Plot) -> list[str]:
        """The hunks that the plot is about."""
        here = [i for i, hunk in self.original.items() if hunk["uri"] == self.uri(plot.document)]
        return {"one": here[plot.hunk : plot.hunk + 1], "file": here}.get(
            plot.operation.removeprefix("undo "), list(self.original)
        )

    def shown(self, hunk: str) -> dict[str, Any]:
        """The hunk as commands name it."""
        return {"hunk": hunk, "rev": next(h["rev"] for h in self.view()["hunks"] if h["id"] == hunk)}

    async def ask(self, plot: Plot, undo: bool) -> dict[str, Any]:
        """The user's command."""
        for hunk in self.hunks(plot):
            self.asked[hunk] = self.asked.get(hunk, 0) + 1
        self.client.commanded = asyncio.get_running_loop().time()
        uri = self.uri(plot.document)
        match plot.operation.removeprefix("undo "):
            case "one":
                name = "undoHunk" if undo else "approveHunk"
                return await self.client.command(name, **self.shown(self.hunks(plot)[0]))
            case "file":
                name = "undoAll" if undo else "approveFile"
                return await self.client.command(name, session=self.session, uri=uri)
            case _:
                return await self.client.command("undoAll" if undo else "approveAll", session=self.session)

    def trouble(self, loose: bool = False) -> str:
        """What does not hold now; empty when all is well."""
        for uri in self.uris:
            text = self.text(uri)
            found = self.contained(uri, text)
            if found is None:
                return f"{uri} is not the user's text and hunks: {text!r}"
            lost = [word for word in self.client.typed.get(uri, []) if text.count(word) != 1]
            if lost:
                return f"the user's {lost} are lost or doubled in {text!r}"
            for hunk in self.view()["hunks"]:
                if hunk["uri"] != uri:
                    continue
                status, there, note = hunk["status"], hunk["id"] in found, hunk["note"]
                # Where the user typed into the edit itself, a note that says to look at the text is all that can be.
                unknown = loose and (status == "stale" or note)
                if IN_TEXT.get(status) is not there and not unknown:
                    words = "in" if there else "not in"
                    return f"{hunk['id']} is {status} and {words} the text; note {note!r}; text {text!r}"
        return ""

    async def until(self, trouble: Callable[[], str], patience: float = 12.0) -> None:
        """Waits until there is no more trouble in the session as it is; in what the client was told of it, too."""
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            self.news.clear()
            view = await self.client.command("showSession", session=self.session)
            told, self.client.views[self.session] = self.client.views[self.session], view
            words = trouble() or ("" if told["hunks"] == view["hunks"] else "the client was told something else")
            if not words:
                return
            assert asyncio.get_running_loop().time() < deadline, words
            self.client.views[self.session] = told
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), 0.5)

    async def settled(self, loose: bool = False, patience: float = 12.0) -> None:
        """Waits until nothing is on its way and all is well."""
        await self.until(lambda: self.under_way() or self.trouble(loose), patience)
        assert loose or not self.wrong, self.wrong

    def under_way(self) -> str:
        """The hunks that are being applied or undone; empty when there are none."""
        return ", ".join(f"{hunk['id']} is applying" for hunk in self.view()["hunks"] if hunk["status"] == "applying")

    async def checked(self, behaviour: Behaviour, plot: Plot, patience: float = 12.0) -> None:
        """After the editor's lies: everything holds, and stays so."""
        await self.until(self.under_way, patience)
        await self.client.at_rest(self.uris)
        await self.settled(behaviour.loose)
        for uri in self.uris:
            if uri in self.client.documents:
                self.client.write(uri, len(self.text(uri)))
                self.client.tell(uri)
        await self.settled(behaviour.loose)
        self._check_outcome(behaviour, plot)
        self._check_never_twice()

    def _check_outcome(self, behaviour: Behaviour, plot: Plot) -> None:
        landed, kept = ("undone", "applied") if plot.undoes else ("applied", "pending")
        for hunk in self.view()["hunks"]:
            if hunk["id"] not in self.hunks(plot) or behaviour.outcome == "any":
                continue
            wanted = {landed if behaviour.outcome == "done" else kept, *({"stale"} if behaviour.loose else ())}
            noted = behaviour.loose and hunk["note"]
            assert hunk["status"] in wanted or noted, f"{hunk['id']} is {hunk['status']}: {hunk['note']}"
            if behaviour.outcome == "kept":
                assert hunk["note"], f"why is {hunk['id']} {hunk['status']} again?"

    def _check_never_twice(self) -> None:
        """No more edits than the user asked for, hunk by hunk."""
        mine = [asked for asked in self.client.requests if asked.uri in self.uris]
        most = sum(self.asked.values())
        assert sum(len(asked.edits) for asked in mine) <= most, "an edit was sent without being asked for"

    async def used_on(self, loose: bool = False) -> None:
        """The session goes on under an honest editor: all is approved, then all is undone."""
        for uri in self.uris:
            if uri not in self.client.documents:
                self.client.open_at(self.folder / uri.rsplit("/", 1)[1])
        await self._all(False, loose)
        await self._all(True, loose)
        self._check_never_twice()
        if not loose:
            for uri in self.uris:
                assert self.contained(uri, self.text(uri)) == frozenset(), "undoing all leaves the user's own text"

    async def _all(self, undo: bool, loose: bool) -> None:
        """Approves or undoes everything. Where the user typed into an edit, what has a note is left to the user."""
        before = "applied" if undo else "pending"
        for _ in range(3 if loose else 1):
            ready = [h for h in self.view()["hunks"] if h["status"] == before and not (loose and h["note"])]
            if not ready:
                return
            for hunk in ready:
                self.asked[hunk["id"]] = self.asked.get(hunk["id"], 0) + 1
            named = [{"hunk": hunk["id"], "rev": hunk["rev"]} for hunk in ready]
            answer = await self.client.command("undoAll" if undo else "approveAll", session=self.session, hunks=named)
            assert answer["status"] == "applying", answer
            await self.settled(loose)
        left = [hunk for hunk in self.view()["hunks"] if hunk["status"] == before]
        assert loose or not left, f"{'undo' if undo else 'approve'} everything: " + _said(left)


def _said(hunks: Sequence[dict[str, Any]]) -> str:
    return "; ".join(f"{hunk['id']} is {hunk['status']} ({hunk['note']})" for hunk in hunks)


def _texts(base: str, edits: Mapping[str, Edit]) -> dict[str, frozenset[str]]:
    made: dict[str, frozenset[str]] = {}
    for size in range(len(edits) + 1):
        for some in itertools.combinations(edits, size):
            chosen = sorted((edits[i] for i in some), key=lambda edit: edit.start)
            made[apply(base, chosen)] = frozenset(some)
    return made


FOLDERS = itertools.count(1)
"""Numbers for folders that no session has yet."""


async def play(client: LyingClient, behaviour: Behaviour, plot: Plot, patience: float = 12.0) -> None:
    """The user asks, the editor lies, and everything holds."""
    scene = await Scene(client, client.workspace / f"folder {next(FOLDERS)}").begin()
    if plot.undoes:
        await scene.ask(plot, False)
        await scene.settled()
    scene.any_line_ends = behaviour.other_line_ends
    for uri in scene.uris:
        client.behaviours[uri] = behaviour
    answer = await scene.ask(plot, plot.undoes)
    assert answer["status"] == "applying", answer
    await scene.checked(behaviour, plot, patience)
    for uri in scene.uris:
        del client.behaviours[uri]
    await scene.used_on(behaviour.loose)
    client.on_view.remove(scene._look)


Part = tuple[Behaviour, Plot]


async def play_all(client: LyingClient, parts: Sequence[Part], patience: float = 12.0) -> None:
    """All at the same time, each in a session and a folder of its own; names those that failed."""
    results = await asyncio.gather(*(play(client, *part, patience) for part in parts), return_exceptions=True)
    failed = [f"{b.name}, {plot}: {e!r}" for (b, plot), e in zip(parts, results, strict=True) if e is not None]
    assert not failed, "\n".join(failed)


def cross(behaviours: Sequence[Behaviour], plots: Sequence[Plot]) -> list[Part]:
    """Every behaviour in every plot."""
    return [(behaviour, plot) for behaviour in behaviours for plot in plots]
