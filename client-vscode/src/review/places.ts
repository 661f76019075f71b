/** The waiting hunks of a document, where they stand in it now: moved with every change at once, before the server tells. */
import * as vscode from "vscode";
import type { HunkView } from "../generated/view";
import type { Board } from "../state/board";
import { waitingIn } from "../state/hunks";
import { shifted } from "../state/proposed";

/**
 * For so long after the last change our own count holds, in milliseconds: a view that comes in that time may be of the
 * text before the change.
 */
const SETTLED = 300;

export interface LiveHunk {
  readonly session: string;
  readonly hunk: HunkView;
}

interface Moved {
  readonly hunks: ReadonlyMap<string, HunkView>;
  readonly timer: NodeJS.Timeout;
}

export class LivePlaces implements vscode.Disposable {
  readonly #board: Board;
  readonly #moved = new Map<string, Moved>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri | undefined>();
  readonly #parts: vscode.Disposable;

  constructor(board: Board) {
    this.#board = board;
    this.#parts = vscode.Disposable.from(
      this.#changed,
      board.onChange(({ kind }) => {
        if (kind !== "text") this.#changed.fire(undefined);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#move(document.uri, contentChanges);
      }),
    );
  }

  /** Hunks or their places may be others now: of one document, or of any. */
  get onChange(): vscode.Event<vscode.Uri | undefined> {
    return this.#changed.event;
  }

  /** The document's hunks that wait, by their place in the last view. */
  hunksIn(uri: string): LiveHunk[] {
    const moved = this.#moved.get(uri)?.hunks;
    return waitingIn(this.#board, uri).map(({ session, hunk }) => {
      const known = moved?.get(hunk.id);
      return { session: session.session, hunk: known?.rev === hunk.rev ? { ...hunk, range: known.range } : hunk };
    });
  }

  #move(uri: vscode.Uri, changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    const key = uri.toString();
    const hunks = this.hunksIn(key);
    if (hunks.length === 0) return;
    clearTimeout(this.#moved.get(key)?.timer);
    const timer = setTimeout(() => {
      this.#moved.delete(key);
      this.#changed.fire(uri);
    }, SETTLED);
    const moved = hunks.map(({ hunk }) => [hunk.id, { ...hunk, range: shifted(hunk.range, changes) }] as const);
    this.#moved.set(key, { hunks: new Map(moved), timer });
    this.#changed.fire(uri);
  }

  dispose(): void {
    for (const { timer } of this.#moved.values()) clearTimeout(timer);
    this.#parts.dispose();
  }
}
