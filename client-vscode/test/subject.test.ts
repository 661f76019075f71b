import { describe, expect, it } from "vitest";
import { atCursor, hunksFor, isComplete, isSubject, sessionsFor, shown } from "../src/commands/subject";
import { Board } from "../src/state/board";
import { sameUri, waiting, type Placed } from "../src/state/hunks";
import { hunkView, sessionView } from "./views";

const A = "file:///w/a.py";
const B = "file:///w/b.py";

function board(): Board {
  const made = new Board();
  const hunks = [
    hunkView("h3", B, 4, 5),
    hunkView("h1", A, 2, 4),
    hunkView("h2", A, 9, 9, { before: "", rev: 2 }),
    hunkView("done", A, 20, 21, { status: "applied" }),
    hunkView("old", B, 30, 31, { status: "stale" }),
  ];
  made.put(sessionView({ hunks }));
  made.put(sessionView({ session: "s2", phase: "stopped", waitingFor: ["plan"] }));
  return made;
}

function ids(hunks: readonly Placed[]): string[] {
  return hunks.map(({ hunk }) => hunk.id);
}

describe("what a command is about", () => {
  it("is what the subject names", () => {
    expect(ids(hunksFor(board(), "signoff.approveHunk", { kind: "hunk", session: "s1", hunk: "h2" }))).toEqual(["h2"]);
    expect(ids(hunksFor(board(), "signoff.approveFile", { kind: "file", session: "s1", uri: A }))).toEqual(["h1", "h2"]);
    expect(ids(hunksFor(board(), "signoff.approveAll", { kind: "session", session: "s1" }))).toEqual(["h1", "h2", "h3"]);
    expect(hunksFor(board(), "signoff.approveAll", { kind: "session", session: "s2" })).toEqual([]);
  });

  it("is nothing that the command can't decide", () => {
    expect(hunksFor(board(), "signoff.approveHunk", { kind: "hunk", session: "s1", hunk: "done" })).toEqual([]);
    expect(ids(hunksFor(board(), "signoff.undoHunk"))).toEqual(["done"]);
    expect(ids(hunksFor(board(), "signoff.reproposeHunk"))).toEqual(["old"]);
    expect(ids(hunksFor(board(), "signoff.rejectFile", { kind: "file", session: "s1", uri: B }))).toEqual(["h3", "old"]);
    expect(hunksFor(board(), "signoff.unknown")).toEqual([]);
  });

  it("is in the document of the cursor when that has any, else anywhere", () => {
    expect(ids(hunksFor(board(), "signoff.approveHunk", undefined, { uri: B, line: 0 }))).toEqual(["h3"]);
    expect(ids(hunksFor(board(), "signoff.approveHunk", undefined, { uri: "file:///w/c.py", line: 0 }))).toEqual(["h1", "h2", "h3"]);
    const diff = { uri: A, line: 0, session: "s1", hunk: "h2" };
    expect(ids(hunksFor(board(), "signoff.approveHunk", undefined, diff))).toEqual(["h2"]);
  });
});

describe("the hunk at the cursor", () => {
  const all = waiting(board());

  it("is the one on its line", () => {
    expect(atCursor(all, { uri: A, line: 2 })?.hunk.id).toBe("h1");
    expect(atCursor(all, { uri: A, line: 3 })?.hunk.id).toBe("h1");
    expect(atCursor(all, { uri: A, line: 9 })?.hunk.id).toBe("h2");
  });

  it("is none beside it: a hunk out of sight is never decided without being named", () => {
    expect(atCursor(all, { uri: A, line: 4 })).toBeUndefined();
    expect(atCursor(all, { uri: "file:///w/c.py", line: 2 })).toBeUndefined();
  });

  it("is the one that a diff shows alone, wherever the cursor is", () => {
    expect(atCursor(all, { uri: A, line: 500, session: "s1", hunk: "h1" })?.hunk.id).toBe("h1");
  });

  it("is not plain when two are on one line", () => {
    const two = new Board();
    two.put(sessionView({ hunks: [hunkView("x", A, 2, 3), hunkView("y", A, 2, 2, { before: "" })] }));
    expect(atCursor(waiting(two), { uri: A, line: 2 })).toBeUndefined();
  });
});

it("names hunks as they are shown", () => {
  expect(shown(waiting(board()))).toEqual([
    { hunk: "h1", rev: 1 },
    { hunk: "h2", rev: 2 },
    { hunk: "h3", rev: 1 },
    { hunk: "old", rev: 1 },
  ]);
});

it("finds the sessions that a command fits", () => {
  expect(sessionsFor(board(), "signoff.resume").map((view) => view.session)).toEqual(["s2"]);
  expect(sessionsFor(board(), "signoff.approvePlan").map((view) => view.session)).toEqual(["s2"]);
  expect(sessionsFor(board(), "signoff.interrupt")).toEqual([]);
  expect(sessionsFor(board(), "signoff.archive")).toHaveLength(2);
});

it("tells the protocol's argument from a subject and from the editor's objects", () => {
  expect(isComplete({ hunk: "h", rev: 1 })).toBe(true);
  expect(isComplete(new Map())).toBe(false);
  expect(isComplete({ kind: "hunk", session: "s" })).toBe(false);
  expect(isComplete(undefined)).toBe(false);
  expect(isSubject({ kind: "hunk", session: "s" })).toBe(true);
  expect(isSubject({ hunk: "h", rev: 1 })).toBe(false);
});

it("compares URIs as names of documents", () => {
  expect(sameUri("file:///c%3A/a%20b.py", "file:///c:/a b.py")).toBe(true);
  expect(sameUri("file:///%zz", "file:///%zz")).toBe(true);
  expect(sameUri("file:///%zz", "file:///zz")).toBe(false);
});
