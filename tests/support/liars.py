"""Editors that do not do what they say: what a client does with one `workspace/applyEdit`, as a list of steps.

    Behaviour("answers, and shows the edit half a second later", (answer(), wait(0.5), make, tell()))

A client's buffer, what it told the server, and what it answered are three different things here, as in real editors:
`make` changes the buffer, `tell` reports whatever was not reported yet, in a shape of its own, and `answer` answers.
"""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lsp.reference_document import At, offset_at, position_at
from signoff.core.text import Edit, apply, minimise, split_lines
from support.editor_client import EditorClient

Change = Edit | str
"""An edit of the text before it, or the whole new text."""
Messages = list[list[Change]]
Shape = Callable[[str, Sequence[Edit]], Messages]
Step = Callable[["Asked"], Awaitable[None]]
Outcome = Literal["done", "kept", "back", "any"]
"""Of the hunks that were asked for: all landed; none did, and the view says why; none did; whatever the text shows."""
Where = Literal["top", "before", "inside", "after", "end"]

TYPED = re.compile("⟨\\d+⟩|⟪\\d+⟫\r?\n")
"""What the user types in these tests, inside a line or as a line of its own: it can be told from everything else."""


def untyped(text: str) -> str:
    """The text without what the user typed."""
    return TYPED.sub("", text)


# ---------------------------------------------------------------------------------------------- shapes of didChange


def after(text: str, edits: Sequence[Edit]) -> str:
    """The text after successive edits."""
    for edit in edits:
        text = apply(text, [edit])
    return text


def as_made(text: str, edits: Sequence[Edit]) -> Messages:
    """One message, the changes as they were made."""
    return [list(edits)]


def one_by_one(text: str, edits: Sequence[Edit]) -> Messages:
    """A message for each change."""
    return [[edit] for edit in edits]


def whole(text: str, edits: Sequence[Edit]) -> Messages:
    """The whole document, as clients without incremental synchronisation send it."""
    return [[after(text, edits)]]


def emptied(text: str, edits: Sequence[Edit]) -> Messages:
    """One message that empties the document and fills it again."""
    return [["", after(text, edits)]]


def emptied_first(text: str, edits: Sequence[Edit]) -> Messages:
    """A message that empties the document, then one that fills it again."""
    return [[""], [after(text, edits)]]


def one_range(text: str, edits: Sequence[Edit]) -> Messages:
    """One change from the first to the last character that differs."""
    return [[_net(text, edits)]]


def lines(text: str, edits: Sequence[Edit]) -> Messages:
    """One change of whole lines."""
    return [[_widened(text, _net(text, edits), 0)]]


def neighbours(text: str, edits: Sequence[Edit]) -> Messages:
    """Each change as a replacement of whole lines and of a line on both sides, as Neovim reports insertions."""
    made: list[Change] = []
    for edit in edits:
        made.append(_widened(text, edit, 1))
        text = apply(text, [edit])
    return [made]


def top_down(text: str, edits: Sequence[Edit]) -> Messages:
    """The changes in the order of the document."""
    made: list[Change] = []
    moved = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        made.append(Edit(edit.start + moved, edit.end + moved, edit.text))
        moved += edit.delta
    return [made]


def pieces(text: str, edits: Sequence[Edit]) -> Messages:
    """Each change as a deletion and then, three characters at a time, what takes its place: a message for each."""
    made: Messages = []
    for edit in edits:
        made += [[Edit(edit.start, edit.end, "")]] if edit.end > edit.start else []
        for at in range(0, len(edit.text), 3):
            made.append([Edit(edit.start + at, edit.start + at, edit.text[at : at + 3])])
    return made


def pieces_at_once(text: str, edits: Sequence[Edit]) -> Messages:
    """The same pieces in one message."""
    return [[change for message in pieces(text, edits) for change in message]]


