"""Editors that can't run here, as the server sees them: what each declares, and how each is known to behave.

VS Code, Neovim and Emacs declare what pytest-lsp recorded from them; Helix, Kate and Zed what their sources say, and
Sublime what its documentation does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from editors.harness import Rooms
from support.editor_client import EditorClient, editor

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One editor. `encoding` is what it agrees on with the server.

    `strict`: an edit for another version of a document is refused, else made all the same. `frank`: it says so when
    it did not make an edit. `window`: seconds after a user's command in which it takes edits. `rest`: seconds until it
    tells of a change, unless it has to ask something before. `folders`: it names workspace folders, not only a root.
    """

    name: str
    capabilities: Json
    encoding: str = "utf-16"
    strict: bool = True
    frank: bool = True
    window: float | None = None
    rest: float = 0.0
    folders: bool = True


def recorded(name: str) -> Json:
    """The capabilities in pytest-lsp's record."""
    text = (resources.files("pytest_lsp.clients") / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)["capabilities"]


MARKDOWN = {"hover": {"contentFormat": ["markdown"]}}
ACTIONS = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}}}}
PROGRESS = {"workDoneProgress": True}
VERSIONED = {"applyEdit": True, "workspaceEdit": {"documentChanges": True}, "workspaceFolders": True}

HELIX: Json = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "workspace": {**VERSIONED, "configuration": True, "inlayHint": {"refreshSupport": False}},
    "textDocument": {**MARKDOWN, **ACTIONS, "inlayHint": {}, "publishDiagnostics": {"versionSupport": True}},
    "window": PROGRESS,
}
# It takes edits, and does not declare it.
KATE: Json = {
    "textDocument": {**MARKDOWN, **ACTIONS, "inlayHint": {}, "publishDiagnostics": {"relatedInformation": True}},
    "window": {**PROGRESS, "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}}},
}
ZED: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {**VERSIONED, "configuration": True, "inlayHint": {"refreshSupport": True}},
    "textDocument": {**MARKDOWN, **ACTIONS, "inlayHint": {}, "codeLens": {}},
    "window": {**PROGRESS, "showMessage": {}},
}
SUBLIME: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {**VERSIONED, "codeLens": {"refreshSupport": True}, "inlayHint": {"refreshSupport": True}},
    "textDocument": {**MARKDOWN, **ACTIONS, "inlayHint": {}, "codeLens": {"dynamicRegistration": True}},
    "window": {**PROGRESS, "showDocument": {"support": True}, "showMessage": {"messageActionItem": {}}},
}
KINDS = (
    Kind("VS Code", recorded("visual_studio_code_v1.65.2")),
    Kind("Neovim 0.9", recorded("neovim_v0.9.1"), frank=False, rest=0.15),
    Kind("Neovim 0.10", recorded("neovim_v0.10.0"), frank=False, rest=0.15),
    Kind("Emacs 29", recorded("emacs_v29.1"), encoding="utf-32", rest=0.5),
    Kind("Helix", HELIX, encoding="utf-8"),
    Kind("Kate", KATE, strict=False, window=2.0, folders=False),
    Kind("Zed", ZED, frank=False),
    Kind("Sublime", SUBLIME),
)


