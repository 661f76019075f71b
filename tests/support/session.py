"""A session on the pure core alone: a fake clock, documents in memory, and a test that plays user, model and world.

    s = Session({"a.py": "x = 1\\n"}, plan_first=False)
    s.start("Rename x.")
    s.model(call("edit_file", path="a.py", edits=[{"old": "x = 1", "new": "y = 1"}]))
    s.work()                      # runs the tools that are owed
    s.model("Done.")
    s.approve()                   # signs all pending hunks off; they land at once
    assert s.files == {"a.py": "y = 1\\n"} and s.phase == "done"

Every step is folded twice (alone, and by replaying the log) and the conversation is checked to grow only at its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from signoff.context import changes
from signoff.core import commands as c
from signoff.core import paths
from signoff.core.decide import decide
from signoff.core.effects import AskModel, GatherContext, LandHunks, ProbeLanding, RunTool, Wait
from signoff.core.envelope import Envelope, Event
from signoff.core.evolve import evolve
from signoff.core.fragments import Seen
from signoff.core.hunks import Base, FileChange, Hunk, HunkStatus, Landing
from signoff.core.model import (
    FailureReason,
    Item,
    Message,
    ModelFailure,
    ModelReply,
    ReplyItem,
    ToolCall,
    ToolResult,
    Usage,
)
from signoff.core.owed import owed
from signoff.core.patch import PatchError, resolve_edits, resolve_patch
from signoff.core.plan import Step
from signoff.core.proposals import pending, projected
from signoff.core.protocol import Position, Range
from signoff.core.session import Config
from signoff.core.session_view import SessionView
from signoff.core.state import State
from signoff.core.text import Edit, apply, digest, rebase
from signoff.core.turn import conversation
from signoff.core.view import phase, view, waiting_for

WORKSPACE = "file:///w"
NO_RANGE = Range(Position(0, 0), Position(0, 0))
TOKENS = Usage(100, 60, 10)


def call(name: str, call_id: str = "", **arguments: Any) -> ToolCall:
    """A tool call; without an id it gets the next of c1, c2... when the model sends it."""
    return ToolCall(call_id, name, json.dumps(arguments))


def patch(path: str, *lines: str) -> ToolCall:
    """An apply_patch call that updates one file; `lines` are those of the patch's only chunk, with their signs."""
    body = "\n".join(["*** Begin Patch", f"*** Update File: {path}", "@@", *lines, "*** End Patch"])
    return call("apply_patch", patch=body)


def steps(*texts: str) -> list[dict[str, str]]:
    """Steps for an update_plan call."""
    return [{"text": text} for text in texts]


class RefusedError(AssertionError):
    """The session refused what the test expected to be possible; str() is the reason."""


