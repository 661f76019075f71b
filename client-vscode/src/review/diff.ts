/** What hunks make of a file, in VS Code's own diff editor: current on the left, proposed on the right. */
import * as vscode from "vscode";
import { say } from "../say";
import type { Link } from "../server/link";
import type { Board } from "../state/board";
import { sameUri, waits } from "../state/hunks";
import { nameOf } from "../state/hunkText";
import { currentLine, proposed, type Proposed } from "../state/proposed";
import { shortGoal } from "../state/words";
import type { LivePlaces } from "./places";
import { exists, PROPOSED, proposedUri, targetOf, type Target } from "./uris";

/** Characters of a document that is compared; a larger one is shown as the server's text diff. */
const LONGEST = 5_000_000;
/** Changes of so many milliseconds are shown together. */
const FRAME = 16;

export class Diffs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #board: Board;
  readonly #places: LivePlaces;
  readonly #link: Link;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** What the tabs of whole sessions' diffs are called: VS Code says nothing else of them. */
  readonly #titles = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #parts: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(board: Board, places: LivePlaces, link: Link) {
    [this.#board, this.#places, this.#link] = [board, places, link];
    this.#parts = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(PROPOSED, this),
      places.onChange(() => {
        this.#timer ??= setTimeout(() => {
          this.#refresh();
        }, FRAME);
      }),
    );
  }

  get onDidChange(): vscode.Event<vscode.Uri> {
    return this.#changed.event;
  }

  /** Shows what waits: of the whole session, of one document, or one hunk. */
  async showDiff(session: string, uri?: string, hunk?: string): Promise<void> {
    const view = this.#board.view(session);
    const inside = (view?.hunks ?? []).filter(
      (each) => waits(each) && (uri === undefined || sameUri(each.uri, uri)) && (hunk === undefined || each.id === hunk),
    );
    const targets = [...new Set(inside.map((each) => each.uri))].map((each) => targetFor(session, each, hunk));
    const [first] = targets;
    if (view === undefined || first === undefined) {
      say("Nothing waits here any more.");
    } else if (targets.length > 1) {
      await this.#showAll(session, shortGoal(view.goal), targets);
    } else {
      await this.#showOne(first, inside[0]?.to ?? null);
    }
  }

  /** Where the cursor is, in terms of the file, if the editor shows proposed text. */
  cursorIn(editor: vscode.TextEditor): { uri: string; line: number; session: string; hunk?: string } | undefined {
    const target = targetOf(editor.document.uri);
    if (target === undefined) return undefined;
    const { uri, session, hunk } = target;
    const line = currentLine(this.#of(target, openText(uri) ?? ""), editor.selection.active.line);
    return { uri, line, session, ...(hunk === undefined ? {} : { hunk }) };
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const target = targetOf(uri);
    if (target === undefined || target.empty === true) return "";
    const text = await this.#current(target);
    return typeof text === "string" ? this.#of(target, text).text : text.problem;
  }

  #of(target: Target, text: string): Proposed {
    const own = this.#places.hunksIn(target.uri).filter(({ session }) => session === target.session);
    const hunks = own.map(({ hunk }) => hunk).filter(({ id }) => target.hunk === undefined || target.hunk === id);
    return proposed(text, hunks);
  }

  /** The document's text now; of a file that is not there, none. */
  async #current({ uri }: Target): Promise<string | { problem: string }> {
    const file = vscode.Uri.parse(uri);
    const open = openText(uri);
    if (open === undefined && !(await exists(file))) return "";
    try {
      const text = open ?? (await vscode.workspace.openTextDocument(file)).getText();
      return text.length <= LONGEST ? text : { problem: `${nameOf(uri)} is too large to be compared here.` };
    } catch {
      return { problem: `${nameOf(uri)} can't be shown as text here.` };
    }
  }

  async #showOne(target: Target, to: string | null): Promise<void> {
    const text = await this.#current(target);
    if (typeof text !== "string") {
      say(`${text.problem} The server's own diff of it is shown instead.`);
      await this.#link.run("signoff.showDiff", { session: target.session, uri: target.uri });
      return;
    }
    const { pieces, leftOut } = this.#of(target, text);
    const first = pieces[0]?.line;
    if (first === undefined && leftOut.length > 0) {
      say("The file was changed where this hunk belongs. Run Propose Hunk Again, or reject it.");
      return;
    }
    const name = to === null ? nameOf(target.uri) : `${nameOf(target.uri)} → ${nameOf(to)}`;
    const which = target.hunk === undefined ? "" : ", one hunk";
    const selection = first === undefined ? {} : { selection: new vscode.Range(first, 0, first, 0) };
    const [left, right] = [await leftOf(target), proposedUri(target)];
    await vscode.commands.executeCommand("vscode.diff", left, right, `${name} (current ↔ proposed${which})`, selection);
  }

  async #showAll(session: string, goal: string, targets: readonly Target[]): Promise<void> {
    const title = `${goal} (current ↔ proposed)`;
    this.#titles.set(title, session);
    const sides = targets.map(async (each) => [vscode.Uri.parse(each.uri), await leftOf(each), proposedUri(each)]);
    await vscode.commands.executeCommand("vscode.changes", title, await Promise.all(sides));
  }

  #refresh(): void {
    this.#timer = undefined;
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === PROPOSED) this.#changed.fire(uri);
    for (const view of this.#board.sessions) this.#seen.add(view.session);
    const over = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter((tab) => this.#isOver(tab));
    if (over.length > 0) void vscode.window.tabGroups.close(over, true);
  }

  /** Whether it is a tab of ours in which nothing waits any more. Sessions that are still to come are waited for. */
  #isOver(tab: vscode.Tab): boolean {
    const { input } = tab;
    const uri =
      input instanceof vscode.TabInputTextDiff ? input.modified : input instanceof vscode.TabInputText ? input.uri : undefined;
    const target = targetOf(uri);
    // VS Code adds the number of files to the title.
    const titled = (): string | undefined => [...this.#titles].find(([title]) => tab.label.startsWith(title))?.[1];
    const session = target?.session ?? (uri === undefined ? titled() : undefined);
    if (session === undefined || !this.#seen.has(session)) return false;
    return !(this.#board.view(session)?.hunks ?? []).some(
      (hunk) =>
        waits(hunk) &&
        (target === undefined || sameUri(hunk.uri, target.uri)) &&
        (target?.hunk === undefined || hunk.id === target.hunk),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#parts.dispose();
  }
}

function targetFor(session: string, uri: string, hunk?: string): Target {
  return hunk === undefined ? { session, uri } : { session, uri, hunk };
}

async function leftOf(target: Target): Promise<vscode.Uri> {
  const file = vscode.Uri.parse(target.uri);
  return (await exists(file)) ? file : proposedUri({ ...target, empty: true });
}

function openText(uri: string): string | undefined {
  return vscode.workspace.textDocuments.find((each) => sameUri(each.uri.toString(), uri))?.getText();
}
