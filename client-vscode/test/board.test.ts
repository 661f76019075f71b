import { expect, it } from "vitest";
import type { SessionView } from "../src/generated/view";
import { Board, type Change } from "../src/state/board";
import { stateOf } from "../src/state/words";
import { hunkView, sessionView } from "./views";

function watched(): { board: Board; changes: Change[] } {
  const board = new Board();
  const changes: Change[] = [];
  board.onChange((change) => changes.push(change));
  return { board, changes };
}

it("lists the newest session first, whether it was listed at the start or began later", () => {
  const { board } = watched();
  board.reset([sessionView({ session: "b" }), sessionView({ session: "a" })]);
  board.put(sessionView({ session: "c" }));
  expect(board.sessions.map((view) => view.session)).toEqual(["c", "b", "a"]);
});

it("never goes back to an older view, and shows one that differs in places alone", () => {
  const { board } = watched();
  board.put(sessionView({ seq: 5, summary: "five" }));
  board.put(sessionView({ seq: 4, summary: "four" }));
  expect(board.view("s1")?.summary).toBe("five");
  board.put(sessionView({ seq: 5, summary: "moved" }));
  expect(board.view("s1")?.summary).toBe("moved");
});

it("shows a session of another window with nothing to decide, until it is resumed here", () => {
  const { board } = watched();
  const waits: Partial<SessionView> = { waitingFor: ["hunk"], hunks: [hunkView("h", "file:///w/a", 0, 1)] };
  board.reset([sessionView({ ...waits, elsewhere: true })]);
  const [aside] = board.sessions;
  expect([aside?.phase, aside?.waitingFor, aside?.hunks]).toEqual(["stopped", [], []]);
  expect(aside && stateOf(aside)).toBe("open in another window");
  board.put(sessionView(waits));
  expect(board.view("s1")?.hunks.length).toBe(1);
});

it("drops what is archived, and what a new start of the server does not list", () => {
  const { board, changes } = watched();
  board.reset([sessionView({ session: "a" }), sessionView({ session: "b" }), sessionView({ session: "c" })]);
  board.put(sessionView({ session: "a", phase: "archived" }));
  board.reset([sessionView({ session: "c" })]);
  expect(board.sessions.map((view) => view.session)).toEqual(["c"]);
  expect(changes.filter((change) => change.kind === "gone").map((change) => change.session)).toEqual(["a", "b"]);
});

it("after a restart shows what the new server says, though it counts from an earlier event", () => {
  const { board } = watched();
  board.put(sessionView({ seq: 9 }));
  board.restarted();
  board.reset([sessionView({ seq: 7, summary: "what was stored" })]);
  expect(board.view("s1")?.summary).toBe("what was stored");
  board.restarted();
  board.put(sessionView({ seq: 8, summary: "told at once" }));
  board.reset([sessionView({ seq: 7, summary: "listed before that" })]);
  expect(board.view("s1")?.summary).toBe("told at once");
});

it("keeps streamed text until the message that it became, or the end of the work", () => {
  const { board, changes } = watched();
  board.put(sessionView({ phase: "working" }));
  board.delta("s1", "Hel");
  board.delta("s1", "lo");
  expect(board.streamed("s1")).toBe("Hello");
  board.put(sessionView({ phase: "working", seq: 4 }));
  expect(board.streamed("s1")).toBe("Hello");
  const message = { role: "assistant" as const, text: "Hello", at: "2026-01-01T00:00:00Z" };
  board.put(sessionView({ phase: "working", seq: 5, messages: [message] }));
  expect(board.streamed("s1")).toBe("");
  board.delta("s1", "Wai");
  board.put(sessionView({ phase: "stopped", seq: 6, messages: [message] }));
  expect(board.streamed("s1")).toBe("");
  expect(changes.filter((change) => change.kind === "text")).toHaveLength(3);
});

it("tells a listener nothing after it was disposed", () => {
  const board = new Board();
  let told = 0;
  board.onChange(() => (told += 1)).dispose();
  board.put(sessionView());
  expect(told).toBe(0);
});