class Session:
    """One session, its log, and the documents of its workspace by path."""

    def __init__(self, files: dict[str, str] | None = None, **config: Any) -> None:
        self.files = dict(files or {})
        self.looking: bool = config.pop("looking", False)
        """Whether each turn begins with a look at the documents; without it the model is told nothing of them."""
        self.texts: dict[str, str | None] = {}
        self.config = Config(**{"models": ("big", "small"), **config})
        self.state = State("s")
        self.log: list[Envelope] = []
        self.now = 1_000.0
        self._calls = 0
        self._seen: tuple[Item, ...] = ()
        self._causes = 0

    # What can be asked of it

    def ask(self, command: c.Command) -> list[Event] | c.Refused:
        """Decides and records; a refusal is returned and changes nothing."""
        made = decide(self.state, command)
        assert made == decide(self.state, command)
        self.now += 1
        if isinstance(made, c.Refused):
            return made
        self._causes += 1
        for event in made:
            fact = Envelope("s", self.state.seq + 1, self.now, f"k{self._causes}", event)
            self.log.append(fact)
            self.state = evolve(self.state, fact)
        return made

    def do(self, command: c.Command) -> list[Event]:
        """Decides and records; fails the test on a refusal."""
        made = self.ask(command)
        if isinstance(made, c.Refused):
            raise RefusedError(made.reason)
        return made

    def refusal(self, command: c.Command) -> str:
        """The words with which the command is refused; fails the test when it is not."""
        made = self.ask(command)
        assert isinstance(made, c.Refused), made
        return made.reason

    def _conversation_only_grows(self, seen: int | None = None) -> None:
        """Every request starts with the whole of the one before it, and holds one result for every call."""
        now = conversation(replace(self.state, inbox=self.state.inbox[:seen]))
        assert now[: len(self._seen)] == self._seen
        calls = [item.call_id for item in now if isinstance(item, ToolCall)]
        assert calls == [item.call_id for item in now if isinstance(item, ToolResult)]
        self._seen = now

    # The user

    def start(self, goal: str = "Do it.", context: str = "", **more: Any) -> list[Event]:
        """Starts the session and gathers `context` for its first turn."""
        made = self.do(c.Start(goal, WORKSPACE, self.config, **more))
        return made + self.gather(context)

    def reply(self, text: str) -> list[Event]:
        return self.do(c.Reply(text))

    def approve_plan(self, *chosen: Step) -> list[Event]:
        assert self.state.plan
        return self.do(c.ApprovePlan(self.state.plan.id, chosen or None))

    def reject_plan(self, feedback: str = "") -> list[Event]:
        assert self.state.plan
        return self.do(c.RejectPlan(self.state.plan.id, feedback))

    def shown(self, *names: str, status: HunkStatus = "pending") -> tuple[c.Shown, ...]:
        """Hunks by their short names (h1, h2...) as they are now; without names all that have the status."""
        hunks = [self.hunk(name) for name in names] or [h for h in self.state.hunks.values() if h.status == status]
        return tuple(c.Shown(h.id, h.rev) for h in hunks)

    def approve(self, *names: str, land: bool = True) -> list[Event]:
        """Signs hunks off (without names all pending ones), and lets them land unless told not to."""
        made = self.do(c.ApproveHunks(self.shown(*names)))
        return made + (self.land() if land else [])

    def undo(self, *names: str, land: bool = True) -> list[Event]:
        made = self.do(c.UndoHunks(self.shown(*names, status="applied")))
        return made + (self.land() if land else [])

    def reject(self, *names: str, feedback: str = "") -> list[Event]:
        return self.do(c.RejectHunks(self.shown(*names), feedback))

    def amend(self, name: str, after: str) -> list[Event]:
        return self.do(c.AmendHunk(self.shown(name)[0], after))

    def switch(self, path: str, hunks: Sequence[str], in_file: bool) -> list[Event]:
        """The editor's own undo takes hunks out of a document, or its redo puts them in again."""
        uri, text = self.uri(path), self.files[path]
        turned = [self.hunk(name) for name in hunks]
        edits = sorted((h.edit if in_file else h.inverse for h in turned), key=lambda edit: edit.start)
        self.files = {**self.files, path: apply(text, edits)}
        moved = tuple(
            (h.id, h.start + sum(edit.delta for edit in edits if edit.end <= h.start)) for h in self.state.hunks_of(uri)
        )
        ids = tuple(hunk.id for hunk in turned)
        return self.do(c.NoteSwitched(uri, ids, in_file, digest(self.files[path]), moved))

    def type(self, path: str, old: str, new: str) -> list[Event]:
        """The user replaces the only `old` in a document: hunks behind it move, what it touches goes stale."""
        text = self.files[path]
        assert text.count(old) == 1, (old, text)
        edit = Edit(text.index(old), text.index(old) + len(old), new)
        self.files[path] = apply(text, [edit])
        made: list[Event] = []
        starts: list[tuple[str, int]] = []
        for hunk in self.state.hunks_of(self.uri(path)):
            at = rebase(Edit(hunk.start, hunk.start + len(hunk.present), ""), edit)
            if at is None:
                made += self.do(c.MarkStale(hunk.id, "The text that it changes was changed."))
            else:
                starts.append((hunk.id, at.start))
        return made + self.do(c.MoveHunks(self.uri(path), digest(self.files[path]), tuple(starts)))

    # The model

    def model(self, *said: str | ToolCall | ReplyItem, usage: Usage = TOKENS, model: str = "") -> list[Event]:
        """The model's reply to the request that is owed; texts are messages."""
        return self.do(self.reply_of(*said, usage=usage, model=model))

    def reply_of(
        self, *said: str | ReplyItem, usage: Usage = TOKENS, model: str = "", seen: int | None = None
    ) -> c.RecordReply:
        """The command that records such a reply, to a request with the first `seen` inputs (None: all there are)."""
        self.gather()
        effect = next((effect for effect in owed(self.state) if isinstance(effect, AskModel)), None)
        assert effect, f"no request is owed, but {owed(self.state)}"
        self._conversation_only_grows(seen)
        items = tuple(self._item(one) for one in said)
        reply = ModelReply(items, usage, model or self.state.model)
        heard = self.state.inbox if seen is None else self.state.inbox[:seen]
        return c.RecordReply(effect.turn, effect.attempt, heard, reply, self.now)

    def _item(self, said: str | ReplyItem) -> ReplyItem:
        if isinstance(said, str):
            return Message("assistant", said)
        if isinstance(said, ToolCall) and not said.call_id:
            self._calls += 1
            return replace(said, call_id=f"c{self._calls}")
        return said

    def fail(self, reason: FailureReason, message: str = "It failed.", retry_after: float | None = None) -> list[Event]:
        """The request that is owed fails."""
        self.gather()
        self._conversation_only_grows()
        failure = ModelFailure(reason, message, retry_after)
        return self.do(c.RecordFailure(self.state.turn, self.state.attempt, failure, self.now))

    # The world

    def gather(self, text: str = "") -> list[Event]:
        due = any(isinstance(effect, GatherContext) for effect in owed(self.state))
        if not due or not self.looking:
            return self.do(c.RecordContext(self.state.turn, text)) if due else []
        paths_seen = (self.path(uri) for uri in self.state.seen)
        looks = [self.look(path) for path in dict.fromkeys([*self.files, *paths_seen])]
        news = list(changes.since(looks, self.state.seen)) if self.state.turns else []
        seen = tuple(Seen(*one) for one in changes.looked(looks, self.state.seen))
        self.texts |= {changes.mark(one.bare): one.bare for one in looks}
        told = "".join(f"{one.why}:\n{one.text}" for one in news)
        return self.do(c.RecordContext(self.state.turn, told, seen=seen))

    def look(self, path: str) -> changes.Look:
        """The document as it is, without the session's own hunks."""
        uri = self.uri(path)
        own = [hunk for hunk in self.state.hunks_of(uri) if hunk.status == "applied"]
        before = self.texts.get(self.state.seen.get(uri, "")[: changes.SHORT])
        return changes.Look(uri, path, changes.bare(self.files.get(path), own), before, own=bool(own))

    def wait(self) -> list[Event]:
        """Lets the time come that a retry waits for."""
        wait = next(effect for effect in owed(self.state) if isinstance(effect, Wait))
        self.now = max(self.now, wait.until)
        return self.do(c.EndWait(wait.turn, wait.attempt))

    def tool(self, output: str = "ok", call_id: str = "", ok: bool = True) -> list[Event]:
        """The result of a tool call that is owed, the first one unless named."""
        due = [effect.call_id for effect in owed(self.state) if isinstance(effect, RunTool)]
        assert due and (not call_id or call_id in due), due
        return self.do(c.RecordTool(call_id or due[0], output, ok))

    def work(self) -> list[Event]:
        """Runs every tool that is owed, over the documents."""
        made: list[Event] = []
        while due := [effect.call_id for effect in owed(self.state) if isinstance(effect, RunTool)]:
            made += self.do(self.carried_out(due[0]))
        return made

    def carried_out(self, call_id: str) -> c.RecordTool:
        """What a tool call comes to over the documents as they are."""
        asked = next(one for one in self.state.open_calls if one.call_id == call_id)
        given = {"patch": asked.arguments} if asked.custom else json.loads(asked.arguments)
        match asked.name:
            case "read_file":
                text = self.seen(given["path"])
                return c.RecordTool(call_id, "There is no such file." if text is None else text, text is not None)
            case "list_files":
                return c.RecordTool(call_id, "\n".join(sorted(self.files)))
            case "search":
                found = [path for path in sorted(self.files) if given["query"] in (self.seen(path) or "")]
                return c.RecordTool(call_id, "\n".join(found) or "No match.")
            case "apply_patch":
                return self.proposal(call_id, resolve_patch(given["patch"], self.seen))
            case _:
                edits = [(edit["old"], edit["new"]) for edit in given["edits"]]
                return self.proposal(call_id, resolve_edits(given["path"], edits, self.seen))

    def proposal(self, call_id: str, found: Sequence[FileChange] | PatchError) -> c.RecordTool:
        if isinstance(found, PatchError):
            return c.RecordTool(call_id, found.message, ok=False)
        bases = tuple(self.base(self._origin(change.path)) for change in found)
        told = "\n".join(f"Proposed: {change.kind} {change.path}. Not approved yet." for change in found)
        return c.RecordTool(call_id, told, True, tuple(found), bases)

    def uri(self, path: str) -> str:
        return paths.join(WORKSPACE, path)

    def path(self, uri: str) -> str:
        return paths.relative(WORKSPACE, uri) or ""

    def base(self, path: str) -> Base:
        return Base(self.uri(path), self.files.get(path))

    def _origin(self, path: str) -> str:
        moved = [h for h in self.state.hunks.values() if h.status == "pending" and h.to_uri == self.uri(path)]
        return self.path(moved[0].uri) if moved else path

    def seen(self, path: str) -> str | None:
        """The file as the model sees it."""
        origin = self._origin(path)
        waiting = pending(self.state, self.base(origin))
        return waiting[0].after if origin != path else projected(self.files.get(path), waiting)

    def land(self) -> list[Event]:
        """Brings every approved hunk into its document."""
        made: list[Event] = []
        while due := [effect for effect in owed(self.state) if isinstance(effect, LandHunks)]:
            made += self.landing(self.state.landings[due[0].landing])
        return made

    def landing(self, landing: Landing, until: Callable[[str], bool] = lambda _: False) -> list[Event]:
        """Carries one landing out; `until("started" | "written")` cuts it short there, as a kill would."""
        hunks = [self.state.hunks[i] for i in landing.hunks]
        before = dict(self.files)
        lost = tuple(h.id for h in hunks if h.kind == "update" and not self._stands(h, landing))
        if lost:
            gone = lost if landing.kind == "apply" else ()
            return self.do(c.RefuseLanding(landing.id, "The text that it changes is not there any more.", gone))
        after, starts = self._landed(landing, hunks)
        path = self.path(landing.uri)
        digests = (digest(before.get(path, "")), digest(after.get(path, "")))
        made = self.do(c.StartLanding(landing.id, "buffer", *digests))
        if until("started"):
            return made
        self.files = after
        if until("written"):
            return made
        made += self.do(c.FinishLanding(landing.id, digests[1], starts))
        for hunk in self.state.hunks_of(landing.uri):
            text = self.files.get(path, "")
            if hunk.kind == "update" and not text.startswith(hunk.before, hunk.start):
                made += self.do(c.MarkStale(hunk.id, "The text that it changes was taken back."))
        return made

    def _stands(self, hunk: Hunk, landing: Landing) -> bool:
        text = self.files.get(self.path(landing.uri), "")
        return text.startswith(hunk.before if landing.kind == "apply" else hunk.after, hunk.start)

    def _landed(self, landing: Landing, hunks: Sequence[Hunk]) -> tuple[dict[str, str], tuple[tuple[str, int], ...]]:
        files, apply_it = dict(self.files), landing.kind == "apply"
        path = self.path(landing.uri)
        if hunks[0].kind != "update":
            target = self.path(hunks[0].to_uri or landing.uri)
            texts = (path, target, hunks[0].before, hunks[0].after)
            source, goal, there, here = texts if apply_it else (target, path, hunks[0].after, hunks[0].before)
            assert files.pop(source, "") == there
            if hunks[0].kind == "rename" or hunks[0].kind == ("create" if apply_it else "delete"):
                files[goal] = here
            return files, ((hunks[0].id, 0),)
        edits = sorted((h.edit if apply_it else h.inverse for h in hunks), key=lambda edit: edit.start)
        files[path] = apply(files[path], edits)
        return files, self._moved(landing, edits)

    def _moved(self, landing: Landing, edits: Sequence[Edit]) -> tuple[tuple[str, int], ...]:
        hunks = self.state.hunks_of(landing.uri)
        return tuple((h.id, h.start + sum(e.delta for e in edits if e.start < h.start)) for h in hunks)

    def restart(self) -> list[Event]:
        """The server is killed and started again: what was read comes from the log alone."""
        state = State("s")
        for fact in self.log:
            state = evolve(state, fact)
        assert state == self.state
        self.texts = {}
        return self.do(c.Park())

    def probe(self) -> list[Event]:
        """Asks the documents about each landing that was in flight when the server was killed."""
        made: list[Event] = []
        for effect in owed(self.state):
            if isinstance(effect, ProbeLanding):
                landing = self.state.landings[effect.landing]
                now = digest(self.files.get(self.path(landing.uri), ""))
                if now == landing.after_digest:
                    hunks = [self.state.hunks[i] for i in landing.hunks]
                    edits = [h.edit if landing.kind == "apply" else h.inverse for h in hunks]
                    made += self.do(c.FinishLanding(landing.id, now, self._moved(landing, edits)))
                else:
                    stale = () if now == landing.before_digest else landing.hunks
                    made += self.do(c.RefuseLanding(landing.id, "The server stopped in between.", stale))
        return made

    # What it has come to

    def hunk(self, name: str) -> Hunk:
        return self.state.hunks[f"s.{name}"]

    @property
    def hunks(self) -> dict[str, tuple[str, int]]:
        """Status and rev of each hunk, by its short name."""
        return {h.id.removeprefix("s."): (h.status, h.rev) for h in self.state.hunks.values()}

    @property
    def owed(self) -> tuple[str, ...]:
        """The keys of what is owed."""
        return tuple(effect.key for effect in owed(self.state))

    @property
    def phase(self) -> str:
        return phase(self.state)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        return waiting_for(self.state)

    @property
    def view(self) -> SessionView:
        return view(self.state, lambda _: NO_RANGE)

    @property
    def said(self) -> list[str]:
        """The texts that the next request holds, newest last: messages and tool results."""
        return [
            getattr(item, "text", None) or getattr(item, "output", "")
            for item in conversation(self.state)
            if not isinstance(item, ToolCall)
        ]


def names(made: Sequence[Event]) -> list[str]:
    """The kinds of events, in order."""
    return [type(event).__name__ for event in made]
