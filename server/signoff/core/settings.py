"""The user's settings: the `signoff` section of the editor's configuration, and the initialization options.

Field names are snake_case here and camelCase on the wire. Everything here is the user's own: a workspace can't set it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from signoff.core.fragments import BUDGET, LARGEST_BUDGET, SMALLEST_BUDGET, SOURCES, Source
from signoff.core.protocol import StartSession
from signoff.core.session import ApprovalPolicy, Config, SandboxMode

T = TypeVar("T")
PlanPolicy = Literal["never", "complex", "always"]
Wire = Literal["auto", "responses", "chat"]
AutoResume = Literal["ask", "waiting", "always"]

MEANING = "meaning"
"""The key of a field's metadata under which its Meaning stands."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a setting is for, in the words that its user reads: Markdown, in full sentences.

    `values` tells of each value that may be named, and of no other. A number is from `least` to `most`. Where editors
    order settings, those with an `order` come first, by it.
    """

    text: str
    values: Mapping[str, str] | None = None
    least: float | None = None
    most: float | None = None
    order: int | None = None


def _is(text: str, values: Mapping[str, str] | None = None, **limits: Any) -> dict[str, Any]:
    return {MEANING: Meaning(text, values, **limits)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    The schema, the documentation and editors tell of each field what its Meaning says.
    """

    base_url: str = field(
        default="",
        metadata=_is(
            "The address of an OpenAI-compatible endpoint, such as `http://localhost:11434/v1`. Empty: the environment"
            " variable `OPENAI_BASE_URL`, else OpenAI's own.",
            order=1,
        ),
    )
    wire: Wire = field(
        default="auto",
        metadata=_is(
            "The API that the endpoint is spoken to with.",
            {
                "auto": "The Responses API; Chat Completions where the endpoint has no other.",
                "responses": "Always the Responses API.",
                "chat": "Always the Chat Completions API.",
            },
        ),
    )
    tool_mode: Literal["native", "schema"] = field(
        default="native",
        metadata=_is(
            "How the model calls tools.",
            {
                "native": "By tool calls, which nearly all models know.",
                "schema": "By replies that a JSON Schema shapes, for models that can't call tools. The endpoint must"
                " support structured output; it is spoken to with Chat Completions.",
            },
        ),
    )
    model: str = field(
        default="",
        metadata=_is(
            "The model of new sessions, as the endpoint names it. `local/qwen2.5-coder-1.5b` is the small model that"
            " runs on your own machine, without endpoint or key. Empty: the environment variable"
            " `OPENAI_PRIMARY_MODEL`, else `gpt-5`.",
            order=2,
        ),
    )
    fallback_models: tuple[str, ...] = field(
        default=(), metadata=_is("The models to go on with, in this order, when the endpoint does not have the first.")
    )
    effort: str = field(
        default="",
        metadata=_is(
            "The reasoning effort that the model is asked for, such as `low`, `medium` or `high`; each model has its"
            " own names. Empty: the model's own default."
        ),
    )
    plan: PlanPolicy = field(
        default="complex",
        metadata=_is(
            "Which tasks begin with a plan that waits for your approval. Every change of a file waits for it in any"
            " case.",
            {
                "never": "None: the agent proposes changes at once.",
                "complex": "All but the code actions *Explain* and *Document*.",
                "always": "All of them.",
            },
            order=3,
        ),
    )
    approval_policy: ApprovalPolicy = field(
        default="on-request",
        metadata=_is(
            "When a command of the agent waits for your approval. No tool runs commands yet: this has no effect so"
            " far, and changes to files are always yours to approve.",
            {
                "untrusted": "Before every command, except those that are known only to read.",
                "on-failure": "When a command failed inside the sandbox and is to run again outside of it.",
                "on-request": "When the agent asks to leave the sandbox.",
                "never": "No command does: what the sandbox refuses fails.",
            },
        ),
    )
    sandbox_mode: SandboxMode = field(
        default="workspace-write",
        metadata=_is(
            "What a command of the agent may touch. No tool runs commands yet: this has no effect so far.",
            {
                "read-only": "It reads files and changes none.",
                "workspace-write": "It changes files of the workspace only.",
                "danger-full-access": "It may do all that you may: there is no sandbox.",
            },
        ),
    )
    max_tokens: int = field(
        default=0,
        metadata=_is(
            "The most tokens that a session may use, input and output together. It stops and asks before the request"
            " that would go beyond. 0: no limit.",
            least=0,
        ),
    )
    max_cost: float = field(
        default=0.0,
        metadata=_is(
            "The most that a session may cost, in US dollars. It stops and asks before the request that would go"
            " beyond, and at once when the price of the model is not known. 0: no limit.",
            least=0,
            order=4,
        ),
    )
    turn_limit: int = field(
        default=100,
        metadata=_is("How many requests the agent may make in a row before it stops and waits for your word.", least=1),
    )
    auto_resume: AutoResume = field(
        default="ask",
        metadata=_is(
            "Which unfinished sessions go on by themselves after the server was started again. What you stopped never"
            " does.",
            {
                "ask": "None: each waits until you resume it.",
                "waiting": "Those that only waited for a time, such as the end of a rate limit.",
                "always": "All of them.",
            },
        ),
    )
    trusted_workspaces: tuple[str, ...] = field(
        default=(),
        metadata=_is(
            "Folders, as URIs such as `file:///home/me/project`, that are trusted besides those that you trusted by"
            " command: git may run in them, and their own instructions are read."
        ),
    )
    context_tokens: int = field(
        default=BUDGET,
        metadata=_is(
            "How many tokens of the workspace the model is told before it is asked first.",
            least=SMALLEST_BUDGET,
            most=LARGEST_BUDGET,
        ),
    )
    context_sources: tuple[Source, ...] = field(
        default=SOURCES,
        metadata=_is(
            "What the model is told of the workspace. Leave a source out to switch it off.",
            {
                "codebase": "The pieces of code that fit the task best, from an index on your machine.",
                "recent changes": "What is not committed or not saved, and the latest commits of the files at hand.",
                "buffers": "The selected lines, the open files, and the places that you looked at lately.",
                "diagnostics": "What other language servers report.",
                "error history": "Commands and tests that failed before. No tool runs commands yet: empty so far.",
                "performance data": "How long commands and tests take. No tool runs commands yet: empty so far.",
                "user preferences": "The instructions of trusted workspaces, and what your rejections taught.",
                "memory": "Earlier sessions of the workspace: what was asked, and what became of it.",
            },
        ),
    )
    start_actions: bool = field(
        default=True,
        metadata=_is(
            "Offer the code actions that start a task at every place: *Explain*, *Write tests*, *Refactor* and such."
            " Off: only where a diagnostic or a comment asks for work."
        ),
    )
    stall_seconds: float = field(
        default=60.0,
        metadata=_is(
            "After how many seconds of silence in the middle of a reply a request is given up and made again. A reply"
            " that has not begun gets twice as long.",
            least=1,
        ),
    )


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
