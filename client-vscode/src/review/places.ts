/** The waiting hunks of a document, where they stand in it now: moved with every change at once, before the server tells. */
import * as vscode from "vscode";
import type { HunkView, Range } from "../generated/view";
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
  /** By id: the hunk as the last view had it at the change, and its range by now. */
  readonly hunks: ReadonlyMap<string, { readonly told: HunkView; readonly range: Range }>;
  readonly timer: NodeJS.Timeout;
  settled: boolean;
}

export class LivePlaces implements vscode.Disposable {
  readonly #board: Board;
  readonly #moved = new Map<string, Moved>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri | undefined>();
  readonly #parts: vscode.Disposable;
  #hidden = false;

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

  /** Whether the user wants no marks at hunks. */
  get hidden(): boolean {
    return this.#hidden;
  }

  hide(hidden: boolean): void {
    this.#hidden = hidden;
    this.#changed.fire(undefined);
  }

  /** The document's hunks that wait, in the order of the last view. A newer view counts once the document is at rest. */
  hunksIn(uri: string): LiveHunk[] {
    const moved = this.#moved.get(uri);
    return waitingIn(this.#board, uri).map(({ session, hunk }) => {
      const known = moved?.hunks.get(hunk.id);
      const counts = known?.told === hunk || (known?.told.rev === hunk.rev && moved?.settled === false);
      return { session: session.session, hunk: known && counts ? { ...hunk, range: known.range } : hunk };
    });
  }

  /** The hunk at its place by now. */
  hunkNow(hunk: HunkView): HunkView {
    return this.hunksIn(hunk.uri).find((each) => each.hunk.id === hunk.id)?.hunk ?? hunk;
  }

  #move(uri: vscode.Uri, changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    const key = uri.toString();
    const hunks = this.hunksIn(key);
    clearTimeout(this.#moved.get(key)?.timer);
    this.#moved.delete(key);
    if (hunks.length === 0) return;
    const told = new Map(waitingIn(this.#board, key).map(({ hunk }) => [hunk.id, hunk]));
    const now = hunks.map(({ hunk }) => [hunk.id, { told: told.get(hunk.id) ?? hunk, range: shifted(hunk.range, changes) }] as const);
    const timer = setTimeout(() => {
      moved.settled = true;
      this.#changed.fire(uri);
    }, SETTLED);
    const moved: Moved = { hunks: new Map(now), timer, settled: false };
    this.#moved.set(key, moved);
    this.#changed.fire(uri);
  }

  dispose(): void {
    for (const { timer } of this.#moved.values()) clearTimeout(timer);
    this.#parts.dispose();
  }
}
