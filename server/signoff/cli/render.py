"""A session in lines of text: plan, hunks, messages, summary. Pure: what is shown depends on the arguments alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from signoff.cli.visible import Paint, line, visible
from signoff.core.paths import shown
from signoff.core.text import split_lines

if TYPE_CHECKING:
    from signoff.cli.shapes import Fragment, Hunk, Plan, Question, Step, Told, Usage, View

Around = tuple[list[str], list[str]]
"""Lines of the file before and after a hunk."""

_MARKS = {"pending": "[ ]", "active": "[>]", "done": "[x]", "skipped": "[-]", "failed": "[!]"}


def plan_lines(plan: Plan, paint: Paint) -> list[str]:
    """The plan as a numbered list; the numbers are those that `s N` takes."""
    numbers = {step["id"]: number for number, step in enumerate(plan["steps"], 1)}
    return [paint("bold", "Plan")] + [_step(step, numbers, paint) for step in plan["steps"]]


def _step(step: Step, numbers: dict[str, int], paint: Paint) -> str:
    files = f"  ({', '.join(line(name) for name in step['files'])})" if step["files"] else ""
    first = [str(numbers[name]) for name in step["after"] if name in numbers]
    after = f"  after {', '.join(first)}" if first else ""
    text = visible(step["text"]).replace("\n", "\n       ")
    mark = _MARKS.get(step["status"], "[?]")
    return f"  {numbers[step['id']]:>2}. {mark} {text}{paint('dim', files + after)}"


def question_lines(question: Question, paint: Paint) -> list[str]:
    """The question, its options numbered from 1."""
    options = [f"  {number}. {visible(option)}" for number, option in enumerate(question["options"], 1)]
    return [paint("bold", "The agent asks: ") + visible(question["text"]), *options]


# ---------------------------------------------------------------------------------------------------------------- hunks


def hunk_lines(view: View, hunk: Hunk, title: str, paint: Paint, around: Around = ([], [])) -> list[str]:
    """One hunk as a unified diff below a title, with the model's rationale and what there is to know about it."""
    said = [visible(hunk["rationale"].strip())] if hunk["rationale"].strip() else []
    said += [paint("warn", visible(f"Finding: {finding}")) for finding in hunk["findings"]]
    if hunk["status"] == "stale":
        said.append(paint("warn", "The text under this hunk changed since it was proposed."))
    if hunk["note"]:
        said.append(paint("warn", visible(hunk["note"])))
    return ["", paint("bold", _title(view, hunk, title)), *said, *diff_lines(view, hunk, paint, around)]


def _title(view: View, hunk: Hunk, title: str) -> str:
    removed, added = len(split_lines(hunk["before"])), len(split_lines(hunk["after"]))
    place = f"{name_of(view, hunk['uri'])}:{hunk['range']['start']['line'] + 1}"
    words = {
        "create": f"create {name_of(view, hunk['uri'])}",
        "delete": f"delete {name_of(view, hunk['uri'])}",
        "rename": f"rename {name_of(view, hunk['uri'])} to {name_of(view, hunk['to'] or '')}",
    }
    if hunk["kind"] == "rename" and hunk["before"] == hunk["after"]:
        return f"{title}: {words['rename']}"
    return f"{title}: {words.get(hunk['kind'], place)} (+{added} -{removed})"


def diff_lines(view: View, hunk: Hunk, paint: Paint, around: Around = ([], [])) -> list[str]:
    """The hunk as a unified diff with headers, coloured; `around` are lines of the file that stay as they are."""
    old = "/dev/null" if hunk["kind"] == "create" else "a/" + name_of(view, hunk["uri"])
    new = "/dev/null" if hunk["kind"] == "delete" else "b/" + name_of(view, hunk["to"] or hunk["uri"])
    head = [paint("bold", f"--- {old}"), paint("bold", f"+++ {new}")]
    if hunk["kind"] == "rename":
        return head + _rename_lines(hunk, paint)
    before, after = split_lines(hunk["before"]), split_lines(hunk["after"])
    lead, trail = around
    start = hunk["range"]["start"]["line"] - len(lead)
    spans = [_span(start, len(lead) + len(side) + len(trail)) for side in (before, after)]
    ends = _ends(hunk["before"]) != _ends(hunk["after"]) and bool(before) and bool(after)
    body = [_shown(" ", text, False) for text in lead]
    body += [paint("del", _shown("-", text, ends)) for text in before]
    body += [paint("add", _shown("+", text, ends)) for text in after]
    body += [_shown(" ", text, False) for text in trail]
    return [*head, paint("head", f"@@ -{spans[0]} +{spans[1]} @@"), *body]


def _rename_lines(hunk: Hunk, paint: Paint) -> list[str]:
    """A whole file under a new name: only what differs in its text."""
    from signoff.core.diff import unified

    text = unified(hunk["before"], hunk["after"], "old", "old")
    styles = {"+": "add", "-": "del", "@": "head"}
    lines = visible(text).split("\n")[2:-1]
    return [paint(styles[one[0]], one) if one[:1] in styles else one for one in lines]


