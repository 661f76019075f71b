"""Judgements about turns: what the user says, what the model replies, what tools return, and failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from signoff.core import commands as c
from signoff.core import events as e
from signoff.core.decide_plan import answered, asked, going_on, plan_called, rejected
from signoff.core.envelope import Event
from signoff.core.evolve import evolve_all
from signoff.core.model import ModelFailure, ToolCall, Usage
from signoff.core.proposals import proposed
from signoff.core.recovery import recover
from signoff.core.state import Input, State, Turn
from signoff.core.tools import CHANGING, DIRECT, BadArguments, arguments
from signoff.core.turn import REPEATS_STOPPED, REPEATS_WARNED, problem, repeated

TurnCommand = c.Reply | c.RecordContext | c.RecordReply | c.RecordFailure | c.EndWait | c.RecordTool

NOTHING_USED = Usage()
PLAN_FIRST = "Nothing may be changed before the user approved a plan. Call update_plan first."
PLAN_WAITED = "Not done: your plan was waiting for the user. Once it is approved, send this call again."
OUTDATED = (
    "The user decided on hunks of this file just now, so nothing was proposed. Read it again and send it once more."
)
REPEATING = "You have made this same call several times in a row. Its result will not change; try something else."


def decide_turn(state: State, command: TurnCommand) -> list[Event] | c.Refused:
    """What a step of the conversation leads to; what comes late, for a turn that is over, changes nothing."""
    match command:
        case c.Reply():
            return _said(state, command)
        case c.RecordContext():
            return [_gathered(command)] if state.context_due and command.turn == state.turn else []
        case c.RecordReply():
            return _replied(state, command)
        case c.RecordFailure():
            return _failed(state, command) if (command.turn, command.attempt) == (state.turn, state.attempt) else []
        case c.EndWait():
            late = (command.turn, command.attempt) != (state.turn, state.attempt) or state.wait_until is None
            return [] if late else [e.WaitEnded(command.turn, command.attempt)]
        case c.RecordTool():
            return _tool_returned(state, command)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(command)


def _gathered(command: c.RecordContext) -> e.ContextGathered:
    return e.ContextGathered(
        command.text, command.sources, command.head, command.fragments, command.left_out, command.seen
    )


def _said(state: State, said: c.Reply) -> list[Event] | c.Refused:
    text = said.text
    if not text.strip():
        return c.Refused("The reply is empty.")
    question = next(iter(state.questions.values()), None)
    if said.question and (question is None or question.id != said.question):
        return c.Refused("The agent does not wait for an answer to that question.")
    if question:
        return going_on(state, answered(question, text))
    if state.plan and state.plan_waits:
        return going_on(state, rejected(state.plan, text))
    return [e.UserReplied(text)]


def _replied(state: State, command: c.RecordReply) -> list[Event]:
    if command.turn != state.turn:
        return []
    wrong = problem(command.reply)
    if wrong and command.attempt != state.attempt:
        return []
    if wrong:
        failure = ModelFailure("bad_reply" if Turn((), command.reply.items).calls else "empty_reply", wrong)
        return _failed(state, c.RecordFailure(command.turn, command.attempt, failure, command.at), command.reply.usage)
    reply, seen = command.reply, _seen(command.told, state.inbox)
    made: list[Event] = [
        e.ModelReplied(
            command.turn,
            command.attempt,
            seen,
            reply.items,
            reply.usage,
            reply.model,
            reply.first_token_ms,
            reply.total_ms,
        )
    ]
    turn = Turn(state.inbox[:seen], reply.items)
    repeats = repeated(state, turn)
    for call in turn.calls:
        made += _called(evolve_all(state, made), call, repeats)
    if repeats >= REPEATS_STOPPED:
        failure = ModelFailure("repeating", f"The model made the same tool call {repeats} times in a row.")
        made += _failed(evolve_all(state, made), c.RecordFailure(state.turn + 1, 0, failure, command.at))
    return made


def _seen(told: Sequence[Input], inbox: Sequence[Input]) -> int:
    """How many inputs were in the request: an input may have been replaced or taken back while it was under way."""
    same = (one == other for one, other in zip(told, inbox, strict=False))
    return next((n for n, equal in enumerate(same) if not equal), min(len(told), len(inbox)))


def _called(state: State, call: ToolCall, repeats: int) -> list[Event]:
    """What can be answered about a call without looking at the world."""
    checked = arguments(call)
    if isinstance(checked, BadArguments):
        return [e.ToolReturned(call.call_id, checked.message, ok=False)]
    if call.name in CHANGING and not state.may_change_files:
        return [e.ToolReturned(call.call_id, PLAN_WAITED if state.plan_waits else PLAN_FIRST, ok=False)]
    if repeats >= REPEATS_WARNED and call.name not in DIRECT:
        return [e.ToolReturned(call.call_id, REPEATING, ok=False)]
    match call.name:
        case "update_plan":
            return plan_called(state, call.call_id, checked)
        case "ask_user":
            return asked(state, call.call_id, checked)
        case "finish":
            return [e.ToolReturned(call.call_id, "ok")]
        case _:
            return []


def _failed(state: State, command: c.RecordFailure, usage: Usage = NOTHING_USED) -> list[Event]:
    failure = command.failure
    answer = recover(failure, command.attempt, state.model, state.config.models, command.at)
    event = e.TurnFailed(
        command.turn,
        command.attempt,
        failure.reason,
        failure.message,
        answer.strategy,
        answer.until,
        answer.model,
        usage,
    )
    return [event]


def _tool_returned(state: State, command: c.RecordTool) -> list[Event]:
    call = next((call for call in state.open_calls if call.call_id == command.call_id), None)
    if call is None:
        return []
    made = proposed(state, call, command.changes, command.bases) if command.changes else []
    if made is None:
        return [e.ToolReturned(call.call_id, OUTDATED, ok=False)]
    return [*made, e.ToolReturned(call.call_id, command.output, command.ok)]
