"""The key for the model endpoint that a client keeps for the user: `signoff/setApiKey {key}`."""

from __future__ import annotations

from typing import Any

from signoff.lsp.guard import Refusal

_MISSING = object()


def key_of(params: Any) -> str | None:
    """The key, None to forget it. Raises Refusal, which never holds what was sent."""
    sent = params.get("key", _MISSING) if isinstance(params, dict) else getattr(params, "key", _MISSING)  # pyright: ignore
    if sent is not None and not isinstance(sent, str):
        raise Refusal("Give `key`: the key as a string, or null to forget it.")
    return sent
