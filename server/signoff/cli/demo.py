"""`signoff demo`: one real task on a sample project, with an endpoint if one is configured, else the embedded model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.cli import decide as d
from signoff.cli.connect import Failed, connected
from signoff.cli.progress import Bar
from signoff.cli.review import Review
from signoff.cli.run import close, place
from signoff.cli.screen import Screen
from signoff.cli.spawn import spawn
from signoff.cli.visible import line, visible
from signoff.core.diff import unified
from signoff.core.paths import to_uri

if TYPE_CHECKING:
    from argparse import Namespace

    from signoff.cli.shapes import View

SAMPLE = Path(__file__).parent / "sample"
LOCAL_MODEL = "local/qwen2.5-coder-1.5b"
FUNCTION = ("textstats/counts.py", "top_words")

_LOCAL_GOAL = "Write the docstring of top_words"
_ENDPOINT_GOAL = (
    "Write the missing docstring of top_words in textstats/counts.py. average_length in textstats/report.py divides by "
    "one word too many: fix that line. Change nothing else."
)
_LOCAL_WORDS = (
    "No endpoint is configured, so a small local model does this task. It writes docstrings and makes explicit "
    "one-line changes; it does not find bugs. For real work set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint of "
    "your own."
)


def add_arguments(subparsers: Any) -> None:
    """Adds `demo` to the program's commands."""
    parser = subparsers.add_parser("demo", allow_abbrev=False)
    parser.add_argument("--yes", action="store_true", help="approve the plan and every hunk without asking")
    parser.add_argument("--keep", action="store_true", help="leave the sample project where it is, and its session")


def run(args: Namespace) -> int:
    """Carries out `signoff demo`; the exit code. Raises Failed, ServerGone."""
    screen = Screen()
    seconds: dict[str, float] = {}
    settings = _model(screen, args.yes, seconds)
    with _project(args.keep, screen) as (project, state):
        return _session(screen, args, project, state, settings, seconds)


def _session(
    screen: Screen, args: Namespace, project: Path, state: Path, settings: dict[str, Any], seconds: dict[str, float]
) -> int:
    asks = screen.asks and not args.yes
    if not asks:
        screen.say(
            "The plan and the hunks are approved without asking" + (" (--yes)." if args.yes else " (no terminal).")
        )
    began = time.monotonic()
    # A session of a project that goes away again has no place in the user's own journal.
    server = spawn() if args.keep else spawn("--state-dir", str(state))
    with connected(server, str(project), {**settings, "trustedWorkspaces": [to_uri(str(project))]}) as client:
        seconds["server start"] = time.monotonic() - began
        goal = _goal(settings, project)
        screen.say(f"Goal: {goal['goal']}", "bold")
        session = client.command("startSession", goal)["session"]
        loop = Review(client, screen, "ask" if asks else "all")
        code, view = loop.run(session)
    seconds.update(loop.seconds)
    screen.show(_diff(project, screen))
    close(screen, code, view, resumes=args.keep)
    screen.show([screen.paint("dim", _seconds(seconds)), *_closing(code, view)])
    return code


def _goal(settings: Mapping[str, Any], project: Path) -> dict[str, Any]:
    start: dict[str, Any] = {"workspace": to_uri(str(project))}
    if "model" not in settings:
        return {**start, "goal": _ENDPOINT_GOAL}
    return {**start, "goal": _LOCAL_GOAL, **place(_lines(project), str(project))}


def _lines(project: Path) -> str:
    """Where the function stands, as PATH:FIRST-LAST; it ends with its file or before the second blank line."""
    path, name = FUNCTION
    lines = (project / path).read_text(encoding="utf-8").splitlines()
    first = next(number for number, text in enumerate(lines, 1) if text.startswith(f"def {name}("))
    end = next((n for n in range(first, len(lines)) if lines[n] and not lines[n][0].isspace()), len(lines))
    return f"{project / path}:{first}-{end}"


# ----------------------------------------------------------------------------------------------------------- the model


def _model(screen: Screen, yes: bool, seconds: dict[str, float]) -> dict[str, Any]:
    """The settings that choose the model; fetches the embedded one first if it is needed. Raises Failed."""
    if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
        return {}
    from signoff import offline

    screen.say(_LOCAL_WORDS, "warn")
    if not offline.local_model_runs():
        raise Failed("The embedded model needs one more package: pip install 'signoff[local]'")
    if offline.local_model() is None:
        _ask_once(screen, yes)
        began = time.monotonic()
        _pull()
        seconds["model fetch"] = time.monotonic() - began
    return {"model": LOCAL_MODEL}


def _ask_once(screen: Screen, yes: bool) -> None:
    if screen.asks and not yes:
        answer = screen.ask("Fetch the model now (1.1 GB, once)? [y/n]")
        if answer.lower() not in ("y", "yes"):
            raise Failed("Without a model there is nothing to show. Set OPENAI_API_KEY or OPENAI_BASE_URL.")
    else:
        screen.say("The model is fetched once (1.1 GB).")


def _pull() -> None:
    from signoff import offline

    bar = Bar(sys.stderr, "Fetching the model")
    try:
        offline.pull_local_model(bar.show)
    except offline.ModelTrouble as trouble:
        raise Failed(str(trouble)) from trouble
    finally:
        bar.done()


# --------------------------------------------------------------------------------------------------- the sample project


@contextmanager
def _project(keep: bool, screen: Screen) -> Generator[tuple[Path, Path]]:
    """A copy of the sample project in a folder of its own, and a folder beside it for the server's state."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-demo-")).resolve()
    project = folder / "textstats"
    try:
        shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("__pycache__"))
        _git(project)
        yield project, folder / "state"
    finally:
        if keep:
            screen.say(f"The project stays in {line(str(project))}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _git(project: Path) -> None:
    """Makes the copy a repository with one commit; without git it stays a plain folder."""
    git = shutil.which("git")
    if git is None:
        return
    author = ["-c", "user.name=Signoff", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "The sample project"]):
        subprocess.run([git, "-C", str(project), *arguments], check=False, capture_output=True)


def _diff(project: Path, screen: Screen) -> list[str]:
    """What the task changed, as a diff against the sample."""
    styles = {"+": "add", "-": "del", "@": "head"}
    lines: list[str] = []
    for path in sorted(SAMPLE.rglob("*.py")):
        name = path.relative_to(SAMPLE)
        now = project / name
        after = now.read_text(encoding="utf-8") if now.exists() else None
        lines += visible(unified(path.read_text(encoding="utf-8"), after, name.as_posix())).splitlines()
    painted = [screen.paint(styles[one[0]], one) if one[:1] in styles else one for one in lines]
    return ["", screen.paint("bold", "What changed:"), *painted] if painted else []


def _seconds(seconds: Mapping[str, float]) -> str:
    return "Seconds: " + ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())


def _closing(code: int, view: View) -> list[str]:
    if code != d.DONE or not view["config"]["model"].startswith("local/"):
        return []
    return [f"{line(view['config']['model'])} wrote this: read what a small model writes before you keep it."]
