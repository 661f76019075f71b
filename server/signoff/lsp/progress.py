"""Progress in the editor's own way: one token for each spell of work of a session, begun, reported and ended.

Not pygls' progress: it never forgets a token.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from signoff.core.effects import AskModel, GatherContext, RunTool
from signoff.core.hunks import OPEN
from signoff.core.model import ToolCall
from signoff.core.owed import owed
from signoff.core.state import State
from signoff.core.view import phase, waiting_for
from signoff.core.visible import short
from signoff.lsp.params import member

if TYPE_CHECKING:
    from signoff.lsp.server import SignoffServer

REST_SECONDS = 0.2
"""At most five reports a second; work that is over by then is not shown at all."""
WORKING = ("planning", "working", "checking")
WIDTH = 60
_TOOLS = {
    "read_file": "reading {path}",
    "outline": "reading {path}",
    "search": "searching for {query}",
    "list_files": "listing files",
    "edit_file": "proposing changes of {path}",
    "apply_patch": "proposing changes",
    "update_plan": "planning",
    "run_command": "running {argv}",
    "recall": "reading again",
    "finish": "finishing",
}


def doing(state: State) -> str:
    """What a working session does now, in a few words."""
    effects = owed(state)
    running = {effect.call_id for effect in effects if isinstance(effect, RunTool)}
    call = next((call for call in state.open_calls if call.call_id in running), None)
    if call:
        return using(call)
    if any(isinstance(effect, GatherContext) for effect in effects):
        return "gathering context"
    if any(isinstance(effect, AskModel) for effect in effects):
        return "planning" if phase(state) == "planning" else "thinking"
    return "applying edits"


def using(call: ToolCall) -> str:
    """A tool call in a few words, whatever its arguments are."""
    try:
        given = json.loads(call.arguments)
    except ValueError:
        given = None
    words = _TOOLS.get(call.name, call.name)
    for name in ("path", "query", "argv"):
        value: Any = member(given, name) or "..."
        value = " ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        words = words.replace("{" + name + "}", value)
    return short(words, WIDTH)


def rested(state: State) -> str:
    """What a session that does not work came to."""
    now = phase(state)
    if now != "waiting":
        return now
    count = sum(hunk.status in OPEN for hunk in state.hunks.values())
    named = {"plan": "a plan", "hunk": f"{count} hunk{'s' if count != 1 else ''}", "question": "a question"}
    waits = waiting_for(state)
    yours = ", ".join(named[each] for each in waits if each in named)
    return f"waiting for you: {yours}" if yours else "waiting for the model's service" if waits else "waiting"


@dataclass(slots=True)
class _Spell:
    """One spell of work. `begun` once the client has taken the token."""

    token: str
    words: str
    begun: bool = False


class Progress:
    """The spells of all sessions. `stop` interrupts the session whose progress the user cancels."""

    def __init__(self, server: SignoffServer, stop: Callable[[str], None]) -> None:
        self._server, self._stop = server, stop
        self._spells: dict[str, _Spell] = {}
        self._changed: dict[str, State] = {}
        self._due: asyncio.TimerHandle | None = None
        self._numbers = itertools.count(1)
        self._refused = False
        """The client declared progress and answered with an error: it is not asked again."""

    def register(self) -> None:
        """Registers what the client may send."""
        self._server.serve(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, self._cancelled)

    def changed(self, state: State) -> None:
        """A session is not what it was."""
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress or self._refused:
            return
        self._changed[state.session] = state
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(REST_SECONDS, self._tell)

    def _tell(self) -> None:
        self._due = None
        changed, self._changed = self._changed, {}
        for session, state in changed.items():
            spell = self._spells.get(session)
            if phase(state) not in WORKING:
                self._end(session, rested(state))
            elif spell is None:
                self._begin(session, doing(state))
            elif spell.words != (words := doing(state)):
                spell.words = words
                if spell.begun:
                    self._report(spell.token, types.WorkDoneProgressReport(message=words, cancellable=True))

    def _begin(self, session: str, words: str) -> None:
        spell = self._spells[session] = _Spell(f"signoff-{next(self._numbers)}", words)
        params = types.WorkDoneProgressCreateParams(token=spell.token)
        future: Future[Any] = self._server.window_work_done_progress_create(params)
        future.add_done_callback(partial(self._taken, session, spell))

    def _taken(self, session: str, spell: _Spell, future: Future[Any]) -> None:
        """The client answered; a token that it refused must not be used, and one whose spell is over need not be."""
        if future.cancelled():
            return
        if future.exception() is not None:
            self._refused = True
            self._spells.clear()
            return
        if self._spells.get(session) is not spell:
            return
        spell.begun = True
        begin = types.WorkDoneProgressBegin(title="Signoff", message=spell.words, cancellable=True)
        self._report(spell.token, begin)

    def _end(self, session: str, words: str) -> None:
        spell = self._spells.pop(session, None)
        if spell and spell.begun:
            self._report(spell.token, types.WorkDoneProgressEnd(message=words))

    def _report(self, token: str, value: object) -> None:
        self._server.progress(types.ProgressParams(token=token, value=value))

    def _cancelled(self, params: types.WorkDoneProgressCancelParams) -> None:
        for session, spell in self._spells.items():
            if spell.token == params.token:
                self._stop(session)
                return
