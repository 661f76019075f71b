/** What the tree, the status bar and the page say, and that nothing of the agent's text gets out of hand there. */
import { describe, expect, it } from "vitest";
import type { SessionView } from "../src/generated/view";
import { Board } from "../src/state/board";
import { outline, pathIn, type Node } from "../src/state/outline";
import { liveHtml, pageSections } from "../src/state/pageHtml";
import { standing } from "../src/state/standing";
import { fileState, hunkTitle, stateOf, waitCount, waitsFor } from "../src/state/words";
import { hunkView, sessionView } from "./views";

const A = "file:///w/a%20b.py";
const HOSTILE = `<img src=x onerror=alert(1)><script>alert(2)</script>"'&`;

function full(text: string): SessionView {
  return sessionView({
    goal: text,
    phase: "waiting",
    waitingFor: ["plan", "hunk", "command", "question"],
    plan: { id: "p1", steps: [{ id: "t1", text, status: "pending", files: [text], after: [] }] },
    hunks: [
      hunkView("h1", A, 1, 2, { rationale: text, findings: [text], note: text }),
      hunkView("h2", A, 5, 6, { status: "applied" }),
      hunkView("h3", A, 7, 8, { status: "stale" }),
      hunkView("h4", A, 9, 9, { status: "rejected" }),
    ],
    commands: [
      { id: "c1", argv: ["rm", text], cwd: text, exitCode: null, reason: text, sandbox: text, status: "pending", token: "t" },
    ],
    messages: [
      { role: "user", text, at: "2026-01-01T00:00:00Z" },
      { role: "assistant", text: `**bold** ${text}\n\n\`\`\`\n${text}\n\`\`\``, at: "2026-01-01T00:00:00Z" },
    ],
    questions: [{ id: "q1", text, options: [text] }],
    failures: [{ attempt: 1, message: text, reason: text, strategy: text, until: null }],
    context: [
      {
        turn: 0,
        tokens: 10,
        leftOut: [text],
        fragments: [{ path: text, source: text, startLine: 1, endLine: 2, tokens: 10, why: text }],
      },
    ],
    unsaved: [A],
  });
}

function flat(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [node, ...flat(node.children)]);
}

describe("the tree", () => {
  const board = new Board();
  board.put(full("Do it"));
  const nodes = flat(outline(board));

  it("has a line for each thing, with an id of its own", () => {
    expect(nodes.map(({ kind }) => kind)).toEqual(["session", "step", "question", "command", "file", "hunk", "hunk", "hunk"]);
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  });

  it("says what may be done with each", () => {
    const contexts = nodes.map(({ context }) => context);
    expect(contexts[0]).toBe("session plan pending applied stale");
    expect(contexts.slice(1)).toEqual([
      ...["step waiting", "question", "command pending", "file pending applied stale"],
      ...["hunk pending", "hunk applied", "hunk stale"],
    ]);
  });

  it("keeps the ids when a session goes on", () => {
    board.put({ ...full("Do it"), seq: 9, phase: "working", waitingFor: ["hunk"] });
    const later = flat(outline(board)).map(({ id }) => id);
    expect(nodes.filter(({ kind }) => kind !== "command").every(({ id }) => later.includes(id))).toBe(true);
  });

  it("tells of a failure where the session failed", () => {
    const failed = new Board();
    failed.put({ ...full("x"), phase: "failed", waitingFor: [] });
    expect(flat(outline(failed)).filter(({ kind }) => kind === "failure")).toHaveLength(1);
    expect(outline(failed)[0]?.context).toContain("resumable");
  });
});

