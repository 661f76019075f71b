"""The composition root: the only file that knows every room. Wires adapters to ports and the server to the sessions."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.core import paths
from signoff.core.messages import EndpointFacts, ModelFacts
from signoff.core.state import State
from signoff.core.watched import Changes
from signoff.lsp.api_key import key_of
from signoff.lsp.commands import HANDLERS, answer
from signoff.lsp.desk import Desk, Services
from signoff.lsp.editor import LspEditor
from signoff.lsp.folder_watching import Watch
from signoff.lsp.indexing import Indexing
from signoff.lsp.names import SET_API_KEY
from signoff.lsp.params import member
from signoff.lsp.roots import Roots
from signoff.lsp.settings import UserSettings
from signoff.lsp.signalling import Signalling
from signoff.lsp.spelling import Spelling
from signoff.lsp.vouching import Vouching
from signoff.lsp.watching import Watching
from signoff.lsp.windows import knows_us
from signoff.runtime.context import ContextOptions
from signoff.runtime.limits import Meter
from signoff.runtime.manager import Manager, Ports
from signoff.runtime.ports import Git
from signoff.world.clock import SystemClock
from signoff.world.folders import VARIABLE, Folders, folders
from signoff.world.local_model import lacking
from signoff.world.models import LOCAL, Models
from signoff.world.trust import Trust

if TYPE_CHECKING:
    from signoff.lsp.launch import Options
    from signoff.lsp.server import SignoffServer

log = logging.getLogger(__name__)

NO_ENDPOINT = (
    "No model is set up. Set OPENAI_API_KEY in the environment of the editor and start it again, or name an endpoint of"
    " your own in the setting signoff.baseUrl. Without either: set signoff.model to local/qwen2.5-coder-1.5b, which is"
    " small."
)
NO_ENDPOINT_OURS = (
    "No model is set up. Use the command 'Signoff: Set API Key', or name an endpoint of your own in the setting"
    " signoff.baseUrl. Without either: set signoff.model to local/qwen2.5-coder-1.5b, which is small."
)
NO_ENDPOINT_TERMINAL = (
    "No model is set up. Set OPENAI_API_KEY, or name an endpoint of your own with --base-url. Without either: use"
    " --model local/qwen2.5-coder-1.5b, which is small."
)


def state_folders(options: Options) -> Folders:
    """The folders of this server: the command line's own state folder wins over the environment."""
    named = {VARIABLE: str(options.state_dir)} if options.state_dir else {}
    return folders({**os.environ, **named})


def attach(server: SignoffServer, options: Options) -> None:
    """Brings the server to life: called once `initialize` is answered."""
    _App(server, state_folders(options)).register()


