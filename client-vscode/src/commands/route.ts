/**
 * The server's commands as the user runs them: from a code action or a lens with the protocol's argument, from a tree,
 * a thread or a diff with a subject, or from the palette and the keyboard with nothing. Each becomes one request.
 */
import * as vscode from "vscode";
import type { SessionView } from "../generated/view";
import { say } from "../say";
import type { Board } from "../state/board";
import { sameUri, type Placed } from "../state/hunks";
import { titleOf } from "../state/words";
import { failed, tell } from "../tell";
import { ask, pickHunk, pickSession, pickUri } from "./pick";
import { atCursor, hunksFor, isComplete, isSubject, sessionsFor, shown, type Cursor, type Subject } from "./subject";

/** The parts of the client that show something instead of asking the server, or after it answered. */
export interface Screen {
  cursor(): Cursor | undefined;
  /** The hunk where it is now: a view comes only when the typing rests. */
  live(placed: Placed): Placed;
  /** What a thread, a tree node, or a document's URI given by a menu stands for. */
  subject(argument: unknown): Subject | undefined;
  showDiff(session: string, uri?: string, hunk?: string): Promise<void>;
  amend(placed: Placed): Promise<void>;
  showPage(session: string): Promise<void>;
  /** Takes the hunks out of the user's sight, or brings them back. */
  hide(hidden: boolean): void;
  showContext(): Promise<void>;
  runWorkflow(): Promise<void>;
}

type Send = (command: string, args: unknown[]) => Promise<unknown>;
/** The protocol's argument, or undefined when the user gave no answer or there is nothing to do. */
type Made = object | undefined;

const HUNK = new Set(["approveHunk", "rejectHunk", "undoHunk", "reproposeHunk"].map(name));
const FILE = new Set(["approveFile", "rejectFile"].map(name));
const ALL = new Set(["approveAll", "rejectAll", "undoAll"].map(name));
const SESSION = new Set(["interrupt", "resume", "archive", "openSession"].map(name));
const STEP = new Set(["approveStep", "skipStep"].map(name));
const COMMAND = new Set(["approveCommand", "rejectCommand"].map(name));
const MOVE = new Set(["nextHunk", "previousHunk"].map(name));

export class Router {
  readonly #board: Board;
  readonly #screen: Screen;

  constructor(board: Board, screen: Screen) {
    this.#board = board;
    this.#screen = screen;
  }

  /** The language client's middleware for commands: what is told to the server, and what is done with its answer. */
  async run(command: string, args: readonly unknown[], send: Send): Promise<unknown> {
    try {
      return await this.#run(command, args, send);
    } catch (error) {
      failed(command, error);
      return undefined;
    }
  }

  async #run(command: string, args: readonly unknown[], send: Send): Promise<unknown> {
    // A thread is a plain object too: what something of ours stands for comes first.
    const argument = this.#subject(args[0]) === undefined && isComplete(args[0]) ? args[0] : undefined;
    if (command === "signoff.startSession" && argument !== undefined) return this.#start(argument, send);
    if (command === "signoff.showDiff") return this.#diff(args[0]);
    if (command === "signoff.amendHunk" && argument === undefined) return this.#amend(args[0]);
    if (command === "signoff.editPlan" && argument === undefined) return this.#editPlan(args[0], send);
    if (command === "signoff.showContext" && argument === undefined) return this.#screen.showContext();
    if (command === "signoff.runWorkflow" && argument === undefined) return this.#screen.runWorkflow();
    const made = argument ?? (await this.#argument(command, args[0]));
    const answer = made && tell(await send(command, [made]));
    if (command === "signoff.hideHunks" || command === "signoff.showHunks") this.#screen.hide(command === "signoff.hideHunks");
    return answer;
  }

  /** Signoff: Show Session. */
  async showPage(given?: unknown): Promise<void> {
    const view = await this.#which("signoff.showPage", this.#subject(given));
    if (view) await this.#screen.showPage(view.session);
  }

