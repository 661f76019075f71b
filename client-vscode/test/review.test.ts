import { describe, expect, it } from "vitest";
import { amendName, amendTarget, bytesOf, textOf, whyNot, withEnds } from "../src/state/amended";
import { lookOf, LOOKS } from "../src/state/hunkLook";
import { escaped, fenced, nameOf, said, threadBody, threadLabel, visible } from "../src/state/hunkText";
import { hunkView, sessionView } from "./views";

const A = "file:///w/a%20file.py";

describe("a thread", () => {
  it("is numbered among the hunks of its session that wait, as the server numbers them", () => {
    const hunks = [
      hunkView("h1", A, 9, 10, { status: "applied" }),
      hunkView("h2", A, 4, 5),
      hunkView("h3", A, 0, 2, { after: "a\nb\nc\nd", status: "stale" }),
      hunkView("h4", A, 0, 0, { kind: "create", before: "", status: "applying" }),
    ];
    const session = sessionView({ hunks });
    const labels = hunks.slice(1).map((hunk) => threadLabel({ session, hunk }));
    expect(labels).toEqual([
      "Hunk 1/3 · +1 -1",
      "Hunk 2/3 · +4 -2 · no longer fits",
      "Hunk 3/3 · new file · +1 -0 · being applied",
    ]);
  });

  it("says why, what was found, and what changes", () => {
    const hunk = hunkView("h", A, 0, 1, { rationale: "Shorter.", findings: ["too long"], before: "a\nb\nc\n", after: "a\nB\nc\n" });
    expect(threadBody(hunk)).toBe("Shorter\\.\n\n- too long\n\n```diff\n a\n-b\n+B\n c\n```");
  });

  it("of a rename shows the new name and only what is other in the text", () => {
    const text = "x\n".repeat(50);
    const same = hunkView("h", A, 0, 0, { kind: "rename", to: "file:///w/b.py", before: text, after: text });
    expect(threadBody(same)).toBe("Becomes b\\.py");
    expect(threadBody({ ...same, after: `${text}y\n` })).toBe("Becomes b\\.py\n\n```diff\n x\n x\n x\n+y\n```");
  });

  it("is short for a long hunk, and says where the rest is", () => {
    const body = threadBody(hunkView("h", A, 0, 0, { before: "", after: `${"y".repeat(9_000)}\n`.repeat(300) }));
    expect(body.split("\n").length).toBeLessThan(210);
    expect(body).toContain("100 more lines: Show Diff has them.");
    expect(body.length).toBeLessThan(200_000);
  });
});

describe("text of the model", () => {
  it("stays the words that it is", () => {
    expect(escaped("[a](command:x) <b>&amp; ![i](http://x/y)")).toBe(
      "\\[a\\]\\(command\\:x\\) \\<b\\>\\&amp\\; \\!\\[i\\]\\(http\\:\\/\\/x\\/y\\)",
    );
    expect(escaped("  # head\n    code\n1. one")).toBe("\\# head  \ncode  \n1\\. one");
  });

  it("can't end its fence", () => {
    for (const text of ["```", "a\n````\nb", "`".repeat(40)]) {
      const [first = "", ...rest] = fenced(text, "diff").split("\n");
      const fence = /^`+/.exec(first)?.[0] ?? "";
      expect(rest.slice(0, -1).some((line) => line.startsWith(fence))).toBe(false);
      expect(rest.at(-1)).toBe(fence);
    }
  });

  it("hides no character", () => {
    expect(visible("a\u202Eb\u200Bc\0\r\nd\te😀\u{E0041}\uFE0F")).toBe("a<U+202E>b<U+200B>c<U+0000>\nd\te😀<U+E0041>\uFE0F");
  });

  it("makes no links of what is said in messages", () => {
    const text = said("[a](command:x) [b]\u200B(https://x.test) [[c]](file:///x)");
    expect(text).not.toContain("](");
    expect(text).toContain("[a] (command:x)");
  });

  it("names a file by the last part of its URI, however it is escaped", () => {
    expect(nameOf(A)).toBe("a file.py");
    expect(nameOf("file:///w/%zz")).toBe("%zz");
  });
});

it("each way in which a hunk can change its lines has a mark of its own form", () => {
  expect(lookOf(hunkView("h", A, 2, 4))).toEqual({ id: "changed", first: 2, last: 3 });
  expect(lookOf(hunkView("h", A, 2, 2, { before: "" }))).toEqual({ id: "added", first: 2, last: 2 });
  expect(lookOf(hunkView("h", A, 2, 3, { after: "" })).id).toBe("removed");
  expect(lookOf(hunkView("h", A, 2, 3, { after: "", status: "stale" })).id).toBe("stale");
  expect(lookOf(hunkView("h", A, 2, 3, { status: "applying" })).id).toBe("applying");
  const paths = LOOKS.map(({ icon }) => /d="([^"]+)"/.exec(Buffer.from(icon.dark.split(",")[1] ?? "", "base64").toString())?.[1]);
  expect(new Set(paths).size).toBe(LOOKS.length);
});

describe("a hunk's text as a file", () => {
  const hunk = hunkView("s_1.h2", A, 0, 1, { rev: 3 });

  it("has the file's name, and names hunk and rev", () => {
    const { path, query } = amendName(hunk);
    expect(path).toBe("/Amend Hunk/a file.py");
    expect(amendTarget(query)).toEqual({ hunk: "s_1.h2", rev: 3 });
    expect(amendTarget("hunk=x")).toBeUndefined();
    expect(amendTarget("")).toBeUndefined();
  });

  it("comes back as it went, whatever encoding the user has set for files", () => {
    for (const text of ["", "a\r\n", "é😀", "\uFEFFbom"]) expect(textOf(bytesOf(text))).toBe(text);
    expect(textOf(new TextEncoder().encode("plain"))).toBe("plain");
    expect([...bytesOf("a")]).toEqual([0xef, 0xbb, 0xbf, 0x61]);
  });

  it("keeps the file's line ends", () => {
    expect(withEnds("a\nb\r\n", { ...hunk, before: "x\r\n" })).toBe("a\r\nb\r\n");
    expect(withEnds("a\r\nb", hunk)).toBe("a\nb");
  });

  it("is refused with words when the hunk is not what it was", () => {
    expect(whyNot(hunk, 3)).toBeUndefined();
    expect(whyNot(hunk, 2)).toContain("run Amend Hunk again");
    expect(whyNot({ ...hunk, status: "rejected" }, 3)).toContain("rejected already");
    expect(whyNot({ ...hunk, status: "applying" }, 3)).toContain("being applied");
    expect(whyNot({ ...hunk, status: "stale" }, 3)).toContain("no longer fits");
    expect(whyNot(undefined, 3)).toContain("when the server runs");
  });
});
