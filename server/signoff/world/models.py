"""All models behind one port: local ones by their name, everything else at the endpoint that the user configured."""

from __future__ import annotations

import os
from collections.abc import Callable

from signoff.core.model import ModelFailure, ModelReply, ModelRequest
from signoff.core.settings import Settings
from signoff.world.endpoint import Endpoint, connect
from signoff.world.local_model import LocalModel
from signoff.world.wire_transport import Patience, shown_url

DEFAULT_MODEL = "gpt-5"
OPENAI_URL = "https://api.openai.com/v1"
LOCAL = "local/"


class Models:
    """The model port: local models by their name, everything else at the configured endpoint."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._key = os.environ.get("OPENAI_API_KEY", "")
        self._endpoint: Endpoint | None = None
        self._fingerprint: object = None
        self._local: LocalModel | None = None

    @property
    def base_url(self) -> str:
        """Where requests go; the user's own settings and environment decide, never a workspace."""
        return self._settings().base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL

    @property
    def shown_url(self) -> str:
        """Where requests go, as it may be shown: without user and password."""
        return shown_url(self.base_url)

    @property
    def key(self) -> str:
        """The key that requests carry. Never show it."""
        return self._key

    @property
    def configured(self) -> bool:
        """Whether the user said where the model is: a key, or an endpoint of their own."""
        return bool(self._key or self._settings().base_url or os.environ.get("OPENAI_BASE_URL"))

    def primary(self) -> str:
        """The model to use when nobody names one."""
        return os.environ.get("OPENAI_PRIMARY_MODEL") or DEFAULT_MODEL

    def set_key(self, key: str | None) -> None:
        """A key that the client keeps for the user, which wins over the environment's; None or "" forgets it."""
        self._key = key or os.environ.get("OPENAI_API_KEY", "")

    async def warm(self) -> None:
        """Takes set-up off the first request's way, when an endpoint is configured."""
        if self.configured and not self._settings().model.startswith(LOCAL):
            await (await self._connect()).warm()

    async def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelReply | ModelFailure:
        """One whole reply, or why there is none."""
        model = self._local_model() if request.model.startswith(LOCAL) else await self._connect()
        return await model.respond(request, on_text)

    async def close(self) -> None:
        """Lets go of connections and of the local model's process."""
        for model in (self._endpoint, self._local):
            if model is not None:
                await model.close()

    def _local_model(self) -> LocalModel:
        self._local = self._local or LocalModel()
        return self._local

    async def _connect(self) -> Endpoint:
        now = self._settings()
        fingerprint = (self.base_url, self._key, now.wire, now.tool_mode, now.stall_seconds)
        if self._endpoint is None or fingerprint != self._fingerprint:
            if self._endpoint is not None:
                await self._endpoint.close()
            patience = Patience(first_byte=2 * now.stall_seconds, stall=now.stall_seconds)
            self._endpoint = connect(self.base_url, self._key or None, now.wire, now.tool_mode, patience)
            self._fingerprint = fingerprint
        return self._endpoint
