import { expect, it } from "vitest";
import { shortGoal, titleOf } from "../src/state/words";

it("shortens a long goal and puts it on one line", () => {
  expect(shortGoal(" Rename\n add ")).toBe("Rename add");
  expect(shortGoal("x".repeat(200))).toBe(`${"x".repeat(59)}…`);
});

it("calls a command by its title", () => {
  expect(titleOf("signoff.approveHunk")).toBe("Approve Hunk");
});
