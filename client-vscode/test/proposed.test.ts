import { describe, expect, it } from "vitest";
import type { HunkView, Position, Range } from "../src/generated/view";
import { currentLine, proposed, shifted, type TextChange } from "../src/state/proposed";
import { hunkView } from "./views";

const A = "file:///w/a.py";

/** Numbers below `most`, the same ones for each seed. */
function random(seed: number): (most: number) => number {
  let state = seed + 1;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

function pick<T>(next: (most: number) => number, from: readonly [T, ...T[]]): T {
  return from[next(from.length)] ?? from[0];
}

/** The place by counting characters one at a time: what the code under test does in another way. */
function placeOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length - 1, character: (before.at(-1) ?? "").length };
}

function rangeOf(text: string, start: number, end: number): Range {
  return { start: placeOf(text, start), end: placeOf(text, end) };
}

function update(id: string, range: Range, before: string, after: string, changes: Partial<HunkView> = {}): HunkView {
  return { ...hunkView(id, A, 0, 0), kind: "update", range, before, after, ...changes };
}

const WORDS = ["a", "bb", "é", "😀", "x = 1", "", "\t", " ", "日本"] as const;

function someLines(next: (most: number) => number, eol: string, most: number): string[] {
  return Array.from({ length: next(most) }, () => pick(next, WORDS) + pick(next, WORDS) + eol);
}

/** A text, hunks that replace runs of its lines, and the text that they make: built from the same pieces. */
function story(seed: number): { text: string; hunks: HunkView[]; wanted: string; eol: string } {
  const next = random(seed);
  const eol = pick(next, ["\n", "\r\n"]);
  const pieces = Array.from({ length: 1 + next(8) }, () => ({
    kept: ["kept" + eol, ...someLines(next, eol, 4)].join(""),
    before: someLines(next, eol, 4).join(""),
    after: someLines(next, eol, 4).join(""),
  }));
  const end = pick(next, ["", "end"]);
  const text = pieces.map(({ kept, before }) => kept + before).join("") + end;
  const wanted = pieces.map(({ kept, after }) => kept + after).join("") + end;
  let at = 0;
  const hunks = pieces.map(({ kept, before, after }, index) => {
    const start = at + kept.length;
    at = start + before.length;
    // The server may know other line ends than the editor shows.
    const told = (part: string): string => (next(2) === 0 ? part : part.replaceAll("\r\n", "\n"));
    return update(`h${index}`, rangeOf(text, start, at), told(before), told(after));
  });
  return { text, hunks: next(2) === 0 ? hunks : hunks.reverse(), wanted, eol };
}

describe("the proposed text", () => {
  it("is the text with all hunks in their places, whatever its line ends", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const { text, hunks, wanted } = story(seed);
      expect(proposed(text, hunks), `seed ${seed}`).toMatchObject({ text: wanted.replaceAll(/\r\n|\n/g, text.includes("\r\n") ? "\r\n" : "\n"), leftOut: [] });
    }
  });

  it("leaves out and names what is not there, and never touches anything else", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const { text, hunks, eol } = story(seed);
      const found = proposed(`moved${eol}${text}`, hunks);
      const applied = hunks.filter(({ id }) => found.pieces.some(({ hunk }) => hunk === id));
      expect(applied.length + found.leftOut.length).toBe(hunks.length);
      const lines = `moved${eol}${text}`.split(/\r\n|\n/);
      for (const { range, before } of applied) {
        if (before === "") continue;
        const there = lines.slice(range.start.line, range.end.line).join("\n");
        expect(`${there}\n`, `seed ${seed}`).toBe(before.replaceAll("\r\n", "\n"));
      }
    }
  });

  it("follows typing by moving the ranges", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const { text, hunks, wanted, eol } = story(seed);
      const change: TextChange = { range: rangeOf(text, 0, 4), text: `first${eol}😀 ` };
      const now = change.text + text.slice(4);
      const moved = hunks.map((hunk) => ({ ...hunk, range: shifted(hunk.range, [change]) }));
      const made = proposed(now, moved);
      const ends = now.includes("\r\n") ? "\r\n" : "\n";
      expect(made.leftOut, `seed ${seed}`).toEqual([]);
      expect(made.text, `seed ${seed}`).toBe((change.text + wanted.slice(4)).replaceAll(/\r\n|\n/g, ends));
    }
  });

  it("counts characters as UTF-16 code units", () => {
    const text = "😀😀 x\n";
    const hunk = update("h", { start: { line: 0, character: 4 }, end: { line: 0, character: 6 } }, " x", " y");
    expect(proposed(text, [hunk]).text).toBe("😀😀 y\n");
  });

  it("keeps the first of two that overlap", () => {
    const hunks = [hunkView("h1", A, 0, 2, { kind: "update" }), hunkView("h2", A, 1, 2, { kind: "update" })];
    expect(proposed("old\nold\nend\n", hunks)).toMatchObject({ text: "new\nend\n", leftOut: ["h2"] });
  });

  it("does not put in what is in already: an editor may apply before the server tells of it", () => {
    const insertion = update("h", rangeOf("a\n", 2, 2), "", "b\n", { status: "applying" });
    expect(proposed("a\nb\n", [insertion]).text).toBe("a\nb\n");
    expect(proposed("a\n", [insertion]).text).toBe("a\nb\n");
    const change = update("h", rangeOf("a\nold\n", 2, 6), "old\n", "new\n", { status: "applying" });
    expect(proposed("a\nnew\n", [change])).toMatchObject({ text: "a\nnew\n", leftOut: [] });
    expect(proposed("a\nnew\n", [{ ...change, status: "pending" }]).leftOut).toEqual(["h"]);
  });

  it("has no place outside of the text", () => {
    const far = update("h", { start: { line: 9, character: 0 }, end: { line: 9, character: 0 } }, "", "b\n");
    const right = update("i", { start: { line: 0, character: 2 }, end: { line: 0, character: 2 } }, "", "b");
    expect(proposed("a\nc\n", [far, right])).toMatchObject({ text: "a\nc\n", leftOut: ["i", "h"] });
  });

  it("creates, deletes and renames whole files, but not over another text", () => {
    const whole = (kind: string, before: string, after: string): HunkView => ({ ...hunkView("h", A, 0, 0), kind, before, after });
    expect(proposed("", [whole("create", "", "new\n")]).text).toBe("new\n");
    expect(proposed("mine\n", [whole("create", "", "new\n")])).toMatchObject({ text: "mine\n", leftOut: ["h"] });
    expect(proposed("old\r\n", [whole("delete", "old\n", "")]).text).toBe("");
    expect(proposed("mine\n", [whole("delete", "old\n", "")])).toMatchObject({ text: "mine\n", leftOut: ["h"] });
    expect(proposed("old\n", [whole("rename", "old\n", "new\n")]).text).toBe("new\n");
  });

  it("takes little time for a large text with many hunks", () => {
    const text = "old\n".repeat(100_000);
    const hunks = Array.from({ length: 1_000 }, (_, n) => hunkView(`h${n}`, A, n * 100, n * 100 + 2, { kind: "update" }));
    expect(proposed(text, hunks).pieces).toHaveLength(1_000);
  });
});

