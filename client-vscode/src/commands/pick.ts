/** Asks which one is meant, and for words. Leaving with Escape is no answer: undefined. */
import * as vscode from "vscode";
import type { SessionView } from "../generated/view";
import { counts, type Placed } from "../state/hunks";
import { said } from "../state/hunkText";
import { shortGoal } from "../state/words";

export async function pickHunk(hunks: readonly Placed[], title: string): Promise<Placed | undefined> {
  const items = hunks.map((placed) => {
    const { hunk } = placed;
    const { added, removed } = counts(hunk);
    return {
      label: hunk.rationale || shortGoal(placed.session.goal),
      description: `${vscode.workspace.asRelativePath(vscode.Uri.parse(hunk.uri))}:${hunk.range.start.line + 1} (+${added} -${removed})`,
      detail: (hunk.after || hunk.before).trim().split("\n")[0] ?? "",
      placed,
    };
  });
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: "Which hunk?", matchOnDescription: true });
  return picked?.placed;
}

export async function pickSession(views: readonly SessionView[], title: string): Promise<SessionView | undefined> {
  if (views.length <= 1) return views[0];
  const items = views.map((view) => ({
    label: shortGoal(view.goal),
    description: [view.phase, ...view.waitingFor.map((what) => `waits for ${what}`)].join(", "),
    view,
  }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: "Which session?" }))?.view;
}

/** One of several files of a session. */
export async function pickUri(uris: readonly string[], title: string): Promise<string | undefined> {
  if (uris.length === 0) return undefined;
  const items = uris.map((uri) => ({ label: vscode.workspace.asRelativePath(vscode.Uri.parse(uri)), uri }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: "Which file?" }))?.uri;
}

/** Words of the user; at least one when they are `needed`. */
export async function ask(title: string, prompt: string, needed: boolean): Promise<string | undefined> {
  const words = await vscode.window.showInputBox({ title, prompt: said(prompt), ignoreFocusOut: true });
  if (words === undefined) return undefined;
  return needed && words.trim() === "" ? undefined : words.trim();
}
