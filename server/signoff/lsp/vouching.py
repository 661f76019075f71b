"""What the editor says of its user's trust in the open folders: at `initialize`, and whenever the user grants it.

An editor that restricts a window limits what was kept of earlier words; one whose user trusted the window's folders
vouches for them as long as this server runs. Nothing of it is kept. An editor that says nothing leaves it to us.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from signoff.lsp.names import TRUST
from signoff.lsp.params import member

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

RESTRICTED = "The editor restricts this window. Trust its folders in the editor: the workspace is trusted then."


class Vouching:
    """The editor's word for the open folders, canonical URIs that `folders` gives. `changed` hears of another word."""

    def __init__(self, folders: Callable[[], list[str]], changed: Callable[[], None]) -> None:
        self._folders, self._changed = folders, changed
        self._word: bool | None = None

    def register(self, server: SignoffServer) -> None:
        """Takes the word of `experimental.signoff.trusted`, and of `signoff/trust {trusted}` from then on."""
        self._word = _word(member(server.client_capabilities.experimental, "signoff"))
        server.serve(TRUST, self._told)

    @property
    def restricted(self) -> bool:
        """Whether the editor's user has not trusted the window, so that no earlier word counts."""
        return self._word is False

    def vouches(self, folder: str) -> bool:
        """Whether the editor's user trusted the folder."""
        return self._word is True and folder in self._folders()

    def _told(self, params: Any) -> None:
        word = _word(params)
        if word is not None and word is not self._word:
            self._word = word
            self._changed()


def _word(value: Any) -> bool | None:
    trusted = member(value, "trusted") if value is not None else None
    return trusted if isinstance(trusted, bool) else None
