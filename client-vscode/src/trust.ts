/** The editor's trust in the workspace, as the server gets to hear of it, and the command that grants it. */
import * as vscode from "vscode";
import type { Link } from "./server/link";

/**
 * Whether the user trusts this window's folders; undefined when the editor was told not to ask: then it calls
 * everything trusted, which is nobody's word, and the server asks for itself.
 */
export function trusted(): boolean | undefined {
  if (!vscode.workspace.isTrusted) return false;
  const asks = vscode.workspace.getConfiguration("security.workspace.trust").get<boolean>("enabled", true);
  return asks ? true : undefined;
}

export function trusting(link: Link): vscode.Disposable {
  return vscode.workspace.onDidGrantWorkspaceTrust(() => {
    link.notify("signoff/trust", { trusted: true });
    void link.refresh();
  });
}

/** Whether something of the window is not trusted, by the editor or by the server. */
export function restricted(link: Link): boolean {
  return !vscode.workspace.isTrusted || (link.status?.workspaces ?? []).some((each) => !each.trusted);
}

/** Signoff: Trust This Workspace. Where the editor restricts the window only its own page can end that. */
export async function grantTrust(link: Link): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    await vscode.commands.executeCommand("workbench.trust.manage");
    return;
  }
  const waiting = (link.status?.workspaces ?? []).filter((each) => !each.trusted);
  for (const { uri } of waiting) await link.run("signoff.trustWorkspace", { workspace: uri, trusted: true });
  await link.refresh();
}
