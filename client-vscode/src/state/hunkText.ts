/** What a hunk's comment thread says. Everything of the model is escaped, or fenced. */
import type { HunkView } from "../generated/view";
import { counts, waits, type Placed } from "./hunks";

/** Lines of one hunk's diff in a thread, and characters of one line; the diff editor shows all. */
const MOST_LINES = 200;
const LONGEST_LINE = 500;
/** Unchanged lines around a change inside the hunk. */
const CONTEXT = 3;
/** What a screen would obey or not show: controls, zero-width and bidirectional characters, tags, lone surrogates. */
const HIDDEN =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}]/gu;

const WHOLE: Readonly<Record<string, string>> = { create: "new file", delete: "file deleted", rename: "file renamed" };
const STATUS: Readonly<Record<string, string>> = { applying: "being applied", stale: "no longer fits" };

/** `Hunk 2/7 · +4 -1`, counted like the server's diagnostics: among those of its session that wait. */
export function threadLabel({ session, hunk }: Placed): string {
  const open = session.hunks.filter(waits);
  const { added, removed } = counts(hunk);
  const number = `Hunk ${open.findIndex((each) => each.id === hunk.id) + 1}/${open.length}`;
  return [number, WHOLE[hunk.kind], `+${added} -${removed}`, STATUS[hunk.status]].filter((part) => part).join(" · ");
}

/** Markdown: the model's reason, why it is stale, what was found in it, and the diff. */
export function threadBody(hunk: HunkView): string {
  const said = [hunk.rationale, hunk.note].filter((text) => text.trim() !== "").map(escaped);
  const findings = hunk.findings.map((text) => `- ${escaped(text)}`).join("\n");
  const to = hunk.to === null ? "" : `Becomes ${escaped(nameOf(hunk.to))}`;
  const { lines, rest } = diffLines(hunk);
  const diff = lines.length > 0 ? fenced(lines.join("\n"), "diff") : "";
  const more = rest > 0 ? `${rest} more lines: Show Diff has them.` : "";
  return [...said, findings, to, diff, more].filter((part) => part !== "").join("\n\n");
}

/** Text as Markdown that says these very words: no link, image, HTML or formatting. */
export function escaped(text: string): string {
  const lines = visible(text).trim().split("\n");
  return lines.map((line) => line.trim().replace(/[!-/:-@[-`{-~]/g, "\\$&")).join("  \n");
}

/** A code block that the text can't end. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${visible(text)}\n${fence}`;
}

/** With every character that a screen would obey or hide spelled out, like `<U+202E>`. */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(HIDDEN, (each) => `<U+${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

/** Like `visible`, for a message or a prompt of VS Code: without links, which may run any command when clicked. */
export function said(text: string): string {
  return visible(text).replaceAll("](", "] (");
}

/** The last part of a URI's path, decoded. */
export function nameOf(uri: string): string {
  const last = uri.slice(uri.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function diffLines(hunk: HunkView): { lines: string[]; rest: number } {
  const [old, now] = [linesOf(hunk.before), linesOf(hunk.after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  if (head === old.length && head === now.length) return { lines: [], rest: 0 };
  const signed = (sign: string, lines: readonly string[]): string[] => lines.map((line) => sign + line);
  const all = [
    ...signed(" ", now.slice(Math.max(0, head - CONTEXT), head)),
    ...signed("-", old.slice(head, old.length - tail)),
    ...signed("+", now.slice(head, now.length - tail)),
    ...signed(" ", now.slice(now.length - tail, now.length - tail + CONTEXT)),
  ];
  const shown = all.slice(0, MOST_LINES);
  return { lines: shown.map(shortened), rest: all.length - shown.length };
}

function shortened(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

function linesOf(text: string): string[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