it("tells for which line of the file a line of the proposed text stands", () => {
  // 0 kept | 1, 2 -> one line | 3 kept | insertion of two lines before 4 | 4 kept
  const text = "0\nold\nold\n3\n4\n";
  const hunks = [
    hunkView("h1", A, 1, 3, { kind: "update" }),
    update("h2", rangeOf(text, 12, 12), "", "x\ny\n"),
    hunkView("h3", A, 4, 5, { kind: "update", before: "4\n", after: "" }),
  ];
  const made = proposed(text, hunks);
  expect(made.text).toBe("0\nnew\n3\nx\ny\n");
  expect([0, 1, 2, 3, 4].map((line) => currentLine(made, line))).toEqual([0, 1, 3, 4, 4]);
});

describe("a range under changes", () => {
  const range = { start: { line: 2, character: 0 }, end: { line: 4, character: 0 } };

  it("stays, moves, grows and shrinks", () => {
    const at = (line: number, character: number, to: Position, text: string): Range =>
      shifted(range, [{ range: { start: { line, character }, end: to }, text }]);
    expect(at(5, 0, { line: 6, character: 0 }, "x\n\n")).toEqual(range);
    expect(at(0, 0, { line: 1, character: 0 }, "")).toEqual({ start: { line: 1, character: 0 }, end: { line: 3, character: 0 } });
    expect(at(2, 0, { line: 2, character: 0 }, "x\n")).toEqual({ start: { line: 3, character: 0 }, end: { line: 5, character: 0 } });
    expect(at(4, 0, { line: 4, character: 0 }, "x\n")).toEqual(range);
    expect(at(3, 0, { line: 3, character: 1 }, "x\ny\n")).toEqual({ start: { line: 2, character: 0 }, end: { line: 6, character: 0 } });
  });

  it("agrees with the text that it names, when the change is elsewhere", () => {
    for (let seed = 0; seed < 1_000; seed += 1) {
      const next = random(seed);
      const eol = pick(next, ["\n", "\r\n"]);
      const text = ["top", ...someLines(next, eol, 6), "mark😀", ...someLines(next, eol, 6), "end"].join(eol);
      const start = text.indexOf("mark");
      // No editor's change begins or ends inside of a line end.
      const outside = (offset: number): number => (text.startsWith("\r\n", offset - 1) ? offset + 1 : offset);
      const from = outside(next(start));
      const to = outside(from + next(start - from));
      const put = someLines(next, eol, 3).join("") + pick(next, WORDS);
      const moved = shifted(rangeOf(text, start, start + 4), [{ range: rangeOf(text, from, to), text: put }]);
      const now = text.slice(0, from) + put + text.slice(to);
      const place = now.indexOf("mark");
      expect(moved, `seed ${seed}`).toEqual(rangeOf(now, place, place + 4));
    }
  });
});
