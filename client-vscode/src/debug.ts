/** Signoff: Copy Debug Information. What a report of a problem needs; no goal, no text, no path of the user's files. */
import * as vscode from "vscode";
import type { Link } from "./server/link";
import type { Board } from "./state/board";

/** `program` is what was started as the server. */
export async function copyDebugInformation(board: Board, link: Link, version: string, program: string): Promise<void> {
  const facts = {
    client: version,
    editor: `${vscode.env.appName} ${vscode.version}, ${vscode.env.appHost}, ${vscode.env.remoteName ?? "local"}`,
    platform: `${process.platform} ${process.arch}, node ${process.versions.node}`,
    server: { state: link.state, program },
    trusted: vscode.workspace.isTrusted,
    folders: (vscode.workspace.workspaceFolders ?? []).length,
    status: { ...link.status, workspaces: (link.status?.workspaces ?? []).map((each) => each.trusted) },
    doctor: link.state === "running" ? await link.run("signoff.doctor", {}) : "the server does not run",
    sessions: board.sessions.map((view) => ({
      phase: view.phase,
      waitingFor: view.waitingFor,
      hunks: view.hunks.map((hunk) => hunk.status),
      failures: view.failures.map((failure) => failure.reason),
      seq: view.seq,
    })),
  };
  await vscode.env.clipboard.writeText(JSON.stringify(facts, null, 2));
  vscode.window.setStatusBarMessage("Signoff: debug information is in the clipboard", 5_000);
}
