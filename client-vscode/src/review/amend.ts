/** A hunk's text in an editor of its own. Saving it amends the hunk; nothing is written to any disk. */
import * as vscode from "vscode";
import { say } from "../say";
import type { Link } from "../server/link";
import { amendName, amendTarget, bytesOf, textOf, whyNot, withEnds } from "../state/amended";
import type { Board } from "../state/board";
import { findHunk, type Placed } from "../state/hunks";
import { said } from "../state/hunkText";

const AMEND = "signoff-amend";
/** How long a reloaded window's editor waits for the server to tell of its hunk, in milliseconds. */
const PATIENCE = 20_000;

/** Texts that are kept for the next window, the last ones. */
const MOST = 20;

interface Draft {
  readonly bytes: Uint8Array;
  readonly at: number;
}

export class AmendEditors implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #board: Board;
  readonly #link: Link;
  /** What saving without being asked to has kept, and the place that outlives the window: nothing typed is lost. */
  readonly #drafts = new Map<string, Draft>();
  readonly #kept: vscode.Memento | undefined;
  readonly #reasons = new Map<string, vscode.TextDocumentSaveReason>();
  readonly #amended = new Set<string>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #parts: vscode.Disposable;
  readonly onDidChangeFile = this.#changed.event;
  readonly readDirectory = refuse;
  readonly createDirectory = refuse;
  readonly delete = refuse;
  readonly rename = refuse;

  constructor(board: Board, link: Link, kept?: vscode.Memento) {
    [this.#board, this.#link, this.#kept] = [board, link, kept];
    for (const [name, text] of kept?.get<[string, string][]>(AMEND) ?? []) {
      this.#drafts.set(name, { bytes: bytesOf(text), at: Date.now() });
    }
    this.#parts = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerFileSystemProvider(AMEND, this, { isCaseSensitive: true }),
      vscode.workspace.onWillSaveTextDocument(({ document, reason }) => {
        if (document.uri.scheme === AMEND) this.#reasons.set(document.uri.query, reason);
      }),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (uri.scheme !== AMEND || !this.#amended.delete(uri.query)) return;
        this.#keep(uri);
        void close(uri);
      }),
    );
  }

  /** Opens the text that the hunk is to put into the file. */
  async open({ hunk }: Placed): Promise<void> {
    if (hunk.kind === "delete") {
      say("A deletion can't be amended. Reject it, and say what you want.");
      return;
    }
    const uri = vscode.Uri.from({ scheme: AMEND, ...amendName(hunk) });
    await vscode.window.showTextDocument(uri, { preview: false });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, at } = await this.#file(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: at, size: bytes.length };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#file(uri)).bytes;
  }

  /** Amends the hunk when the user saves. Saving by itself, after a delay or a change of focus, keeps the text only. */
  async writeFile(uri: vscode.Uri, bytes: Uint8Array): Promise<void> {
    await this.#file(uri);
    const reason = this.#reasons.get(uri.query) ?? vscode.TextDocumentSaveReason.Manual;
    this.#reasons.delete(uri.query);
    if (reason === vscode.TextDocumentSaveReason.Manual) await this.#amend(uri, textOf(bytes));
    this.#keep(uri, { bytes, at: Date.now() });
  }

  #keep(uri: vscode.Uri, draft?: Draft): void {
    this.#drafts.delete(uri.query);
    if (draft) this.#drafts.set(uri.query, draft);
    const texts = [...this.#drafts].slice(-MOST).map(([name, { bytes }]) => [name, textOf(bytes)]);
    void this.#kept?.update(AMEND, texts);
  }

  async #amend(uri: vscode.Uri, text: string): Promise<void> {
    const target = amendTarget(uri.query);
    const placed = target && findHunk(this.#board, target.hunk);
    const problem = whyNot(placed?.hunk, target?.rev);
    if (problem !== undefined || placed === undefined) throw new Error(problem);
    const { id: hunk, rev } = placed.hunk;
    const argument = { hunk, rev, after: withEnds(text, placed.hunk) };
    const answer = await this.#link.request<{ status?: string; reason?: string | null } | null>("workspace/executeCommand", {
      command: "signoff.amendHunk",
      arguments: [argument],
    });
    if (answer?.status !== "amended") throw new Error(said(answer?.reason ?? "The server did not amend the hunk."));
    this.#amended.add(uri.query);
  }

  async #file(uri: vscode.Uri): Promise<Draft> {
    const target = amendTarget(uri.query);
    if (target === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const draft = this.#drafts.get(uri.query);
    if (draft) return draft;
    const placed = findHunk(this.#board, target.hunk) ?? (await this.#arrival(target.hunk));
    if (placed === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return { bytes: bytesOf(placed.hunk.after), at: 1 };
  }

  /** The hunk, once the server has told of it; undefined when it does not. */
  async #arrival(hunk: string): Promise<Placed | undefined> {
    if (this.#board.sessions.length > 0) return undefined;
    return new Promise((resolve) => {
      const end = (found?: Placed): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve(found);
      };
      const timer = setTimeout(end, PATIENCE);
      const listening = this.#board.onChange(() => {
        const found = findHunk(this.#board, hunk);
        if (found) end(found);
      });
    });
  }

  watch(): vscode.Disposable {
    return vscode.Disposable.from();
  }

  dispose(): void {
    this.#parts.dispose();
  }
}

function refuse(uri: vscode.Uri): never {
  throw vscode.FileSystemError.NoPermissions(uri);
}

async function close(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  await vscode.window.tabGroups.close(
    tabs.filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()),
    true,
  );
}
