"""JSON-RPC on top of pygls, with its gaps closed.

Different from pygls: only a message's top level is read as a message; every request is answered exactly once, invalid
params included; a cancelled handler really stops; documents live in our own store; nothing that was sent is logged.
Handlers run on the event loop. Plain ones finish before the next message is read, so the order of changes holds;
async ones become tasks. pygls' `@thread` is not supported.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable, Generator
from functools import partial
from inspect import iscoroutine, isgeneratorfunction
from typing import TYPE_CHECKING, Any, TypeGuard

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from signoff.lsp.framing import MAX_MESSAGE, Frame, Malformed, Message, Oversized
from signoff.lsp.guard import Refusal, response_error
from signoff.lsp.params import clamp_numbers, is_object, problems
from signoff.lsp.transport import Writer, coalescing_key

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

Id = int | str
Step = Generator[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any] | None], Any, Any]


class Rpc(LanguageServerProtocol):
    """One connection. `receive` takes what the reader delivers; everything goes out through `connect`'s writer."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        self.answered_initialize = False
        self._out: Writer | None = None
        self._running: dict[Id, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        super().__init__(server, converter)
        # pygls leaves the types of its registry open.
        self._registry: Any = self.fm

    def connect(self, writer: Writer) -> None:
        """Send through `writer` from now on."""
        self._out = writer

    def receive(self, frame: Frame) -> None:
        """Handle one frame; never raises. Whatever can be answered is answered."""
        match frame:
            case Message(value) if is_object(value):
                contextvars.copy_context().run(self._receive, value)
            case Message():
                self._refuse(None, types.ErrorCodes.InvalidRequest, "A message must be one JSON object.")
            case Malformed(problem):
                self._refuse(None, types.ErrorCodes.ParseError, f"Ignored what could not be read: {problem}.")
            case Oversized(length, msg_id):
                text = f"Ignored a message of {length:,} bytes; the limit is {MAX_MESSAGE:,}."
                self.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(types.MessageType.Error, text))
                logger.error("%s", text)
                if msg_id is not None:
                    self._refuse(msg_id, types.ErrorCodes.InvalidRequest, text)

    def close(self) -> None:
        """Give up what the client still owes us: whoever awaits an answer is cancelled."""
        for future in list(self._request_futures.values()):
            future.cancel()

    def _receive(self, value: dict[str, Any]) -> None:
        match value:
            case {"jsonrpc": "2.0", "method": str(method), "id": int() | str() as msg_id}:
                self._request(msg_id, method, value)
            case {"jsonrpc": "2.0", "method": str(method)} if "id" not in value:
                self._notification(method, value)
            case {"id": msg_id, **rest} if "method" not in value and ("result" in rest or "error" in rest):
                self._response(msg_id, value)
            case _:
                msg_id = value.get("id")
                msg_id = msg_id if isinstance(msg_id, int | str) else None
                self._refuse(msg_id, types.ErrorCodes.InvalidRequest, "This is no JSON-RPC 2.0 message.")

    def _request(self, msg_id: Id, method: str, message: dict[str, Any]) -> None:
        self._ctx_msg_id.set(msg_id)
        try:
            self._check_state(method)
            outcome = self._start(self._get_handler(method), (self._params(method, message),))
        except Exception as error:
            self._send_response(msg_id, error=response_error(method, error))
            return
        if _is_task(outcome):
            self._running[msg_id] = outcome
            outcome.add_done_callback(partial(self._finish, msg_id, method))
        else:
            self._reply(msg_id, method, outcome)

    def _notification(self, method: str, message: dict[str, Any]) -> None:
        if method == types.CANCEL_REQUEST:
            self._cancel(message.get("params"))
            return
        handler = self._registry.builtin_features.get(method) or self._registry.features.get(method)
        dropped = method != types.EXIT and (self._shutdown or not self.answered_initialize)
        if handler is None or dropped:
            logger.debug("Ignored the notification %s.", method)
            return
        try:
            outcome = self._start(handler, (self._params(method, message),))
            if _is_task(outcome):
                outcome.add_done_callback(partial(_log_failure, method))
        except Exception as error:
            logger.warning("Ignored the notification: %s", response_error(method, error).message)

    def _response(self, msg_id: Any, message: dict[str, Any]) -> None:
        """Settle the request of ours that this answers; answers to unknown or given up requests are dropped."""
        future = self._request_futures.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        kind = self._result_types.pop(msg_id, None) if future else None
        if future is None or future.done():
            logger.debug("Ignored the answer to an unknown request.")
            return
        match message.get("error"):
            case None:
                try:
                    result = self._converter.structure(message, kind).result if kind else message.get("result")
                except Exception as error:
                    future.set_exception(JsonRpcException(f"The client's answer is malformed: {problems(error)}"))
                else:
                    future.set_result(result)
            case {"code": int(code), "message": str(text), **rest}:
                future.set_exception(JsonRpcException(text, code, rest.get("data")))
            case _:
                future.set_exception(JsonRpcException("The client answered with a malformed error."))

    def _check_state(self, method: str) -> None:
        if self._shutdown:
            raise Refusal("The server is shutting down.", types.ErrorCodes.InvalidRequest)
        if method == types.INITIALIZE and self.answered_initialize:
            raise Refusal("The server is already initialized.", types.ErrorCodes.InvalidRequest)
        if method != types.INITIALIZE and not self.answered_initialize:
            raise Refusal("Send initialize first.", types.ErrorCodes.ServerNotInitialized)

    def _params(self, method: str, message: dict[str, Any]) -> Any:
        """The params as lsprotocol's type, or as plain JSON when the method is not the protocol's own."""
        kind = self.get_message_type(method)
        if kind is None:
            return message.get("params")
        if method == types.TEXT_DOCUMENT_DID_CHANGE:
            clamp_numbers(message)
        try:
            return self._converter.structure(message, kind).params
        except Exception as error:
            raise Refusal(f"Invalid params of {method}: {problems(error)}.") from error

    def _start(self, handler: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
        """Run a handler as far as it goes without waiting: its result, or a task for the rest of it."""
        if isgeneratorfunction(handler):
            return self._advance(handler(*args, **(kwargs or {})), None)
        outcome: Any = handler(*args, **(kwargs or {}))
        return self._spawn(outcome) if iscoroutine(outcome) else outcome

    def _advance(self, step: Step, value: Any) -> Any:
        """Run a built-in handler, which yields the calls that it wants made in between."""
        try:
            while True:
                value = self._start(*step.send(value))
                if _is_task(value):
                    return self._spawn(self._resume(step, value))
        except StopIteration as stop:
            return stop.value

    async def _resume(self, step: Step, waiting: asyncio.Task[Any]) -> Any:
        rest = self._advance(step, await waiting)
        return await rest if _is_task(rest) else rest

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _finish(self, msg_id: Id, method: str, task: asyncio.Task[Any]) -> None:
        if self._running.get(msg_id) is task:
            del self._running[msg_id]
        if task.cancelled():
            self._refuse(msg_id, types.LSPErrorCodes.RequestCancelled, f"{method} was cancelled.")
        elif (error := task.exception()) is not None:
            self._send_response(msg_id, error=response_error(method, _plain(error)))
        else:
            self._reply(msg_id, method, task.result())

    def _cancel(self, params: Any) -> None:
        """The answer comes when the handler has stopped: -32800, or its result if it was already done."""
        match params:
            case {"id": int() | str() as msg_id} if msg_id in self._running:
                self._running[msg_id].cancel()
            case _:
                logger.debug("Ignored the cancellation of an unknown request.")

    def _reply(self, msg_id: Id, method: str, result: Any) -> None:
        try:
            self._send_response(msg_id, result)
        except Exception as error:
            self._send_response(msg_id, error=response_error(method, error))

    def _refuse(self, msg_id: Id | None, code: types.ErrorCodes | types.LSPErrorCodes, text: str) -> None:
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": {"code": code.value, "message": text}})

    def _send_response(self, msg_id: Id, result: Any = None, error: types.ResponseError | None = None) -> None:
        outcome = {"result": result} if error is None else {"error": error}
        self._send_data({"jsonrpc": "2.0", "id": msg_id, **outcome})

    def _send_data(self, data: Any) -> None:
        """Queue a message of ours; raises when it cannot be expressed in JSON. Safe to call from any thread."""
        message: dict[str, Any] = data if is_object(data) else self._converter.unstructure(data)
        # Escaping all that is not ASCII keeps lone surrogates, which UTF-8 cannot hold.
        text = json.dumps(message, default=self._converter.unstructure, separators=(",", ":"), allow_nan=False)
        if self._out is not None:
            params: Any = message.get("params")
            self._out.send(text.encode(), coalescing_key(message.get("method"), params or {}))


def _is_task(value: object) -> TypeGuard[asyncio.Task[Any]]:
    return isinstance(value, asyncio.Task)


def _plain(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


def _log_failure(method: str, task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        response_error(method, _plain(error))
