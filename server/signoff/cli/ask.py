"""The questions that the terminal asks, and the commands that the answers become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from signoff.cli import render
from signoff.cli.around import around
from signoff.cli.client import Client, Refused
from signoff.cli.decide import AskFailure, AskHunk
from signoff.cli.screen import Left, Screen
from signoff.cli.visible import visible

if TYPE_CHECKING:
    from signoff.cli.shapes import Hunk, Plan, Question, View

_PLAN = "Approve this plan? [y]es, [e]dit, [n]o and say why, [s]kip a step, [q]uit:"
_HUNK = "Apply this hunk? [y]es, [n]o and say why, [e]dit, [a]ll the rest, [q]uit:"
_STALE = "[p]ropose it again, [n]o and say why, [q]uit:"


class Asker:
    """Asks and sends. Every method raises Left when the user quits, and Refused when the server refuses."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self._shown: tuple[str, int] | None = None

    # ------------------------------------------------------------------------------------------------------------ plan

    def plan(self, view: View, plan: Plan) -> None:
        """Shows the plan and sends what the user says about it."""
        self._screen.show(["", *render.plan_lines(plan, self._screen.paint)])
        about = {"session": view["session"], "plan": plan["id"]}
        while True:
            answer, rest = self._choice(_PLAN, "yensq")
            match answer:
                case "y":
                    self._client.command("approvePlan", about)
                case "n":
                    feedback = rest or self._screen.ask("What should be different?")
                    self._client.command("rejectPlan", {**about, "feedback": feedback})
                case "s" if step := self._step(plan, rest):
                    self._client.command("skipStep", {"session": view["session"], "step": step})
                case "e" if (steps := self._edited(plan)) is not None:
                    self._client.command("editPlan", {**about, "steps": steps})
                case _:
                    continue
            return

    def _step(self, plan: Plan, rest: str) -> str:
        """The id of the step that the user names by number; "" if there is none."""
        word = rest or self._screen.ask(f"Which step? (1 to {len(plan['steps'])})")
        if word.isdecimal() and 1 <= int(word) <= len(plan["steps"]):
            return plan["steps"][int(word) - 1]["id"]
        self._screen.say(f"There is no step {visible(word)!r}: give a number from 1 to {len(plan['steps'])}.", "warn")
        return ""

    def _edited(self, plan: Plan) -> list[dict[str, object]] | None:
        from signoff.cli import editing

        text = editing.task_list(plan)
        try:
            edited = editing.edit(text, ".md")
            steps = editing.steps_of(edited, plan)
        except editing.EditorTrouble as trouble:
            self._screen.say(visible(str(trouble)), "warn")
            return None
        if edited == text or not steps:
            self._screen.say("The plan was not changed.")
            return None
        return steps

    # ------------------------------------------------------------------------------------------------------------ hunk

    def hunk_lines(self, view: View, hunk: Hunk, title: str) -> list[str]:
        """The hunk as it is shown, with lines of the file around it where the file is at hand."""
        return render.hunk_lines(view, hunk, title, self._screen.paint, around(hunk))

    def hunk(self, view: View, action: AskHunk) -> None:
        """Shows the hunk and sends what the user says about it."""
        hunk = action.hunk
        about = {"hunk": hunk["id"], "rev": hunk["rev"]}
        self._screen.show(self.hunk_lines(view, hunk, f"Hunk {action.number}/{action.total}"))
        stale = hunk["status"] == "stale"
        while True:
            answer, rest = self._choice(_STALE, "pnq") if stale else self._choice(_HUNK, "yneaq")
            match answer:
                case "y":
                    self._send_hunk("approveHunk", about)
                case "n":
                    feedback = rest or self._screen.ask("Why? (Enter for no reason)")
                    self._send_hunk("rejectHunk", {**about, "feedback": feedback})
                case "e" if (after := self._amended(hunk)) is not None:
                    self._send_hunk("amendHunk", {**about, "after": after})
                case "a":
                    self._client.command("approveAll", {"session": view["session"]})
                case "p":
                    self._send_hunk("reproposeHunk", about)
                case _:
                    continue
            return

    def _send_hunk(self, name: str, argument: Mapping[str, object]) -> None:
        result = self._client.command(name, argument)
        if isinstance(result, dict) and result.get("status") == "stale":  # pyright: ignore[reportUnknownMemberType]
            raise Refused(str(result.get("reason") or "The text under the hunk changed."))  # pyright: ignore

    def _amended(self, hunk: Hunk) -> str | None:
        from signoff.cli import editing

        if hunk["kind"] == "delete":
            self._screen.say("A deletion can't be edited. Answer n, and say what you want.", "warn")
            return None
        try:
            after = editing.edit(hunk["after"], editing.suffix_of(hunk["to"] or hunk["uri"]))
        except editing.EditorTrouble as trouble:
            self._screen.say(visible(str(trouble)), "warn")
            return None
        if after == hunk["after"]:
            self._screen.say("The hunk was not changed.")
            return None
        return after

    # ------------------------------------------------------------------------------------------- questions and failures

    def question(self, view: View, question: Question) -> None:
        """Shows the question and sends the answer: an option by its number, or the user's own words."""
        self._screen.show(["", *render.question_lines(question, self._screen.paint)])
        options = question["options"]
        prompt = "Your answer (a number, or your own words):" if options else "Your answer:"
        answer = self._until(prompt, lambda word: bool(word))
        if answer.isdecimal() and 1 <= int(answer) <= len(options):
            answer = options[int(answer) - 1]
        self._client.command("reply", {"session": view["session"], "text": answer})

    def failure(self, view: View, action: AskFailure) -> Literal["again", "hunks"]:
        """Asks how to go on after a failure, which was told already: again (sent), or with the hunks that wait."""
        waiting = f"[d]ecide the {action.hunks} waiting hunks, " if action.hunks else ""
        prompt = f"[r]etry, [w]rite to the agent, {waiting}[q]uit:"
        answer, rest = self._choice(prompt, "rwdq" if action.hunks else "rwq")
        if answer == "d":
            return "hunks"
        if answer == "w":
            words = rest or self._until("Your words:", bool)
            self._client.command("reply", {"session": view["session"], "text": words})
        else:
            self._client.command("resume", {"session": view["session"]})
        return "again"

    def _choice(self, prompt: str, letters: str) -> tuple[str, str]:
        """One of the letters, and what the user wrote after it. Raises Left for q."""
        word = self._until(prompt, lambda word: _letter(word) in letters)
        if _letter(word) == "q":
            raise Left
        return _letter(word), word.partition(" ")[2].strip()

    def _until(self, prompt: str, fits: Callable[[str], bool]) -> str:
        while True:
            word = self._screen.ask(prompt)
            if word and fits(word):
                return word


def _letter(word: str) -> str:
    """The letter that the first word stands for: y, yes or Y are "y"; "?" for what is no answer at all."""
    first = word.split()[0].lower() if word.split() else ""
    full = {"yes", "no", "edit", "all", "quit", "skip", "propose", "retry", "decide", "write"}
    return first[0] if len(first) == 1 or first in full else "?"
