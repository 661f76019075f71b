"""What the sessions of a server need from the outside, and what is made of it for one workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signoff.core.settings import AutoResume
from signoff.runtime.anchors import Told
from signoff.runtime.context import ContextOptions, Gatherer
from signoff.runtime.land import Landings
from signoff.runtime.limits import Meter
from signoff.runtime.material import Around
from signoff.runtime.memory import Memory
from signoff.runtime.perform import OnText, Performer
from signoff.runtime.ports import Clock, ContextEngine, Editor, Files, Git, Model, Notes, Store
from signoff.runtime.signals import Signals
from signoff.runtime.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the sessions of a server need from the outside."""

    store: Store
    editor: Editor
    model: Model
    clock: Clock
    files: Callable[[str], Files]
    git: Callable[[str], Git | None]
    """For a workspace URI; None where it is not trusted."""
    notes: Callable[[str], Notes]
    """For a workspace URI."""
    meter: Meter
    on_text: OnText
    auto_resume: Callable[[], AutoResume] = lambda: "ask"
    """What may go on by itself when its workspace is opened again."""
    engine: ContextEngine | None = None
    """None: no code is looked for, and the model finds its own."""
    trusted: Callable[[str], bool] = lambda uri: False
    """For a workspace URI: whether the instructions in it may be read."""
    context: Callable[[], ContextOptions] = ContextOptions


def performer(
    uri: str, ports: Ports, signals: Signals, memory: Memory, tell: Callable[[Sequence[Told]], None]
) -> Performer:
    """What carries out the effects of the sessions in the workspace `uri`."""
    workspace = Workspace(uri, ports.editor, ports.files(uri), lambda: ports.git(uri), tell)
    around = Around(ports.notes(uri), signals, lambda: ports.trusted(uri))
    gatherer = Gatherer(workspace, ports.engine, memory, around, ports.context)
    return Performer(workspace, Landings(workspace), gatherer, ports.model, ports.clock, ports.meter, ports.on_text)
