"""The protocol's life cycle: initialize, documents, commands, shutdown, exit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.lsp.capabilities import choose_encoding, server_capabilities
from signoff.lsp.guard import Refusal
from signoff.lsp.params import is_object
from signoff.lsp.rpc import Rpc, Step

if TYPE_CHECKING:
    from cattrs import Converter

    from signoff.lsp.server import SignoffServer

_GRACE = 1.0


class SignoffProtocol(Rpc):
    """The handlers that every connection has. Each also calls the feature registered under the same name, if any."""

    def __init__(self, server: SignoffServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.exit_code: int | None = None
        self.initialization_options: object = None
        self.client_named: Callable[[int | None], None] = lambda process_id: None
        self._signoff = server
        # In the place of those with which pygls keeps its own document store and ends the process.
        for method, handler in {
            types.INITIALIZE: self._initialize,
            types.SHUTDOWN: self._stop,
            types.EXIT: self._exit,
            types.TEXT_DOCUMENT_DID_OPEN: self._did_open,
            types.TEXT_DOCUMENT_DID_CHANGE: self._did_change,
            types.TEXT_DOCUMENT_DID_CLOSE: self._did_close,
            types.WORKSPACE_EXECUTE_COMMAND: self._execute_command,
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: self._progress_cancelled,
        }.items():
            self._registry.add_builtin_feature(method, handler)

    async def settle(self) -> None:
        """Wait until every request has been answered, a second and a bit at most."""
        if running := list(self._running.values()):
            await asyncio.wait(running, timeout=_GRACE + 0.2)

    def _initialize(self, params: types.InitializeParams) -> Step:
        """The capabilities depend on the client's alone, so nothing heavy is needed for the answer."""
        self.initialization_options = params.initialization_options
        # Before the answer: a client that dies right after it must have been seen alive.
        self.client_named(params.process_id)
        if general := params.capabilities.general:
            # pygls warns of a list without an encoding that it knows, and of an empty one.
            general.position_encodings = [choose_encoding(params.capabilities)]
        result: types.InitializeResult = yield from self.lsp_initialize(params)
        self.server_capabilities = result.capabilities = server_capabilities(params.capabilities)
        self.answered_initialize = True
        return result

    def _stop(self, params: None) -> Step:
        self._shutdown = True
        yield self._feature, (types.SHUTDOWN, params), None
        mine = self._ctx_msg_id.get()
        running = [task for msg_id, task in self._running.items() if msg_id != mine]
        for task in running:
            task.cancel()
        if running:
            yield asyncio.wait, (running,), {"timeout": _GRACE}

    def _exit(self, params: None) -> Any:
        self.exit_code = 0 if self._shutdown else 1
        return self._feature(types.EXIT, params)

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> Any:
        self._signoff.document_opened(params.text_document)
        return self._feature(types.TEXT_DOCUMENT_DID_OPEN, params)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        self._signoff.document_changed(params)
        return self._feature(types.TEXT_DOCUMENT_DID_CHANGE, params)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> Any:
        self._signoff.document_closed(params.text_document.uri)
        return self._feature(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _progress_cancelled(self, params: types.WorkDoneProgressCancelParams) -> Any:
        # pygls' own handler warns of each token that its own progress does not know.
        return self._feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Call the command's handler with its one JSON object, which is left as the client wrote it."""
        handler = self._registry.commands.get(params.command)
        if handler is None:
            raise Refusal(f"There is no command {params.command!r}.")
        arguments = params.arguments or ({},)
        if len(arguments) != 1 or not is_object(arguments[0]):
            raise Refusal(f"{params.command} takes one JSON object as its only argument.")
        return self._start(handler, (arguments[0],))

    def _feature(self, method: str, params: object) -> Any:
        handler = self._registry.features.get(method)
        return None if handler is None else self._start(handler, (params,))
