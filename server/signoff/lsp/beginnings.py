"""Where tasks began, while the user types: a waiting plan stands at its task's place, wherever that is by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsprotocol import types

from signoff.core.state import State
from signoff.core.text import Edit
from signoff.lsp.documents import Document


class Beginnings:
    """Follows the start lines of sessions in open documents; others stand where they were logged.

    Hears of documents as an observer of the store. `name_of` gives a document's canonical URI, `live` the sessions.
    """

    def __init__(self, name_of: Callable[[str], str], live: Callable[[], Iterable[State]]) -> None:
        self._name_of, self._live = name_of, live
        self._open: dict[str, Document] = {}
        self._starts: dict[str, dict[str, int]] = {}
        """By document and session, in code points."""

    def line(self, state: State) -> int:
        """The line at which the session's task began, in the document as it is now; 0 of a session without a place."""
        if state.place is None:
            return 0
        document = self._open.get(state.place.uri)
        if document is None:
            return state.place.start_line
        return document.position_at(self._pinned(document, state, state.place.uri, state.place.start_line))[0]

    def _pinned(self, document: Document, state: State, uri: str, line: int) -> int:
        own = self._starts.setdefault(uri, {})
        if state.session not in own:
            own[state.session] = document.offset_at(types.Position(line, 0))
        return own[state.session]

    def opened(self, document: Document) -> None:
        """The sessions that began here are followed from now on."""
        self._open[self._name_of(document.uri)] = document
        for state in self._live():
            self.line(state)

    def changed(self, document: Document, edits: Sequence[Edit]) -> None:
        """Text above a place moves it; one whose line is gone stays where that was."""
        starts = self._starts.get(self._name_of(document.uri), {})
        for session, at in starts.items():
            for edit in edits:
                at = at + edit.delta if at >= edit.end else min(at, edit.start + len(edit.text))
            starts[session] = at

    def closed(self, document: Document) -> None:
        """The file on disk may be another text: places are counted anew when it opens."""
        name = self._name_of(document.uri)
        self._open.pop(name, None)
        self._starts.pop(name, None)