def shifted(text: str, edits: Sequence[Edit]) -> Messages:
    """Insertions and deletions at the earliest place that gives the same text."""
    made: list[Change] = []
    for edit in edits:
        least = minimise(text, edit)
        text = apply(text, [edit])
        made.append(_earliest(text, least))
    return [made]


def compared(text: str, edits: Sequence[Edit]) -> Messages:
    """What a client's own comparison of the two texts finds, character by character, last first."""
    there = after(text, edits)
    found = difflib.SequenceMatcher(None, text, there, autojunk=False).get_opcodes()
    made: list[Change] = [Edit(i, j, there[k:m]) for tag, i, j, k, m in found if tag != "equal"]
    return [made[::-1]]


def _net(text: str, edits: Sequence[Edit]) -> Edit:
    return minimise(text, Edit(0, len(text), after(text, edits)))


def _widened(text: str, edit: Edit, more: int) -> Edit:
    """The same change as a replacement of whole lines, with `more` lines around them."""
    ends = [0]
    for line in split_lines(text):
        ends.append(ends[-1] + len(line))
    first = max(n for n, end in enumerate(ends) if end <= edit.start)
    last = min(n for n, end in enumerate(ends) if end >= edit.end)
    start, end = ends[max(0, first - more)], ends[min(len(ends) - 1, last + more)]
    return Edit(start, end, text[start : edit.start] + edit.text + text[edit.end : end])


def _earliest(text: str, edit: Edit) -> Edit:
    """`text` is the one after the edit."""
    start, end, new = edit.start, edit.end, edit.text
    while start and not (new and end > start) and new and text[start - 1] == new[-1]:
        start, end, new = start - 1, end - 1, text[start - 1] + new[:-1]
    return Edit(start, end, new)


# ----------------------------------------------------------------------------------------------------------- client


