"""A language server that plays one small session from a JSON file: for tests of the terminal alone.

    python fake_server.py SCRIPT.json

The script: {plan: [texts], hunks: [[path, before, after]], say, question, failure, slow, crash, revise, stale, list}.
Every command that it gets is appended to SCRIPT.json.log, one JSON a line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.argv[1])
script: dict[str, Any] = json.loads(SCRIPT.read_text())
out = sys.stdout.buffer

view: dict[str, Any] = {
    "session": "s-1234",
    "workspace": "",
    "goal": "",
    "phase": "planning",
    "waitingFor": [],
    "config": {"model": "gpt-5", "taskType": None, "approvalPolicy": "on-request", "sandboxMode": "workspace-write"},
    "plan": None,
    "hunks": [],
    "commands": [],
    "messages": [],
    "questions": [],
    "failures": [],
    "usage": {"inputTokens": 1200, "cachedTokens": 1000, "outputTokens": 34, "requests": 2, "cost": 0.0123},
    "parent": None,
    "children": [],
    "seq": 0,
    "summary": "",
    "context": [],
}
view["config"]["reasons"] = {}


def send(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    out.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    out.flush()


def changed(**now: Any) -> None:
    view.update(now)
    view["seq"] += 1
    send({"method": "signoff/sessionChanged", "params": view})


def begin(argument: dict[str, Any]) -> None:
    said = {"role": "user", "text": argument["goal"], "at": "2026-01-02T03:04:05.000Z"}
    changed(goal=argument["goal"], workspace=argument["workspace"], messages=[said])
    for piece in script.get("say", []):
        send({"method": "signoff/outputDelta", "params": {"session": view["session"], "text": piece}})
    if script.get("say"):
        words = {"role": "assistant", "text": "".join(script["say"]), "at": "2026-01-02T03:04:06.000Z"}
        changed(messages=[said, words])
    if script.get("slow"):
        return
    if script.get("failure"):
        changed(phase="failed", failures=[script["failure"]])
    elif script.get("question"):
        changed(phase="waiting", waitingFor=["question"], questions=[script["question"]])
    else:
        propose_plan()


def propose_plan() -> None:
    steps = script.get("plan", ["Do it"])
    if not steps:
        return propose_hunks()
    made = [
        {"id": f"s{n}", "text": text, "status": "pending", "files": [], "after": []} for n, text in enumerate(steps, 1)
    ]
    changed(phase="waiting", waitingFor=["plan"], plan={"id": "p1", "steps": made})


def propose_hunks() -> None:
    made = [hunk(n, *given) for n, given in enumerate(script.get("hunks", []), 1)]
    changed(phase="waiting" if made else "done", waitingFor=["hunk"] if made else [], hunks=made)


def hunk(number: int, path: str, before: str, after: str, line: int = 0) -> dict[str, Any]:
    count = before.count("\n")
    return {
        "id": f"s-1234.h{number}",
        "rev": 1,
        "uri": f"{view['workspace']}/{path}",
        "range": {"start": {"line": line, "character": 0}, "end": {"line": line + count, "character": 0}},
        "before": before,
        "after": after,
        "status": "pending",
        "rationale": script.get("rationale", ""),
        "findings": [],
        "kind": "update",
        "to": None,
        "note": "",
    }


def settle() -> None:
    waiting = [one for one in view["hunks"] if one["status"] in ("pending", "stale")]
    changed(phase="waiting" if waiting else "done", waitingFor=["hunk"] if waiting else [], summary="All done.")


def about_hunk(name: str, argument: dict[str, Any]) -> dict[str, Any]:
    one = next(h for h in view["hunks"] if h["id"] == argument["hunk"])
    if one["rev"] != argument["rev"] or one["status"] not in ("pending", "stale"):
        return {"status": "refused", "reason": "The hunk changed since you saw it."}
    if name == "approveHunk" and script.pop("moves", None):
        one.update(rev=2, after="moved under you\n")
        changed()
        return {"status": "refused", "reason": "The hunk changed since you saw it."}
    if name == "amendHunk":
        one.update(rev=one["rev"] + 1, after=argument["after"])
        changed()
        return {"status": "amended"}
    one["status"] = "applied" if name == "approveHunk" else "rejected"
    if argument.get("feedback") and script.get("revise"):
        view["hunks"].append(hunk(len(view["hunks"]) + 1, *script.pop("revise")))
    settle()
    return {"status": "applying" if name == "approveHunk" else "rejected"}


def command(name: str, argument: dict[str, Any]) -> Any:
    with open(f"{SCRIPT}.log", "a") as log:
        log.write(json.dumps([name, argument]) + "\n")
    if name == script.get("crash"):
        print("the last words of the server", file=sys.stderr, flush=True)
        os._exit(7)
    if name in script.get("refuse", []):
        return {"status": "refused", "reason": "Not now."}
    match name:
        case "startSession":
            return {"session": view["session"]}
        case "listSessions":
            return [view] if view["goal"] or script.get("list") else []
        case "showSession":
            return view
        case "doctor":
            return [{"name": "state", "ok": False, "detail": "no \x1b[31mroom", "fix": "Free some."}]
        case "approveHunk" | "rejectHunk" | "amendHunk":
            return about_hunk(name, argument)
        case _:
            return {}


def after(name: str, argument: dict[str, Any]) -> None:
    """What a command leads to once it is answered, as in the real server."""
    plan = view["plan"]
    match name:
        case "startSession":
            begin(argument)
        case "approvePlan":
            changed(phase="working", waitingFor=[])
            propose_hunks()
        case "rejectPlan":
            script["plan"] = ["Another plan"]
            propose_plan()
        case "editPlan":
            steps = [{"id": f"s{n}", "files": [], "after": [], **s} for n, s in enumerate(argument["steps"], 1)]
            changed(plan={**plan, "steps": steps})
        case "skipStep":
            steps = [{**s, "status": "skipped"} if s["id"] == argument["step"] else s for s in plan["steps"]]
            changed(plan={**plan, "steps": steps})
        case "approveAll":
            for one in view["hunks"]:
                one["status"] = "applied" if one["status"] == "pending" else one["status"]
            settle()
        case "reply":
            changed(phase="working", waitingFor=[], questions=[])
            propose_plan()
        case "resume":
            changed(phase="working", waitingFor=[])
            propose_plan()
        case "interrupt":
            changed(phase="stopped", waitingFor=[])
        case _:
            pass


def main() -> int:
    stream = sys.stdin.buffer
    while True:
        size = 0
        while (header := stream.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                size = int(header.split(b":")[1])
        if not header:
            return 1
        message = json.loads(stream.read(size))
        method, number = message.get("method"), message.get("id")
        if method == "initialize":
            with open(f"{SCRIPT}.log", "a") as log:
                log.write(json.dumps(["initialize", message["params"]]) + "\n")
            if script.get("crash") == "initialize":
                print("Traceback: no module named nothing", file=sys.stderr, flush=True)
                return 1
            send({"id": number, "result": {"capabilities": {}, "serverInfo": {"name": "signoff"}}})
            send({"id": 900, "method": "workspace/applyEdit", "params": {"edit": {}}})
            if script.get("list"):
                view.update(script["list"])
        elif method == "shutdown":
            send({"id": number, "result": None})
        elif method == "exit":
            return 0
        elif method == "workspace/executeCommand":
            name, argument = message["params"]["command"].removeprefix("signoff."), message["params"]["arguments"][0]
            result = command(name, argument)
            send({"id": number, "result": result})
            if not (isinstance(result, dict) and result.get("status") == "refused"):
                after(name, argument)
        elif message.get("id") == 900:
            with open(f"{SCRIPT}.log", "a") as log:
                log.write(json.dumps(["applyEdit answered", message.get("result")]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
