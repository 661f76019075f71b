"""The line at which our own bugs stop: logged with their traceback, answered in one sentence, the server goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from lsprotocol.types import ErrorCodes, ResponseError
from pygls.exceptions import JsonRpcException

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(JsonRpcException):
    """The request itself was wrong. Raise it from a handler to answer with `code` and words for the user."""

    def __init__(self, message: str, code: ErrorCodes = ErrorCodes.InvalidParams) -> None:
        super().__init__(message, code.value)


def guard(handler: Callable[P, R]) -> Callable[P, R]:
    """A handler whose unexpected exceptions are logged and become a JSON-RPC internal error (-32603).

    JSON-RPC errors raised on purpose, and cancellation, pass through. Works on plain and on async functions.
    """
    name = getattr(handler, "__name__", "handler")

    if iscoroutinefunction(handler):

        @wraps(handler)
        async def guarded_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return await handler(*args, **kwargs)
            except Exception as error:
                raise as_rpc_error(name, error) from error

        return cast("Callable[P, R]", guarded_async)

    @wraps(handler)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            raise as_rpc_error(name, error) from error

    return guarded


def as_rpc_error(name: str, error: Exception) -> JsonRpcException:
    """`error` itself when it is meant for the client; else it is logged, and the client learns only its type."""
    if isinstance(error, JsonRpcException):
        return error
    logger.error("%s failed; this is a bug in Signoff.", name, exc_info=error)
    message = f"{name} failed ({type(error).__name__}); the server's log has the details."
    return Refusal(message, ErrorCodes.InternalError)


def response_error(name: str, error: Exception) -> ResponseError:
    """What a client is answered when the handler called `name` raised `error`."""
    return as_rpc_error(name, error).to_response_error()