class LyingClient(EditorClient):
    """An editor whose `behaviours` say, by document, what it does with an edit; any other document is dealt with
    honestly. `told` are the texts that the server was told, the latest last."""

    def __init__(self, *args: Any) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.told: dict[str, list[str]] = {}
        self.typed: dict[str, list[str]] = {}
        self.requests: list[Asked] = []
        self.on_view: list[Callable[[dict[str, Any]], None]] = []
        self.commanded = 0.0
        """When the user last asked for something."""
        self._unsaid: dict[str, list[Edit]] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._count = 0
        super().__init__(*args)

    def open_at(self, path: Path, text: str | None = None) -> str:
        """Opens a document wherever it is; `text` is unsaved text in the place of the file's."""
        uri = path.as_uri()
        content = path.read_bytes().decode() if text is None else text
        self.documents[uri], self.versions[uri] = content, 0
        self.told.setdefault(uri, []).append(content)
        self._unsaid[uri] = []
        self.typed.setdefault(uri, [])
        item = {"uri": uri, "languageId": "text", "version": 0, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def close(self, uri: str) -> None:
        """Closes a document; what was not saved is gone, and so is what was typed."""
        super().close(uri)
        del self._unsaid[uri]
        self.typed[uri] = []

    def change(self, uri: str, edit: Edit) -> None:
        """Changes the buffer and says nothing."""
        self.documents[uri] = apply(self.documents[uri], [edit])
        self.versions[uri] += 1
        self._unsaid[uri].append(edit)

    def write(self, uri: str, offset: int, own_line: bool = False) -> None:
        """The user types something at the offset; nothing is said yet."""
        self._count += 1
        word = f"⟪{self._count}⟫{_line_end(self.documents[uri])}" if own_line else f"⟨{self._count}⟩"
        self.typed[uri].append(word)
        self.change(uri, Edit(offset, offset, word))

    def tell(self, uri: str, shape: Shape = as_made, jump: int | None = 1) -> None:
        """Reports all that was not reported, if anything; `jump` is added to the version, None sends no version."""
        unsaid, self._unsaid[uri] = self._unsaid[uri], []
        text = self.told[uri][-1]
        for message in shape(text, unsaid) if unsaid else ():
            changes: list[dict[str, Any]] = []
            for change in message:
                changes.append({"text": change} if isinstance(change, str) else self._raw(text, change))
                text = change if isinstance(change, str) else apply(text, [change])
            if jump is not None:
                self.versions[uri] += jump
            identifier = {"uri": uri, "version": None if jump is None else self.versions[uri]}
            self.told[uri].append(text)
            self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
        assert self.told[uri][-1] == self.documents[uri], "the shape tells another change"

    def times_asked(self, uri: str) -> int:
        """How many edits of the document were asked for."""
        return sum(asked.uri == uri for asked in self.requests)

    async def at_rest(self, uris: Sequence[str]) -> None:
        """Waits until every edit of these documents was dealt with."""
        await asyncio.gather(*(task for uri in uris for task in self._tasks.get(uri, ())))

    async def deal_with(self, asked: Asked) -> None:
        """Does what the document's behaviour says."""
        for step in self.behaviours.get(asked.uri, HONEST).steps:
            await step(asked)

    def respond(self, number: Any, **answer: Any) -> None:
        """Answers one of the server's requests."""
        self._send({"id": number, **answer})

    def _raw(self, text: str, edit: Edit) -> dict[str, Any]:
        start, end = (position_at(text, offset, self.encoding) for offset in (edit.start, edit.end))
        return {"range": {"start": _position(start), "end": _position(end)}, "text": edit.text}

    def _told(self, message: dict[str, Any]) -> None:
        if message["method"] != "workspace/applyEdit":
            super()._told(message)
            for look in self.on_view if message["method"] == "signoff/sessionChanged" else ():
                look(message["params"])
            return
        self.edits.append(message["params"])
        asked = Asked(self, message["id"], message["params"])
        self.requests.append(asked)
        self._tasks.setdefault(asked.uri, []).append(asyncio.create_task(self.deal_with(asked)))


def _position(place: tuple[int, int]) -> dict[str, int]:
    return {"line": place[0], "character": place[1]}


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


class Asked:
    """One `workspace/applyEdit` of the server; it is about one document, as all of ours are."""

    def __init__(self, client: LyingClient, number: Any, params: dict[str, Any]) -> None:
        edit = params["edit"]
        groups = [(uri, None, edits) for uri, edits in (edit.get("changes") or {}).items()]
        for part in edit.get("documentChanges") or []:
            groups.append((part["textDocument"]["uri"], part["textDocument"]["version"], part["edits"]))
        ((self.uri, self.version, self._raw),) = groups
        self.client, self.number = client, number
        self.edits: list[Edit] = []
        self.locate()
        self.made: list[Edit] = []
        """What takes the edit back, to be made in this order."""

    def locate(self) -> None:
        """Finds the ranges of the request in the buffer as it is now; `edits` are the last first."""
        text = self.client.documents[self.uri]
        self.edits = sorted((self._edit(text, one) for one in self._raw), key=lambda edit: edit.start, reverse=True)

    def _edit(self, text: str, raw: dict[str, Any]) -> Edit:
        ends = (offset_at(text, At(**raw["range"][side]), self.client.encoding) for side in ("start", "end"))
        return Edit(*ends, raw["newText"])

    @property
    def outdated(self) -> bool:
        """Whether the edit names another version than the buffer has."""
        return self.version is not None and self.version != self.client.versions[self.uri]

    def place(self, where: Where) -> int:
        """An offset in the buffer as it is now."""
        text = self.client.documents[self.uri]
        first = self.edits[-1]
        length = len(first.text) if self.made else first.end - first.start
        places = {"top": 0, "before": first.start, "after": first.start + length, "end": len(text)}
        return places.get(where, first.start + length // 2)


# ------------------------------------------------------------------------------------------------------------ steps


async def make(asked: Asked) -> None:
    """Makes the edit in the buffer, at the ranges that it names, whatever its version says."""
    asked.locate()
    _make(asked, asked.edits)


def _make(asked: Asked, edits: Sequence[Edit]) -> None:
    for edit in edits:
        gone = asked.client.documents[asked.uri][edit.start : edit.end]
        asked.client.change(asked.uri, edit)
        asked.made.insert(0, Edit(edit.start, edit.start + len(edit.text), gone))


async def take_back(asked: Asked) -> None:
    """The user's undo, of the edit and of nothing else. Nothing may have been typed above it since."""
    for edit in asked.made:
        asked.client.change(asked.uri, edit)


async def make_if_current(asked: Asked) -> None:
    """Makes the edit unless the buffer has another version; then it refuses."""
    if asked.outdated:
        asked.client.respond(asked.number, result={"applied": False, "failureReason": "the document changed"})
    else:
        await make(asked)
        asked.client.tell(asked.uri)
        asked.client.respond(asked.number, result={"applied": True})


async def make_if_asked_for(asked: Asked) -> None:
    """Makes the edit if it comes within two seconds of the user's command; else it refuses, as Kate does."""
    if asyncio.get_running_loop().time() - asked.client.commanded > 2:
        asked.client.respond(asked.number, result={"applied": False})
    else:
        await make_if_current(asked)


async def make_with_other_line_ends(asked: Asked) -> None:
    """Makes the edit with the line ends that the editor likes better."""
    bare = [Edit(edit.start, edit.end, edit.text.replace("\r\n", "\n")) for edit in asked.edits]
    dos = "\r\n" in asked.client.documents[asked.uri]
    _make(asked, bare if dos else [Edit(edit.start, edit.end, edit.text.replace("\n", "\r\n")) for edit in bare])


def tell(shape: Shape = as_made, jump: int | None = 1) -> Step:
    """Reports what was not reported yet."""

    async def step(asked: Asked) -> None:
        asked.client.tell(asked.uri, shape, jump)

    return step


def answer(result: Any = {"applied": True}) -> Step:  # noqa: B006
    """Answers the request."""

    async def step(asked: Asked) -> None:
        asked.client.respond(asked.number, result=result)

    return step


def fail(code: int = -32603, message: str = "the editor is not in the mood") -> Step:
    """Answers with an error."""

    async def step(asked: Asked) -> None:
        asked.client.respond(asked.number, error={"code": code, "message": message})

    return step


def wait(seconds: float) -> Step:
    """Takes its time."""

    async def step(asked: Asked) -> None:
        await asyncio.sleep(seconds)

    return step


def types(where: Where, own_line: bool = False) -> Step:
    """The user types; nothing is reported yet."""

    async def step(asked: Asked) -> None:
        asked.client.write(asked.uri, asked.place(where), own_line)

    return step


async def close(asked: Asked) -> None:
    """Closes the document without saving it."""
    asked.client.close(asked.uri)


async def reopen(asked: Asked) -> None:
    """Opens the document again, as it is on disk."""
    asked.client.open_at(path_of(asked.uri))


async def save(asked: Asked) -> None:
    """Writes the buffer to disk."""
    path_of(asked.uri).write_bytes(asked.client.documents[asked.uri].encode())
    asked.client.notify("textDocument/didSave", {"textDocument": {"uri": asked.uri}})


async def tell_of_another_document(asked: Asked) -> None:
    """Reports a change of a document that was never opened."""
    identifier = {"uri": f"{asked.uri}.never-opened", "version": 7}
    asked.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": "x"}]})


def path_of(uri: str) -> Path:
    """The path of a file URI."""
    return Path(uri.removeprefix("file://").replace("%20", " "))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a client does with an edit, and what must become of it.

    `loose`: the user types into the edit itself, so that it can't always be told from what was typed and can't always
    be taken back: its hunk may end as stale. `other_line_ends`: the editor changes those of what it inserts.
    """

    name: str
    steps: tuple[Step, ...]
    outcome: Outcome = "done"
    loose: bool = False
    other_line_ends: bool = False


HONEST = Behaviour("honest", (make_if_current,))