  async #argument(command: string, given: unknown): Promise<Made> {
    const subject = this.#subject(given);
    if (HUNK.has(command)) return this.#hunk(command, subject);
    if (FILE.has(command)) return this.#file(command, subject);
    if (ALL.has(command)) return this.#all(command, subject);
    if (MOVE.has(command)) return this.#place(subject);
    if (SESSION.has(command)) return this.#session(command, subject);
    if (STEP.has(command)) return subject?.step === undefined ? undefined : { session: subject.session, step: subject.step };
    if (COMMAND.has(command)) return this.#command(command, subject);
    if (command === "signoff.approvePlan" || command === "signoff.rejectPlan") return this.#plan(command, subject);
    if (command === "signoff.reply") return this.#reply(command, subject);
    return {};
  }

  #subject(given: unknown): Subject | undefined {
    return isSubject(given) ? given : this.#screen.subject(given);
  }

  async #target(command: string, subject?: Subject): Promise<Placed | undefined> {
    const cursor = this.#screen.cursor();
    const hunks = hunksFor(this.#board, command, subject, cursor).map((each) => this.#screen.live(each));
    if (hunks.length === 0) {
      say(subject ? "This hunk was decided meanwhile." : "No hunk waits for this.");
      return undefined;
    }
    if (subject?.hunk !== undefined) return hunks[0];
    return (cursor && atCursor(hunks, cursor)) ?? pickHunk(hunks, titleOf(command));
  }

  async #hunk(command: string, subject?: Subject): Promise<Made> {
    const placed = await this.#target(command, subject);
    if (placed === undefined) return undefined;
    const argument = shown([placed])[0];
    if (command !== "signoff.rejectHunk") return argument;
    const feedback = await ask("Reject Hunk", "What should be different? Empty: rejected without a word.", false);
    return feedback === undefined ? undefined : { ...argument, feedback };
  }

  async #file(command: string, subject?: Subject): Promise<Made> {
    const cursor = this.#screen.cursor();
    const hunks = hunksFor(this.#board, command, subject, cursor);
    nothing(hunks);
    const uris = [...new Set(hunks.map(({ hunk }) => hunk.uri))];
    // The file that the user pointed at or looks at; any other is named first.
    const plain = subject?.uri !== undefined || uris.some((each) => cursor && sameUri(each, cursor.uri));
    const uri = plain ? uris[0] : await pickUri(uris, titleOf(command));
    const inside = hunks.filter(({ hunk }) => hunk.uri === uri);
    const session = await pickSession(unique(inside), titleOf(command));
    if (uri === undefined || session === undefined) return undefined;
    return { session: session.session, uri, hunks: shown(inside.filter((each) => each.session === session)) };
  }

  async #all(command: string, subject?: Subject): Promise<Made> {
    const hunks = hunksFor(this.#board, command, subject && { kind: "session", session: subject.session });
    nothing(hunks);
    const session = await pickSession(unique(hunks), titleOf(command));
    if (session === undefined) return undefined;
    return { session: session.session, hunks: shown(hunks.filter((each) => each.session === session)) };
  }

  #place(subject?: Subject): Made {
    const cursor = this.#screen.cursor();
    const session = subject?.session ?? cursor?.session;
    const from = cursor && { uri: cursor.uri, position: { line: cursor.line, character: 0 } };
    return { ...from, ...(session === undefined ? {} : { session }) };
  }

  async #which(command: string, subject?: Subject): Promise<SessionView | undefined> {
    if (subject) return this.#board.view(subject.session);
    const views = sessionsFor(this.#board, command);
    if (views.length === 0) say("There is no session for this now.");
    return pickSession(views, titleOf(command));
  }

  async #session(command: string, subject?: Subject): Promise<Made> {
    const view = await this.#which(command, subject);
    return view && { session: view.session };
  }

  async #plan(command: string, subject?: Subject): Promise<Made> {
    const view = await this.#which(command, subject);
    if (!view?.plan) return undefined;
    const argument = { session: view.session, plan: view.plan.id };
    if (command === "signoff.approvePlan") return argument;
    const feedback = await ask("Reject Plan", "What should the plan do instead?", true);
    return feedback === undefined ? undefined : { ...argument, feedback };
  }

  async #command(command: string, subject?: Subject): Promise<Made> {
    const view = await this.#which(command, subject);
    const waiting = view?.commands.filter((each) => each.status === "pending" || each.status === "waiting") ?? [];
    const found = waiting.find((each) => each.id === subject?.command) ?? (waiting.length === 1 ? waiting[0] : undefined);
    if (!view || !found) {
      if (view) await this.#screen.showPage(view.session);
      return undefined;
    }
    return { command: found.id, token: found.token, scope: "once" };
  }

  async #reply(command: string, subject?: Subject): Promise<Made> {
    const view = await this.#which(command, subject);
    const text = view && (await ask("Reply", `To: ${view.goal}`, true));
    return text === undefined ? undefined : { session: view?.session, text };
  }

  async #start(argument: object, send: Send): Promise<unknown> {
    // Our own page shows the session, whatever the action says of the server's document.
    const begin = { location: vscode.ProgressLocation.Window, title: "Signoff: starting the task" };
    const made = tell(await vscode.window.withProgress(begin, () => send("signoff.startSession", [{ ...argument, show: false }])));
    const session = (made as { session?: string } | undefined)?.session;
    if (session !== undefined) await this.#screen.showPage(session);
    return made;
  }

  async #diff(given: unknown): Promise<void> {
    const subject = this.#subject(given) ?? (isComplete(given) ? (given as Subject) : undefined);
    if (subject) {
      await this.#screen.showDiff(subject.session, subject.uri, subject.hunk);
      return;
    }
    const cursor = this.#screen.cursor();
    const hunks = hunksFor(this.#board, "signoff.showDiff", undefined, cursor);
    const here = cursor && hunks.find(({ hunk }) => hunk.uri === cursor.uri);
    const session = here?.session ?? (await pickSession(unique(hunks), "Show Diff"));
    if (session) await this.#screen.showDiff(session.session, here?.hunk.uri);
    else nothing(hunks);
  }

  async #amend(given: unknown): Promise<void> {
    const placed = await this.#target("signoff.amendHunk", this.#subject(given));
    if (placed) await this.#screen.amend(placed);
  }

  /** The plan is edited as a list in the session document; the action "Approve plan as edited" there sends it. */
  async #editPlan(given: unknown, send: Send): Promise<unknown> {
    const view = await this.#which("signoff.editPlan", this.#subject(given));
    return view && tell(await send("signoff.openSession", [{ session: view.session }]));
  }
}

function nothing(hunks: readonly Placed[]): void {
  if (hunks.length === 0) say("No hunk waits for this.");
}

function unique(hunks: readonly Placed[]): SessionView[] {
  return [...new Set(hunks.map(({ session }) => session))];
}

function name(short: string): string {
  return `signoff.${short}`;
}
