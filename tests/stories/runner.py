"""Stories: whole sessions as Markdown that people read and the test suite runs.

A story is prose with fenced blocks. Their first word says who acts:

    file PATH        a file of the workspace, as it is at the start
    settings         `name = value` lines of the session's configuration (Python literals)
    user             `start: GOAL`, `reply: TEXT`, `approve plan`, `reject plan: WORDS`, `edit plan: TEXT | TEXT`,
                     `approve step s1`, `skip step s1`, `approve [h1 h2]`, `reject [h1]: WORDS`, `amend h1: TEXT`,
                     `undo [h1]`, `propose h1 again`, `interrupt`, `resume`, `archive`
    model            one reply: plain lines are its words, `> tool name=value` a tool call (values are JSON, or plain
                     words), `> apply_patch` one whose patch is the lines below it. `! reason [seconds]` is a failed
                     request instead. `model, slowly` lets the tools run only when the world says so
    world            `tools run`, `time passes`, `restart`, `type PATH: OLD => NEW`, `save PATH`; `undo PATH: h1 h2` and
                     `redo PATH: h1 h2` are the editor's own
    then             what came of it: written by the runner (UPDATE_STORIES=1), checked by the tests

After every block whatever the session owes is done at once (context, tools, landings); only the model's replies, waits
and slow tools are left to the story. `then` names the events, then what changed: the phase and what is waited for,
the plan, the hunks, what the next request will tell the model, and files.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from signoff.core import commands as c
from signoff.core.effects import AskModel
from signoff.core.model import Item, Message, ToolCall, ToolResult
from signoff.core.owed import owed
from signoff.core.plan import Step
from signoff.core.turn import conversation
from support.session import RefusedError, Session, names

_BLOCK = re.compile(r"^```(\w+)(?:,? ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_THEN = re.compile(r"\s*^```then\n.*?^```$", re.MULTILINE | re.DOTALL)


def check(text: str) -> str:
    """The story with every `then` block as it turns out today; equal to `text` when it is still true."""
    told, done, play = [], 0, None
    files: dict[str, str] = {}
    settings: dict[str, Any] = {}
    for block in _BLOCK.finditer(text):
        who, extra, body = block.group(1), block.group(2) or "", block.group(3)
        if block.start() < done:
            continue
        match who:
            case "file":
                files[extra] = body
            case "settings":
                settings |= {k.strip(): ast.literal_eval(v.strip()) for k, v in _pairs(body)}
            case "user" | "model" | "world":
                play = play or Play(files, settings)
                told += [text[done : block.end()], f"\n\n```then\n{play.act(who, extra, body)}```"]
                old = _THEN.match(text, block.end())
                done = old.end() if old else block.end()
            case _:
                raise ValueError(f"a story has no block {who!r}")
    return "".join(told) + text[done:]


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for line in body.splitlines():
        name, _, value = line.partition("=")
        yield name, value


class Play:
    """A story under way: the session, the request that is out, and what was shown last."""

    def __init__(self, files: dict[str, str], settings: dict[str, Any]) -> None:
        self.s = Session(files, **settings)
        self.out: tuple[int, int] | None = None
        """(turn, how many inputs it holds) of the request that the model has not answered."""
        self.read = Counter[Item]()
        self.shown: dict[str, str] = {f"file {path}": text for path, text in files.items()}

    def act(self, who: str, extra: str, body: str) -> str:
        """Carries one block out and says what came of it."""
        before = len(self.s.log)
        refused: list[str] = []
        try:
            if who == "model":
                self.model(body)
            else:
                for line in body.splitlines():
                    self.user(line) if who == "user" else self.world(line)
                    self.settle(tools=True)
        except RefusedError as refusal:
            refused.append(f"refused: {refusal}\n")
        self.settle(tools=extra != "slowly")
        made = [fact.event for fact in self.s.log[before:]]
        return "".join([*(f"{line}\n" for line in _wrapped(names(made))), *refused, *self.changes()])

    def settle(self, tools: bool) -> None:
        """Does what is owed at once, and sends the request that is then due."""
        self.s.gather()
        if tools and not self.s.state.parked:
            self.s.work()
        self.s.land()
        self.s.gather()
        asks = any(isinstance(effect, AskModel) for effect in owed(self.s.state))
        if asks and (self.out is None or self.out[0] != self.s.state.turn):
            self.out = (self.s.state.turn, len(self.s.state.inbox))

    def model(self, body: str) -> None:
        """The model's reply to the request that is out; what the user said since was not in it."""
        if body.startswith("!"):
            reason, *seconds = body[1:].split()
            self.s.fail(reason, f"The service says {reason}.", float(seconds[0]) if seconds else None)  # type: ignore[arg-type]
            self.out = None
            return
        seen = self.out[1] if self.out and self.out[0] == self.s.state.turn else None
        self.s.do(self.s.reply_of(*_reply(body), seen=seen))

    def user(self, line: str) -> None:
        s = self.s
        words, _, said = (part.strip() for part in line.partition(":"))
        verb, *what = words.split()
        plan = s.state.plan.id if s.state.plan else ""
        match verb, what:
            case "start", []:
                s.start(said)
            case "reply", []:
                s.reply(said)
            case "approve", ["plan"]:
                s.do(c.ApprovePlan(plan))
            case "reject", ["plan"]:
                s.do(c.RejectPlan(plan, said))
            case "edit", ["plan"]:
                texts = [text.strip() for text in said.split("|")]
                s.do(c.EditPlan(plan, tuple(Step(f"s{n}", text) for n, text in enumerate(texts, start=1))))
            case "approve", ["step", step]:
                s.do(c.ApproveStep(step))
            case "skip", ["step", step]:
                s.do(c.SkipStep(step))
            case "approve", hunks:
                s.approve(*hunks, land=False)
            case "reject", hunks:
                s.reject(*hunks, feedback=said)
            case "amend", [hunk]:
                s.amend(hunk, ast.literal_eval(said))
            case "undo", hunks:
                s.undo(*hunks, land=False)
            case "propose", [hunk, "again"]:
                s.do(c.ReproposeHunk(s.shown(hunk)[0]))
            case "interrupt" | "resume" | "archive", []:
                s.do({"interrupt": c.Interrupt(), "resume": c.Resume(), "archive": c.Archive()}[verb])
            case _:
                raise ValueError(f"a user can't {line!r}")

    def world(self, line: str) -> None:
        words, _, said = (part.strip() for part in line.partition(":"))
        match words.split():
            case ["tools", "run"]:
                self.s.work()
            case ["time", "passes"]:
                self.s.wait()
            case ["restart"]:
                self.s.restart()
                self.s.probe()
                self.out = None
            case ["save", path]:
                self.s.do(c.NoteSaved(self.s.uri(path)))
            case ["undo" | "redo" as what, path]:
                self.s.switch(path, said.split(), what == "redo")
            case ["type", path]:
                old, new = (ast.literal_eval(part.strip()) for part in said.split("=>"))
                self.s.type(path, old, new)
            case _:
                raise ValueError(f"the world has no {line!r}")

    def changes(self) -> Iterator[str]:
        """What is not as it was shown last."""
        now = self.now()
        for name, text in now.items():
            if self.shown.get(name, "") != text:
                lines = text.splitlines() or ["(nothing)"]
                yield (
                    f"{name}: {lines[0]}\n"
                    if len(lines) == 1
                    else f"{name}:\n{''.join(f'  {x}'.rstrip() + chr(10) for x in lines)}"
                )
        for name in self.shown.keys() - now.keys():
            yield f"{name}: gone\n"
        self.shown = now
        items = Counter(item for item in conversation(self.s.state) if _is_news(item))
        yield from (f"to the model: {_oneline(item)}\n" for item in (items - self.read).elements())
        self.read = items

    def now(self) -> dict[str, str]:
        view = self.s.view
        waits = f", waiting for {' and '.join(view.waiting_for)}" if view.waiting_for else ""
        plan = "\n".join(f"{step.id} [{step.status}] {step.text}" for step in view.plan.steps) if view.plan else ""
        hunks = {h.id[2:]: f"{h.status}{f', rev {h.rev}' if h.rev > 1 else ''}, {_change(h)}" for h in view.hunks}
        failure = [f"{f.reason}, {f.strategy}: {f.message}" for f in view.failures[-1:]]
        files = {f"file {path}": text for path, text in sorted(self.s.files.items())}
        return {
            "phase": view.phase + waits,
            "plan": plan,
            **hunks,
            "failure": "".join(failure),
            "question": "\n".join(q.text for q in view.questions),
            **files,
        }


