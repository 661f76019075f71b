"""The user's settings: the `signoff` section of the editor's configuration, and the initialization options.

Field names are snake_case here and camelCase on the wire. Everything here is the user's own: a workspace can't set it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from signoff.core.fragments import BUDGET, SOURCES, Source
from signoff.core.protocol import StartSession
from signoff.core.session import ApprovalPolicy, Config, SandboxMode

T = TypeVar("T")
PlanPolicy = Literal["never", "complex", "always"]
Wire = Literal["auto", "responses", "chat"]
AutoResume = Literal["ask", "waiting", "always"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    base_url: the model endpoint; empty means OPENAI_BASE_URL, or OpenAI's own when there is a key.
    wire: how the endpoint is spoken to; `auto` finds out. tool_mode: `schema` for models that can't call tools.
    model, fallback_models: tried in this order when one is not available. model empty: OPENAI_PRIMARY_MODEL, or gpt-5.
    effort: the reasoning effort that the endpoint is asked for; empty leaves it to the endpoint.
    plan: whether a plan waits for approval before anything is changed.
    max_tokens, max_cost: the cap of one session in tokens (input plus output) and US dollars; 0 is no cap.
    turn_limit: how many model requests a session may make before it stops and asks.
    auto_resume: what may run again after a restart without a word of the user.
    approval_policy: when a command of the agent needs your word. No tool runs commands yet.
    sandbox_mode: what a command of the agent may touch. No tool runs commands yet.
    trusted_workspaces: folders (URIs) in which git may be asked what changed, besides those that you trusted before.
    context_tokens: how many tokens of the workspace a session is told of before its first turn.
    context_sources: where these come from; leave a source out to switch it off.
    start_actions: whether code actions that start a task are offered everywhere (Explain, Write tests and such)
    stall_seconds: after how many seconds of silence in mid-reply a request is given up; twice that before its start.
    """

    base_url: str = ""
    wire: Wire = "auto"
    tool_mode: Literal["native", "schema"] = "native"
    model: str = ""
    fallback_models: tuple[str, ...] = ()
    effort: str = ""
    plan: PlanPolicy = "complex"
    approval_policy: ApprovalPolicy = "on-request"
    sandbox_mode: SandboxMode = "workspace-write"
    max_tokens: int = 0
    max_cost: float = 0.0
    turn_limit: int = 100
    auto_resume: AutoResume = "ask"
    trusted_workspaces: tuple[str, ...] = ()
    context_tokens: int = BUDGET
    context_sources: tuple[Source, ...] = SOURCES
    start_actions: bool = True
    stall_seconds: float = 60.0


def configure(settings: Settings, asked: StartSession, primary: str) -> Config:
    """The session's configuration with a reason for each choice; what the command says wins over the settings.

    `primary` is the model to use when neither names one.
    """
    model = _choice(asked.model, settings.model, primary)
    plan_first = _choice(asked.plan_first, False if settings.plan == "never" else None, True)
    policy: tuple[ApprovalPolicy, str] = _choice(asked.approval_policy, settings.approval_policy, "on-request")
    sandbox: tuple[SandboxMode, str] = _choice(asked.sandbox_mode, settings.sandbox_mode, "workspace-write")
    return Config(
        models=(model[0], *(m for m in settings.fallback_models if m != model[0])),
        effort=settings.effort or None,
        task_type=asked.task_type,
        approval_policy=policy[0],
        sandbox_mode=sandbox[0],
        plan_first=plan_first[0],
        max_tokens=settings.max_tokens or None,
        max_cost=settings.max_cost or None,
        turn_limit=settings.turn_limit,
        reasons=(
            ("model", model[1]),
            ("plan", plan_first[1]),
            ("approvalPolicy", policy[1]),
            ("sandboxMode", sandbox[1]),
        ),
    )


def _choice(by_command: T | None, by_settings: T | None, default: T) -> tuple[T, str]:
    """What is chosen and whose word it was."""
    if by_command is not None:
        return by_command, "this command"
    if by_settings is not None and by_settings not in ("", default):
        return by_settings, "your settings"
    return default, "default"
