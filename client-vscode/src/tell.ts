/** What the server answered to a command, in words where there are any. */
import * as vscode from "vscode";
import { complain, inform, warn } from "./say";
import { titleOf } from "./state/words";

/** Tells why the server did not do it, if it says so; returns its answer. */
export function tell(result: unknown): unknown {
  const { status, reason } = (result ?? {}) as { status?: unknown; reason?: unknown };
  if (typeof reason !== "string" || reason === "") return result;
  const refused = status === "refused" || status === "stale";
  void (refused ? warn : inform)(`Signoff: ${reason}`);
  return result;
}

/** Tells that a command ended in an error, which VS Code would put into a box that blocks the window. */
export function failed(command: string, error: unknown): void {
  const words = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
  const said = complain(`Signoff: ${titleOf(command)} failed: ${words}. Try again.`, "Show Output");
  void said.then((choice) => choice && vscode.commands.executeCommand("signoff.showOutput"));
}
