/** A comment thread at each hunk that waits. A reply has the hunk revised. */
import * as vscode from "vscode";
import type { HunkView } from "../generated/view";
import type { Board } from "../state/board";
import { lastLine, waiting, type Placed } from "../state/hunks";
import { threadBody, threadLabel } from "../state/hunkText";
import { proposedUri } from "./uris";

/** Threads at most; those of the first documents. Lenses, marks and the tree have the others. */
const MOST = 300;
/** Threads of a document that has no more hunks than these begin open. */
const FEW = 2;

/** A hunk as its thread shows it. */
export interface Shown {
  readonly session: string;
  readonly hunk: string;
  readonly rev: number;
}

interface Thread extends Shown {
  readonly thread: vscode.CommentThread;
  readonly view: HunkView;
  readonly body: string;
}

export class Threads implements vscode.Disposable {
  readonly #controller = vscode.comments.createCommentController("signoff", "Signoff");
  readonly #threads = new Map<string, Thread>();
  readonly #board: Board;
  readonly #listening: vscode.Disposable;
  #hidden = false;

  constructor(board: Board) {
    this.#board = board;
    this.#controller.options = {
      prompt: "Reply to have this hunk revised",
      placeHolder: "What should be different? The agent revises the hunk.",
    };
    this.#listening = vscode.Disposable.from(
      board.onChange(({ kind }) => {
        if (kind !== "text") this.#update();
      }),
    );
    this.#update();
  }

  /** Takes all threads away, or brings them back. */
  hide(hidden: boolean): void {
    this.#hidden = hidden;
    this.#update();
  }

  /** The hunk of a thread that a menu's command was given, at the rev that the thread shows. */
  hunkOfThread(thread: unknown): Shown | undefined {
    const found = [...this.#threads.values()].find((each) => each.thread === thread);
    return found && { session: found.session, hunk: found.hunk, rev: found.rev };
  }

  /** What `signoff.rejectHunk` is told for a reply; undefined when the hunk was decided, or nothing was written. */
  replyTo(reply: vscode.CommentReply): { hunk: string; rev: number; feedback: string } | undefined {
    const shown = this.hunkOfThread(reply.thread);
    const feedback = reply.text.trim();
    return shown && feedback !== "" ? { hunk: shown.hunk, rev: shown.rev, feedback } : undefined;
  }

  #update(): void {
    const found = this.#hidden ? [] : waiting(this.#board).slice(0, MOST);
    const perFile = new Map<string, number>();
    for (const { hunk } of found) perFile.set(hunk.uri, (perFile.get(hunk.uri) ?? 0) + 1);
    const wanted = new Map(found.map((placed) => [keyOf(placed), placed]));
    for (const [key, { thread }] of this.#threads) {
      if (wanted.has(key)) continue;
      this.#threads.delete(key);
      thread.dispose();
    }
    for (const [key, placed] of wanted) this.#show(key, placed, (perFile.get(placed.hunk.uri) ?? 0) <= FEW);
  }

  /** Sets what has changed alone: the thread stays open or closed as it is, and what is being typed in it stays. */
  #show(key: string, placed: Placed, open: boolean): void {
    const { session, hunk } = placed;
    const known = this.#threads.get(key);
    const thread = known?.thread ?? this.#controller.createCommentThread(uriOf(placed), rangeOf(hunk), []);
    if (!known) thread.collapsibleState = vscode.CommentThreadCollapsibleState[open ? "Expanded" : "Collapsed"];
    else if (!rangeOf(hunk).isEqual(rangeOf(known.view))) thread.range = rangeOf(hunk);
    const label = threadLabel(placed);
    if (thread.label !== label) thread.label = label;
    if (thread.contextValue !== hunk.status) thread.contextValue = hunk.status;
    const body = known && sameText(known.view, hunk) ? known.body : threadBody(hunk);
    if (known?.body !== body) thread.comments = [comment(body)];
    this.#threads.set(key, { session: session.session, hunk: hunk.id, rev: hunk.rev, thread, view: hunk, body });
  }

  dispose(): void {
    this.#listening.dispose();
    this.#controller.dispose();
  }
}

/** Views come often, and long diffs take time: whether the thread says the same of both. */
function sameText(one: HunkView, other: HunkView): boolean {
  const said = ({ rev, rationale, note, to, findings }: HunkView): string => JSON.stringify([rev, rationale, note, to, findings]);
  return said(one) === said(other);
}

/** A thread can't go to another document: the hunk of a renamed file gets another. */
function keyOf({ hunk }: Placed): string {
  return `${hunk.id} ${hunk.uri}`;
}

/** A file that is not there yet has its thread in its proposed text. */
function uriOf({ session, hunk }: Placed): vscode.Uri {
  const { uri, kind } = hunk;
  return kind === "create" ? proposedUri({ session: session.session, uri }) : vscode.Uri.parse(uri);
}

function rangeOf({ range }: HunkView): vscode.Range {
  return new vscode.Range(range.start.line, 0, lastLine(range), 0);
}

function comment(body: string): vscode.Comment {
  const text = new vscode.MarkdownString(body);
  text.isTrusted = false;
  text.supportHtml = false;
  return { body: text, mode: vscode.CommentMode.Preview, author: { name: "Signoff" } };
}
