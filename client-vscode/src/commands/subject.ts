/**
 * What a command is about. A code action or a lens brings the protocol's own argument, which passes as it is; a tree
 * node, a comment thread or a diff brings a subject, or nothing does: then the cursor and the board decide.
 */
import type { HunkArgument } from "../generated/commands";
import type { SessionView } from "../generated/view";
import { isBusy, type Board } from "../state/board";
import { findHunk, sameUri, select, touches, waits, type Placed } from "../state/hunks";

/** A thing on the screen. A session's id and, of its parts, at most one. */
export interface Subject {
  readonly kind: string;
  readonly session: string;
  readonly uri?: string | undefined;
  readonly hunk?: string | undefined;
  readonly step?: string | undefined;
  readonly command?: string | undefined;
}

/** Where the cursor is. `session` and `hunk`: the editor shows proposed text of these alone. */
export interface Cursor {
  readonly uri: string;
  readonly line: number;
  readonly session?: string | undefined;
  readonly hunk?: string | undefined;
}

/** Which hunks a command can be about, by their status. */
const DECIDABLE: Readonly<Record<string, (placed: Placed) => boolean>> = {
  "signoff.approveHunk": ({ hunk }) => hunk.status === "pending",
  "signoff.rejectHunk": ({ hunk }) => hunk.status === "pending" || hunk.status === "stale",
  "signoff.amendHunk": ({ hunk }) => hunk.status === "pending",
  "signoff.undoHunk": ({ hunk }) => hunk.status === "applied",
  "signoff.reproposeHunk": ({ hunk }) => hunk.status === "stale",
  "signoff.approveFile": ({ hunk }) => hunk.status === "pending",
  "signoff.rejectFile": ({ hunk }) => hunk.status === "pending" || hunk.status === "stale",
  "signoff.approveAll": ({ hunk }) => hunk.status === "pending",
  "signoff.rejectAll": ({ hunk }) => hunk.status === "pending" || hunk.status === "stale",
  "signoff.undoAll": ({ hunk }) => hunk.status === "applied",
  "signoff.showDiff": ({ hunk }) => waits(hunk),
};

/** The sessions that a command can be about. */
const SESSIONS: Readonly<Record<string, (view: SessionView) => boolean>> = {
  "signoff.interrupt": (view) => isBusy(view) || view.waitingFor.includes("time"),
  "signoff.resume": (view) => view.phase === "stopped" || view.phase === "failed",
  "signoff.approvePlan": (view) => view.waitingFor.includes("plan"),
  "signoff.rejectPlan": (view) => view.waitingFor.includes("plan"),
  "signoff.editPlan": (view) => view.waitingFor.includes("plan"),
  "signoff.approveCommand": (view) => view.waitingFor.includes("command"),
  "signoff.rejectCommand": (view) => view.waitingFor.includes("command"),
};

export function isSubject(value: unknown): value is Subject {
  return typeof value === "object" && value !== null && "kind" in value && "session" in value;
}

/** Whether the argument is the protocol's: made by the server, for the server. */
export function isComplete(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !("kind" in value);
}

/** The hunks that the command can be about: those of the subject, else of the cursor's document, else all. */
export function hunksFor(board: Board, command: string, subject?: Subject, cursor?: Cursor): Placed[] {
  const fits = DECIDABLE[command] ?? (() => false);
  const known = (sessions: readonly SessionView[]): Placed[] =>
    select(sessions, () => true).filter(fits);
  if (subject?.hunk !== undefined) {
    const found = findHunk(board, subject.hunk);
    return found !== undefined && fits(found) ? [found] : [];
  }
  if (subject !== undefined) {
    const view = board.view(subject.session);
    const { uri } = subject;
    return known(view ? [view] : []).filter(({ hunk }) => uri === undefined || sameUri(hunk.uri, uri));
  }
  const here = cursor && cursorsHunks(known(board.sessions), cursor);
  return here !== undefined && here.length > 0 ? here : known(board.sessions);
}

/**
 * The hunk that a command means without asking: the only one on the cursor's line. undefined when that is not plain:
 * nothing is decided of a hunk that the user may not be looking at.
 */
export function atCursor(hunks: readonly Placed[], cursor: Cursor): Placed | undefined {
  const here = cursorsHunks(hunks, cursor);
  const touched = here.filter(({ hunk }) => touches(hunk, cursor.line));
  const found = cursor.hunk === undefined ? touched : here;
  return found.length === 1 ? found[0] : undefined;
}

/** The sessions that the command can be about, the newest first. */
export function sessionsFor(board: Board, command: string): SessionView[] {
  return board.sessions.filter(SESSIONS[command] ?? (() => true));
}

/** The hunks as they are shown: what a decision about many of them names, so that it covers no other. */
export function shown(hunks: readonly Placed[]): HunkArgument[] {
  return hunks.map(({ hunk }) => ({ hunk: hunk.id, rev: hunk.rev }));
}

function cursorsHunks(hunks: readonly Placed[], cursor: Cursor): Placed[] {
  return hunks.filter(
    ({ session, hunk }) =>
      sameUri(hunk.uri, cursor.uri) &&
      (cursor.session === undefined || cursor.session === session.session) &&
      (cursor.hunk === undefined || cursor.hunk === hunk.id),
  );
}
