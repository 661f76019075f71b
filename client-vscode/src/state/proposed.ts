/**
 * A document's text with hunks applied. Positions are the protocol's: lines, and characters as UTF-16 code units.
 * A hunk is applied only where its `before` really stands: a document that moves never shows a wrong proposal.
 */
import type { HunkView, Position, Range } from "../generated/view";

/** A hunk in the proposed text: `removed` lines of the file from line `from` became `added` lines from line `line`. */
export interface Piece {
  readonly hunk: string;
  readonly from: number;
  readonly removed: number;
  readonly line: number;
  readonly added: number;
}

export interface Proposed {
  readonly text: string;
  /** In order of place. */
  readonly pieces: readonly Piece[];
  /** The ids of the hunks whose `before` does not stand at their range now. */
  readonly leftOut: readonly string[];
}

/** One change of a document, as an editor tells it: `range` is in the text before it. */
export interface TextChange {
  readonly range: Range;
  readonly text: string;
}

/**
 * `text` as it would be with `hunks` (of this one document). Line ends become those of `text`. A hunk whose edit is in
 * the text already changes nothing; one that no longer fits, or overlaps an earlier one, is left out and named.
 */
export function proposed(text: string, hunks: readonly HunkView[]): Proposed {
  const whole = hunks.find(({ kind }) => kind === "create" || kind === "delete" || kind === "rename");
  if (whole) return wholeFile(text, whole, hunks);
  const starts = lineStarts(text);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const parts: string[] = [];
  const pieces: Piece[] = [];
  const leftOut: string[] = [];
  let done = 0;
  let line = 0;
  for (const hunk of [...hunks].sort((a, b) => compare(a.range.start, b.range.start))) {
    const start = offsetAt(text, starts, hunk.range.start);
    const end = offsetAt(text, starts, hunk.range.end);
    const after = plain(hunk.after);
    const fits = start !== undefined && end !== undefined && plain(text.slice(start, end)) === plain(hunk.before);
    const unsure = hunk.status === "applying" && (!fits || hunk.before === "");
    if (start !== undefined && unsure && landed(text, start, after)) continue;
    if (!fits || start < done) {
      leftOut.push(hunk.id);
      continue;
    }
    const kept = text.slice(done, start);
    const [removed, added] = [breaks(text.slice(start, end)), breaks(after)];
    line += breaks(kept);
    pieces.push({ hunk: hunk.id, from: hunk.range.start.line, removed, line, added });
    parts.push(kept, after.replaceAll("\n", eol));
    line += added;
    done = end;
  }
  return { text: [...parts, text.slice(done)].join(""), pieces, leftOut };
}

/** The line of the file that a line of the proposed text stands for: of an applied hunk, its first. */
export function currentLine({ pieces }: Proposed, line: number): number {
  const above = pieces.filter((piece) => piece.line <= line).at(-1);
  if (above === undefined) return line;
  const inside = line < above.line + Math.max(above.added, 1);
  return inside ? above.from : above.from + above.removed + (line - above.line - above.added);
}

/** Where a range stands after the changes. An insertion at its start goes before it, one at its end after it. */
export function shifted(range: Range, changes: readonly TextChange[]): Range {
  let { start, end } = range;
  for (const change of changes) {
    const empty = compare(start, end) === 0;
    const moved = shift(start, change, !empty);
    end = empty ? moved : shift(end, change, false);
    start = moved;
  }
  return { start, end };
}

function wholeFile(text: string, whole: HunkView, hunks: readonly HunkView[]): Proposed {
  const leftOut = hunks.filter((hunk) => hunk !== whole).map((hunk) => hunk.id);
  const after = whole.kind === "delete" ? "" : whole.after;
  // A file that the hunk was to create and that exists with another text, or one to delete or rename that was changed.
  const fits = plain(text) === plain(whole.kind === "create" ? "" : whole.before) || plain(text) === plain(after);
  if (!fits) return { text, pieces: [], leftOut: [...leftOut, whole.id] };
  const piece = { hunk: whole.id, from: 0, removed: breaks(text), line: 0, added: breaks(after) };
  return { text: after, pieces: [piece], leftOut };
}

function shift(at: Position, { range, text }: TextChange, stays: boolean): Position {
  const { start, end } = range;
  const before = compare(at, start);
  if (before < 0 || (before === 0 && !(stays && compare(start, end) === 0))) return at;
  if (compare(at, end) < 0) return start;
  const added = breaks(text);
  const last = text.length - (Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1);
  const begin = added === 0 ? start.character + last : last;
  const line = at.line - end.line + start.line + added;
  return { line, character: at.line === end.line ? begin + at.character - end.character : at.character };
}

function landed(text: string, start: number, after: string): boolean {
  return after !== "" && plain(text.slice(start, start + 2 * after.length)).startsWith(after);
}

function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(BREAK), (found) => found.index + found[0].length)];
}

/** undefined when the text has no such place. */
function offsetAt(text: string, starts: readonly number[], { line, character }: Position): number | undefined {
  const start = starts[line];
  if (start === undefined) return undefined;
  const next = starts[line + 1];
  const end = next === undefined ? text.length : next - (text.startsWith("\r\n", next - 2) ? 2 : 1);
  return start + character <= end ? start + character : undefined;
}

const BREAK = /\r\n|\r|\n/g;

function plain(text: string): string {
  return text.includes("\r") ? text.replace(BREAK, "\n") : text;
}

function breaks(text: string): number {
  return text.match(BREAK)?.length ?? 0;
}

function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}
