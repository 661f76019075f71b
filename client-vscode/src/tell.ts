/** What the server answered to a command, in words where there are any. */
import * as vscode from "vscode";

/** Tells why the server did not do it, if it says so; returns its answer. */
export function tell(result: unknown): unknown {
  const { status, reason } = (result ?? {}) as { status?: unknown; reason?: unknown };
  if (typeof reason !== "string" || reason === "") return result;
  const refused = status === "refused" || status === "stale";
  void (refused ? vscode.window.showWarningMessage : vscode.window.showInformationMessage)(`Signoff: ${reason}`);
  return result;
}
