"""What a session is asked to do and under which settings: values that start it and never change by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ApprovalPolicy = Literal["untrusted", "on-failure", "on-request", "never"]
SandboxMode = Literal["read-only", "workspace-write", "danger-full-access"]
TaskType = Literal["quick_fix", "complex_analysis", "code_generation", "research", "bulk_operation"]
Severity = Literal["error", "warning", "information", "hint"]


@dataclass(frozen=True, slots=True)
class Place:
    """A range in a document: 0-based lines, columns in code points, the end excluded."""

    uri: str
    start_line: int = 0
    start_column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a linter, compiler or check says about a place."""

    message: str
    severity: Severity = "error"
    source: str = ""
    code: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The settings that a session runs under. `reasons` tells for each choice where it came from: (name, reason).

    `models` are tried in order when one is not available. `max_tokens` caps input plus output tokens, `max_cost` US
    dollars; None is no cap. `instructions` are the workspace's own (AGENTS.md, rules), empty in untrusted workspaces.
    """

    models: tuple[str, ...] = ("gpt-5",)
    effort: str | None = None
    task_type: TaskType | None = None
    approval_policy: ApprovalPolicy = "on-request"
    sandbox_mode: SandboxMode = "workspace-write"
    plan_first: bool = True
    max_tokens: int | None = None
    max_cost: float | None = None
    turn_limit: int = 100
    instructions: str = ""
    reasons: tuple[tuple[str, str], ...] = ()
