/** Views of sessions for tests. */
import type { HunkView, SessionView } from "../src/generated/view";

export function sessionView(changes: Partial<SessionView> = {}): SessionView {
  return {
    session: "s1",
    workspace: "file:///w",
    goal: "Rename\nadd to plus",
    phase: "waiting",
    waitingFor: [],
    config: { model: "m", taskType: null, approvalPolicy: "on-request", sandboxMode: "workspace-write", reasons: {} },
    plan: null,
    hunks: [],
    commands: [],
    messages: [],
    questions: [],
    failures: [],
    usage: { inputTokens: 40, cachedTokens: 0, outputTokens: 2, requests: 1, cost: null },
    context: [],
    parent: null,
    children: [],
    seq: 3,
    summary: "",
    unsaved: [],
    elsewhere: false,
    ...changes,
  };
}

/** A hunk that replaces the lines from `first` up to, not including, `end` (0-based). */
export function hunkView(id: string, uri: string, first: number, end: number, changes: Partial<HunkView> = {}): HunkView {
  return {
    id,
    rev: 1,
    uri,
    range: { start: { line: first, character: 0 }, end: { line: end, character: 0 } },
    before: "old\n".repeat(end - first),
    after: "new\n",
    status: "pending",
    rationale: "",
    findings: [],
    kind: "change",
    to: null,
    note: "",
    ...changes,
  };
}
