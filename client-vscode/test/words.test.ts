import { expect, it } from "vitest";
import type { SessionView } from "../src/generated/view";
import { statusLine } from "../src/state/words";

const view: SessionView = {
  session: "s1",
  workspace: "file:///w",
  goal: "Rename\nadd to plus",
  phase: "waiting",
  waitingFor: ["plan"],
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
};

it("says what waits", () => {
  expect(statusLine(view)).toBe("Rename add to plus: waiting, waits for: plan (42 tokens)");
});

it("shortens a long goal and leaves out what does not wait", () => {
  const line = statusLine({ ...view, goal: "x".repeat(200), phase: "done", waitingFor: [] });
  expect(line).toBe(`${"x".repeat(59)}…: done (42 tokens)`);
});