def _ends(text: str) -> set[str]:
    return {one[len(one.rstrip("\r\n")) :] for one in split_lines(text)} - {""}


def _shown(sign: str, text: str, mark: bool) -> str:
    bare = text.rstrip("\r\n")
    end = "␍" if mark and "\r" in text[len(bare) :] else ""
    return f"{sign}{visible(bare)}{end}" + ("" if text != bare else "\n\\ No newline at end of file")


def _span(start: int, count: int) -> str:
    return f"{start + 1}" if count == 1 else f"{start + (count > 0)},{count}"


def name_of(view: View, uri: str) -> str:
    """The document's path in the workspace, or its URI, safe to print."""
    try:
        return line(shown(view["workspace"], uri))
    except ValueError:
        return line(uri)


# -------------------------------------------------------------------------------------------------------------- summary


def summary_lines(view: View, paint: Paint) -> list[str]:
    """What became of the session: its summary, the files, what is left, and what it cost."""
    summary = view["summary"].strip()
    # A session without a summary of its own ends with the model's last words, which were shown when it said them.
    spoken = {message["text"].strip() for message in view["messages"]}
    said = [visible(summary)] if summary and summary not in spoken else []
    return [*said, *file_lines(view, paint), paint("dim", usage_line(view["usage"], view["config"]["model"]))]


def file_lines(view: View, paint: Paint) -> list[str]:
    """Each file with applied hunks, and counts of hunks that were not applied."""
    counts: dict[str, tuple[int, int]] = {}
    for hunk in view["hunks"]:
        if hunk["status"] == "applied":
            added, removed = counts.get(hunk["to"] or hunk["uri"], (0, 0))
            more = (len(split_lines(hunk["after"])), len(split_lines(hunk["before"])))
            counts[hunk["to"] or hunk["uri"]] = (added + more[0], removed + more[1])
    lines = [f"Changed: {name_of(view, uri)} (+{plus} -{minus})" for uri, (plus, minus) in counts.items()]
    left = [f"{n} {status}" for status in ("pending", "stale", "rejected", "undone") if (n := _count(view, status))]
    lines = [paint("good", one) for one in lines] or ["No file was changed."]
    return lines + ([f"Hunks not applied: {', '.join(left)}."] if left else [])


def _count(view: View, status: str) -> int:
    return sum(hunk["status"] == status for hunk in view["hunks"])


def usage_line(usage: Usage, model: str) -> str:
    """Tokens, requests and money, as `1,234 tokens in (1,000 cached), 56 out, 3 requests, $0.0123`."""
    tokens = f"{usage['inputTokens']:,} tokens in ({usage['cachedTokens']:,} cached), {usage['outputTokens']:,} out"
    requests = f"{usage['requests']} request{'' if usage['requests'] == 1 else 's'}"
    unknown = "no cost" if model.startswith("local/") else f"cost unknown (no price for {line(model)})"
    cost = unknown if usage["cost"] is None else f"${usage['cost']:.4f}"
    return f"{tokens}, {requests}, {cost}"


def session_lines(view: View, paint: Paint) -> list[str]:
    """Everything about a session, for `sessions show`."""
    lines = [
        f"{paint('bold', 'Session')} {line(view['session'])}",
        f"Goal: {visible(view['goal'])}",
        f"Workspace: {line(view['workspace'])}",
        f"Model: {line(view['config']['model'])}",
        f"State: {state_words(view)}",
    ]
    lines += plan_lines(view["plan"], paint) if view["plan"] else []
    lines += [f"{paint('bold', said['role'])}: {visible(said['text'])}" for said in view["messages"]]
    for question in view["questions"]:
        lines += question_lines(question, paint)
    lines += [f"Failed: {line(one['reason'])}: {visible(one['message'])}" for one in view["failures"]]
    for number, hunk in enumerate(view["hunks"], 1):
        lines += hunk_lines(view, hunk, f"Hunk {number}, {hunk['status']}", paint)
    lines += [one for told in view["context"] for one in told_lines(told, paint)]
    return [*lines, "", *summary_lines(view, paint)]


def told_lines(told: Told, paint: Paint) -> list[str]:
    """What the model was told of the workspace before a turn: each fragment with its size and why."""
    size, left = f"{told['tokens']:,} tokens", len(told["leftOut"])
    rest = f", {left} left out" if left else ""
    title = f"{paint('bold', 'Told')} before turn {told['turn'] + 1}: {size}{rest}"
    return [title, *(f"  {_fragment_line(one)}" for one in told["fragments"])]


def _fragment_line(one: Fragment) -> str:
    span = f":{one['startLine']}-{one['endLine']}" if one["startLine"] else ""
    where = f"{one['source']}: {one['path']}{span}" if one["path"] else one["source"]
    return line(f"{where} ({one['tokens']:,} tokens; {one['why']})")


def state_words(view: View) -> str:
    """The phase, and what waits."""
    waits = ", ".join(view["waitingFor"])
    return f"{view['phase']} (waits for: {waits})" if waits else view["phase"]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, two spaces between them; the last column is not padded."""
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(rows[0]) if rows else 0)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
