"""An editor as the server sees it: a client that opens documents, types, applies edits honestly, and approves.

It drives the real server process over stdio. Every message of the server must be handled: an unknown one fails the
test, and so does anything on stderr.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from lsp.reference_document import At, Between, Part, Whole, change

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0
HELD = object()
"""No answer at all."""

Edit = dict[str, Any]


class EditorClient:
    """One editor with one server. `documents` are its buffers by URI; `views` the latest view of each session.

    `windows` are the documents that it was asked to show, `asked` the questions, `progress` what was reported by token.
    `on_show` and `on_ask` give the answers; HELD is none at all, a future is one for later. `refreshed` are the methods
    of requests to ask again.
    """

    def __init__(self, process: asyncio.subprocess.Process, workspace: Path, encoding: str, versioned: bool) -> None:
        self.process, self.workspace, self.encoding, self.versioned = process, workspace, encoding, versioned
        self.documents: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.shown: list[str] = []
        self.log = workspace
        self.streamed: dict[str, str] = {}
        self.edits: list[dict[str, Any]] = []
        self.received: list[bytes] = []
        self.unhandled: list[dict[str, Any]] = []
        self.on_apply: Callable[[dict[str, Any]], Any] = self.apply_honestly
        self.windows: list[dict[str, Any]] = []
        self.on_show: Callable[[dict[str, Any]], Any] = lambda params: {"success": True}
        self.asked: list[dict[str, Any]] = []
        self.on_ask: Callable[[dict[str, Any]], Any] = lambda params: None
        self.progress: dict[str | int, list[dict[str, Any]]] = {}
        self.refuses_progress = False
        self.refreshed: list[str] = []
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    def uri(self, path: str) -> str:
        """The URI of a file of the workspace."""
        return (self.workspace / path).as_uri()

    async def initialize(self, capabilities: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The handshake. `capabilities` are laid over the usual ones, member by member; None takes one away."""
        usual = {
            "general": {"positionEncodings": [self.encoding]},
            "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": self.versioned}},
            "experimental": {"signoff": {"version": 1}},
        }
        params = {
            "processId": os.getpid(),
            "rootUri": self.workspace.as_uri(),
            "workspaceFolders": [{"uri": self.workspace.as_uri(), "name": "test"}],
            "capabilities": _over(usual, capabilities or {}),
            "initializationOptions": options,
        }
        result = await self.request("initialize", params)
        self.notify("initialized", {})
        return result["result"]

    def open(self, path: str, text: str | None = None) -> str:
        """Opens a document; `text` is unsaved text in the place of the file's."""
        uri = self.uri(path)
        content = (self.workspace / path).read_bytes().decode() if text is None else text
        self.documents[uri], self.versions[uri] = content, 0
        item = {"uri": uri, "languageId": "text", "version": 0, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def close(self, uri: str) -> None:
        """Closes a document; what was not saved is gone."""
        del self.documents[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def text(self, uri: str) -> str:
        """The buffer."""
        return self.documents[uri]

    def type(self, uri: str, *changes: Edit) -> None:
        """Changes the buffer and tells the server, as one change."""
        for each in changes:
            self.documents[uri], _ = change(self.documents[uri], _parsed(each), self.encoding)
        # Some editors jump with their versions, so this one does.
        self.versions[uri] += 3
        identifier = {"uri": uri, "version": self.versions[uri]}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": list(changes)})

    def insert(self, uri: str, line: int, character: int, text: str) -> None:
        """Types at a place."""
        here = {"line": line, "character": character}
        self.type(uri, {"range": {"start": here, "end": here}, "text": text})

    def apply_honestly(self, params: dict[str, Any]) -> dict[str, Any]:
        """What a good editor does with `workspace/applyEdit`: checks versions, edits, reports the change."""
        edit = params["edit"]
        groups = [(uri, None, edits) for uri, edits in (edit.get("changes") or {}).items()]
        for part in edit.get("documentChanges") or []:
            groups.append((part["textDocument"]["uri"], part["textDocument"]["version"], part["edits"]))
        for uri, version, _ in groups:
            if version is not None and version != self.versions[uri]:
                return {"applied": False, "failureReason": "the document changed"}
        for uri, _, edits in groups:
            last_first = sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]))
            self.type(uri, *({"range": e["range"], "text": e["newText"]} for e in reversed(last_first)))
        return {"applied": True}

    async def request(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer to a request."""
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(self._waiting[number], PATIENCE)

    async def command(self, name: str, **argument: Any) -> Any:
        """The result of one of our commands; fails on an error."""
        answer = await self.request("workspace/executeCommand", {"command": f"signoff.{name}", "arguments": [argument]})
        assert "error" not in answer, answer
        return answer["result"]

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": params})

    async def until(self, session: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The session's view once `wanted` holds."""
        await self._until(lambda: session in self.views and wanted(self.views[session]))
        return self.views[session]

    async def until_streamed(self, session: str, characters: int) -> None:
        """Waits until the model has said so much."""
        await self._until(lambda: len(self.streamed.get(session, "")) >= characters)

    async def until_told(self, wanted: Callable[[], bool]) -> None:
        """Waits until something about what the server told holds."""
        await self._until(wanted)

    async def _until(self, wanted: Callable[[], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not wanted():
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"still {self.views}"
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while header := await self.process.stdout.readline():
            await self.process.stdout.readline()
            self.received.append(await self.process.stdout.readexactly(int(header.split()[1])))
            message = json.loads(self.received[-1])
            if "method" in message:
                self._told(message)
            else:
                self._waiting.pop(message["id"]).set_result(message)
            self._news.set()

    def _told(self, message: dict[str, Any]) -> None:
        params = message.get("params")
        match message["method"]:
            case "signoff/sessionChanged":
                self.views[params["session"]] = params
            case "signoff/outputDelta":
                self.streamed[params["session"]] = self.streamed.get(params["session"], "") + params["text"]
            case "textDocument/publishDiagnostics":
                self.diagnostics[params["uri"]] = params["diagnostics"]
            case "window/showMessage":
                self.shown.append(params["message"])
            case "workspace/applyEdit":
                self.edits.append(params)
                answer = self.on_apply(params)
                if answer is not None:
                    self._send({"id": message["id"], "result": answer})
            case "window/showDocument":
                self.windows.append(params)
                self._answer(message, self.on_show(params))
            case "window/showMessageRequest":
                self.asked.append(params)
                self._answer(message, self.on_ask(params))
            case "workspace/codeLens/refresh" | "workspace/inlayHint/refresh":
                self.refreshed.append(message["method"])
                self._answer(message, None)
            case "window/workDoneProgress/create":
                self.progress[params["token"]] = []
                if self.refuses_progress:
                    self._send({"id": message["id"], "error": {"code": -32603, "message": "no room"}})
                else:
                    self._answer(message, None)
            case "$/progress":
                self.progress[params["token"]].append(params["value"])
            case _:
                self.unhandled.append(message)

    def _answer(self, message: dict[str, Any], result: Any) -> None:
        if isinstance(result, asyncio.Future):
            result.add_done_callback(lambda done: self._answer(message, done.result()))
        elif result is not HELD:
            self._send({"id": message["id"], "result": result})

    async def leave(self) -> int:
        """shutdown, exit, and the exit code."""
        await self.request("shutdown", None)
        self.notify("exit", None)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def kill(self) -> None:
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self._reader.cancel()


Client = TypeVar("Client", bound=EditorClient)


def _over(usual: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The members of `more` over those of `usual`."""
    made = dict(usual)
    for name, value in more.items():
        known = made.pop(name, None)
        if value is not None:
            made[name] = _over(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return made


def _parsed(raw: Edit) -> Part | Whole:
    if "range" not in raw:
        return Whole(raw["text"])
    start, end = (At(**raw["range"][side]) for side in ("start", "end"))
    return Part(Between(start, end), raw["text"])


def environment(state: Path, base_url: str, **extra: str) -> dict[str, str]:
    """The server's environment: this checkout, a state folder of its own, the scripted endpoint, no other key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "SIGNOFF_"))}
    own = {"PYTHONPATH": str(ROOT / "server"), "SIGNOFF_STATE_DIR": str(state), "OPENAI_BASE_URL": base_url}
    return {**kept, **own, **extra}


@asynccontextmanager
async def editor(
    workspace: Path,
    state: Path,
    base_url: str,
    *,
    encoding: str = "utf-16",
    versioned: bool = True,
    quiet: bool = True,
    env: dict[str, str] | None = None,
    argv: Sequence[str] = (),
    before: Callable[[], None] | None = None,
    made: type[Client] = EditorClient,
    capabilities: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Client]:
    """An editor on the workspace with a server of its own, gone afterwards. `options` are the user's settings.

    `argv` are more arguments of the server, `before` runs in its process before it starts, `made` is the client's kind.
    `capabilities` are laid over the usual ones.
    """
    log = state.parent / f"stderr-{next(_LOGS)}"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "signoff", "server", "--stdio", *argv),
            preexec_fn=before,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            limit=2**26,
            env={**environment(state, base_url), **(env or {})},
        )
    client = made(process, workspace, encoding, versioned)
    client.log = log
    try:
        await client.initialize(capabilities, **options)
        yield client
        assert client.unhandled == []
        if process.returncode is None:
            assert await client.leave() == 0
        if quiet:
            assert log.read_text() == "", log.read_text()
    finally:
        await client.kill()


_LOGS = itertools.count(1)
