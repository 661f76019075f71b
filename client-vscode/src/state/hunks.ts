/** Which hunks wait, of all sessions or of one document, in the order in which a reader meets them. */
import type { HunkView, Range, SessionView } from "../generated/view";
import type { Board } from "./board";

/** A hunk and its session. */
export interface Placed {
  readonly session: SessionView;
  readonly hunk: HunkView;
}

const WAITING: ReadonlySet<HunkView["status"]> = new Set(["pending", "applying", "stale"]);

/** Whether the user has not decided about it, or its edit is under way. */
export function waits(hunk: HunkView): boolean {
  return WAITING.has(hunk.status);
}

/** All hunks that wait: by document, then by place. */
export function waiting(board: Board): Placed[] {
  return select(board.sessions, waits);
}

/** Those of one document, by place. */
export function waitingIn(board: Board, uri: string): Placed[] {
  return select(board.sessions, (hunk) => waits(hunk) && sameUri(hunk.uri, uri));
}

/** The hunks of these sessions for which `wanted` holds, by document, then by place. */
export function select(sessions: readonly SessionView[], wanted: (hunk: HunkView) => boolean): Placed[] {
  const found = sessions.flatMap((session) =>
    session.hunks.filter(wanted).map((hunk) => ({ session, hunk })),
  );
  return found.sort((a, b) => compare(a.hunk, b.hunk));
}

/** The hunk with this id, whatever became of it. */
export function findHunk(board: Board, id: string): Placed | undefined {
  return select(board.sessions, (hunk) => hunk.id === id)[0];
}

/** Whether the hunk is on the line (0-based); an insertion is on the line before which it stands. */
export function touches(hunk: HunkView, line: number): boolean {
  return hunk.range.start.line <= line && line <= lastLine(hunk.range);
}

/** How many lines it takes and how many it puts. */
export function counts(hunk: HunkView): { readonly added: number; readonly removed: number } {
  return { added: lines(hunk.after), removed: lines(hunk.before) };
}

/** Whether two URIs name one document, however they escape its name. */
export function sameUri(one: string, other: string): boolean {
  return one === other || plain(one) === plain(other);
}

/** The last line that a range touches: it ends before the first character of its end, when it ends at a line's begin. */
export function lastLine(range: Range): number {
  const { start, end } = range;
  return end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
}

function lines(text: string): number {
  return text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

function plain(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

function compare(one: HunkView, other: HunkView): number {
  const [a, b] = [plain(one.uri), plain(other.uri)];
  if (a !== b) return a < b ? -1 : 1;
  return one.range.start.line - other.range.start.line || one.range.start.character - other.range.start.character;
}
