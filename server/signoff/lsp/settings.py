"""The user's settings as the client hands them over: at `initialize` and whenever they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from signoff.core.settings import Settings
from signoff.runtime.wire import WrongShape, from_wire

OF_THE_CLIENT = frozenset({"path", "trace"})


class UserSettings:
    """The user's settings as they are now, from the initialization options and later changes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.now = Settings()
        self._say = say

    def take(self, value: object) -> None:
        """Takes over new settings; wrong ones are named to the user and change nothing."""
        if isinstance(value, dict):
            # A client's own settings stand in the same section.
            value = {key: one for key, one in cast("dict[str, Any]", value).items() if key not in OF_THE_CLIENT}
        if value is None:
            return
        try:
            self.now = from_wire(Settings, value, "signoff settings")
        except WrongShape as error:
            self._say(f"Signoff: {error}. Mend it in your settings; until then the earlier ones hold.")
