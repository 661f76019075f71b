/** The context keys by which menus, keys and the palette know what can be done now. */
import * as vscode from "vscode";
import type { Link } from "./server/link";
import { isBusy, type Board } from "./state/board";
import { restricted } from "./trust";
import { select, waiting, waitingIn } from "./state/hunks";

export function contextKeys(board: Board, link: Link): vscode.Disposable {
  const set = new Map<string, unknown>();
  const update = (): void => {
    for (const [key, value] of Object.entries(keys(board, link))) {
      if (set.get(key) === value) continue;
      set.set(key, value);
      void vscode.commands.executeCommand("setContext", `signoff.${key}`, value);
    }
  };
  update();
  return vscode.Disposable.from(
    board.onChange((change) => {
      if (change.kind !== "text") update();
    }),
    link.onState(update),
    link.onStatus(update),
    vscode.window.onDidChangeActiveTextEditor(update),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
  );
}

function keys(board: Board, link: Link): Record<string, boolean | number | string> {
  const { sessions } = board;
  const document = vscode.window.activeTextEditor?.document.uri.toString();
  const waits = (what: string): boolean => sessions.some((view) => view.waitingFor.some((each) => each === what));
  return {
    running: link.state === "running",
    server: link.state,
    endpoint: link.status?.endpoint === undefined ? "unknown" : link.status.endpoint.configured ? "ready" : "missing",
    untrusted: restricted(link),
    workflows: (link.status?.workflows ?? []).length > 0,
    sessions: sessions.length,
    hunks: waiting(board).length,
    applied: select(sessions, (hunk) => hunk.status === "applied").length > 0,
    editorHunks: document !== undefined && waitingIn(board, document).length > 0,
    plans: waits("plan"),
    commands: waits("command"),
    working: sessions.some(isBusy),
    resumable: sessions.some((view) => view.phase === "stopped" || view.phase === "failed"),
  };
}