class _App:
    """One server process."""

    def __init__(self, server: SignoffServer, places: Folders) -> None:
        self._server, self._places = server, places
        self.settings = UserSettings(server.warn)
        self.models = Models(lambda: self.settings.now)
        self.trust = Trust(places.state)
        self.spelling = Spelling()
        self.vouching = Vouching(lambda: list(self.spelling.folders), self._trust_changed)
        self.editor = LspEditor(server, self.spelling)
        services = Services(
            settings=lambda: self.settings.now,
            primary_model=self.models.primary,
            trusted=self.trusted,
            trust=self._trust,
            restricted=lambda: self.vouching.restricted,
            model=self._model,
            doctor=self._doctor,
            unready=self._unready,
        )
        self.desk = Desk(server, self.editor, services)
        self.desk.manager = Manager(self._ports(), self._published, self.desk.news.changed)
        self.watching = Watching(
            server,
            self.spelling,
            lambda: self.desk.manager,
            self.desk.display.document_changed,
            self.indexing.touched,
            lambda folder: self.index.changed(folder, None),
            self._watch,
        )
        self.roots = Roots(server, self.spelling, lambda: self.desk.manager, self.desk.left, self._folder)
        self.signalling = Signalling(self.desk.normal, lambda: self.desk.manager.signals)

    def _ports(self) -> Ports:
        from signoff.world.files import WorkspaceFiles
        from signoff.world.index_process import IndexProcess
        from signoff.world.notes import notes_in
        from signoff.world.sqlite_store import SqliteStore
        from signoff.world.tokens import TokenCounter, estimate

        self.index = IndexProcess(self._places.cache / "index")
        self.indexing = Indexing(
            self.index,
            self.editor,
            self.trusted,
            lambda uris: self.desk.manager.signals.touched(uris),
            lambda folder, path: self.desk.manager.tells(folder, path),
            lambda: "codebase" in self.settings.now.context_sources,
        )
        self.tokens = TokenCounter(self._places.cache / "vocabulary")
        return Ports(
            store=SqliteStore(self._places.state),
            editor=self.editor,
            model=self.models,
            clock=SystemClock(),
            files=lambda uri: WorkspaceFiles(Path(paths.to_path(uri))),
            git=self._git,
            meter=Meter(estimate, self.tokens.count_all),
            on_text=self.desk.news.streamed,
            auto_resume=lambda: self.settings.now.auto_resume,
            notes=notes_in(self._places.state),
            engine=self.indexing,
            trusted=self.trusted,
            context=lambda: ContextOptions(self.settings.now.context_tokens, self.settings.now.context_sources),
        )

    def register(self) -> None:
        """Registers every feature, brings the workspaces' sessions back, and warms up what the first session needs."""
        server = self._server
        self.settings.take(server.protocol.initialization_options)
        self.vouching.register(server)
        server.observers += [self.desk.buffers, self.desk.pages, self.indexing]
        for name in HANDLERS:
            server.command(name)(self._handler(name))
        server.serve(SET_API_KEY, self._take_key)
        server.serve("workspace/didChangeConfiguration", self._configuration_changed)
        self.desk.display.register()
        self.desk.progress.register()
        self.watching.register()
        self.signalling.register(server)
        self.roots.register()
        self._warming = asyncio.get_running_loop().create_task(self._warm())
        server.on_exit(self._close)

    def _published(self, state: State) -> None:
        self.desk.published(state)
        self.watching.wanted()

    async def _close(self) -> None:
        self._warming.cancel()
        await self.watching.close()
        await self.roots.close()
        await self.desk.pages.close()
        await asyncio.gather(self._warming, return_exceptions=True)
        await self.desk.manager.close()
        self.indexing.close()
        await asyncio.gather(self.tokens.close(), self.index.close())

    async def _warm(self) -> None:
        await self.roots.settled()
        try:
            await self.models.warm()
        except Exception:
            log.exception("The model could not be warmed up.")

    def _handler(self, name: str) -> Callable[[dict[str, Any]], Any]:
        async def handler(argument: dict[str, Any]) -> Any:
            return await answer(self.desk, name, argument)

        return handler

    def _take_key(self, params: Any) -> dict[str, Any]:
        self.models.set_key(key_of(params))
        return {}

    def _configuration_changed(self, params: Any) -> None:
        section: Any = member(params, "settings")
        self.settings.take(member(section, "signoff"))
        self._trust_changed()

    def _trust_changed(self) -> None:
        for folder in self.desk.folders():
            self.indexing.trusted(folder)

    def trusted(self, workspace: str) -> bool:
        """Whether subprocesses may run in the workspace and its instructions may be read."""
        if self.vouching.restricted:
            return False
        named = {self.spelling.folder(uri) for uri in self.settings.now.trusted_workspaces}
        return self.vouching.vouches(workspace) or workspace in named or self.trust.trusts(workspace)

    def _trust(self, workspace: str, trusted: bool) -> None:
        self.trust.set(workspace, trusted)
        self.indexing.trusted(workspace)

    def _folder(self, folder: str, is_open: bool) -> None:
        try:
            paths.to_path(folder)
        except ValueError:  # clients name what is no folder on a disk
            return
        self.indexing.folder(folder, is_open)
        self.watching.folder(folder, is_open)

    def _watch(self, folder: str, told: Callable[[Changes], None]) -> Watch:
        from signoff.world.watch import FolderWatch

        return FolderWatch(Path(paths.to_path(folder)), told, self.trusted(folder))

    def _unready(self, models: tuple[str, ...]) -> str | None:
        if self.models.configured or any(model.startswith(LOCAL) for model in models):
            return None
        if not knows_us(self._server):
            return NO_ENDPOINT
        # Of the clients that know us the terminal applies no edits, and has no command for the key.
        workspace = self._server.client_capabilities.workspace
        return NO_ENDPOINT_OURS if workspace and workspace.apply_edit else NO_ENDPOINT_TERMINAL

    def _git(self, workspace: str) -> Git | None:
        if not self.trusted(workspace):
            return None
        from signoff.world.git import GitRepository

        return GitRepository(Path(paths.to_path(workspace)))

    def _model(self) -> ModelFacts:
        now = self.settings.now
        models = (now.model or self.models.primary(), *now.fallback_models)
        local = models[0].startswith(LOCAL)
        unready = self._unready(models) or (lacking() if local else None)
        endpoint = EndpointFacts(local or self.models.configured, self.models.shown_url)
        return ModelFacts(models[0], local, unready, endpoint)

    async def _doctor(self) -> list[dict[str, Any]]:
        from signoff.world.doctor import examine

        found = await asyncio.to_thread(examine, self._places.state, self.models)
        return [{"name": c.name, "ok": c.ok, "detail": c.detail, "fix": c.fix} for c in found]
