"""The line at which our own bugs stop: logged with their traceback, answered in one sentence, the server goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lsprotocol.types import ErrorCodes, ResponseError
from pygls.exceptions import JsonRpcException

logger = logging.getLogger(__name__)


class Refusal(JsonRpcException):
    """The request itself was wrong. Raise it from a handler to answer with `code` and words for the user."""

    def __init__(self, message: str, code: ErrorCodes = ErrorCodes.InvalidParams) -> None:
        super().__init__(message, code.value)


def attempt(name: str, call: Callable[[], object]) -> Exception | None:
    """What `call` raised, which is logged under `name` and goes no further; None when it raised nothing."""
    try:
        call()
    except Exception as error:
        logger.exception("%s failed; this is a bug in Signoff.", name)
        return error
    return None


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
