"""What happens to documents (typed in, opened, saved, renamed, changed on disk) is brought to their hunks here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from signoff.core import paths
from signoff.core.commands import MarkStale, NoteRenamed, NoteSaved, NoteSwitched
from signoff.core.state import State
from signoff.core.text import Edit
from signoff.runtime.anchors import Told
from signoff.runtime.following import GONE
from signoff.runtime.perform import Performer
from signoff.runtime.workspace import Workspace

REST_SECONDS = 1.0
"""How long typing must rest before hunk positions are written down."""


class Documents:
    """The documents of all workspaces. URIs are taken in any spelling of the same path."""

    def __init__(
        self,
        places: Mapping[str, Performer],
        live: Callable[[], Iterable[State]],
        tell: Callable[[Sequence[Told]], None],
    ) -> None:
        self._places, self._live, self._tell = places, live, tell
        self._rest: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def watched(self, uri: str) -> bool:
        """Whether hunks of a session that is open here stand in the document."""
        return bool(self._holding(paths.normal(uri)))

    def uris(self) -> set[str]:
        """The documents in which hunks of sessions stand that are open here."""
        return {uri for place in self._places.values() for uri in place.workspace.anchors.uris()}

    def _holding(self, name: str) -> list[Performer]:
        return [place for place in self._places.values() if name in place.workspace.anchors]

    def changed(self, uri: str, before: str, edits: Sequence[Edit]) -> None:
        """An open document changed by successive `edits`, the first of the text `before`."""
        name = paths.normal(uri)
        for place in self._holding(name):
            place.workspace.changed(name, before, edits)
            self._followed(place, name)

    def opened(self, uri: str, text: str) -> None:
        """A document was opened with `text`, which may not be the file's: its hunks are where they are in it."""
        name = paths.normal(uri)
        for place in self._holding(name):
            place.workspace.sync(name, text)
            place.workspace.filed(name, text)
            self._followed(place, name)

    def file_changed(self, uri: str) -> None:
        """The file on disk may be another one, or gone. An open document is what its editor says, whatever the disk."""
        name = paths.normal(uri)
        for place in self._holding(name):
            if place.workspace.editor.text(name) is not None:
                continue
            text = place.workspace.text(name)
            if text is None:
                self._gone(place.workspace, name)
            else:
                place.workspace.sync(name, text)
                place.workspace.anchors.filed(name, text)
                self._followed(place, name)
                # There is no buffer that could differ from the file.
                self._tell([(state.session, NoteSaved(name)) for state in self._of(place.workspace, name)])
            place.landings.document_closed(name)

    closed = file_changed
    """What was not saved is gone: the document is its file again. To be called once the editor does not have it."""

    def _gone(self, workspace: Workspace, name: str) -> None:
        for state in self._of(workspace, name):
            hunks = [h for h in state.hunks_of(name) if h.kind == "update"]
            # What was in a buffer only is nowhere any more.
            gone = tuple(h.id for h in hunks if h.in_file and name in state.unsaved)
            self._tell([(state.session, NoteSwitched(name, gone, False, "", ()))] if gone else [])
            self._tell([(state.session, MarkStale(h.id, GONE)) for h in state.hunks_of(name) if h.kind != "create"])

    def saved(self, uri: str) -> None:
        """The editor saved the document."""
        name = paths.normal(uri)
        for place in self._holding(name):
            if (text := place.workspace.editor.text(name)) is not None:
                place.workspace.sync(name, text)
                place.workspace.anchors.filed(name, text)
        self._tell([(state.session, NoteSaved(name)) for state in self._live() if name in state.unsaved])

    def landed(self, state: State) -> None:
        """A session is not what it was: what landed may have been saved before its landing was written down."""
        place = self._places.get(state.workspace)
        saved = [uri for uri in state.unsaved if place and place.workspace.anchors.is_filed(uri)]
        self._tell([(state.session, NoteSaved(uri)) for uri in saved])

    def renamed(self, uri: str, to: str) -> None:
        """The user gave a file, or a folder with files, another name: hunks go with it."""
        old, new = paths.normal(uri), paths.normal(to)
        for place in self._places.values():
            for name in place.workspace.anchors.uris():
                if name == old or name.startswith(old + "/"):
                    self._rename(place.workspace, name, new + name[len(old) :])

    def _rename(self, workspace: Workspace, name: str, to: str) -> None:
        self._tell([(state.session, NoteRenamed(name, to)) for state in self._of(workspace, name)])
        workspace.anchors.renamed(name, to)
        text = workspace.text(to)
        if text is not None:
            # Hunks that went stale with the old name fit again.
            workspace.sync(to, text)

    def _of(self, workspace: Workspace, name: str) -> list[State]:
        return [s for s in self._live() if s.workspace == workspace.uri and s.hunks_of(name)]

    def _followed(self, place: Performer, name: str) -> None:
        """The hunks are where they belong: a landing may have been waiting for that, and the log hears of it later."""
        place.landings.document_changed()
        key = (place.workspace.uri, name)
        earlier = self._rest.pop(key, None)
        if earlier is not None:
            earlier.cancel()
        self._rest[key] = asyncio.get_running_loop().call_later(REST_SECONDS, self._rested, place.workspace, name)

    def _rested(self, workspace: Workspace, name: str) -> None:
        """Typing rests: hunk positions are written down."""
        self._rest.pop((workspace.uri, name), None)
        text = workspace.text(name)
        if text is not None:
            workspace.settle(name, text)
            sessions = sorted(state.session for state in self._of(workspace, name))
            self._tell([(session, workspace.anchors.moved(session, name, text)) for session in sessions])

    def close(self) -> None:
        """Forgets what was to be written down."""
        for handle in self._rest.values():
            handle.cancel()