def _change(hunk: Any) -> str:
    if hunk.kind != "update":
        return f"{hunk.kind} {hunk.uri.rsplit('/', 1)[-1]}"
    before, after = hunk.before.rstrip("\n"), hunk.after.rstrip("\n")
    return f"{before!r} -> {after!r}" if before else f"add {after!r}"


def _is_news(item: object) -> bool:
    return isinstance(item, ToolResult) or (isinstance(item, Message) and item.role == "user")


def _oneline(item: Any) -> str:
    text = item.output if isinstance(item, ToolResult) else item.text
    return json.dumps(text, ensure_ascii=False)


def _wrapped(kinds: list[str]) -> list[str]:
    """Event names, as many a line as fit."""
    lines: list[str] = []
    for kind in kinds:
        if lines and len(lines[-1]) + len(kind) < 98:
            lines[-1] += f", {kind}"
        else:
            lines.append(kind)
    return [f"{line}," if line != lines[-1] else line for line in lines] or ["(no event)"]


def _reply(body: str) -> Iterator[str | ToolCall]:
    """The items of a scripted reply."""
    words: list[str] = []
    parts = re.split(r"^> ", body, flags=re.MULTILINE)
    if parts[0].strip():
        words.append(parts[0].strip())
    yield from words
    for part in parts[1:]:
        head, _, rest = part.partition("\n")
        name, _, given = head.strip().partition(" ")
        arguments = dict(_argument(one) for one in re.findall(r'\w+=(?:"[^"]*"|\[[^\]]*\]|\{[^}]*\}|\S+)', given))
        if name == "apply_patch":
            arguments["patch"] = f"*** Begin Patch\n{rest.rstrip()}\n*** End Patch"
        yield ToolCall("", name, json.dumps(arguments))


def _argument(given: str) -> tuple[str, Any]:
    name, _, value = given.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