class Simulated(EditorClient):
    """A client of that kind: buffers with undo and redo, and the kind's behaviour when it is asked to edit."""

    kind: ClassVar[Kind]

    def __init__(self, process: asyncio.subprocess.Process, workspace: Path, encoding: str, versioned: bool) -> None:
        super().__init__(process, workspace, encoding, versioned)
        self.before: dict[str, list[str]] = {}
        self.after: dict[str, list[str]] = {}
        self._told_of: list[Json] = []
        self._command_at = float("-inf")
        self.on_apply = self.applies
        self.on_ask = lambda params: {}

    @property
    def edits_are_declared(self) -> bool:
        """Whether the server was told that it may ask for edits."""
        return bool(self.kind.capabilities.get("workspace", {}).get("applyEdit"))

    async def initialize(self, capabilities: Json | None = None, **options: Any) -> Json:
        """The handshake, with the kind's own capabilities and nothing of ours."""
        root = self.workspace.as_uri()
        params: Json = {"processId": None, "rootUri": root, "capabilities": self.kind.capabilities}
        if self.kind.folders:
            params["workspaceFolders"] = [{"uri": root, "name": "test"}]
        result = (await self.request("initialize", params))["result"]
        assert result["capabilities"]["positionEncoding"] == self.kind.encoding
        self.offered = result["capabilities"]
        self.notify("initialized", {})
        return result

    def _told(self, message: Json) -> None:
        if message["method"] == "client/registerCapability":
            self._answer(message, None)
        else:
            super()._told(message)

    def type(self, uri: str, *changes: Json) -> None:
        """Changes the buffer as one step of its undo."""
        self.before.setdefault(uri, []).append(self.text(uri))
        self.after[uri] = []
        super().type(uri, *changes)

    def undo(self, uri: str) -> None:
        """One step back."""
        self.after.setdefault(uri, []).append(self.text(uri))
        self._become(uri, self.before[uri].pop())

    def redo(self, uri: str) -> None:
        """One step forward."""
        self.before.setdefault(uri, []).append(self.text(uri))
        self._become(uri, self.after[uri].pop())

    def _become(self, uri: str, text: str) -> None:
        super().type(uri, *line_changes(self.text(uri), text))

    def applies(self, params: Json) -> Json:
        """What the kind does when it is asked to edit."""
        late = self.kind.window is not None and self._now() - self._command_at > self.kind.window
        stale = self.kind.strict and not self._fits(params["edit"])
        if late or stale:
            return {"applied": not self.kind.frank}
        return self.apply_honestly(params) if self.kind.strict else self._applies_unchecked(params)

    def _fits(self, edit: Json) -> bool:
        named = [part["textDocument"] for part in edit.get("documentChanges") or []]
        return all(each["version"] in (None, self.versions[each["uri"]]) for each in named)

    def _applies_unchecked(self, params: Json) -> Json:
        unversioned = json.loads(json.dumps(params))
        for part in unversioned["edit"].get("documentChanges") or []:
            part["textDocument"]["version"] = None
        return self.apply_honestly(unversioned)

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification; changes of documents only once they rest, or before anything else is sent."""
        if method == "textDocument/didChange" and self.kind.rest:
            self._told_of.append(params)
            asyncio.get_running_loop().call_later(self.kind.rest, self._tell)
        else:
            self._tell()
            super().notify(method, params)

    async def request(self, method: str, params: Any) -> Json:
        """The whole answer to a request."""
        self._tell()
        return await super().request(method, params)

    async def command(self, name: str, **argument: Any) -> Any:
        """The result of one of our commands, which the user ran."""
        if name != "showSession":
            self._command_at = self._now()
        return await super().command(name, **argument)

    def _tell(self) -> None:
        waiting, self._told_of = self._told_of, []
        for params in waiting:
            super().notify("textDocument/didChange", params)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def line_changes(old: str, new: str) -> Iterator[Json]:
    """The changes by whole lines that make one text the other, the last first."""
    lines, wanted = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, first, last, start, end in reversed(SequenceMatcher(None, lines, wanted, autojunk=False).get_opcodes()):
        if kind != "equal":
            places = ({"line": line, "character": 0} for line in (first, last))
            span = dict(zip(("start", "end"), places, strict=True))
            yield {"range": span, "text": "".join(wanted[start:end])}


class SimulatedEditor:
    """Tells the story as `editors.story.Editor` has it."""

    def __init__(self, kind: Kind, rooms: Rooms, base_url: str) -> None:
        self._made: type[Simulated] = type(kind.name, (Simulated,), {"kind": kind})
        self.kind, self._rooms, self._base_url = kind, rooms, base_url
        self._stack = AsyncExitStack()
        self.client: Simulated

    async def __aenter__(self) -> SimulatedEditor:
        await self._start()
        return self

    async def __aexit__(self, *failed: Any) -> None:
        await self._stack.__aexit__(*failed)

    async def _start(self) -> None:
        places = (self._rooms.workspace, self._rooms.state, self._base_url)
        started = editor(*places, encoding=self.kind.encoding, made=self._made)
        self.client = await self._stack.enter_async_context(started)

    def uri(self, path: str) -> str:
        return self.client.uri(path)

    async def open(self, path: str) -> None:
        if self.uri(path) not in self.client.documents:
            self.client.open(path)

    async def text(self, path: str) -> str:
        return self.client.text(self.uri(path))

    async def fresh(self, path: str) -> str:
        """The text of a document of the server, which is opened again where the editor can't be asked to edit it."""
        if not self.client.edits_are_declared:
            if self.uri(path) in self.client.documents:
                self.client.close(self.uri(path))
            return (self._rooms.workspace / path).read_text(encoding="utf-8")
        return await self.text(path)

    async def diagnostics(self, path: str) -> list[Json]:
        found = self.client.diagnostics.get(self.uri(path), [])
        return [{"line": each["range"]["start"]["line"], **each} for each in found]

    async def _actions(self, path: str, line: int) -> list[Json]:
        here = {"line": line, "character": 0}
        shown = [each for each in self.client.diagnostics.get(self.uri(path), []) if _on_line(each["range"], line)]
        context = {"diagnostics": shown}
        params = {"textDocument": {"uri": self.uri(path)}, "range": {"start": here, "end": here}, "context": context}
        return (await self.client.request("textDocument/codeAction", params))["result"] or []

    async def actions(self, path: str, line: int) -> list[str]:
        return [each["title"] for each in await self._actions(path, line)]

    async def act(self, path: str, line: int, title: str) -> None:
        found = {each["title"]: each["command"] for each in await self._actions(path, line)}
        assert f"Signoff: {title}" in found, (title, list(found))
        chosen = found[f"Signoff: {title}"]
        await self.client.command(chosen["command"].removeprefix("signoff."), **chosen["arguments"][0])

    async def hover(self, path: str, line: int) -> str | None:
        params = {"textDocument": {"uri": self.uri(path)}, "position": {"line": line, "character": 0}}
        found = (await self.client.request("textDocument/hover", params))["result"]
        return found and found["contents"]["value"]

    async def command(self, name: str, **argument: Any) -> Any:
        return await self.client.command(name, **argument)

    async def type(self, path: str, line: int, column: int, text: str) -> None:
        before = self.client.text(self.uri(path)).splitlines()[line][:column]
        units = {"utf-8": len(before.encode()), "utf-16": len(before.encode("utf-16-le")) // 2, "utf-32": len(before)}
        self.client.insert(self.uri(path), line, units[self.kind.encoding], text)

    async def erase(self, path: str, line: int) -> None:
        span = {"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}}
        self.client.type(self.uri(path), {"range": span, "text": ""})

    async def undo(self, path: str) -> None:
        self.client.undo(self.uri(path))

    async def redo(self, path: str) -> None:
        self.client.redo(self.uri(path))

    async def save(self, path: str) -> None:
        (self._rooms.workspace / path).write_text(await self.text(path), encoding="utf-8")
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    async def kill_server(self) -> None:
        self.client.process.kill()
        await self.client.process.wait()

    async def restart(self) -> None:
        old = self.client
        await self._start()
        for uri, text in old.documents.items():
            self.client.open(uri.removeprefix(f"{self._rooms.workspace.as_uri()}/"), text)
        self.client.before, self.client.after = old.before, old.after


def _on_line(span: Json, line: int) -> bool:
    return span["start"]["line"] <= line <= span["end"]["line"]