describe("words", () => {
  it("count what waits for the user", () => {
    expect(waitsFor(full("x"))).toEqual(["plan", "2 hunks", "1 command", "1 question"]);
    expect(waitCount(full("x"))).toBe(5);
    expect(stateOf(full("x"))).toBe("waits for you: plan, 2 hunks, 1 command, 1 question");
    expect(stateOf(sessionView({ phase: "working" }))).toBe("working");
    expect(stateOf(sessionView({ phase: "waiting", waitingFor: ["time"] }))).toBe("tries again soon");
  });

  it("name a hunk by its reason, else by what it does", () => {
    expect(hunkTitle(hunkView("h", A, 1, 2, { rationale: "why\nmore" }))).toBe("why");
    expect(hunkTitle(hunkView("h", A, 1, 2))).toBe("new");
    expect(hunkTitle(hunkView("h", A, 0, 0, { kind: "create", before: "" }))).toBe("new file");
    expect(hunkTitle(hunkView("h", A, 0, 0, { before: "", after: "\n" }))).toBe("empty lines");
  });

  it("say how a file stands, and where it is", () => {
    expect(fileState(full("x").hunks)).toBe("2 of 4 hunks wait");
    expect(fileState([hunkView("h", A, 1, 2)])).toBe("1 of 1 hunk waits");
    expect(fileState([hunkView("h", A, 1, 2, { status: "applied" })])).toBe("1 hunk");
    expect(pathIn("file:///w", A)).toBe("a b.py");
    expect(pathIn("file:///w", "file:///other/%zz")).toBe("file:///other/%zz");
  });
});

describe("the status bar", () => {
  it("shows first what keeps everything else from working", () => {
    const ready = { unready: null };
    const lacking = { unready: "Set a key.", endpoint: { baseUrl: "", configured: false } };
    expect(standing("missing", [full("x")], ready, false).level).toBe("error");
    expect(standing("crashed", [], undefined, false).text).toContain("server ended");
    expect(standing("running", [full("x")], lacking, false).text).toContain("5 waiting");
    expect(standing("running", [sessionView({ phase: "working" })], ready, false).text).toContain("1 session at work");
    expect(standing("running", [], lacking, false)).toMatchObject({ text: "$(key) Signoff: no endpoint", details: ["Set a key."] });
    expect(standing("running", [], undefined, true).details[0]).toContain("not trusted");
    expect(standing("running", [], ready, false)).toEqual({ text: "$(check) Signoff", details: ["No sessions."], level: "plain" });
  });
});

describe("the page", () => {
  it("lets no text of the agent or the workspace become a tag, an attribute, a picture or a command", () => {
    const html = Object.values(pageSections(full(HOSTILE), HOSTILE)).join("");
    expect(html).not.toMatch(/<(img|script|iframe|style|link|object|svg)\b/i);
    expect(html.replace(/<[^>]*>/g, "")).not.toMatch(/</);
    // Every attribute is one of ours, and no quotation mark ends one early.
    const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
    for (const tag of tags) expect(tag).toMatch(/^<[a-z0-9]+( (type|class|role|start|data-[a-z]+)="[^"<>]*")*\s*\/?>$/i);
  });

  it("shows the hidden characters of a command, and sends answers as they are", () => {
    const { asked } = pageSections(full("a\u202Eb"), "");
    expect(asked).toContain("<pre>rm\na&#60;U+202E&#62;b</pre>");
    expect(asked).toContain('data-option="a\u202Eb"');
  });

  it("shows links only to https, and no picture", () => {
    const text = "[a](https://x.test) [b](javascript:alert(1)) [c](command:signoff.approveAll) [d](file:///etc/passwd) ![e](https://x.test/p.png)";
    const html = liveHtml(text);
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="https://x.test"', 'href="https://x.test/p.png"']);
    expect(html).not.toContain("<img");
  });

  it("offers what can be decided now, and nothing else", () => {
    const asked = (view: SessionView): string[] =>
      [...new Set(Array.from(Object.values(pageSections(view, "")).join("").matchAll(/data-run="(\w+)"/g), (found) => found[1] ?? ""))].sort();
    expect(asked(full("x"))).toEqual(
      `answer approveAll approveCommand approveFile approveHunk approvePlan approveStep archive editPlan openHunk rejectAll rejectCommand
       rejectHunk rejectPlan reproposeHunk showDiff skipStep undoHunk`.split(/\s+/),
    );
    expect(asked(sessionView({ phase: "working" }))).toEqual(["interrupt"]);
    expect(asked(sessionView({ phase: "stopped" }))).toEqual(["archive", "resume"]);
  });

  it("says which approved files are not saved yet, and what it cost", () => {
    const { hunks, cost, state } = pageSections({ ...full("x"), usage: { ...full("x").usage, cost: 0.125 } }, "");
    expect(hunks).toContain("(not saved yet)");
    expect(cost).toContain("$0.1250");
    expect(state).toContain("waits for you");
  });
});
