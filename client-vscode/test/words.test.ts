import { expect, it } from "vitest";
import { statusLine } from "../src/state/words";
import { sessionView } from "./views";

const view = sessionView({ waitingFor: ["plan"] });

it("says what waits", () => {
  expect(statusLine(view)).toBe("Rename add to plus: waiting, waits for: plan (42 tokens)");
});

it("shortens a long goal and leaves out what does not wait", () => {
  const line = statusLine({ ...view, goal: "x".repeat(200), phase: "done", waitingFor: [] });
  expect(line).toBe(`${"x".repeat(59)}…: done (42 tokens)`);
});
