"""One session in the terminal: waits for news, shows them, asks where something is to decide, and sends the answers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from signoff.cli import decide as d
from signoff.cli import render, words
from signoff.cli.ask import Asker
from signoff.cli.client import Changed, Client, Delta, Event, Notice, Refused
from signoff.cli.screen import Left, Screen
from signoff.cli.visible import visible

if TYPE_CHECKING:
    from signoff.cli.shapes import View

_SHOWN_S = 5.0  # until a command that was taken shows in the view; then the server is asked
_STOP_S = 10.0


class Review:
    """The loop of `run`, `sessions resume` and `demo`. `seconds` sums up what the user did not spend, by stage."""

    def __init__(self, client: Client, screen: Screen, mode: d.Mode) -> None:
        self.client = client
        self.screen = screen
        self.mode: d.Mode = mode
        self.memory = d.Memory()
        self.seconds: dict[str, float] = {}
        self._said = 0  # messages that were shown
        self._streamed = ""
        self._asker = Asker(client, screen)

    def run(self, session: str, known: View | None = None) -> tuple[int, View]:
        """Goes on until the session is done, needs someone who is not there, or the user leaves: exit code and view.

        What stands in `known` was shown before. Raises ServerGone.
        """
        self._said = len(known["messages"]) if known else 0
        try:
            view = self._fresh(session, known)
            while True:
                action = d.decide(view, self.mode, self.screen.asks, self.memory)
                if isinstance(action, d.Leave):
                    return action.code, view
                view = self._act(action, view)
        except Left:
            view = self.client.command("showSession", {"session": session})
            return d.FAILED if view["phase"] == "failed" else d.REFUSED, view
        except KeyboardInterrupt:
            return d.INTERRUPTED, self._interrupted(session)

    def _act(self, action: d.Action, view: View) -> View:
        if isinstance(action, d.Wait):
            return self._next(view, None) or view
        try:
            if isinstance(action, d.AskFailure) and self._asker.failure(view, action) == "hunks":
                self._list(view)
                return view
            self._answer(action, view)
        except Refused as refusal:
            view = self._fresh(view["session"], view)
            if isinstance(action, d.TakePlan) and not d.shows(view, action):
                raise  # nothing changed meanwhile, so it would be refused for ever
            self.screen.say(visible(str(refusal)), "warn")
            return view
        return self._after(action, view)

    def _after(self, action: d.Action, view: View) -> View:
        """The first view in which the command shows: it was only queued when the server answered."""
        until = time.monotonic() + _SHOWN_S
        while not d.shows(view, action):
            newer = self._next(view, until - time.monotonic())
            if newer is None:
                return self._fresh(view["session"], view)
            view = newer
        return view

    def _answer(self, action: d.Action, view: View) -> None:
        """Carries out one decision; what needs the user's word is asked first."""
        session = {"session": view["session"]}
        match action:
            case d.TakePlan(plan=plan):
                self.screen.show(render.plan_lines(plan, self.screen.paint))
                self.client.command("approvePlan", {**session, "plan": plan["id"]})
                self.screen.say("Plan approved without asking.")
            case d.TakeHunks(hunks=hunks):
                self._take(view, hunks)
            case d.ProposeAgain(hunk=hunk):
                self.memory = replace(self.memory, again=self.memory.again | {hunk["id"]})
                self.client.command("reproposeHunk", {"hunk": hunk["id"], "rev": hunk["rev"]})
            case d.AskPlan(plan=plan):
                self._asker.plan(view, plan)
            case d.AskQuestion(question=question):
                self._asker.question(view, question)
            case d.AskHunk():
                self._list(view)
                self._asker.hunk(view, action)
            case d.AskFailure() | d.Wait() | d.Leave():
                pass

    def _list(self, view: View) -> None:
        self.memory = replace(self.memory, listed=frozenset(hunk["id"] for hunk in d.open_hunks(view)))

    def _take(self, view: View, hunks: tuple[Any, ...]) -> None:
        for number, hunk in enumerate(hunks, 1):
            self.screen.show(self._asker.hunk_lines(view, hunk, f"Hunk {number}/{len(hunks)}"))
        taken = frozenset((hunk["id"], hunk["rev"]) for hunk in hunks)
        self.memory = replace(self.memory, taken=self.memory.taken | taken)
        named = [{"hunk": hunk["id"], "rev": hunk["rev"]} for hunk in hunks]
        answer = self.client.command("approveAll", {"session": view["session"], "hunks": named})
        self.screen.say(visible(answer.get("reason") or "All hunks approved without asking."))

    # ------------------------------------------------------------------------------------------------ news and waiting

    def _fresh(self, session: str, known: View | None) -> View:
        """The view as it is now, with everything shown that the server said before it."""
        now: View = self.client.command("showSession", {"session": session})
        while event := self.client.event(0):
            if isinstance(event, Changed):
                now = event.view if _newer(event.view, now) else now
            else:
                self._show_event(session, event)
        self._show_news(known, now)
        return now

    def _next(self, view: View, limit: float | None) -> View | None:
        """The next newer view of this session, everything else shown as it comes; None after `limit` seconds."""
        began = time.monotonic()
        try:
            while True:
                left = None if limit is None else began + limit - time.monotonic()
                if left is not None and left <= 0:
                    return None
                event = self.client.event(left)
                if isinstance(event, Changed) and _newer(event.view, view):
                    self._show_news(view, event.view)
                    return event.view
                self._show_event(view["session"], event)
        finally:
            self._spent(view, time.monotonic() - began)

    def _spent(self, view: View, seconds: float) -> None:
        stage = d.stage(view)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def _show_event(self, session: str, event: Event | None) -> None:
        if isinstance(event, Delta) and event.session == session:
            self._streamed += event.text
            self.screen.stream(event.text)
        elif isinstance(event, Notice):
            self.screen.say(visible(event.text), "warn")

    def _show_news(self, old: View | None, new: View) -> None:
        for message in new["messages"][self._said :]:
            if message["role"] == "assistant" and message["text"].strip() not in self._streamed:
                self.screen.show([visible(message["text"])])
            if message["role"] == "assistant":
                self._streamed = ""
        self._said = len(new["messages"])
        if new["plan"] and "plan" not in new["waitingFor"] and not (old and old["plan"]):
            self.screen.show(render.plan_lines(new["plan"], self.screen.paint))  # a plan that waits is shown when asked
        for line in words.news(old, new):
            self.screen.say(line)

    def _interrupted(self, session: str) -> View:
        """Stops the session; a second Ctrl-C leaves at once, and the server stops it while it shuts down."""
        view: View = self.client.command("showSession", {"session": session})
        try:
            if view["phase"] in ("planning", "working", "checking") or "time" in view["waitingFor"]:
                self.screen.say("Stopping ... Ctrl-C again leaves at once.", "warn")
                self.client.command("interrupt", {"session": session})
                view = self._stopped(view)
        except (Refused, KeyboardInterrupt):
            pass
        return view

    def _stopped(self, view: View) -> View:
        until = time.monotonic() + _STOP_S
        while view["phase"] in ("planning", "working", "checking") and time.monotonic() < until:
            view = self._next(view, 0.5) or self._fresh(view["session"], view)
        return view


def _newer(new: View, old: View) -> bool:
    return new["session"] == old["session"] and new["seq"] > old["seq"]
