"""An OpenAI-compatible endpoint as a `Model`: which wire it speaks is settled here, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from signoff.core.model import ModelFailure, ModelReply, ModelRequest
from signoff.world.openai_chat import ChatModel, Mode
from signoff.world.openai_responses import ResponsesModel
from signoff.world.wire_failures import Trouble
from signoff.world.wire_transport import Patience, Transport

Wire = Literal["responses", "chat", "auto"]
OPENAI_HOST: Final = "api.openai.com"

_chat_only: Final[set[str]] = set()
"""Base URLs that answered that they have no Responses API; asked at most once by a process."""


class Endpoint:
    """`Model` for one base URL: one client, its connections reused by both wires."""

    def __init__(self, transport: Transport, wire: Wire, mode: Mode) -> None:
        self._transport = transport
        self._auto = wire == "auto" and transport.host != OPENAI_HOST
        self._responses = ResponsesModel(transport) if wire != "chat" and mode == "native" else None
        self._chat = ChatModel(transport, mode)

    async def warm(self) -> None:
        """Takes the SDK's import and set-up (0.5 s) off the first request's way. Sends nothing, never fails."""
        await self._transport.warm()

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply, or why there is none. `on_text` gets streamed text pieces. Cancelling stops the stream."""
        url = self._transport.base_url
        if self._responses is None or (self._auto and url in _chat_only):
            return await self._chat.respond(request, on_text)
        try:
            return await self._responses.attempt(request, on_text)
        except Trouble as trouble:
            if not (self._auto and trouble.missing_route):
                return trouble.failure
        return await self._fallen_back(request, on_text)

    async def _fallen_back(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """Chat Completions; remembered, unless the base URL has nothing to offer at all."""
        try:
            reply = await self._chat.attempt(request, on_text)
        except Trouble as trouble:
            if not trouble.missing_route:
                _chat_only.add(self._transport.base_url)
            return trouble.failure
        _chat_only.add(self._transport.base_url)
        return reply

    async def close(self) -> None:
        """Closes the connections; a later request opens new ones."""
        await self._transport.close()


def connect(
    base_url: str,
    api_key: str | None,
    wire: Wire = "auto",
    mode: Mode = "native",
    patience: Patience | None = None,
) -> Endpoint:
    """The endpoint at `base_url`; nothing is imported, opened or sent yet.

    `auto` speaks Responses to OpenAI and to whoever has that API, Chat Completions to the rest. `schema` mode is for
    models that can't call tools, and always speaks Chat Completions. Without a key only loopback endpoints are asked.
    """
    return Endpoint(Transport(base_url, api_key, patience or Patience()), wire, mode)
